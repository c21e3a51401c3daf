"""Paths of a release, as they are in a checkout.

app/NAME           NAME in the project
python/bin/NAME    NAME of the virtual environment
"""

from __future__ import annotations

import os
import sys

from .. import running
from ..contract import reference
from ..contract.record import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from ..contract.run import Run
    from ..paths import Paths

    Ran = TypeVar("Ran", bound=Run)


def settled(run: Ran, values: dict[str, Any], name: str, where: Paths) -> Ran:
    """With the configuration's values, as `running.settled`, at the checkout's paths."""
    found = running.settled(run, values, name, root=where.root, state=where.state)
    return in_checkout(found, where.root)


def in_checkout(run: Ran, root: str) -> Ran:
    """The same with the checkout's paths in the place of the release's."""
    changes = {
        key.name: reference.change(
            getattr(run, key.name), key.name, lambda text, _place: _at(text, root)
        )
        for key in keys(type(run))
        if key.references
    }
    return run.replace(**changes)


def _at(text: str, root: str) -> str:
    programs, app = f"{root}/python/bin/", f"{root}/app"
    if text.startswith(programs):
        return os.path.join(os.path.dirname(sys.executable), text.removeprefix(programs))
    if (text == app or text.startswith(f"{app}/")) and not os.path.exists(text):
        return root + text.removeprefix(app)
    return text
