"""Running programs: what they print is in the error, and nothing outlives an interrupt."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from relforge.support import command
from relforge.support.errors import NO_ROOM, UserError

pytestmark = pytest.mark.process


def refusal(*words: str, cwd: Path | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        command.run(words, what="trying", hint="a hint", cwd=cwd)
    return caught.value


def test_the_last_lines_of_a_failed_program_are_in_the_error() -> None:
    error = refusal("sh", "-c", "seq 1 50; echo no >&2; exit 3")
    first, *lines = error.message.splitlines()
    assert "trying: `sh -c 'seq 1 50; echo no >&2; exit 3'` ended with status 3" == first
    assert ["    12", "    no"] == [lines[0], lines[-1]]
    assert "a hint" == error.hint


def test_a_signal_is_named() -> None:
    assert "was killed by SIGKILL" in refusal("sh", "-c", "kill -9 $$").message


def test_a_program_that_is_not_there() -> None:
    error = refusal("nosuch-program")
    assert "cannot run `nosuch-program`: No such file" in error.message
    assert "is `nosuch-program` installed, and on PATH?" == error.hint


def test_a_directory_that_is_not_there_is_what_is_named(tmp_path: Path) -> None:
    error = refusal("true", cwd=tmp_path / "no")
    assert f"{tmp_path}/no: No such file" in error.message
    assert "a hint" == error.hint


def test_a_program_that_nobody_may_run(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    with pytest.raises(UserError) as caught:
        command.run([plain], what="it")
    assert f"is `{plain}` installed, and on PATH?" == caught.value.hint


def test_a_hint_may_read_what_was_printed() -> None:
    """P40."""
    words = [sys.executable, "-c", "print('a\\nb\\nc'); raise SystemExit(1)"]
    with pytest.raises(UserError) as caught:
        command.run(words, what="it", hint=lambda text: text.upper(), tail=lambda rows: rows[-1:])
    assert "A\nB\nC" == caught.value.hint
    assert caught.value.message.endswith("ended with status 1\n    c")


def test_a_full_disk_in_the_output_has_its_own_hint() -> None:
    assert NO_ROOM == refusal("sh", "-c", "echo 'x: No space left on device'; exit 1").hint


def test_the_text_of_a_program_is_not_shown() -> None:
    message = refusal(sys.executable, "-c", "import sys\nsys.exit(4)").message
    assert f"`{sys.executable} -c ...` ended with status 4" in message


def test_the_text_of_a_program_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "relforge.support.command")
    command.run(["sh", "-c", "true\n: secret of many lines"], what="trying")
    command.capture(["sh", "-c", "true\n: secret of many lines"])
    assert ["$ sh -c ..."] * 2 == caplog.messages


def test_an_interrupt_ends_the_program_and_what_it_started(tmp_path: Path) -> None:
    code = (
        "from relforge.support import command\n"
        "command.run(['sh', '-c', 'sleep 60 & echo $! >pid; wait'], what='w', cwd='.')\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(2)
        process.wait(30)
    assert ends((tmp_path / "pid").read_text().strip())


def test_an_interrupt_while_the_program_is_being_started_ends_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, subprocess\n"
        "from relforge.support import command\n"
        "class Started(subprocess.Popen):\n"
        "    def __init__(self, *words, **options):\n"
        "        super().__init__(*words, **options)\n"
        "        open('pid', 'w').write(str(self.pid))\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "subprocess.Popen = Started\n"
        "command.run(['sleep', '60'], what='w')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=30, check=False
    )
    assert b"KeyboardInterrupt" in done.stderr
    assert ends((tmp_path / "pid").read_text())


def test_a_program_that_does_not_end_in_time_is_killed_with_what_it_started(
    tmp_path: Path,
) -> None:
    words = ["sh", "-c", "sleep 600 & echo $! >pid; wait"]
    with pytest.raises(subprocess.TimeoutExpired):
        command.capture(words, cwd=tmp_path, timeout=0.5)
    assert ends((tmp_path / "pid").read_text().strip())


def test_after_all_were_ended_no_thread_starts_another_program(tmp_path: Path) -> None:
    """Work in parallel may be between two programs when the build is interrupted."""
    command.end_all()
    try:
        for start in (
            lambda: command.run(["touch", "ran"], what="it", cwd=tmp_path),
            lambda: command.capture(["touch", "ran"], cwd=tmp_path),
        ):
            with pytest.raises(KeyboardInterrupt):
                start()
    finally:
        command.allow()
    assert [] == list(tmp_path.iterdir())
    command.run(["touch", "ran"], what="it", cwd=tmp_path)
    assert (tmp_path / "ran").exists()


def ends(pid: str) -> bool:
    """Whether the process is gone within five seconds."""
    status = Path(f"/proc/{pid}/stat")
    for _ in range(500):
        try:
            if "Z" == status.read_text().rpartition(")")[2].split()[0]:
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False
