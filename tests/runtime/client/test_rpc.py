from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Shop

pytestmark = pytest.mark.process


def test_expression_prints_its_repr(shop: Shop) -> None:
    done = shop.run("rpc", "'a' + 'b'")
    assert (done.stdout, done.stderr, done.returncode) == ("'ab'\n", "", 0)


def test_none_prints_nothing(shop: Shop) -> None:
    assert shop.run("rpc", "None").stdout == ""
    assert shop.run("rpc", "None", "--json").stdout == "null\n"


def test_json(shop: Shop) -> None:
    done = shop.run("rpc", "--json", '{"a": [1, "ü"]}')
    assert json.loads(done.stdout) == {"a": [1, "ü"]}
    done = shop.run("rpc", "--json", "object()")
    assert done.returncode == 1
    assert "not JSON serializable" in done.stderr


def test_await_and_the_applications_names(shop: Shop) -> None:
    assert shop.run("rpc", "await asyncio.sleep(0.01, app)").stdout == "'web app'\n"


def test_what_it_raises_is_exit_code_1_with_its_traceback(shop: Shop) -> None:
    done = shop.run("rpc", "1 / 0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "relforge" not in done.stderr


def test_source_from_a_file_and_from_standard_input(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text("def f():\n    return 7\n\nf() * 6\n")
    assert shop.run("rpc", "--file", str(source)).stdout == "42\n"
    assert shop.run("rpc", "-", stdin="x = 3\nx + 1").stdout == "4\n"
    done = shop.run("rpc", "--file", str(tmp_path / "no.py"))
    assert done.returncode == 2
    assert "No such file" in done.stderr


def test_call_with_arguments(shop: Shop) -> None:
    assert shop.run("rpc", "--call", "shop.ops:add", "--args", "[40]").stdout == "42\n"
    done = shop.run("rpc", "--call", "shop.ops:add", "--args", '{"a": "x", "b": "y"}', "--json")
    assert done.stdout == '"xy"\n'
    assert shop.run("rpc", "--call", "shop.ops:later", "--args", '["a"]').stdout == "'A'\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "give one of"),
        (["1", "2"], "quote it"),
        (["1", "--call", "a:b"], "give one of"),
        (["--call", "shop.ops:add", "--args", "{"], "--args is not valid JSON"),
        (["--call", "shop.ops:add", "--args", "1"], "neither a list nor an object"),
        (["--call", "shop.ops:ad"], "did you mean 'add'?"),
        (["--call", "shop.nothing:add"], "no module 'shop.nothing'"),
        (["--call", "shop"], "does not name a function"),
        (["--frob", "1"], "unknown option '--frob'"),
        (["1", "--timeout", "soon"], "not a duration"),
        (["1", "--timeout"], "needs a value"),
        (["1", "--service", "nothing"], "running: web.1, worker.1"),
        (["1", "--service", "cache"], "which has no console"),
    ],
)
def test_usage_errors_are_exit_code_2(shop: Shop, args: list[str], message: str) -> None:
    done = shop.run("rpc", *args)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert done.stderr.startswith("shop: ")


def test_module_that_fails_at_its_import_is_no_usage_error(shop: Shop) -> None:
    done = shop.run("rpc", "--call", "shop.broken:f")
    assert done.returncode == 1
    assert "No module named 'nosuch'" in done.stderr


def test_service_is_chosen(shop: Shop) -> None:
    assert shop.run("rpc", "app").stdout == "'web app'\n"
    assert shop.run("rpc", "app", "--service", "worker").stdout == "'worker app'\n"
    assert shop.run("rpc", "app", "--service=worker.1").stdout == "'worker app'\n"
    done = shop.run("rpc", "app", "--service", "worker.2")
    assert done.returncode == 3
    assert "worker.2 is not running" in done.stderr


@pytest.mark.parametrize(
    "args", [["rpc", "1"], ["ping"], ["remote_console"], ["stacks"], ["tasks"]]
)
def test_not_running_is_exit_code_3(stopped: Shop, args: list[str]) -> None:
    done = stopped.run(*args)
    assert done.returncode == 3
    assert "shop: it is not running" in done.stderr
    # A lock that nobody holds is no running release either.
    stopped.release.state.mkdir(exist_ok=True)
    (stopped.release.state / "lock").write_text('{"pid": 1}')
    assert stopped.run(*args).returncode == 3
    (stopped.release.state / "lock").unlink()


def test_no_answer_in_time_is_exit_code_5_and_interrupts(shop: Shop, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source = f"try:\n    while True: time.sleep(0.01)\nfinally: open({str(mark)!r}, 'w')"
    done = shop.run("rpc", source, "--timeout", "500ms")
    assert done.returncode == 5
    assert "no answer within 0.5s" in done.stderr
    shop.wait_for(mark)


@pytest.mark.parametrize(
    "args",
    [["ping", "--timeout", "1s"], ["rpc", "1", "--timeout", "1s"], ["stacks", "--timeout=1"]],
)
def test_stopped_process_is_exit_code_5(shop: Shop, args: list[str]) -> None:
    assert shop.process is not None
    shop.process.send_signal(signal.SIGSTOP)
    done = shop.run(*args)
    assert done.returncode == 5
    assert "is running, but does not answer within 1s" in done.stderr


def test_ping(shop: Shop) -> None:
    done = shop.run("ping")
    assert (done.stdout, done.returncode) == ("pong\n", 0)


def test_output_streams_while_it_runs(shop: Shop) -> None:
    command = shop.spawn("rpc", "print('first'); time.sleep(1.5); print('second')")
    assert command.stdout is not None
    began = time.monotonic()
    assert command.stdout.readline() == "first\n"
    first = time.monotonic()
    assert command.stdout.readline() == "second\n"
    assert time.monotonic() - first > 1
    assert command.wait(5) == 0
    assert began


def test_standard_error_of_the_code_is_standard_error_here(shop: Shop) -> None:
    done = shop.run("rpc", "import sys; print('e', file=sys.stderr); print('o')")
    assert (done.stdout, done.stderr) == ("o\n", "e\n")


@pytest.mark.parametrize("body", ["time.sleep(0.01)", "await asyncio.sleep(0.01)"])
def test_ctrl_c_is_exit_code_130_and_interrupts(shop: Shop, tmp_path: Path, body: str) -> None:
    mark = tmp_path / "mark"
    source = f"try:\n    print('in')\n    while True: {body}\nfinally: open({str(mark)!r}, 'w')"
    command = shop.spawn("rpc", source)
    assert command.stdout is not None
    assert command.stdout.readline() == "in\n"
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=10)
    assert command.returncode == 130, errors
    shop.wait_for(mark)
    assert shop.run("rpc", "1").stdout == "1\n"


def test_application_that_goes_away_is_exit_code_3(shop: Shop) -> None:
    done = shop.run("rpc", "os._exit(0)")
    assert done.returncode == 3
    assert "has ended" in done.stderr


def test_reader_that_goes_away_is_quiet(shop: Shop) -> None:
    done = subprocess.run(
        f"'{shop.release.root}/bin/shop' rpc \"for n in range(100000): print(n)\" | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_remote_console_without_a_terminal_runs_statements(shop: Shop) -> None:
    script = (
        "x = 1\ndef f(n):\n    a = n\n\n    return a + x\n\nf(1)\n"
        "print('p'); 'v'\nawait asyncio.sleep(0)\n"
    )
    done = shop.run("remote_console", stdin=script)
    assert (done.stdout, done.stderr, done.returncode) == ("2\np\n'v'\n", "", 0)
    done = shop.run("remote", "worker", stdin="app\n1/0\n2")
    assert done.stdout == "'worker app'\n"
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_stacks_and_tasks(shop: Shop) -> None:
    done = shop.run("stacks")
    assert done.returncode == 0
    assert done.stdout.startswith("thread MainThread (main")
    assert "task Task-1" in done.stdout
    assert "in Event.wait" in shop.run("tasks").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_learns_whom_to_be(shop: Shop) -> None:
    directory = shop.release.root
    while directory != Path("/"):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | 0o755)
        directory = directory.parent
    # The interpreter may lie where only root can read, so everything is imported before.
    code = (
        "import os, pwd, sys; sys.path.insert(0, sys.argv[1])\n"
        "from relforge.runtime import commands\n"
        "commands.main(['rpc', '1'])\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(commands.main(['rpc', '1']))"
    )
    root = shop.release.root
    done = subprocess.run(
        [root / "python/bin/python3", "-I", "-S", "-B", "-c", code, root / "runtime"],
        env={"RELEASE_ROOT": str(root), "RELEASE_NAME": "shop"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "belongs to user root, you are uid 65534" in done.stderr
    assert "sudo -u 'root' /" in done.stderr
    assert "/bin/shop ..." in done.stderr


def test_control_commands_import_little(shop: Shop) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules)\n"
        "from relforge.runtime import commands\n"
        "assert commands.main(['rpc', '1']) == 0\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    root = shop.release.root
    done = subprocess.run(
        [root / "python/bin/python3", "-I", "-S", "-B", "-c", code, root / "runtime"],
        env={"RELEASE_ROOT": str(root), "RELEASE_NAME": "shop"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    dear = "typing dataclasses asyncio argparse subprocess threading readline inspect ast ctypes"
    dear += " socket selectors"
    assert not loaded & set(f"{dear} importlib.metadata traceback logging contextlib".split())
    ours = {name for name in loaded if re.match(r"relforge\.runtime\.(agent|config|service)", name)}
    assert ours == set()
