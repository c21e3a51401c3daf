from __future__ import annotations

import json
import os
import pwd
import threading
from collections.abc import Callable, Mapping

import pytest

from .conftest import Live, finish, run

pytestmark = pytest.mark.process


def test_value_of_the_last_expression(live: Live) -> None:
    assert run(live.client(), "x = 2\nx * 21")["repr"] == "42"


def test_none_has_no_repr(live: Live) -> None:
    done = run(live.client(), "None")
    assert done["ok"] and "repr" not in done


def test_names_and_the_last_value_stay_in_the_session(live: Live) -> None:
    client = live.client()
    run(client, "x = 20")
    run(client, "x + 1")
    assert run(client, "_ * 2")["repr"] == "42"
    assert run(live.client(), "x")["type"] == "NameError"


def test_multi_line_statements(live: Live) -> None:
    assert run(live.client(), "def f(n):\n    return n * 111\n\nf(3)")["repr"] == "333"


def test_await_runs_on_the_loop_of_the_application(live: Live) -> None:
    source = "await asyncio.sleep(0.01)\nasyncio.get_running_loop() is agent_loop()"
    names = "def agent_loop():\n    import __main__\n    return __main__.agent.loop"
    client = live.client()
    run(client, names)
    done = run(client, "async def here():\n    return asyncio.get_running_loop()\nawait here()")
    assert done["ok"], done
    assert run(client, "_ is agent_loop()")["repr"] == "True"
    assert run(client, source)["type"] == "RuntimeError", "code without await is not on the loop"


def test_async_for_and_async_with(live: Live) -> None:
    source = """
from contextlib import asynccontextmanager
@asynccontextmanager
async def around():
    yield 7
async def numbers():
    for number in range(3):
        yield number
found = []
async with around() as seven:
    async for number in numbers():
        found.append(number * seven)
found
"""
    assert run(live.client(), source)["repr"] == "[0, 7, 14]"


def test_what_is_indented_as_a_whole_is_evaluated(live: Live) -> None:
    assert "2" == run(live.client(), " 1 + 1")["repr"]
    error = run(live.client(), "\n    n = 0\n    1 / n\n")["error"]
    assert "line 3, in <module>\n    1 / n\n" in error


def test_synchronous_code_on_the_loop_where_asked(live: Live) -> None:
    done = run(live.client(), "asyncio.get_running_loop() is not None", where="loop")
    assert done["repr"] == "True"


def test_await_without_a_loop_uses_one_of_the_evaluators_own(start: Callable[..., Live]) -> None:
    client = start("threads").client()
    assert run(client, "await asyncio.sleep(0.01, 'v')")["repr"] == "'v'"
    assert run(client, "[await asyncio.sleep(0, n) for n in range(3)]")["repr"] == "[0, 1, 2]"


def test_output_streams_from_code_and_from_coroutines(live: Live) -> None:
    client = live.client()
    for source in (
        "print('a'); print('b')",
        "print('a'); await asyncio.sleep(0.01); print('b')",
    ):
        out: list[str] = []
        run(client, source, out)
        assert "".join(out) == "a\nb\n"


def test_output_of_eight_sessions_is_not_mixed(live: Live) -> None:
    outputs: dict[int, str] = {}

    def work(number: int) -> None:
        out: list[str] = []
        source = f"for _ in range(50): print('s{number}'); await asyncio.sleep(0)"
        run(live.client(), source, out)
        outputs[number] = "".join(out)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {number: f"s{number}\n" * 50 for number in range(8)}


def test_output_of_the_application_is_not_the_consoles(start: Callable[..., Live]) -> None:
    extra = (
        "def chat():\n"
        "    while True: print('application', file=sys.stderr); time.sleep(0.01)\n"
        "threading.Thread(target=chat, daemon=True).start()"
    )
    live = start("asyncio", extra=extra)
    out: list[str] = []
    run(live.client(), "time.sleep(0.1); print('console')", out)
    assert "".join(out) == "console\n"
    assert "application" in live.log.read_text()


def test_traceback_shows_what_was_typed_and_none_of_our_frames(live: Live) -> None:
    error = run(live.client(), "def f():\n    return 1 / 0\n\nf()")["error"]
    assert error.startswith('Traceback (most recent call last):\n  File "<console 1.1>", line 4')
    assert "return 1 / 0" in error
    assert "relforge/runtime" not in error
    error = run(live.client(), "async def g():\n    raise KeyError(1)\nawait g()")["error"]
    assert "relforge/runtime" not in error and "asyncio" not in error
    assert "raise KeyError(1)" in error


def test_syntax_error_has_no_traceback(live: Live) -> None:
    assert run(live.client(), "1 +")["error"].startswith('  File "<console 1.1>", line 1')


@pytest.mark.parametrize("kind", ["asyncio", "threads"])
@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("raise SystemExit(3)", "SystemExit"),
        ("exit()", "SystemExit"),
        ("async def g(): raise SystemExit(3)\nawait g()", "SystemExit"),
        ("async def g(): raise KeyboardInterrupt\nawait g()", "KeyboardInterrupt"),
        ("def f(): f()\nf()", "RecursionError"),
        ("bytearray(1 << 60)", "MemoryError"),
        ("raise BaseException('x')", "BaseException"),
    ],
)
def test_what_ends_programs_ends_only_the_evaluation(
    start: Callable[..., Live], kind: str, source: str, name: str
) -> None:
    live = start(kind)
    client = live.client()
    assert run(client, source)["type"] == name
    assert run(client, "1 + 1")["repr"] == "2"
    live.assert_alive()


def test_system_exit_in_a_task_that_the_console_made(live: Live) -> None:
    client = live.client()
    source = "async def g(): raise SystemExit(3)\nawait asyncio.gather(g(), return_exceptions=True)"
    run(client, source)
    live.assert_alive()


def test_input_is_refused_with_a_sentence(live: Live) -> None:
    client = live.client()
    assert "input() does not work here" in run(client, "input('name? ')")["error"]
    assert "input() does not work here" in run(client, "breakpoint()")["error"]


def test_long_values_are_cut(live: Live) -> None:
    text = run(live.client(), "'x' * 1_000_000")["repr"]
    assert len(text) < 101_000
    assert "900002 more characters" in text


def test_json_results(live: Live) -> None:
    client = live.client()
    done = run(client, '{"a": [1, None, "ü"]}', json=True)
    assert json.loads(done["json"]) == {"a": [1, None, "ü"]}
    assert run(client, "object()", json=True)["type"] == "TypeError"
    assert run(client, "x = 1", json=True)["json"] == "null"


def test_call_imports_awaits_and_returns(live: Live) -> None:
    client = live.client()
    request: dict[str, object] = {
        "op": "call",
        "target": "json:dumps",
        "args": [[1]],
        "kwargs": {"indent": None},
    }
    assert _call(live, request)["repr"] == "'[1]'"
    request = {"op": "call", "target": "asyncio:sleep", "args": [0, "slept"]}
    assert _call(live, request)["repr"] == "'slept'"
    done = _call(live, {"op": "call", "target": "json:dump_s"})
    assert done["kind"] == "usage"
    assert done["error"] == "json:dump_s: module 'json' has no 'dump_s'\n  did you mean 'dumps'?\n"
    assert _call(live, {"op": "call", "target": "no.such:thing"})["kind"] == "usage"
    assert run(client, "1")["repr"] == "1"


def test_each_evaluation_is_audited_in_one_line_without_secrets(live: Live) -> None:
    client = live.client()
    run(client, "password = 'hunter2'\npassword")
    run(client, "1 / 0")
    run(client, "1")
    found = [line for line in live.log.read_text().splitlines() if "relforge.audit" in line]
    assert [" outcome=begun " in line for line in found[:4]] == [True, False, True, False]
    lines = found[1::2]
    assert len(lines) >= 2
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert f"uid={os.geteuid()} user={user} " in lines[0]
    assert " outcome=ok " in lines[0]
    assert lines[0].startswith("relforge.audit service=web.1 session=1 ")  # P64: the log stamps it
    assert lines[0].endswith("""source="password = '******'\\npassword\"""")
    assert "outcome=ZeroDivisionError" in lines[1]
    assert "hunter2" not in live.log.read_text()


def _call(live: Live, message: Mapping[str, object]) -> dict[str, object]:
    client = live.client()
    fields = {name: value for name, value in message.items() if name != "op"}
    return finish(client, client.post("call", **fields))
