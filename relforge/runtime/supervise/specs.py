"""The services of the manifest, with the configuration put in."""

from __future__ import annotations

import os
import signal

from ..config import loading
from ..config.interpolate import expand
from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_FLAGS = {"true": True, "1": True, "yes": True, "on": True}
_FLAGS |= {"false": False, "0": False, "no": False, "off": False}


class Spec:
    """One service; `relforge.runtime.manifest` tells what the settings mean."""

    __slots__ = (
        "backoff",
        "cwd",
        "depends",
        "drain",
        "env",
        "instances",
        "intensity",
        "kill_after",
        "kind",
        "listen",
        "name",
        "options",
        "ready",
        "ready_timeout",
        "required",
        "restart",
        "server",
        "singleton",
        "standing",
        "stop_signal",
        "target",
        "watchdog",
    )

    def __init__(self, name: str, row: dict[str, Any]) -> None:
        self.name = name
        self.kind: str = row["kind"]
        self.target: Any = row["target"]
        self.server: str = row["server"]
        self.options: dict[str, Any] = row["options"]
        self.listen: list[str] = row["listen"]
        self.instances: int = row["instances"]
        self.restart: str = row["restart"]
        self.drain: float = row["drain"]
        self.ready: Any = row["ready"]
        self.ready_timeout: float = row["ready_timeout"]
        self.env: dict[str, str] = row["env"]
        self.cwd: str = row["cwd"]
        self.backoff: list[float] = row["backoff"]
        self.intensity: list[float] = row["intensity"]
        self.required: bool = row["required"]
        self.singleton: bool = row.get("singleton", False)
        self.depends: list[str] = row.get("depends", [])
        self.stop_signal: int = getattr(signal, row.get("stop_signal", "SIGTERM"))
        self.kill_after: float = row.get("kill_after", 3.0)
        self.watchdog: float = row.get("watchdog", 0.0)
        self.standing: dict[str, Any] = row.get("standing", {})  # for `runtime.service.standing`


def read(manifest: dict[str, Any], values: dict[str, Any], root: str, state: str) -> list[Spec]:
    """All services by name; raises Refusal (78) for a ``${key}`` that is not set."""
    found = [
        _read(name, row, values, root, state)
        for name, row in sorted(manifest["services"].items())
        if _enabled(row.get("enabled", True), values, f"services.{name}.enabled")
    ]
    names = {spec.name for spec in found}
    for spec in found:
        # Of what is not enabled nobody has to wait.
        spec.depends = [name for name in spec.depends if name in names]
    return found


def in_order(rows: list[Spec]) -> list[Spec]:
    """Those first that others depend on, else as they were; the builder has seen to cycles."""
    found: list[Spec] = []

    def add(spec: Spec) -> None:
        if spec not in found:
            for row in rows:
                if row.name in spec.depends:
                    add(row)
            found.append(spec)

    for spec in rows:
        add(spec)
    return found


def _enabled(setting: bool | str, values: dict[str, Any], where: str) -> bool:
    if isinstance(setting, bool):
        return setting
    text = expand(setting, values, where).lower()
    if text not in _FLAGS:
        raise Refusal(
            f"{where}: {setting!r} is {text!r}, neither true nor false",
            hint="give the key the type bool",
            code=CONFIG,
        )
    return _FLAGS[text]


def _standing(row: dict[str, Any], where: str) -> dict[str, Any]:
    """What only the process can do to itself; users are looked up here, once.

    Raises Refusal (78) for a user that is not there, or whom we may not become.
    """
    standing: dict[str, Any] = {"nice": row.get("nice", 0), "rlimits": row.get("rlimits", {})}
    user, group = row.get("user", ""), row.get("group", "")
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


def health(config: int, manifest: dict[str, Any]) -> Any:
    """What to ask a new version while it bakes: a question as of ``ready``, or None."""
    question = manifest.get("upgrade", {}).get("health")
    if question is None:
        return None
    return _put(question, loading.read(config)["values"], "upgrade.health")


def _read(name: str, row: dict[str, Any], values: dict[str, Any], root: str, state: str) -> Spec:
    where = f"services.{name}"
    put = {key: _put(row[key], values, f"{where}.{key}") for key in ("listen", "env", "ready")}
    if row["kind"] == "exec":
        put["target"] = _put(row["target"], values, f"{where}.exec")
    # Relative to the release; without one, where the service may write.
    put["cwd"] = (
        os.path.join(root, expand(row["cwd"], values, f"{where}.cwd")) if row["cwd"] else state
    )
    put["standing"] = _standing(row, where)
    return Spec(name, {**row, **put})


def _put(setting: Any, values: dict[str, Any], where: str) -> Any:
    if isinstance(setting, str):
        return expand(setting, values, where)
    if isinstance(setting, dict):
        return {key: _put(value, values, f"{where}.{key}") for key, value in setting.items()}
    return [_put(value, values, f"{where}[{index}]") for index, value in enumerate(setting)]
