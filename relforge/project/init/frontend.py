"""The assets of a project that Node builds: a ``package.json`` with a build script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from relforge.model.spec import AssetSettings

_OUT = re.compile(r"--(?:outdir|outDir|dist-dir|output-path)[= ]([\w./-]+)")
_VITE_OUT = re.compile(r"outDir:\s*[\"']([\w./-]+)[\"']")
_VITE_MANIFEST = re.compile(r"manifest:\s*true")
_LOCKS: dict[str, tuple[str, ...]] = {
    "package-lock.json": ("npm", "ci"),
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile"),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile"),
}
_FOLDER = {"pnpm": "--dir", "yarn": "--cwd"}  # where to work; npm calls it --prefix


def find(root: Path, files: Iterable[str]) -> AssetSettings | None:
    """The build of the uppermost ``package.json`` that has one, None where there is none."""
    places = sorted(
        (PurePosixPath(name) for name in files if PurePosixPath(name).name == "package.json"),
        key=lambda path: (len(path.parts), path),
    )
    for path in places:
        build = _build_script(root / path)
        if build is not None:
            return _settings(root, path.parent, build)
    return None


def then(root: Path, first: AssetSettings, second: AssetSettings) -> AssetSettings:
    """Both, one after the other, in the project's own folder.

    What the first makes is the second's to take where that is among its inputs;
    but vite's manifest, which is hidden, stays where the application has it.
    """
    tool = first.run[0][0]
    made = {f"{source}/**" for source, _ in first.outputs}
    paths = dict.fromkeys((*first.inputs, *second.inputs))
    elsewhere = (_FOLDER.get(tool, "--prefix"), first.cwd) if first.cwd != "." else ()
    commands = tuple((tool, *elsewhere, *words) for _, *words in first.run)
    kept = first.outputs
    if made <= set(second.inputs):
        hidden = [f"{source}/.vite" for source, _ in first.outputs]
        kept = tuple((path, f"app/{path}") for path in hidden if _lists(root / first.cwd))
    return AssetSettings(
        run=(*commands, *second.run),
        inputs=tuple(path for path in paths if path not in made),
        outputs=(*kept, *second.outputs),
    )


def _settings(root: Path, folder: PurePosixPath, build: str) -> AssetSettings:
    install = next(
        (words for lock, words in _LOCKS.items() if (root / folder / lock).is_file()),
        ("npm", "install"),
    )
    output = _inside(folder, _output(root / folder, build)) or (folder / "dist").as_posix()
    sources = [name for name in ("src", "js", "css") if (root / folder / name).is_dir()]
    upper = ("package*.json", *(f"{name}/**" for name in sources))
    return AssetSettings(
        run=(install, (install[0], "run", "build")),
        cwd=folder.as_posix(),
        inputs=(f"{folder}/**",) if folder.parts else upper,
        outputs=((output, "app/static"),),
        digest=not _is_vite(root / folder, build),  # vite gives its files such names itself
    )


def _build_script(path: Path) -> str | None:
    try:
        data: Any = json.loads(path.read_bytes())
        script = data["scripts"]["build"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return script if isinstance(script, str) else None


def _is_vite(folder: Path, build: str) -> bool:
    return re.search(r"\bvite\b", build) is not None or any(folder.glob("vite.config.*"))


def _lists(folder: Path) -> bool:
    """Does vite write a manifest?"""
    configs = (path.read_text(errors="replace") for path in folder.glob("vite.config.*"))
    return any(_VITE_MANIFEST.search(text) for text in configs)


def _output(folder: Path, build: str) -> str:
    """Where the build writes to, as far as its command or vite's configuration says so."""
    said = _OUT.search(build)
    if said:
        return said[1]
    for config in sorted(folder.glob("vite.config.*")):
        said = _VITE_OUT.search(config.read_text(errors="replace"))
        if said:
            return said[1]
    return "dist"


def _inside(folder: PurePosixPath, path: str) -> str | None:
    """The path relative to the project, None where it leaves it."""
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return None if path.startswith("/") or not parts else "/".join(parts)
