"""Which Python a release gets: the newest that the project allows and this host has, and why."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relforge.model.python_version import OLDEST, SUPPORTED, is_threaded, number, spelled
from relforge.model.python_version import tag as tag_of
from relforge.model.spec import Project
from relforge.project.init.deferred_annotations import SINCE
from relforge.project.init.pinned import Pinned
from relforge.project.init.reading import Sources
from relforge.project.supported_python import supports

_PINNED = r"(3\.\d+)(?:\.\d+)?(t\b|\+freethreaded)?"
_ARGUMENT = re.compile(r"^ARG\s+(\w+)=[\"']?([\w.-]+)", re.MULTILINE)
_WHEEL = re.compile(r"([A-Za-z0-9_.]+)-[\w.!+]+(?:-\d\w*)?-([a-z0-9.]+)-([a-z0-9_.]+)-[\w.]+\.whl")
# Modules of the standard library, and the minor version that has them no more.
REMOVED = {
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), 12),
    **dict.fromkeys(("cgi", "cgitb", "crypt", "imghdr", "mailcap", "nntplib", "pipes"), 13),
    **dict.fromkeys(("sndhdr", "spwd", "telnetlib", "uu", "xdrlib", "audioop"), 13),
    **dict.fromkeys(("aifc", "chunk", "lib2to3", "nis", "ossaudiodev", "sunau"), 13),
    **dict.fromkeys(("sre_compile", "sre_constants", "sre_parse"), 15),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``version`` is such as 3.12; ``problem`` is what the project asks for and does not get."""

    version: str
    why: str
    problem: str = ""


def choose(
    project: Project,
    sources: Sources,
    lock: str,
    available: Iterable[str] | None,
    pinned: Pinned | None = None,
    imports: Iterable[str] = (),
    deferred: str = "",
) -> Choice:
    """The version; ``available`` are those of the host, such as 3.12, None where unknown.

    A free-threaded one, such as 3.14t, is taken where another tool's file names it.
    ``imports`` are the modules that the sources import: some are gone from newer Pythons.
    ``deferred`` is an annotation that only newer ones do not evaluate at once.
    """
    there = set(SUPPORTED if available is None else available)
    host = sorted((row for row in there if not is_threaded(row)), key=number, reverse=True)
    required = project.requires_python
    fitting = [row for row in host if supports(project, row)]
    pin, said = _pin(sources)
    by = "Pipfile" if sources.has("Pipfile") else "requires-python"
    shown = f'{by} says "{required}"' if required else ""
    if pin in fitting or (pin in there and supports(project, pin)):
        return Choice(version=pin, why=f"{said} says {pin}")
    if not fitting:
        allowed = next(_upwards(project), "")
        problem = f'{shown}, and this host has {_list(host)}: install it, or `python.source = "uv"`'
        if not allowed:
            problem = (
                f"{shown}, and a release needs Python 3.{OLDEST} or newer: if the "
                "project runs with one, change it there"
            )
        version = allowed or (host[0] if host else f"3.{OLDEST}")
        return Choice(version=version, why=shown, problem=problem)
    if deferred and pin not in fitting:
        later = [row for row in fitting if number(row) >= SINCE]
        why = f"{deferred} is an annotation for type checkers alone, which older versions evaluate"
        if later:
            return Choice(version=later[0], why=why)
        lowest = next((row for row in _upwards(project) if number(row) >= SINCE), "")
        if lowest:
            problem = (
                f"{deferred} is an annotation for type checkers alone, which only Python "
                f'3.{SINCE} and newer do not evaluate: install one, use `python.source = "uv"`, '
                "or add `from __future__ import annotations` to the module"
            )
            return Choice(version=lowest, why=why, problem=problem)
    gone = {name: REMOVED[name] for name in imports if name in REMOVED}
    kept = [row for row in fitting if all(number(row) < minor for minor in gone.values())]
    if kept and kept != fitting:
        names = ", ".join(sorted(gone))
        why = f"the sources import {names}, which newer versions lack"
        return Choice(version=kept[0], why=why)
    lacking = {row: _lacking(lock, row) for row in fitting}
    old = [row for row in fitting if pinned and SUPPORTED.get(row, pinned.when) > pinned.when]
    if pinned and old and not lock:
        version = next((row for row in fitting if row not in old), fitting[-1])
        year = time.gmtime(pinned.when).tm_year
        why = (
            f"{pinned.file} pins versions from {year}, when {old[-1]} was too new or not yet "
            "released"
        )
        return Choice(version=version, why=why)
    # The fewest that have to be built here, and of those the newest.
    version = min(fitting, key=lambda row: len(lacking[row]))
    if all(lacking.values()):  # a lock that is older than every Python here
        version = fitting[-1]
    why = "the newest on this host" + (f" that the project allows ({shown})" if shown else "")
    if version != fitting[0]:
        names = ", ".join(lacking[fitting[0]][:3])
        why = f"because of the wheels in the lockfile: it has none for {fitting[0]} of {names}"
    problem = ""
    if pin and supports(project, pin):
        problem = f"{said} requires Python {pin}, which this host does not have: using {version}"
    return Choice(version=version, why=why, problem=problem)


def _pin(sources: Sources) -> tuple[str, str]:
    """What another tool's file pins: 3.12 of ``python-3.12.4``, and the file's name."""
    for name, pattern in (
        (".python-version", rf"^\s*(?:cpython-?|python-?)?{_PINNED}"),
        ("runtime.txt", rf"^\s*python-?{_PINNED}"),
        (".tool-versions", rf"^python\s+{_PINNED}"),
        ("mise.toml", rf"python\s*=\s*\[?\s*\"{_PINNED}"),
        (".mise.toml", rf"python\s*=\s*\[?\s*\"{_PINNED}"),
        ("Dockerfile", rf"^FROM\s+(?:--\S+\s+)*(?:\S*[/:])?python:?{_PINNED}"),
    ):
        text = sources.text(name)
        arguments = dict(_ARGUMENT.findall(text)) if name == "Dockerfile" else {}
        for argument, value in arguments.items():
            text = re.sub(rf"\$\{{?{argument}\b(?::-[^}}]*)?\}}?", value, text)
        found = re.search(pattern, text, re.MULTILINE)
        if found and number(found[1]) >= OLDEST:
            return spelled(found[1], threaded=bool(found[2])), name
    return "", ""


def _lacking(lock: str, short: str) -> list[str]:
    """Packages of a lock with wheels for other Pythons alone."""
    tags: dict[str, set[tuple[str, str]]] = {}
    for name, python, abi in _WHEEL.findall(lock):
        tags.setdefault(name.lower(), set()).update((row, abi) for row in python.split("."))
    own = tag_of(short)
    return [
        name
        for name, rows in sorted(tags.items())
        if not any(
            (tag == own and not is_threaded(abi)) or tag[:2] == "py" or _stable(tag, abi, own)
            for tag, abi in rows
        )
    ]


def _stable(tag: str, abi: str, own: str) -> bool:
    return abi == "abi3" and tag[:3] == own[:3] and int(tag[3:] or 0) <= int(own[3:])


def _upwards(project: Project) -> Iterator[str]:
    return (row for row in (f"3.{n}" for n in range(OLDEST, 20)) if supports(project, row))


def _list(rows: list[str]) -> str:
    return ", ".join(rows) if rows else "none that fits"
