"""Files that another process, user or version wrote, and a release reads."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from relforge.runtime import instance, paths
from relforge.runtime.contract import content, manifest
from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import lock
from relforge.runtime.versions import listing, live
from relforge.runtime.versions.journal import DeployJournal
from relforge.runtime.versions.place import DeployRoot
from tests.faults.fuzz.drawn import JSON, changed, documents
from tests.faults.profiles import fuzzed
from tests.runtime.conftest import MANIFEST, SERVICE

LOCK = {
    "pid": 4711,
    "run_dir": "/run/shop",
    "version": "1.0.0",
    "root": "/srv/shop/releases/1.0.0",
    "started": 1764180000.5,
    "mode": "daemon",
    "operation": None,
    "groups": [4712],
}
LINES = [
    {"at": 1.0, "op": "install", "version": "x", "state": "done", "old": "", "why": ""},
    {"at": 2.0, "op": "upgrade", "version": "1.0.0", "state": "begun", "old": "", "why": ""},
    {"at": 3.0, "op": "upgrade", "version": "1.0.0", "state": "failed", "old": "", "why": "no"},
    {"at": 4.0, "op": "rollback", "version": "1.0.0", "state": "done", "old": "2.0.0", "why": ""},
]
WHOLE = {**MANIFEST, "services": {"web": SERVICE}, "commands": {"x": {"call": "a:b"}}}


@contextmanager
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp())
    try:
        yield made
    finally:
        shutil.rmtree(made)


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@fuzzed(40, documents(dumped(LOCK)) | changed(LOCK).map(dumped) | JSON.map(dumped))
def test_the_lock_of_a_supervisor(data: bytes) -> None:
    with directory() as state:
        found = paths.Paths(root="/srv/x", state=str(state), run=str(state / "run"), log="/x")
        Path(found.lock).write_bytes(data)
        with open(found.lock, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert isinstance(lock.read(found.lock), dict)
            try:
                running = instance.running(found)
            except Refusal:
                return
            assert running is not None
            assert running.pid >= 0
            texts = [running.run, running.root, running.version, running.supervisor]
            assert all(isinstance(text, str) for text in texts)
            assert isinstance(live.operation(running), str)


@fuzzed(
    80,
    documents(b"".join(dumped(row) + b"\n" for row in LINES))
    | st.lists(changed(LINES[1]).map(dumped), max_size=5).map(b"\n".join),
)
def test_the_journal_of_a_deploy_root(data: bytes) -> None:
    with directory() as root:
        place = DeployRoot(str(root))
        os.makedirs(place.own)
        Path(place.journal).write_bytes(data)
        (root / "releases/1.0.0/release").mkdir(parents=True)
        (root / "releases/1.0.0/release/manifest.json").write_text("{}")
        journal = DeployJournal(place)
        assert all(isinstance(version, str) for version in journal.served())
        journal.unfinished()
        assert ["1.0.0"] == [row["version"] for row in listing.rows(place, journal)]
        assert listing.target(place, journal) in (None, "1.0.0")
        journal.write("upgrade", "1.0.0", "done")
        assert journal.lines[-1] == DeployJournal(place).lines[-1]


@fuzzed(200, documents(dumped(WHOLE)) | changed(WHOLE).map(dumped))
def test_the_manifest_of_a_release(data: bytes) -> None:
    with directory() as root:
        (root / "release").mkdir()
        (root / "release/manifest.json").write_bytes(data)
        for read in (manifest.load, content.read_manifest):
            try:
                read(str(root))
            except Refusal as refusal:
                assert "manifest.json" in refusal.message
