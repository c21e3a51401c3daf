"""What `bin/python` of a release does first: it sets the variables of `export`, as `eval` does.

Where it runs code of the release, it sets `RELEASE_STATE_DIR` as well, and makes the directory:
what `bin/python app/manage.py migrate` writes belongs there.
`relforge.pth` calls it, before anything of the application's is imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# `bin/python`, and what stands behind it in a release that uses the host's own Python.
NAMES = ("bin/python", "python/bin/python3")
_ENTRIES = (
    "/relforge/runtime/boot.py",
    "/relforge/runtime/boot_app.py",
)  # which load it themselves

_BEGUN: list[str] = []  # a virtual environment reads its .pth files twice


def begin() -> None:
    """Load the configuration where it exports something; a failure is a note, and goes no further.

    An interpreter must start without a configuration, too: to look into the release, for one.
    """
    root = os.path.abspath(__file__)
    for _ in range(4):  # <release>/runtime/relforge/runtime/interpreter.py
        root = os.path.dirname(root)
    if _BEGUN or not _is_meant(root):
        return
    _forget_foreign(root)
    if "RELFORGE_CONFIG" in os.environ or "RELFORGE_CONFIG_FD" in os.environ:
        return  # started by a process of the release, which has exported
    _BEGUN.append(root)
    from .contract import manifest
    from .errors import Refusal

    try:
        contract = manifest.load(root)
        if _runs_code_of(root, sys.orig_argv[1:]):
            _have_state(root)
        if contract["config"].get("export"):
            _export(root, contract)
    except Refusal as refusal:
        text = f"{refusal.message}\nthe variables of `export` are not set"
        print(text, refusal.hint, sep="\n  ", file=sys.stderr)


def _is_meant(root: str) -> bool:
    """Is this `bin/python`, and no entry of the runtime, which loads the configuration itself?"""
    return sys.executable in [os.path.join(root, name) for name in NAMES] and not any(
        word.endswith(_ENTRIES) for word in sys.orig_argv
    )


def _forget_foreign(root: str) -> None:
    """Drop what the runtime of another release gave to its process, which has started this one.

    As the launcher does for the commands: another version in the same deploy root is not foreign.
    """
    theirs = os.environ.get("RELEASE_ROOT")
    if not theirs or os.path.realpath(theirs) == os.path.realpath(root):
        return
    above = os.path.dirname(os.path.realpath(root))
    if os.path.basename(above) == "releases" and os.path.dirname(os.path.realpath(theirs)) == above:
        return
    for name in [*os.environ]:
        if name.startswith(("RELEASE_", "RELFORGE_")):
            del os.environ[name]


def _runs_code_of(root: str, words: list[str]) -> bool:
    """Whether a script of the release, a module or an expression runs, by python(1)'s words.

    What a program such as Ansible runs is its own, and may start other releases, which
    would take the directory for theirs.
    """
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            return os.path.realpath(word).startswith(os.path.realpath(root) + os.sep)
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                next(rest, None)
            continue
        for at, letter in enumerate(word[1:], 2):
            if letter in "cm":
                return True
            if letter in "WX":  # its value is the rest, or the next word
                if at == len(word):
                    next(rest, None)
                break
    return False


def _have_state(root: str) -> None:
    from . import paths

    where = paths.of(root)
    reason = paths.make_state(where)
    if reason:
        print(f"note: cannot create the state directory: {reason}", file=sys.stderr)
    os.environ["RELEASE_STATE_DIR"] = where.state


def _export(root: str, contract: dict[str, Any]) -> None:
    from . import paths
    from .config import loading, view

    # As the launcher sets them; only providers see them here, since what this interpreter
    # starts may be another release.
    own = {name: contract[name.lower()] for name in ("NAME", "VERSION", "ENV")}
    launched = {"RELEASE_ROOT": root, **{f"RELEASE_{name}": text for name, text in own.items()}}
    environ = {**launched, **paths.environ(root)}
    view.install(loading.load(root, contract, environ), os.environ)
