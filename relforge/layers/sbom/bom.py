"""The bill of materials itself, by cyclonedx-python-lib."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.utils import canonicalize_name

import relforge
from relforge.layers.runtime import console_libraries
from relforge.layers.sbom.npm import NpmPackage
from relforge.model import core_metadata, layout
from relforge.model.release import Entry, Package, Release

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sbom.relforge")  # of serial numbers


def text(release: Release, npm: tuple[NpmPackage, ...]) -> str:
    """The document as JSON; its serial number is made from the rest of it."""
    bom = _bom(release, npm)
    bom.serial_number = NAMESPACE
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    number = '"serialNumber": "urn:uuid:%s"'
    return text.replace(number % NAMESPACE, number % uuid.uuid5(NAMESPACE, text)) + "\n"


def _bom(release: Release, npm: tuple[NpmPackage, ...]) -> Bom:
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(release.source_date, UTC)
    bom.metadata.tools.components.add(_tool())
    bom.metadata.component = own = _application(release)
    heads = dict(_heads(release))
    wheels = {row.name: _wheel(row, heads.get(row.name)) for row in release.packages}
    others = [
        _interpreter(release),
        *(_library(row) for row in _shared_objects(release)),
        *(
            _vendored(row)
            for row in console_libraries.libraries()
            if release.settings.console.enabled
        ),
        *(_npm(row) for row in npm),
    ]
    for component in (*wheels.values(), *others):
        bom.components.add(component)
    bom.register_dependency(own, [*wheels.values(), *others])
    for name, component in wheels.items():
        wanted = set(core_metadata.requires(heads[name])) & wheels.keys() if name in heads else ()
        bom.register_dependency(component, [wheels[row] for row in sorted(wanted)])
    return bom


def _tool() -> Component:
    return Component(
        name="relforge",
        version=relforge.__version__,
        type=ComponentType.APPLICATION,
        bom_ref=f"relforge@{relforge.__version__}",
    )


def _application(release: Release) -> Component:
    facts = {"env": release.env, "revision": release.revision, "target": str(release.target)}
    return Component(
        name=release.name,
        version=release.version,
        type=ComponentType.APPLICATION,
        bom_ref=f"{release.name}@{release.version}",
        properties=[
            Property(name=f"relforge:{name}", value=value) for name, value in facts.items() if value
        ],
    )


def _interpreter(release: Release) -> Component:
    version = release.python.version
    return Component(
        name="cpython",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"cpython@{version}",
        purl=PackageURL("generic", name="cpython", version=version),
        licenses=[LicenseExpression("Python-2.0")],
        description="the target's own" if release.python.source == "system" else None,
    )


def _shared_objects(release: Release) -> Iterator[Entry]:
    """The libraries that came along with the interpreter, or for the wheels."""
    for layer in release.layers:
        for entry in layer.entries:
            folder, name = posixpath.split(entry.path)
            if folder == f"{layout.PYTHON}/lib" and ".so" in name and entry.link is None:
                yield entry


def _library(entry: Entry) -> Component:
    name = posixpath.basename(entry.path)
    return Component(
        name=name,
        version=name.partition(".so.")[2] or None,
        type=ComponentType.LIBRARY,
        bom_ref=entry.path,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=entry.sha256)],
    )


def _wheel(package: Package, head: Message | None) -> Component:
    licence = core_metadata.licence(head) if head else ""
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}@{package.version}",
        purl=PackageURL("pypi", name=package.name, version=package.version),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=package.sha256)],
        description=head["Summary"] if head else None,
    )


def _vendored(row: console_libraries.ConsoleLibrary) -> Component:
    """A library of the console, which lies beside the application's own packages."""
    name = canonicalize_name(row.name)
    return Component(
        name=name,
        version=row.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{layout.CONSOLE_LIBS}/{name}@{row.version}",
        purl=PackageURL("pypi", name=name, version=row.version),
        licenses=[LicenseFactory().make_from_string(row.licence)] if row.licence else None,
        description=row.summary or None,
    )


def _npm(row: NpmPackage) -> Component:
    scope, _, name = row.name.rpartition("/")
    digests = [HashType(alg=HashAlgorithm.SHA_512, content=row.sha512)] if row.sha512 else []
    return Component(
        name=name,
        group=scope or None,
        version=row.version,
        type=ComponentType.LIBRARY,
        scope=ComponentScope.EXCLUDED if row.dev else None,
        bom_ref=f"{row.path}@{row.version}",
        purl=PackageURL("npm", namespace=scope or None, name=name, version=row.version),
        hashes=digests,
    )


def _heads(release: Release) -> Iterator[tuple[str, Message]]:
    """The METADATA of each package in site-packages, by its normal name."""
    for layer in release.layers:
        for entry in layer.entries:
            ours = entry.path.startswith(f"{layout.RUNTIME}/")
            if entry.path.endswith(".dist-info/METADATA") and not ours:
                head = core_metadata.parse((release.tree / entry.path).read_bytes())
                yield canonicalize_name(head.get("Name", "")), head
