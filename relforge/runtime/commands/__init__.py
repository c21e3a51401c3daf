"""The commands of ``bin/<name>``: a table, and the one place where errors become text.

Control commands start as ``python -I -S -B``; a module is imported only when
its command is asked for.
"""

from __future__ import annotations

import os
from importlib import import_module

from ..errors import DONE, LOCKED, USAGE, Refusal, run_and_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUPERVISED = ("start", "foreground")  # what may have a word of `protocol.roles` behind it
# What a hook cannot ask for: the operation that runs the hook would wait for itself.
GUARDED = ("start", "foreground", "stop", "restart", "reload", "upgrade", "rollback")

PASSES = ("eval", "run")  # a word behind their first one is for the function

# command: (module, function, usage, one line of help); in the order of `help`
TABLE: dict[str, tuple[str, str, str, str]] = {
    "start": (
        "lifecycle",
        "start",
        "[--wait 60s] [--if-stopped]",
        "start in the background; returns when ready",
    ),
    "foreground": (
        "lifecycle",
        "foreground",
        "",
        "run in the foreground, for systemd and containers",
    ),
    "stop": ("lifecycle", "stop", "[--timeout 30s]", "drain and stop; returns when all have ended"),
    "restart": (
        "lifecycle",
        "restart",
        "[--timeout 30s] [--wait 60s]",
        "stop, then start with the new configuration",
    ),
    "reload": (
        "lifecycle",
        "reload",
        "[SERVICE[.N] | --all]",
        "apply a new configuration, or replace processes",
    ),
    "drain": ("drain", "drain", "[--json]", "have the load balancer leave this host out"),
    "undrain": ("drain", "undrain", "[--json]", "have it send requests here again"),
    "status": ("status", "status", "[--json]", "services, processes, readiness"),
    "ping": ("inspect", "ping", "[--timeout 3s]", "check that it answers"),
    "pid": ("status", "pid", "", "print the supervisor's process id"),
    "version": ("status", "version", "", "print NAME VERSION"),
    "describe": ("status", "describe", "[--json]", "what is in this release"),
    "remote_console": (
        "console",
        "remote_console",
        "[SERVICE[.N]] [--plain]",
        "a REPL inside the live process (also: remote)",
    ),
    "rpc": (
        "rpc",
        "rpc",
        (
            "EXPR | - | --file F | --call pkg.mod:fn [--args JSON] [--service S[.N] | --all] "
            "[--node X | --all-nodes] [--timeout 30s] [--json]"
        ),
        "evaluate in the live process",
    ),
    "eval": ("fresh", "evaluate", "EXPR", "evaluate in a fresh process with start's configuration"),
    "run": ("fresh", "run", "pkg.mod:fn [ARGS]", "call a function in a fresh process"),
    "console": ("fresh", "console", "[--plain]", "a REPL in a fresh process"),
    "stacks": (
        "inspect",
        "stacks",
        "[SERVICE[.N] | --all] [--signal] [--timeout 5s]",
        "what every thread is doing",
    ),
    "tasks": (
        "inspect",
        "tasks",
        "[SERVICE[.N] | --all] [--cancel NAME] [--timeout 5s]",
        "what every asyncio task is doing",
    ),
    "top": ("top", "top", "[--every 2s] [--once] [--json]", "a live table of the processes"),
    "logs": (
        "logs",
        "logs",
        "[-f] [-n LINES] [--since 10m] [SERVICE[.N]]",
        "print or follow the log",
    ),
    "config": (
        "config",
        "config",
        "check | explain [KEY] [--json] | diff | example | schema",
        "check, explain, compare or describe the configuration",
    ),
    "install": (
        "versions",
        "install",
        "TARBALL|URL [--root DIR] [--sha256 HEX] [--allowed-signers FILE] [--json]",
        "verify an artifact and install its version",
    ),
    "releases": ("versions", "releases", "[--json]", "list versions: installed, current, running"),
    "upgrade": (
        "versions",
        "upgrade",
        "VERSION [--dry-run] [--on-restart] [--json]",
        "switch to an installed version, dropping no request",
    ),
    "rollback": (
        "versions",
        "rollback",
        "[--dry-run] [--on-restart] [--json]",
        "switch back to the version before",
    ),
    "uninstall": ("versions", "uninstall", "VERSION [--json]", "remove a version"),
    "prune": (
        "versions",
        "prune",
        "--keep N [--dry-run] [--json]",
        "remove all but the newest and needed versions",
    ),
    "units": (
        "units",
        "units",
        "[--level basic|standard|strict] [--instances|--socket] [--print|--install]",
        "systemd units for this release",
    ),
    "schedule": (
        "schedule",
        "schedule",
        "[run NAME [--no-wait] | pause NAME | resume NAME] [--json]",
        "the scheduled jobs: when, and how they went",
    ),
    "nodes": ("nodes", "nodes", "[--status] [--json]", "the nodes of the fleet"),
    "completion": (
        "completion",
        "completion",
        "bash | zsh | fish",
        "print a script for shell completion",
    ),
}
ALIASES = {
    "remote": "remote_console",
    "daemon": "start",
    "--help": "help",
    "-h": "help",
    "--version": "version",
}


def usage(command: str) -> str:
    """``ping [--timeout 3s]``."""
    return f"{command} {TABLE[command][2]}".rstrip()


def main(argv: list[str]) -> int:
    """Run one command and return its exit status; what goes wrong has been printed."""
    if os.getpid() == 1:
        from ..first_process import prepare

        prepare(argv[0] if argv else "help")
    if os.isatty(1) or os.isatty(2):
        from .. import screen

        screen.guard()
    return run_and_report(lambda: _dispatch(argv, os.environ.get("RELEASE_NAME", "app")))


def _dispatch(argv: list[str], name: str) -> int:
    word = argv[0] if argv else "help"
    command = ALIASES.get(word, word)
    if command in SUPERVISED:
        code = _in_role(argv)
        if code is not None:
            return code
    if command == "help":
        return _explain(argv, name)
    hook = os.environ.get("RELEASE_IN_HOOK")
    if hook and command in GUARDED:
        raise Refusal(
            f"`{command}` in the hook {hook} would wait for itself",
            hint="a hook can run status, rpc, eval and the project's own commands",
            code=LOCKED,
        )
    if command in TABLE and _asks_for_help(command, argv[1:]):
        return _explain(["help", command], name)
    if os.geteuid() == 0:
        from .. import privileges

        privileges.become_owner(name, command, argv)
    if command in TABLE:
        module, function, _, _ = TABLE[command]
        done: int = getattr(_import(module), function)(argv[1:])
        return done
    if command in _own():
        outcome: int = _import("own").run(command, argv[1:])
        return outcome
    raise Refusal(f"unknown command {word!r}", hint=_suggest(word, name), code=USAGE)


def _in_role(argv: list[str]) -> int | None:
    """What a supervisor asks for by a word of its own; None where that is not so."""
    from ..protocol import roles

    role = roles.role(argv, os.environ)
    if role == roles.LOAD:
        answered: int = _import("generation").answer()
        return answered
    if role == roles.RESUME:
        from ..supervise.resume import main

        return main(roles.descriptor(roles.HANDOVER))
    return None


def _import(module: str) -> Any:
    return import_module(f".{module}", __name__)


def _asks_for_help(command: str, words: list[str]) -> bool:
    """Whether an option does; words after ``--``, and those that PASSES on, are not options."""
    own = words[: words.index("--")] if "--" in words else words
    return any(word in ("-h", "--help") for word in (own[:1] if command in PASSES else own))


def _explain(argv: list[str], name: str) -> int:
    """Print the help of one command, else of all."""
    word = argv[1] if len(argv) > 1 else ""
    command = ALIASES.get(word, word)
    if command in TABLE and command != "help":
        print(_import("help").text(name, command, TABLE[command][2]))
    elif command in _own():
        return _dispatch([command, "--help"], name)
    elif word and command != "help":
        raise Refusal(f"unknown command {word!r}", hint=_suggest(word, name), code=USAGE)
    else:
        print(_import("help").listing(name, TABLE, _own()))
    return DONE if argv else USAGE


def _own() -> dict[str, dict[str, str]]:
    """The project's own commands, by name."""
    from ..contract.manifest import load, root

    own: dict[str, dict[str, str]] = load(root())["commands"]
    return own


def _suggest(word: str, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, [*TABLE, *_own()], 1)
    return f"did you mean `{name} {near[0]}`?" if near else f"`{name} help` lists the commands"
