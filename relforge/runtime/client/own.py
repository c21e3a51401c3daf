"""A command of the project's own, in its fresh process; once, where the settings say so."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from contextlib import ExitStack

from .. import calling, paths, running
from ..agent import entry
from ..config import loading
from ..contract import manifest
from ..contract.command import Command
from ..contract.content import read_manifest
from ..errors import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FOLDER = "once"  # below the state folder


def run(
    name: str,
    given: list[str] | dict[str, Any],
    config: int,
    call: Callable[..., int],
    *,
    about: bool = False,
) -> int:
    """Call it by ``call(command, name of the release, given)``, or run its program.

    ``config`` is the descriptor of the configuration; ``about``: only its help is asked for.
    """
    root = manifest.root()
    contract = read_manifest(root)
    command = _settled(name, contract, root, config)
    with ExitStack() as stack:
        what = f"{contract['version']} {json.dumps(given, sort_keys=True)}"
        mark = Mark(paths.of(root).state, name, what) if command.once and not about else None
        if mark is not None:
            stack.enter_context(mark)
            if mark.done:
                print(f"{name} has been done for {contract['version']} on this host")
                return DONE
        lock = command.once if isinstance(command.once, str) and not about else ""
        if lock and stack.enter_context(entry.find(lock)(name)) is False:
            print(f"{name} has been done elsewhere")
            return DONE
        if command.exec:
            words = given if isinstance(given, list) else []
            words = words[1:] if words[:1] == ["--"] else words
            code = _program((*command.exec, *words), wait=mark is not None)
        else:
            code = _called(lambda: call(command, contract["name"], given, about=about))
        if mark is not None and code == DONE:
            mark.write()
    return code


def _called(call: Callable[[], int]) -> int:
    """Its exit status, where it ends by SystemExit too: scripts do when all went well."""
    try:
        return call()
    except SystemExit as error:
        return calling.exit_status(error.code)


def _settled(name: str, contract: dict[str, Any], root: str, config: int) -> Command:
    """The command with the configuration put in; this process works as it says from now on."""
    result = loading.read(config)
    command = running.settled(
        Command.of(contract["commands"][name], name=name),
        result["values"],
        f"commands.{name}",
        root=root,
        state=paths.of(root).state,
    )
    os.environ.update(command.env)
    running.export(config, result)
    running.enter(command.cwd, f"commands.{name}")
    return command


class Mark:
    """``<state>/once/<command>``: lines of a version and the arguments; locked while it is done.

    An ``flock``: the kernel lets go of it however we end, and who waits then
    does the work, or finds that it was done.
    """

    def __init__(self, state: str, name: str, what: str) -> None:
        self._path = os.path.join(state, FOLDER, name)
        self._name = name
        self._what = what
        self._fd = -1

    def __enter__(self) -> Mark:
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another {self._name} is under way: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    @property
    def done(self) -> bool:
        """Was it, by this very version, with these very arguments?"""
        return self._what in self._lines()

    def write(self) -> None:
        """Remember it; what was done for other versions is forgotten."""
        version = self._what.partition(" ")[0]
        lines = [line for line in self._lines() if line.partition(" ")[0] == version]
        data = "".join(f"{line}\n" for line in (*lines, self._what)).encode()
        os.pwrite(self._fd, data, 0)
        os.ftruncate(self._fd, len(data))

    def _lines(self) -> list[str]:
        return os.pread(self._fd, 1 << 20, 0).decode(errors="replace").splitlines()


def _program(words: tuple[str, ...], *, wait: bool) -> int:
    """Become it, or, where there is something to do after it, wait for it."""
    try:
        if not wait:
            running.become(words)
        import subprocess

        sys.stdout.flush()
        code = subprocess.run(words, check=False).returncode
    except OSError as error:
        raise running.not_begun(words, error) from None
    return code if code >= 0 else 128 - code
