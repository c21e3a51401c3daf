"""``drain`` and ``undrain``: leave the load balancer, and come back."""

from __future__ import annotations

import os

from .. import drain as marks
from .. import options, paths
from ..contract import manifest
from ..errors import DONE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..options import Options


def drain(argv: list[str]) -> int:
    """Have `relforge.runtime.draining()` answer True, in every process."""
    given = options.parse(argv, flags="--json")
    options.most(given, 0, "drain [--json]")
    path, changed = _path(), True
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    except FileExistsError:
        changed = False
    except OSError as error:
        raise _refusal(path, error) from None
    return _report(given, changed, draining=True)


def undrain(argv: list[str]) -> int:
    """Have it answer False again."""
    given = options.parse(argv, flags="--json")
    options.most(given, 0, "undrain [--json]")
    path, changed = _path(), True
    try:
        os.unlink(path)
    except FileNotFoundError:
        changed = False
    except OSError as error:
        raise _refusal(path, error) from None
    return _report(given, changed, draining=False)


def _path() -> str:
    return marks.path(paths.of(manifest.root()).state)


def _refusal(path: str, error: OSError) -> Refusal:
    hint = "start the release once" if isinstance(error, FileNotFoundError) else ""
    return Refusal(f"{path}: {error.strerror}", hint=hint)


def _report(given: Options, changed: bool, *, draining: bool) -> int:
    if "--json" in given.flags:
        import json

        print(json.dumps({"draining": draining, "changed": changed}, indent=2))
        return DONE
    print(("draining" if draining else "not draining") + ("" if changed else " already"))
    return DONE
