"""`relforge inspect` and `diff`, on small releases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relforge.artifacts.reading import difference, foreign_manifest, reader, summary
from relforge.cli import main
from relforge.support.errors import UserError
from tests.artifacts.reading import archives
from tests.artifacts.reading.archives import FILES, MANIFEST, SITE, members


def made(directory: Path, name: str = "a.tar.gz", **files: str) -> Path:
    return archives.write(directory / name, members({**FILES, **files}))


def test_packages_have_their_sizes_and_licences(tmp_path: Path) -> None:
    found = reader.read(made(tmp_path))
    (click,) = summary.packages(found)
    assert ("click", "8.1.0", "BSD-3-Clause") == (click.name, click.version, click.licence)
    assert 600 + len(archives.METADATA) == click.size
    sizes = summary.parts(found)
    assert click.size == sizes["click"]
    assert sum(file.size for file in found.files.values()) == sum(sizes.values())


@pytest.mark.parametrize(
    ("head", "licence"),
    [
        ("License-Expression: MIT\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: Apache 2.0\n and more\n", "Apache 2.0"),
        ("", "unknown"),
    ],
)
def test_the_licence_is_taken_from_where_it_stands(tmp_path: Path, head: str, licence: str) -> None:
    text = f"Metadata-Version: 2.1\nName: click\nVersion: 8.1.0\n{head}"
    place = made(tmp_path, **{f"{SITE}/click-8.1.0.dist-info/METADATA": text})
    assert [licence] == [row.licence for row in summary.packages(reader.read(place))]


def test_inspect_prints_what_is_inside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = made(tmp_path)
    assert 0 == main(["inspect", str(place)])
    said = capsys.readouterr().out
    assert "release    shop 1.0 (prod)" in said
    assert "glibc 2.34 or newer" in said
    assert "click 8.1.0" in said
    assert 0 == main(["inspect", "--json", str(place)])
    reported = json.loads(capsys.readouterr().out)
    assert ["web"] == reported["services"]
    assert 0 == main(["inspect", "--sizes", str(place)])
    _, first, second, *_ = capsys.readouterr().out.splitlines()
    assert "release" in first
    assert "click" in second, "the largest first"


def test_a_damaged_manifest_is_reported(tmp_path: Path) -> None:
    place = made(tmp_path, **{"release/manifest.json": "{"})
    with pytest.raises(UserError, match=r"manifest\.json is damaged") as caught:
        foreign_manifest.read(reader.read(place))
    assert f"relforge verify {place}" == caught.value.hint


def between(old: Path, new: Path) -> dict[str, Any]:
    return difference.between(reader.read(old), reader.read(new))


def test_equal_releases_differ_in_nothing(tmp_path: Path) -> None:
    found = between(made(tmp_path), made(tmp_path, "b.tar.zst"))
    assert difference.is_empty(found)
    assert 0 == main(["diff", str(tmp_path / "a.tar.gz"), str(tmp_path / "b.tar.zst")])


def test_packages_settings_and_files_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = {**MANIFEST, "version": "1.1", "services": {"web": {"instances": 2}, "job": {}}}
    new = made(
        tmp_path,
        "b.tar.gz",
        **{
            "release/manifest.json": json.dumps(manifest),
            f"{SITE}/click-8.1.0.dist-info/METADATA": archives.METADATA.replace("8.1.0", "8.1.1"),
            "app/new.txt": "new",
        },
    )
    old = made(tmp_path)
    found = between(old, new)
    assert {"click": ("8.1.0", "8.1.1")} == found["packages"]
    assert ("1.0", "1.1") == found["settings"]["version"]
    assert (1, 2) == found["settings"]["services.web.instances"]
    assert (None, {}) == found["settings"]["services.job"]
    assert ["app/new.txt"] == found["files"]["added"]
    assert "release/SHA256SUMS" in found["files"]["changed"]
    assert 1 == main(["diff", str(old), str(new)])
    said = capsys.readouterr().out
    assert "package click: 8.1.0 -> 8.1.1" in said
    assert "services.web.instances: 1 -> 2" in said
    assert "added app/new.txt" in said
