"""The seal in a lock of ours: an edit is seen, and what git makes of its line ends is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.project import lock_header

KEY = "0123456789abcdef" * 2
TEXT = lock_header.seal("click==8.1.7 --hash=sha256:00\n", KEY)


def test_a_lock_as_it_was_written_is_intact() -> None:
    assert lock_header.Seal(KEY, intact=True) == lock_header.find(TEXT)
    assert lock_header.Seal(KEY, intact=True) == lock_header.find(TEXT.replace("\n", "\r\n"))


@pytest.mark.parametrize("text", [TEXT.replace("8.1.7", "8.1.8"), f"{TEXT}\n", TEXT[:-1]])
def test_an_edited_lock_is_not(text: str) -> None:
    assert lock_header.Seal(KEY, intact=False) == lock_header.find(text)


def test_a_lock_of_another_tool_has_no_seal_and_names_its_command(tmp_path: Path) -> None:
    place = tmp_path / "requirements.txt"
    place.write_text("#    pip-compile --generate-hashes in.txt\nclick==8.1.7\n")
    assert lock_header.read(place) is None
    assert "run: pip-compile --generate-hashes in.txt" == lock_header.advice(place)
    place.write_text(TEXT)
    assert lock_header.ADVICE == lock_header.advice(place)
