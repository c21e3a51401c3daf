"""``[tool.relforge.schedule]``."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.pipeline.configured import read_settings
from relforge.runtime.contract.job import Job
from relforge.support.errors import SettingsError

PROJECT = """\
[project]
name = "shop"
version = "1.0"
[tool.relforge]
python = { version = "3.12" }
app = ["shop"]
[tool.relforge.commands]
report = { call = "shop.ops:report" }
wipe = { call = "shop.ops:wipe", confirm = "really?" }
live = { call = "shop.ops:live", mode = "rpc" }
[tool.relforge.schedule.nightly]
%s
[tool.relforge.env.small]
only.commands = ["wipe"]
"""


def jobs(directory: Path, lines: str, env: str = "prod") -> tuple[Job, ...]:
    (directory / "pyproject.toml").write_text(PROJECT % lines)
    return read_settings(directory, env).settings.schedule


def test_a_job(tmp_path: Path) -> None:
    lines = 'cron = "0 3 * * mon-fri"\ncommand = "report"\ntimezone = "Europe/Berlin"'
    (job,) = jobs(tmp_path, lines)
    assert ("nightly", "0 3 * * mon-fri", "report") == (job.name, job.cron, job.command)
    assert ("skip", "none", 0.0) == (job.overlap, job.catch_up, job.timeout)
    (other,) = jobs(tmp_path, 'every = "10m"\ncall = "shop.ops:rates"\nargs = ["x"]')
    assert (600.0, "shop.ops:rates", ("x",)) == (other.every, other.call, other.args)


def test_a_release_without_the_command_has_no_such_job(tmp_path: Path) -> None:
    assert () == jobs(tmp_path, 'every = "10m"\ncommand = "report"', "small")
    assert 1 == len(jobs(tmp_path, 'every = "10m"\ncall = "shop.ops:report"', "small"))


@pytest.mark.parametrize(
    ("lines", "where", "words"),
    [
        ('command = "report"', "cron", "one of `cron` and `every`"),
        ('cron = "@daily"\nevery = "1h"\ncommand = "report"', "cron", "one of `cron` and `every`"),
        ('cron = "@daily"', "command", "one of `command` and `call`"),
        ('cron = "0 25 * * *"\ncommand = "report"', "cron", "hour is a number from 0 to 23"),
        ('cron = "@daily"\ncommand = "repotr"', "command", "did you mean `report`"),
        ('cron = "@daily"\ncommand = "wipe"', "command", "confirmation"),
        ('cron = "@daily"\ncommand = "live"', "command", "inside a service"),
        ('every = "500ms"\ncommand = "report"', "every", "once a second"),
        ('every = "1h"\ntimezone = "Europe/Rome"\ncommand = "report"', "timezone", "`cron`"),
        ('cron = "@daily"\ntimezone = "../etc"\ncommand = "report"', "timezone", "time zone"),
        ('cron = "@daily"\ncommand = "report"\noverlap = "both"', "overlap", "both"),
        ('cron = "@daily"\ncommand = "report"\nscope = "cluster"', "scope", "on each host"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, lines: str, where: str, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        jobs(tmp_path, lines)
    assert raised.value.message.startswith(f"tool.relforge.schedule.nightly.{where}: ")
    assert words in f"{raised.value.message} {raised.value.hint}"
