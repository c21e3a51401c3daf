"""Through a real terminal."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

import pexpect
import pytest

from .conftest import Shop

PROMPT = "web.1> "


class Terminal:
    """``bin/shop remote_console`` in a pseudo-terminal."""

    def __init__(self, shop: Shop, *words: str) -> None:
        self.child = pexpect.spawn(
            str(shop.release.root / "bin" / "shop"),
            [*words],
            env={"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(shop.release.root)},
            encoding="utf-8",
            timeout=8,
            dimensions=(40, 120),
        )

    def type(self, text: str, *answers: str) -> None:
        self.child.sendline(text)
        self.child.expect_exact(text)
        for answer in answers:
            self.child.expect_exact(answer)

    def end(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus is not None
        return int(self.child.exitstatus)


@pytest.fixture
def terminal(shop: Shop) -> Iterator[Terminal]:
    made = Terminal(shop, "remote_console")
    made.child.expect_exact(PROMPT)
    yield made
    made.child.close(force=True)


def test_banner_says_who_answers_and_how_to_leave(shop: Shop) -> None:
    assert shop.process is not None
    console = Terminal(shop, "remote_console")
    console.child.expect_exact(f"shop 1.0.0: web.1, pid {shop.process.pid}, Python 3.")
    console.child.expect_exact("Ctrl-C interrupts an evaluation, Ctrl-D detaches.")
    console.child.expect_exact("Also running: worker.1 (`shop remote_console worker.1`)")
    console.child.expect_exact(PROMPT)
    console.child.sendeof()
    console.child.expect_exact("detached; the application keeps running")
    assert console.end() == 0
    assert shop.run("rpc", "1").returncode == 0


def test_a_service_by_name(shop: Shop) -> None:
    console = Terminal(shop, "remote", "worker")
    console.child.expect_exact("worker.1> ")
    console.type("app", "'worker app'", "worker.1> ")
    console.child.sendline("exit()")
    assert console.end() == 0


def test_evaluation_await_and_errors(terminal: Terminal) -> None:
    terminal.type("6 * 7", "42", PROMPT)
    terminal.type("_ + 1", "43", PROMPT)
    terminal.type("await asyncio.sleep(0.05, 'zz' + 'top')", "'zztop'", PROMPT)
    terminal.type("print('some' + 'thing')", "something", PROMPT)
    terminal.type("1 / 0", "ZeroDivisionError: division by zero", PROMPT)
    terminal.type("x = 'ünï' + '→'", PROMPT)
    terminal.type("x", "'ünï→'", PROMPT)


def test_multi_line_block_ends_with_an_empty_line(terminal: Terminal) -> None:
    terminal.type("def f(n):", "... ")
    terminal.type("    return n * 111", "... ")
    terminal.type("", PROMPT)
    terminal.type("f(3)", "333", PROMPT)
    terminal.type("f(", "... ")
    terminal.type("4)", "444", PROMPT)


def test_completion_from_the_live_objects(terminal: Terminal) -> None:
    terminal.child.send("asyncio.get_running\t")
    terminal.child.expect_exact("asyncio.get_running_loop(")
    terminal.child.sendline(").is_closed")
    terminal.child.expect_exact(PROMPT)
    terminal.child.send("time.monotonic_\t")
    terminal.child.expect_exact("time.monotonic_ns(")
    terminal.child.sendline(") > 0")
    terminal.child.expect_exact("True")


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "await asyncio.sleep(60)",
        "for n in range(10**9): print('line', n)",
    ],
)
def test_ctrl_c_interrupts_the_evaluation(terminal: Terminal, source: str) -> None:
    terminal.child.sendline(source)
    if source.startswith(("while", "for")):
        terminal.child.expect_exact("... ")
        terminal.child.sendline("")
    time.sleep(0.4)
    terminal.child.sendintr()
    terminal.child.expect("Interrupted\r\n")
    terminal.child.expect_exact(PROMPT)
    terminal.type("1 + 1", "2", PROMPT)


def test_second_ctrl_c_leaves_a_stuck_call_behind(terminal: Terminal) -> None:
    terminal.child.sendline("time.sleep(6)")
    time.sleep(0.3)
    terminal.child.sendintr()
    terminal.child.expect_exact("Ctrl-C again leaves the evaluation behind")
    terminal.child.sendintr()
    terminal.child.expect_exact("Abandoned")
    terminal.child.expect_exact(PROMPT)
    terminal.type("1 + 1", "2", PROMPT)


def test_ctrl_c_at_the_prompt_drops_what_was_typed(terminal: Terminal) -> None:
    terminal.child.send("junk")
    terminal.child.expect_exact("junk")
    interrupt(terminal)
    terminal.child.expect_exact(PROMPT)
    terminal.type("def f():", "... ")
    interrupt(terminal)
    terminal.child.expect_exact(PROMPT)
    terminal.type("1 + 1", "2", PROMPT)


def interrupt(terminal: Terminal) -> None:
    """Ctrl-C once readline waits for a key: it shows its prompt a moment before it does."""
    time.sleep(0.3)
    terminal.child.sendintr()


def test_application_that_goes_away(terminal: Terminal, shop: Shop) -> None:
    shop.stop()
    terminal.child.sendline("1")
    terminal.child.expect_exact("the application went away")
    assert terminal.end() == 3


def test_closed_terminal_does_not_harm_the_application(terminal: Terminal, shop: Shop) -> None:
    terminal.child.sendline("while True: time.sleep(0.01)")
    terminal.child.expect_exact("... ")
    terminal.child.sendline("")
    time.sleep(0.3)
    terminal.child.close(force=True)
    assert shop.run("rpc", "'alive'").stdout == "'alive'\n"
    assert "while True" not in shop.run("stacks").stdout


def test_history_is_kept_and_private(terminal: Terminal, shop: Shop) -> None:
    terminal.type("'remember' + 'me'", "'rememberme'", PROMPT)
    terminal.child.sendeof()
    assert terminal.end() == 0
    history = shop.release.state / "console_history"
    assert "'remember' + 'me'" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    again = Terminal(shop, "remote_console")
    again.child.expect_exact(PROMPT)
    again.child.send("\x10")
    again.child.expect_exact("'remember' + 'me'")
    again.child.close(force=True)


def test_fresh_console(shop: Shop) -> None:
    console = Terminal(shop, "console")
    console.child.expect_exact("shop 1.0.0: a fresh process")
    console.child.expect_exact(">>> ")
    console.type("config.http.port", "8000", ">>> ")
    console.type("import asyncio", ">>> ")
    console.type("await asyncio.sleep(0, 'slept')", "'slept'", ">>> ")
    console.type("def f():", "... ")
    console.type("    return 1 / 0", "... ")
    console.type("", ">>> ")
    console.type("f()", "ZeroDivisionError: division by zero", ">>> ")
    console.child.sendline("await asyncio.sleep(60)")
    time.sleep(0.3)
    console.child.sendintr()
    console.child.expect_exact("KeyboardInterrupt")
    console.child.expect_exact(">>> ")
    console.child.sendeof()
    assert console.end() == 0
