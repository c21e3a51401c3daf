"""A fresh process of the application, with exactly the configuration that ``start`` would load."""

from __future__ import annotations

import os
import sys

from .. import paths
from ..contract import manifest
from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import NoReturn

BOOT = "runtime/relforge/runtime/boot_app.py"


def execute(words: list[str]) -> NoReturn:
    """Load the configuration, then become ``boot_app.py fresh WORDS``; raises Refusal."""
    argv, environ, fd = _loaded(words)
    os.set_inheritable(fd, True)
    sys.stdout.flush()
    try:
        os.execve(argv[0], argv, environ)
    except OSError as error:
        raise _broken(argv[0], error) from None


def spawn(words: list[str], end: int) -> subprocess.Popen[bytes]:
    """The same as a child, out of reach of the terminal's keys; raises Refusal.

    It has the descriptor ``end``, whose number is its last word.
    """
    argv, environ, fd = _loaded([*words, str(end)])
    import subprocess

    try:
        return subprocess.Popen(
            argv,
            env=environ,
            pass_fds=(fd, end),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise _broken(argv[0], error) from None


def _loaded(words: list[str]) -> tuple[list[str], dict[str, str], int]:
    """Command line, environment, and the descriptor of the configuration."""
    from ..config import loading

    root = manifest.root()
    contract = manifest.load(root)
    environ = paths.environ(root)
    problem = paths.make_state(paths.of(root))
    if problem and words[0] == "command":  # what evaluates needs no state: a tree may be read-only
        print(f"note: the state directory cannot be made: {problem}", file=sys.stderr)
    fd = loading.load(root, contract, environ)
    python = os.path.join(root, contract["python"]["executable"])
    argv = [python, "-P", "-s", "-B", os.path.join(root, BOOT), "fresh", *words]
    return argv, {**environ, "RELFORGE_CONFIG_FD": str(fd)}, fd


def _broken(python: str, error: OSError) -> Refusal:
    return Refusal(f"{python}: {error.strerror}", hint="unpack the release again", code=CONFIG)
