"""Asking the staged tree: its own interpreter answers, from inside the release."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relforge import cache
from relforge.model import layout
from relforge.model.release import Release
from relforge.support import command
from relforge.support.errors import UserError

# What programs need to run at all; nothing else of the build host decides an answer.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
PATIENCE = 300  # seconds
# For an interpreter that is not the release's: it sees the release's packages and no other.
STAND_IN = """
import runpy, site, sys
site.addsitedir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
BOOT = f"{layout.RUNTIME}/relforge/runtime/boot_app.py"


def can_import(release: Release) -> bool:
    """Whether what the release holds can be imported on this host, by its own Python or one alike.

    A release for another CPU cannot, though the runtime itself answers.
    """
    return release.python.runs_here or release.python.machine == os.uname().machine


def ask(
    release: Release,
    role: str,
    question: dict[str, Any],
    env: Mapping[str, str] | None = None,
    hint: str = "",
    decided_by: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a role of the runtime's ``boot_app.py`` with JSON in and JSON out.

    Of the builder's environment the process sees INHERITED alone.  Where
    ``decided_by`` names all that decides the answer in addition to the question, the
    answer is remembered.  Raises UserError with what it printed where the
    process dies or does not end.
    """
    if not decided_by:
        return _ask(release, role, question, env or {}, hint)
    key = cache.key(role, json.dumps(question, sort_keys=True), *decided_by)
    memo = cache.home() / "answers" / f"{key}.json"
    try:
        known: dict[str, Any] = json.loads(memo.read_bytes())
    except (OSError, ValueError):
        known = _ask(release, role, question, env or {}, hint)
        cache.keep(memo, json.dumps(known).encode())
    return known


def environment(release: Release, env: Mapping[str, str]) -> dict[str, str]:
    """All that such a process sees."""
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "RELEASE_ROOT": str(release.tree),
        "RELEASE_NAME": release.name,
        "RELEASE_VERSION": release.version,
        "RELEASE_ENV": release.env,
        **env,
    }


def interpreter(release: Release) -> list[str | Path]:
    """What runs a script of the tree: its own Python, or one of this host that stands in."""
    seen = ("-X", "faulthandler")  # where a crash happened is in what it prints
    if release.python.runs_here:
        return [release.tree / release.python.executable, "-P", "-s", "-B", *seen]
    packages = release.tree / release.python.site_packages
    python = release.python.helper or Path(sys.executable)
    return [python, "-I", "-S", "-B", *seen, "-c", STAND_IN, packages]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a process of the tree said: its answers, its other output, how it ended."""

    lines: tuple[str, ...]
    output: str
    problem: str  # "" where it ended as it should


def converse(
    release: Release, role: str, question: dict[str, Any], env: Mapping[str, str]
) -> Reply:
    """Run a role that answers in lines; one that dies has said some of them."""
    tree = release.tree
    words = [*interpreter(release), tree / BOOT, role]
    try:
        result = command.capture(
            words,
            cwd=tree,
            base=environment(release, env),
            stdin=json.dumps(question),
            timeout=PATIENCE,
        )
        out, err = result.stdout, result.stderr
        problem = command.ending(result.returncode) if result.returncode else ""
    except subprocess.TimeoutExpired as late:
        out, err = ((part or b"").decode(errors="replace") for part in (late.stdout, late.stderr))
        problem = f"did not end within {PATIENCE} s"
    except OSError as error:
        raise _not_started(error, words) from None
    shown = err.replace(f"{tree}/", "")
    return Reply(lines=tuple(out.splitlines()), output=shown, problem=problem)


def _ask(
    release: Release, role: str, question: dict[str, Any], env: Mapping[str, str], hint: str
) -> dict[str, Any]:
    reply = converse(release, role, question, env)
    try:
        answer = json.loads("\n".join(reply.lines))
    except ValueError:
        answer = None
    if reply.problem or not isinstance(answer, dict):
        raise unanswered(role, reply, hint)
    return answer


def unanswered(role: str, reply: Reply, hint: str = "") -> UserError:
    """The error of a process that did not say what it was asked for."""
    output = (reply.output or "\n".join(reply.lines)).rstrip()[-4000:]
    problem = reply.problem or "ended with status 0"
    return UserError(
        f"the interpreter of the assembled release {problem} without an answer "
        f"to `{role}`" + (f"\n{output}" if output else ""),
        hint=hint,
    )


def _not_started(error: OSError, words: Sequence[str | Path]) -> UserError:
    return UserError(
        f"the assembled release's interpreter cannot be started: {words[0]}: {error.strerror}",
        hint=command.hint_of(error, words[0]),
    )
