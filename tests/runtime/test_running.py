"""What keeps a program from being started."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.runtime import paths, running
from relforge.runtime.errors import FAILED, USAGE, Refusal

from .conftest import MiniRelease

TOO_BIG = OSError(errno.E2BIG, os.strerror(errno.E2BIG))


def test_a_variable_that_is_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """O18."""
    monkeypatch.setenv("RULES", "x" * 200_000)
    monkeypatch.setenv("OTHER", "x" * (running.MOST - len("OTHER=") - 1))
    refusal = running.not_begun(("nginx", "-g"), TOO_BIG)
    assert ("nginx: the variable RULES has 200006 bytes", FAILED) == (refusal.message, refusal.code)


def test_so_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = running.not_begun(("nginx", "x" * running.MOST), TOO_BIG)
    assert "nginx: word 1 has 131072 bytes" == refusal.message


def test_another_reason_is_the_systems() -> None:
    missing = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    assert "nginx: No such file or directory" == running.not_begun(("nginx",), missing).message


@pytest.mark.process
@pytest.mark.parametrize(("size", "fits"), [(131_072, False), (131_071, True)])
def test_the_limit_is_the_kernels(size: int, fits: bool) -> None:
    variables = {"X": "x" * (size - len("X="))}
    pid = os.fork()
    if not pid:
        try:
            os.execve("/bin/true", ["true"], variables)
        except OSError as error:
            os._exit(error.errno or 1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert (0 if fits else errno.E2BIG) == status
    assert fits == (size < running.MOST)


@pytest.mark.process
def test_the_log_names_the_variable_of_an_exported_key(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    (tmp_path / "x.toml").write_text(f'rules = "{"x" * 200_000}"\n')
    provider = {"use": "toml", "options": {}}
    config = {
        "providers": [{**provider, "state": {"path": str(tmp_path / "x.toml"), "optional": False}}],
        "schema": {"rules": {"type": "str"}},
        "export": {"RULES": "rules"},
    }
    service = {"kind": "exec", "target": ["sleep", "600"], "ready": "started"}
    release = mini_release(services={"it": service}, config=config)
    done = release.run("start")
    assert 1 == done.returncode
    assert "sleep: the variable RULES has 200006 bytes" in done.stderr


@pytest.mark.parametrize("name", ["RELEASE_STATE_DIR", "RELEASE_RUN_DIR", "RELEASE_LOG_DIR"])
@pytest.mark.parametrize("value", ["var", "./var", "~/var", ".", "var/../x"])
def test_a_directory_that_depends_on_where_one_is_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refusal) as caught:
        paths.of("/srv/shop", {name: value})
    assert (f"{name}={value}: not an absolute path", USAGE) == (
        caught.value.message,
        caught.value.code,
    )


def test_an_absolute_one_is_taken_without_detours() -> None:
    found = paths.of("/srv/shop", {"RELEASE_STATE_DIR": "/var//lib/../lib/shop/"})
    assert "/var/lib/shop" == found.state


@pytest.mark.parametrize("name", ["STATE_DIR", "RUN_DIR", "LOG_DIR", "INSTANCE"])
def test_a_variable_that_is_set_and_empty_is_not_one_that_is_unset(name: str) -> None:
    with pytest.raises(Refusal, match=f"RELEASE_{name} is set but empty") as caught:
        paths.of("/srv/shop", {f"RELEASE_{name}": ""})
    assert USAGE == caught.value.code
