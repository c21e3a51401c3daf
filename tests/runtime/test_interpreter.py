"""What `bin/python` does before anything of the application's is imported."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.layers.app import EXPORT
from relforge.runtime.interpreter import _runs_code_of
from tests.runtime.conftest import MiniRelease

SOURCE = "import os\nprint(os.environ.get('RELEASE_STATE_DIR'))\n"


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("{root}/app/manage.py migrate", True),
        ("-I -X dev {root}/app/manage.py", True),
        ("-Xdev -W error {root}/app/manage.py", True),
        ("--check-hash-based-pycs never {root}/app/manage.py", True),
        ("-m shop.ops", True),
        ("-Im shop.ops", True),
        ("-c pass", True),
        ("", False),
        ("-", False),
        ("-i", False),
        ("/elsewhere/ansible.py {root}/app/manage.py", False),
        ("{root}.other/app/manage.py", False),
    ],
)
def test_code_of_the_release_is_distinguished_from_that_of_others(line: str, right: bool) -> None:
    assert right == _runs_code_of("/srv/shop", line.format(root="/srv/shop").split())


@pytest.mark.process
def test_code_of_the_release_finds_the_state_directory_before_the_first_start(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    """P67: as a command does, and with the mode that `start` gives it."""
    release = mini_release({"shop/ops.py": SOURCE})
    python = release.root / "python" / "bin" / "python3"
    pth = next((release.root / "python" / "lib").glob("python3*/site-packages/relforge.pth"))
    text = pth.read_text()
    pth.unlink()  # releases of tests share it
    pth.write_text(f"{text}{EXPORT}\n")
    foreign = tmp_path / "tool.py"
    foreign.write_text(SOURCE)

    def run(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.environ["PATH"], **env}
        return subprocess.run(
            [python, *words], env=environ, capture_output=True, text=True, check=True
        )

    assert "None\n" == run(foreign).stdout
    assert not release.state.exists()
    script = release.root / "app" / "shop" / "ops.py"
    for words in ((script,), ("-m", "shop.ops"), ("-c", SOURCE)):
        done = run(*words)
        assert (f"{release.state}\n", "") == (done.stdout, done.stderr)
        assert 0o755 == release.state.stat().st_mode & 0o777
        release.state.rmdir()
    elsewhere = tmp_path / "var"
    assert f"{elsewhere}\n" == run(script, RELEASE_STATE_DIR=str(elsewhere)).stdout
    assert elsewhere.is_dir() and not release.state.exists()
    release.state.write_text("")
    done = run("-c", "print(1)")
    assert "1\n" == done.stdout
    said = f"note: cannot create the state directory: {release.state}: File exists\n"
    assert said == done.stderr
    release.state.unlink()
