"""Messages are made and read in one place; what is wrong in one is said in a word."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.runtime import protocol
from relforge.runtime.errors import LOCKED, Refusal
from relforge.runtime.protocol import PROTO, answers, questions, startup, supervisor
from relforge.runtime.protocol.request import MOST_COLUMNS, EvaluationRequest
from relforge.runtime.wire import frames


def test_a_handshake_names_the_protocol_on_both_sides() -> None:
    info = {"name": "shop", "version": "1.2.0", "pid": 7}
    welcome = answers.welcome(info, uptime=1.23456, loop=None, evaluates=True)
    assert (PROTO, "shop", 1.235) == (welcome["proto"], welcome["name"], welcome["uptime"])
    assert {"op": "hello", "proto": PROTO, "client": "rpc", "from": "pts/1"} == protocol.hello(
        "rpc", "pts/1"
    )
    assert "from" not in protocol.hello("reload")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (protocol.evaluate("1 + 1"), "1 + 1"),
        (protocol.call("shop.ops:count", ["a", 2]), "shop.ops:count('a', 2)"),
        (protocol.call("shop.ops:count", {"name": "a"}), "shop.ops:count(name='a')"),
        (protocol.percent("ps -x"), "%ps -x"),
    ],
)
def test_an_evaluation_is_read_as_it_was_made(message: dict[str, Any], shown: str) -> None:
    request = EvaluationRequest({"id": 5, **message})
    assert (5, shown) == (request.id, str(request))
    assert (None, None, False) == (request.columns, request.most, request.on_loop)


def test_an_evaluation_may_ask_for_the_loop_and_for_a_width() -> None:
    message = {**protocol.evaluate("x", on_loop=True, most=10), "columns": 5000}
    request = EvaluationRequest(message)
    assert (True, 10, MOST_COLUMNS) == (request.on_loop, request.most, request.columns)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({"op": "eval", "source": 5}, "`source` must be a string"),
        ({"op": "call"}, "`target` must be a string"),
        ({"op": "percent", "line": None}, ""),
        ({"op": "percent", "line": 3}, "`line` must be a string"),
        ({"op": "call", "target": "a:b", "args": {}}, "`args` must be a list"),
        ({"op": "eval", "source": "", "columns": 0}, "`columns` must be a positive number"),
        ({"op": "eval", "source": "", "columns": -1}, "`columns` must be a positive number"),
        ({"op": "eval", "source": "", "most": "10"}, "`most` must be a positive number"),
    ],
)
def test_an_evaluation_that_is_none_is_refused(message: dict[str, Any], problem: str) -> None:
    if not problem:
        assert "" == str(EvaluationRequest(message))
        return
    with pytest.raises(ValueError, match=problem):
        EvaluationRequest(message)


def test_the_end_of_an_evaluation_is_distinguished_from_other_messages() -> None:
    done = answers.done(3, 1.23456, {"ok": True, "repr": "2"})
    assert ({"op": "done", "id": 3, "ms": 1.235, "ok": True, "repr": "2"}) == done
    assert protocol.is_end(done, 3)
    assert protocol.is_end({"id": 3, **answers.error("no")}, 3)
    assert not protocol.is_end(done, 4)
    assert not protocol.is_end({"id": 3, **answers.out("stdout", "x")}, 3)


def test_what_the_supervisor_is_asked_is_read_as_it_was_made() -> None:
    for make in (supervisor.ping, supervisor.status, supervisor.reload, supervisor.diff):
        message = make()
        assert message["op"] == supervisor.ControlRequest(message).op
    assert (None, 2.5) == tuple(
        supervisor.ControlRequest(supervisor.stop(timeout)).timeout for timeout in (None, 2.5)
    )
    asked = supervisor.ControlRequest(supervisor.upgrade("/srv/shop/releases/2", dry=True))
    assert ("upgrade", "/srv/shop/releases/2", True) == (asked.op, asked.root, asked.dry)
    assert not supervisor.ControlRequest(supervisor.upgrade("/srv")).dry


@pytest.mark.parametrize(
    "message",
    [{}, {"op": "reboot"}, {"op": ["stop"]}],
)
def test_a_request_that_is_none_is_an_unknown_operation(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown operation"):
        supervisor.ControlRequest(message)


def test_a_failed_operation_becomes_the_error_of_the_command() -> None:
    answer = supervisor.failed("web.1 exited", code=LOCKED, hint="look", tail=["one", "two"])
    refusal = supervisor.refusal(answer)
    assert "web.1 exited, its last lines:\n  | one\n  | two" == refusal.message
    assert ("look", LOCKED) == (refusal.hint, refusal.code)
    assert "web.1 exited" == supervisor.refusal(supervisor.failed("web.1 exited", code=1)).message


def test_a_refusal_of_a_loader_travels_to_who_waits() -> None:
    startup.check(startup.problems([]))
    with pytest.raises(Refusal) as caught:
        startup.check(startup.refused(Refusal("no key", hint="set it"), LOCKED))
    assert ("no key", "set it", LOCKED) == (
        caught.value.message,
        caught.value.hint,
        caught.value.code,
    )


def test_every_message_fits_a_frame() -> None:
    messages = [
        protocol.config({"values": {"a": 1}}, ["a"]),
        answers.tasks([{"name": "t"}], has_loop=True),
        answers.handoff(3, json="{}"),
        supervisor.done(changed=["a"]),
        startup.generation({"PATH": "/bin"}, (1,), {"changes": []}),
        questions.config_push("/run", {"web.1": ["a"], "web.2": None}, ["a"], 10.0),
        questions.probe({"tcp": "127.0.0.1:1"}, None, 5.0),
    ]
    for message in messages:
        assert frames.decode(frames.encode(message)[4:])


# S15
@pytest.mark.parametrize(
    "message",
    [
        {"op": "upgrade"},
        {"op": "upgrade", "root": "relative"},
        {"op": "upgrade", "root": "/a\0b"},
        {"op": "upgrade", "root": "/\ud800x"},
        {"op": "upgrade", "root": {}},
        {"op": "stop", "timeout": 10**400},
        {"op": "stop", "timeout": float("nan")},
        {"op": "stop", "timeout": float("inf")},
        {"op": "stop", "timeout": -1},
        {"op": "stop", "timeout": True},
        {"op": "stop", "timeout": "1"},
    ],
)
def test_an_odd_request_is_refused_before_anything_is_done(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        supervisor.ControlRequest(message)


def test_a_request_of_ours_is_read_as_it_was_made() -> None:
    for seconds in (None, 0, 1.5, supervisor.MOST_WAIT):
        assert seconds == supervisor.ControlRequest(supervisor.stop(seconds)).timeout
    request = supervisor.ControlRequest(supervisor.upgrade("/srv/caf\udce9", dry=True))
    assert ("/srv/caf\udce9", True) == (request.root, request.dry)
