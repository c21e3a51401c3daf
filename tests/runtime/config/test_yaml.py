"""The provider `yaml` by the application's PyYAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import providers
from relforge.runtime.config.provider import BadOptions
from tests.runtime.config import asking

TEXT = """\
name: shop
http: &http
  port: 81
  max-age: "2m"
features:
  <<: *http
  when: 1979-05-27
  hosts:
    - a: 1
    - b
db: {pool: 3}
"""


def test_yaml_gives_typed_values_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEXT)

    found = asking.run(tmp_path, {"use": "yaml", "path": "x.yaml"})

    assert [] == found.problems
    assert {
        "name": "shop",
        "http": {"port": 81, "max-age": 120.0},
        "features": {"port": 81, "max-age": "2m", "when": "1979-05-27", "hosts": [{"a": 1}, "b"]},
        "db": {"pool": 3},
    } == found.values
    places = {key: rows[0][1].rpartition(":")[2] for key, rows in found.origins.items()}
    assert {
        "name": "1",
        "http.port": "3",
        "http.max-age": "4",
        "features.port": "3",
        "features.max-age": "4",
        "features.when": "7",
        "features.hosts": "8",
        "db.pool": "11",
    } == places


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", ":2: the key a occurs twice"),
        ("a: [1\nb: 2\n", ":2: not valid YAML: expected ',' or ']'"),
        ("a: 1\n---\nb: 2\n", ":2: not valid YAML: but found another document"),
        ("- 1\n", ": expected a mapping, got list"),
        ("on: 1\n", ':1: a key must be a string: write "on" in quotes'),
        ("a:\n  8000: 1\n", ':2: a key must be a string: write "8000" in quotes'),
        ("? [a]\n: 1\n", ":1: a key must be a string"),
        (
            "a: !!python/object/apply:os.system [id]\n",
            ":1: not valid YAML: could not determine a constr",
        ),
        ("a: &a\n  b: *a\n", ": nested too deep"),
        ("a: 2026-13-45\n", ": month must be in 1..12"),
        ("a: \x07\n", ": not valid YAML: unacceptable character"),
        ("[" * 1200, ": nested too deep"),
        (BOMB, ": more than 100000 values"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "x.yaml").write_text(text)

    (problem,) = asking.run(tmp_path, {"use": "yaml", "path": "x.yaml"}, schema={}).problems

    assert problem["message"].startswith(f"{tmp_path}/x.yaml{message}")


def test_an_empty_file_and_an_optional_one_set_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("# nothing\n")

    for row in ({"path": "x.yaml"}, {"path": "y.yaml", "optional": True}):
        found = asking.run(tmp_path, {"use": "yaml", **row}, schema={})
        assert ({}, []) == (found.values, found.problems)


@pytest.mark.parametrize(
    ("use", "options", "package"),
    [
        ("yaml", {"path": "x"}, "pyyaml"),
        ("vault", {"path": "x"}, "hvac"),
        ("aws-ssm", {"path": "/x"}, "boto3"),
        ("aws-secrets", {"name": "x"}, "boto3"),
    ],
)
def test_a_library_that_the_lock_lacks_is_named_with_the_next_command(
    use: str, options: dict[str, Any], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("sys.path_importer_cache", {})
    for module in ("yaml", "hvac", "boto3"):
        monkeypatch.delitem(__import__("sys").modules, module, raising=False)
    monkeypatch.setenv("RELEASE_ROOT", "/srv/shop")

    with pytest.raises(BadOptions) as caught:
        providers.init(use, options)

    assert (
        f"needs {package}, which is not in the lockfile: "
        f"add '{package}' to project.dependencies, then: relforge lock"
    ) in str(caught.value)
