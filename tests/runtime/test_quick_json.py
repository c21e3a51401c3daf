from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relforge.runtime import quick_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_writes_what_json_writes_and_reads_it_back(value: object) -> None:
    text = quick_json.dumps(value, repr)
    assert text == json.dumps(value, separators=(",", ":"))
    assert quick_json.loads(text) == value
    assert quick_json.loads(text.encode()) == value
    assert quick_json.loads(json.dumps(value, indent=2, ensure_ascii=False).encode()) == value


@given(st.text(alphabet='{}[]",:01.eE+-ntfIN \n\t\\u"x\x00'))
def test_refuses_what_json_refuses_in_its_words(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError as error:
        with pytest.raises(ValueError) as told:
            quick_json.loads(text)
        assert str(told.value) == str(error)
    else:
        found = quick_json.loads(text)
        assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_what_json_lacks_is_made_by_the_default() -> None:
    assert quick_json.dumps({"at": {1}, "nan": math.inf}, repr) == '{"at":"{1}","nan":Infinity}'
    round_and_round: list[object] = []
    round_and_round.append(round_and_round)
    with pytest.raises(ValueError, match="Circular reference"):
        quick_json.dumps(round_and_round, repr)


@pytest.mark.process
@pytest.mark.parametrize("data", [b"", b" ", b"{", b'{"a": 1} x', b"\xff", b'"\xc3"', b"[1,]"])
def test_damaged_bytes_are_a_value_error_also_where_json_is_not_imported(data: bytes) -> None:
    code = (
        "import sys\nsys.path.insert(0, sys.argv[1])\n"
        "from relforge.runtime import quick_json\n"
        "assert 'json' not in sys.modules\n"
        f"try:\n    quick_json.loads({data!r})\nexcept ValueError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, Path(quick_json.__file__).parents[2]],
        capture_output=True,
        text=True,
        check=False,
    )
    with pytest.raises(ValueError) as told:
        json.loads(data)
    assert (done.stderr, done.stdout) == ("", f"{told.value}\n")
