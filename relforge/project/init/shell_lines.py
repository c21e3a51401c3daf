"""A line of shell, as Procfiles have them: single commands, and what only a shell can run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace

PORT = "${http.port}"  # what the configuration puts there at boot
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PORT = re.compile(r"\$(?:PORT\b|\{PORT(?::?-[^}]*)?\})")
_DEFAULT = re.compile(r"\$\{PORT:?-(\d+)\}")
_SHELL = re.compile(r"[$`<>*?\[\]~]")  # what a shell would replace in a word
_THEN = ("&&", ";")
# What only looks for the environment to run the rest in.
_RUNNERS = ("poetry run", "pipenv run", "uv run", "pdm run", "hatch run", "rye run", "pixi run")
_UV_FLAGS = ("--frozen", "--locked", "--no-dev", "--no-sync", "--isolated", "--active")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One simple command."""

    words: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""  # where `cd` went before

    @property
    def text(self) -> str:
        return shlex.join(self.words)

    @property
    def needs_shell(self) -> bool:
        """Whether a word holds what a shell would replace, `$PORT` aside."""
        return any(_SHELL.search(_PORT.sub("", word)) for word in self.words)

    @property
    def asks_port(self) -> bool:
        return any(_PORT.search(word) for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``before`` are commands that run first; ``main`` is None where only a shell reads it."""

    text: str
    before: tuple[Words, ...] = ()
    main: Words | None = None
    port: int = 0  # what the line takes where there is no $PORT


def parse(text: str) -> Line:
    """The line."""
    default = _DEFAULT.search(text)
    port = int(default[1]) if default else 0
    inner = _unwrapped(text)
    groups = _groups(inner)
    if groups is None:
        return Line(text=text, port=port)
    env: dict[str, str] = {}
    cwd, found = "", list[Words]()
    for words in groups:
        row = _simple(words)
        if row.words[:1] == ("cd",) and len(row.words) == 2 and not row.needs_shell:
            cwd = "/".join(part for part in f"{cwd}/{row.words[1]}".split("/") if part not in ".")
        elif row.words[:1] == ("export",):
            env |= dict(_pairs(row.words[1:]))
        elif row.words and row.words[:1] != ("set",):
            found.append(replace(row, cwd=cwd, env=(*env.items(), *row.env)))
    if not found:
        return Line(text=text, port=port)
    return Line(text=text, before=tuple(found[:-1]), main=found[-1], port=port)


def put_port(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with the configured port in the place of `$PORT`."""
    return tuple(_PORT.sub(lambda _: PORT, word) for word in words)


def by_shell(text: str) -> tuple[str, ...]:
    """What has a shell run the line; a ``${`` of the shell's is none of relforge's."""
    line = parse(text)
    single = line.main is not None and not line.before and not line.main.cwd
    prefix = "exec " if single and line.main and not line.main.env else ""
    plain = text.removeprefix("exec ") if prefix else text
    return ("sh", "-c", f"{prefix}{plain}".replace("${", "$${"))


def shell_words(row: Words) -> tuple[str, ...]:
    """One command whose words a shell has to read."""
    text = " ".join(word if _SHELL.search(word) else shlex.quote(word) for word in row.words)
    return ("sh", "-c", f"exec {text}".replace("${", "$${"))


def _groups(text: str) -> list[list[str]] | None:
    """The commands that run one after another; None for pipes, `&`, conditions, redirections."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        tokens = list(lexer)
    except ValueError:  # a quotation that does not end
        return None
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token in _THEN:
            groups.append([])
        elif token and set(token) <= set("();<>|&"):
            return None
        else:
            groups[-1].append(token)
    if any(row[:1] in (["if"], ["while"], ["for"], ["trap"]) for row in groups):
        return None
    return [row for row in groups if row]


def _simple(words: list[str]) -> Words:
    """Without `exec`, `env`, assignments, and what only looks for the virtual environment."""
    env: dict[str, str] = {}
    while words:
        match = _ASSIGNMENT.fullmatch(words[0])
        if words[0] in ("exec", "env"):
            words = words[1:]
        elif match:
            env[match[1]] = match[2]
            words = words[1:]
        elif " ".join(words[:2]) in _RUNNERS:
            words = words[2:]
            while words and (words[0] in _UV_FLAGS or words[0] == "--"):
                words = words[1:]
        else:
            break
    if words and re.fullmatch(r"python[\d.]*", words[0]):
        words = ["python", *words[1:]]
    return Words(words=tuple(words), env=tuple(env.items()))


def _pairs(words: tuple[str, ...]) -> list[tuple[str, str]]:
    matches = (_ASSIGNMENT.fullmatch(word) for word in words)
    return [(match[1], match[2]) for match in matches if match]


def _unwrapped(text: str) -> str:
    """The line that ``sh -c '...'`` holds."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    if len(words) == 3 and words[0] in ("sh", "bash") and words[1] in ("-c", "-lc", "-ec"):
        return words[2]
    return text
