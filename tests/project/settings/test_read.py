"""Settings: typed, with every mistake named as the user wrote it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import tomli

from relforge.model.spec import Project, Settings
from relforge.project import settings
from relforge.runtime.settings import merge
from relforge.support.errors import Exit, SettingsError

BASE = """
python = { version = "3.12" }
"""


def project(groups: dict[str, tuple[str, ...]] | None = None, **tables: Any) -> Project:
    return Project(
        root=Path("/project"),
        name="shop",
        version="1.0",
        requires_python=">=3.11",
        dependencies=(),
        optional_dependencies={},
        groups=groups or {},
        scripts={},
        has_build_system=True,
        settings_file=Path("/project/pyproject.toml"),
        settings=tables,
    )


def read(text: str, env: str = "prod", **extra: Any) -> Settings:
    merged = settings.lay(tomli.loads(dedent(text)), env)
    return settings.read(project(**extra), merged, env, version="1.0", lock=None)[0]


def refusal(text: str, **extra: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(text, **extra)
    assert Exit.CONFIG == caught.value.code
    return caught.value


def test_the_least_that_is_needed_is_a_python_version() -> None:
    result = read(BASE)
    assert "shop" == result.name
    assert "host" == result.python.source
    assert result.app is None


def test_a_missing_python_version_is_refused_with_what_to_write() -> None:
    error = refusal("")
    assert "tool.relforge.python.version" in error.message
    assert ">=3.11" in error.message
    assert "3.12" in error.hint


def test_unknown_key_is_refused_with_a_suggestion() -> None:
    error = refusal(BASE + "[servces.web]\nrun = 'a:b'\n")
    assert "tool.relforge.servces: unknown key" == error.message
    assert "`services`" in error.hint


def test_unknown_key_of_a_service_names_its_whole_path() -> None:
    error = refusal(BASE + "[services.web]\nrun = 'a:b'\nrestrat = 'always'\n")
    assert error.message.startswith("tool.relforge.services.web.restrat")
    assert "`restart`" in error.hint


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("name = 3", "tool.relforge.name", "a string"),
        ("services = 3", "tool.relforge.services", "a table"),
        ("app = 'x'", "tool.relforge.app", "a list of strings"),
        ("[services.w]\nrun='a:b'\ninstances='2'", "services.w.instances", "a whole number"),
        ("[services.w]\nrun='a:b'\ninstances=true", "services.w.instances", "a whole number"),
        ("[services.w]\nrun='a:b'\ndrain='soon'", "services.w.drain", "a duration"),
        ("[services.w]\nrun='a:b'\nrequired=1", "services.w.required", "true or false"),
        ("[[overlays]]\ncopy=1\nto='x'", "tool.relforge.overlays[0].copy", "a string"),
    ],
)
def test_wrong_type_names_place_expectation_and_finding(
    text: str, place: str, expected: str
) -> None:
    error = refusal(BASE + text)
    assert place in error.message
    assert f"expected {expected}" in error.message
    assert "found" in error.message


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "a b", "-x"])
def test_a_name_that_cannot_be_a_path_is_refused(name: str) -> None:
    assert "tool.relforge.name" in refusal(BASE + f"name = '{name}'").message


@pytest.mark.parametrize("version", ["1/2", "../1", "", "1 2", "1..2"])
def test_a_version_that_cannot_be_a_path_is_refused(version: str) -> None:
    merged = settings.lay(tomli.loads(BASE), "prod")
    with pytest.raises(SettingsError, match=r"tool\.relforge\.version"):
        settings.read(project(), merged, "prod", version=version, lock=None)


def test_an_environment_is_laid_over_once() -> None:
    text = """
        python = { version = "3.12" }
        app = ["a", "b"]
        [services.web]
        run = "a:b"
        env = { A = "1", B = "2" }
        [env.staging]
        app = ["c"]
        python.strip = true
        services.web.env = { B = "3" }
        """
    result = read(text, env="staging")
    assert ("c",) == result.app, "lists replace"
    assert result.python.strip
    assert "3.12" == result.python.version, "tables merge"
    assert {"A": "1", "B": "3"} == result.services[0].env
    assert ("a", "b") == read(text).app


def test_unknown_environment_names_those_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        read(BASE + "[env.staging]\n", env="stagin")
    assert "--env stagin" in caught.value.message
    assert "--env staging" in caught.value.hint


def test_prod_and_dev_exist_without_being_written() -> None:
    groups = {"dev": ("pytest",)}
    assert () == read(BASE, env="prod", groups=groups).dependencies.groups
    assert ("dev",) == read(BASE, env="dev", groups=groups).dependencies.groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[services.web]\n", "has none of them"),
        ("[services.web]\nrun='a:b'\nexec=['x']\n", "`run` and `exec`"),
        ("[services.web]\napp='a:b'\n", "listen"),
        ("[services.web]\napp='a.b'\nlisten=['x:1']", "not an object such as"),
        ("[services.web]\napp='a:b'\nlisten=['x:1']\nserver='apache'", "none of"),
        ("[services.web]\nexec=['x']", "services.web.ready: is required with `exec`"),
        ("[services.web]\nrun='a:b'\nready={http='x'}", "reports it itself"),
        ("[services.Web]\nrun='a:b'", "lower-case"),
        ("[commands.start]\ncall='a:b'", "command of every release"),
        ("[commands.go]\ncall='a'", "not an object such as"),
        ("[assets]\nrun=[['npm']]", "assets.outputs"),
        ("[assets]\nrun=['npm']\n", "assets.run[0]"),
        ("[assets]\nrun=[['npm']]\noutputs={'../x'='y'}", "leads out of the tree"),
        # B9, P69: judged as the rows of overlays are
        ("[assets]\nrun=[['npm']]\noutputs={x='bin'}", "relforge itself writes files in 'bin'"),
        ("[assets]\nrun=[['npm']]\noutputs={x='.'}", "relforge itself writes files in '.'"),
        (
            "[assets]\nrun=[['npm']]\noutputs={x='release'}",
            "relforge itself writes files in 'release'",
        ),
        (
            "[assets]\nrun=[['npm']]\noutputs={x='python/bin'}",
            "relforge itself writes files in 'python/bin'",
        ),
        ("[assets]\nrun=[['npm']]\noutputs={x='var/x'}", "relforge itself writes 'var/x'"),
        ("[assets]\nrun=[['npm']]\noutputs={x='runtime/relforge'}", "relforge itself writes"),
        ("[[overlays]]\ncopy='a'\nto='bin/shop'", "relforge itself writes 'bin/shop'"),
        ("[[overlays]]\nmkdir='var'", "overlays[0].mkdir: relforge itself writes 'var'"),
        ("[[overlays]]\ncopy='a'\nto='python/bin/python3'", "relforge itself writes"),
        ("[[overlays]]\ncopy='a'\nto='../b'", "leads out of the tree"),
        ("[[overlays]]\ncopy='a'\ntemplate='b'\nto='c'", "`copy` and `template`"),
        ("[dependencies]\ngroups=['docs']", "dependencies.groups[0]"),
        ("[[config.providers]]\npath='x'", "config.providers[0].use"),
        ("[python]\nversion='3.12x'", "'3.12x' is not a version such as"),
        ("[python]\nversion='3.10'", '"3.10" is too old: a release needs 3.11 or newer'),
        (
            "[python]\nversion='3.12t'",
            '"3.12t" does not exist: free-threaded builds start with CPython 3.13',
        ),
        ("[python]\nversion='3.12'\nsource='archive'", "tool.relforge.python.archive"),
        ("[python]\nversion='3.12'\npath='/usr/bin/python3'", 'for source = "system"'),
        ("[python]\nversion='3.12'\nsource='system'\npath='python3'", "not an absolute path"),
        ("[python]\nversion='3.12'\narchives.linux-vax.archive='a'", "'linux-vax' is not a target"),
        (
            "[python]\nversion='3.12'\narchives.linux-aarch64.sha256='a'",
            "tool.relforge.python.archives.linux-aarch64.archive: a path",
        ),
    ],
)
def test_contradictions_are_refused(text: str, message: str) -> None:
    base = "" if "[python]" in text else BASE
    assert message in refusal(base + text).message


def test_where_packages_are_has_a_name() -> None:
    """P40: built files that belong into a package."""
    found = read(
        f"{BASE}[assets]\nrun=[['npm']]\noutputs={{dist='{{site-packages}}/shop/static'}}\n"
        "[[overlays]]\ncopy='a'\nto='{site-packages}/shop/a'"
    )
    site = "python/lib/python3.12/site-packages"
    assert (("dist", f"{site}/shop/static"),) == found.assets.outputs
    assert f"{site}/shop/a" == found.overlays[0].to


def test_archives_are_reported_by_target_and_environment() -> None:
    text = """
        [python]
        version = "3.12"
        source = "archive"
        archives.linux-aarch64 = { archive = "a.tar.gz", sha256 = "1" }
        [env.prod.python.archives.linux-x86_64]
        archive = "b.tar.gz"
    """
    found = dict(read(text).python.archives)
    assert ("a.tar.gz", "1") == (found["linux-aarch64"].place, found["linux-aarch64"].sha256)
    place = "tool.relforge.env.prod.python.archives.linux-x86_64"
    assert ("b.tar.gz", place) == (found["linux-x86_64"].place, found["linux-x86_64"].where)


def test_a_key_with_a_dot_is_shown_in_quotes() -> None:
    error = refusal(BASE + "[config.schema]\n'http.port' = 3\n")
    assert 'tool.relforge.config.schema."http.port"' in error.message


def test_durations_are_seconds() -> None:
    text = BASE + "[services.w]\nrun='a:b'\ndrain='1m'\nready_timeout='500ms'\n"
    service = read(text).services[0]
    assert 60.0 == service.drain
    assert 0.5 == service.ready_timeout


def test_merging_changes_neither_side() -> None:
    base = {"a": {"b": 1}, "c": [1]}
    over = {"a": {"d": 2}, "c": [2]}
    assert {"a": {"b": 1, "d": 2}, "c": [2]} == merge(base, over)
    assert {"a": {"b": 1}, "c": [1]} == base
