"""The address that the web is served on: taken first, so that a taken one is said in a sentence."""

import socket
from dataclasses import dataclass

from bot.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Listener:
    """An address that is ours; nobody is answered before a server takes the socket over."""

    socket: socket.socket
    host: str

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        return int(self.socket.getsockname()[1])

    @property
    def address(self) -> str:
        """How a browser reaches it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def close(self) -> None:
        """Give the address back."""
        self.socket.close()


def bind(host: str, port: int) -> Listener:
    """Take an address; port 0 is any free one. Raises RefusedError, with what to do, when it is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # said, so that answers leave undelayed
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise RefusedError(
            f"{host}:{port} cannot be used ({error.strerror}): choose another address with CDAI_LISTEN."
        ) from None
    return Listener(listening, host)
