"""The project's own commands: arguments, help, questions, modes, and once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from relforge.runtime.config.providers import prepare
from tests.runtime.conftest import MiniRelease

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

OPS = """
import contextlib, os, time
from relforge.runtime import config, ready
def show(**named):
    print(sorted(named.items()))
def words(*words):
    print(words, config["shop.name"])
def slow():
    print("begins", flush=True)
    while os.path.exists(os.environ.get("SLOW", "")):
        time.sleep(0.02)
    print("done", flush=True)
def fails():
    return 9
@contextlib.contextmanager
def lock(name):
    print("locking", name)
    yield os.environ.get("ELSEWHERE") is None
    print("unlocking")
def main():
    ready()
    time.sleep(1000)
"""
ARGS = [
    {"name": "count", "type": "int", "default": None, "help": "how many"},
    {"name": "revision", "type": "str", "default": "head", "help": "how far"},
    {"name": "--dry-run", "type": "flag", "default": None, "help": "change nothing"},
    {"name": "--rate", "type": "float", "default": 0.5, "help": ""},
]
USAGE = "usage: shop show COUNT [REVISION] [--dry-run] [--rate RATE]"


def shop(make: Make, **commands: dict[str, Any]) -> MiniRelease:
    return make(
        {"shop/ops.py": OPS},
        config={"schema": {"shop.name": {"type": "str", "default": "corner"}}},
        services={"worker": {"target": "shop.ops:main"}},
        commands=commands,
    )


def test_declared_arguments_are_typed_and_named(mini_release: Make) -> None:
    release = shop(mini_release, show={"call": "shop.ops:show", "help": "shows", "args": ARGS})
    done = release.run("show", "3", "--dry-run", "--rate=2", "tip")
    assert (0, "") == (done.returncode, done.stderr)
    assert "[('count', 3), ('dry_run', True), ('rate', 2.0), ('revision', 'tip')]\n" == done.stdout
    plain = release.run("show", "3")
    assert "[('count', 3), ('dry_run', False), ('rate', 0.5), ('revision', 'head')]" in plain.stdout

    reported = release.run("show", "--help").stdout
    assert reported.startswith(f"{USAGE}\n\nshows\n")
    assert "  revision          how far (default: head)" in reported
    assert "show" in release.run("help").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "count is missing"),
        (["x"], "count: 'x' is not a valid int"),
        (["1", "2", "3"], "'3' is one argument too many"),
        (["1", "--dry"], "unknown option '--dry'"),
        (["1", "--rate", "fast"], "--rate: 'fast' is not a valid float"),
    ],
)
def test_wrong_arguments_are_usage(mini_release: Make, words: list[str], said: str) -> None:
    release = shop(mini_release, show={"call": "shop.ops:show", "args": ARGS})
    done = release.run("show", *words)
    assert 2 == done.returncode
    assert said in done.stderr


SCRIPTS = """
import sys
print_argv = lambda: print(sys.argv)
class Cli:
    def __call__(self, *args, **kwargs):
        if "--help" in sys.argv:
            print("usage of", sys.argv[0])
            sys.exit(0)
        print(sys.argv)
        sys.exit(len(sys.argv))
cli = Cli()
def main(argv=None):
    print(sys.argv, argv)
    return "went wrong"
def django():
    print(sys.argv)
def plain():
    print("migrated")
def pair(one, other):
    print(one, other)
async def many(*words):
    print(words, sys.argv)
"""


def scripts(make: Make, **commands: dict[str, Any]) -> MiniRelease:
    return make({"shop/ops.py": SCRIPTS}, commands=commands)


def test_a_console_script_is_called_as_its_wrapper_does(mini_release: Make) -> None:
    """P41: in ``sys.argv``, without arguments, by a name of its own."""
    release = scripts(
        mini_release,
        clik={"call": "shop.ops:cli"},
        main={"call": "shop.ops:main", "argv": True},
        manage={"call": "shop.ops:django", "argv": True},
        many={"call": "shop.ops:many", "argv": True},
        twice={"call": "shop.ops:cli", "once": True},
    )
    for words, expected in (
        (("clik", "hi", "--loud"), (3, "['shop clik', 'hi', '--loud']\n", "")),
        (("main", "a", "b"), (1, "['shop main', 'a', 'b'] None\n", "went wrong\n")),
        (("manage", "migrate", "--", "-x"), (0, "['shop manage', 'migrate', '--', '-x']\n", "")),
        (("manage", "--", "--yes"), (0, "['shop manage', '--yes']\n", "")),
        (("many", "a"), (0, "() ['shop many', 'a']\n", "")),
        (("clik", "--help"), (0, "usage of shop clik\n", "")),
        (("twice", "--help"), (0, "usage of shop twice\n", "")),
        (("run", "shop.ops:cli", "hi"), (2, "['shop.ops:cli', 'hi']\n", "")),
    ):
        done = release.run(*words)
        assert expected == (done.returncode, done.stdout, done.stderr)


def test_words_that_a_command_does_not_take_are_usage(mini_release: Make) -> None:
    """P42, P45: nothing runs, and the usage says what it takes."""
    release = scripts(
        mini_release,
        mig={"call": "shop.ops:plain", "help": "migrates"},
        pair={"call": "shop.ops:pair"},
        many={"call": "shop.ops:many"},
    )
    for words, said, usage in (
        (("mig", "--dry-run"), "mig takes no arguments", "usage: shop mig"),
        (("mig", "again"), "mig takes no arguments", "usage: shop mig"),
        (("mig", "--", "x"), "mig takes no arguments", "usage: shop mig"),
        (("many", "a"), "many takes no arguments", "usage: shop many"),
        (("pair", "a"), "other is missing", "usage: shop pair ONE OTHER"),
        (("pair", "a", "b", "c"), "'c' is one argument too many", "usage: shop pair ONE OTHER"),
        (("pair", "a", "--b"), "unknown option '--b'", "usage: shop pair ONE OTHER"),
    ):
        done = release.run(*words)
        assert (2, "") == (done.returncode, done.stdout)
        assert f"shop: {said}\n  {usage}\n" == done.stderr
    assert "migrated\n" == release.run("mig").stdout
    assert "a --b\n" == release.run("pair", "--", "a", "--b").stdout
    assert "usage: shop mig\n\nmigrates\n" == release.run("mig", "--help").stdout
    assert "usage: shop pair ONE OTHER\n" == release.run("pair", "-h").stdout


def test_help_is_passed_to_a_program(mini_release: Make) -> None:
    """P45."""
    echo = {"call": "", "exec": ["echo", "a"], "mode": "exec"}
    release = scripts(
        mini_release, tool=echo, once={**echo, "once": True}, asks={**echo, "confirm": "sure?"}
    )
    assert "a --help\n" == release.run("tool", "--help").stdout
    assert "a --help\n" == release.run("once", "--help").stdout
    assert "a b\n" == release.run("once", "b").stdout
    assert release.run("asks", "--help").stdout.startswith("usage: shop asks [ARGS] [--yes]\n")


def test_what_asks_before_does_nothing_unasked(mini_release: Make) -> None:
    drop = {"call": "shop.ops:slow", "confirm": "drop everything?"}
    release = shop(mini_release, drop=drop)
    refused = release.run("drop")
    assert (2, "") == (refused.returncode, refused.stdout)
    assert "drop everything?" in refused.stderr
    assert "to agree: --yes" in refused.stderr
    assert "begins\ndone\n" == release.run("drop", "--yes").stdout
    assert "[--yes]" in release.run("drop", "--help").stdout
    for answer, code in (("n", 1), ("yes", 0)):
        terminal = pexpect.spawn(str(release.root / "bin" / "shop"), ["drop"], timeout=20)
        terminal.expect_exact("drop everything? [y/N]")
        terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert code == terminal.exitstatus


def test_a_program_gets_the_words_and_the_exports(mini_release: Make) -> None:
    program = {"call": "", "exec": ["app/tool", "first"], "mode": "exec"}
    release = mini_release(
        {"tool": '#!/bin/sh\necho "$NAME $*"\nexit 7\n'},
        config={
            "schema": {"shop.name": {"type": "str", "default": "corner"}},
            "export": {"NAME": "shop.name"},
        },
        commands={"tool": program},
    )
    (release.root / "app" / "tool").chmod(0o755)
    done = release.run("tool", "second", "--third")
    assert (7, "corner first second --third\n") == (done.returncode, done.stdout)


def test_in_the_live_process(mini_release: Make) -> None:
    show = {"call": "shop.ops:show", "mode": "rpc", "service": "worker", "args": ARGS}
    release = shop(mini_release, show=show)
    assert 3 == release.run("show", "1").returncode
    assert 0 == release.run("start").returncode
    done = release.run("show", "1")
    assert (0, "") == (done.returncode, done.stderr)
    assert "('count', 1)" in done.stdout


def test_once_is_once_for_a_version_of_two_at_the_same_time_too(mini_release: Make) -> None:
    release = shop(mini_release, slow={"call": "shop.ops:slow", "once": True})
    going = release.root.parent / "going"
    going.touch()
    words = [str(release.root / "bin/shop"), "slow"]
    env = {"PATH": os.environ["PATH"], "SLOW": str(going)}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=env, stdout=pipe, text=True) as first:
        try:
            assert first.stdout is not None
            assert "begins\n" == first.stdout.readline()
            second = subprocess.Popen(words, env=env, stdout=pipe, stderr=pipe, text=True)
            assert second.stderr is not None
            assert "another slow is under way: waiting for it\n" == second.stderr.readline()
        finally:
            going.unlink()
        done, _ = first.communicate(timeout=30)
    waited, _ = second.communicate(timeout=30)
    assert (0, 0) == (first.returncode, second.returncode)
    assert "done\n" == done
    assert waited.startswith("slow has been done for 1.0.0 on this host: 2")


def test_other_arguments_are_another_thing_to_do(mini_release: Make) -> None:
    show = {"call": "shop.ops:show", "once": True, "args": ARGS}
    release = shop(mini_release, show=show)
    for words in (("1", "--dry-run"), ("1",), ("2",)):
        assert "('count'" in release.run("show", *words).stdout
    for words in (("1", "--dry-run"), ("1",), ("2",)):
        assert "has been done for 1.0.0" in release.run("show", *words).stdout


def test_once_knows_what_it_acted_on(mini_release: Make) -> None:
    """P44: another database is another thing to do; `--again` repeats."""
    url = {"type": "str", "default": "one"}
    release = mini_release(
        {"shop/ops.py": OPS.replace('"shop.name"', '"db.url"')},
        config={
            "schema": {"db.url": url, "level": {**url, "secret": True}},
            "providers": [
                {"use": "env", **prepare("env", {"map": {"URL": "db.url", "LEVEL": "level"}})}
            ],
        },
        commands={
            "all": {"call": "shop.ops:words", "once": True},
            "url": {"call": "shop.ops:words", "once": {"by": ["db.url"]}},
        },
    )
    did, two = "() one\n", {"URL": "two"}
    for name in ("all", "url"):
        assert did == release.run(name).stdout
        done = release.run(name)
        mark = release.state / "once" / name
        text = f"  {mark} records this; to repeat it: {name} --again\n"
        assert done.stdout.startswith(f"{name} has been done for 1.0.0 on this host: 2")
        assert done.stdout.endswith(text)
        assert "() two\n" == release.run(name, env=two).stdout
        assert "has been done" in release.run(name, env=two).stdout
        assert "has been done" in release.run(name).stdout
        assert did == release.run(name, "--again").stdout
        assert 0o600 == mark.stat().st_mode & 0o777
        assert "two" not in mark.read_text()
        assert "[--again]" in release.run(name, "--help").stdout
    assert did == release.run("all", env={"LEVEL": "2"}).stdout
    assert "has been done" in release.run("url", env={"LEVEL": "2"}).stdout


def test_what_failed_is_done_again(mini_release: Make) -> None:
    release = shop(mini_release, fails={"call": "shop.ops:fails", "once": True})
    assert [9, 9] == [release.run("fails").returncode for _ in range(2)]


def test_a_lock_of_the_projects_own_decides_for_a_fleet(mini_release: Make) -> None:
    release = shop(mini_release, slow={"call": "shop.ops:slow", "once": "shop.ops:lock"})
    there = release.run("slow", env={"ELSEWHERE": "1"})
    elsewhere = "slow has been done elsewhere; to repeat it: slow --again"
    assert f"locking slow\n{elsewhere}\nunlocking\n" == there.stdout
    for words in (("slow",), ("slow", "--again")):
        here = release.run(*words)
        assert "locking slow\nbegins\ndone\nunlocking\n" == here.stdout
    again = release.run("slow", "--again", env={"ELSEWHERE": "1"})
    assert "locking slow\nbegins\ndone\nunlocking\n" == again.stdout


def test_a_command_before_the_first_start_finds_the_state_directory(mini_release: Make) -> None:
    """P67: with the mode that `start` gives it."""
    source = "import os\ndef make(): open(os.environ['RELEASE_STATE_DIR'] + '/db', 'w').close()\n"
    release = mini_release({"shop/ops.py": source}, commands={"make": {"call": "shop.ops:make"}})
    assert not release.state.exists()
    for words in (
        ("make",),
        ("eval", "__import__('shop.ops').ops.make()"),
        ("run", "shop.ops:make"),
    ):
        done = release.run(*words)
        assert (0, "") == (done.returncode, done.stderr)
        assert (release.state / "db").exists()
        assert 0o755 == release.state.stat().st_mode & 0o777
        (release.state / "db").unlink()
        release.state.rmdir()


SHOWS = """
import os
from relforge.runtime import config
def shows(): print(os.getcwd(), os.environ["A"], os.environ["B"], os.environ["TOKEN"], IMPORTED)
IMPORTED = os.environ["A"]
"""


def test_a_command_works_where_and_with_what_its_settings_say(mini_release: Make) -> None:  # P43
    shell = {"exec": ["sh", "-c", 'echo "$(pwd) $A $TOKEN $1 $2 $3"', "sh", "${x.y}", "$${x.y}"]}
    surroundings = {"cwd": "${release.app}/shop", "env": {"A": "a ${x.y}"}}
    release = mini_release(
        {"shop/ops.py": SHOWS},
        commands={
            "shows": {
                "call": "shop.ops:shows",
                "cwd": "app",
                "env": {"A": "${x.y}", "B": "${release.root} ${release.state}"},
            },
            "shell": {**shell, **surroundings, "mode": "exec"},
            "again": {**shell, **surroundings, "mode": "exec", "once": True},
            "tool": {"exec": ["app/tool"], "cwd": "app/shop", "mode": "exec"},
            "lost": {"exec": ["true"], "cwd": "app/nowhere", "mode": "exec"},
            "unset": {"exec": ["echo", "${x.z}"], "mode": "exec"},
            "plain": {"exec": ["pwd"], "mode": "exec"},
        },
        config={
            "schema": {
                "x.y": {"type": "int", "default": 7},
                "x.z": {"type": "int"},
                "token": {"type": "str", "default": "t0p"},
            },
            "export": {"TOKEN": "token"},
        },
    )
    tool = release.root / "app" / "tool"
    tool.write_text("#!/bin/sh\npwd\n")
    tool.chmod(0o755)
    root, state = release.root, release.state
    for name, expected in (
        ("shows", f"{root}/app 7 {root} {state} t0p 7\n"),
        ("shell", f"{root}/app/shop a 7 t0p 7 ${{x.y}} more\n"),
        ("again", f"{root}/app/shop a 7 t0p 7 ${{x.y}} more\n"),
        ("tool", f"{root}/app/shop\n"),
        ("plain", f"{Path.cwd()}\n"),
    ):
        words = ("more",) if name in ("shell", "again") else ()
        done = release.run(name, *words)
        assert (expected, "", 0) == (done.stdout, done.stderr, done.returncode)
    lost = release.run("lost")
    assert 78 == lost.returncode
    assert f"commands.lost.cwd: {root}/app/nowhere: No such file or directory" in lost.stderr
    unset = release.run("unset")
    assert (78, "") == (unset.returncode, unset.stdout)
    assert "commands.unset.exec[1]: ${x.z} is not set" in unset.stderr


def test_a_state_directory_that_cannot_be_made_is_said(mini_release: Make) -> None:
    """P67: what does not need it runs; `once` does."""
    once = {"call": "shop.ops:fails", "once": True}
    release = shop(mini_release, words={"call": "shop.ops:fails"}, deed=once)
    release.state.write_text("")
    note = f"note: cannot create the state directory: {release.state}: File exists\n"
    evaluated = release.run("eval", "1")
    assert (0, "1\n", "") == (evaluated.returncode, evaluated.stdout, evaluated.stderr)
    words = release.run("words")
    assert 9 == words.returncode
    assert words.stderr.startswith(note)
    deed = release.run("deed")
    assert (78, "") == (deed.returncode, deed.stdout)
    assert (
        f"{release.state}/once/deed: Not a directory; `once` keeps its record there" in deed.stderr
    )
    assert "set RELEASE_STATE_DIR to a directory that this user can write" in deed.stderr
    assert "Traceback" not in deed.stderr
    release.state.unlink()
