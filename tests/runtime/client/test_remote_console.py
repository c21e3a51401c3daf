"""Through a real terminal, looked at on its screen."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relforge.runtime.agent import percent
from tests.runtime.supervise.waiting import alive, eventually

from .conftest import Shop
from .screen import Terminal

pytestmark = pytest.mark.process

PROMPT = "web.1>"
ROOT = Path(__file__).parents[3]
LOOP = r"which (answers in \d+\.\d ms|does not answer \(%stacks shows why\))"  # busy hosts
SESSION = re.compile(r"^```text\n\$ bin/shop remote_console\n(.*?)^```", re.M | re.S)
Open = Callable[..., Terminal]


@pytest.fixture
def opened(shop: Shop) -> Iterator[Open]:
    """``opened("remote_console", "web", columns=20)``."""
    made: list[Terminal] = []

    def make(*words: str, term: str = "xterm-256color", **size: int) -> Terminal:
        env = {"PATH": os.environ["PATH"], "TERM": term, "HOME": str(shop.release.root)}
        program = shop.release.root / "bin" / "shop"
        made.append(Terminal(program, *words, env=env, **size))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()


@pytest.fixture
def terminal(opened: Open) -> Terminal:
    made = opened("remote_console", "web")
    made.prompt()
    return made


def test_banner_says_who_answers_how_it_is_and_how_to_leave(shop: Shop, opened: Open) -> None:
    assert shop.process is not None
    console = opened("remote_console", "web.1", columns=120)
    console.prompt()
    lines = console.text().splitlines()
    who = rf"shop 1\.0\.0: web\.1, pid {shop.process.pid}, up \d+s, Python 3\.\d+\.\d+, "
    assert re.fullmatch(who + r"asyncio loop, " + LOOP, lines[0])
    assert (
        "Ctrl-C interrupts an evaluation, Ctrl-D detaches, `help` lists the commands." == lines[1]
    )
    assert "Also running: worker.1 (%switch worker.1)" == lines[2]
    console.send("\x04")
    console.see("detached; the application keeps running")
    assert 0 == console.end()
    assert 0 == shop.run("rpc", "1").returncode


def test_it_asks_which_process_where_there_are_several(opened: Open) -> None:
    console = opened("remote_console")
    console.see("  1  web.1", "  2  worker.1", "which one? [web.1]")
    console.enter("nothing")
    console.see("type a number from 1 to 2, or a name")
    console.enter("2")
    console.prompt("worker.1>")
    assert "'worker app'" == console.ask("app", "worker.1>")
    console.enter("exit()")
    assert 0 == console.end()


def test_evaluation_await_and_errors(terminal: Terminal) -> None:
    assert "42" == terminal.ask("6 * 7")
    assert "43" == terminal.ask("_ + 1")
    assert "'zztop'" == terminal.ask("await asyncio.sleep(0.05, 'zz' + 'top')")
    assert "something" == terminal.ask("print('some' + 'thing')")
    error = terminal.ask("1 / 0").splitlines()
    assert "Traceback (most recent call last):" == error[0]
    assert "    1 / 0" in error
    assert "ZeroDivisionError: division by zero" == error[-1]
    assert "'ünï→漢字'" == terminal.ask("'ünï' + '→漢' + '字'")


def test_values_are_laid_out_for_the_width_and_cut_at_a_size(terminal: Terminal) -> None:
    shown = terminal.ask("[{'name': 'x' * 30, 'n': n} for n in range(3)]").splitlines()
    assert ["[{'name'", " {'name'", " {'name'"] == [line[:8] for line in shown]
    assert terminal.ask("list(range(5000))").endswith("more characters: %more")
    assert "4999]" not in terminal.text()
    for _ in range(4):
        rest = terminal.ask("%more")
        if "4999]" in rest:
            break
    assert rest.endswith("4999]")
    assert "there is nothing more" == terminal.ask("%more")


def test_multi_line_input_ends_with_an_empty_line_and_indents_itself(terminal: Terminal) -> None:
    terminal.enter("def f(n):")
    terminal.enter("if n:")
    terminal.enter("return n * 111")
    terminal.see("...         return n * 111")
    terminal.enter("return 0")
    terminal.enter("")
    terminal.wait(lambda: terminal.last() == PROMPT, "the prompt")
    assert "333" == terminal.ask("f(3)")
    terminal.enter("f(")
    terminal.enter("4)")
    terminal.see("444")


def test_a_paste_is_one_input(terminal: Terminal) -> None:
    terminal.paste("def g(n):\n    a = n\n\n    return a + 1\n\ng(1) * 1000\n")
    terminal.see("g(1) * 1000")
    assert "2000" not in terminal.text()
    terminal.enter("")
    terminal.see("2000")
    terminal.prompt()


def test_completion_from_the_live_objects(terminal: Terminal) -> None:
    terminal.send("asyncio.iscoroutinef\t")
    terminal.see("asyncio.iscoroutinefunction(")
    terminal.enter("len)")
    terminal.see("False")
    terminal.send("time.mono\t")
    terminal.see("monotonic(", "monotonic_ns(")
    terminal.send("\x03")
    terminal.prompt()
    terminal.send("%sw\t")
    terminal.see("%switch")


def test_completion_does_not_wait_for_a_property_that_hangs(terminal: Terminal) -> None:
    terminal.ask("class Slow:\n    slow = property(lambda self: time.sleep(8))\n\n")
    terminal.ask("it = Slow()")
    terminal.send("it.slow.x\t")
    terminal.see("it.slow.x")
    began = time.monotonic()
    terminal.send("\x15")
    terminal.enter("6 * 7")
    terminal.see("42")
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "await asyncio.sleep(60)",
        "for n in range(10**9): print('line', n)",
        "async def busy():\r    while True: pass\r\rawait busy()",
        "%logs",
    ],
)
def test_ctrl_c_interrupts_the_evaluation(terminal: Terminal, source: str) -> None:
    terminal.enter(source)
    if source.startswith(("while", "for")):
        terminal.enter("")
    begun(terminal)
    terminal.send("\x03")
    terminal.see("Interrupted")
    terminal.prompt()
    assert "2" == terminal.ask("1 + 1")


def begun(terminal: Terminal, prompt: str = PROMPT) -> None:
    """Until what was typed runs: the cursor has left the prompt, and a moment more."""
    places = (prompt, "   ...", "...")
    terminal.wait(lambda: not terminal.last().startswith(places), "what comes after the prompt")
    time.sleep(0.4)


def test_a_million_lines_end_at_once_with_ctrl_c(terminal: Terminal) -> None:
    terminal.enter("for n in range(1_000_000): print('line', n)")
    terminal.enter("")
    terminal.see("line 2")
    terminal.send("\x03")
    terminal.see("Interrupted")
    terminal.prompt()
    assert "2" == terminal.ask("1 + 1")


def test_second_ctrl_c_leaves_a_stuck_call_behind(terminal: Terminal) -> None:
    terminal.enter("time.sleep(6)")
    begun(terminal)
    terminal.send("\x03")
    terminal.see("Ctrl-C again abandons the evaluation")
    terminal.send("\x03")
    terminal.see("Abandoned")
    terminal.prompt()
    assert "2" == terminal.ask("1 + 1")


def test_ctrl_c_at_the_prompt_drops_what_was_typed(terminal: Terminal) -> None:
    terminal.send("junk")
    terminal.see("junk")
    terminal.send("\x03")
    terminal.prompt()
    terminal.enter("def f():")
    terminal.see("...")
    terminal.send("\x03")
    terminal.prompt()
    assert "2" == terminal.ask("1 + 1")


def test_history_is_kept_searched_and_private(terminal: Terminal, shop: Shop, opened: Open) -> None:
    terminal.ask("'remember' + 'me'")
    assert "'a blank before it'" == terminal.ask(" 'a blank before ' + 'it'")
    terminal.send("\x04")
    assert 0 == terminal.end()
    history = shop.release.state / "remote_console_history"
    assert ["'remember' + 'me'"] == [json.loads(row) for row in history.read_text().splitlines()]
    assert 0o600 == stat.S_IMODE(history.stat().st_mode)
    again = opened("remote_console", "web")
    again.prompt()
    again.send("\x10")
    again.see("'remember' + 'me'")
    again.send("\x03")
    again.prompt()
    again.send("\x12mem")
    again.wait(lambda: 2 == again.text().count("'remember' + 'me'"), "the history")
    again.send("\r\r")
    again.see("'rememberme'")


def test_suspended_and_continued_by_the_shell(shop: Shop) -> None:
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "PS1": "$ "}
    terminal = Terminal(Path("/bin/bash"), "--norc", "--noprofile", "-i", env=env)
    try:
        terminal.enter(f"{shop.release.root}/bin/shop remote_console web")
        terminal.prompt()
        terminal.send("6 *")
        terminal.see("6 *")
        terminal.send("\x1a")
        terminal.see("Stopped")
        terminal.enter("fg")
        terminal.wait(lambda: terminal.last() == f"{PROMPT} 6 *", "the history")
        terminal.enter(" 7")
        terminal.see("42")
    finally:
        terminal.close()


@pytest.mark.parametrize("columns", [20, 300])
def test_narrow_and_wide_terminals(opened: Open, columns: int) -> None:
    console = opened("remote_console", "web", columns=columns)
    console.prompt()
    console.enter("'" + "漢" * 15 + "' + 'x' * 15")
    value = "漢" * 15 + "x" * 15 + "'"
    console.wait(lambda: value in re.sub(r"\s", "", console.text()), value)
    console.prompt()


def test_resized_while_it_waits(terminal: Terminal) -> None:
    terminal.send("'a' * 6")
    terminal.see("'a' * 6")
    terminal.resize(40, 20)
    terminal.enter(" + ''")
    terminal.see("'aaaaaa'")
    value = terminal.ask("[n * 1000 for n in range(12)]")
    assert max(map(len, value.splitlines())) < 40


def test_percent_commands(terminal: Terminal, shop: Shop) -> None:
    assert shop.process is not None
    pid = str(shop.process.pid)
    assert pid in terminal.ask("%ps")
    assert "task Task-1" in terminal.ask("%tasks")
    assert "thread MainThread (main" in terminal.ask("%stacks")
    assert "OBJECTS  SIZE" in terminal.ask("%mem")
    assert terminal.ask("%mem start").startswith("tracing started")
    assert "BLOCKS  SIZE" in terminal.ask("%mem")
    assert "tracing stopped" == terminal.ask("%mem stop")
    assert "thread MainThread" in terminal.ask("%profile 300ms MainThread")
    assert "shop.x: NOTSET before, DEBUG now" == terminal.ask("%log DEBUG shop.x")
    assert re.search(r"^DEBUG +shop\.x", terminal.ask("%log"), re.M)
    assert "MainThread" in terminal.ask("%loop threading.current_thread()")
    assert "usage: %switch SERVICE[.N]" == terminal.ask("%switch")
    assert "unknown command %nothing" in terminal.ask("%nothing")
    assert "did you mean %tasks?" in terminal.ask("%task")
    assert re.search(r"^http\.port +8000$", terminal.ask("%config"), re.M)
    shown = terminal.ask("help")
    for name in percent.TABLE:
        assert f"  %{name} " in shown


def test_a_task_is_cancelled_by_its_name(terminal: Terminal) -> None:
    terminal.ask("t = asyncio.get_running_loop().create_task(asyncio.sleep(90), name='mine')")
    terminal.ask("%loop t = asyncio.get_running_loop().create_task(asyncio.sleep(90), name='mine')")
    assert "in sleep" in terminal.ask("%tasks mine")
    assert "mine is being canceled" == terminal.ask("%tasks cancel mine")
    assert "True" == terminal.ask("t.cancelled()")
    assert "no task 'mine'" in terminal.ask("%tasks cancel mine")


def test_logs_show_what_is_logged(terminal: Terminal, shop: Shop) -> None:
    terminal.enter("%logs")
    time.sleep(0.5)
    shop.run("rpc", "import logging; logging.getLogger('shop').warning('a line of %s', 'its')")
    terminal.see("WARNING shop: a line of its")
    terminal.send("\x03")
    terminal.prompt()


def test_switch_to_another_process(terminal: Terminal) -> None:
    terminal.enter("%switch worker")
    terminal.prompt("worker.1>")
    assert "'worker app'" == terminal.ask("app", "worker.1>")


def test_it_follows_a_process_that_is_replaced(terminal: Terminal, shop: Shop) -> None:
    terminal.ask("x = 1")
    terminal.send("half ty")
    terminal.see("half ty")
    shop.stop()
    terminal.see("has ended")
    shop.start()
    terminal.see("replaced: pid", "the names that you defined are gone")
    terminal.wait(lambda: terminal.last() == f"{PROMPT} half ty", "the history")
    terminal.send("\x15")
    terminal.prompt()
    assert "NameError" in terminal.ask("x")


def test_an_application_that_does_not_come_back(terminal: Terminal, shop: Shop) -> None:
    shop.stop()
    terminal.see("has ended")
    assert 3 == terminal.end()
    assert "the application has ended" in terminal.text()


def test_output_that_comes_while_nothing_runs_stands_above_the_prompt(terminal: Terminal) -> None:
    terminal.ask("async def later(): await asyncio.sleep(0.5); print('by the way')\n\n")
    terminal.enter("%loop asyncio.get_running_loop().create_task(later()) and None")
    terminal.send("1 + 1")
    terminal.see("by the way")
    terminal.wait(lambda: terminal.last() == f"{PROMPT} 1 + 1", "the history")


def test_closed_terminal_does_not_harm_the_application(terminal: Terminal, shop: Shop) -> None:
    terminal.enter("while True: time.sleep(0.01)")
    terminal.enter("")
    time.sleep(0.3)
    terminal.close()
    assert shop.run("rpc", "'alive'").stdout == "'alive'\n"
    assert "while True" not in shop.run("stacks").stdout


@pytest.mark.parametrize(
    ("words", "term"), [(("--plain",), "xterm-256color"), ((), "dumb")], ids=["plain", "dumb"]
)
def test_without_any_feature_of_a_terminal(opened: Open, words: tuple[str, ...], term: str) -> None:
    console = opened("remote_console", "web", *words, term=term)
    console.prompt()
    console.enter("def f(n):")
    console.enter("    return n * 111")
    console.enter("")
    console.prompt()
    console.enter("f(3)")
    console.see("333")
    console.enter("%ps")
    console.see("COMMAND")
    console.enter("while True: pass")
    console.enter("")
    time.sleep(0.4)
    console.send("\x03")
    console.see("Interrupted")
    console.send("\x04")
    assert 0 == console.end()
    assert b"\x1b" not in console.raw


def test_fresh_console(shop: Shop, opened: Open) -> None:
    console = opened("console", term="dumb")
    console.see("shop 1.0.0: a fresh process")
    console.prompt(">>>")
    console.enter("config.http.port")
    console.see("8000")
    console.enter("import asyncio")
    console.enter("await asyncio.sleep(0, 'slept')")
    console.see("'slept'\n")
    console.enter("def f():")
    console.enter("    return 1 / 0")
    console.enter("")
    console.enter("f()")
    console.see("ZeroDivisionError: division by zero")
    console.enter("await asyncio.sleep(60)")
    time.sleep(0.3)
    console.send("\x03")
    console.see("KeyboardInterrupt")
    console.prompt(">>>")
    console.send("\x04")
    assert console.end() == 0


def test_fresh_console_at_a_terminal(shop: Shop, opened: Open) -> None:
    console = opened("console")
    console.prompt(">>>")
    first, second = console.text().splitlines()[:2]
    assert re.fullmatch(r"shop 1\.0\.0: a fresh process, pid \d+, Python [\d.]+", first)
    assert second.startswith("Ctrl-C interrupts an evaluation, Ctrl-D leaves")

    def ask(text: str) -> str:
        return console.ask(text, ">>>")

    assert "8000" == ask("config.http.port")
    assert "'slept'" == ask("await asyncio.sleep(0, 'slept')")
    assert "True" == ask("threading.current_thread() is threading.main_thread()")
    assert "5" == ask("shop.ops.add(3)")
    console.send("shop.ops.lat\t")
    console.see("shop.ops.later(")
    console.send("\x15")
    assert "COMMAND" in ask("%ps")
    assert "OBJECTS  SIZE" in ask("%mem")
    assert "thread MainThread" in ask("%profile 100ms")
    assert re.search(r"^http\.port +8000$", ask("%config"), re.M)
    assert "%switch is for a remote_console" == ask("%switch web")
    shown = ask("help")
    assert "%profile " in shown
    assert "%switch" not in shown
    assert "console --plain" in ask("input()")
    assert "ZeroDivisionError: division by zero" == ask("1 / 0").splitlines()[-1]
    console.enter("while True: pass")
    console.enter("")
    begun(console, ">>>")
    console.send("\x03")
    console.see("Interrupted")
    console.prompt(">>>")
    assert "audit" not in console.text()
    console.send("\x04")
    assert 0 == console.end()
    kept = (shop.release.state / "console_history").read_text().splitlines()
    assert "config.http.port" == json.loads(kept[0])
    plain = opened("console", "--plain")
    plain.prompt(">>>")
    plain.send("\x10")
    plain.see("1 / 0")


def test_fresh_console_leaves_a_stuck_call_behind_and_no_process(opened: Open) -> None:
    console = opened("console")
    console.prompt(">>>")
    pid = int(console.ask("os.getpid()", ">>>"))
    console.enter("time.sleep(600)")
    begun(console, ">>>")
    console.send("\x03")
    console.see("Ctrl-C again")
    console.send("\x03")
    console.see("Abandoned")
    console.prompt(">>>")
    assert "2" == console.ask("1 + 1", ">>>")
    console.close()
    eventually(lambda: not alive(pid))


def test_fresh_console_whose_process_ends(opened: Open) -> None:
    console = opened("console")
    console.prompt(">>>")
    console.enter("os._exit(7)")
    assert 1 == console.end()
    assert "shop: the process of the console ended with status 7" in console.text()


def test_the_session_in_the_documentation_is_what_is_seen(opened: Open) -> None:
    console = opened("remote_console", columns=120)
    console.see("which one? [web.1]")
    console.enter("")
    console.prompt()
    console.enter("await asyncio.sleep(0.1, 'done')")
    console.see("\n'done'\n")
    console.enter("def twice(n):")
    console.enter("return n * 2")
    console.enter("")
    console.prompt()
    console.enter("[twice(n) for n in range(3)]")
    console.see("[0, 2, 4]")
    console.prompt()
    console.enter("while True: pass")
    console.enter("")
    begun(console)
    console.send("\x03")
    console.see("Interrupted")
    console.prompt()
    console.enter("%log DEBUG shop.orders")
    console.see("DEBUG now")
    console.prompt()
    console.send("\x04")
    console.end()
    seen = console.text()
    for pattern, shown in (
        (r"pid \d+", "pid 4711"),
        (r"up \d+s", "up 3d 4h"),
        (r"Python [\d.]+,", "Python 3.12.1,"),
        (LOOP, "which answers in 0.2 ms"),
        (r"\[interrupting.*\]\n", ""),  # where this host is slow
        (r"\n +\^+(?=\n)", ""),  # not every Python points at where it was
    ):
        seen = re.sub(pattern, shown, seen)
    page = ROOT / "docs" / "how-to" / "look-inside.md"
    head, reported, rest = re.split(SESSION, page.read_text(), maxsplit=1)
    if os.environ.get("WRITE_DOCS"):
        reported = f"{seen}\n"
        page.write_text(f"{head}```text\n$ bin/shop remote_console\n{reported}```{rest}")
    assert reported == f"{seen}\n"
