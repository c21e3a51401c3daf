"""Assets: declared inputs in, fingerprinted outputs out."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relforge import cache
from relforge.layers.assets import fingerprint
from relforge.layers.assets import step as assets
from relforge.layers.runtime import step as runtime_files
from relforge.model.release import Layer, Release
from relforge.model.spec import AssetSettings, CheckSettings, ConfigSettings
from relforge.support.errors import UserError
from tests import builder

COPY = "mkdir -p dist && cp app.css logo.svg dist/"


def prepared(root: Path, command: str = COPY, **changes: Any) -> Release:
    directory = root / "assets"
    directory.mkdir(exist_ok=True)
    (directory / "app.css").write_text("a { background: url('logo.svg') }")
    (directory / "logo.svg").write_text("<svg/>")
    values: dict[str, Any] = {
        "run": (("sh", "-c", command),),
        "cwd": "assets",
        "inputs": ("assets/**",),
        "outputs": (("assets/dist", "app/static"),),
        "digest": True,
    }
    layer = Layer(name="app", key="k", cached=True, seconds=0.0)
    release = builder.release(
        root,
        assets=AssetSettings(**{**values, **changes}),
        layers=(layer,),
    )
    release.tree.mkdir(parents=True, exist_ok=True)
    return release


@pytest.mark.process
def test_outputs_are_fingerprinted_and_listed(own_cache: Path, tmp_path: Path) -> None:
    built = assets.step(prepared(tmp_path))
    static = built.tree / "app" / "static"
    names = json.loads((static / fingerprint.MANIFEST).read_text())
    assert {"app.css", "logo.svg"} == set(names)
    data = (static / names["app.css"]).read_bytes()
    assert names["app.css"] == f"app-{cache.digest(data)[:8]}.css"
    assert f"url('{names['logo.svg']}')" in data.decode(), "references follow the names"
    assert "app/static/app.css" in built.layers[0].paths


@pytest.mark.process
def test_the_project_stays_as_it_is(own_cache: Path, tmp_path: Path) -> None:
    release = prepared(tmp_path)
    before = sorted(path for path in tmp_path.rglob("*") if "_build" not in path.parts)
    assets.step(release)
    after = sorted(path for path in tmp_path.rglob("*") if "_build" not in path.parts)
    assert before == after


@pytest.mark.process
def test_unchanged_inputs_run_nothing(own_cache: Path, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    command = f"echo run >> '{counter}' && {COPY}"
    assert not assets.step(prepared(tmp_path, command)).layers[0].cached
    again = assets.step(prepared(tmp_path, command))
    assert again.layers[0].cached
    assert "run\n" == counter.read_text()
    (tmp_path / "assets" / "logo.svg").write_text("<svg><g/></svg>")


@pytest.mark.process
def test_a_changed_input_changes_the_layers_key(own_cache: Path, tmp_path: Path) -> None:
    first = assets.step(prepared(tmp_path)).layers[0].key
    release = prepared(tmp_path)
    (tmp_path / "assets" / "app.css").write_text("b {}")
    assert first != assets.step(release).layers[0].key


@pytest.mark.process
def test_a_failing_command_shows_its_output_and_leaves_nothing(
    own_cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        assets.step(prepared(tmp_path, "echo this is why; exit 3"))
    assert "tool.relforge.assets.run[0]" in caught.value.message
    assert "this is why" in caught.value.message
    assert "status 3" in caught.value.message
    assert [] == list((own_cache / "trees" / "assets").iterdir())


@pytest.mark.process
def test_a_missing_program_is_named(own_cache: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no-such-program"):
        assets.step(prepared(tmp_path, run=(("no-such-program", "x"),)))


@pytest.mark.process
def test_a_missing_output_is_named(own_cache: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did not create the directory 'assets/dist'"):
        assets.step(prepared(tmp_path, "true"))


def test_inputs_that_match_nothing_are_an_error(own_cache: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file matches nothing"):
        assets.step(prepared(tmp_path, inputs=("nothing/**",)))


@pytest.mark.process
def test_a_command_can_run_the_interpreter_of_the_release(own_cache: Path, tmp_path: Path) -> None:
    code = """
import os
from relforge.runtime import config
os.mkdir("dist")
with open("dist/x", "w") as file:
    print(os.environ["COLOUR"], os.environ["SHADE"], config["size"], config["wait"], file=file)
"""
    # What relforge.pth does in a real release.
    runtime = tmp_path / "_build" / "prod" / ".shop-1.0.draft" / "runtime"
    env = {"COLOUR": "red", "PYTHONPATH": str(runtime)}
    release = prepared(tmp_path, run=(("{python}", "-c", code),), env=env)
    schema: dict[str, dict[str, Any]] = {
        "size": {"type": "int", "default": 3},
        "wait": {"type": "duration", "default": "1m"},
    }
    settings = replace(
        release.settings,
        config=ConfigSettings(schema=schema),
        check=CheckSettings(config={"size": 4}, env={"SHADE": "dark"}),
    )
    python = replace(release.python, origin=Path(sys.executable))
    release = replace(release, settings=settings, python=python)
    program = release.tree / release.python.executable
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    release = runtime_files.step(release)
    built = assets.step(release)
    assert "red dark 4 60.0\n" == (built.tree / "app" / "static" / "x").read_text()
    assert assets.step(release).layers[0].cached
    other = replace(release, layers=(replace(release.layers[0], key="other"),))
    assert not assets.step(other).layers[0].cached, "the layers below decide what it does"
    assert not list(tmp_path.glob("assets/__pycache__"))


def test_what_vite_has_named_keeps_its_name(tmp_path: Path) -> None:
    chunks = {"src/main.js": {"file": "assets/main-Ab1.js", "css": ["assets/main-Cd2.css"]}}
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(chunks))
    (tmp_path / "assets").mkdir()
    for name in ("assets/main-Ab1.js", "assets/main-Cd2.css", "robots.txt"):
        (tmp_path / name).write_text(name)
    fingerprint.add(tmp_path)
    names = json.loads((tmp_path / fingerprint.MANIFEST).read_text())
    assert "assets/main-Ab1.js" == names["src/main.js"] == names["assets/main-Ab1.js"]
    assert 2 == len(list((tmp_path / "assets").iterdir()))
    assert names["robots.txt"] != "robots.txt"


def test_the_manifest_of_a_web_app_is_no_vites(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "shop", "icons": []}')
    fingerprint.add(tmp_path)
    names = json.loads((tmp_path / fingerprint.MANIFEST).read_text())
    assert names["manifest.json"] != "manifest.json"


def test_a_program_that_is_not_there_is_refused_before_anything_runs(
    own_cache: Path, tmp_path: Path
) -> None:
    # P39
    release = prepared(tmp_path, run=(("sh", "-c", COPY), ("no-such-pnpm", "install")))
    with pytest.raises(UserError) as caught:
        assets.check(release)
    assert "tool.relforge.assets.run[1]: `no-such-pnpm` is not on PATH" in str(caught.value.message)
    assert not (tmp_path / "assets" / "dist").exists()
    assets.check(prepared(tmp_path, run=(("./made-later", "x"), ("{python}", "x"))))
    assets.check(prepared(tmp_path, run=(), outputs=()))


@pytest.mark.process
def test_what_was_compiled_before_needs_no_program(own_cache: Path, tmp_path: Path) -> None:
    # P39
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pack-css").write_text(f"#!/bin/sh\n{COPY}\n")
    (tools / "pack-css").chmod(0o755)
    run = (("pack-css",),)
    env = {"PATH": f"{tools}:/usr/bin:/bin"}
    assets.step(prepared(tmp_path, run=run, env=env))
    (tools / "pack-css").unlink()
    assets.check(prepared(tmp_path, run=run, env=env))
