"""pex: what its failures mean, and that it does what is asked of it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import pex, pex_errors, requirements, unpack, wheels
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform
from relforge.model.release import Interpreter
from relforge.model.spec import PackageSettings
from relforge.support.errors import UserError
from relforge.tree.compiler import Compiler

MakeWheel = Callable[..., Path]
A, B, C = "a" * 64, "b" * 64, "c" * 64

needs_vendored_pip = pytest.mark.skipif(
    sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip for this Python"
)


def configured() -> PackageSources:
    """Where pip is configured to look."""
    return places(PackageSettings(), Path("/"))


def test_what_a_backend_asks_for_twice_is_asked_for_once() -> None:
    asked = [
        "setuptools>=40.8.0",
        "wheel",
        "Setuptools[core]>=38.3.0",
        'tomli; sys_platform == "x"',
    ]
    found = pex.joined(asked)
    assert ["setuptools[core]>=38.3.0,>=40.8.0", "wheel", 'tomli; sys_platform == "x"'] == found
    with pytest.raises(UserError, match="'a b' is not a requirement"):
        pex.joined(["a b"])


def explained(output: str) -> UserError:
    return pex_errors.explain(output, "fetching packages")


@pytest.mark.parametrize("mark", ["", "pip: "])
def test_pips_word_for_a_wrong_hash_is_understood(mark: str) -> None:
    rows = (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
        "    click==8.5.1 from https://host/click-8.5.1-py3-none-any.whl (from -r x (line 1)):",
        f"        Expected sha256 {A}",
        f"        Expected     or {B}",
        f"             Got        {C}",
    )
    error = explained("".join(f"{mark}{row}\n" for row in rows))
    assert "click==8.5.1: the hash does not match" in error.message
    assert f"{A} or {B}" in error.message
    assert C in error.message


def test_pexs_word_for_a_wrong_hash_is_understood() -> None:
    error = explained(
        "There was 1 error downloading required artifacts:\n"
        "1. h11 0.16 from file:///h11-0.16.0-py3-none-any.whl\n"
        f"    Expected sha256 hash of {A} when downloading h11 but hashed to {B}.\n"
    )
    assert error.message.startswith("h11: the hash does not match")
    assert error.message.index(A) < error.message.index(B)


def test_what_pex_cannot_pin_is_reported_with_who_can() -> None:
    error = explained("Cannot export git+file:/repository in a PEP-751 lock.\n")
    assert "pex cannot pin git+file:/repository to a commit" in error.message
    assert "--resolver uv" in error.hint


def test_no_network_is_distinguished_from_no_such_package() -> None:
    missing = "pip: ERROR: No matching distribution found for click==8.5.1 (from -r x (line 1))\n"
    unreachable = "pip: WARNING: Retrying after connection broken by 'NewConnectionError(x)'\n"
    offline, absent = explained(unreachable + missing), explained(missing)
    assert "cannot reach any index for click==8.5.1" in offline.message
    assert "click==8.5.1 cannot be found" in absent.message
    assert offline.hint != absent.hint


def test_passwords_in_addresses_are_never_shown() -> None:
    error = explained("failed: https://user:secret@host/simple/\n")
    assert "secret" not in error.message
    assert "https://****@host/simple/" in error.message


def lock_of(directory: Path, *rows: str) -> tuple[Pin, ...]:
    path = directory / "requirements.lock"
    path.write_text("".join(f"{row}\n" for row in rows))
    return requirements.read(path).pins


@pytest.mark.release
@needs_vendored_pip
def test_a_requirements_lock_is_fetched_from_where_pip_is_configured_to_look(
    offline: Path,
    make_wheel: MakeWheel,
    here: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    click = make_wheel("click", "1.0", {"click.py": ""})
    other = make_wheel("other", "2.0", {"other.py": ""}, tag=f"{here.tag}-none-any")
    worse = make_wheel("other", "2.0", {"other.py": ""})
    pins = lock_of(
        tmp_path,
        f"click==1.0 --hash=sha256:{cache.sha256(click)}",
        f"other==2.0 --hash=sha256:{cache.sha256(worse)} --hash=sha256:{cache.sha256(other)}",
    )
    python = Path(sys.executable)
    found = wheels.collect(pins, here, python, configured())
    assert [click.name, other.name] == [wheel.path.name for wheel in found]
    monkeypatch.setattr(subprocess, "run", None)
    assert found == wheels.collect(pins, here, python, configured())


@pytest.mark.release
@needs_vendored_pip
def test_a_wrong_hash_and_a_missing_package_are_reported(
    offline: Path, make_wheel: MakeWheel, here: Platform, tmp_path: Path
) -> None:
    click = make_wheel("click", "1.0", {"click.py": ""})
    wrong = lock_of(tmp_path, f"click==1.0 --hash=sha256:{A}")
    with pytest.raises(UserError) as caught:
        wheels.collect(wrong, here, Path(sys.executable), configured())
    for part in ("click==1.0", A, cache.sha256(click)):
        assert part in caught.value.message
    with pytest.raises(UserError, match=r"nothing==1.0 cannot be fetched"):
        wheels.collect(
            lock_of(tmp_path, f"nothing==1.0 --hash=sha256:{A}"), here, Path("x"), configured()
        )


BACKEND = """
import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    info = "sourced-1.0.dist-info/"
    files = {
        "sourced.py": "x = 1\\n",
        info + "METADATA": "Metadata-Version: 2.1\\nName: sourced\\nVersion: 1.0\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    rows = "".join(path + ",,\\n" for path in files)
    files[info + "RECORD"] = rows + info + "RECORD,,\\n"
    name = "sourced-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "sourced"
version = "1.0"
"""


@pytest.mark.release
def test_a_package_that_comes_as_source_is_built(
    here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not offline: the tools that pex builds with come from an index."""
    archive = tmp_path / "sourced-1.0.tar.gz"
    places = [os.environ.get("PIP_FIND_LINKS", ""), str(tmp_path)]
    monkeypatch.setenv("PIP_FIND_LINKS", " ".join(places).strip())
    metadata = "Metadata-Version: 2.1\nName: sourced\nVersion: 1.0\n"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (
            ("pyproject.toml", PYPROJECT),
            ("backend.py", BACKEND),
            ("PKG-INFO", metadata),
        ):
            row = tarfile.TarInfo(f"sourced-1.0/{name}")
            row.size = len(text)
            tar.addfile(row, io.BytesIO(text.encode()))
    pins = lock_of(tmp_path, f"sourced==1.0 --hash=sha256:{cache.sha256(archive)}")
    (first,) = wheels.collect(pins, here, Path(sys.executable), configured())
    assert "sourced-1.0-py3-none-any.whl" == first.path.name
    archive.unlink()
    assert (first,) == wheels.collect(pins, here, Path("/no/python"), configured())


@pytest.mark.release
@needs_vendored_pip
def test_the_tree_is_the_one_that_pex_lays_out(
    offline: Path,
    make_wheel: MakeWheel,
    here: Platform,
    interpreter: Interpreter,
    tmp_path: Path,
) -> None:
    """Two tools that share no code agree file by file, but for what names the tool."""
    paths = [
        make_wheel("one", "1.0", {"one/__init__.py": "x = 1\n", "one/data.bin": "\0"}),
        make_wheel("two", "2.0", {"two.py": "y = 2\n"}),
    ]
    pinned = [(*path.name.split("-")[:2], cache.sha256(path)) for path in paths]
    rows = [f"{name}=={version} --hash=sha256:{digest}" for name, version, digest in pinned]
    pins = lock_of(tmp_path, *rows)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    python = Path(sys.executable)
    found = wheels.collect(pins, here, python, configured())
    with Compiler(python) as compiler:
        unpack.unpack(found, interpreter, compiler, ours)
    words = [sys.executable, "-m", "pex.cli", "venv", "create", "--use-pip-config"]
    words += ["--layout", "flat", "--site-packages-copies", "-d", str(theirs)]
    words += ["-r", str(tmp_path / "requirements.lock")]
    subprocess.run(words, check=True, env={**os.environ, "PEX_ROOT": str(cache.home() / "pex")})
    assert contents(theirs) == contents(ours / interpreter.site_packages)


def contents(directory: Path) -> dict[str, str]:
    return {
        row.path: row.sha256
        for row in cache.scan(directory)
        if not row.path.endswith((".pyc", "/RECORD", "/INSTALLER", ".pex-info", "PEX-INFO"))
    }


def test_the_page_on_building_offline_names_the_pip_that_pex_wants() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "build-offline.md"
    assert f"`pip download pip=={pex.PIP} " in page.read_text()
