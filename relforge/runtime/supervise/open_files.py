"""How many files a supervisor has open at once: RLIMIT_NOFILE of getrlimit(2)."""

from __future__ import annotations

import resource

from ..errors import Refusal
from ..wire.descriptors import LOWEST
from .specs import Spec

_OWN = LOWEST + 36  # ours, out of the way of the numbers that children are given
_PROCESS = 4  # of each process: its output, and pipes while it starts or is replaced


def check(specs: list[Spec]) -> None:
    """Raise Refusal where these services need more than the limit allows."""
    processes = sum(spec.instances for spec in specs)
    listeners = sum(len(spec.listen) for spec in specs)
    # The first ten have room beside our own.
    needed = _OWN + _PROCESS * max(processes - 10, 0) + listeners
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < needed:
        raise Refusal(
            f"the supervisor needs {needed} open files, and `ulimit -n` is {most}",
            hint=f"ulimit -n {max(1024, needed)}; under systemd: LimitNOFILE=",
        )
