"""Inventory, playbooks and the collection as files, for people to keep in their own repository."""

from __future__ import annotations

import shutil
from pathlib import Path

from relforge.fleet import playbook
from relforge.fleet.deployment import Deployment
from relforge.fleet.inventory import inventory
from relforge.support.errors import UserError

PLAYBOOKS = ("deploy", "rollback", "status", "prune", "lock", "unlock")
# Ansible looks there by itself, beside a playbook.
COLLECTION = "collections/ansible_collections/relforge/deploy"


def write(deployment: Deployment, directory: Path) -> list[Path]:
    """Write them into a directory that must not hold them yet; what was written."""
    playbook.check()
    import yaml  # noqa: PLC0415 - comes with Ansible

    made = [directory / "inventory.yml", *(directory / f"{name}.yml" for name in PLAYBOOKS)]
    made.append(directory / COLLECTION)
    for path in made:
        if path.exists():
            raise UserError(f"{path}: it exists already", hint="name another directory")
    directory.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(inventory(deployment, directory.resolve()), sort_keys=False)
    made[0].write_text(text, encoding="utf-8")
    for name in PLAYBOOKS:
        line = f"- ansible.builtin.import_playbook: relforge.deploy.{name}\n"
        (directory / f"{name}.yml").write_text(f"---\n{line}", encoding="utf-8")
    source = playbook.COLLECTIONS / "ansible_collections/relforge/deploy"
    shutil.copytree(
        source, directory / COLLECTION, ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    return made
