"""Where the build of a front end writes to, as far as its commands and configurations say so."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from relforge.project.init.reading import Sources

_FLAGS = re.compile(
    r"--(?:outdir|outDir|out-dir|dist-dir|output-path|dir|output-dir|dest)[= ]([\w./-]+)"
)
_FILES = re.compile(r"(?:--outfile|--output|-o)[= ]([\w./-]+\.[\w.]+)")
_OUT_DIR = re.compile(r"(?:outDir|outputDir|distDir)\s*:\s*")
_WEBPACK = re.compile(r"output\s*:\s*\{[^}]*?\bpath\s*:\s*", re.DOTALL)
_ROLLUP = re.compile(r"\b(dir|file)\s*:\s*[\"'`]([\w./-]+)[\"'`]")
_LITERAL = re.compile(r"[\"'`]([\w./@-]+)[\"'`]")
_JOINED = re.compile(
    r"(?:path\.)?(?:resolve|join)\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,"
    r"([^)]*)\)"
)
_BUILT = re.compile(r"[-.](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8}\.(?:js|css|mjs)$")
_MANIFEST = re.compile(r"manifest\s*:\s*(true|[\"'])")
_RUN = re.compile(r"(?:npm|pnpm|yarn|bun)(?: run)? ([\w:*-]+)")
_MANY = re.compile(r"(?:npm-run-all|run-s|run-p)((?: [\w:*-]+)+)")
# What a program makes where nothing else is said.
_DEFAULTS = {
    "react-scripts": "build",
    "vue-cli-service": "dist",
    "parcel": "dist",
    "astro": "dist",
    "gatsby": "public",
    "ember": "dist",
    "vite": "dist",
    "webpack": "dist",
}


def expand(build: str, scripts: Mapping[str, Any], depth: int = 0) -> tuple[str, ...]:
    """The commands of a script, those of the scripts that it runs in their place."""
    found: list[str] = []
    for part in re.split(r"&&|;|\|\|", build):
        many, one = _MANY.search(part), _RUN.search(part)
        names = many[1].split() if many else [one[1]] if one else []
        inner = [
            row
            for name in names
            for key, row in scripts.items()
            if isinstance(row, str) and re.fullmatch(name.replace("*", ".*"), key)
        ]
        if inner and depth < 5:
            found += [row for text in inner for row in expand(text, scripts, depth + 1)]
        else:
            found.append(part.strip())
    return tuple(found)


def outputs(
    sources: Sources, folder: str, commands: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """The directories, relative to the project, and why one cannot be told."""
    found: dict[str, None] = {}
    unknown = []
    for command in commands:
        rows = list(_of_command(sources, folder, command))
        for row in rows:
            path = posixpath.normpath(posixpath.join(folder, row)) if row else ""
            if not row or path.startswith(("..", "/")) or path == ".":
                unknown.append(command)
            else:
                found[path] = None
    if not found:
        first = unknown[0] if unknown else " && ".join(commands)
        return (), f"the directory that `{first}` writes to cannot be read from the sources"
    return tuple(found), ""


def there(sources: Sources, outputs: tuple[str, ...]) -> str:
    """Why nothing has to be built: what the build makes is among the sources already."""
    for path in outputs:
        if any(_BUILT.search(name) for name in sources.below(path)):
            return f"its output is already in the sources, in {path}"
    return ""


def config(sources: Sources, folder: str, tool: str) -> str:
    """The text of ``vite.config.ts`` and the like, "" where there is none."""
    for suffix in ("js", "ts", "mjs", "mts", "cjs", "cts"):
        path = f"{folder}/{tool}.config.{suffix}" if folder else f"{tool}.config.{suffix}"
        if sources.has(path):
            return sources.text(path)
    return ""


def writes_manifest(text: str) -> bool:
    """Does vite write a manifest?"""
    return _MANIFEST.search(text) is not None


def _of_command(sources: Sources, folder: str, command: str) -> Iterator[str]:
    """Directories relative to ``folder``; "" is one that nobody can tell."""
    words = command.split()
    programs = {word.rpartition("/")[2] for word in words}
    if said := _FLAGS.findall(command):
        yield from said
    elif said := _FILES.findall(command):
        yield from (posixpath.dirname(row) or "." for row in said)
    elif programs & {"sass", "node-sass"}:
        yield from _sass(words)
    elif "ng" in programs:
        yield from _angular(sources.text(f"{folder}/angular.json" if folder else "angular.json"))
    elif "next" in programs:
        yield (
            "out" if re.search(r"output\s*:\s*[\"']export", config(sources, folder, "next")) else ""
        )
    elif "vite" in programs or ({"vue-tsc"} & programs and config(sources, folder, "vite")):
        yield from _configured(config(sources, folder, "vite"), _OUT_DIR, "dist")
    elif "webpack" in programs or "webpack-cli" in programs:
        yield from _configured(config(sources, folder, "webpack"), _WEBPACK, "dist")
    elif "vue-cli-service" in programs:
        yield from _configured(config(sources, folder, "vue"), _OUT_DIR, "dist")
    elif "rollup" in programs:
        rows = _ROLLUP.findall(config(sources, folder, "rollup"))
        yield from (row if kind == "dir" else posixpath.dirname(row) for kind, row in rows)
    else:
        known = next((_DEFAULTS[word] for word in words if word in _DEFAULTS), None)
        if known:
            yield known


def _configured(text: str, where: re.Pattern[str], default: str) -> Iterator[str]:
    """The path behind a key of a configuration; the default where the key is not there."""
    match = where.search(text)
    if match is None:
        yield default
        return
    rest = text[match.end() : match.end() + 200]
    literal, joined = _LITERAL.match(rest), _JOINED.match(rest)
    if literal:
        yield literal[1]
    elif joined:
        yield posixpath.join(*_LITERAL.findall(joined[1]) or [""])
    else:
        yield ""


def _sass(words: list[str]) -> Iterator[str]:
    pairs = [word.partition(":")[2] for word in words if ":" in word and not word.startswith("-")]
    plain = [word for word in words[1:] if not word.startswith("-")]
    for row in pairs or plain[1:2]:
        yield (posixpath.dirname(row) or ".") if row.endswith(".css") else row


def _angular(text: str) -> Iterator[str]:
    try:
        projects = json.loads(text)["projects"]
        for row in projects.values():
            target = (row.get("architect") or row.get("targets") or {}).get("build", {})
            path = target.get("options", {}).get("outputPath")
            yield path if isinstance(path, str) else str((path or {}).get("base", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        yield ""
