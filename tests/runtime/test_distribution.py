"""relforge-runtime, the distribution for development: alone, and beside relforge (P58)."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import relforge
from relforge.tree import extraction

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).parents[2]
RUNTIME = CHECKOUT / "packages" / "relforge-runtime"
SETTINGS = """
[tool.relforge.config]
providers = [{ use = "toml", path = "settings.toml" }, { use = "env", prefix = "SHOP_" }]
schema."http.port" = { type = "int" }
schema."db.url" = { type = "url", required = true, secret = true }
schema."mail.sender" = {}
export = { DATABASE_URL = "db.url" }
"""
ASK = (
    "import os\n"
    "from relforge.runtime import config\n"
    "print(config.http.port, config['mail.sender'], os.environ['DATABASE_URL'])"
)


def wheel(source: Path, to: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", to, source],
        check=True,
        capture_output=True,
    )
    (made,) = to.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(RUNTIME, tmp_path_factory.mktemp("runtime"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing in it, and no pip: the tests' own installs into it."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    def pip(self, *words: str | Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.python, "-q", *words]
        subprocess.run(pip, check=True, capture_output=True)

    def install(self, made: Path) -> None:
        self.pip("install", "--no-index", "--no-deps", made)

    def say(self, code: str, cwd: Path, **environ: str) -> str:
        done = subprocess.run(
            [self.python, "-c", code],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    return Environment(tmp_path / "venv")


def test_p58_alone_it_reads_the_configuration_of_a_project(
    tmp_path: Path, environment: Environment, runtime: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "settings.toml").write_text("http.port = 81\nmail.sender = 'a@b.example'\n")
    environment.install(runtime)

    url = "sqlite:///x"
    assert f"81 a@b.example {url}" == environment.say(ASK, tmp_path, SHOP_DB__URL=url)


def test_p58_it_depends_on_nothing_and_holds_the_sources_as_they_are(runtime: Path) -> None:
    with zipfile.ZipFile(runtime) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        head = archive.read(metadata).decode()
        sources = CHECKOUT / "relforge" / "runtime"
        rows = {path.relative_to(sources).as_posix() for path in sources.rglob("*.py")}
        inside = {name.split("/relforge/runtime/")[1] for name in names if name.endswith(".py")}
    assert "Requires-Dist" not in head
    assert f"\nVersion: {relforge.__version__}\n" in head
    assert rows == inside


def test_p58_either_is_installed_and_removed_beside_the_other(
    tmp_path: Path, environment: Environment, runtime: Path
) -> None:
    builder = wheel(CHECKOUT, tmp_path / "builder")
    where = "import relforge.runtime; print(relforge.runtime.__file__)"
    whole = "import relforge; print(relforge.__version__); " + where
    environment.install(runtime)
    environment.install(builder)

    version, file = environment.say(whole, tmp_path).split()
    assert relforge.__version__ == version
    assert "/site-packages/relforge/runtime/" in file  # the builder's own, of one version with it
    environment.pip("uninstall", "-y", "relforge-runtime")
    assert file == environment.say(where, tmp_path)
    environment.install(runtime)
    environment.pip("uninstall", "-y", "relforge")
    assert "/_relforge_runtime/relforge/runtime/" in environment.say(where, tmp_path)


def test_p58_its_source_archive_makes_the_same_wheel(tmp_path: Path, runtime: Path) -> None:
    made = tmp_path / "sdist"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--sdist",
        "-o",
        made,
        RUNTIME,
    ]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = made.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        extraction.extract(file, tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()

    again = wheel(source, tmp_path / "again")

    with zipfile.ZipFile(runtime) as one, zipfile.ZipFile(again) as other:
        assert one.namelist() == other.namelist()
        assert [row.CRC for row in one.infolist()] == [row.CRC for row in other.infolist()]
