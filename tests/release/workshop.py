"""A small project, and `relforge` run on it as its user does: a process, its output, its status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

RELFORGE = [sys.executable, "-m", "relforge"]
PYTHON = f"3.{sys.version_info.minor}"  # one that is here for certain
SOURCE_DATE = "1700000000"
PATIENCE = 240  # seconds; a build with an empty cache on a slow machine takes a tenth of it
FILES = {
    "pyproject.toml": f"""\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"

[tool.relforge]
python = {{ version = "{PYTHON}" }}
app = ["shop"]

[tool.relforge.services.worker]
run = "shop.worker:main"

[tool.relforge.commands.hello]
call = "shop.ops:hello"
argv = true
help = "say hello"
""",
    "shop/__init__.py": "",
    "shop/ops.py": "import sys\n\ndef hello():\n    print('hello', *sys.argv[1:])\n",
    "shop/worker.py": """\
import signal

from relforge.runtime import ready


def main():
    ready()
    signal.pause()
""",
}
OTHER_USER = 65534


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A project's directory, and what `relforge` sees when it runs there."""

    root: Path
    cache: Path
    env: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()  # what runs relforge: `setpriv ...`

    @property
    def pyproject(self) -> Path:
        return self.root / "pyproject.toml"

    @property
    def tree(self) -> Path:
        return self.root / "_build" / "prod" / "shop-1.0"

    @property
    def variables(self) -> dict[str, str]:
        own = {"RELFORGE_CACHE_DIR": str(self.cache), "SOURCE_DATE_EPOCH": SOURCE_DATE}
        return {**os.environ, **own, **self.env}

    def given(self, **env: str) -> Workshop:
        return replace(self, env={**self.env, **env})

    def put(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def add(self, settings: str) -> None:
        self.pyproject.write_text(f"{self.pyproject.read_text()}\n{settings}\n")

    def replace(self, old: str, new: str) -> None:
        text = self.pyproject.read_text()
        assert old in text
        self.pyproject.write_text(text.replace(old, new))

    def words(self, *words: str) -> list[str]:
        return [*self.before, *RELFORGE, *words, "--project", str(self.root)]

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(
            self.words(*words),
            **{"cwd": "/", "env": self.variables, **pipes, **options},
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def popen(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            self.words(*words), **{"env": self.variables, **pipes, **options}, text=True
        )

    def report(self, *words: str) -> dict[str, Any]:
        """The JSON of a command that has to succeed."""
        done = self.run(*words, "--json")
        assert 0 == done.returncode, done.stderr[-4000:]
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, code: int, *words: str) -> str:
        """What a command says that must fail with that code, in one clear paragraph."""
        done = self.run(*words)
        assert code == done.returncode, done.stdout + done.stderr
        assert "" == done.stdout
        assert "relforge/cli" not in done.stderr, "a traceback of relforge's own"
        assert 1 == f"\n{done.stderr}".count("\nerror: "), done.stderr
        return done.stderr

    def files(self) -> set[str]:
        """What is in the project, but for what every build leaves."""
        kept = {"_build", "_build/.gitignore", "_build/prod", "_build/prod/.lock"}
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")} - kept


def make(root: Path, cache: Path) -> Workshop:
    shop = Workshop(root=root, cache=cache)
    for path, text in FILES.items():
        shop.put(path, text)
    return shop


def called(program: Path, *words: str, **env: str) -> str:
    """What a program of a release prints that has to succeed."""
    done = subprocess.run(
        [program, *words],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def as_other_user(shop: Workshop, home: Path) -> Workshop:
    """The same as a user who owns nothing; it may read what root may, interpreters for one."""
    program = shutil.which("setpriv")
    assert program, "util-linux has it"
    home.mkdir()
    os.chown(home, OTHER_USER, OTHER_USER)
    rights = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
    rights.append("--securebits=+no_setuid_fixup")  # access(2) then knows of it, too
    user = (f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups")
    env = {"HOME": str(home), "USER": "other", "LOGNAME": "other"}
    return replace(shop, before=(program, *rights, *user), env={**shop.env, **env})
