"""The services of the manifest, with the configuration put in."""

from __future__ import annotations

import os
import signal

from .. import running
from ..config import interpolate, loading
from ..contract.record import key
from ..contract.service import Service
from ..contract.shapes import Anything
from ..errors import CONFIG, Refusal
from . import cpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_FLAGS = {"true": True, "1": True, "yes": True, "on": True}
_FLAGS |= {"false": False, "0": False, "no": False, "off": False}


class Spec(Service):
    """One service with the configuration put in, its user looked up, and its directory absolute.

    Two of them are the same service only where they are the same object.
    """

    standing: dict[str, Any] = key(
        Anything(), default={}, doc="for `runtime.service.standing`", setting=False
    )

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__  # type: ignore[assignment]  # Record has none

    @property
    def signal(self) -> int:
        """The number of `stop_signal`."""
        number: int = getattr(signal, self.stop_signal)
        return number


def read(manifest: dict[str, Any], values: dict[str, Any], root: str, state: str) -> list[Spec]:
    """All services by name; raises Refusal (78) for a ``${key}`` that is not set."""
    rows = [Service.of(row, name=name) for name, row in sorted(manifest["services"].items())]
    known = interpolate.with_release(values, root=root, state=state)
    enabled = [row for row in rows if _enabled(row, known)]
    names = {service.name for service in enabled}
    found = []
    for service in enabled:
        where = f"services.{service.name}"
        ours = running.settled(service, values, where, root=root, state=state)
        facts = {
            **vars(ours),
            "instances": ours.instances if isinstance(ours.instances, int) else cpus.usable(),
            # Without one of its own it works where it may write.
            "cwd": state if ours.cwd is None else ours.cwd,
            # Of what is not enabled nobody has to wait.
            "depends": tuple(name for name in ours.depends if name in names),
        }
        found.append(Spec(**facts, standing=_standing(ours, where)))
    return found


def _enabled(service: Service, values: dict[str, Any]) -> bool:
    setting, where = service.enabled, f"services.{service.name}.enabled"
    if isinstance(setting, bool):
        return setting
    text = interpolate.expand(setting, values, where).lower()
    if text not in _FLAGS:
        raise Refusal(
            f"{where}: {setting!r} is {text!r}, neither true nor false",
            hint="give the key the type bool",
            code=CONFIG,
        )
    return _FLAGS[text]


def _standing(service: Service, where: str) -> dict[str, Any]:
    """What only the process can do to itself; users are looked up here, once.

    Raises Refusal (78) for a user that is not there, or whom we may not become.
    """
    standing: dict[str, Any] = {"nice": service.nice, "rlimits": service.rlimits}
    user, group = service.user, service.group
    if not user and not group:
        return standing
    import grp
    import pwd

    uid, gid = os.geteuid(), os.getegid()
    try:
        if user:
            entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
            user, uid, gid = entry.pw_name, entry.pw_uid, entry.pw_gid
        if group:
            gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        what = f"user = {user!r}" if user and uid == os.geteuid() else f"group = {group!r}"
        raise Refusal(f"{where}: {what}: this host has none of that name", code=CONFIG) from None
    if os.geteuid() == 0:
        groups = os.getgrouplist(user, gid) if user else [gid]
        environ = {"USER": user, "LOGNAME": user, "HOME": pwd.getpwuid(uid).pw_dir} if user else {}
        return {**standing, "uid": uid, "gid": gid, "groups": groups, "environ": environ}
    if (uid, gid) != (os.geteuid(), os.getegid()):
        raise Refusal(
            f"{where}: only root can run it as another user (this is uid {os.geteuid()})",
            hint="start the release as root, or leave `user` and `group` out",
            code=CONFIG,
        )
    return standing


def of(config: int, manifest: dict[str, Any], root: str, state: str) -> list[Spec]:
    """The same, with the configuration of a memfd."""
    return read(manifest, loading.read(config)["values"], root, state)


def health(config: int, manifest: dict[str, Any], root: str, state: str) -> Any:
    """What to ask a new version while it bakes: a question as of ``ready``, or None."""
    values = loading.read(config)["values"]
    known = interpolate.with_release(values, root=root, state=state)
    return interpolate.filled(manifest["upgrade"]["health"], known, "upgrade.health")
