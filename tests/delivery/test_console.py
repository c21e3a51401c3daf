"""`remote_console` of the artifact at a real terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pexpect
import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment
from tests.runtime.client import screen

pytestmark = pytest.mark.release

PROMPT = "web.1> "
Open = Callable[..., "Terminal"]


class Terminal:
    """One operator's terminal."""

    def __init__(self, shop: Deployment, *words: str, prompt: str = PROMPT) -> None:
        self.prompt = prompt
        self.child = pexpect.spawn(
            str(shop.program),
            list(words),
            env={**shop.variables, "TERM": "dumb"},
            encoding="utf-8",
            timeout=15,
            dimensions=(40, 200),
        )
        self.child.expect_exact(prompt)

    def ask(self, text: str) -> str:
        """What is shown between the line typed and the next prompt."""
        self.child.sendline(text)
        self.child.expect_exact(text)
        self.child.expect_exact(self.prompt)
        assert self.child.before is not None
        return self.child.before.replace("\r\n", "\n").strip()

    def leave(self) -> int:
        self.child.sendeof()
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus or 0)


@pytest.fixture
def console(open_shop: Deployment) -> Iterator[Open]:
    made: list[Terminal] = []

    def make(*words: str, prompt: str = PROMPT) -> Terminal:
        made.append(Terminal(open_shop, *(words or ("remote_console", "web")), prompt=prompt))
        return made[-1]

    yield make
    for terminal in made:
        terminal.child.close(force=True)


def test_it_sees_the_live_application(console: Open, open_shop: Deployment) -> None:
    terminal = console()
    assert str(open_shop.service("web")["pid"]) == terminal.ask("os.getpid()")
    assert "'ticketd'" == terminal.ask("app.title")
    token = customer.buy(open_shop.address())
    assert "'confirmed'" == terminal.ask(f"str(ticketd.api.show_order({token!r}).status)")
    terminal.ask("kept = 41")
    assert "42" == terminal.ask("kept + 1")
    assert "NameError" in terminal.ask("nothing_of_that_name")
    assert 0 == terminal.leave()
    customer.page(open_shop.address())


def test_await_runs_on_the_applications_own_loop(console: Open) -> None:
    terminal = console()
    terminal.ask("from asyncio import all_tasks, sleep")
    assert "True" == terminal.ask(
        "[await sleep(0), threading.current_thread() is threading.main_thread()][1]"
    )
    assert "Server.serve" in terminal.ask("[await sleep(0), str(all_tasks())][1]")
    assert "'done'" == terminal.ask("await sleep(0.1, 'done')")


@pytest.mark.parametrize(
    "source", ["while True: pass\n", "await asyncio.sleep(100)", "time.sleep(100)"]
)
def test_ctrl_c_ends_the_evaluation_and_the_shop_serves_on(
    console: Open, open_shop: Deployment, source: str
) -> None:
    terminal = console()
    terminal.ask("import time")
    terminal.child.sendline(source)
    time.sleep(0.5)
    customer.page(open_shop.address())
    terminal.child.sendintr()
    if source.startswith("time"):
        # C code cannot be interrupted: a second one leaves it behind.
        terminal.child.expect_exact("Ctrl-C again")
        terminal.child.sendintr()
        terminal.child.expect("Abandoned|left behind|left")
    else:
        terminal.child.expect_exact("Interrupted")
    terminal.child.expect_exact(PROMPT)
    assert "2" == terminal.ask("1 + 1")
    customer.page(open_shop.address())
    assert 0 == open_shop.service("web")["restarts"]


def test_leaving_and_exiting_do_not_stop_the_shop(console: Open, open_shop: Deployment) -> None:
    terminal = console()
    for source in (
        "raise SystemExit",
        "import sys; sys.exit(3)",
        "await asyncio.sleep(0) or sys.exit()",
    ):
        terminal.ask(source)
    assert "2" == terminal.ask("1 + 1")
    terminal.child.sendline("exit()")
    terminal.child.expect_exact("detached; the application keeps running")
    customer.page(open_shop.address())
    assert 0 == open_shop.service("web")["restarts"]


def test_tab_completes_what_is_there(open_shop: Deployment) -> None:
    variables = {**open_shop.variables, "TERM": "xterm-256color"}
    terminal = screen.Terminal(open_shop.program, "remote_console", "web", env=variables)
    try:
        terminal.prompt()
        terminal.send("ticketd.orders.reser\t")
        terminal.see("ticketd.orders.reserve")
    finally:
        terminal.close()


def test_two_consoles_have_each_their_own_output_and_names(console: Open) -> None:
    first, second = console(), console()
    first.child.sendline("x = 'first'; [(print(x, n), time.sleep(0.1)) for n in range(8)] and None")
    second.child.sendline(
        "x = 'second'; [(print(x, n), time.sleep(0.1)) for n in range(8)] and None"
    )
    for terminal, own, other in ((first, "first", "second"), (second, "second", "first")):
        for number in range(8):
            terminal.child.expect_exact(f"{own} {number}\r\n")
            assert f"{other} " not in str(terminal.child.before)
        terminal.child.expect_exact(PROMPT)
        assert f"{own!r}" == terminal.ask("x")


def test_the_worker_has_a_console_too(console: Open, open_shop: Deployment) -> None:
    terminal = console("remote", "worker", prompt="worker.1> ")
    assert str(open_shop.service("worker")["pid"]) == terminal.ask("os.getpid()")
    assert 0 == terminal.leave()


def test_a_console_in_a_fresh_process(console: Open, open_shop: Deployment) -> None:
    terminal = console("console", prompt=">>> ")
    pid = terminal.ask("import os; os.getpid()")
    assert re.fullmatch(r"\d+", pid)
    assert pid not in [str(row["pid"]) for row in open_shop.status()["services"]]
    assert "'ticketd'" == terminal.ask("config['shop.name']")
    assert 0 == terminal.leave()


def test_each_evaluation_is_in_the_log(console: Open, open_shop: Deployment) -> None:
    terminal = console()
    terminal.ask("'a very' + ' special text'")
    rows = [row for row in open_shop.log().splitlines() if "special" in row]
    line = next(row for row in rows if "outcome=ok" in row)
    assert "relforge.audit" in line
    assert "uid=" in line
    assert "audit | relforge.audit service=web.1" in line  # P64: one time stamp, the log's


def test_it_ends_when_the_shop_goes(shop: Deployment) -> None:
    with shop.running():
        terminal = Terminal(shop, "remote_console", "web")
        shop.ok("stop")
        terminal.child.sendline("1")
        terminal.child.expect_exact("the application has ended")
        terminal.child.expect(pexpect.EOF)
        terminal.child.close()
        assert 3 == terminal.child.exitstatus
