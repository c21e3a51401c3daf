"""What the application reads: ``from relforge.runtime import config``.

    config["http.port"]      config.http.port      config.get("mail.host", "localhost")

Inside a release it is the configuration that the supervisor loaded; outside of
one, the same providers run from the project's settings at the first use.
"""

from __future__ import annotations

import os
from _thread import RLock
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..contract.manifest import root
from ..errors import CONFIG, Refusal
from ..protocol.questions import CONFIG_FD
from . import keys
from . import loading as loads
from .secret import Scrubber, display, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

_NOT_LISTED = ", or `config` of this service does not list it"
FILE = "RELFORGE_CONFIG"  # the same for whatever this process starts: /proc/PID/fd/N


class Section(Mapping[str, "Any"]):
    """A table of the configuration, read only."""

    __slots__ = ("_path", "_secrets", "_values")

    def __init__(
        self, values: dict[str, Any], secrets: frozenset[str], path: tuple[str, ...] = ()
    ) -> None:
        self._values = values
        self._secrets = secrets
        self._path = path

    def __getitem__(self, key: str) -> Any:
        """The value at a name or a dotted key; KeyError suggests the nearest."""
        path, value = keys.find(self._values, key) if isinstance(key, str) else ((), keys.MISSING)
        if value is keys.MISSING:
            known = [keys.show(path) for path, _ in keys.leaves(self._values)]
            name = keys.show((*self._path, ""))[:-2] + str(key)
            near = keys.nearest(str(key), known)
            raise KeyError(f"{name} is not set{_NOT_LISTED if _source.part else near}")
        return self._given((*self._path, *path), value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and keys.lookup(self._values, key) is not keys.MISSING

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._values})

    def __repr__(self) -> str:
        rows = [
            f"{keys.show(path)}={display(value, secret=self._is_secret((*self._path, *path)))}"
            for path, value in keys.leaves(self._values)
        ]
        return f"<config {keys.show(self._path)}: {', '.join(rows)}>".replace(" :", ":", 1)

    def as_dict(self) -> dict[str, Any]:
        """The table as plain nested dicts; secrets are Secret."""
        rows = ((name, self[name]) for name in self._values)
        return {n: value.as_dict() if isinstance(value, Section) else value for n, value in rows}

    def _given(self, path: tuple[str, ...], value: Any) -> Any:
        if isinstance(value, dict):
            return Section(value, self._secrets, path)
        return wrap(_copy(value)) if self._is_secret(path) else _copy(value)

    def _is_secret(self, path: tuple[str, ...]) -> bool:
        return keys.show(path) in self._secrets


class Configuration(Section):
    """The whole configuration; it is loaded when it is first looked at."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name in ("_path", "_secrets", "_values"):
            return getattr(_current(), name)
        return super().__getattr__(name)


config = Configuration()
importers: list[str] = []  # the files that have imported `config`, the first ones
_MOST = 8


def imported_by(file: str) -> None:
    """Remember who reads the configuration: outside of a release, the project may be there."""
    if len(importers) < _MOST and file not in importers:
        importers.append(file)


class _Source:
    """Where this process's configuration comes from, once something has looked at it."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.section: Section | None = None
        self.scrubber: Scrubber | None = None  # of the section's secrets, once somebody asked
        self.environ: dict[str, str] = {}  # what `export` has set
        self.fd = -1  # the memfd, where this process was given one
        self.busy = False  # providers run in this process
        self.part = False  # it is what `config` of a service lists


_source = _Source()


def install(fd: int, environ: MutableMapping[str, str]) -> None:
    """Make the memfd the source of this process, and of what it starts.

    Sets the variables of ``export`` in ``environ``, and where children find it.
    """
    provide(loads.read(fd), environ)
    _source.fd = fd
    os.set_inheritable(fd, False)
    environ.pop(CONFIG_FD, None)
    environ[FILE] = f"/proc/{os.getpid()}/fd/{fd}"


def provide(result: Mapping[str, Any], environ: MutableMapping[str, str]) -> None:
    """Make a loader's result this process's configuration; sets the variables of ``export``."""
    _source.environ = result.get("environ", {})
    environ.update(_source.environ)
    _source.section = Section(result["values"], frozenset(result.get("secrets", ())))
    _source.part = _source.part or bool(result.get("part"))
    _source.scrubber = None


def renew(result: Mapping[str, Any], environ: MutableMapping[str, str]) -> None:
    """Take up another configuration in place of this process's.

    Who holds `config` sees it; a Section that somebody has kept shows the old
    one.  The descriptor keeps its number, so that what this process has started
    or will start finds the new one, too.
    """
    with _source.lock:
        if _source.fd >= 0:
            memory = loads.sealed(result)
            os.dup2(memory, _source.fd, inheritable=False)
            os.close(memory)
        for variable in _source.environ:
            if variable not in result["environ"]:
                environ.pop(variable, None)
        provide(result, environ)


def install_values(values: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> None:
    """Make these values the configuration, without a provider: for the check of a build.

    ``values`` are nested or dotted; ``settings`` is the manifest's ``config``,
    whose schema gives defaults, types and secrets, and whose exports are set.
    What the schema requires may be missing.
    """
    from .resolve import trial

    outcome = trial(dict(settings or {}), root=root(), values=values)
    outcome_rows = {"values": outcome.values, "secrets": outcome.secrets}
    provide({**outcome_rows, "environ": outcome.environ}, os.environ)


def scrub(text: str) -> str:
    """The text without the secrets of this process's configuration; nothing is loaded for it."""
    section = _source.section
    if section is None:
        return text
    if _source.scrubber is None:
        scrubber = Scrubber({})
        for path, value in keys.leaves(section._values):
            if section._is_secret(path):
                scrubber.add(value)
        _source.scrubber = scrubber
    return _source.scrubber.clean(text)


@contextmanager
def loading() -> Iterator[None]:
    """While providers run here, there is no configuration to look at."""
    with _source.lock:
        _source.busy = True
        try:
            yield
        finally:
            _source.busy = False


def _current() -> Section:
    if _source.section is not None:
        return _source.section
    with _source.lock:
        if _source.busy:
            raise Refusal(
                "the configuration is being loaded, and a provider (or what it imports) reads it",
                hint="use the argument of load() in the provider: context.get(key)",
                code=CONFIG,
            )
        if _source.section is None:
            result = _inherited()
            if result is None:
                from .outside import find

                with loading():
                    result = find(dict(os.environ), importers)
                environ: MutableMapping[str, str] = os.environ
            else:
                environ = {}  # the process that gave it has exported, too
            provide(result, environ)
        assert _source.section is not None
        return _source.section


def _inherited() -> dict[str, Any] | None:
    """What this process was given, None where it was given nothing."""
    number = os.environ.get(CONFIG_FD, "")
    if number.isdecimal() and loads.NAME in _link(f"/proc/self/fd/{number}"):
        return loads.read(int(number))
    path = os.environ.get(FILE)
    if path is None:
        return None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Refusal(
            f"{FILE}={path}: the configuration of the release has been removed: {error.strerror}",
            hint="the process that started this one has ended, or belongs to another user",
            code=CONFIG,
        ) from None
    try:
        return loads.read(fd)
    finally:
        os.close(fd)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _copy(value: Any) -> Any:
    """Lists of the configuration are handed out as copies."""
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return {name: _copy(item) for name, item in value.items()} if isinstance(value, dict) else value
