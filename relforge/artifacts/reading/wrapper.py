"""What an artifact has around its release: what runs before the release does, and as root.

The script of a ``run`` file and those of a package must be the ones that relforge
writes; those of another version of relforge cannot be compared.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import relforge
from relforge.artifacts.formats.deb import names, texts
from relforge.artifacts.reading import deb, foreign_manifest, tarball
from relforge.artifacts.reading.contents import Problem, ReleaseContents

_FIELDS = frozenset(
    {"Package", "Version", "Architecture", "Maintainer", "Installed-Size", "Depends"}
    | {"Section", "Priority", "Homepage", "Description"}
)
_CONTROL = "control/control"


def problems(found: ReleaseContents) -> Iterator[Problem]:
    """What is wrong with it."""
    if found.kind == "run":
        expected = {tarball.HEAD: tarball.written()}
        yield from _compare(found, expected, str(foreign_manifest.value(found).get("relforge")))
    elif found.kind == "deb":
        yield from _package(found)


def _package(found: ReleaseContents) -> Iterator[Problem]:
    facts = dict(row.split(" ", 1) for row in _lines(found, deb.FACTS) if " " in row)
    kind, own = (
        ("main", ("postinst", "prerm", "postrm")) if deb.leads(found) else ("tree", ("prerm",))
    )
    expected = {name: texts.script(f"{kind}.{name}") for name in own}
    yield from _compare(found, expected, facts.get("relforge", ""))
    for name in sorted(found.scripts.keys() - {*own, deb.FACTS, "conffiles"}):
        yield Problem(
            path=f"control/{name}", message="a package written by relforge has no such file"
        )
    for key in sorted(found.control.keys() - _FIELDS):
        yield Problem(path=_CONTROL, message=f"a package written by relforge has no field {key}")
    if deb.leads(found):
        yield from _leading(found, facts)
    else:
        yield from _versions(found, facts)


def _versions(found: ReleaseContents, facts: dict[str, str]) -> Iterator[Problem]:
    """The package of a version says which: three times, and all the same."""
    manifest = foreign_manifest.value(found)
    name, version = str(manifest.get("name")), str(manifest.get("version"))
    if (facts.get("name"), facts.get("version")) != (name, version):
        message = f"it does not name {name} {version}"
        yield Problem(path=f"/{deb.facts(found)}", message=message)
    said = (found.control.get("Package", ""), found.control.get("Version"))
    if not said[0].endswith(f"-{names.package(version)}") or said[1] != names.version(version):
        message = f"it is {said[0]} {said[1]}, but the release inside is {name} {version}"
        yield Problem(path=_CONTROL, message=message)
    if found.root != f"opt/{name}/releases/{version}":
        yield Problem(
            path=f"/{found.root}", message=f"this is not the directory of {name} {version}"
        )


def _leading(found: ReleaseContents, facts: dict[str, str]) -> Iterator[Problem]:
    """The package that leads to a version: the files that it needs, and no others."""
    package, name = found.control.get("Package", ""), facts.get("name", "")
    links = {
        f"opt/{name}/current": f"releases/{facts.get('version')}",
        f"opt/{name}/var": f"/var/lib/{package}",
        f"usr/bin/{name}": f"/opt/{name}/current/bin/{name}",
    }
    for path in sorted(links.keys() | found.links.keys()):
        if found.links.get(path) != links.get(path):
            there, expected = found.links.get(path, "nothing"), links.get(path, "nothing")
            message = f"it is a link to {there}, expected {expected}"
            yield Problem(path=f"/{path}", message=message)
    etc = {row.lstrip("/") for row in _lines(found, "conffiles")}
    unit = f"usr/lib/systemd/system/{package}.service"
    files = {deb.facts(found), *etc, *((unit,) if facts.get("unit") else ())}
    for path in sorted(files ^ found.files.keys()):
        what = (
            "it is missing" if path in files else "a package written by relforge has no such file"
        )
        yield Problem(path=f"/{path}", message=what)
    for path in sorted(etc):
        if not path.startswith("etc/") or posixpath.normpath(path) != path:
            yield Problem(
                path=f"/{path}",
                message="it is listed as a configuration file, but is outside of /etc",
            )
    leads = re.escape(f" (= {found.control.get('Version')})")
    tree = re.escape(names.package(facts.get("version", "")))
    if not re.match(rf"[^ ,]+-{tree}{leads}(,|$)", found.control.get("Depends", "")):
        message = f"it does not depend on the package of {facts.get('version')}"
        yield Problem(path=_CONTROL, message=message)


def _compare(found: ReleaseContents, expected: dict[str, bytes], maker: str) -> Iterator[Problem]:
    for name, text in expected.items():
        if name not in found.scripts:
            yield Problem(path=name, message="it is missing")
        elif maker == relforge.__version__ and found.scripts[name] != text:
            yield Problem(path=name, message=f"it differs from what relforge {maker} writes")


def _lines(found: ReleaseContents, name: str) -> list[str]:
    return found.scripts.get(name, b"").decode("utf-8", "replace").splitlines()
