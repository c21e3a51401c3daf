"""The bill of materials itself, by the schema of CycloneDX 1.6."""

from __future__ import annotations

import json
import posixpath
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

import relforge
from relforge.layers.runtime import console_libraries
from relforge.layers.sbom.npm import NpmPackage
from relforge.model import core_metadata, layout
from relforge.model.release import Entry, Package, Release

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sbom.relforge")  # of serial numbers
SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
Row = dict[str, Any]


def text(release: Release, npm: tuple[NpmPackage, ...]) -> str:
    """The document as JSON; its serial number is made from the rest of it."""
    bom = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(release.source_date, UTC).isoformat(),
            "tools": {"components": [_component("application", "relforge", relforge.__version__)]},
            "component": _application(release),
        },
        **_contents(release, npm),
    }
    number = uuid.uuid5(NAMESPACE, json.dumps(bom, sort_keys=True))
    return json.dumps({**bom, "serialNumber": f"urn:uuid:{number}"}, indent=1) + "\n"


def _contents(release: Release, npm: tuple[NpmPackage, ...]) -> dict[str, list[Row]]:
    """What went in, and who wants whom of it."""
    heads = dict(_heads(release))
    wheels = {row.name: _wheel(row, heads.get(row.name)) for row in release.packages}
    console = console_libraries.libraries() if release.settings.console.enabled else ()
    components = [
        _interpreter(release),
        *wheels.values(),
        *(_library(row) for row in _shared_objects(release)),
        *(_vendored(row) for row in console),
        *(_npm(row) for row in npm),
    ]
    components.sort(key=lambda row: (row["type"], row["name"], row["bom-ref"]))
    wants: dict[str, list[str]] = {row["bom-ref"]: [] for row in components}
    for name, head in heads.items():
        if name in wheels:
            others = set(core_metadata.requires(head)) & wheels.keys()
            wants[wheels[name]["bom-ref"]] = sorted(wheels[row]["bom-ref"] for row in others)
    wants[_application(release)["bom-ref"]] = sorted(wants)
    return {
        "components": components,
        "dependencies": [
            {"ref": name, **({"dependsOn": rows} if rows else {})}
            for name, rows in sorted(wants.items())
        ],
    }


def _component(kind: str, name: str, version: str, **more: Any) -> Row:
    """A component with what is known of it; its reference is its name and version by default."""
    rows = {"type": kind, "bom-ref": f"{name}@{version}", "name": name, "version": version, **more}
    return {key.replace("_", "-"): value for key, value in rows.items() if value}


def _application(release: Release) -> Row:
    facts = {"env": release.env, "revision": release.revision, "target": str(release.target)}
    properties = [
        {"name": f"relforge:{name}", "value": value} for name, value in facts.items() if value
    ]
    return _component("application", release.name, release.version, properties=properties)


def _interpreter(release: Release) -> Row:
    return _component(
        *("application", "cpython", release.python.version),
        purl=_purl("generic", "cpython", release.python.version),
        licenses=[{"expression": "Python-2.0"}],
        description="the target's own" if release.python.source == "system" else "",
    )


def _shared_objects(release: Release) -> Iterator[Entry]:
    """The libraries that came along with the interpreter, or for the wheels."""
    for layer in release.layers:
        for entry in layer.entries:
            directory, name = posixpath.split(entry.path)
            if directory == f"{layout.PYTHON}/lib" and ".so" in name and entry.link is None:
                yield entry


def _library(entry: Entry) -> Row:
    name = posixpath.basename(entry.path)
    version = name.partition(".so.")[2]
    return _component(
        "library", name, version, bom_ref=entry.path, hashes=_hash("SHA-256", entry.sha256)
    )


def _wheel(package: Package, head: Message | None) -> Row:
    return _component(
        *("library", package.name, package.version),
        purl=_purl("pypi", package.name, package.version),
        licenses=_licenses(core_metadata.licence(head)) if head else [],
        hashes=_hash("SHA-256", package.sha256),
        description=str(head["Summary"] or "") if head else "",
    )


def _vendored(row: console_libraries.ConsoleLibrary) -> Row:
    """A library of the console, which is next to the application's own packages."""
    name = canonicalize_name(row.name)
    return _component(
        *("library", name, row.version),
        bom_ref=f"{layout.CONSOLE_LIBS}/{name}@{row.version}",
        purl=_purl("pypi", name, row.version),
        licenses=_licenses(row.licence),
        description=row.summary,
    )


def _npm(row: NpmPackage) -> Row:
    scope, _, name = row.name.rpartition("/")
    return _component(
        *("library", name, row.version),
        group=scope,
        scope="excluded" if row.dev else "",
        bom_ref=f"{row.path}@{row.version}",
        purl=_purl("npm", row.name, row.version),
        hashes=_hash("SHA-512", row.sha512) if row.sha512 else [],
    )


def _purl(kind: str, name: str, version: str) -> str:
    """A package URL (ECMA-427)."""
    return f"pkg:{kind}/{quote(name)}" + (f"@{quote(version, safe='')}" if version else "")


def _hash(algorithm: str, digest: str) -> list[Row]:
    return [{"alg": algorithm, "content": digest}]


def _licenses(written: str) -> list[Row]:
    """SPDX's name or expression where it is one, else what the package says."""
    if not written:
        return []
    try:
        expression = canonicalize_license_expression(written)
    except InvalidLicenseExpression:
        return [{"license": {"name": written}}]
    if " " in expression:
        return [{"expression": expression}]
    kind = "name" if expression.startswith("LicenseRef-") else "id"
    return [{"license": {kind: expression}}]


def _heads(release: Release) -> Iterator[tuple[str, Message]]:
    """The METADATA of each package in site-packages, by its normal name."""
    for layer in release.layers:
        for entry in layer.entries:
            ours = entry.path.startswith(f"{layout.RUNTIME}/")
            if entry.path.endswith(".dist-info/METADATA") and not ours:
                head = core_metadata.parse((release.tree / entry.path).read_bytes())
                yield canonicalize_name(head.get("Name", "")), head
