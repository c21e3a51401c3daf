"""The table of rules, and what becomes of findings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.checks import content_memo, native, step, verdict
from relforge.model.release import Finding
from relforge.model.spec import CHECKS, CheckSettings
from tests.checks import trees
from tests.elf.test_reader import EXECUTABLE, loaded

ROOT = Path(__file__).parents[2]
ONE = Finding(severity="warning", rule="secrets", path="app/a.py", message="one", hint="do")
TWO = Finding(severity="error", rule="links", path="app/b", message="two", hint="")
WAY = "to ignore it: check.allow ="
THREE = Finding(severity="error", rule="links", path="app/c", message="three", hint="fix it")


def test_settings_know_each_rule_and_the_page_describes_it() -> None:
    assert {*CHECKS} == {*step.RULES, "smoke"}
    page = (ROOT / "docs" / "reference" / "checks.md").read_text()
    assert [] == [name for name in CHECKS if f"\n| `{name}` |" not in page]


def test_a_warning_is_kept() -> None:
    assert (replace(ONE, hint=f'do; {WAY} ["secrets:app/a.py"]'),) == verdict.judge(
        (ONE,), CheckSettings()
    )


def test_all_errors_are_reported_together_with_what_to_do() -> None:
    with pytest.raises(verdict.Failed) as failed:
        verdict.judge((ONE, TWO, THREE), CheckSettings())
    expected = f"""\
the release has 2 errors
  app/b: two
    {WAY} ["links:app/b"]
  app/c: three
    fix it; {WAY} ["links:app/c"]"""
    assert expected == failed.value.message
    assert ["one", "two", "three"] == [row.message for row in failed.value.findings]
    assert 1 == failed.value.code


def test_a_single_error_reads_as_any_other() -> None:
    with pytest.raises(verdict.Failed) as failed:
        verdict.judge((THREE,), CheckSettings())
    assert "app/c: three" == failed.value.message
    assert f'fix it; {WAY} ["links:app/c"]' == failed.value.hint


def test_of_many_errors_of_one_rule_the_first_are_reported() -> None:
    many = tuple(replace(TWO, path=f"app/{index}") for index in range(25))
    with pytest.raises(verdict.Failed, match="and 15 more of the rule links; --json"):
        verdict.judge(many, CheckSettings())


def test_warnings_can_be_errors() -> None:
    with pytest.raises(verdict.Failed, match="one"):
        verdict.judge((ONE,), CheckSettings(warnings_as_errors=True))


@pytest.mark.parametrize("pattern", ["links:app/b", "links:app/*", "*:app/b"])
def test_what_is_allowed_is_passed_over(pattern: str) -> None:
    (left,) = verdict.judge((ONE, TWO), CheckSettings(allow=(pattern,)))
    assert "one" == left.message


@pytest.mark.parametrize("pattern", ["secrets:app/b", "links:b", "links:app"])
def test_what_is_not_meant_is_not_passed_over(pattern: str) -> None:
    with pytest.raises(verdict.Failed):
        verdict.judge((TWO,), CheckSettings(allow=(pattern,)))


def test_a_rule_that_is_skipped_is_not_applied(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/b": "->/etc/hosts"}, check=CheckSettings(skip=("links",)))
    release = replace(release, python=replace(release.python, machine="other", runs_here=False))
    assert () == step.step(release).findings
    with pytest.raises(verdict.Failed):
        step.step(replace(release, settings=replace(release.settings, check=CheckSettings())))


def test_a_file_is_looked_at_once(tmp_path: Path) -> None:
    seen = []

    def see(path: Path) -> list[str]:
        seen.append(path.name)
        return [path.read_text()] if path.name != "empty" else []

    first = trees.app(tmp_path, {"app/a": "a", "app/b": "b", "app/empty": ""})
    expected = {"app/a": ["a"], "app/b": ["b"]}
    for _ in range(2):
        assert expected == content_memo.look(first, first.layers[0], "some", "", see)
    assert ["a", "b", "empty"] == seen
    second = trees.app(tmp_path, {"app/a": "a", "app/b": "changed", "app/empty": ""})
    expected["app/b"] = ["changed"]
    assert expected == content_memo.look(second, second.layers[0], "some", "", see)
    assert ["a", "b", "empty", "b"] == seen
    assert expected == content_memo.look(second, second.layers[0], "some", "other", see)
    assert 7 == len(seen), "another question"


def test_a_library_that_needs_a_newer_glibc_is_reported_with_the_symbols(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {f"{trees.SITE}/b": EXECUTABLE.read_bytes()}
    release = trees.release(tmp_path, {"deps": files}, check=CheckSettings(glibc="2.2"))
    (finding,) = native.glibc(release)
    assert ("error", f"{trees.SITE}/b") == (finding.severity, finding.path)
    assert "but check.glibc is 2.2" in finding.message
    assert re.search(r"needs glibc 2\.\d+ for \w+@GLIBC_2\.", finding.message)
    release = trees.release(tmp_path, {"deps": files}, check=CheckSettings(glibc="2.99"))
    assert [] == list(native.glibc(release))


def test_a_module_for_another_cpu(tmp_path: Path) -> None:
    data = bytearray(loaded("libm.so.6").read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # EM_AARCH64
    files: dict[str, bytes | str] = {
        f"{trees.SITE}/a.abi3.so": bytes(data),
        f"{trees.SITE}/helper-arm64": bytes(data),
    }
    rows = list(native.machine(trees.release(tmp_path, {"deps": files})))
    assert ["error", "warning"] == [row.severity for row in rows]
    assert {"is for aarch64, but the release is for x86_64"} == {row.message for row in rows}


def test_a_library_that_is_nowhere(tmp_path: Path) -> None:
    data = EXECUTABLE.read_bytes().replace(b"libc.so.6\0", b"libq.so.6\0")
    release = trees.release(tmp_path, {"deps": {f"{trees.SITE}/a.so": data}})
    (finding,) = native.libraries(release)
    assert "libq.so.6, which is neither in the release nor part of glibc" in finding.message
