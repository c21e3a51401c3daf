"""The bill of materials: valid, whole, and the same each time."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from relforge import cache
from relforge.layers.sbom import step
from relforge.model import layout
from relforge.model.release import Layer, Package, Release
from relforge.model.spec import AssetSettings
from tests import builder

SITE = "python/lib/python3.12/site-packages"
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "shop"},
        "node_modules/@scope/one": {
            "version": "1.0.0",
            "integrity": "sha512-" + "A" * 86 + "==",
        },
        "node_modules/two": {"version": "2.0.0", "dev": True},
        "node_modules/linked": {"link": True},
    },
}
METADATA = {
    "fastapi": "License-Expression: MIT\nRequires-Dist: Starlette>=0.4\nRequires-Dist: none\n",
    "starlette": "Classifier: License :: OSI Approved :: BSD License\n",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def release(own_cache: Path, tmp_path: Path) -> Release:
    made = builder.release(tmp_path, assets=AssetSettings(run=(("true",),), cwd="assets"))
    write(tmp_path / "assets" / "package-lock.json", json.dumps(LOCK))
    for name, head in METADATA.items():
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nSummary: it is {name}\n{head}"
        write(made.tree / SITE / f"{name}-1.0.dist-info" / "METADATA", text)
    write(made.tree / "python/lib/libssl.so.3", "ELF")
    layer = Layer(name="deps", key="k", cached=True, seconds=0.0, entries=cache.scan(made.tree))
    packages = tuple(
        Package(name=name, version="1.0", file=f"{name}-1.0.whl", sha256="a" * 64)
        for name in METADATA
    )
    return replace(made, layers=(layer,), packages=packages)


def written(release: Release) -> dict[str, Any]:
    text = (step.step(release).tree / layout.SBOM).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: dict[str, Any] = json.loads(text)
    return found


def test_it_names_all_that_went_in(release: Release) -> None:
    found = written(release)
    assert "shop" == found["metadata"]["component"]["name"]
    rows = {row["bom-ref"]: row for row in found["components"]}
    assert {
        "cpython@3.12.1",
        "fastapi@1.0",
        "starlette@1.0",
        "python/lib/libssl.so.3",
        "node_modules/@scope/one@1.0.0",
        "node_modules/two@2.0.0",
        *(f"runtime/console-libs/{name}@{version(name)}" for name in ("prompt-toolkit", "wcwidth")),
    } == rows.keys()
    fastapi = rows["fastapi@1.0"]
    assert "pkg:pypi/fastapi@1.0" == fastapi["purl"]
    assert [{"license": {"id": "MIT"}}] == fastapi["licenses"]
    assert [{"alg": "SHA-256", "content": "a" * 64}] == fastapi["hashes"]
    assert [{"license": {"name": "BSD License"}}] == rows["starlette@1.0"]["licenses"]
    assert "3" == rows["python/lib/libssl.so.3"]["version"]
    assert "pkg:npm/%40scope/one@1.0.0" == rows["node_modules/@scope/one@1.0.0"]["purl"]
    assert "excluded" == rows["node_modules/two@2.0.0"]["scope"]
    needs = {row["ref"]: row.get("dependsOn", []) for row in found["dependencies"]}
    assert ["starlette@1.0"] == needs["fastapi@1.0"]
    assert rows.keys() == set(needs["shop@1.0"])


def test_the_same_release_gives_the_same_bytes(release: Release) -> None:
    first = (step.step(release).tree / layout.SBOM).read_bytes()
    (release.tree / layout.SBOM).unlink()
    time.sleep(0.01)
    assert first == (step.step(release).tree / layout.SBOM).read_bytes()


def test_another_release_has_another_number(release: Release) -> None:
    other = replace(release, packages=release.packages[:1])
    assert written(release)["serialNumber"] != written(other)["serialNumber"]


def test_a_lock_of_npm_that_cannot_be_read_is_none(release: Release) -> None:
    write(release.project.root / "assets" / "package-lock.json", "{")
    assert not [row for row in written(release)["components"] if "npm" in row.get("purl", "")]
