"""What came of an evaluation, as text that fits a terminal and a frame."""

from __future__ import annotations

import json
import os
import traceback

from ..protocol.request import MOST_CHARACTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PRETTY = 200_000  # characters; more of them would take long to lay out, and nobody reads them
MOST_JSON = 7 << 20  # characters; a frame has 16 MiB, and quoting may double it

TYPED = ("<console", "<eval")

_LIBRARY = os.path.join(os.path.dirname(os.__file__), "")
_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


def value(result: object, columns: int | None = None) -> str:
    """The ``repr``; for a terminal of so many columns a container is laid out in lines."""
    text = repr(result)
    if columns is None or not columns < len(text) <= MOST_PRETTY:
        return text
    if not isinstance(result, (dict, list, tuple, set, frozenset)) and not hasattr(
        type(result), "__dataclass_fields__"
    ):
        return text
    import pprint

    return pprint.pformat(result, width=max(columns - 1, 10), sort_dicts=False)


def as_json(result: object) -> str:
    """One JSON text; raises TypeError or ValueError for what JSON cannot say."""
    text = json.dumps(result, allow_nan=False)
    if len(text) > MOST_JSON:
        raise ValueError(f"a JSON text of {len(text)} characters is over the limit of {MOST_JSON}")
    return text


def error(raised: BaseException) -> str:
    """The traceback from the user's first frame on; ``RELEASE_DEBUG`` keeps ours.

    An exception's message may hold a secret of the configuration: it is masked.
    """
    from ..config import view

    summary = traceback.TracebackException.from_exception(raised)
    if not os.environ.get("RELEASE_DEBUG"):
        for part in _chain(summary):
            _trim(part)
    return cut(view.scrub("".join(summary.format())))[0]


def cut(text: str, most: int | None = None) -> tuple[str, str]:
    """So much of it as is shown at once, and the rest.

    Without ``most`` there is no way to ask for the rest, so the text says how long it is.
    """
    if most is not None:
        return text[:most], text[most:]
    if len(text) <= MOST_CHARACTERS:
        return text, ""
    rest = text[MOST_CHARACTERS:]
    return f"{text[:MOST_CHARACTERS]}... <{len(rest)} more characters>\n", rest


def _trim(summary: traceback.TracebackException) -> None:
    frames = list(summary.stack)
    del frames[: _first(frames)]
    while frames and frames[-1].filename.startswith(_OURS):
        frames.pop()
    summary.stack = traceback.StackSummary.from_list(frames)
    if not frames:
        # Without frames there is no heading "Traceback" either.
        summary.stack = None  # type: ignore[assignment]  # traceback allows it


def _first(frames: list[traceback.FrameSummary]) -> int:
    """The index of the user's first frame: what was typed, or what we called through asyncio."""
    start = 0
    for index, frame in enumerate(frames):
        if frame.filename.startswith(TYPED):
            return index
        if frame.filename.startswith(_OURS):
            start = index + 1
        elif not _library(frame.filename):
            break
    while start and start < len(frames) and "importlib" in frames[start].filename:
        # Between our call and the module that fails at its import.
        start += 1
    return start


def _library(filename: str) -> bool:
    if filename.startswith("<frozen importlib"):
        return True
    return filename.startswith(_LIBRARY) and "-packages/" not in filename


def _chain(summary: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    todo = [summary]
    while todo:
        part = todo.pop()
        yield part
        todo += [next_ for next_ in (part.__cause__, part.__context__) if next_ is not None]
        todo += part.exceptions or []
