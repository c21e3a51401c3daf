"""The services of the manifest, with the configuration put in."""

from __future__ import annotations

import os

from ..config import loading
from ..config.interpolate import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Spec:
    """One service; `relforge.runtime.manifest` tells what the settings mean."""

    __slots__ = (
        "backoff",
        "cwd",
        "drain",
        "env",
        "instances",
        "intensity",
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
        "target",
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


def read(manifest: dict[str, Any], values: dict[str, Any], root: str, state: str) -> list[Spec]:
    """All services by name; raises Refusal (78) for a ``${key}`` that is not set."""
    return [
        _read(name, row, values, root, state) for name, row in sorted(manifest["services"].items())
    ]


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
    return Spec(name, {**row, **put})


def _put(setting: Any, values: dict[str, Any], where: str) -> Any:
    if isinstance(setting, str):
        return expand(setting, values, where)
    if isinstance(setting, dict):
        return {key: _put(value, values, f"{where}.{key}") for key, value in setting.items()}
    return [_put(value, values, f"{where}[{index}]") for index, value in enumerate(setting)]
