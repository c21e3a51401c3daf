"""Hashed requirements files."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.layers.deps import requirements
from relforge.layers.deps.pins import Lock
from relforge.support.errors import UserError

A, B = "a" * 64, "b" * 64


def read(tmp_path: Path, text: str) -> Lock:
    path = tmp_path / "requirements.lock"
    path.write_text(text)
    return requirements.read(path)


def test_a_pin_has_name_version_marker_and_every_hash(tmp_path: Path) -> None:
    lock = read(
        tmp_path,
        f"""\
# made by a tool
--index-url somewhere
Typing_Extensions[extra]==4.1.0 ; python_version < "3.13" \\
    --hash=sha256:{A} \\
    --hash=sha256:{B.upper()}
    # via something
click==8.0 --hash=sha256:{A}  # a comment
""",
    )
    first, second = lock.pins
    assert ("typing-extensions", "4.1.0") == (first.name, str(first.version))
    assert (A, B) == first.sha256
    assert 'python_version < "3.13"' == str(first.marker)
    assert "requirements.lock:3" == first.where
    assert ("click", (A,)) == (second.name, second.sha256)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("click==8.0", "has no hash"),
        (f"click==8.0 --hash=md5:{A}", "has no sha256 hash"),
        (f"click>=8.0 --hash=sha256:{A}", "is not pinned to one version"),
        (f"click==8.* --hash=sha256:{A}", "is not pinned to one version"),
        (f"click --hash=sha256:{A}", "is not pinned to one version"),
        (f"click @ https://host/click.whl --hash=sha256:{A}", "comes from a URL"),
        ("--frozen", "is not allowed in a lockfile"),
        ("./click.whl", "comes from a URL and is not pinned"),
        ("flask (", "is not a requirement"),
    ],
)
def test_what_is_no_locked_package_is_refused_with_file_line_and_what_to_type(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, f"# first\n{line}\n")
    assert message in caught.value.message
    assert f"{tmp_path / 'requirements.lock'}:2: " in caught.value.message
    assert "run: relforge lock" == caught.value.hint


def test_what_is_written_reads_the_same_and_is_sorted(tmp_path: Path) -> None:
    lock = read(
        tmp_path,
        f"zlib-ng==1.0 --hash=sha256:{B} --hash=sha256:{A}\n"
        f'anyio==4.0 ; sys_platform == "linux" --hash=sha256:{A}\n',
    )
    text = requirements.render(lock.pins)
    again = read(tmp_path, text)
    assert text.startswith('anyio==4.0 ; sys_platform == "linux" \\\n    --hash=sha256:aa')
    assert {str(pin) for pin in lock.pins} == {str(pin) for pin in again.pins}
    assert requirements.render(again.pins) == text


def test_an_included_file_counts_and_the_project_itself_does_not(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text(f"click==8.0 --hash=sha256:{A}\n")
    found = read(tmp_path, "-r base.txt\n-c limits.txt\n-e .\n.\n")
    assert ["click"] == [pin.name for pin in found.pins]


def test_a_file_by_its_address_and_hash_is_a_pin(tmp_path: Path) -> None:  # B16
    row = "alpha @ https://host/alpha-1.0-py3-none-any.whl"
    first, second = read(tmp_path, f"{row} --hash=sha256:{A}\n{row}#sha256={B}\n").pins
    assert ("alpha", "1.0", (A,)) == (first.name, str(first.version), first.sha256)
    assert "https://host/alpha-1.0-py3-none-any.whl" == first.files[0].url
    assert (B,) == second.sha256


@pytest.mark.parametrize("file", ["alpha-1.0-py3-none-any.whl", "alpha-1.0.tar.gz"])
def test_an_address_without_a_name_is_called_as_its_file(tmp_path: Path, file: str) -> None:  # B16
    row = f"https://host/{file} ; python_version >= '3.8' --hash=sha256:{A}\n"
    (pin,) = read(tmp_path, row).pins
    assert ("alpha", "1.0", (A,)) == (pin.name, str(pin.version), pin.sha256)
    with pytest.raises(UserError):
        read(tmp_path, f"https://host/archive.zip --hash=sha256:{A}\n")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:  # B12
    assert "click" == read(tmp_path, f"\ufeffclick==8.0 --hash=sha256:{A}\n").pins[0].name


def test_a_directory_is_a_package_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text('[project]\nname = "near"\n')
    (pin,) = read(tmp_path, "-e ./lib\n").pins
    assert pin.source is not None
    assert ("near", str(tmp_path / "lib")) == (pin.name, pin.source.path)
