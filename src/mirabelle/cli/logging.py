"""The log: one event a line on stderr, as logfmt or JSON, with telephone numbers only where they are tagged."""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Callable
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN: Final = "(hidden)"
"""What stands for something that is never logged."""

_SECRET_NAMES: Final = frozenset(
    {"pin", "password", "pin_hash", "authorization", "cookie", "secret", "signing_secret", "former_secret", "token"}
)
_CONVERSATION: Final = frozenset(
    {"prompt", "digit", "submit", "goto", "input", "exit", "disconnect", "transfer", "record"}
)
_NUMBER_NAME: Final = "phone_number"
_NUMBER: Final = re.compile(
    r"(\+|%2B)\d[\d .()-]{5,}\d"  # with the country code
    r"|(?<=tel:)[\d.()-]{4,}|(?<=sip:)\+?\d{7,15}(?=@)"  # in a URL
    r"|(?<![\w.:-])\d{10,15}(?![\w.:-])",  # bare
    re.IGNORECASE,
)
_TALKATIVE: Final = ("alembic", "asyncio", "httpcore", "httpx", "python_multipart", "uvicorn")
_SECRET: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)|whsec_[A-Za-z0-9+/=]+")
"""Credentials in a URL, and what signs results."""


class LogFormat(enum.StrEnum):
    """How a line of the log looks."""

    LOGFMT = "logfmt"
    JSON = "json"


def configure(
    stream: TextIO,
    *,
    log_format: LogFormat = LogFormat.LOGFMT,
    log_numbers: bool = True,
    log_content: bool = False,
    level: str = "INFO",
) -> None:
    """Set the program's logging up, ours and that of the libraries alike; called once by a command.

    Args:
        stream: where lines go.
        log_format: how they look.
        log_numbers: whether `phone_number=` may be logged at all.
        log_content: whether prompts, keys and what applications submit may be logged.
        level: the least that is logged: DEBUG, INFO, WARNING or ERROR; of libraries WARNING, unless it is DEBUG.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        *(() if log_content else (discretion,)),
        guard(log_numbers=log_numbers),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer(log_format)]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else max(root.level, logging.WARNING))


def renderer(log_format: LogFormat) -> Processor:
    """What turns an event into a line."""
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(default=str)
    return structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "logger", "event"], drop_missing=True, bool_as_flag=False
    )


def discretion(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor that hides what a caller heard, pressed and sent: it may be a card number, or somebody's health."""
    if event.get("event") in _CONVERSATION:
        for name in ("key", "text"):
            if name in event:
                event[name] = HIDDEN
    url = event.get("url")
    if isinstance(url, str) and "?" in url:
        event["url"] = f"{url.partition('?')[0]}?{HIDDEN}"
    return event


def guard(*, log_numbers: bool) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    """A processor that lets telephone numbers through only as `phone_number=`, and PINs, passwords and secrets nowhere.

    Args:
        log_numbers: False drops `phone_number=` too.
    """

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        kept: EventDict = {}
        for name, value in event.items():
            if name == _NUMBER_NAME:
                if log_numbers:
                    kept[name] = value
            elif name == "timestamp":
                kept[name] = value
            else:
                kept[name] = HIDDEN if name in _SECRET_NAMES else _cleaned(value)
        return kept

    return process


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return _SECRET.sub(HIDDEN, _NUMBER.sub(HIDDEN, value))
        case dict():
            return {name: HIDDEN if name in _SECRET_NAMES else _cleaned(each) for name, each in value.items()}
        case list() | tuple():
            return [_cleaned(each) for each in value]
        case None | bool() | int() | float():
            return value
        case _:
            return value if hasattr(value, "name") and hasattr(value, "levelno") else _cleaned(str(value))
