"""Every service and command of a project: from its Procfile, its sources and its tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from relforge.project.init import expanding, procfile, programs, schedulers, shell_lines, workers
from relforge.project.init.applications import Application
from relforge.project.init.contents import Contents
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.names import Names
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.procfile import Program
from relforge.project.init.program_words import env_of, modules_of
from relforge.project.init.reading import Sources
from relforge.project.init.roots import Roots
from relforge.project.init.shell_lines import Words
from relforge.project.init.web_evidence import Web


def web_program(lines: tuple[Program, ...], sources: Sources) -> tuple[Program | None, str]:
    """The Procfile's line of `web`; else what a Dockerfile starts, if that is a server."""
    said = next((row for row in lines if row.name == procfile.WEB), None)
    if said is not None:
        return said, procfile.FILE
    for path in ("Dockerfile", "docker/Dockerfile", "Containerfile"):
        text = sources.text(path).replace("\\\n", " ")
        rows = re.findall(r"^\s*(CMD|ENTRYPOINT)\s+(.+?)\s*$", text, re.MULTILINE)
        last = dict(rows)
        given = [_plain(last[word]) for word in ("ENTRYPOINT", "CMD") if word in last]
        # An entry point of one's own mostly ends by running its arguments.
        for text in (" ".join(given), *given[-1:]):
            program = Program(name=procfile.WEB, line=shell_lines.parse(text), number=0)
            program = expanding.script(program, sources.text)
            named = program.words[:1] == ("fastapi",)  # it looks for the application itself
            if program.server is not None and (named or program.server.target):
                return program, path
    return None, procfile.FILE


def _plain(row: str) -> str:
    """The exec form of a Dockerfile as a line of shell."""
    if not row.startswith("["):
        return row
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', row)
    return " ".join(f"'{word}'" if re.search(r"[\s()]", word) else word for word in words)


def processes(
    known: Names,
    found: tuple[Application, ...],
    asked: Dependencies,
    lines: tuple[Program, ...],
    program: Program | None,
    served: Web,
    manage: str,
) -> tuple[Process, ...]:
    web = served.process if served.process and not served.process.doubt else None
    rows = [served.process] if served.process else []
    for row in lines:
        if row.name not in (procfile.RELEASE, procfile.WEB):
            rows.append(_of_procfile(row, found))
    text = " ".join(row.line.text for row in lines)
    there = {row.name for row in rows}
    rows += [
        row for row in workers.find(known, found, asked, manage, text) if row.name not in there
    ]
    # A release of workers alone has nothing to serve on with: it ends with them.
    if web:
        return tuple(rows)
    return tuple(row if row.doubt else replace(row, required=True) for row in rows)


def _of_procfile(row: Program, found: tuple[Application, ...]) -> Process:
    main = row.line.main
    words = row.words
    single = schedulers.is_scheduler(row.name, words)
    comment = "From the Procfile; this program does not report when it is ready."
    comments = (comment, "Only one at a time, even during a replacement.") if single else (comment,)
    server = row.server
    if server is not None and server.target:
        comments = (*comments, "It opens its port itself.")
    return Process(
        name=row.name,
        exec=words,
        ready="started",
        env=env_of(dict(main.env)) if main else {},
        cwd=None if single and "celery" in words else (main.cwd if main else ""),
        required=False,
        singleton=single,
        modules=modules_of(words),
        comments=comments,
    )


def commands(
    known: Names,
    sources: Sources,
    asked: Dependencies,
    managers: tuple[OwnCommand, ...],
    scripts: dict[str, str],
    served: Web,
    processes: tuple[Process, ...],
    lines: tuple[Program, ...],
) -> tuple[OwnCommand, ...]:
    app = served.application
    rows = [*managers, *programs.of_tools(sources, known, asked, app)]
    if not processes and not managers and not scripts:
        rows += programs.plain(known, sources)
    for line in lines:
        if line.name == procfile.RELEASE:
            text = "the Procfile's release line"
            rows.append(_once("release-phase", line.line.main, line.words, text, app))
        for number, words in enumerate(line.line.before):
            name = before(line.name, number)
            text = f"the first command of the Procfile's {line.name} line"
            rows.append(_once(name, words, procfile.exec_words(words), text, app))
    return tuple({row.name: row for row in rows}.values())


def before(line: str, number: int) -> str:
    """The name of what a Procfile's line runs before its last command."""
    return f"before-{line}" + (f"-{number + 1}" if number else "")


def _once(
    name: str, row: Words | None, words: tuple[str, ...], text: str, app: Application | None
) -> OwnCommand:
    flask = words[:1] == ("flask",) and "--app" not in words and app is not None
    return OwnCommand(
        name=name,
        exec=("flask", "--app", app.target, *words[1:]) if flask and app else words,
        help=text,
        once=True,
        cwd=row.cwd if row else "",
        env=env_of(dict(row.env)) if row else {},
        modules=modules_of(words),
    )


def of_scripts(
    scripts: dict[str, str], there: tuple[OwnCommand, ...], *, wheel: bool
) -> Iterator[OwnCommand]:
    taken = {row.name for row in there}
    yield from (row for row in programs.of_scripts(scripts, wheel=wheel) if row.name not in taken)


def placed(row: Process, chosen: Contents, known: Names, places: Roots) -> Process:
    """Where the process works: in the sources as they are in the project, if those are there."""
    if chosen.trees is None or not chosen.trees:
        return replace(row, cwd=None)
    if row.cwd is None:
        return row
    directory = row.cwd
    module = row.app.partition(":")[0]
    if not directory and module in known.modules:
        root = places.of(known.modules[module].path)
        directory = root if root.rpartition("/")[2] not in ("src", "lib") else ""
    return replace(row, cwd="/".join(part for part in ("app", directory) if part))


def files(
    sources: Sources, processes: tuple[Process, ...], commands: tuple[OwnCommand, ...]
) -> Iterator[str]:
    """Files of the project that the words of a program name."""
    rows = [(row.exec, row.cwd) for row in processes]
    rows += [(row.exec, row.cwd) for row in commands]
    for words, cwd in rows:
        for word in words:
            path = "/".join(
                part for part in f"{cwd or ''}/{word}".split("/") if part not in ("", ".")
            )
            if path in sources.files and not path.endswith(".py"):
                yield path


def moved(
    row: OwnCommand, chosen: Contents, known: Names, packages: Callable[[str], str | None]
) -> OwnCommand:
    """A command in the directory that it has in the project; modules of it by their names.

    ``packages`` is where a file of the project is in the release's site-packages.
    """
    if row.cwd is None:
        return row
    words = row.exec
    if words[:1] == ("python",) and len(words) > 1 and words[1].endswith(".py"):
        parts = f"{row.cwd}/{words[1]}".split("/")
        path = "/".join(part for part in parts if part not in ("", "."))
        module = next((name for name, facts in known.modules.items() if facts.path == path), "")
        words = ("python", "-m", module, *words[2:]) if module else words
    if chosen.trees is None and row.name == "alembic" and row.cwd:
        placed = packages(f"{row.cwd}/alembic.ini")
        if placed:
            return replace(row, cwd=placed.rpartition("/")[0])
    # Beside a wheel, only what is there has a directory.
    there = bool(chosen.trees) or row.name == "alembic"
    directory = row.cwd if row.cwd not in ("src", "lib") else ""
    place = "/".join(part for part in ("app", directory) if part) if there else None
    return replace(row, exec=words, cwd=place)
