import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.cache import file_facts
from relforge.layers import python
from relforge.layers.python import host
from relforge.layers.python.probe import probe
from relforge.model.spec import PythonSettings
from relforge.support.errors import Exit, SettingsError, UserError

pytestmark = pytest.mark.process

SHORT = f"3.{sys.version_info.minor}"
EXACT = sys.version.split()[0]
ROOT = Path("/")


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither pyenv nor uv nor a PATH: the host's own directories are all that is left."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_a_place_that_cannot_be_listed_is_passed_over(nothing_installed: Path) -> None:
    (nothing_installed / "pyenv").mkdir()
    for loop in ("pyenv/versions", "uv"):
        (nothing_installed / loop).symlink_to(Path(loop).name)
    found = {row.kind: row.directories for row in host.places()}
    assert ((), ()) == (found["pyenv"], found["uv"])


def put(directory: Path, name: str, target: Path) -> None:
    directory.mkdir(parents=True)
    (directory / name).symlink_to(target)


def test_the_version_with_two_numbers_takes_what_is_there() -> None:
    found = python.find(PythonSettings(version=SHORT), ROOT)
    assert (SHORT, f"cp3{sys.version_info.minor}") == (found.short, found.tag)
    assert os.uname().machine == found.machine


def test_a_version_that_is_not_there_is_refused_with_what_is_and_where_it_was_looked_for(
    nothing_installed: Path,
) -> None:
    base = Path(sys.executable).resolve()
    put(nothing_installed / "path", f"python{SHORT}", base)
    with pytest.raises(UserError) as caught:
        python.find(PythonSettings(version="3.99"), ROOT)
    assert 'no CPython "3.99" on this host' in caught.value.message
    assert f"{EXACT} ({base})" in caught.value.message
    assert str(nothing_installed / "pyenv" / "versions") in caught.value.message
    assert "pyenv install 3.99" in caught.value.hint
    assert Exit.FAILED == caught.value.code


def test_an_exact_version_takes_no_other_patch(nothing_installed: Path) -> None:
    put(nothing_installed / "path", f"python{SHORT}", Path(sys.executable).resolve())
    assert EXACT == host.find(EXACT).version
    with pytest.raises(UserError, match=f'no CPython "{SHORT}.99"'):
        host.find(f"{SHORT}.99")


def test_a_virtual_environment_on_the_path_stands_for_its_base(
    nothing_installed: Path, tmp_path: Path
) -> None:
    directory = nothing_installed / "path"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    put(directory, f"python{SHORT}", tmp_path / "env" / "bin" / "python")
    found = host.find(SHORT)
    assert str(Path(sys.executable).resolve()) == found.executable
    assert str(tmp_path) not in found.prefix


def test_pyenv_wins_over_the_path_and_a_shim_is_passed_over(nothing_installed: Path) -> None:
    base = Path(sys.executable).resolve()
    put(nothing_installed / "pyenv" / "versions" / EXACT / "bin", f"python{SHORT}", base)
    shim = nothing_installed / "path" / f"python{SHORT}"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 1\n")
    shim.chmod(0o755)
    assert str(base) == host.find(SHORT).executable


def test_what_cannot_go_into_a_release_is_refused_with_its_reason() -> None:
    own = probe(Path(sys.executable))
    assert own is not None
    assert "" == host.refusal(own)
    assert "is pypy, not CPython" == host.refusal(replace(own, implementation="pypy"))
    assert "is for vax" in host.refusal(replace(own, machine="vax"))
    assert "ld-musl" in host.refusal(replace(own, loader="ld-musl-x86_64.so.1"))
    assert "debug" in host.refusal(replace(own, debug=True))
    assert "" == host.refusal(replace(own, threaded=True))


def test_what_was_found_out_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    first = file_facts.sha256(path)
    status = path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert first == file_facts.sha256(path)  # nothing shows that it changed
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert first != file_facts.sha256(path)


def test_what_cannot_be_kept_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError) as caught:
        python.find(PythonSettings(version=SHORT, keep=("tests", "tkinte")), ROOT)
    assert "tool.relforge.python.keep[1]: 'tkinte' is none of" in caught.value.message
    assert "did you mean 'tkinter'?" == caught.value.hint


def test_the_key_depends_on_what_is_left_out_and_on_nothing_else() -> None:
    def key(settings: PythonSettings) -> str:
        return python.find(settings, ROOT).key

    plain = PythonSettings(version=SHORT)
    assert key(plain) == key(PythonSettings(version=SHORT))
    others = [
        key(PythonSettings(version=SHORT, exclude=("wsgiref",))),
        key(PythonSettings(version=SHORT, keep=("tests",))),
        key(PythonSettings(version=SHORT, strip=True)),
    ]
    assert 4 == len({key(plain), *others})
