"""``release/``: what the runtime reads, and the digest of every file.

The providers of the configuration are asked here, in the staged interpreter,
what they make of their options: a provider that is missing or misconfigured is
a build error, never one at boot.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

import relforge
from relforge import cache
from relforge.layers import libraries
from relforge.layers.deps.step import interpreter
from relforge.model import layout
from relforge.model.release import Entry, Layer, Release
from relforge.project import lockfile
from relforge.project.settings.references import check_references
from relforge.runtime.contract import tree_list
from relforge.runtime.contract.content import Manifest
from relforge.support.errors import SettingsError, UserError
from relforge.tree import bytecode, draft, inventory, release_python

OWN = "release"  # the layer of what relforge itself writes
WRITTEN = frozenset({layout.MANIFEST, layout.LAUNCH, layout.SUMS, layout.TREE_LIST})  # here
_UNLISTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # of Unicode's categories


def step(release: Release) -> Release:
    """Measure the glibc floor of all there is, then write manifest, launch file and digests."""
    found = inventory.take(release.tree, release.layers)
    if _compile_changed(release, found):
        found = inventory.take(release.tree, release.layers)
    loose = tuple(entry for entry in found.others if entry.path not in WRITTEN)
    glibc = libraries.glibc_floor(release, (entry.path for entry in loose))
    release = replace(release, target=replace(release.target, glibc=glibc))
    config = _config(release)
    draft.seal(
        release, layout.MANIFEST, json.dumps(describe(release, config), indent=1, sort_keys=True)
    )
    draft.seal(release, layout.LAUNCH, launch(release))
    brought = [entry for layer in found.layers for entry in layer.entries]
    draft.seal(release, layout.TREE_LIST, _tree_list((*brought, *loose), found.directories))
    written = (layout.MANIFEST, layout.LAUNCH, layout.TREE_LIST)
    others = (*loose, *(cache.look(release.tree / path, path) for path in written))
    entries = sorted((*brought, *others), key=lambda row: row.path)
    sums = (f"{entry.sha256}  {entry.path}\n" for entry in entries if entry.link is None)
    draft.seal(release, layout.SUMS, "".join(sums))
    layers = _with_own(release, found.layers, others)
    return replace(release, layers=layers, directories=found.directories)


def _tree_list(entries: Iterable[Entry], directories: Iterable[str]) -> str:
    """Links, executable files and empty directories: the digests cover content alone."""
    rows = list(entries)
    _refuse_unlistable(rows)
    return tree_list.text(
        tree_list.TreeFacts(
            directories=frozenset(directories),
            executable={row.path for row in rows if row.link is None and row.mode & 0o100},
            links={row.path: row.link for row in rows if row.link is not None},
        )
    )


def _compile_changed(release: Release, found: inventory.Inventory) -> bool:
    """Compile the modules that are not as their layer brought them; whether there were any."""
    laid = (
        entry
        for layer in release.layers
        for part in layer.parts
        if part.origin == "assets"
        for entry in part.entries
    )
    paths = {entry.path for entry in (*found.others, *laid) if entry.link is None}
    paths |= {row.path for row in release.collisions}
    changed = False
    for root in (release.python.site_packages, layout.APP):
        modules = sorted(row for row in paths if row.endswith(".py") and row.startswith(f"{root}/"))
        there = [row for row in modules if (release.tree / row).is_file()]
        strip = release.settings.strip.sources
        changed |= bytecode.refresh(
            interpreter(release), release.tree, root, there, release.python.cache_tag, strip=strip
        )
    return changed


def prepare(release: Release) -> None:
    """Ask the staged interpreter what the step wants to know; the answer is remembered."""
    _config(release)


def _refuse_unlistable(entries: Iterable[Entry]) -> None:
    """Refuse names that no line of UTF-8 can hold: the list of digests is made of such lines."""
    for entry in entries:
        if entry.path.isascii() and entry.path.isprintable():
            continue  # as nearly all are, and this is quick
        if any(unicodedata.category(sign) in _UNLISTABLE for sign in entry.path):
            raise UserError(
                f"{entry.path!r}: the name of this file contains a control character or is not "
                "UTF-8",
                hint="rename it, or leave it out of the release",
            )


def describe(release: Release, config: dict[str, Any]) -> dict[str, Any]:
    """The manifest; `relforge.runtime.contract` says what is in it."""
    settings = release.settings
    assets = settings.assets
    return Manifest(
        name=release.name,
        version=release.version,
        env=release.env,
        revision=release.revision,
        source_date=release.source_date,
        relforge=relforge.__version__,
        target=asdict(release.target),
        python={
            "version": release.python.version,
            "tag": release.python.tag,
            "source": release.python.source,
            "executable": release.python.executable,
        },
        lock=_locks(release),
        layers=tuple(
            {"name": row.name, "key": row.key, "files": len(row.paths), "size": row.size}
            for row in release.layers
            if row.name != OWN
        ),
        services={service.name: service.row() for service in settings.services},
        commands={command.name: command.row() for command in settings.commands},
        hooks={hook.name: hook.row() for hook in settings.hooks},
        schedule={job.name: job.row() for job in settings.schedule},
        config=config,
        log=settings.log.row(),
        upgrade=settings.upgrade.row(),
        console=settings.console.row(),
        nodes=settings.nodes.row(),
        assets=tuple(sorted({to for _, to in assets.outputs if assets.run and assets.digest})),
    ).row()


def _locks(release: Release) -> dict[str, str] | None:
    """The lock, and the separate one of `dependencies.add` if there is one."""
    root = release.project.root
    keys = (("file", "sha256"), ("added", "added_sha256"))
    found: dict[str, str] = {}
    for (file, digest), name in zip(keys, lockfile.used(root, release.settings), strict=False):
        found |= {file: name, digest: cache.sha256(root / name)}
    return found or None


def launch(release: Release) -> str:
    """What the launcher reads without an interpreter: lines of a key and a value."""
    rows = {
        "name": release.name,
        "version": release.version,
        "env": release.env,
        "python": release.python.executable,
        "machine": release.target.machine,
        "glibc": release.target.glibc,
    }
    if release.python.source == "system":
        python = release.python
        rows["system"] = f"{python.version} {python.abi} {python.origin}"
    return "".join(f"{key} {value}\n" for key, value in rows.items())


def _config(release: Release) -> dict[str, Any]:
    config = release.settings.config
    question = {
        "providers": [{"use": row.use, "options": row.options} for row in config.providers],
        "schema": config.schema,
        "model": config.model,
        "export": config.export,
        "strict": config.strict,
    }
    # What is built in does not ask the application, so nothing of it decides the answer.
    foreign = bool(config.model) or any(
        ":" in row.use or row.use == "python" for row in config.providers
    )
    keys = [f"{row.name} {row.key}" for row in release.layers if foreign or row.name != "app"]
    answer = release_python.ask(release, "providers", question, decided_by=keys)
    if answer["errors"]:
        lines = [f"{row['path']}: {row['message']}" for row in answer["errors"]]
        raise SettingsError("\n".join(lines))
    if config.model and config.strict:
        check_references(release.settings, answer["schema"], f"the model {config.model}")
    return {
        "providers": answer["providers"],
        "schema": answer["schema"],
        "model": config.model,
        "export": config.export,
        "strict": config.strict,
    }


def _with_own(
    release: Release, layers: tuple[Layer, ...], own: tuple[Entry, ...]
) -> tuple[Layer, ...]:
    """The layers; ``release``, the last, has what no other brought and the list of digests, too."""
    sums = cache.look(release.tree / layout.SUMS, layout.SUMS)
    ours = next(layer for layer in layers if layer.name == OWN)
    entries = tuple(sorted((*ours.entries, *own, sums), key=lambda entry: entry.path))
    rows = (f"{row.path} {row.mode:o} {row.sha256}{row.link or ''}" for row in entries)
    last = replace(ours, key=cache.key(*rows), cached=False, entries=entries)
    return (*(layer for layer in layers if layer is not ours), last)
