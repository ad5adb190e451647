"""Logs that can be shown to anyone: an allow-list of keys, no values in tracebacks, no token anywhere."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any, TextIO

import structlog

TOKEN = re.compile(r"\d{6,}(?::|%3A)[\w-]{30,}", re.IGNORECASE)
HIDDEN = "[token]"
QUIET = (
    "aiohttp",
    "alembic",
    "apscheduler",
    "asyncio",
    "httpcore",
    "httpx",
    "multipart",
    "sqlalchemy",
    "telegram",
    "uvicorn",
)
WITHHELD = "[withheld]"
CODE_WORD = re.compile(r"[A-Za-z0-9_.:+-]{1,80}")
OWN_KEYS = frozenset({"event", "level", "logger", "timestamp", "trace"})  # written here, never by a caller
FRAMES = 12  # of a traceback, the innermost
CAUSES = 6  # of an exception, the latest

# Ids, codes, counts, durations and names of actions; never words of a person, never an answer.
ALLOWED = frozenset(
    {
        "event",
        "level",
        "logger",
        "timestamp",
        "trace",
        "error",
        "error_id",
        "code",
        "command",
        "action",
        "part",
        "update_id",
        "message_id",
        "inbox_id",
        "outbox_id",
        "kind",
        "state",
        "reason",
        "outcome",
        "method",
        "attempt",
        "count",
        "sent",
        "refused",
        "retried",
        "unknown",
        "planned",
        "stored",
        "waiting",
        "seconds",
        "retry_after",
        "revision",
        "port",
        "host",
        "mode",
        "signal",
        "study_now",
        "shift_seconds",
        "version",
        "schema",
        "status",
    }
)

Event = MutableMapping[str, Any]


def get_logger(name: str) -> Any:
    """A logger whose records carry an event name and allowed keys only."""
    return structlog.get_logger(name)


def set_up(*, stream: TextIO | None = None, level: int = logging.INFO, secrets: tuple[str, ...] = ()) -> None:
    """Send every record, ours and the libraries', through one handler that writes one JSON object a line.

    `secrets` are further values to blot out, such as a token of unusual shape.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Writes a record as JSON and blots out tokens in the finished line, whatever part they hid in."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[
                only_template,
                short_trace,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                keep_allowed,
                structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False, default=type_name),
            ],
        )
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets)


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Replace whatever looks like a bot token, and each of the given secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return TOKEN.sub(HIDDEN, text)


def only_template(_logger: object, _method: str, event: Event) -> Event:
    """Of a library's record keep the first line of its template: arguments may hold what people wrote."""
    record = event.get("_record")
    if record is not None and not event.get("_from_structlog"):
        event["event"] = record.msg.strip().partition("\n")[0] if isinstance(record.msg, str) else type_name(record.msg)
    return event


def short_trace(_logger: object, _method: str, event: Event) -> Event:
    """Turn an exception into class names and places in the code: no message, no locals."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = type_name(error)
        event["trace"] = trace_of(error)
    return event


def trace_of(error: BaseException | None) -> list[str]:
    """The chain of causes, each as its class and the innermost places `file:line function`."""
    lines: list[str] = []
    for _ in range(CAUSES):
        if error is None:
            break
        places = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        lines += [type_name(error), *(f"{place.filename}:{place.lineno} {place.name}" for place in places)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def keep_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Keep the keys on the list, with values that are numbers, instants or code words."""
    return {key: value if key in OWN_KEYS else plain(value) for key, value in event.items() if key in ALLOWED}


def plain(value: object) -> object:
    """A number, an instant or a code word as it is; of anything else only that something stood there."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) and CODE_WORD.fullmatch(value) else WITHHELD


def type_name(value: object) -> str:
    """The class of a value, which never tells what it holds."""
    return type(value).__qualname__
