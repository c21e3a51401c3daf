"""The front ends of a project: each ``package.json`` with a build script, by its own manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from relforge.project.init import frontend_config, frontend_output
from relforge.project.init.reading import Sources

_LOCKS: dict[str, tuple[str, ...]] = {
    "package-lock.json": ("npm", "ci"),
    "npm-shrinkwrap.json": ("npm", "ci"),
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile"),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile"),
    "bun.lock": ("bun", "install", "--frozen-lockfile"),
    "bun.lockb": ("bun", "install", "--frozen-lockfile"),
}
_DIRECTORY = {"pnpm": "--dir", "yarn": "--cwd", "bun": "--cwd"}  # npm calls it --prefix
_SOURCES = frozenset({
    ".js", ".jsx", ".ts", ".tsx", ".css", ".scss", ".sass", ".less", ".vue", ".svelte",
    ".html", ".mjs"
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """One that Node builds.  ``outputs`` are relative to the project."""

    directory: str  # "" is the project
    install: tuple[str, ...]
    install_in: str  # the workspace's root, or the directory itself
    build: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    names_files: bool  # gives its files fingerprinted names itself
    manifest: bool  # writes vite's manifest, in a hidden directory
    doubt: str = ""

    @property
    def tool(self) -> str:
        return self.install[0]

    def commands(self, *, at_top: bool) -> tuple[tuple[str, ...], ...]:
        """Install and build; from the project's directory, or from its own."""
        rows = ((self.install, self.install_in), (self.build, self.directory))
        if not at_top and self.install_in == self.directory:
            return tuple(words for words, _ in rows)
        return tuple(_moved(words, directory) for words, directory in rows)


def find(sources: Sources) -> tuple[FrontEnd, ...]:
    """Every one of them, the uppermost first; members of a workspace that builds them are not."""
    places = sorted(
        (path for path in sources.files if PurePosixPath(path).name == "package.json"),
        key=lambda path: (path.count("/"), path),
    )
    found: list[FrontEnd] = []
    for path in places:
        data = _manifest(sources.text(path))
        directory = str(PurePosixPath(path).parent).removeprefix(".")
        scripts = data.get("scripts")
        build = scripts.get("build") if isinstance(scripts, dict) else None
        covered = any(_is_workspace(sources, row.directory, directory) for row in found)
        if isinstance(build, str) and not covered and not sources.is_aside(path):
            found.append(_front_end(sources, directory, data, build))
    return tuple(found)


def _front_end(sources: Sources, directory: str, data: dict[str, Any], build: str) -> FrontEnd:
    install, place = _install(sources, directory, data)
    commands = frontend_output.expand(build, data["scripts"])
    outputs, why = frontend_output.outputs(sources, directory, commands)
    why = why or frontend_output.there(sources, outputs)
    mixed = next((row for row in outputs if f"{directory}/".startswith(f"{row}/")), "")
    if mixed and not why:
        why = (
            f"its build writes into {mixed}, next to its sources: the committed files are included"
        )
    text = " ".join(commands)
    config = frontend_config.text(sources, directory, "vite")
    vite = "vite" in text.split() or bool(config)
    where = f"{directory}/package.json" if directory else "package.json"
    return FrontEnd(
        directory=directory,
        install=install,
        install_in=place,
        build=(install[0], "run", "build"),
        inputs=_inputs(sources, directory, place, text),
        outputs=outputs,
        names_files=vite or any(word in text for word in ("webpack", "ng ", "react-scripts")),
        manifest=bool(config and frontend_output.writes_manifest(config)),
        doubt=f"{where}: {why}" if why else "",
    )


def _install(sources: Sources, directory: str, data: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """The command that installs what is locked, and the directory of the lock."""
    said = str(data.get("packageManager", ""))
    above = [directory, *(str(row).removeprefix(".") for row in PurePosixPath(directory).parents)]
    for place in dict.fromkeys(above if directory else [""]):
        if place != directory and not _is_workspace(sources, place, directory):
            continue
        for lock, words in _LOCKS.items():
            path = f"{place}/{lock}" if place else lock
            if sources.has(path):
                modern = lock == "yarn.lock" and (
                    "__metadata:" in sources.text(path)
                    or said.startswith(("yarn@2", "yarn@3", "yarn@4"))
                )
                return ((*words[:2], "--immutable") if modern else words), place
    tool = said.partition("@")[0]
    return (tool if tool in ("npm", "pnpm", "yarn", "bun") else "npm", "install"), directory


def _is_workspace(sources: Sources, root: str, directory: str) -> bool:
    """Whether the package.json of a directory has the other directory as a member."""
    if root == directory or (root and not directory.startswith(f"{root}/")):
        return False
    if sources.has(f"{root}/pnpm-workspace.yaml" if root else "pnpm-workspace.yaml"):
        return True
    return bool(
        _manifest(sources.text(f"{root}/package.json" if root else "package.json")).get(
            "workspaces"
        )
    )


def _inputs(sources: Sources, directory: str, place: str, text: str) -> tuple[str, ...]:
    if directory:
        above = () if place == directory else tuple(_upper(sources, place))
        return (f"{directory}/**", *above)
    rows = ["package*.json", *_upper(sources, "")]
    tops: dict[str, None] = {}
    for path in sources.files:
        first, slash, _ = path.partition("/")
        if slash and PurePosixPath(path).suffix in _SOURCES and not sources.is_aside(path):
            tops[first] = None
    named = {word.partition("/")[0] for word in text.replace(":", " ").split()}
    code = {path.partition("/")[0] for path in sources.modules}
    directories = [top for top in tops if top not in code or top in named or "tailwind" in text]
    rows += [f"{top}/**" for top in directories]
    return tuple(dict.fromkeys(rows))


def _upper(sources: Sources, place: str) -> Iterable[str]:
    """Files beside a package.json that a build reads."""
    for path in sources.files:
        parent = str(PurePosixPath(path).parent).removeprefix(".")
        name = PurePosixPath(path).name
        if parent == place and not name.endswith((".py", ".md", ".toml", ".txt")):
            known = name in _LOCKS or ".config." in name or name.startswith(("tsconfig", ".npmrc"))
            known = known or name in ("index.html", "pnpm-workspace.yaml", ".yarnrc.yml")
            if known and (name != "package-lock.json" or place):
                yield path


def _moved(words: tuple[str, ...], directory: str) -> tuple[str, ...]:
    if not directory:
        return words
    return (words[0], _DIRECTORY.get(words[0], "--prefix"), directory, *words[1:])


def _manifest(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
