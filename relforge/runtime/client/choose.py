"""Which process?  Asked at a terminal, where several are running and none was named."""

from __future__ import annotations

from .. import instance
from ..errors import DONE, Refusal
from . import addresses, broadcast


def choose() -> str | None:
    """What the operator chose, None where there is no choice; raises Refusal at Ctrl-D."""
    from .. import paths
    from ..contract import manifest

    root = manifest.root()
    running = instance.required(paths.of(root))
    keys = broadcast.keys(running, None)
    if len(keys) < 2:
        return None
    services = manifest.load(root)["services"]
    usual = addresses.usual(services, addresses.sockets(running.run))
    names = [addresses.shown(key) for key in keys]
    default = next((name for name in names if name.split(".")[0] == usual), names[0])
    for number, name in enumerate(names, 1):
        print(f"{number:3}  {name}")
    while True:
        try:
            typed = input(f"which one? [{default}] ").strip() or default
        except EOFError:
            print()
            raise Refusal("no process chosen", code=DONE) from None
        if typed.isdigit() and 1 <= int(typed) <= len(names):
            return names[int(typed) - 1]
        fitting = [name for name in names if f"{name}.".startswith(f"{typed}.")]
        if fitting:
            return typed
        print(f"type a number from 1 to {len(names)}, or a name")
