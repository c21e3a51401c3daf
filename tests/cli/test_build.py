"""What `build` and `release` print: one JSON object, plain lines, or a display on a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pexpect
import pytest

from relforge.pipeline.steps import STEPS, Phase
from tests.release.workshop import PATIENCE, Workshop

pytestmark = pytest.mark.release

CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"
COMMON = {"name", "version", "env", "target", "sha256", "size", "layers", "notes", "findings"}
BUILT = [row.name for row in STEPS if row.phase is not Phase.PACK]


def cached(report: dict[str, Any]) -> dict[str, bool]:
    return {row["name"]: row["cached"] for row in report["layers"]}


def test_json_of_a_release(shop: Workshop) -> None:
    report = shop.report("release")
    artifact = Path(report["artifact"])
    assert COMMON | {"artifact", "artifacts"} == report.keys()
    assert ("shop", "1.0", "prod") == (report["name"], report["version"], report["env"])
    assert report["target"].startswith(f"linux-{os.uname().machine}-glibc2.")
    assert f"shop-1.0-{report['target']}.tar.gz" == artifact.name
    assert hashlib.sha256(artifact.read_bytes()).hexdigest() == report["sha256"]
    assert artifact.stat().st_size == report["size"]
    assert ["python", "deps", "app", "release"] == [row["name"] for row in report["layers"]]
    for row in report["layers"]:
        assert {"name", "key", "cached", "seconds"} == row.keys()
        assert [str, str, bool, float] == [type(value) for value in row.values()]


def test_json_of_a_build(shop: Workshop) -> None:
    done = shop.run("build", "--json")
    report = json.loads(done.stdout)
    assert 1 == len(done.stdout.splitlines())
    assert COMMON | {"tree"} == report.keys()
    assert str(shop.tree) == report["tree"]
    assert report["size"] > 10_000_000
    sums = shop.tree / "release" / "SHA256SUMS"
    assert hashlib.sha256(sums.read_bytes()).hexdigest() == report["sha256"]
    assert not (shop.root / "dist").exists()


def test_what_did_not_change_comes_from_the_cache(shop: Workshop) -> None:
    shop.put("shop/own.py", "")  # so that no other test has built this application
    first = shop.report("build")
    assert {"python": True, "deps": True, "app": False} == drop_release(cached(first))
    again = shop.report("build")
    assert {"python": True, "deps": True, "app": True} == drop_release(cached(again))
    assert first["sha256"] == again["sha256"]
    shop.put("shop/own.py", "changed = True\n")
    changed = shop.report("build")
    assert {"python": True, "deps": True, "app": False} == drop_release(cached(changed))
    keys = [{row["name"]: row["key"] for row in one["layers"]} for one in (first, changed)]
    assert {"app"} == {name for name in ("python", "deps", "app") if keys[0][name] != keys[1][name]}


def drop_release(rows: dict[str, bool]) -> dict[str, bool]:
    return {name: value for name, value in rows.items() if name != "release"}


def test_results_go_to_stdout_and_plain_progress_to_stderr(shop: Workshop) -> None:
    done = shop.run("release", cwd=shop.root)
    assert 0 == done.returncode
    lines = done.stderr.splitlines()
    assert [*BUILT, "pack"] == [line.split()[0] for line in lines]
    assert "\x1b" not in done.stderr + done.stdout
    (artifact,) = (shop.root / "dist").iterdir()
    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    assert f"dist/{artifact.name}" in done.stdout.splitlines()
    for text in (f"sha256 {digest}", " MB, runs on linux-", "Next, on any host of that kind"):
        assert text in done.stdout
    for command in (f"tar -xzf {artifact.name}", "shop-1.0/bin/shop start"):
        assert f"  {command}" in done.stdout.splitlines()


def test_a_build_ends_with_what_to_type_next(shop: Workshop) -> None:
    done = shop.run("build", cwd=shop.root)
    assert BUILT == [line.split()[0] for line in done.stderr.splitlines()]
    for line in (
        "  _build/prod/shop-1.0/bin/shop help",
        "  _build/prod/shop-1.0/bin/shop start",
        "  relforge release --env prod",
    ):
        assert line in done.stdout.splitlines()


def test_quiet_prints_nothing_but_errors(shop: Workshop) -> None:
    done = shop.run("build", "--quiet")
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    shop.put("shop/worker.py", "1 / 0\n")
    done = shop.run("build", "--quiet")
    assert 1 == done.returncode
    assert done.stderr.startswith("error: tool.relforge.services.worker.run: ")
    quiet_json = shop.run("build", "--quiet", "--json")
    assert done.stderr == quiet_json.stderr
    answer = json.loads(quiet_json.stdout)
    assert "tool.relforge.services.worker.run" == answer["error"]["where"]
    (finding,) = answer["findings"]
    assert ("error", "entry-points") == (finding["severity"], finding["rule"])


def test_verbose_shows_what_the_steps_do(shop: Workshop) -> None:
    shop.put("shop/own.py", "verbose = True\n")
    done = shop.run("build", "--verbose", "--json")
    assert "boot_app.py check\n" in done.stderr, "the commands that ran"
    assert "import marshal" not in done.stderr, "no text of a program"
    assert "shop" == json.loads(done.stdout)["name"]


def test_a_terminal_gets_a_display(shop: Workshop) -> None:
    words = shop.words("build")
    env = {**shop.variables, "TERM": "xterm-256color"}
    child = pexpect.spawn(words[0], words[1:], env=env, timeout=PATIENCE, encoding="utf-8")
    child.expect(pexpect.EOF)
    child.close()
    assert 0 == child.exitstatus
    text = child.before or ""
    assert "\x1b[" in text
    positions = [text.index(f"  {name} ") for name in BUILT]
    assert sorted(positions) == positions


def test_ctrl_c_on_a_terminal(shop: Workshop) -> None:
    shop.add(
        '[tool.relforge.assets]\nrun = [["sleep", "100"]]\ninputs = ["shop/**"]\n'
        'outputs = { "o" = "app/static" }'
    )
    words = shop.words("build")
    env = {**shop.variables, "TERM": "xterm"}  # a bare host has none
    child = pexpect.spawn(words[0], words[1:], env=env, timeout=PATIENCE, encoding="utf-8")
    child.expect("libraries ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    said = child.before or ""
    assert "interrupted; nothing half-written was left behind" in said
    assert said.rfind(CURSOR_SHOWN) > said.rfind(CURSOR_HIDDEN)
    assert 130 == child.exitstatus
    assert not shop.tree.exists()


def test_a_reader_that_goes_away_is_no_reason_to_complain(shop: Workshop) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = shop.run("build", stdout=write)
    finally:
        os.close(write)
    assert 1 == done.returncode
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert shop.tree.exists()


def test_closed_streams_do_no_harm(shop: Workshop) -> None:
    words = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *shop.words("build", "--json")]
    done = subprocess.run(words, env=shop.variables, timeout=PATIENCE, check=False)
    assert 0 == done.returncode
    assert shop.tree.exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_device_at_stdout_is_an_error(shop: Workshop, unbuffered: str) -> None:
    with open("/dev/full", "w") as device:
        shop = shop.given(PYTHONUNBUFFERED=unbuffered)
        done = shop.run("config", "show", stdout=device)
    assert 1 == done.returncode
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
