"""What is drawn: JSON of any shape, and documents that were whole before somebody edited them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = st.sampled_from([-1, 0, 2**31, 2**63, 2**64, 10**400, 1e308, float("nan")])
ODD_TEXTS = st.sampled_from(
    ["", "\0", "../../x", "/", "~", "\x1b[2K", "\u202e", "a" * 5000, "1e400", "${x}", "1.0\n2"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    ODD_NUMBERS,
    ODD_TEXTS,
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3)
    ),
    max_leaves=8,
)
WORDS = rb"""
\" ' = == @ # , ; : [[ ]] { } ${ ../../../../x -r --hash= sha256: http:// file:///etc/x nan 1e999
"""
ODD_BYTES = [
    b"\0",
    b"\xff\xfe",
    b"\n",
    b"\r\n",
    b"\\\n",
    b"\xe2\x80\xa8",
    b"\x1b[2K",
    *WORDS.split(),
]
LONG = [b"[" * 3000, b"{" * 3000, b"9" * 5000]
_PIECES = st.one_of(st.binary(max_size=12), st.sampled_from([*ODD_BYTES, *WORDS.split(), *LONG]))


@st.composite
def edited(draw: st.DrawFn, whole: bytes) -> bytes:
    """The document with one to four places replaced, removed or repeated."""
    data = whole
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        piece = draw(_PIECES | st.just(data[at:end] * 2))
        data = data[:at] + piece + data[end:]
    return data


def documents(*whole: str | bytes) -> st.SearchStrategy[bytes]:
    """One of these documents, edited, or bytes that were never one."""
    rows = [row.encode() if isinstance(row, str) else row for row in whole]
    return st.one_of(*map(edited, rows), *map(edited, rows), st.binary(max_size=200))


@st.composite
def changed(draw: st.DrawFn, whole: Any) -> Any:
    """A value of JSON with one to three parts that are something else."""
    found = whole
    for _ in range(draw(st.integers(1, 3))):
        found = _changed(draw, found)
    return found


def _changed(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        rest = {name: row for name, row in value.items() if name != key}
        if not draw(st.integers(0, 5)):
            return rest
        return {**rest, key: _changed(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _changed(draw, value[at]), *value[at + 1 :]]
    return draw(JSON)
