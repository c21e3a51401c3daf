"""Where the build of a front end writes to, as far as its commands and configurations say so."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from relforge.project.init import frontend_config
from relforge.project.init.frontend_config import Config
from relforge.project.init.reading import Sources

_FLAGS = re.compile(
    r"--(?:outdir|outDir|out-dir|dist-dir|output-path|dir|output-dir|dest)[= ]([\w./-]+)"
)
_FILES = re.compile(r"(?:--outfile|--output|-o)[= ]([\w./-]+\.[\w.]+)")
_OUT_DIR = re.compile(r"(?:outDir|outputDir|distDir)\s*:\s*")
_ROOT = re.compile(r"\broot\s*:\s*")
_WEBPACK = re.compile(
    r"output\s*:\s*\{[^}]*?\bpath\s*:\s*|output\.path\s*=\s*|setOutputPath\(\s*", re.DOTALL
)
_WEBPACK_UNREAD = re.compile(r"\boutput\b[\s\S]{0,400}?\bpath\s*[:=,}]")
_WEBPACK_FLAG = re.compile(r"(?:^|\s)-o[= ]([\w./-]+)(?:\s|$)")
_ROLLUP = re.compile(r"\b(dir|file)\s*:\s*")
_BUILD_PATH = re.compile(r"^BUILD_PATH\s*=\s*[\"']?([\w./-]+)", re.MULTILINE)
_BUILT = re.compile(r"[-.](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8}\.(?:js|css|mjs)$")
_MANIFEST = re.compile(r"manifest\s*:\s*(true|[\"'])")
_RUN = re.compile(r"(?:npm|pnpm|yarn|bun)(?: run)? ([\w:*-]+)")
_MANY = re.compile(r"(?:npm-run-all|run-s|run-p)((?: [\w:*-]+)+)")
# What a program makes where nothing else is said.
_DEFAULTS = {
    "docusaurus": "build",
    "parcel": "dist",
    "astro": "dist",
    "gatsby": "public",
    "ember": "dist",
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
    sources: Sources, directory: str, commands: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """The directories, relative to the project, and why one cannot be determined."""
    found: dict[str, None] = {}
    unknown = []
    for command in commands:
        rows = list(_of_command(sources, directory, command))
        for row in rows:
            path = posixpath.normpath(posixpath.join(directory, row)) if row else ""
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


def writes_manifest(text: str) -> bool:
    """Does vite write a manifest?"""
    return _MANIFEST.search(text) is not None


def _of_command(sources: Sources, directory: str, command: str) -> Iterator[str]:
    """Directories relative to ``directory``; "" is one that cannot be determined."""
    words = command.split()
    programs = {word.rpartition("/")[2] for word in words}
    if said := _FLAGS.findall(command):
        yield from said
    elif said := _FILES.findall(command):
        yield from (posixpath.dirname(row) or "." for row in said)
    elif programs & {"sass", "node-sass"}:
        yield from _sass(words)
    elif "ng" in programs:
        yield from _angular(
            sources.text(f"{directory}/angular.json" if directory else "angular.json")
        )
    elif "next" in programs:
        text = frontend_config.text(sources, directory, "next")
        yield "out" if re.search(r"output\s*:\s*[\"']export", text) else ""
    elif "vite" in programs or ({"vue-tsc"} & programs and _has(sources, directory, "vite")):
        yield from _vite(sources, directory, command)
    elif programs & {"webpack", "webpack-cli", "encore"}:
        yield from _webpack(sources, directory, command)
    elif "vue-cli-service" in programs:
        rows = frontend_config.read(sources, directory, "vue", command)
        yield from _configured(rows, _OUT_DIR, directory, "dist")
    elif "rollup" in programs:
        yield from _rollup(frontend_config.read(sources, directory, "rollup", command), directory)
    elif "react-scripts" in programs:
        env = f"{directory}/.env" if directory else ".env"
        texts = (command.replace(" ", "\n"), sources.text(env))
        given = [row[1] for text in texts if (row := _BUILD_PATH.search(text))]
        yield given[0] if given else "build"
    else:
        known = next((_DEFAULTS[word] for word in words if word in _DEFAULTS), None)
        if known:
            yield known


def _has(sources: Sources, directory: str, tool: str) -> bool:
    return bool(frontend_config.text(sources, directory, tool))


def _vite(sources: Sources, directory: str, command: str) -> Iterator[str]:
    """Below vite's own root; SvelteKit writes where its adapter does."""
    kit = frontend_config.text(sources, directory, "svelte")
    if "adapter" in kit:
        pages = re.search(r"\bpages\s*:\s*[\"']([\w./-]+)", kit)
        yield pages[1] if pages else "build" if "adapter-static" in kit else ""
        return
    rows = frontend_config.read(sources, directory, "vite", command)
    root = next(iter(_configured(rows, _ROOT, directory, "."))) if rows else "."
    base = posixpath.normpath(posixpath.join(directory, root)) if root else ""
    yield from _configured(rows, _OUT_DIR, base, "dist", directory) if base else [""]


def _webpack(sources: Sources, directory: str, command: str) -> Iterator[str]:
    if said := _WEBPACK_FLAG.search(command):
        yield said[1]
        return
    rows = frontend_config.read(sources, directory, "webpack", command)
    known = rows is not None and any(_WEBPACK.search(row.text) for row in rows)
    if rows and not known and any(_WEBPACK_UNREAD.search(row.text) for row in rows):
        yield ""
        return
    yield from _configured(rows, _WEBPACK, directory, "dist")


def _rollup(rows: tuple[Config, ...] | None, directory: str) -> Iterator[str]:
    for config in rows or ():
        for match in _ROLLUP.finditer(config.text):
            path = frontend_config.path_at(config, match.end(), directory)
            if path and match[1] == "file":
                path = posixpath.dirname(path)
            if path:
                yield _from(directory, path)


def _configured(
    rows: tuple[Config, ...] | None,
    where: re.Pattern[str],
    base: str,
    default: str,
    directory: str | None = None,
) -> Iterator[str]:
    """The paths behind a key of a configuration, relative to ``directory`` (else to ``base``).

    The default, below ``base``, where the key is not there; "" where one cannot be read.
    """
    start = base if directory is None else directory
    found = [
        frontend_config.path_at(config, match.end(), base)
        for config in rows or ()
        for match in where.finditer(config.text)
    ]
    if rows is None:
        yield ""
    elif not found:
        yield _from(start, posixpath.normpath(posixpath.join(base, default)))
    else:
        yield from (_from(start, path) if path else "" for path in found)


def _from(directory: str, path: str) -> str:
    return posixpath.relpath(path, directory or ".")


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
