"""``config check`` and ``config explain`` on an unpacked release, as an operator types them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import providers

from ..conftest import MiniRelease

pytestmark = pytest.mark.process

SECRET = "pl4nted-value"
VAULT = f"""
class Vault:
    def load(self, state, context):
        mode = context.environ.get("VAULT")
        if mode == "broken":
            token = context.environ["VAULT_TOKEN"]
            raise RuntimeError(f"no answer for {{token}} from {{context.get('db.url')}}")
        return {{"mail": {{"password": "{SECRET}"}}}} if mode else {{}}
"""
SCHEMA: dict[str, Any] = {
    "http.port": {
        "type": "int",
        "default": 8000,
        "min": 1,
        "max": 65535,
        "doc": "its socket",
    },
    "db.url": {"type": "url", "required": True, "secret": True, "doc": "the database"},
    "mail.password": {"type": "str", "secret": True},
    "log.level": {"type": "enum", "choices": ["debug", "info"], "default": "info"},
}
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("toml", {"path": "${ETC}/config.toml", "optional": True}),
    ("credentials", {}),
    ("env", {"prefix": "SHOP_", "map": {"DATABASE_URL": "db.url", "PORT": "http.port"}}),
]


@pytest.fixture
def release(mini_release: Callable[..., Any]) -> Any:
    rows = [
        {"use": use, "options": options, "state": providers.init(use, options)}
        for use, options in ROWS
    ]
    rows.append({"use": "shop.vault:Vault", "options": {}, "state": {}})
    made = mini_release({"shop/vault.py": VAULT}, config={"providers": rows, "schema": SCHEMA})
    (made.root / "release" / "config.toml").write_text('[log]\nlevel = "debug"\n')
    return made


def snapshot(root: Path) -> list[str]:
    return sorted(str(path) for path in root.rglob("*"))


def test_one_release_three_environments(release: Any, tmp_path: Path) -> None:
    before = snapshot(release.root)
    etc, credentials = tmp_path / "etc", tmp_path / "credentials"
    etc.mkdir()
    credentials.mkdir()
    (etc / "config.toml").write_text('[http]\nport = 81\n\n[db]\nurl = "sqlite:///file"\n')
    (credentials / "db.url").write_text(f"postgres://u:{SECRET}@h/x\n")
    outputs = {}
    for name, env in {
        "file": {"ETC": str(etc)},
        "environment": {"DATABASE_URL": f"postgres://u:{SECRET}@h/y", "PORT": "82"},
        "credentials": {"CREDENTIALS_DIRECTORY": str(credentials)},
    }.items():
        check = release.run("config", "check", env=env)
        assert (0, "") == (check.returncode, check.stderr)
        explain = release.run("config", "explain", "--json", env=env)
        assert 0 == explain.returncode
        assert SECRET not in check.stdout + explain.stdout
        rows = {row["key"]: row for row in json.loads(explain.stdout)["keys"]}
        outputs[name] = (rows["http.port"]["value"], rows["db.url"]["origins"][0]["place"])

    assert {
        "file": ("81", f"{etc}/config.toml:5"),
        "environment": ("82", "$DATABASE_URL"),
        "credentials": ("8000", f"{credentials}/db.url"),
    } == outputs
    assert before == snapshot(release.root)


def test_check_says_what_it_read(release: Any) -> None:
    env = {"DATABASE_URL": "sqlite://", "SHOP_HTTP__PORT": "1", "VAULT": "on"}

    done = release.run("config", "check", env=env)
    as_json = release.run("config", "check", "--json", env=env)

    place = f"{release.root}/release/config.toml"
    assert (
        f"configuration is valid: 4 keys from env (2), defaults {place} (1), shop.vault:Vault (1)\n"
        == done.stdout
    )
    answer = json.loads(as_json.stdout)
    assert (True, 4, []) == (answer["valid"], answer["keys"], answer["errors"])


def test_every_error_at_once_and_78(release: Any, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[http]\nport = "80"\nhots = 1\n')
    env = {"ETC": str(tmp_path), "SHOP_LOG__LEVEL": "loud", "SHOP_MAIL__PASWORD": SECRET}

    done = release.run("config", "check", env=env)
    as_json = release.run("config", "check", "--json", env=env)

    assert (78, "") == (done.returncode, done.stdout)
    assert SECRET not in done.stderr + as_json.stdout + as_json.stderr
    at = f"(toml: {tmp_path}/config.toml"
    for line in (
        "shop: the configuration has 4 errors",
        f'  - http.port: expected int from 1 to 65535, got str "80" {at}:2)',
        f"  - http.hots: unknown key; did you mean http.port? {at}:3)",
        '  - log.level: expected one of debug, info, got "loud" (env: $SHOP_LOG__LEVEL)',
        "  `shop config explain` shows where each value comes from",
    ):
        assert line in done.stderr.splitlines(), f"{line}\n--\n{done.stderr}"
    for way in (
        "db.url in ${ETC}/config.toml",
        "the credential db.url",
        "$SHOP_DB__URL",
        "$DATABASE_URL",
    ):
        assert way in done.stderr
    answer = json.loads(as_json.stdout)
    assert 78 == as_json.returncode
    assert not answer["valid"]
    assert 4 == len(answer["errors"])
    assert {"key", "message", "provider", "place", "trace"} == set(answer["errors"][0])


def test_a_provider_that_raises_shows_no_secret_and_its_traceback_only_on_request(
    release: Any,
) -> None:
    env = {"DATABASE_URL": f"postgres://u:{SECRET}@h", "VAULT": "broken", "VAULT_TOKEN": SECRET}

    plain = release.run("config", "check", env=env)
    debug = release.run("config", "check", env={**env, "RELEASE_DEBUG": "1"})

    assert 78 == plain.returncode == debug.returncode
    assert (
        "shop.vault:Vault: raised RuntimeError: no answer for ********** from **********"
        in plain.stderr
    )
    assert "RELEASE_DEBUG=1 shows the traceback" in plain.stderr
    assert "vault.py" not in plain.stderr
    assert 'vault.py", line 7, in load' in debug.stderr
    assert "resolve.py" not in debug.stderr
    assert SECRET not in plain.stderr + debug.stderr


def test_explain_shows_the_winner_and_the_beaten(release: Any) -> None:
    env = {"DATABASE_URL": f"pg://u:{SECRET}@h", "PORT": "82", "SHOP_HTTP__PORT": "83"}

    done = release.run("config", "explain", env=env)
    one = release.run("config", "explain", "http.port", env=env)

    assert 0 == done.returncode
    assert SECRET not in done.stdout
    assert one.stdout == (
        "http.port = 83\n    from env: $SHOP_HTTP__PORT\n"
        '    over env: $PORT, "82"\n    over defaults: schema, 8000\n    # its socket\n'
    )
    assert one.stdout in done.stdout
    assert "db.url = **********\n    from env: $DATABASE_URL\n    # the database\n" in done.stdout
    assert "mail.password is not set\n    set it by " in done.stdout


def test_explain_still_explains_what_is_not_valid(release: Any) -> None:
    done = release.run("config", "explain", env={"PORT": "x"})

    assert 78 == done.returncode
    assert 'http.port = "x"\n    from env: $PORT' in done.stdout
    assert "db.url: required and not set" in done.stderr
    assert 'http.port: expected int from 1 to 65535, got "x" (env: $PORT)' in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explain", "http.prot"], "no key 'http.prot'; did you mean http.port?"),
        ([], "which one: check, explain, diff, example or schema?"),
        (["chekc"], "unknown command `config chekc`; did you mean check?"),
        (["check", "http.port"], "unexpected argument 'http.port'"),
        (["check", "--jsno"], "unknown option --jsno"),
    ],
)
def test_usage_errors_are_2(release: Any, words: list[str], message: str) -> None:
    done = release.run("config", *words, env={"DATABASE_URL": "sqlite://"})

    assert (2, "") == (done.returncode, done.stdout)
    assert message in done.stderr


def test_a_just_unpacked_read_only_release_answers(release: Any, tmp_path: Path) -> None:
    release = MiniRelease(shutil.copytree(release.root, tmp_path / "shop", symlinks=True))
    for directory, directories, files in os.walk(release.root):
        for name in [*directories, *files]:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.chmod(path, 0o555)
    os.chmod(release.root, 0o555)
    try:
        done = release.run("config", "check", env={"DATABASE_URL": "sqlite://"})
    finally:
        for directory, _, _ in os.walk(release.root):
            os.chmod(directory, 0o755)

    assert (0, "") == (done.returncode, done.stderr)
    assert not release.state.exists()


def test_release_config_is_one_more_layer(release: Any, tmp_path: Path) -> None:
    path = tmp_path / "over.toml"
    path.write_text('[db]\nurl = "sqlite:///over"\n')
    env = {"DATABASE_URL": "sqlite:///env", "RELEASE_CONFIG": str(path)}

    done = release.run("config", "explain", "db.url", env=env)
    missing = release.run("config", "check", env={**env, "RELEASE_CONFIG": "/nowhere.toml"})

    assert f"from RELEASE_CONFIG: {path}:2\n    over env: $DATABASE_URL" in done.stdout
    assert 78 == missing.returncode
    assert "RELEASE_CONFIG: /nowhere.toml: no such file" in missing.stderr
