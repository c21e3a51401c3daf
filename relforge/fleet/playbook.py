"""Running a playbook of the collection with the Ansible of ``relforge[deploy]``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from relforge.fleet.deployment import Deployment
from relforge.fleet.events import Event, Outcome, parse
from relforge.fleet.inventory import inventory
from relforge.support.errors import Exit, UserError

COLLECTIONS = Path(__file__).with_name("collections")
_TAIL = 15  # lines of what Ansible says outside of its events


def check() -> None:
    """Raise UserError where Ansible is not installed."""
    if find_spec("ansible") is None:
        raise UserError(
            "deploys need Ansible, and it is not installed",
            hint="pip install 'relforge[deploy]'",
        )


def run(
    deployment: Deployment,
    name: str,
    variables: Mapping[str, Any],
    heard: Callable[[Event], None],
    *,
    dry: bool = False,
) -> Outcome:
    """Run a playbook on the chosen hosts; ``heard`` gets each event.

    Raises UserError where Ansible itself could not begin; a host that fails is the outcome's.
    """
    check()
    with tempfile.TemporaryDirectory(prefix="relforge-") as directory:
        place = Path(directory) / "inventory.json"
        place.write_text(json.dumps(inventory(deployment)))
        words = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(place)]
        words += ["--limit", ",".join(deployment.hosts), *(["--check", "--diff"] * dry)]
        words += ["--extra-vars", json.dumps(dict(variables)), f"relforge.deploy.{name}"]
        return _run(words, heard)


def _run(words: list[str], heard: Callable[[Event], None]) -> Outcome:
    outcome, rest = Outcome(), deque[str](maxlen=_TAIL)
    with subprocess.Popen(
        words,
        env=_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = parse(line)
                if event is None:
                    rest.append(line.rstrip())
                    continue
                outcome.add(event)
                heard(event)
        except BaseException:
            process.terminate()
            raise
    if process.returncode and not outcome.problem:
        said = "\n".join(rest).strip() or f"it ended with status {process.returncode}"
        raise UserError(f"ansible-playbook: {said}", code=Exit.FAILED)
    return outcome


def _environ() -> dict[str, str]:
    """The user's own settings of Ansible apply, except for what prints."""
    paths = [str(COLLECTIONS), os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")]
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": ":".join(filter(None, paths)),
        "ANSIBLE_STDOUT_CALLBACK": "relforge.deploy.events",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONUNBUFFERED": "1",
        "RELFORGE_DEPLOY_PID": str(os.getpid()),
    }
