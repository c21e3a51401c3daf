"""The inventory of a deployment, in the words of the collection `relforge.deploy`.

No secret is in it: a credential is an expression that Ansible evaluates on the controller.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from relforge.fleet.deployment import Deployment
from relforge.model.deploy import Deploy
from relforge.support.errors import UserError

LOOKUPS = {"env": "ansible.builtin.env", "file": "ansible.builtin.file"}
ALIVE = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"
GROUP, BALANCERS = "relforge", "relforge_balancers"


def inventory(deployment: Deployment, directory: Path | None = None) -> dict[str, Any]:
    """Groups, hosts and variables, as Ansible's YAML inventories have them.

    ``directory`` is where it will stay: then paths begin there, so that both can be moved together.
    """
    deploy = deployment.deploy
    # A host that goes away is noticed: else ssh waits for it as long as TCP does.
    user = {"ansible_user": deploy.user, "ansible_ssh_extra_args": ALIVE}
    groups: dict[str, Any] = {
        GROUP: {
            "hosts": {host: {} for host in deploy.hosts},
            "vars": {**user, **variables(deployment, directory)},
        }
    }
    balancers = deploy.drain.get("haproxy", ())
    if balancers:
        names = [balancers] if isinstance(balancers, str) else balancers
        groups[BALANCERS] = {"hosts": {name: {} for name in names}, "vars": user}
    return groups


def variables(deployment: Deployment, directory: Path | None) -> dict[str, Any]:
    """The variables of the collection; what has its own default there is left out."""
    deploy = deployment.deploy
    place = Place(deployment.project, deploy.name, directory)
    rows: dict[str, Any] = {
        "relforge_name": deployment.release,
        "relforge_root": deployment.root,
        "relforge_user": deploy.run_as or deployment.release,
        "relforge_unit_level": deploy.level,
        "relforge_mode": deploy.mode,
        "relforge_migrate": [*deploy.migrate],
        "relforge_drain": drain(deploy),
        "relforge_drain_timeout": round(deploy.drain_timeout),
        "relforge_ready_timeout": round(deploy.ready_timeout),
        "relforge_bake": round(deploy.bake),
        "relforge_keep": deploy.keep,
        "relforge_config": place.text("config", deploy.config),
        "relforge_environment": dict(deploy.environment),
        "relforge_credentials": {
            name: _lookup(place, f'credentials."{name}"', row)
            for name, row in deploy.credentials.items()
        },
        "relforge_allowed_signers": place.text("allowed_signers", deploy.allowed_signers),
    }
    return {name: value for name, value in rows.items() if value not in ("", [], {}, 0)}


def drain(deploy: Deploy) -> dict[str, Any]:
    """As the role `activate` has it: seconds are whole there."""
    plain: dict[str, Any] = {
        name: [*row] if isinstance(row, tuple) else row for name, row in deploy.drain.items()
    }
    if "readiness" in plain:
        plain["readiness"] = round(plain["readiness"])
    return plain


class Place:
    """Files of the project that the settings name; raises UserError for one that is missing."""

    def __init__(self, project: Path, deploy: str, directory: Path | None) -> None:
        self.where = f"tool.relforge.deploy.{deploy}"
        self._project = project
        self._folder = directory

    def text(self, key: str, name: str) -> str:
        """Its path as a value of a variable; "" for none."""
        path = self._path(key, name) if name else ""
        return path if self._folder is None or not path else f"{{{{ inventory_dir }}}}/{path}"

    def expression(self, key: str, name: str) -> str:
        """Its path inside an expression."""
        path = self._path(key, name)
        return quoted(path) if self._folder is None else f"inventory_dir ~ {quoted('/' + path)}"

    def _path(self, key: str, name: str) -> str:
        path = self._project / name
        if not path.is_file():
            raise UserError(f"{self.where}.{key}: {name}: no such file")
        return str(path) if self._folder is None else os.path.relpath(path, self._folder)


def _lookup(place: Place, key: str, row: dict[str, str]) -> str:
    """The expression of a secret; raises UserError for one that cannot be read now."""
    ((source, value),) = row.items()
    if source == "env" and not os.environ.get(value):
        raise UserError(f"{place.where}.{key}: the environment variable {value} is not set")
    plugin = LOOKUPS.get(source, "ansible.builtin.pipe")
    what = place.expression(key, value) if source == "file" else quoted(value)
    return f"{{{{ lookup({quoted(plugin)}, {what}) }}}}"


def quoted(text: str) -> str:
    """A string of Jinja's."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
