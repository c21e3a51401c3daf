from __future__ import annotations

import signal
import time

import pytest

from .conftest import Shop

pytestmark = pytest.mark.process


def test_eval_has_the_configuration_of_start(stopped: Shop) -> None:
    done = stopped.run("eval", "config.http.port + 1")
    assert (done.stdout, done.stderr, done.returncode) == ("8001\n", "", 0)


def test_a_fresh_process_has_the_directories_of_services(stopped: Shop) -> None:
    result = stopped.run("eval", "os.environ['RELEASE_STATE_DIR']")
    assert f"{str(stopped.release.state)!r}\n" == result.stdout


def test_eval_imports_the_application_and_awaits(stopped: Shop) -> None:
    done = stopped.run("eval", "from shop.ops import later\nawait later('a')")
    assert (done.stdout, done.stderr) == ("'A'\n", "")
    assert stopped.run("eval", "None").stdout == ""


def test_eval_of_what_is_indented(stopped: Shop) -> None:
    text = """
        n = 2
        if n:
            n *= 21
        n
    """
    assert "42\n" == stopped.run("eval", text).stdout
    assert "1\n" == stopped.run("eval", " 1").stdout


def test_eval_that_raises(stopped: Shop) -> None:
    done = stopped.run("eval", "from shop import ops\nops.fail()")
    assert done.returncode == 1
    assert done.stderr.startswith('Traceback (most recent call last):\n  File "<eval>", line 2')
    assert done.stderr.endswith("ValueError: no luck\n")
    assert "relforge" not in done.stderr
    done = stopped.run("eval", "1 +")
    assert done.stderr.startswith('  File "<eval>", line 1')


def test_eval_wants_one_expression(stopped: Shop) -> None:
    for args in ([], ["1", "2"]):
        done = stopped.run("eval", *args)
        assert done.returncode == 2
        assert "usage: eval 'EXPR'" in done.stderr


@pytest.mark.parametrize(
    ("args", "output", "code"),
    [
        (["shop.ops:add", "a", "b"], "ab\n", 0),
        (["shop.ops:later", "a"], "A\n", 0),
        (["shop.ops:status", "3"], "", 3),
        (["shop.ops:true"], "True\n", 0),
        (["shop.ops:port"], "", 8000 & 0xFF),
        (["shop.ops:leave"], "", 7),
        (["shop.ops:CALLS.clear"], "", 0),
    ],
)
def test_run(stopped: Shop, args: list[str], output: str, code: int) -> None:
    done = stopped.run("run", *args)
    assert (done.stdout, done.stderr, done.returncode) == (output, "", code)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "run needs a function"),
        (["shop.ops"], "does not name a function"),
        (["shop.ops:ad"], "did you mean 'add'?"),
        (["shop.opps:add"], "no module 'shop.opps'"),
        (["nothing.at.all:add"], "no module 'nothing'"),
        (["shop.ops:CALLS"], "a list cannot be called"),
    ],
)
def test_run_of_what_is_not_there(stopped: Shop, args: list[str], message: str) -> None:
    done = stopped.run("run", *args)
    assert done.returncode == 2
    assert done.stderr.startswith("shop: ")
    assert message in done.stderr


def test_run_of_a_module_that_fails_at_its_import(stopped: Shop) -> None:
    done = stopped.run("run", "shop.broken:f")
    assert done.returncode == 1
    assert "shop/broken.py" in done.stderr
    assert "relforge/runtime" not in done.stderr and "importlib" not in done.stderr
    assert done.stderr.endswith("No module named 'nosuch'\n")


def test_run_that_raises_or_is_called_wrongly(stopped: Shop) -> None:
    done = stopped.run("run", "shop.ops:fail")
    assert done.returncode == 1
    assert "relforge/runtime" not in done.stderr
    assert done.stderr.endswith("ValueError: no luck\n")
    done = stopped.run("run", "shop.ops:add", "1", "2", "3")
    assert done.returncode == 1
    assert "takes from 1 to 2 positional arguments but 3 were given" in done.stderr


def test_ctrl_c_is_exit_code_130(stopped: Shop) -> None:
    command = stopped.spawn("eval", "import time; print('in', flush=True); time.sleep(60)")
    assert command.stdout is not None
    assert command.stdout.readline() == "in\n"
    time.sleep(0.1)
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=10)
    assert (command.returncode, errors) == (130, "")


def test_configuration_that_is_wrong_is_exit_code_78(stopped: Shop) -> None:
    config = stopped.release.root / "broken.toml"
    config.write_text("[http]\nport = 'x'\n")
    for args in (["eval", "1"], ["run", "shop.ops:add"], ["console"], ["add", "1"]):
        done = stopped.run(*args, env={"RELEASE_CONFIG": str(config)})
        assert done.returncode == 78
        assert "http.port" in done.stderr


def test_commands_of_the_project(stopped: Shop) -> None:
    done = stopped.run("add", "4", "2")
    assert (done.stdout, done.returncode) == ("42\n", 0)
    assert stopped.run("later", "a").stdout == "A\n"
    done = stopped.run("add", "--help")
    assert done.stdout == (
        "usage: shop add A [B]\n\nput two words together\n\n"
        "  a\n  b                  (default: 2)\n"
    )
    assert "put two words together" in stopped.run("help").stdout


def test_console_without_a_terminal_runs_standard_input(stopped: Shop) -> None:
    done = stopped.run("console", stdin="x = config.http.port\nx")
    assert (done.stdout, done.returncode) == ("8000\n", 0)


def test_nothing_of_relforge_is_left_in_the_environment_of_children(stopped: Shop) -> None:
    source = "import os; sorted(n for n in os.environ if n.startswith('RELFORGE_'))"
    assert stopped.run("eval", source).stdout == "['RELFORGE_CONFIG']\n"


def test_an_entry_point_without_parameters_reads_its_words_from_argv(stopped: Shop) -> None:
    result = stopped.run("run", "shop.ops:words", "a", "b c")
    assert "['shop.ops:words', 'a', 'b c']\n" == result.stdout
