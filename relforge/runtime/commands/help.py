"""What ``bin/<name> COMMAND --help`` prints: what the command does, its options, examples."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# In `help`, and as the reference has them.
GROUPS = (
    ("starting and stopping", ("start", "foreground", "stop", "restart", "reload")),
    ("the load balancer", ("drain", "undrain")),
    ("looking", ("status", "ping", "pid", "version", "describe")),
    ("looking closer", ("logs", "stacks", "tasks", "top", "config")),
    ("versions", ("install", "releases", "upgrade", "rollback", "uninstall", "prune")),
    ("the live process", ("remote_console", "rpc")),
    ("a fresh process", ("eval", "run", "console")),
    ("the schedule", ("schedule",)),
    ("the fleet", ("nodes",)),
    ("this host", ("units", "completion")),
)

JSON = ("--json", "print one JSON object")
DRY_RUN = ("--dry-run", "print what would change; change nothing")
ON_RESTART = ("--on-restart", "switch `current` alone, unchecked; it runs after a restart")
PLAIN = ("--plain", "use no features of the terminal, as with TERM=dumb")
SERVICE = ("SERVICE[.N]", "the process: `web`, or `web.2` for its second instance")

# command: (what it does, a sentence a line; (argument or option, what it means); examples)
DETAILS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "start": (
        (
            "Start in the background, and return when each required service is ready.",
            "If one is not, print the reason and the end of the log, leave nothing running,",
            "and exit 1.",
        ),
        (
            ("--wait DURATION", "how long to wait for the services (default: 60s)"),
            ("--if-stopped", "exit 0 if the release is already running, not 1"),
        ),
        ("start --wait 2m", "start --if-stopped"),
    ),
    "foreground": (
        (
            "Run in this process, for systemd (Type=notify) and containers (PID 1).",
            "SIGTERM stops it, SIGHUP reloads the configuration.",
        ),
        (),
        ("foreground",),
    ),
    "stop": (
        (
            "Let each service drain, stop it, and return when all processes are gone.",
            "Exit 4 if a process had to be killed, 3 if nothing was running.",
        ),
        (("--timeout DURATION", "kill what is left after this time (default: each `drain`)"),),
        ("stop --timeout 30s",),
    ),
    "restart": (
        ("Check the configuration, stop, then start with it.",),
        (
            ("--timeout DURATION", "kill what is left after this time (default: each `drain`)"),
            ("--wait DURATION", "how long to wait for the services (default: 60s)"),
        ),
        ("restart", "restart --wait 2m"),
    ),
    "reload": (
        (
            "Read the configuration again, and put it in force without dropping a request.",
            "After an error the release runs on as it was.",
        ),
        (
            ("SERVICE[.N]", "replace the processes of this service, changed or not"),
            ("--all", "replace every process, changed or not"),
        ),
        ("reload", "reload web", "config diff    # what a reload would do"),
    ),
    "drain": (
        (
            "Have `relforge.runtime.draining()` answer True in every process, so that the",
            "readiness page answers 503 and the load balancer sends its requests elsewhere.",
            "It lasts over restarts and upgrades, until `undrain`.",
        ),
        (JSON,),
        ("drain",),
    ),
    "undrain": (
        ("End what `drain` began.",),
        (JSON,),
        ("undrain",),
    ),
    "status": (
        (
            "Print the services, their processes and whether they are ready.",
            "Exit 1 if a service gave up restarting, 3 if the release is stopped.",
        ),
        (JSON,),
        ("status", "status --json"),
    ),
    "ping": (
        ("Ask the supervisor for an answer: exit 0, 3 if it is not running, 5 without one.",),
        (("--timeout DURATION", "how long to wait for the answer (default: 3s)"),),
        ("ping --timeout 1s",),
    ),
    "pid": (
        ("Print the process ID of the supervisor; exit 3 if it is not running.",),
        (),
        ("pid",),
    ),
    "version": (("Print the name and the version of this release.",), (), ("version",)),
    "describe": (
        ("Print what is in this release: services, commands, layers, Python.",),
        (JSON,),
        ("describe", "describe --json"),
    ),
    "remote_console": (
        (
            "Open a REPL inside a live process; `help` in it lists its % commands.",
            "Ctrl-C interrupts an evaluation, Ctrl-D leaves. From a pipe it runs statements.",
        ),
        (SERVICE, PLAIN),
        ("remote_console", "remote_console worker.2"),
    ),
    "rpc": (
        ("Evaluate in a live process and print the result.",),
        (
            ("EXPR", "an expression; `-` reads the source from standard input"),
            ("--file FILE", "read the source from a file"),
            ("--call pkg.mod:fn", "call a function"),
            ("--args JSON", "its arguments: a list, or an object of keywords"),
            ("--service S[.N]", "the process (default: `web`, else the first by name)"),
            ("--all", "every process, or each one of --service"),
            ("--node NODE", "on another node of the fleet: see `nodes`"),
            ("--all-nodes", "on every node of the fleet"),
            ("--timeout DURATION", "how long the evaluation may take"),
            ("--json", "print the result as JSON"),
        ),
        (
            "rpc 'shop.orders.count()'",
            "rpc --call shop.orders:count --args '[2026]'",
            "rpc --all --json 'len(app.routes)'",
            "rpc --all-nodes 'len(app.routes)'",
        ),
    ),
    "schedule": (
        (
            "List the scheduled jobs: when each is due, and how its last run ended.",
            "`run` starts one now, waits for its end and exits 1 if it fails.",
            "`pause` leaves its times out until `resume`, also over restarts.",
        ),
        (
            ("run NAME", "run this job now"),
            ("pause NAME", "leave its times out"),
            ("resume NAME", "no longer leave them out"),
            ("--no-wait", "with `run`: return as soon as it has begun"),
            JSON,
        ),
        ("schedule", "schedule run report", "schedule pause report"),
    ),
    "nodes": (
        ("List the hosts that `tool.relforge.nodes` finds.",),
        (
            ("--status", "ask each of them, by ssh, for version and state; exit 1 if one fails"),
            JSON,
        ),
        ("nodes", "nodes --status --json"),
    ),
    "eval": (
        ("Evaluate in a fresh process, with the configuration that `start` would load.",),
        (("EXPR", "an expression; modules need no import"),),
        ("eval 'shop.orders.count()'",),
    ),
    "run": (
        (
            "Call a function in a fresh process, with the configuration of `start`.",
            "A whole number that it returns is the exit status.",
        ),
        (("pkg.mod:fn", "the function"), ("ARGS", "its arguments, each a string")),
        ("run shop.ops:import_orders orders.csv",),
    ),
    "console": (
        ("Open a REPL in a fresh process, with the configuration of `start`.",),
        (PLAIN,),
        ("console",),
    ),
    "stacks": (
        ("Print what each thread and asyncio task of a process is doing.",),
        (
            SERVICE,
            ("--all", "each process"),
            ("--signal", "ask by a signal: works when C code holds the interpreter"),
            ("--timeout DURATION", "how long to wait for the answer (default: 5s)"),
        ),
        ("stacks web", "stacks --all --signal"),
    ),
    "tasks": (
        ("Print the asyncio tasks of a process, or cancel one.",),
        (
            SERVICE,
            ("--all", "each process"),
            ("--cancel NAME", "cancel the task of this name"),
            ("--timeout DURATION", "how long to wait for the answer (default: 5s)"),
        ),
        ("tasks web", "tasks web --cancel Task-12"),
    ),
    "top": (
        ("A live table of the processes: CPU, memory, threads, tasks, requests.",),
        (
            ("--every DURATION", "how often to look (default: 2s)"),
            ("--once", "print the table once"),
            ("--json", "print one JSON object, once"),
        ),
        ("top --every 5s", "top --json"),
    ),
    "logs": (
        ("Print the end of the log that `start` writes, rotated files included.",),
        (
            SERVICE,
            ("-f, --follow", "go on with each new line"),
            ("-n, --lines N", "how many lines (default: 100)"),
            ("--since TIME", "from this moment on: 10m, or 2026-11-23T15:40 (UTC)"),
        ),
        ("logs -f web", "logs --since 10m"),
    ),
    "config": (
        ("Check, explain, compare or describe the configuration.",),
        (
            ("check", "load it; exit 78 and print every error if it is not valid"),
            ("explain [KEY]", "each value, the provider that set it, and those it overrode"),
            ("diff", "what a reload would change; exit 1 if anything differs"),
            ("example", "print a TOML file of every key, commented out"),
            ("schema", "print the keys as JSON Schema"),
            ("--json", "print one JSON object (check, explain, diff)"),
        ),
        ("config check", "config explain http.port"),
    ),
    "install": (
        ("Verify an artifact and unpack it next to the installed versions; switch nothing.",),
        (
            ("TARBALL|URL", "the artifact"),
            ("--root DIR", "the deploy root (default: the one of this release)"),
            ("--sha256 HEX", "the digest that the artifact must have"),
            ("--allowed-signers FILE", "who may sign, as in ssh-keygen(1)"),
            JSON,
        ),
        ("install shop-1.1.0-linux-x86_64-glibc2.34.tar.gz",),
    ),
    "releases": (
        ("Print the installed versions, and which one is current, running or failed.",),
        (JSON,),
        ("releases",),
    ),
    "upgrade": (
        (
            "Make an installed version the current one.",
            "A running release hands over to it without losing a request; if the new version",
            "fails, the old one goes on.",
        ),
        (("VERSION", "one that `releases` lists"), DRY_RUN, ON_RESTART, JSON),
        ("upgrade 1.1.0 --dry-run", "upgrade 1.1.0"),
    ),
    "rollback": (
        ("Make the version current again that served before, as `upgrade` does.",),
        (DRY_RUN, ON_RESTART, JSON),
        ("rollback",),
    ),
    "uninstall": (
        ("Remove an installed version; refused for the current and the running one.",),
        (("VERSION", "one that `releases` lists"), JSON),
        ("uninstall 1.0.0",),
    ),
    "prune": (
        (
            "Remove old versions, but never the current one, the running one, or the one",
            "that `rollback` goes to.",
        ),
        (("--keep N", "how many of the newest to keep"), DRY_RUN, JSON),
        ("prune --keep 3",),
    ),
    "units": (
        ("Print systemd units for this release, or install them.",),
        (
            ("--level LEVEL", "the sandbox: basic, standard or strict (default: standard)"),
            ("--instances", "a template: NAME@one.service, NAME@two.service"),
            ("--socket", "a socket unit as well: systemd listens"),
            ("--print", "print the units (the default)"),
            ("--install", "write them to /etc/systemd/system"),
        ),
        ("units --level strict", "units --install"),
    ),
    "completion": (
        ("Print the script with which a shell completes these commands.",),
        (("SHELL", "bash, zsh or fish"),),
        (". <(bin/NAME completion bash)    # in ~/.bashrc",),
    ),
}


def text(name: str, command: str, usage: str) -> str:
    """The help of one command of the release ``name``."""
    sentences, rows, examples = DETAILS[command]
    lines = [f"usage: {name} {command} {usage}".rstrip(), "", *sentences]
    if rows:
        width = max(len(row) for row, _ in rows) + 2
        lines += ["", *(f"  {row:<{width}}{meaning}" for row, meaning in rows)]
    lines += ["", "examples:"]
    lines += [f"  {_typed(name, example)}" for example in examples]
    return "\n".join(lines)


def listing(name: str, table: dict[str, Any], own: dict[str, dict[str, str]]) -> str:
    """The help of all commands: the rows of ``table`` in groups, then the project's own."""
    lines = [f"usage: {name} COMMAND [ARGS]", f"       {name} COMMAND --help"]
    for heading, commands in GROUPS:
        lines += ["", f"{heading}:"]
        for command in commands:
            _, _, usage, line = table[command]
            lines.append(_row(f"{command} {usage}".rstrip(), line))
    if own:
        rows = [_row(command, row.get("help", "")) for command, row in sorted(own.items())]
        lines += ["", "commands of this project:", *rows]
    return "\n".join(lines)


def _row(usage: str, line: str) -> str:
    return f"  {usage:<34}{line}" if len(usage) < 33 else f"  {usage}\n{'':36}{line}"


def _typed(name: str, example: str) -> str:
    return example.replace("NAME", name) if "bin/" in example else f"bin/{name} {example}"
