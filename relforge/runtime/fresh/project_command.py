"""A command of the project's own, in its fresh process; once, where the settings say so."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import time
from contextlib import ExitStack, nullcontext

from .. import calling, options, paths, running
from ..agent import entry
from ..config import keys, loading
from ..contract import manifest
from ..contract.command import Command
from ..contract.content import read_manifest
from ..errors import CONFIG, DONE, Refusal
from ..regular_file import NotRegular, odd, open_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

DIRECTORY = "once"  # below the state directory


def run(
    name: str,
    given: list[str] | dict[str, Any],
    config: int,
    call: Callable[..., int],
    ask: str = "",
) -> int:
    """Call it by ``call(command, name of the release, given)``, or run its program.

    ``config`` is the descriptor of the configuration; ``ask`` is ``help`` where
    only that is wanted, ``again`` where it does not matter whether it was done.
    """
    root = manifest.root()
    contract = read_manifest(root)
    result = loading.read(config)
    command = _settled(name, contract, root, config, result)
    once = command.once if ask != "help" else False
    mark = None
    with ExitStack() as stack:
        if once:
            deed = _deed(contract["version"], given, once, result["values"])
            mark = stack.enter_context(Mark(paths.of(root).state, name, deed))
            when = "" if ask == "again" else mark.done
            if when:
                print(f"{name} has been done for {contract['version']} on this host: {when}")
                print(f"  {mark.path} records this; to repeat it: {name} --again")
                return DONE
        lock: Any = entry.find(once)(name) if isinstance(once, str) else nullcontext()
        if stack.enter_context(lock) is False and ask != "again":
            print(f"{name} has been done elsewhere; to repeat it: {name} --again")
            return DONE
        if command.exec:
            words = options.passed(given) if isinstance(given, list) else []
            code = _program((*command.exec, *words), wait=mark is not None)
        else:
            code = _called(lambda: call(command, contract["name"], given, about=ask == "help"))
        if mark is not None and code == DONE:
            mark.write()
    return code


def _called(call: Callable[[], int]) -> int:
    """Its exit status, where it ends by SystemExit too: scripts do when all went well."""
    try:
        return call()
    except SystemExit as error:
        return calling.exit_status(error.code)


def _deed(version: str, given: Any, once: Any, values: dict[str, Any]) -> dict[str, str]:
    """What is done once: a version, its arguments, and what of the configuration it acts on.

    The values may be secret: a digest of them shows whether they are the same.
    """
    acted = (
        {key: keys.lookup(values, key) for key in once["by"]} if isinstance(once, dict) else values
    )
    text = json.dumps(acted, sort_keys=True, default=lambda _missing: None)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"version": version, "given": json.dumps(given, sort_keys=True), "by": digest}


def _settled(
    name: str, contract: dict[str, Any], root: str, config: int, result: dict[str, Any]
) -> Command:
    """The command with the configuration put in; this process works as it says from now on."""
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
    """``<state>/once/<command>``: a line of JSON for each deed; locked while one is done.

    An ``flock``: the kernel lets go of it however we end, and who waits then
    does the work, or finds that it was done.
    """

    def __init__(self, state: str, name: str, deed: dict[str, str]) -> None:
        self.path = os.path.join(state, DIRECTORY, name)
        self._name = name
        self._deed = deed
        self._fd = -1

    def __enter__(self) -> Mark:
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._fd = open_own(self.path, os.O_RDWR | os.O_CREAT)
        except NotRegular:
            raise odd(self.path) from None
        except OSError as error:
            raise Refusal(
                f"{self.path}: {error.strerror}; `once` keeps its record there",
                hint="set RELEASE_STATE_DIR to a directory that this user can write",
                code=CONFIG,
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another {self._name} is under way: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    @property
    def done(self) -> str:
        """When this very deed was done; "" where it was not."""
        for row in self._rows():
            if self._deed == {key: row.get(key) for key in self._deed}:
                return str(row.get("time"))
        return ""

    def write(self) -> None:
        """Remember it; what was done for other versions is forgotten."""
        version = self._deed["version"]
        rows = [row for row in self._rows() if row.get("version") == version]
        rows = [row for row in rows if self._deed != {key: row.get(key) for key in self._deed}]
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        lines = [json.dumps(row) for row in (*rows, {**self._deed, "time": when})]
        data = "".join(f"{line}\n" for line in lines).encode()
        os.pwrite(self._fd, data, 0)
        os.ftruncate(self._fd, len(data))

    def _rows(self) -> Iterator[dict[str, Any]]:
        """What cannot be read says nothing: an earlier version wrote other lines."""
        for line in os.pread(self._fd, 1 << 20, 0).decode(errors="replace").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


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
