"""What `relforge init` saw, and what is left to do: a true sentence each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from relforge.project.init import (
    applications,
    completing,
    judge,
    procfile_notes,
    programs,
    schedulers,
    state_notes,
)
from relforge.project.init.found import Found
from relforge.project.init.frameworks import OTHER_SERVERS
from relforge.project.requirements import choice


def seen(found: Found) -> list[str]:
    """What was found, a line each."""
    lines = [f"Python {found.python.version}" + (f": {found.python.why}" * bool(found.python.why))]
    if found.web.application:
        lines.append(f"{found.web.application.framework}: {found.web.application.target}")
    elif found.web.process and not found.web.process.doubt:
        process = found.web.process
        lines.append(f"web: {process.app or process.run or ' '.join(process.exec)}")
    rows = (row for row in found.services if row.name != "web" and not row.doubt)
    lines += [f"{row.name}: {' '.join(row.exec)}" for row in rows]
    if found.programs:
        lines.append(f"Procfile: {', '.join(row.name for row in found.programs)}")
    if found.lock:
        lines.append(f"lock: {found.lock}")
    elif found.dependencies.source:
        lines.append(f"dependencies: {found.dependencies.source}")
    for key, names in completing.of(found).keys.items():
        user = ", ".join(judge.lacking(found))
        why = f" (the services need {user})" if user else ""
        lines.append(f"dependencies.{key}: {', '.join(names)}{why}")
    lines += [f"front end: {row.directory or '.'} ({row.tool})" for row in found.fronts]
    if found.contents.trees:
        lines.append(f"sources: {', '.join(found.contents.paths)}")
        rows_out = found.contents.left_out
        lines += [f"left out: {path} ({why})" for path, why in rows_out[:12]]
        if len(rows_out) > 12:
            lines.append(f"left out: {len(rows_out) - 12} more")
    elif found.wheel is not None and found.contents.trees is None:
        lines.append(f"sources: the project's wheel, built by {found.wheel.backend}")
    return lines


def left(found: Found, which: Callable[[str], str | None] = shutil.which) -> list[str]:
    """What is left to do or to know; nothing where `relforge build` is the next step."""
    return [
        *_of_python(found),
        *_of_web(found),
        *_of_doubts(found),
        *procfile_notes.of_procfile(found),
        *_of_programs(found, which),
        *_of_django(found),
        *state_notes.of_state(found),
        *_of_contents(found),
        *_of_schedules(found),
        *_of_variables(found),
        *_of_dependencies(found),
    ]


def _of_python(found: Found) -> Iterator[str]:
    if found.python.problem:
        yield found.python.problem
    if found.sources.unreadable:
        shown = ", ".join(found.sources.unreadable[:3])
        more = len(found.sources.unreadable) - 3
        yield (
            f"not read, because this Python cannot parse them: {shown}"
            + (f" and {more} more" if more > 0 else "")
        )


def _of_web(found: Found) -> Iterator[str]:
    yield from found.web.notes
    if found.web.others:
        others = ", ".join(row.target for row in found.web.others[:5])
        yield f"other applications:  {others}"
    if found.web.process is None and found.own_code:
        known = any(row.name not in ("web",) for row in found.services)
        hint = "" if known or found.commands else ": see services.worker in the settings"
        yield f"no web application found{hint}"
        for target, why in applications.unfit(found.names):
            yield (
                f"{target} creates an application and {why}: call it in a module, `app = ...`, "
                "and name `app`"
            )
    chosen = found.web.application
    if chosen is not None and not chosen.read:
        yield (
            f"{chosen.target} was chosen by its name, because the source does not show how it "
            "is created; the build imports it"
        )
    for target, why in list(found.tried.items())[:2]:
        yield f"{target} could not be imported in the project's environment: {why}"
    for name in OTHER_SERVERS:
        used = any(row.exec[:1] == (name,) for row in found.services)
        served = found.web.process and found.web.process.server
        if served and name in found.dependencies and not used and served in judge.lacking(found):
            yield f"{name} cannot inherit a socket, so the settings use {served}"


def _of_doubts(found: Found) -> Iterator[str]:
    for row in found.services:
        if row.doubt:
            yield f"services.{row.name} is written as a comment: {row.doubt}"
    for command in found.commands:
        if command.doubt:
            yield f"commands.{command.name} is written as a comment: {command.doubt}"
    for front in found.fronts:
        if front.doubt:
            yield front.doubt
    if found.wheel is not None and found.wheel.problem and found.contents.trees is not None:
        yield f"the sources are copied as they are, because {found.wheel.problem}"
    if found.wheel is not None and not found.wheel.known and found.contents.trees is None:
        yield f"the contents of the wheel are unknown until {found.wheel.backend} builds it"


def _of_programs(found: Found, which: Callable[[str], str | None]) -> Iterator[str]:
    tools = dict.fromkeys(row.tool for row in found.fronts)
    for tool in tools:
        if which(tool) is None:
            yield f"the front end is built with {tool}, which is not on this host's PATH"
    for place, word in judge.of_the_host(found):
        yield f"{place}: `{word}` comes from the target's PATH: no dependency has this name"
    for path in programs.unused_managers(found.sources, found.roots):
        yield f"{path} is not used: it is not executable"
    for name in programs.reserved(found.scripts):
        yield f"leaving out the console script {name}: every release has a command of this name"


def _of_django(found: Found) -> Iterator[str]:
    if found.static.why:
        yield f"Django's static files are not collected: {found.static.why}"


def _of_contents(found: Found) -> Iterator[str]:
    for path in found.overlays:
        yield f"{path} is not in the project's wheel; it is copied next to it, in app/"


def _of_schedules(found: Found) -> Iterator[str]:
    for path in found.sources.files:
        if path.rpartition("/")[2] in ("crontab", "cron.txt", "crontab.txt", "cron.yaml"):
            yield (
                f"{path}: a release does not schedule jobs: let a systemd timer or cron run "
                f"bin/{found.name} COMMAND"
            )
    for module in schedulers.embedded_schedulers(found.names):
        yield (
            f"{module} starts a scheduler inside the application: every instance of the "
            "service runs all its jobs"
        )


def _of_variables(found: Found) -> Iterator[str]:
    rows = [row.name for row in found.needed if row.name != "PORT"]
    if rows:
        yield (
            f"the sources need {', '.join(rows)}: each has a row in config.schema, and `check.env` "
            "has values to build with"
        )


def _of_dependencies(found: Found) -> Iterator[str]:
    added = completing.of(found).add
    if found.lock and added:
        yield f"{found.lock} does not have {' and '.join(added)}; run: relforge lock"
    if found.lock:
        return
    if not found.dependencies.names and found.dependencies.readable:
        unread = [name for name in choice.UNREAD if found.sources.has(name)]
        why = "the project does not declare dependencies"
        if unread:
            why = f"{unread[0]} is in a form that relforge does not read: write requirements.txt"
            yield why
        if not added:
            return
        yield (
            (f"{why}: " if not unread else "")
            + f"`dependencies.add` has {' and '.join(added)}; add whatever else the sources import"
        )
    yield "no lockfile yet; run: relforge lock"
