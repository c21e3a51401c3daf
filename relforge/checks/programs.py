"""The programs that settings run: of the release, or of whatever host it will run on."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath

from relforge.model import layout
from relforge.model.release import Finding, Release
from relforge.runtime.contract.run import Run

RULE = "programs"
BIN = f"{layout.PYTHON}/bin"
SHELLS = ("sh", "bash", "dash", "ash")
# What every Linux host has that could run a release.
EVERYWHERE = re.compile(
    r"\[|awk|basename|bash|cat|chmod|chown|cp|cut|date|df|dirname|echo|env|expr|false|find|flock"
    r"|grep|head|hostname|id|kill|ln|ls|mkdir|mktemp|mv|nice|nohup|printf|pwd|readlink|rm|rmdir"
    r"|sed|setsid|sh|sleep|sort|stat|sync|tail|tar|tee|test|timeout|touch|tr|true|uname|wc|xargs"
)
_BUILT_IN = re.compile(
    r"\.|:|break|cd|command|continue|eval|exec|exit|export|read|return|set|shift|source|trap"
    r"|ulimit|umask|unset|wait|if|then|else|elif|fi|for|while|until|do|done|case|esac"
)
_ENDS = re.compile(r"&&|\|\||[;|&\n(){}]")


def rule(release: Release) -> Iterator[Finding]:
    """Each program that is not in the release, or cannot be run there."""
    paths = {path for layer in release.layers for path in layer.paths}
    names = sorted(row.removeprefix(f"{BIN}/") for row in paths if row.startswith(f"{BIN}/"))
    for setting, words, from_cwd in _commands(release):
        for word in _programs(words):
            if "/" not in word:
                yield from _of_name(release, setting, word, names)
            elif word == words[0] and not from_cwd and not word.startswith("/"):
                yield from _of_path(release, setting, word)


def _of_path(release: Release, setting: str, word: str) -> Iterator[Finding]:
    """A file of the release, which is there and can be run."""
    path = release.tree / PurePosixPath(word)
    problem = "" if path.is_file() else "the release has no such file"
    if not problem and not os.access(path, os.X_OK):
        problem = "the file is not executable"
    if problem:
        yield Finding(
            severity="error",
            rule=RULE,
            path=setting,
            message=f"{word}: {problem}",
            hint='add it: overlays = [{ copy = "...", to = "' + word + '", mode = "0755" }]',
        )


def _of_name(release: Release, setting: str, word: str, names: Sequence[str]) -> Iterator[Finding]:
    if word in names or EVERYWHERE.fullmatch(word) or word in (release.name, "python", "python3"):
        return
    near = get_close_matches(word, names, 1)
    yield Finding(
        severity="warning",
        rule=RULE,
        path=setting,
        message=f"no package of the release contains the program {word!r}: it is looked up on the "
        "target's PATH",
        hint=f"did you mean `{near[0]}`?"
        if near
        else "add the package that contains it to the dependencies, or install it on the target",
    )


def _commands(release: Release) -> Iterator[tuple[str, Sequence[str], bool]]:
    """Everything that is run: its setting, its words, and what a relative path is relative to."""
    settings = release.settings
    runs: list[tuple[str, Run]] = [(f"services.{row.name}.exec", row) for row in settings.services]
    runs += [(f"commands.{row.name}", row) for row in settings.commands]
    runs += [(f"hooks.{row.name}", row) for row in settings.hooks]
    for where, run in runs:
        if run.words:
            yield f"tool.relforge.{where}", run.words, run.FROM_CWD
    for service in settings.services:
        if isinstance(service.ready, dict) and "exec" in service.ready:
            where = f"tool.relforge.services.{service.name}.ready.exec"
            yield where, service.ready["exec"], True
    health = settings.upgrade.health or {}
    if "exec" in health:
        yield "tool.relforge.upgrade.health.exec", health["exec"], True


def _programs(words: Sequence[str]) -> Iterator[str]:
    """The program of a command; of ``sh -c`` those that its text names plainly."""
    if words[0] in SHELLS and len(words) > 2 and words[1] in ("-c", "-ec", "-euc"):
        yield from _of_shell(words[2])
    elif "$" not in words[0]:
        yield words[0]


def _of_shell(text: str) -> Iterator[str]:
    for part in _ENDS.split(text):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:  # a quote that this very splitting has cut in two
            return
        while words and ("=" in words[0] or words[0] == "exec"):
            words = words[1:]
        if words and re.fullmatch(r"[\w.+-]+", words[0]) and not _BUILT_IN.fullmatch(words[0]):
            yield words[0]
