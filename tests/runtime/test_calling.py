"""How a callable is called: the rule that the build and the release share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest
import typer

from relforge.runtime import calling
from relforge.runtime.errors import Refusal


def nothing() -> None: ...
def two(one: str, other: str) -> None: ...
def optional(days: str = "3") -> None: ...
def every(*words: str) -> None: ...
def main(argv: Any = None) -> None: ...
def main_of_args(args: Any = None, *, prog: str = "") -> None: ...
def only_named(*, dry_run: bool) -> None: ...
async def later(one: str) -> None: ...


@click.group()
def group() -> None: ...


class Program:
    def __call__(self, one: str) -> None: ...

    def method(self, one: str) -> None: ...


@functools.wraps(two)
def wrapped(*args: Any, **kwargs: Any) -> None: ...


SCRIPTS = [group, typer.Typer(), main, main_of_args, Program(), Program]
PLAIN: list[tuple[Callable[..., Any], tuple[str, ...]]] = [
    (nothing, ()),
    (two, ("one", "other")),
    (later, ("one",)),
    (wrapped, ("one", "other")),
    (Program().method, ("one",)),
    (functools.partial(two, "1"), ("other",)),
    (functools.lru_cache(two), ("one", "other")),
]
NEITHER = [optional, every, only_named, functools.partial(two, other="1")]


@pytest.mark.parametrize("function", SCRIPTS)
def test_objects_and_main_of_argv_read_the_command_line_themselves(
    function: Callable[..., Any],
) -> None:  # P41
    assert calling.is_script(function)
    assert not calling.takes_facts(function)


@pytest.mark.parametrize(("function", "names"), PLAIN)
def test_words_are_arguments_where_all_parameters_are_plain_and_required(
    function: Callable[..., Any], names: tuple[str, ...]
) -> None:  # P41
    assert not calling.is_script(function)
    assert names == calling.names(function)
    assert names == calling.positional(function, names, "it")
    assert calling.takes_facts(function) == bool(names)


@pytest.mark.parametrize("function", [*NEITHER, nothing])
@pytest.mark.parametrize("words", [["--dry-run"], ["3"], ["--", "3"]])
def test_words_that_a_function_does_not_take_are_usage(
    function: Callable[..., Any], words: list[str]
) -> None:  # P42
    assert () == calling.positional(function, [], "mig")
    with pytest.raises(Refusal, match=r"^mig takes no arguments$") as caught:
        calling.positional(function, words, "mig")
    assert 2 == caught.value.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1"], "other is missing"),
        (["1", "2", "3"], "'3' is one argument too many"),
        (["1", "--dry-run"], "unknown option '--dry-run'"),
    ],
)
def test_a_word_too_many_or_too_few_is_usage(words: list[str], said: str) -> None:  # P42
    with pytest.raises(Refusal) as caught:
        calling.positional(two, words, "purge")
    assert (said, 2) == (caught.value.message, caught.value.code)
    assert ("-1", "-") == calling.positional(two, ["-1", "-"], "purge")
    assert ("-a", "--b") == calling.positional(two, ["--", "-a", "--b"], "purge")


@pytest.mark.parametrize(
    ("function", "manner", "said"),
    [
        (two, {"by_words": True}, ""),
        (two, {"by_words": False}, "it is called without arguments: missing a required"),
        (two, {}, "it is called without arguments: missing a required argument: 'one'"),
        (group, {"by_words": False}, ""),
        (main, {"by_words": True}, ""),
        (every, {"by_words": True}, ""),
        (only_named, {"by_words": True}, "it is called without arguments: missing a required"),
        (only_named, {"by_name": ["dry_run"]}, ""),
        (only_named, {"by_name": ["days"]}, "it is called with its `args` by name: "),
        (nothing, {"by_name": ["days"]}, "it is called with its `args` by name: got an unexpected"),
        (two, {"by_facts": True}, "it is called with the facts of the hook: missing a required"),
        (nothing, {"by_facts": True}, ""),
        (Program(), {"by_words": True}, "it is called without arguments: missing a required"),
        (min, {"by_words": True}, ""),
    ],
)
def test_the_build_judges_as_the_release_calls(
    function: Callable[..., Any], manner: dict[str, Any], said: str
) -> None:  # P41
    found = calling.misfit(function, **manner)
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [(None, 0, ""), (0, 0, ""), (7, 7, ""), (True, 1, ""), (False, 0, ""), ("no", 1, "no\n")],
)
def test_a_script_ends_as_by_sys_exit(
    value: Any, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:  # P41
    assert code == calling.exit_status(value)
    assert ("", said) == capsys.readouterr()


@pytest.mark.skipif(sys.version_info < (3, 14), reason="a function's annotations are evaluated")
def test_an_annotation_for_type_checkers_alone_does_not_matter() -> None:
    scope: dict[str, Any] = {}
    exec("def one(word: Elsewhere) -> Elsewhere: ...", scope)
    assert ("word",) == calling.names(scope["one"])
    assert "" == calling.unbound(scope["one"], "a")
    assert "missing" in calling.unbound(scope["one"])
    assert not calling.is_script(scope["one"])
