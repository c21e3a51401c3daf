"""What a user gets wrong: one paragraph that names the place, a hint, the right exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.release.workshop import PYTHON, Workshop, as_other_user

pytestmark = pytest.mark.release

SETTINGS = {
    "an unknown key": ('app = ["shop"]', 'ap = ["shop"]', "tool.relforge.ap: unknown key", "`app`"),
    "an unknown key of a service": (
        'run = "shop.worker:main"',
        'run = "shop.worker:main"\nlisen = []',
        "tool.relforge.services.worker.lisen: unknown key",
        "did you mean `listen`?",
    ),
    "an unknown key of the environment": (
        "[tool.relforge.services.worker]",
        "[tool.relforge.env.prod]\npython.striip = true\n[tool.relforge.services.worker]",
        "tool.relforge.env.prod.python.striip: unknown key",
        "did you mean `strip`?",
    ),
    "a wrong type": (
        'app = ["shop"]',
        'app = "shop"',
        'such as { root = "src", include = ["mysite"] }, found a string (\'shop\')',
        "",
    ),
    "a number in quotes": (
        'run = "shop.worker:main"',
        'run = "shop.worker:main"\ninstances = "2"',
        "tool.relforge.services.worker.instances: expected a whole number, found a string ('2')",
        "",
    ),
    "a name that is a path": (
        "[tool.relforge]",
        '[tool.relforge]\nname = "../evil"',
        "tool.relforge.name: '../evil' is not valid as a name",
        "",
    ),
    "a name too long for a file": (
        "[tool.relforge]",
        f'[tool.relforge]\nname = "{"a" * 300}"',
        "tool.relforge.name:",
        "at most 100",
    ),
    "a version that is a path": (
        'version = "1.0"',
        'version = "1/0"',
        "tool.relforge.version: '1/0' cannot be part of a path",
        "",
    ),
    "a Python that is no version": (
        f'"{PYTHON}"',
        '"three"',
        "tool.relforge.python.version: 'three' is not a version such as \"3.12\"",
        "",
    ),
    "a Python that is too old": (
        f'"{PYTHON}"',
        '"3.8"',
        'tool.relforge.python.version: "3.8" is too old',
        "3.11 or newer",
    ),
    "a Python that the project does not support": (
        '">=3.11"',
        '">=3.99"',
        'the project requires ">=3.99" (project.requires-python)',
        "change one of the two",
    ),
    "a server that relforge does not know": (
        'run = "shop.worker:main"',
        'app = "shop.web:app"\nserver = "uvicron"\nlisten = ["127.0.0.1:0"]',
        "tool.relforge.services.worker.server: 'uvicron' is none of",
        "did you mean `uvicorn`?",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_are_refused_before_anything_is_written(shop: Workshop, case: str) -> None:
    old, new, message, hint = SETTINGS[case]
    shop.replace(old, new)
    before = {path: path.lstat().st_mtime_ns for path in shop.root.rglob("*")}
    said = shop.refused(78, "build")
    assert message in said
    assert hint in said
    assert before == {path: path.lstat().st_mtime_ns for path in shop.root.rglob("*")}


def test_a_directory_without_a_project(shop: Workshop) -> None:
    shop.pyproject.unlink()
    said = shop.refused(78, "build")
    assert f"{shop.root}: no pyproject.toml" in said
    assert "--project DIR" in said
    assert "no such directory" in replace(shop, root=shop.root / "no").refused(78, "build")


def test_toml_that_is_not_valid_is_named_with_its_line(shop: Workshop) -> None:
    shop.pyproject.write_text('[project]\nname = "shop"\nversion = \n')
    assert f"{shop.pyproject}:3: not valid TOML: " in shop.refused(78, "build")


def test_an_environment_that_is_not_there(shop: Workshop) -> None:
    said = shop.refused(78, "build", "--env", "prd")
    assert "--env prd: no such environment" in said
    assert "did you mean `--env prod`?" in said


def test_an_environment_whose_name_is_a_path(shop: Workshop) -> None:
    shop.add('[tool.relforge.env."../out"]')
    assert "--env ../out: not a valid name" in shop.refused(78, "build", "--env", "../out")
    assert not (shop.root / "out").exists()


@pytest.mark.parametrize("value", ["yesterday", "", "-1", "²", "9" * 14])
def test_a_source_date_that_is_no_time(shop: Workshop, value: str) -> None:
    said = shop.given(SOURCE_DATE_EPOCH=value).refused(78, "build")
    assert f"SOURCE_DATE_EPOCH={value}: expected a whole number of seconds since 1970" in said
    assert "at most 8589934591 (in the year 2242)" in said  # B17


@pytest.mark.parametrize("words", [("build", "--nope"), ("bild",)])
def test_usage(shop: Workshop, words: tuple[str, ...]) -> None:
    done = shop.run(*words)
    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert "Try 'relforge" in done.stderr.replace("python -m relforge", "relforge")


def test_an_interpreter_that_is_not_here(shop: Workshop) -> None:
    shop.replace(f'"{PYTHON}"', '"3.99"')
    said = shop.refused(1, "build")
    assert 'tool.relforge.python.version: no CPython "3.99" on this host' in said
    assert "looked in: " in said
    assert "pyenv install 3.99" in said


DEPENDENCY = 'requires-python = ">=3.11"\ndependencies = ["click>=8"]'


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (None, "the project has dependencies but no lockfile"),
        ("flask==3.0", "requirements.lock has no click: the lockfile does not match"),
        ("click==7.0", "requirements.lock has click==7.0 (requirements.lock:1): the lock"),
        ("click 7", "requirements.lock:1: 'click 7"),
    ],
)
def test_a_lock_that_does_not_fit(shop: Workshop, lock: str | None, message: str) -> None:
    shop.replace('requires-python = ">=3.11"', DEPENDENCY)
    if lock:
        shop.put("requirements.lock", f"{lock} --hash=sha256:{'0' * 64}\n")
    said = shop.refused(1, "build")
    assert message in said
    assert "relforge lock" in said


def test_a_package_without_a_hash_is_refused(shop: Workshop) -> None:
    shop.replace('requires-python = ">=3.11"', DEPENDENCY)
    shop.put("requirements.lock", "click==8.1.7\n")
    assert "requirements.lock:1: `click==8.1.7` has no hash" in shop.refused(1, "build")


def test_a_hash_that_does_not_match(shop: Workshop) -> None:
    before = shop.files()
    shop.replace('requires-python = ">=3.11"', DEPENDENCY)
    shop.put("requirements.lock", f"click==8.1.7 --hash=sha256:{'0' * 64}\n")
    said = shop.refused(1, "build")
    assert "click==8.1.7" in said
    assert "hash does not match" in said
    assert "0" * 64 in said, "what the lock allows"
    assert before | {"requirements.lock"} == shop.files()


ASSETS = """\
[tool.relforge.assets]
run = [{run}]
inputs = ["shop/**"]
outputs = {{ "made" = "app/static" }}
"""


@pytest.mark.parametrize(
    ("run", "messages"),
    [
        (
            '["sh", "-c", "echo one; echo no such module >&2; exit 3"]',
            ("tool.relforge.assets.run[0]: `sh -c", "ended with status 3", "no such module"),
        ),
        ('["nosuch"]', ("`nosuch` is not on PATH", "install nosuch")),
        ('["true"]', ("assets.outputs: the commands did not create the directory 'made'",)),
    ],
)
def test_an_asset_command_that_fails_shows_its_output(
    shop: Workshop, run: str, messages: tuple[str, ...]
) -> None:
    before = shop.files()
    shop.add(ASSETS.format(run=run))
    said = shop.refused(1, "build")
    for message in messages:
        assert message in said
    assert before == shop.files()


def test_an_entry_point_that_does_not_import(shop: Workshop) -> None:
    shop.put("shop/worker.py", "from shop import deeper\n")
    shop.put("shop/deeper.py", "import os\n\nURL = os.environ['DB_URL']\n")
    before = shop.files()
    said = shop.refused(1, "build")
    assert "tool.relforge.services.worker.run: importing 'shop.worker' fails:\n" in said
    assert 'File "app/shop/worker.py", line 1, in <module>' in said
    assert 'File "app/shop/deeper.py", line 3, in <module>' in said
    assert "KeyError: 'DB_URL'" in said
    assert "importlib" not in said, "the traceback is the user's alone"
    assert "selfcheck" not in said
    for way_out in ("check = { env = {...}, config = {...} }", "check.import = false"):
        assert way_out in said
    assert before == shop.files()


@pytest.mark.parametrize(
    ("target", "messages"),
    [
        ("shop.wrker:main", ("No module named 'shop.wrker'", "the spelling of its name")),
        ("shop.worker:mian", ("'shop.worker' has no attribute 'mian'",)),
    ],
)
def test_an_entry_point_that_is_not_there(
    shop: Workshop, target: str, messages: tuple[str, ...]
) -> None:
    shop.replace("shop.worker:main", target)
    said = shop.refused(1, "build")
    for message in ("tool.relforge.services.worker.run: ", *messages):
        assert message in said


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was killed by SIGSEGV"),
        ("os._exit(0)", "ended with status 0"),
    ],
)
def test_an_entry_point_that_takes_the_interpreter_down(
    shop: Workshop, code: str, message: str
) -> None:
    shop.put("shop/worker.py", f"import os, signal\n{code}\n")
    said = shop.refused(1, "build")
    assert message in said
    assert "check.import = false" in said
    if "SIGSEGV" in message:
        assert 'File "app/shop/worker.py", line 2' in said


def test_a_server_that_is_not_among_the_dependencies(shop: Workshop) -> None:
    shop.replace('run = "shop.worker:main"', 'app = "shop.ops:hello"\nlisten = ["127.0.0.1:0"]')
    said = shop.refused(1, "build")
    assert "services.worker.server: uvicorn is not in the release's dependencies" in said
    assert "add uvicorn to `project.dependencies`, then run: relforge lock" in said


CONFIG = {
    "a provider that is not there": (
        'providers = [{ use = "tolm" }]',
        ("config.providers[0].use: no provider 'tolm'; did you mean toml?",),
    ),
    "libraries that the lock lacks, all at once": (
        (
            'model = "shop.ops:hello"\n'
            'providers = [{ use = "yaml", path = "/x" }, { use = "vault", path = "x" }]'
        ),
        (
            "config.model: `model` needs pydantic, which is not in the lockfile",
            'config.providers[0]: the provider "yaml" needs pyyaml, which is not in the lockfile',
            'config.providers[1]: the provider "vault" needs hvac',
            "add 'hvac' to project.dependencies, then: relforge lock",
        ),
    ),
    "bad options, all at once": (
        'providers = [{ use = "toml" }, { use = "env", prefx = "X" }]',
        ("config.providers[0].path: missing", "config.providers[1].prefx: unknown option"),
    ),
    "a bad schema, all at once": (
        'schema = { "http.port" = { type = "integer" }, y = { type = "int", default = "a" } }',
        ("schema.\"http.port\".type: no type 'integer'", 'schema."y".default: expected'),
    ),
    "an export of what is not there": (
        'export = { DB = "db.ulr" }\nschema = { "db.url" = { type = "url" } }',
        ("config.export.DB: the schema has no key 'db.ulr'; did you mean db.url?",),
    ),
}


@pytest.mark.parametrize("case", CONFIG)
def test_configuration_that_cannot_work(shop: Workshop, case: str) -> None:
    text, messages = CONFIG[case]
    before = shop.files()
    shop.add(f"[tool.relforge.config]\n{text}")
    said = shop.refused(78, "build")
    for message in messages:
        assert message in said
    assert before == shop.files()


def test_an_unknown_variable_of_a_template_is_named_with_its_line(shop: Workshop) -> None:
    shop.put("motd.j2", "welcome to\n{{ nmae }}\n")
    shop.add('[[tool.relforge.overlays]]\ntemplate = "motd.j2"\nto = "app/motd"')
    said = shop.refused(1, "build")
    assert f"tool.relforge.overlays[0].template: {shop.root}/motd.j2:2: 'nmae' is undefined" in said
    assert "a template can use: env, name, " in said


@pytest.mark.parametrize("name", ["dist", "_build", "_build/prod"])
def test_a_file_where_a_directory_should_be(shop: Workshop, name: str) -> None:
    shop.put(name, "mine")
    before = set(shop.root.rglob("*"))
    said = shop.refused(1, "release")
    assert f"{shop.root / name}: relforge needs a directory of that name" in said
    assert "mv " in said
    assert before == set(shop.root.rglob("*"))


def test_a_project_of_somebody_else(shop: Workshop, tmp_path: Path) -> None:
    other = as_other_user(shop, tmp_path / "home")
    own = replace(other, cache=tmp_path / "home" / "cache")
    said = own.refused(1, "build")
    assert f"{shop.root}/_build" in said
    assert "Permission denied" in said
    assert "run as a user with read and write permission there" in said
    (shop.root / "_build").mkdir(mode=0o777)
    (shop.root / "_build").chmod(0o777)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    said = replace(other, cache=closed).refused(1, "build")
    assert f"{closed}" in said
    assert "RELFORGE_CACHE_DIR" in said
    assert not shop.tree.exists()


Disk = Callable[[Path, str], None]


def full(shop: Workshop, disk: Disk, directory: Path, size: str) -> str:
    """What is said when that directory's disk is full; then there is room, and it succeeds."""
    disk(directory, size)
    said = shop.refused(1, "release")
    assert "No space left on device" in said, said
    assert str(directory) in said, "the place that is full"
    assert "free some space" in said
    assert not list((shop.root / "dist").glob("*.tar.gz"))
    assert not list((shop.root / "dist").glob(".*"))
    assert not list((shop.root / "_build" / "prod").glob(".*.draft"))
    disk(directory, "900m")
    shop.report("release")
    return said


@pytest.mark.parametrize("size", ["40k", "15m", "40m"])
def test_no_room_for_the_tree(shop: Workshop, disk: Disk, size: str) -> None:
    full(shop, disk, shop.root / "_build", size)


def test_no_room_for_the_artifact(shop: Workshop, disk: Disk) -> None:
    full(shop, disk, shop.root / "dist", "2m")


def test_no_room_for_the_first_bytes_of_the_cache(shop: Workshop, disk: Disk) -> None:
    cold = replace(shop, cache=shop.root.parent / "cold")
    disk(cold.cache, "4k")
    said = cold.refused(1, "build")
    assert f"{cold.cache}" in said
    assert "No space left on device" in said


def test_no_room_for_the_cache(shop: Workshop, disk: Disk, built: Workshop) -> None:
    cold = replace(shop, cache=shop.root.parent / "cold")
    full(cold, disk, cold.cache, "40m")
    first, second = (
        next((root / "dist").iterdir()).read_bytes() for root in (built.root, cold.root)
    )
    assert first == second, "nothing that was only half written is in it"
    shutil.rmtree(cold.root)


def test_a_disk_where_nothing_can_be_run(shop: Workshop) -> None:
    """B17: of the project, so that the release cannot look at itself."""
    if os.geteuid() != 0:
        pytest.skip("it needs root: mount")
    directory = shop.root / "_build"
    directory.mkdir()
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "noexec,size=200m", "none", directory]
    subprocess.run(mount, check=True, timeout=30)
    try:
        said = shop.refused(1, "build")
    finally:
        subprocess.run(["umount", "-l", directory], check=True, timeout=30)
    assert "cannot be started" in said
    assert "is on a file system mounted noexec, from which no program can run" in said
