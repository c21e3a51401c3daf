"""What is said while something starts: one JSON object at a time, by a pipe or a socket pair.

from                              to
the loader                        the process that waits for the configuration
a release, in the role `_load`    the supervisor that wants to start it
the supervisor, at its start      `start`: `running`, or `supervisor.failed`
"""

from __future__ import annotations

from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Message = dict[str, Any]


def entering(provider: str, within: float) -> Message:
    """The provider is asked now, and has so many seconds."""
    return {"in": provider, "within": within}


def problems(rows: Sequence[Mapping[str, str]]) -> Message:
    """The loader's last message; without a row the configuration is right."""
    return {"problems": rows}


def generation(
    environ: Mapping[str, str], takes: Sequence[int], changes: Mapping[str, Any]
) -> Message:
    """What a release would start with; its configuration goes along as a descriptor.

    ``takes`` are the formats of a handover that its supervisor understands,
    ``changes`` is what differs from the configuration that runs, where that is known.
    """
    return {"environ": environ, "takes": takes, **changes}


def refused(error: Refusal, code: int) -> Message:
    """Why not, and the exit status that this is to have."""
    return {"refusal": error.message, "hint": error.hint, "code": code}


def check(answer: Mapping[str, Any]) -> None:
    """Raise the Refusal that the answer is, if it is one."""
    if "refusal" in answer:
        raise Refusal(answer["refusal"], hint=answer["hint"], code=answer["code"])


def running(line: str) -> Message:
    return {"running": line}
