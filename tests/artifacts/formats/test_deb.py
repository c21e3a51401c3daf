"""Debian packages: as dpkg's own tools read them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relforge.artifacts import formats
from relforge.artifacts.formats.deb import names
from relforge.model.release import Artifact, Release
from relforge.model.spec import DebSettings, Metadata
from relforge.support.errors import SettingsError
from tests.artifacts.formats import shop

DPKG = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed here")

ORDERED = [
    "1.0.dev2",
    "1.0a1.dev1",
    "1.0a1",
    "1.0b2",
    "1.0rc1",
    "1.0",
    "1.0+local.1",
    "1.0.post1.dev3",
    "1.0.post1",
    "1.0.1",
    "1.2",
    "1.10",
    "2026.1",
    "1!0.5",
]


def packages(root: Path, **settings: Any) -> tuple[Artifact, ...]:
    release = formats.choose(shop.prepared(root, **settings), ("deb",))
    return formats.step(release).artifacts


def field(package: Artifact, name: str) -> str:
    return said("dpkg-deb", "--field", package.path, name).strip()


def said(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.mark.process
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed here")
def test_dpkg_sorts_versions_as_python_does() -> None:
    for one, two in itertools.pairwise(ORDERED):
        words = ["dpkg", "--compare-versions", names.version(one), "lt", names.version(two)]
        assert 0 == subprocess.run(words, check=False).returncode, (one, two)
    assert ["1.4.0", "1.0~rc1", "1:2.0", "1.0~~dev3+g12"] == [
        names.version(text) for text in ("1.4.0", "1.0rc1", "1!2.0", "1.0.dev3+g12")
    ]
    for text in ("v1.0-3-gabc", "nightly", "2024_01"):
        words = ["dpkg", "--validate-version", names.version(text)]
        subprocess.run(words, check=True)


def test_names_of_packages() -> None:
    found = [names.package(text) for text in ("ticketd", "My_Shop", "1.0!x", "a+b.c")]
    assert ["ticketd", "my-shop", "1.0-x", "a+b.c"] == found


@pytest.mark.process
@DPKG
def test_one_package_is_the_version_and_the_other_leads_to_it(
    own_cache: Path, tmp_path: Path
) -> None:
    tree, main = packages(tmp_path)
    assert "shop-1.0_1.0_amd64.deb" == tree.path.name
    assert "shop_1.0_amd64.deb" == main.path.name
    assert ("shop-1.0", "shop") == (field(tree, "Package"), field(main, "Package"))
    assert "libc6 (>= 2.34)" == field(tree, "Depends")
    assert "shop-1.0 (= 1.0)" == field(main, "Depends")
    assert {"amd64"} == {field(row, "Architecture") for row in (tree, main)}
    for package, directory in ((tree, "tree"), (main, "main")):
        said("dpkg-deb", "--extract", package.path, tmp_path / directory)
    root = tmp_path / "tree/opt/shop/releases/1.0"
    assert "import sys\n" == (root / "app/manage.py").read_text()
    assert os.access(root / "bin/shop", os.X_OK)
    links = {
        path.relative_to(tmp_path / "main").as_posix(): os.readlink(path)
        for path in (tmp_path / "main").rglob("*")
        if path.is_symlink()
    }
    assert {
        "opt/shop/current": "releases/1.0",
        "opt/shop/var": "/var/lib/shop",
        "usr/bin/shop": "/opt/shop/current/bin/shop",
    } == links
    rows = said("dpkg-deb", "--contents", tree.path).splitlines()
    assert all("root/root" in row for row in rows)
    assert all(" 2023-11-14 " in row for row in rows)


@pytest.mark.process
@DPKG
def test_what_it_says_comes_from_the_project_or_the_settings(
    own_cache: Path, tmp_path: Path
) -> None:
    about = Metadata(
        description="Sells tickets",
        authors=("Ada", "Bob <bob@example.org>"),
        urls=(("Homepage", "https://example.org"),),
    )

    def built(directory: str, settings: DebSettings, about: Metadata) -> Artifact:
        release = shop.prepared(tmp_path / directory, deb=settings)
        release = replace(release, project=replace(release.project, metadata=about))
        return formats.step(formats.choose(release, ("deb",))).artifacts[1]

    plain = built("plain", DebSettings(), Metadata())
    assert "shop maintainers <root@localhost>" == field(plain, "Maintainer")
    assert "shop, a self-contained release" == field(plain, "Description")
    # B12: a description of blanks says nothing
    blank = built("blank", DebSettings(description="\n"), Metadata(description=" "))
    assert "shop, a self-contained release" == field(blank, "Description")
    said_so = built("project", DebSettings(), about)
    assert "Bob <bob@example.org>" == field(said_so, "Maintainer")
    assert "https://example.org" == field(said_so, "Homepage")
    settings = DebSettings(
        maintainer="Ops <ops@example.org>",
        description="Tickets\n\nfor night trains",
        depends=("ca-certificates", "postgresql-client (>= 13)"),
    )
    set_so = built("settings", settings, about)
    assert "Ops <ops@example.org>" == field(set_so, "Maintainer")
    assert "Tickets\n .\n for night trains" == field(set_so, "Description")
    assert field(set_so, "Depends").endswith("1.0), ca-certificates, postgresql-client (>= 13)")


@DPKG
def test_equal_trees_give_equal_packages(own_cache: Path, tmp_path: Path) -> None:
    first = [row.path.read_bytes() for row in packages(tmp_path / "one")]
    shutil.rmtree(own_cache)
    assert first == [row.path.read_bytes() for row in packages(tmp_path / "two")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "x"}, "tool.relforge.deb.package: 'x' is not a valid name for a Debian package"),
        (
            {"deb": DebSettings(package="A b")},
            "deb.package: 'A b' is not a valid name for a Debian package",
        ),
        (
            {"deb": DebSettings(user="a b")},
            "tool.relforge.deb.user: 'a b' is not a valid user name",
        ),
        (
            {"deb": DebSettings(maintainer="a\nEssential: yes")},
            (
                "tool.relforge.deb.maintainer: 'a\\nEssential: yes' is not a name with an "
                "email address"
            ),
        ),
        (
            {"deb": DebSettings(depends=("aa", "b\nc"))},
            "tool.relforge.deb.depends[1]: 'b\\nc' is not a valid Debian dependency",
        ),
        (
            {"deb": DebSettings(maintainer="Jo jo@x")},
            "'Jo jo@x' is not a name with an email address",
        ),
        ({"deb": DebSettings(maintainer="<jo@x>")}, "'<jo@x>' is not a name with an email address"),
        ({"deb": DebSettings(depends=("Libpq5",))}, "depends[0]: 'Libpq5' is not a valid Debian"),
        (
            {"deb": DebSettings(depends=("libpq5 >= 15",))},
            "depends[0]: 'libpq5 >= 15' is not a valid",
        ),
        (
            {"deb": DebSettings(depends=("libpq5 (15)",))},
            "depends[0]: 'libpq5 (15)' is not a valid",
        ),
        ({"deb": DebSettings(depends=("libpq5 (> 15)",))}, "depends[0]: 'libpq5 (> 15)' is not"),
        ({"deb": DebSettings(depends=("libpq5 (>= v15)",))}, "'libpq5 (>= v15)' is not a valid"),
        (
            {"deb": DebSettings(depends=("libpq5 |",))},
            "depends[0]: 'libpq5 |' is not a valid Debian",
        ),
        ({"deb": DebSettings(depends=("",))}, "depends[0]: '' is not a valid Debian"),
        (
            {"deb": DebSettings(conffiles=(("a.toml", "/etc/a"),))},
            "tool.relforge.deb.conffiles: the project has no file 'a.toml'",
        ),
        (
            {"deb": DebSettings(conffiles=(("tree/release/env.sh", "/usr/a"),))},
            (
                "tool.relforge.deb.conffiles.tree/release/env.sh: '/usr/a' is not the path "
                "of a file below"
            ),
        ),
        (
            {"deb": DebSettings(conffiles=(("tree/release/env.sh", "/etc/../a"),))},
            "'/etc/../a' is not the path of a file below /etc",
        ),
    ],
)
def test_settings_that_are_wrong_are_refused(
    own_cache: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    release: Release = shop.prepared(tmp_path, **settings)
    with pytest.raises(SettingsError) as refusal:
        formats.choose(release, ("deb",))
    assert message in refusal.value.message


@pytest.mark.process
@DPKG
def test_each_way_to_depend_that_is_taken_is_one_that_dpkg_reads(
    own_cache: Path, tmp_path: Path
) -> None:
    rows = ("libpq5", "libpq5 (>= 15)", "redis | valkey (= 1:7.2~rc1-3)", "python3:any, adduser")
    found = packages(tmp_path, deb=DebSettings(depends=rows, maintainer="Jo Doe <jo@example.org>"))
    assert ", ".join(rows) in field(found[1], "Depends")
    assert "Jo Doe <jo@example.org>" == field(found[1], "Maintainer")
