"""A row of the contract is all that a key needs: forgetting the rest of it is red here."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import relforge
from relforge.layers import manifest as written
from relforge.project.settings.commands import read_command
from relforge.project.settings.console import read_console
from relforge.project.settings.hooks import read_hooks
from relforge.project.settings.log import read_log
from relforge.project.settings.services import read_service
from relforge.project.settings.table import Table
from relforge.project.settings.upgrade import read_upgrade
from relforge.runtime import running
from relforge.runtime.commands import ALIASES, TABLE
from relforge.runtime.contract import content, manifest, service_shapes, shapes
from relforge.runtime.contract.command import RESERVED, Command
from relforge.runtime.contract.content import ROWS, TABLES, Manifest, filled
from relforge.runtime.contract.hook import HOOKS, Hook
from relforge.runtime.contract.record import REQUIRED, Key, Record, keys
from relforge.runtime.contract.service import KINDS, Service
from relforge.runtime.contract.tables import Console, Log, Upgrade
from relforge.runtime.contract.wrong import Wrong
from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import launch, specs
from relforge.support.errors import SettingsError
from scripts import reference
from tests import builder

RUNTIME = Path(relforge.__file__).parent / "runtime"
CONFIG: dict[str, Any] = {"providers": [], "schema": {}, "export": {}, "strict": True, "model": ""}
# Another value than the default, as it is written in TOML, for each shape that there is.
SAMPLES: dict[type[shapes.Shape], Any] = {
    shapes.Text: "root",
    service_shapes.FlagOrReference: "${on}",
    shapes.Whole: 3,
    shapes.Seconds: "1h30m",
    shapes.Size: "64MiB",
    shapes.Words: ["other"],
    service_shapes.Listen: ["127.0.0.1:1"],
    service_shapes.KeyPatterns: ["db.*", "http.port"],
    shapes.ServerOptions: {"workers": 2},
    shapes.VariableTable: {"A": "b"},
    shapes.Once: True,
    service_shapes.SignalShape: "SIGINT",
    service_shapes.Pair: [1, 2.5],
    service_shapes.ResourceLimits: {"nofile": "4 kB"},
    service_shapes.ProbeShape: {"tcp": "host:1"},
    service_shapes.ReadyShape: "started",
}
TYPES: dict[type, Any] = {
    bool: True,
    int: 7,
    float: 1.5,
    str: "no such thing",
    list: [["x"]],
    dict: {"x": []},
}
TARGETS: dict[str, dict[str, Any]] = {
    "app": {"app": "shop:app", "listen": ["127.0.0.1:0"]},
    "run": {"run": "shop:main"},
    "exec": {"exec": ["sleep", "9"]},
    "call": {"call": "shop:main"},
}


def service(rows: dict[str, Any]) -> Service:
    if "exec" in rows:
        rows = {"ready": "notify", **rows}
    return read_service("it", Table(rows, ("tool", "relforge", "services", "it")))


def command(rows: dict[str, Any]) -> Command:
    return read_command("it", Table(rows, ("tool", "relforge", "commands", "it")))


def hook(rows: dict[str, Any]) -> Hook:
    return read_hooks(Table({"pre_stop": rows}, ("tool", "relforge", "hooks")))[0]


def log(rows: dict[str, Any]) -> Log:
    return read_log(Table(rows, ("tool", "relforge", "log")))


def upgrade(rows: dict[str, Any]) -> Upgrade:
    return read_upgrade(Table(rows, ("tool", "relforge", "upgrade")))


def console(rows: dict[str, Any]) -> Console:
    return read_console(Table({"console": rows}, ("tool", "relforge")))


READERS: dict[type[Record], tuple[Callable[[dict[str, Any]], Record], tuple[str, ...]]] = {
    Service: (service, KINDS),
    Command: (command, ("call", "exec")),
    Hook: (hook, ("call", "exec")),
    Log: (log, ("",)),
    Upgrade: (upgrade, ("",)),
    Console: (console, ("",)),
}


def every_key() -> list[Any]:
    """The table, the key, and a kind to which it applies, of all that a user can write."""
    found = []
    for record, (_, kinds) in READERS.items():
        for key in keys(record):
            if key.setting and not isinstance(key.shape, shapes.Anything):
                kind = next(kind for kind in reversed(kinds) if key.applies(kind))
                name = f"{record.__name__}.{key.name}"
                found.append(pytest.param(record, key, kind, id=name))
    return found


def sample(key: Key) -> Any:
    if isinstance(key.shape, shapes.Flag):
        return not key.default
    if isinstance(key.shape, shapes.OrReference):
        return SAMPLES[type(key.shape._shape)]
    if isinstance(key.shape, shapes.Choice):
        return key.shape.choices[-1]
    return SAMPLES[type(key.shape)]


def written_as(record: type[Record], key: Key, kind: str) -> Record:
    """The table with the sample of that key."""
    rows = {**TARGETS.get(kind, {}), key.name: sample(key)}
    if (record, key.name) == (Command, "service"):
        rows = {**TARGETS["call"], "mode": "rpc", key.name: sample(key)}
    return READERS[record][0](rows)


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize(("record", "key", "kind"), every_key())
def test_a_key_is_read_of_the_settings(record: type[Record], key: Key, kind: str) -> None:
    found = getattr(written_as(record, key, kind), key.name)
    assert key.shape.read(sample(key)) == found
    assert key.default != found


@pytest.mark.parametrize(("record", "key", "kind"), every_key())
def test_a_key_is_in_the_manifest(
    record: type[Record], key: Key, kind: str, tmp_path: Path
) -> None:
    value = written_as(record, key, kind)
    table = next(name for name, one in {**ROWS, **TABLES}.items() if one is record)
    parts: dict[str, Any] = {table: (value,) if table in ROWS else value}
    whole = plain(written.describe(builder.release(tmp_path, **parts), CONFIG))
    rows = whole[table]
    row = rows[next(iter(rows))] if table in ROWS else rows
    assert plain(getattr(value, key.name)) == row[key.name]
    assert isinstance(row[key.name], int | float) or not key.shape.unit
    assert whole == filled(whole), "what a build writes is complete"


@pytest.mark.parametrize("key", list(keys(Service)), ids=lambda key: key.name)
def test_a_key_is_read_by_the_supervisor_and_reaches_the_process(key: Key) -> None:
    if key.setting:
        kind = next(kind for kind in reversed(KINDS) if key.applies(kind))
        value = written_as(Service, key, kind)
    else:
        value = service(TARGETS["exec"])
    rows = {"it": plain(value.row()), "other": plain(service(TARGETS["run"]).row())}
    whole = {"services": rows}
    spec = specs.read(whole, {"on": "yes"}, "/srv/shop", "/srv/var")[0]
    wanted = getattr(value, key.name)
    if key.name == "enabled":
        wanted = "yes"
    elif key.name == "cwd":
        wanted = "/srv/shop/root"
    assert wanted == getattr(spec, key.name)
    if key.name == "env":
        return  # which the process has
    reported = launch.described(spec)[key.name]
    assert plain(wanted) == reported or (key.name == "stop_signal" and spec.signal == reported)


@pytest.mark.parametrize("key", list(keys(Service)), ids=lambda key: key.name)
def test_a_key_is_used(key: Key) -> None:
    assert key.name in {*_used(RUNTIME / "supervise"), *_used(RUNTIME / "service"), *_used(RUNTIME)}


def _used(directory: Path) -> Iterator[str]:
    """Attributes that are read, and keys that are looked up, by the code in a directory."""
    for path in directory.rglob("*.py") if directory != RUNTIME else [RUNTIME / "running.py"]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                yield str(node.slice.value)


@pytest.mark.parametrize(("record", "key", "kind"), every_key())
def test_a_value_of_another_type_is_refused(record: type[Record], key: Key, kind: str) -> None:
    place = {Hook: "hooks.pre_stop", Service: "services.it", Command: "commands.it"}.get(
        record, record.__name__.lower()
    )
    wrong = [value for kind, value in TYPES.items() if kind not in key.shape.takes]
    assert wrong
    for value in wrong:
        with pytest.raises(SettingsError) as caught:
            READERS[record][0]({**TARGETS.get(kind, {}), key.name: value})
        assert caught.value.message.startswith(f"tool.relforge.{place}.{key.name}: expected ")


@pytest.mark.parametrize("name", ["args", "server", "options"])
def test_a_key_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"services\.it\.{name}: only for `"):
        service({**TARGETS["exec"], name: SAMPLES[shapes.Words]})


@pytest.mark.parametrize("name", list(reference.BLOCKS))
def test_the_reference_is_what_the_contract_says(name: str) -> None:
    page = reference.PAGE.read_text()
    stale = "make docs-reference"
    assert reference.blocks(reference.rendered(page))[name] == reference.blocks(page)[name], stale


@pytest.mark.parametrize("record", list(READERS))
def test_each_key_says_what_it_means(record: type[Record]) -> None:
    rows = reference.settings_of(record)
    assert [] == [key.name for key in rows if not key.doc]
    page = reference.PAGE.read_text()
    assert [] == [key.name for key in rows if f"\n| `{key.name}` | " not in page]


# --- the manifest


def smallest() -> dict[str, Any]:
    """What no manifest can be without."""
    return {
        "manifest": 1,
        "name": "shop",
        "version": "1",
        "target": {},
        "python": {},
        "services": {"web": {"kind": "run", "target": "a:b"}},
        "commands": {"go": {"call": "a:b", "args": [{"name": "x"}]}},
        "hooks": {"pre_stop": {"exec": ["true"]}},
        "schedule": {"report": {"cron": "@daily", "command": "go"}},
    }


def test_what_an_earlier_builder_did_not_write_has_its_default() -> None:
    whole = filled(smallest())
    assert {key.name for key in keys(Manifest)} == set(whole)
    for name, record in ROWS.items():
        (row,) = whole[name].values()
        assert {key.name for key in keys(record)} == {*row, "name"}
    for name, record in TABLES.items():
        assert plain(record().row()) == whole[name]
    (spec,) = specs.read(whole, {}, "/srv/shop", "/srv/var")
    assert (20.0, "", "/srv/var", "notify") == (spec.drain, spec.server, spec.cwd, spec.ready)
    (argument,) = whole["commands"]["go"]["args"]
    assert ("str", None) == (argument["type"], argument["default"])


def test_what_a_later_builder_added_is_passed_over() -> None:
    later = smallest()
    later["weather"] = "fine"
    later["services"]["web"]["mood"] = {"good": True}
    whole = filled(later)
    assert ("fine", {"good": True}) == (whole["weather"], whole["services"]["web"]["mood"])
    (spec,) = specs.read(whole, {}, "/srv/shop", "/srv/var")
    assert not hasattr(spec, "mood")


@pytest.mark.parametrize(
    ("path", "said"),
    [(("python",), ".python"), (("services", "web", "target"), ".services.web.target")],
)
def test_what_has_no_default_cannot_be_missing(path: tuple[str, ...], said: str) -> None:
    broken = smallest()
    table = broken
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    with pytest.raises(Wrong) as caught:
        filled(broken)
    assert said == caught.value.at


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    path = tmp_path / manifest.PATH
    path.parent.mkdir()
    for text, words in (
        ("{", "the release is damaged"),
        ('{"manifest": 2}', "format 2, this runtime reads format 1"),
        ('{"manifest": 1, "name": "a", "version": "1", "services": 5}', "`"),
        ('{"manifest": 1, "relforge": "9"}', "`name` is missing: the release is damaged, or built"),
    ):
        path.write_text(text)
        with pytest.raises(Refusal) as caught:
            content.read_manifest(str(tmp_path))
        assert f"{path}: {words}" in caught.value.message


def test_the_root_is_where_this_file_lies_in_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASE_ROOT", raising=False)
    assert str(Path(relforge.__file__).parents[2]) == manifest.root()


# --- names


def test_every_command_of_a_release_is_a_reserved_name_and_no_other() -> None:
    names = {*TABLE, *ALIASES, "help"}
    assert {name for name in names if not name.startswith("-")} == RESERVED


def test_hooks_are_run_by_their_names() -> None:
    sources = [path.read_text() for path in (RUNTIME / "supervise" / "rules").glob("*.py")]
    assert [] == [name for name in HOOKS if not any(f'"{name}"' in text for text in sources)]


# --- records


def test_a_record_is_frozen_and_complete() -> None:
    one = Log(keep=1)
    assert (Log(keep=1), 50_000_000) == (one, one.size)
    assert one != Log() != Upgrade()
    assert "Log(size=50000000, age=0.0, keep=1)" == repr(one)
    assert Log(keep=2) == one.replace(keep=2)
    with pytest.raises(AttributeError, match="Log is frozen: keep"):
        setattr(one, "keep", 3)  # noqa: B010 - mypy refuses the plain form
    with pytest.raises(TypeError, match="Hook lacks name"):
        Hook()  # type: ignore[call-arg]  # mypy knows, too
    with pytest.raises(TypeError, match="Log has no size_"):
        Log(size_=1)  # type: ignore[call-arg]  # mypy knows, too
    assert [] == [key.name for key in keys(Log) if key.default is REQUIRED]


@pytest.mark.process
@pytest.mark.parametrize(("module", "most"), [("manifest", 1), ("content", 99)])
def test_the_contract_costs_a_command_little(module: str, most: int) -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(RUNTIME.parents[1])!r})\n"
        f"from relforge.runtime.contract import {module}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    names = done.stdout.split()
    expensive = {"typing", "dataclasses", "inspect", "signal", "socket"}
    assert not expensive & {*names}
    assert most >= sum(name.startswith("relforge.runtime.contract.") for name in names)


# --- references: one rule for all that is run


FILLED = [
    ({"run": "a:b", "args": ["--port", "${x}"]}, service, ("args", ("--port", "1"))),
    ({"run": "a:b", "env": {"PORT": "${x}"}}, service, ("env", {"PORT": "1"})),
    ({"run": "a:b", "cwd": "${release.app}/${x}"}, service, ("cwd", "/srv/shop/app/1")),
    ({"run": "a:b", "cwd": "${x}"}, service, ("cwd", "/srv/shop/1")),
    ({"run": "a:b", "listen": ["a:${x}"]}, service, ("listen", ("a:1",))),
    ({"exec": ["./a", "${x}"], "ready": "started"}, service, ("target", ("./a", "1"))),
    (
        {"exec": ["a"], "ready": {"exec": ["b", "${x}"]}},
        service,
        ("ready", {"exec": ("b", "1")}),
    ),
    ({"run": "a:b", "instances": "${x}"}, service, ("instances", 1)),  # P50, to the next comment
    ({"run": "a:b", "instances": "auto"}, service, ("instances", "auto")),
    ({"run": "a:b", "nice": "-${x}"}, service, ("nice", -1)),
    ({"run": "a:b", "drain": "${x}m"}, service, ("drain", 60.0)),
    ({"run": "a:b", "ready_timeout": "${x}"}, service, ("ready_timeout", 1.0)),
    (
        {"run": "a:b", "rlimits": {"as": "${x} GB", "core": "none", "nofile": 9}},
        service,
        ("rlimits", {"as": 1_000_000_000, "core": -1, "nofile": 9}),
    ),
    (
        {**TARGETS["app"], "options": {"workers": "${x}", "name": "n${x}", "on": ["${x}", True]}},
        service,
        ("options", {"workers": 1, "name": "n1", "on": [1, True]}),
    ),
    # of commands and hooks
    ({"exec": ["app/a", "${x}"]}, command, ("exec", ("/srv/shop/app/a", "1"))),
    ({"exec": ["a", "$${x}"]}, command, ("exec", ("a", "${x}"))),
    ({"call": "a:b", "env": {"A": "${release.state}/a"}}, command, ("env", {"A": "/srv/var/a"})),
    ({"call": "a:b", "cwd": "/${x}"}, command, ("cwd", "/1")),
    ({"exec": ["${release.root}/a"]}, hook, ("exec", ("/srv/shop/a",))),
    ({"call": "a:b", "cwd": "app", "env": {"A": "${x}"}}, hook, ("env", {"A": "1"})),
]


@pytest.mark.parametrize(("rows", "read", "expected"), FILLED)
def test_a_reference_is_filled_at_run_time(
    rows: dict[str, Any], read: Callable[[dict[str, Any]], Any], expected: tuple[str, Any]
) -> None:
    run = read(rows)
    found = running.settled(run, {"x": 1}, "it", root="/srv/shop", state="/srv/var")
    assert expected == (expected[0], getattr(found, expected[0]))


def test_every_key_that_may_hold_a_reference_is_filled() -> None:
    tried = {(read, name) for _, read, (name, _) in FILLED}
    ours: dict[type[Record], Any] = {Service: service, Command: command, Hook: hook}
    names = {(ours[record], key.name) for record in ours for key in keys(record) if key.references}
    assert {(service, "enabled"), (hook, "cwd")} >= names - tried


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("instances", "${word}", r"it\.instances: expected a whole number, found a string"),
        ("instances", "${none}", r"it\.instances: 0 is less than 1"),
        (
            "nice",
            "${big}",
            r"it\.nice: expected a whole number from -20 to 19, found a number \(99",
        ),
        ("drain", "${word}", r"it\.drain: expected a duration such as"),
        ("ready_timeout", "-1${none}", r"it\.ready_timeout: '-10' is negative"),
        ("rlimits", {"as": "${word}"}, r"it\.rlimits\.as: expected a number, a size"),
    ],
)
def test_a_value_that_does_not_fit_at_boot_is_78_and_named(name: str, text: Any, said: str) -> None:
    """P50."""
    run = service({"run": "a:b", name: text})
    values = {"word": "many", "none": 0, "big": 99}
    with pytest.raises(Refusal, match=f"^{said}") as caught:
        running.settled(run, values, "it", root="/srv/shop", state="/srv/var")
    assert 78 == caught.value.code


@pytest.mark.parametrize(
    ("rows", "read", "where"),
    [
        ({"run": "a:b", "args": ["${y}"]}, service, r"it\.args\[0\]"),
        ({"run": "a:b", "cwd": "${y}"}, service, r"it\.cwd"),
        ({"exec": ["a", "${y}"], "ready": "started"}, service, r"it\.exec\[1\]"),
        ({"exec": ["a"], "env": {"A": "${y}"}}, command, r"it\.env\.A"),
        ({"exec": ["a", "${y}"]}, hook, r"it\.exec\[1\]"),
    ],
)
def test_a_reference_that_is_not_set_is_78_and_named(
    rows: dict[str, Any], read: Callable[[dict[str, Any]], Any], where: str
) -> None:
    with pytest.raises(Refusal, match=rf"^{where}: \$\{{y\}} is not set") as caught:
        running.settled(read(rows), {"x": 1}, "it", root="/srv/shop", state="/srv/var")
    assert 78 == caught.value.code
