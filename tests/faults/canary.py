"""Plant a token, a name, words and an answer; make everything fail; look for them wherever an operator looks (G9).

python -m tests.faults.canary
"""

import sys
import tempfile
from pathlib import Path

import httpx

from bot.sandbox.faults import Fault, FaultKind
from tests.support.live import ANN, TOKEN, Live, live_site, system_now, until

WORDS = "PlantedWords about blood"
ANSWER = "4711"  # a typed number of stools that nobody else would write
CANARIES = ("PlantedSH-001", "PlantedWords", ANSWER, TOKEN.partition(":")[2])
KINDS = (FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY, FaultKind.HTML_BODY, FaultKind.TRUNCATED, FaultKind.RESET)


def play(site: Live) -> None:
    """Join, say things, answer, send what cannot be read, and let every way out fail."""
    invitation = site.enrol("SH-001", ANN, "en")
    site.run()
    site.ready()
    site.join(ANN, invitation, "en")
    site.to_prompt(ANN)
    site.tap_when_there(ANN, "Start")
    for kind in KINDS:
        site.api.faults.on(Fault(kind, None, count=2, retry_after=1))
        site.say(ANN, WORDS)
        site.say(ANN, ANSWER)
    broken = {
        "message": {"chat": {"id": ANN, "type": "private"}, "from": WORDS, "text": [ANSWER, WORDS], "date": TOKEN}
    }
    site.api.inject(system_now(), broken)
    site.settle(within=120)
    until(lambda: any("update_aside" in line for line in site.log_lines()), "the update set aside")


def seen(site: Live) -> dict[str, str]:
    """Everything that an operator may look at, by where it was found."""
    base = f"http://127.0.0.1:{site.port}"
    pages = ("/metrics", "/readyz", "/healthz", "/clinic/nowhere", "/diary/nowhere")
    with httpx.Client(trust_env=False, timeout=20) as client:
        found = {page: client.get(base + page).text for page in pages}
    found["log"] = "\n".join(site.log_lines())
    refused = site.command("participant", "zone", "SH-001", "Nowhere/At_All", "--reason", "x")
    found["console"] = b"".join(refused.communicate(timeout=60)).decode()
    return found


def hits(site: Live) -> tuple[list[str], dict[str, str]]:
    """Where a canary was found; and what was looked through."""
    play(site)
    found = seen(site)
    return [
        f"{canary[:7]}... in {place}" for place, text in found.items() for canary in CANARIES if canary in text
    ], found


def main() -> int:
    """Play once and say what was found."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-canary-") as folder, live_site(Path(folder)) as site:
        found, looked = hits(site)
    lines = looked["log"].count("\n") + 1
    sizes = ", ".join(f"{place} {len(text)}" for place, text in looked.items())
    print(f"{len(found)} hits of {len(CANARIES)} canaries; {lines} log lines; characters: {sizes}", *found, sep="\n")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
