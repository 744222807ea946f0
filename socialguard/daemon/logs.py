"""The daemon's log: one JSON object a line on standard error, nothing of it a secret.

The handler stands at the root, since libraries log too: the scheduler prints exceptions of jobs, and an exception
may quote a request. Every line, traceback included, goes through `redact` and is ASCII, so that no text from
outside can act on a terminal or forge a line."""

import json
import logging
import sys
import traceback
from typing import Any, Final, TextIO

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.model.credential import redact
from socialguard.model.text import visible

NAME: Final = "socialguard.daemon"
log: Final = logging.getLogger(NAME)
"""Where the daemon says what it does: `log.info("sent", extra=about(delivery=…))`."""

_ABOUT: Final = "about"
_LONGEST: Final = 2_000
_LONGEST_TRACE: Final = 20_000


def about(**fields: object) -> dict[str, dict[str, object]]:
    """Return the `extra` that adds fields to a line of the log."""
    return {_ABOUT: fields}


def configure(stream: TextIO | None = None) -> logging.Handler:
    """Make the JSON handler the only one of this process and return it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    # It says at INFO that it adds jobs, and warns of a run that is left out while the one before still runs.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    return handler


def tell_end(problem: errors.SocialGuardError) -> None:
    """Log what ended a daemon that worked."""
    told = about(error=problem.message(), remedy=problem.what_to_do(), code=problem.exit_code)
    log.critical("the daemon has ended", extra=told)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: `ts`, `level`, `logger`, `event`, then what it is about, and `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a message that cannot be made is told by its template."""
        try:
            event = record.getMessage()
        except (TypeError, ValueError):
            event = str(record.msg)
        line: dict[str, Any] = {
            "ts": jcs.timestamp(clock.now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _clean(event, _LONGEST),
        }
        for name, value in getattr(record, _ABOUT, {}).items():
            is_plain = value is None or isinstance(value, (bool, int, float))
            line[name] = value if is_plain else _clean(value, _LONGEST)
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def _clean(value: object, longest: int) -> str:
    return visible(redact(str(value)), longest)  # redacted first: a cut may leave half a secret


def _trace(problem: BaseException) -> str:
    """The traceback without any local variable, each line redacted before it is cut."""
    lines = traceback.TracebackException.from_exception(problem, capture_locals=False).format()
    return redact("".join(lines))[-_LONGEST_TRACE:]
