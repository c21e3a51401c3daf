"""What came of an evaluation, as text that fits a terminal and a frame."""

from __future__ import annotations

import json
import os
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 100_000
MOST_JSON = 7 << 20  # characters; a frame has 16 MiB, and quoting may double it

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


def value(result: object) -> str:
    """The ``repr``, cut where it is long."""
    return cut(repr(result))


def as_json(result: object) -> str:
    """One JSON text; raises TypeError or ValueError for what JSON cannot say."""
    text = json.dumps(result)
    if len(text) > MOST_JSON:
        raise ValueError(f"a JSON text of {len(text)} characters is over the limit of {MOST_JSON}")
    return text


def error(raised: BaseException) -> str:
    """The traceback from the user's first frame on; ``RELEASE_DEBUG`` keeps ours."""
    summary = traceback.TracebackException.from_exception(raised)
    if not os.environ.get("RELEASE_DEBUG"):
        for part in _chain(summary):
            _trim(part)
    return cut("".join(summary.format()))


def cut(text: str) -> str:
    """At most MOST_CHARACTERS of it, saying how much is missing."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}... <{len(text) - MOST_CHARACTERS} more characters>\n"


def _trim(summary: traceback.TracebackException) -> None:
    frames = list(summary.stack)
    while frames and _ours(frames[0].filename):
        del frames[0]
    summary.stack = traceback.StackSummary.from_list(frames)
    if not frames:
        # Without frames there is no heading "Traceback" either.
        summary.stack = None  # type: ignore[assignment]


def _ours(filename: str) -> bool:
    # The import machinery stands between our frames and a module of the user's.
    return filename.startswith((_OURS, "<frozen importlib")) or filename.endswith(
        ("/importlib/__init__.py", "/asyncio/runners.py", "/asyncio/base_events.py")
    )


def _chain(summary: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    todo = [summary]
    while todo:
        part = todo.pop()
        yield part
        todo += [next_ for next_ in (part.__cause__, part.__context__) if next_ is not None]
        todo += part.exceptions or []
