"""What `host` and `uv` can choose from: for ``relforge python list``."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import Version

from relforge.layers.python import host, installation, selection
from relforge.layers.python.probe import Probe
from relforge.model import python_version
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One interpreter of this host.  ``size`` is what it would bring into a release, unpacked.

    ``refusal`` is why it cannot go into one, "" where it can.  ``taken`` are the
    sources that take it when the settings ask for ``3.X``.
    """

    version: str
    path: str
    origin: str  # pyenv, uv, PATH, host
    refusal: str
    size: int
    taken: tuple[str, ...]


def interpreters() -> tuple[Listed, ...]:
    """Every one of this host, the newest first."""
    found = [_listed(place, row) for place, row in host.installed()]
    return tuple(sorted(found, key=_age, reverse=True))


def _age(row: Listed) -> tuple[Version, bool]:
    plain = python_version.plain(row.version)
    return Version(plain), plain == row.version


def _listed(place: host.Place, found: Probe) -> Listed:
    refusal, size = host.refusal(found), 0
    if python_version.number(found.short) < python_version.OLDEST:
        refusal = refusal or f"a release needs 3.{python_version.OLDEST} or newer"
    if not refusal:
        try:
            wanted = PythonSettings(version=found.spelled)
            chosen = selection.select(installation.of_host(found), wanted)
            size = sum(path.stat().st_size for _, path in chosen.files)
        except UserError as error:
            refusal = error.message
    places = {"host": host.places(), "uv": (host.of_uv(),)}
    return Listed(
        version=found.spelled,
        path=found.executable,
        origin=place.kind,
        refusal=refusal,
        size=size,
        taken=tuple(
            name
            for name, where in places.items()
            if not refusal and host.newest(found.short, where) == found
        ),
    )
