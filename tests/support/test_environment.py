"""What the programs of a build see: pure."""

from __future__ import annotations

import pytest

from relforge.support import environment

HOST = {
    "PATH": "/bin",
    "HOME": "/home/a",
    "LC_ALL": "C",
    "GIT_DIR": "/other/.git",
    "GIT_INDEX_FILE": "/other/.git/index",
    "GIT_CONFIG_COUNT": "1",
    "GIT_SSH_COMMAND": "ssh -i key",
    "SSH_AUTH_SOCK": "/agent",
    "PYTHONPATH": "/poison",
    "PYTHONSTARTUP": "/poison",
    "CC": "clang",
    "MYSQLCLIENT_CFLAGS": "-I/x",
    "SETUPTOOLS_SCM_PRETEND_VERSION": "9.9",
    "AWS_SECRET_ACCESS_KEY": "s",
    "SIGSTORE_IDENTITY_TOKEN": "s",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s",
    "CARGO_NET_TOKEN": "s",  # among what compiles, by its beginning
    "RELFORGE_INDEX_CORP_PASSWORD": "s",
    "RELFORGE_SIGN_KEY": "s",
    "UV_INDEX_CORP_PASSWORD": "s",
    "PIP_INDEX_URL": "https://u:p@host/simple",
    "NPM_TOKEN": "s",
    "https_proxy": "http://proxy",
}


@pytest.mark.parametrize(
    "made",
    [
        environment.of_programs(HOST),
        environment.of_assets(HOST),
        environment.of_git(HOST),
        environment.of_resolvers(HOST),
        environment.of_backends(values=HOST),
    ],
)
def test_no_program_is_bound_to_the_callers_repository(made: dict[str, str]) -> None:  # B3
    assert "/bin" == made["PATH"]
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & made.keys()
    assert "1" == made["GIT_CONFIG_COUNT"]


def test_a_backend_sees_what_compiles_and_what_finds_versions_and_no_secret() -> None:  # B3
    assert {
        *("PATH", "HOME", "LC_ALL", "CC", "MYSQLCLIENT_CFLAGS", "https_proxy"),
        *("SETUPTOOLS_SCM_PRETEND_VERSION", "GIT_CONFIG_COUNT"),
    } == environment.of_backends(values=HOST).keys()
    more = environment.of_backends(["NPM_*"], HOST)
    assert "s" == more["NPM_TOKEN"]


def test_a_resolver_sees_indexes_and_git_can_log_in() -> None:
    made = environment.of_resolvers(HOST)
    assert {"PIP_INDEX_URL", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND"} <= made.keys()
    assert not {"PYTHONPATH", "AWS_SECRET_ACCESS_KEY", "NPM_TOKEN"} & made.keys()
    assert "ssh -i key" == environment.of_git(HOST)["GIT_SSH_COMMAND"]
    assert "AWS_SECRET_ACCESS_KEY" not in environment.of_git(HOST)


def test_assets_see_what_is_the_users_and_not_what_is_the_builders() -> None:
    made = environment.of_assets(HOST)
    assert {"NPM_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} <= made.keys()
    hidden = {"RELFORGE_SIGN_KEY", "UV_INDEX_CORP_PASSWORD", "SIGSTORE_IDENTITY_TOKEN"}
    assert not hidden & made.keys()


def test_what_decides_a_wheel_is_a_part_of_its_key() -> None:  # B2
    expected = ("CC=clang", "MYSQLCLIENT_CFLAGS=-I/x", "SETUPTOOLS_SCM_PRETEND_VERSION=9.9")
    assert expected == environment.facts(values=HOST)
    assert (*expected[:2], "NPM_TOKEN=s", expected[2]) == environment.facts(["NPM_TOKEN"], HOST)


def test_patterns_are_those_of_a_shell() -> None:
    values = {"NPM_A1": "", "NPM_B2": "", "NPM": ""}
    assert {"NPM_A1"} == environment.of_backends(["NPM_A?"], values).keys()
    assert {"NPM_B2"} == environment.of_backends(["NPM_[B-D]*"], values).keys()
    assert {"NPM"} == environment.of_backends(["NPM"], values).keys()
