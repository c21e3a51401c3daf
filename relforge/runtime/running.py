"""Something that is run, with the configuration put in: where it works, with what, and its start.

Services, commands and hooks are settled and begun here, whichever process does
it: the supervisor settles a service and a hook and the child begins it, a
command does both itself.
"""

from __future__ import annotations

import errno
import os
import sys

from .config import interpolate
from .contract.record import Key, keys
from .contract.service_shapes import ResourceLimits
from .contract.shapes import OrReference, ServerOptions
from .contract.wrong import Wrong
from .errors import CONFIG, FAILED, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, TypeVar

    from .contract.run import Run

    Ran = TypeVar("Ran", bound=Run)

NOT_FOUND = 127  # as a shell has it
MOST = 131_072  # bytes of one word or variable with its end, execve(2)


def settled(run: Ran, values: dict[str, Any], where: str, *, root: str, state: str) -> Ran:
    """The same with the configuration's values in the place of each ``${key}``.

    Its working directory, and a program that is a file of the release, are
    absolute paths then.  ``where`` is such as ``services.web``.  Raises Refusal
    (78) for a key that is not set.
    """
    values = interpolate.with_release(values, root=root, state=state)
    changes = {
        key.name: _at_boot(key, getattr(run, key.name), values, f"{where}.{run.place(key.name)}")
        for key in keys(type(run))
        if key.references
    }
    found = run.replace(**changes)
    if found.cwd is not None:
        found = found.replace(cwd=os.path.join(root, found.cwd))
    words = found.words
    if words and "/" in words[0] and not run.FROM_CWD:
        found = found.replace(**found.put_words((os.path.join(root, words[0]), *words[1:])))
    return found


def _at_boot(key: Key, setting: Any, values: dict[str, Any], where: str) -> Any:
    """What a key has for a value once the configuration is put in; raises Refusal (78)."""
    if isinstance(key.shape, ServerOptions):
        return interpolate.typed(setting, values, where)
    found = interpolate.filled(setting, values, where)
    if found == setting or not isinstance(key.shape, OrReference | ResourceLimits):
        return found
    try:
        return key.shape.at_boot(found)
    except Wrong as wrong:
        raise Refusal(f"{where}{wrong.at}: {wrong.problem}", hint=wrong.hint, code=CONFIG) from None


def enter(cwd: str | None, where: str) -> None:
    """Work there; raises Refusal (78) where nobody can."""
    if cwd is None:
        return
    try:
        os.chdir(cwd)
    except OSError as error:
        raise Refusal(f"{where}.cwd: {cwd}: {error.strerror}", code=CONFIG) from None


def export(config: int, result: Mapping[str, Any]) -> None:
    """Give the configuration to what this process becomes; ``result`` is what ``config`` holds.

    By the variables of `export`, and for a Python program of the release by the memfd.
    """
    os.environ.update(result["environ"])
    os.environ["RELFORGE_CONFIG"] = f"/proc/{os.getpid()}/fd/{config}"


def become(words: tuple[str, ...]) -> NoReturn:
    """Be that program from now on; raises OSError."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execvp(words[0], words)


def not_begun(words: tuple[str, ...], error: OSError) -> Refusal:
    """Why the program could not be started."""
    if error.errno == errno.E2BIG:
        return _too_big(words)
    return Refusal(f"{words[0]}: {error.strerror}", code=FAILED)


def _too_big(words: tuple[str, ...]) -> Refusal:
    """Which of them it is: the kernel says only that something is too long."""
    sizes = {f"word {at}": len(os.fsencode(word)) for at, word in enumerate(words)}
    for name, text in os.environ.items():
        sizes[f"the variable {name}"] = len(os.fsencode(f"{name}={text}"))
    found = [f"{name} has {size} bytes" for name, size in sizes.items() if size >= MOST]
    return Refusal(
        f"{words[0]}: {'; '.join(found) or 'its words and variables are too long together'}",
        hint=f"the kernel takes less than {MOST} bytes for each: export a file's name instead",
        code=FAILED,
    )
