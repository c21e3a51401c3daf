"""Locks that another tool, or anybody, wrote."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from relforge.layers.deps import lockfiles
from relforge.support.errors import UserError
from tests import builder
from tests.faults.fuzz.drawn import documents
from tests.faults.profiles import fuzzed

HASH = "a" * 64
LOCKS = {
    "requirements.txt": f"""\
--index-url https://example.org/simple
flask[async]==3.0.0 ; python_version >= "3.11" \\
    --hash=sha256:{HASH}
    # via shop
click @ https://example.org/click-8.1.7-py3-none-any.whl --hash=sha256:{HASH}
-e ./lib
""",
    "pylock.toml": f"""\
lock-version = "1.0"
created-by = "relforge"
requires-python = ">=3.11"
[[packages]]
name = "flask"
version = "3.0.0"
marker = "python_version >= '3.11'"
index = "https://example.org/simple"
wheels = [{{ name = "flask-3.0.0-py3-none-any.whl", url = "https://e.org/f", \
hashes = {{ sha256 = "{HASH}" }} }}]
[[packages]]
name = "lib"
directory = {{ path = "lib", editable = true }}
[[packages]]
name = "x"
vcs = {{ type = "git", url = "https://e.org/x.git", commit-id = "{HASH[:40]}" }}
""",
    "uv.lock": f"""\
version = 1
revision = 2
requires-python = ">=3.11"
[[package]]
name = "shop"
version = "1.0"
source = {{ editable = "." }}
dependencies = [{{ name = "flask", extra = ["async"], marker = "sys_platform == 'linux'" }}]
[[package]]
name = "flask"
version = "3.0.0"
source = {{ registry = "https://example.org/simple" }}
wheels = [{{ url = "https://e.org/flask-3.0.0-py3-none-any.whl", hash = "sha256:{HASH}" }}]
""",
    "poetry.lock": f"""\
[[package]]
name = "flask"
version = "3.0.0"
optional = false
python-versions = ">=3.8"
groups = ["main"]
files = [{{file = "flask-3.0.0-py3-none-any.whl", hash = "sha256:{HASH}"}}]
[package.dependencies]
click = ">=8.1"
[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "{HASH}"
""",
    "pdm.lock": f"""\
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:{HASH}"
[[package]]
name = "flask"
version = "3.0.0"
groups = ["default"]
files = [{{file = "flask-3.0.0-py3-none-any.whl", hash = "sha256:{HASH}"}}]
""",
    "Pipfile.lock": f"""\
{{"_meta": {{"hash": {{"sha256": "{HASH}"}}, "pipfile-spec": 6, "sources": []}},
 "default": {{"flask": {{"hashes": ["sha256:{HASH}"], "version": "==3.0.0"}}}}, "develop": {{}}}}
""",
}


def read(name: str, data: bytes) -> bool:
    """Whether it is taken; nothing but a refusal in words is raised."""
    root = Path(tempfile.mkdtemp())
    try:
        (root / "lib").mkdir()
        (root / name).write_bytes(data)
        lockfiles.read(root / name, builder.project(root))
    except UserError as error:
        # The lock, or a file that it includes.
        assert name in error.message or str(root) in error.message, error.message
        return False
    else:
        return True
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_edited_is_taken_when_it_is_whole(name: str) -> None:
    assert read(name, LOCKS[name].encode())


@fuzzed(300, documents(LOCKS["requirements.txt"]))
def test_requirements(data: bytes) -> None:
    read("requirements.txt", data)


@fuzzed(300, documents(LOCKS["pylock.toml"]))
def test_pylock(data: bytes) -> None:
    read("pylock.toml", data)


@fuzzed(
    300,
    st.sampled_from(["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"]).flatmap(
        lambda name: st.tuples(st.just(name), documents(LOCKS[name]))
    ),
)
def test_locks_of_other_tools(row: tuple[str, bytes]) -> None:
    read(*row)
