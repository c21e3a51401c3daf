"""The configuration of a front end's build, and the paths that it names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from relforge.project.init.reading import Sources

_SUFFIXES = ("js", "ts", "mjs", "mts", "cjs", "cts")
_GIVEN = re.compile(r"(?:--config|(?<=\s)-c)[= ](\S+)")
_OWN = re.compile(r"(?:require\(|import\(|from\s)\s*[\"'](\.{1,2}/[\w./-]+|\.{1,2})[\"']")
_LITERAL = re.compile(r"[\"'`]([\w./@-]+)[\"'`]\s*(?=[,;})\n]|$)")
_HERE = r"(?:__dirname|import\.meta\.dirname)"
_JOINED = re.compile(r"(?:\w+\.)?(?:resolve|join)\(\s*(?:((?:[^\"'`(),]|\(\))+?)\s*,)?([^()]*)\)")
_ADDED = re.compile(rf"{_HERE}\s*\+\s*[\"'`]/?([\w./-]+)[\"'`]|`\$\{{{_HERE}\}}/([\w./-]+)`")
_ADDRESS = re.compile(
    r"(?:fileURLToPath\(\s*)?new URL\(\s*[\"'`]([\w./-]+)[\"'`]\s*,\s*import\.meta\.url\s*\)"
)
_STRINGS = re.compile(r"[\"'`]([\w./@-]+)[\"'`]")
_ENVIRON = re.compile(r"process\.env\.\w+\s*(?:\|\||\?\?)\s*")  # where nobody sets it
_NAME = re.compile(r"([A-Za-z_$][\w$]*)\s*(?=[,;})\n]|$)")
_FAR = 200  # characters in which an expression ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One file of it; ``path`` is relative to the project."""

    path: str
    text: str


def text(sources: Sources, directory: str, tool: str) -> str:
    """The text of ``vite.config.ts`` and the like, "" where there is none."""
    return next((row.text for row in _usual(sources, directory, tool)), "")


def read(sources: Sources, directory: str, tool: str, command: str) -> tuple[Config, ...] | None:
    """The file that a command names, else the usual one, then what they import of the project.

    None where the file that is named is not there.
    """
    given = _GIVEN.search(command)
    if given is None:
        first = next(_usual(sources, directory, tool), None)
    else:
        first = _file(sources, posixpath.normpath(posixpath.join(directory, given[1])))
        if first is None:
            return None
    found: dict[str, Config] = {}
    waiting = [first] if first else []
    while waiting:
        row = waiting.pop(0)
        found[row.path] = row
        for name in _OWN.findall(row.text):
            inner = _file(sources, posixpath.normpath(posixpath.join(row.path, "..", name)))
            if inner and inner.path not in found:
                waiting.append(inner)
    return tuple(found.values())


def path_at(config: Config, start: int, base: str, depth: int = 0) -> str:
    """The path that an expression at this place says, relative to the project, "" if unknown.

    A plain text is relative to ``base``, the directory that the tool runs in.
    """
    rest = config.text[start : start + _FAR].lstrip()
    rest = rest[match.end() :] if (match := _ENVIRON.match(rest)) else rest
    here = posixpath.dirname(config.path)
    if match := _LITERAL.match(rest):
        return _below(base, match[1])
    if match := _ADDRESS.match(rest):
        return _below(here, match[1])
    if match := _ADDED.match(rest):
        return _below(here, match[1] or match[2])
    if match := _JOINED.match(rest):
        return _joined(config, match, here, base)
    if (match := _NAME.match(rest)) and depth < 3:
        said = re.search(rf"\b(?:const|let|var)\s+{re.escape(match[1])}\s*=\s*", config.text)
        return path_at(config, said.end(), base, depth + 1) if said else ""
    return ""


def _joined(config: Config, match: re.Match[str], here: str, base: str) -> str:
    first, rest = match[1] or "", match[2]
    words = [row.strip() for row in rest.split(",") if row.strip()]
    parts = _STRINGS.findall(rest)
    if len(parts) != len(words) or not parts:
        return ""
    if first in ("", "process.cwd()"):
        return _below(base, *parts)
    if re.fullmatch(_HERE, first):
        return _below(here, *parts)
    said = re.search(rf"\b(?:const|let|var)\s+{re.escape(first)}\s*=\s*", config.text)
    root = path_at(config, said.end(), base, 1) if said else ""
    return _below(root, *parts) if root else ""


def _below(directory: str, *parts: str) -> str:
    return posixpath.normpath(posixpath.join(directory, *parts))


def _usual(sources: Sources, directory: str, tool: str) -> Iterator[Config]:
    for suffix in _SUFFIXES:
        path = f"{directory}/{tool}.config.{suffix}" if directory else f"{tool}.config.{suffix}"
        if sources.has(path):
            yield Config(path=path, text=sources.text(path))


def _file(sources: Sources, path: str) -> Config | None:
    """A file as Node looks for it: by its name, with a suffix, or a directory's index."""
    names = (path, *(f"{path}{end}.{row}" for end in ("", "/index") for row in _SUFFIXES))
    found = next((name for name in names if name in set(sources.files)), None)
    return Config(path=found, text=sources.text(found)) if found else None
