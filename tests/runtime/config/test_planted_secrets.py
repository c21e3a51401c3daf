"""Secrets planted by every way there is, and looked for in all that a release says or writes."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.commands import TABLE
from relforge.runtime.config import providers
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, log, service, status

WAYS = (
    "toml",
    "env",
    "file",
    "files",
    "credentials",
    "dotenv",
    "exec",
    "own",
    "list",
    "url",
    "part",
)
SECRETS = {way: f"pl4nted-{way}-value" for way in WAYS}
NEXT = "pl4nted-next-value"
SCHEMA: dict[str, Any] = {
    "s.toml": {"type": "str", "secret": True},
    "s.env": {"type": "str", "secret": True, "reload": "hot"},
    "s.file": {"type": "str"},
    "s.files": {"type": "str"},
    "s.credentials": {"type": "str"},
    "s.dotenv": {"type": "str", "secret": True},
    "s.exec": {"type": "str"},
    "s.own": {"type": "str"},
    "s.list": {"type": "list", "items": "str", "secret": True},
    "s.url": {"type": "url"},  # by itself not a secret; its password is
    "s.part": {"type": "str", "secret": True},
    "s.whole": {"type": "str", "default": "x-${s.part}-y"},
    "s.number": {"type": "int", "secret": True, "reload": "hot"},
    "plain": {"type": "str", "default": "plain", "reload": "hot"},
}
OWN = """
from relforge.runtime import Layer

class Store:
    def load(self, state, context):
        value = context.environ["OWN_TOKEN"]
        if context.environ.get("FAULT") == "provider":
            raise RuntimeError(f"the store refused {value} and {context.get('s.toml')}")
        return Layer.of({"s": {"own": value}}, secret=True)
"""
WEB = """
import asyncio, os, threading
from relforge.runtime import config, on_config_change

if os.environ.get("FAULT") == "import":
    raise RuntimeError(f"cannot connect with {config['s.own']}")

@on_config_change
def heard(changed):
    raise ValueError(f"cannot use {config['s.env']}")

def fail():
    raise KeyError(str(config["s.files"]))

async def lost():
    raise OSError(f"lost with {config['s.dotenv']}")

async def app(scope, receive, send):
    path = scope["path"]
    if path == "/thread":
        threading.Thread(target=fail, name="worker-thread").start()
    elif path == "/task":
        asyncio.get_running_loop().create_task(lost())
    elif path == "/raise":
        try:
            fail()
        except KeyError as error:
            raise RuntimeError(f"{config['s.exec']} and {config['s.list'][0]}") from error
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

def show():
    print(repr(config["s.toml"]), config, config.s)
    return [config.as_dict()["s"][name] for name in ("own", "list", "whole")]

def crash():
    raise SystemExit(f"{show.__name__}")

def dump():
    raise RuntimeError(" ".join(str(config[f"s.{name}"]) for name in config.s))
"""
SERVICES: dict[str, Any] = {
    "web": {
        "kind": "app",
        "target": "shop.web:app",
        "server": "uvicorn",
        "listen": ["127.0.0.1:0"],
        "options": {"lifespan": "off"},
    },
    "idle": {"kind": "exec", "target": ["sleep", "3600"], "ready": "started"},
}


class Planted:
    """A release with its secrets around it, and all that it has said so far."""

    def __init__(self, release: MiniRelease, directory: Path, environ: dict[str, str]) -> None:
        self.release = release
        self.directory = directory
        self.environ = environ
        self.said: list[tuple[str, str]] = []

    def run(self, *words: str, stdin: str = "", **environ: str) -> int:
        done = self.release.run(*words, env={**self.environ, **environ}, stdin=stdin)
        self.said.append((" ".join(words), f"{done.stdout}\n{done.stderr}"))
        return done.returncode

    def get(self, path: str) -> None:
        host, _, port = service(self.release, "web")["listen"][0].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()

    def found(self) -> list[tuple[str, str]]:
        """Where a secret stands: what was said, files of the state directory, what /proc shows."""
        texts = [(where, text.encode()) for where, text in self.said]
        for path in self.release.state.rglob("*"):
            if path.is_file():
                texts.append((str(path), path.read_bytes()))
        for pid in self.processes():
            texts.append((f"cmdline of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()))
        hidden = [*SECRETS.values(), NEXT, "73196428"]
        return [(where, one) for where, text in texts for one in hidden if one.encode() in text]

    def processes(self) -> list[int]:
        shown = status(self.release)
        rows = [row["pid"] for row in shown.get("services", []) if row["pid"]]
        return [shown["pid"], *rows] if rows else []


@pytest.fixture
def planted(mini_release: Callable[..., MiniRelease], tmp_path: Path) -> Iterator[Planted]:
    (tmp_path / "c.toml").write_text(
        f's.toml = "{SECRETS["toml"]}"\ns.list = ["{SECRETS["list"]}"]\n'
        f's.url = "pg://u:{SECRETS["url"]}@h/x"\ns.number = 73196428\n'
    )
    (tmp_path / ".env").write_text(f"S__DOTENV={SECRETS['dotenv']}\nS__PART={SECRETS['part']}\n")
    for name in ("files", "credentials"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"s.{name}").write_text(SECRETS[name])
    (tmp_path / "file").write_text(SECRETS["file"])
    script = tmp_path / "exec"
    script.write_text(f'#!/bin/sh\necho \'{{"s": {{"exec": "{SECRETS["exec"]}"}}}}\'\n')
    script.chmod(0o755)
    rows: list[dict[str, Any]] = [
        {"use": "toml", "path": str(tmp_path / "c.toml")},
        {"use": "files", "path": str(tmp_path / "files")},
        {"use": "credentials"},
        {"use": "exec", "command": [str(script)]},
        {"use": "env", "prefix": "SHOP_"},
        {
            "use": "dotenv",
            "path": str(tmp_path / ".env"),
            "map": {"S__DOTENV": "s.dotenv", "S__PART": "s.part"},
        },
    ]
    made = [
        {"use": row["use"], "options": {}, **providers.prepare(row.pop("use"), row)} for row in rows
    ]
    made.append({"use": "shop.own:Store", "options": {}, "state": {}})
    release = mini_release(
        {"shop/own.py": OWN, "shop/web.py": WEB},
        services=SERVICES,
        config={"providers": made, "schema": SCHEMA},
        commands={"show": {"call": "shop.web:show", "help": "x"}},
    )
    environ = {
        "SHOP_S__ENV": SECRETS["env"],
        "SHOP_S__FILE_FILE": str(tmp_path / "file"),
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
        "OWN_TOKEN": SECRETS["own"],
    }
    yield Planted(release, tmp_path, environ)


@pytest.mark.process
@pytest.mark.network
def test_no_command_no_log_and_no_file_shows_a_secret(planted: Planted) -> None:
    assert 0 == planted.run("start"), planted.said
    for words in (
        *(("config", *rest) for rest in (["check"], ["check", "--json"], ["explain"], ["example"])),
        *(("config", *rest) for rest in (["explain", "--json"], ["explain", "s.url"], ["schema"])),
        ("status", "--json"),
        ("describe", "--json"),
        ("stacks",),
        ("tasks", "web"),
        ("units",),
        ("version",),
        ("pid",),
        ("ping",),
        ("help",),
        ("show",),
        ("eval", "config"),
        ("eval", "config['s.toml'], config.s, config['s.list']"),
        ("rpc", "config, config.s, config.as_dict()['s']['own']", "--service", "web"),
        ("rpc", f"len('{SECRETS['toml']}')", "--service", "web"),
        ("rpc", "__import__('shop.web').web.dump()", "--service", "web"),
        ("rpc", "--call", "shop.web:dump", "--service", "web"),
        ("run", "shop.web:dump"),
        ("run", "shop.web:show"),
        ("eval", "__import__('shop.web').web.dump()"),
    ):
        planted.run(*words, RELEASE_DEBUG="1" if "dump" in words[-1] else "0")
    planted.run(
        "remote_console", "web", stdin="config\nconfig.s\nimport shop.web\nshop.web.dump()\n"
    )
    planted.run("console", stdin="config\nimport shop.web\nshop.web.dump()\n")
    # What the echo of an input shows is the operator's own.
    planted.said = [(w, t.replace(f"len('{SECRETS['toml']}')", "")) for w, t in planted.said]
    for path in ("/raise", "/thread", "/task"):
        planted.get(path)
    eventually(lambda: "Task exception was never retrieved" in log(planted.release))
    eventually(lambda: "Exception in thread worker-thread" in log(planted.release))
    eventually(lambda: "RuntimeError: ********** and **********" in log(planted.release))

    assert [] == planted.found()
    assert "relforge.audit" in log(planted.release)


@pytest.mark.process
def test_reloads_and_their_failures_show_no_secret(planted: Planted) -> None:
    assert 0 == planted.run("start"), planted.said
    path = planted.directory / "c.toml"
    before = path.read_text()
    for text in (
        before.replace("73196428", "73196429"),
        before.replace(SECRETS["toml"], NEXT),
        before.replace("73196428", f'"{NEXT}"'),
        f"{before}s.{NEXT} = 1\n",
        f'{before}bad = "{NEXT}\n',
    ):
        path.write_text(text)
        planted.run("config", "diff")
        planted.run("config", "diff", "--json")
        planted.run("config", "check")
        planted.run("reload")
    os.kill(status(planted.release)["pid"], signal.SIGHUP)
    eventually(lambda: log(planted.release).count("not valid TOML") >= 2)
    for pid in planted.processes()[1:]:
        os.kill(pid, signal.SIGKILL)
    planted.run("logs", "-n", "1000")
    planted.run("stop")

    assert "heard raised ValueError: cannot use **********" in planted.said[-2][1]
    shown = [(where, one) for where, one in planted.found() if one != NEXT]
    assert [] == shown
    # A name that the file gives to a key is no value: it is shown, so that it can be fixed.
    assert {"s.pl4nted-next-value: unknown key" in t for w, t in planted.said if "unknown key" in t}


@pytest.mark.process
@pytest.mark.parametrize("fault", ["provider", "import", "type"])
def test_a_start_that_fails_shows_no_secret(planted: Planted, fault: str) -> None:
    environ = {"SHOP_S__NUMBER": SECRETS["env"]} if fault == "type" else {"FAULT": fault}
    for words in (["start"], ["foreground"], ["eval", "1"], ["config", "explain"]):
        if fault == "import" and words[0] != "start":
            continue
        debug = "0" if words[0] == "eval" else "1"
        code = planted.run(*words, RELEASE_DEBUG=debug, **environ)
        assert code == (1 if fault == "import" else 78), planted.said

    assert [] == planted.found()


def test_every_command_has_been_thought_of() -> None:
    """A new command that shows anything of the configuration belongs into the list above."""
    text = Path(__file__).read_text()
    harmless = {"restart", "completion", "top", "install", "releases", "upgrade", "rollback"}
    harmless |= {"uninstall", "prune", "drain", "undrain", "nodes", "schedule"}
    assert [] == [name for name in TABLE if f'"{name}"' not in text and name not in harmless]
