"""Lines that only start another file of the project: what that file starts stands in their place.

``web: ./start.sh`` and ``web: honcho start -f Procfile.real`` become the lines of these files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from relforge.project.init import procfile, shell_lines
from relforge.project.init.procfile import Program

_MANAGERS = ("honcho", "foreman", "hivemind", "overmind", "forego", "goreman")
_SHELLS = ("sh", "bash", "dash")
# What makes a script more than commands that run one after another.
_CONTROL = re.compile(
    r"^\s*(?:if|for|while|until|case|function|trap|select)\b|\(\)\s*\{|<<|[^&]&\s*$", re.MULTILINE
)
_REST = re.compile(r"""\s+"?\$[@*]"?\s*$""")  # arguments that are passed on


def expanded(rows: tuple[Program, ...], text: Callable[[str], str]) -> tuple[Program, ...]:
    """The programs, each that starts a file replaced; ``text`` reads a file of the project."""
    found: dict[str, Program] = {}
    for row in rows:
        for inner in _of_manager(row, text) or (script(row, text),):
            found.setdefault(inner.name, inner)
    return tuple(found.values())


def script(row: Program, text: Callable[[str], str]) -> Program:
    """What a shell script ends by running, where it only has commands that run in their order."""
    main = row.line.main
    words = main.words if main else ()
    path = words[1] if words[:1] in tuple((shell,) for shell in _SHELLS) and words[1:] else ""
    path = path or (words[0] if words and ("/" in words[0] or words[0].endswith(".sh")) else "")
    plain = "/".join(
        part for part in f"{main.cwd if main else ''}/{path}".split("/") if part not in ("", ".")
    )
    content = text(plain) if plain and not plain.endswith(".py") else ""
    if not content.startswith("#!") and not plain.endswith(".sh"):
        return row
    if not content or "python" in content.partition("\n")[0] or _CONTROL.search(content):
        return row
    line = shell_lines.parse("; ".join(_commands(content)))
    known = replace(row, line=replace(line, text=row.line.text))
    server = known.server
    if server is None or not server.target or line.main is None:
        return row
    env = (*(main.env if main else ()), *line.main.env)
    return replace(known, line=replace(known.line, main=replace(line.main, env=env)))


def _commands(content: str) -> Iterator[str]:
    """The commands of a script, without comments and what only sets the shell up."""
    for row in content.replace("\\\n", " ").splitlines():
        plain = _REST.sub("", re.sub(r"(^|\s)#.*$", "", row)).strip().rstrip(";")
        if plain and not re.match(r"set\s+[-+]|echo\b|:\s|sleep\b", plain):
            yield plain


def _of_manager(row: Program, text: Callable[[str], str]) -> tuple[Program, ...]:
    """The programs of the Procfile that a process manager is started with."""
    words = row.line.main.words if row.line.main else ()
    if not words or words[0] not in _MANAGERS:
        return ()
    rest = [word.partition("=")[2] for word in words if word.startswith("--procfile=")]
    rest += [name for flag, name in itertools.pairwise(words) if flag in ("-f", "--procfile")]
    name = rest[0].removeprefix("./") if rest else ""
    found = procfile.read(text(name)) if name and name != procfile.FILE else ()
    if not found or any(inner.name == row.name for inner in found):
        return found
    first = next((inner for inner in found if inner.server is not None), found[0])
    return tuple(replace(inner, name=row.name) if inner is first else inner for inner in found)
