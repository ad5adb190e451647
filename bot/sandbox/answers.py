"""What the Bot API answers: results and refusals in their exact JSON shapes."""

from typing import Any, NamedTuple


class Reply(NamedTuple):
    """One answer: HTTP status and JSON body; unpacks as `status, body`."""

    status: int
    body: dict[str, Any]


class RefusalError(Exception):
    """A request that Telegram would refuse; `kind` is a stable word for tests, `retry_after` in seconds."""

    def __init__(self, kind: str, status: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.kind = kind
        self.status = status
        self.description = description
        self.retry_after = retry_after


def bad_request(kind: str, reason: str) -> RefusalError:
    """Return the 400 that Telegram words as `Bad Request: reason`."""
    return RefusalError(kind, 400, f"Bad Request: {reason}")


def too_many_requests(kind: str, seconds: int) -> RefusalError:
    """Return the 429 that asks the bot to wait `seconds`."""
    return RefusalError(kind, 429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def accepted(result: Any) -> Reply:
    """Return `{"ok": true, "result": ...}`."""
    return Reply(200, {"ok": True, "result": result})


def refused(refusal: RefusalError) -> Reply:
    """Return `{"ok": false, "error_code": ..., "description": ...}`, with `parameters` for a flood wait."""
    body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.retry_after is not None:
        body["parameters"] = {"retry_after": refusal.retry_after}
    return Reply(refusal.status, body)
