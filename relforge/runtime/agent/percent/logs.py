"""``%log`` and ``%logs``: the levels of `logging`, and what is logged as it happens."""

from __future__ import annotations

import logging

from ...config import view
from ...errors import USAGE, Refusal
from .. import native
from . import ConsoleState, table, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MOST_WAITING = 10_000  # records
_SLICE = 0.05  # seconds: an interrupt is seen so late at most


def log(console: ConsoleState, words: list[str]) -> None:
    """Without words the loggers that have a level; else set one."""
    if not words:
        rows = [
            (logging.getLevelName(one.level), name or "root", str(len(one.handlers)))
            for name, one in _loggers()
            if one.level or one.handlers
        ]
        table([("LEVEL", "LOGGER", "HANDLERS"), *rows])
        return
    if len(words) > 2:
        raise usage("log")
    level = _level(words[0])
    logger = logging.getLogger(words[1] if len(words) == 2 and words[1] != "root" else None)
    before = logging.getLevelName(logger.level)
    logger.setLevel(level)
    print(f"{logger.name}: {before} before, {logging.getLevelName(level)} now")


def logs(console: ConsoleState, words: list[str]) -> None:
    """Each record that reaches a logger, until Ctrl-C; no level is changed."""
    if len(words) > 2:
        raise usage("logs")
    level = _level(words[0]) if words else logging.NOTSET
    wanted = words[1] if len(words) == 2 else None
    handler = _Queue(level)
    handler.setFormatter(logging.Formatter(_FORMAT))
    # Those that pass nothing on to the root have to be asked themselves.
    places = [
        one
        for name, one in _loggers()
        if (name == wanted if wanted else not name or not one.propagate)
    ]
    if not places:
        raise Refusal(f"no logger {wanted!r}", hint="%log lists them", code=USAGE)
    for place in places:
        place.addHandler(handler)
    try:
        while True:
            try:
                record = handler.queue.get(timeout=_SLICE)
            except native.Empty:
                continue
            print(view.scrub(handler.format(record)))
    finally:
        for place in places:
            place.removeHandler(handler)


class _Queue(logging.Handler):
    """Takes records; code that logs does not wait."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.queue: native.SimpleQueue[logging.LogRecord] = native.SimpleQueue()

    def emit(self, record: logging.LogRecord) -> None:
        if self.queue.qsize() < _MOST_WAITING:
            self.queue.put(record)


def _loggers() -> Iterator[tuple[str, logging.Logger]]:
    """The root, named "", and every logger that somebody has asked for."""
    yield "", logging.getLogger()
    for name, one in sorted(logging.root.manager.loggerDict.items()):
        if isinstance(one, logging.Logger):
            yield name, one


def _level(word: str) -> int:
    levels = logging.getLevelNamesMapping()
    if word.upper() not in levels:
        raise Refusal(
            f"{word!r} is not a level", hint=f"write one of {', '.join(levels)}", code=USAGE
        )
    return levels[word.upper()]
