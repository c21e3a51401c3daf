"""What is given in the place of an artifact, or of a list of signers, and is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relforge.artifacts import signing
from relforge.cli import main
from tests.artifacts.reading import archives

NOBODY = 65534


@contextmanager
def another_user() -> Iterator[None]:
    """Root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    for directory in (tmp_path, *tmp_path.parents):
        mode = directory.stat().st_mode
        if not mode & 0o001:  # so that the other user gets as far as here
            directory.chmod(mode | 0o011)
    place = archives.write(tmp_path / "a.tar.gz", archives.members())
    place.chmod(0o644)
    return place


def complaint(capsys: pytest.CaptureFixture[str], code: int, *words: str | Path) -> str:
    """The one paragraph that a command has to say."""
    assert code == main([str(word) for word in words])
    said = capsys.readouterr()
    assert "" == said.out
    assert 1 == said.err.count("error: "), said.err
    return said.err


@pytest.mark.parametrize("verb", ["verify", "inspect", "diff"])
def test_what_is_no_artifact_is_reported_in_one_paragraph(
    artifact: Path, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name, words in {
        "fifo": "it is neither a file nor a directory",
        "empty": "the file is empty",
        "directory": "it is not a release",
        "dangling": "no such file or directory",
        "loop": "Too many levels of symbolic links",
        "a.tar.gz/x": "Not a directory",
    }.items():
        places = [tmp_path / name] if verb != "diff" else [artifact, tmp_path / name]
        assert f"error: {tmp_path / name}: {words}" in complaint(capsys, 1, verb, *places)


def test_what_may_not_be_read_is_reported(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed, directory = tmp_path / "closed.tar.gz", tmp_path / "directory"
    closed.write_bytes(artifact.read_bytes())
    directory.mkdir()
    for place in (closed, directory):
        place.chmod(0)
        with another_user():
            said = complaint(capsys, 1, "verify", place)
        assert f"error: {place}: Permission denied" in said


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="it needs ssh-keygen")
def test_a_list_of_signers_that_is_none_or_may_not_be_read_is_reported(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "closed").touch(mode=0)
    for name, words in {
        "none": "no such file",
        "fifo": "it is not a file",
        "closed": "Permission denied",
    }.items():
        with another_user():
            said = complaint(capsys, 1, "verify", artifact, "--allowed-signers", tmp_path / name)
        assert f"error: {tmp_path / name}: {words}" in said


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        (["--signer", "me"], "--signer needs --allowed-signers"),
        (["--sigstore-trust", "trust.json"], "--sigstore-trust needs --sigstore-identity"),
        (["--sigstore-issuer", "https://issuer.example.org"], "must be given together"),
    ],
)
def test_half_of_a_question_is_refused_and_never_answered_with_yes(
    artifact: Path, words: list[str], needs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["verify", str(artifact), *words])
    said = capsys.readouterr()
    assert "" == said.out
    assert needs in said.err


def test_a_digest_that_is_none_is_reported(
    artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signing.digest_file(artifact).write_bytes(b"\x1b[2J\xff\n")
    assert 1 == main(["verify", str(artifact)])
    assert r"a.tar.gz.sha256 says \x1b[2J" in capsys.readouterr().out
