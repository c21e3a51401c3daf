"""Requirements files as people write them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from relforge.project.requirements import requirements_txt
from relforge.support.errors import SettingsError


def texts(root: Path, content: str | bytes, name: str = "requirements.txt") -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    (root / name).write_bytes(data)
    return [row.text for row in requirements_txt.read(root, (name,)).rows]


def test_names_extras_markers_comments_hashes_and_long_lines(tmp_path: Path) -> None:  # P2
    content = (
        "# what we need\n"
        "Flask[async]==3.1.2  # the framework\n"
        'uvicorn >= 0.30 ; python_version < "3.13"\n'
        "click==8.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        'old ; sys_platform == "win32"\n'
    )
    expected = ["Flask[async]==3.1.2", 'uvicorn>=0.30; python_version < "3.13"', "click==8.1"]
    assert [*expected, 'old; sys_platform == "win32"'] == texts(tmp_path, content)


def test_included_files_count_with_their_own_places_and_once(tmp_path: Path) -> None:  # P2
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("flask\n-r more.txt\n")
    (tmp_path / "requirements" / "more.txt").write_text("-r base.txt\nclick\n")
    (tmp_path / "limits.txt").write_text("click<9\n")
    (tmp_path / "requirements.txt").write_text("-r requirements/base.txt\n-climits.txt\n")
    found = requirements_txt.read(tmp_path, ("requirements.txt",))
    places = [("requirements/base.txt:1", "flask"), ("requirements/more.txt:2", "click")]
    assert places == [(row.where, row.text) for row in found.rows]
    assert ["click<9"] == [row.text for row in found.constraints]
    expected = ("requirements.txt", "requirements/base.txt", "requirements/more.txt", "limits.txt")
    assert expected == found.files


def test_the_project_itself_by_any_of_its_names(tmp_path: Path) -> None:
    for line in ("-e .", ".", "--editable=.", "-e ./"):
        (tmp_path / "requirements.txt").write_text(f"{line}\nflask\n")
        found = requirements_txt.read(tmp_path, ("requirements.txt",))
        assert found.asks_itself
        assert ["flask"] == [row.text for row in found.rows]


def test_paths_become_addresses_with_the_name_that_their_files_say(tmp_path: Path) -> None:
    for name, file, text in (
        ("one", "pyproject.toml", '[project]\nname = "One"\n'),
        ("two", "setup.cfg", "[metadata]\nname = two\n"),
        ("three", "setup.py", "from setuptools import setup\nsetup(name='three')\n"),
        ("four", "pyproject.toml", '[tool.poetry]\nname = "four"\n'),
    ):
        (tmp_path / "libs" / name).mkdir(parents=True)
        (tmp_path / "libs" / name / file).write_text(text)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "five-1.0-py3-none-any.whl").write_bytes(b"")
    content = (
        "./libs/one[fast]\n-e libs/two\n./libs/three ; python_version < '4'\n"
        "four @ ./libs/four\nwheels/five-1.0-py3-none-any.whl\n"
    )
    uri = tmp_path.as_uri()
    assert [
        f"One[fast] @ {uri}/libs/one",
        f"two @ {uri}/libs/two",
        f"three @ {uri}/libs/three ; python_version < '4'",
        f"four @ {uri}/libs/four",
        f"five @ {uri}/wheels/five-1.0-py3-none-any.whl",
    ] == texts(tmp_path, content)


def test_addresses_of_repositories_and_files(tmp_path: Path) -> None:
    content = (
        "-e git+https://host/r.git@v1#egg=alpha\n"
        "git+https://host/r.git@v1#egg=beta[x]&subdirectory=lib\n"
        "gamma @ git+https://host/r.git@v1\n"
        "https://host/delta-1.0-py3-none-any.whl\n"
    )
    assert [
        "alpha @ git+https://host/r.git@v1",
        "beta[x] @ git+https://host/r.git@v1#subdirectory=lib",
        "gamma @ git+https://host/r.git@v1",
        "delta @ https://host/delta-1.0-py3-none-any.whl",
    ] == texts(tmp_path, content)


def test_options_say_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    (tmp_path / "requirements.txt").write_text(
        "-i https://host/simple\n--extra-index-url=https://u:${TOKEN}@other/simple\n"
        "--find-links wheels\n--pre\n--trusted-host host\nflask\n"
    )
    found = requirements_txt.read(tmp_path, ("requirements.txt",))
    assert "https://host/simple" == found.index
    assert ("https://u:secret@other/simple",) == found.indexes
    assert (str(tmp_path / "wheels"),) == found.find_links


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"flask\r\n",
        codecs.BOM_UTF16_LE + "flask\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "flask\n".encode("utf-16-be"),
    ],
)
def test_the_first_bytes_say_the_encoding(tmp_path: Path, data: bytes) -> None:
    assert ["flask"] == texts(tmp_path, data)


def test_what_debian_once_froze_is_passed_over(tmp_path: Path) -> None:
    assert ["flask"] == texts(tmp_path, "flask\npkg-resources==0.0.0\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-r gone.txt", "requirements.txt:2: no such file: gone.txt"),
        ("-r https://host/r.txt", "is a URL"),
        ("flask (", "requirements.txt:2: 'flask (' is not a requirement"),
        ("./gone", "no such file or directory: './gone'"),
        ("git+https://host/r.git", "does not name its package"),
        ("--frozen", "`--frozen` is not an option of a requirements file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_line(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        texts(tmp_path, f"flask\n{line}\n")
    assert message in caught.value.message
