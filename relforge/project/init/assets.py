"""The table ``assets``: what Node builds, then what Django collects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relforge.project.init.document import Row, Table, listed, toml
from relforge.project.init.found import Found
from relforge.project.init.frontend import FrontEnd
from relforge.project.init.roots import MANAGE


def assets(found: Found) -> Iterator[Table]:
    """One table; what cannot be found out is a comment, with a sentence about what is missing."""
    fronts = [row for row in found.fronts if not row.doubt]
    collect = _collect(found)
    static = found.static
    if fronts or (collect and static.root):
        yield _table(found, fronts, collect if static.root else ())
        return
    if collect and static.why:
        yield _doubtful([collect], ".", _inputs(found), "staticfiles", "Django's", static.why)
    for row in found.fronts:
        words = row.commands(at_top=False)
        place = row.directory or "."
        yield _doubtful(words, place, row.inputs, "WHERE-IT-WRITES", "The front end's", row.doubt)


def _doubtful(
    run: Sequence[tuple[str, ...]],
    cwd: str,
    inputs: tuple[str, ...],
    output: str,
    whose: str,
    doubt: str,
) -> Table:
    rows = (
        Row(key="run", value=listed(tuple(run))),
        Row(key="cwd", value=toml(cwd)),
        Row(key="inputs", value=listed(inputs)),
        Row(key="outputs", value=toml({output: f"app/{output if cwd == '.' else 'static'}"})),
    )
    return Table(name="assets", rows=rows, comments=(f"{whose} static files.",), doubt=doubt)


def manage_path(found: Found) -> str:
    """Django's manage.py, relative to the project, "" where none is used."""
    module = next((row.modules[0] for row in found.commands if row.name == "manage"), "")
    facts = found.names.modules.get(module)
    return facts.path if facts and facts.path.endswith(MANAGE) else ""


def _collect(found: Found) -> tuple[str, ...]:
    path = manage_path(found)
    if found.django is None or not (path or _environ(found)):
        return ()
    words = (path,) if path else ("-m", "django")
    return ("{python}", *words, "collectstatic", "--noinput")


def _environ(found: Found) -> dict[str, str]:
    """What Django's own command line needs without a manage.py."""
    return next((row.env for row in found.commands if row.name == "manage"), {})


def _inputs(found: Found) -> tuple[str, ...]:
    rows = [*found.contents.paths, *found.static.directories]
    kept = dict.fromkeys(row for row in rows if found.sources.has(row))
    outer = [r for r in kept if not any(r != q and r.startswith(f"{q}/") for q in kept)]
    names = set(found.sources.files)
    return tuple(row if row in names else f"{row}/**" for row in outer)


def _table(found: Found, fronts: list[FrontEnd], collect: tuple[str, ...]) -> Table:
    alone = len(fronts) == 1 and not collect
    run = [words for row in fronts for words in row.commands(at_top=not alone)]
    inputs = list(dict.fromkeys(path for row in fronts for path in row.inputs))
    if collect:
        run += [("mkdir", "-p", *found.state_directories)] if found.state_directories else []
        run.append(collect)
        made = {f"{path}/**" for row in fronts for path in row.outputs}
        inputs = [row for row in dict.fromkeys((*inputs, *_inputs(found))) if row not in made]
    outputs = _outputs(found, fronts, collects=bool(collect))
    digest = not collect and not any(row.names_files for row in fronts) and alone
    rows = [Row(key="run", value=listed(tuple(run)))]
    if alone and fronts[0].directory:
        rows.append(Row(key="cwd", value=toml(fronts[0].directory)))
        if fronts[0].install_in != fronts[0].directory:
            rows.pop()
    rows.append(Row(key="inputs", value=listed(tuple(inputs))))
    rows.append(Row(key="outputs", value=toml(outputs)))
    if digest:
        rows.append(Row(key="digest", value="true"))
    if collect and _environ(found):
        rows.append(Row(key="env", value=toml(_environ(found))))
    what = "Compiled assets" if fronts else "Django's static files"
    comments = [f"{what}.  `inputs` decide when the commands run again."]
    if digest:
        comments.append("`digest` gives the results fingerprinted names and a manifest.")
    if collect and found.state_directories:
        comments.append("The settings open a database when they are read: its directory is made.")
    if collect:
        comments.append("{python} is the release's own interpreter; it sees `check.env`.")
    return Table(name="assets", rows=tuple(rows), comments=(" ".join(comments),))


def _outputs(found: Found, fronts: list[FrontEnd], *, collects: bool) -> dict[str, str]:
    """Where each directory that is made is in the release."""
    outputs: dict[str, str] = {}
    gathered = found.static.directories if collects else ()
    for row in fronts:
        for path in row.outputs:
            taken = any(path == place or path.startswith(f"{place}/") for place in gathered)
            if not collects or not (taken or "static" in path.split("/")):
                outputs[path] = _place(found, path, many=len(fronts) > 1)
            elif row.manifest:  # hidden, so collectstatic passes over it
                outputs[f"{path}/.vite"] = _place(found, f"{path}/.vite", many=True)
    if collects:
        outputs[found.static.root] = f"app/{found.static.root}"
    return outputs


def _place(found: Found, path: str, *, many: bool) -> str:
    """Where an output is in the release: where the sources, as they are there, expect it."""
    if found.contents.trees is not None or many:
        return f"app/{path}"
    placed = found.wheel.place(path) if found.wheel else None
    if placed is not None:
        return f"python/lib/python{found.python.version}/site-packages/{placed}"
    return "app/static"
