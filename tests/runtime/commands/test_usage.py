"""What is refused before a command looks at the release."""

from __future__ import annotations

import pytest

from relforge.runtime import commands
from relforge.runtime.commands import lifecycle, logs
from relforge.runtime.errors import LOCKED, USAGE, Refusal


@pytest.mark.parametrize("words", [["--wait"], ["--wait", "soon"], ["now"], ["--wiat", "3s"]])
def test_a_wrong_option_of_start_is_2(words: list[str]) -> None:
    with pytest.raises(Refusal) as error:
        lifecycle.start(words)
    assert USAGE == error.value.code


@pytest.mark.parametrize("words", [["-n", "x"], ["--since", "soon"], ["web", "worker"]])
def test_a_wrong_option_of_logs_is_2(words: list[str]) -> None:
    with pytest.raises(Refusal) as error:
        logs.logs(words)
    assert USAGE == error.value.code


@pytest.mark.parametrize("command", ["start", "stop", "restart", "reload", "foreground"])
def test_a_hook_cannot_run_what_would_wait_for_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE_IN_HOOK", "pre_start")
    assert LOCKED == commands.main([command])
    assert f"`{command}` in the hook pre_start would wait for itself" in capsys.readouterr().err


def test_each_command_has_its_function() -> None:
    for module, function, _, line in commands.TABLE.values():
        assert callable(getattr(commands._import(module), function))
        assert line
