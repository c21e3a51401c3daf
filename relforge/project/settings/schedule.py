"""``[tool.relforge.schedule.<name>]``: what runs at its times."""

from __future__ import annotations

import re
from difflib import get_close_matches

from relforge.project.settings.table import Table
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.job import Job
from relforge.support.errors import SettingsError

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def read_job(name: str, table: Table, commands: tuple[Command, ...]) -> Job:
    """One job; raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{table.where()}: a job's name has lower-case letters, digits and `-`")
    job = Job(name=name, **table.record(Job))
    if bool(job.cron) == bool(job.every):
        raise table.error(
            "cron", "a job needs one of `cron` and `every`", hint='cron = "0 3 * * *"'
        )
    if bool(job.command) == bool(job.call):
        raise table.error("command", "a job needs one of `command` and `call`")
    if job.every and job.timezone != "UTC":
        raise table.error("timezone", "this is for `cron`: `every` goes by the time that passes")
    if job.command:
        _check_command(job, table, {row.name: row for row in commands})
    table.finish()
    return job


def _check_command(job: Job, table: Table, commands: dict[str, Command]) -> None:
    """Refuse one that is not there, and one that nobody is there for."""
    found = commands.get(job.command)
    if found is None:
        near = get_close_matches(job.command, commands, 1)
        hint = (
            f"did you mean `{near[0]}`?" if near else f"commands: {', '.join(commands) or 'none'}"
        )
        raise table.error("command", f"no {job.command!r} in tool.relforge.commands", hint=hint)
    if found.mode == "rpc":
        raise table.error(
            "command", f"{job.command} runs inside a service, and a job in a fresh process"
        )
    if found.confirm:
        raise table.error("command", f"{job.command} asks for a confirmation: nobody would answer")
