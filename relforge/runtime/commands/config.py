"""``config check``, ``explain``, ``diff``, ``example``, ``schema``: what is loaded, and why."""

from __future__ import annotations

import json
import os

from .. import paths
from ..config import loading, portion
from ..config import problems as problem_rows
from ..config.keys import nearest
from ..config.problems import Invalid, origin
from ..contract import manifest
from ..errors import CONFIG, DONE, FAILED, USAGE, Refusal

_WORDS = ("check", "explain", "diff", "example", "schema")
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def config(argv: list[str]) -> int:
    """``check`` and ``explain [KEY]`` ask the providers, and are 78 where it is not valid."""
    words = [word for word in argv if word != "--json"]
    as_json = len(words) < len(argv)
    for word in words:
        if word.startswith("-"):
            raise _usage(f"unknown option {word}")
    if words == ["check"]:
        return _check(as_json)
    if words[:1] == ["explain"] and len(words) <= 2:
        return _explain(words[1] if len(words) == 2 else None, as_json)
    if words == ["diff"]:
        return _diff(as_json)
    if words == ["example"] and not as_json:
        return _example()
    if words == ["schema"]:
        return _schema()
    if not words:
        raise _usage("which one: check, explain, diff, example or schema?")
    if words[0] in _WORDS:
        raise _usage(f"unexpected argument {'--json' if as_json else repr(words[-1])}")
    near = nearest(words[0], _WORDS)
    raise _usage(f"unknown command `config {words[0]}`{near}")


def _usage(message: str) -> Refusal:
    name = os.environ.get("RELEASE_NAME", "app")
    return Refusal(
        message,
        hint=f"usage: {name} config check [--json] | explain [KEY] [--json] | diff [--json]"
        " | example | schema",
        code=USAGE,
    )


def _example() -> int:
    from ..config import example

    release = manifest.load(manifest.root())
    print(example.toml(release["name"], release["config"]["schema"]), end="")
    return DONE


def _schema() -> int:
    from ..config import example

    release = manifest.load(manifest.root())
    config = release["config"]
    found = example.json_schema(release["name"], config["schema"], strict=config["strict"])
    print(json.dumps(found, indent=2))
    return DONE


def _check(as_json: bool) -> int:
    root = manifest.root()
    try:
        fd = loading.load(root, manifest.load(root), paths.environ(root))
    except Invalid as error:
        if not as_json:
            raise
        answer = {"valid": False, "keys": 0, "sources": [], "notes": []}
        print(json.dumps({**answer, "errors": error.problems}))
        return CONFIG
    result = loading.read(fd)
    origins, notes = result["origins"], [*result["notes"], *_handed(root, result)]
    os.close(fd)
    problem = _services(result["values"])
    if problem and not as_json:
        raise problem
    counts: dict[str, int] = {}
    for rows in origins.values():
        name = _source(*rows[0])
        counts[name] = counts.get(name, 0) + 1
    if as_json:
        sources = [{"source": name, "keys": count} for name, count in counts.items()]
        answer = {"valid": not problem, "keys": len(origins), "sources": sources, "notes": notes}
        errors = [problem_rows.row(problem.message)] if problem else []
        print(json.dumps({**answer, "errors": errors}))
        return CONFIG if problem else DONE
    total = "1 key" if len(origins) == 1 else f"{len(origins)} keys"
    by = ", ".join(f"{name} ({count})" for name, count in counts.items())
    print(f"configuration is valid: {total}" + (f" from {by}" if by else ""))
    for note in notes:
        print(f"  note: {note}")
    return DONE


def _services(values: dict[str, Any]) -> Refusal | None:
    """What is wrong with the services' settings once the configuration is put in."""
    from ..supervise import addresses, specs

    place = paths.of(manifest.root())
    try:
        rows = specs.read(manifest.load(place.root), values, place.root, place.state)
        addresses.every(rows, place.run)
    except Refusal as error:
        return error
    return None


def _handed(root: str, result: dict[str, Any]) -> list[str]:
    """What is odd in what services are handed."""
    notes = []
    for name, row in sorted(manifest.load(root)["services"].items()):
        wanted = row.get("config")
        if wanted is None and row.get("user") and result["values"]:
            notes.append(
                f"services.{name} runs as {row['user']} and is handed nothing of the "
                "configuration; `config` of the service lists what it needs"
            )
        notes += [
            f"services.{name}.config: no key that is set fits {key!r}"
            for key in portion.unmatched(result, wanted or ())
        ]
    return notes


def _source(provider: str, place: str) -> str:
    """The file that a place is in, else the provider."""
    path, _, line = place.rpartition(":")
    if not line.isdecimal():
        path = place
    return f"{provider} {path}" if path.startswith("/") and line.isdecimal() else provider


def _diff(as_json: bool) -> int:
    """What runs against what a reload would load: 0 the same, 1 different, 3 not running."""
    from .. import instance
    from ..client.operation import ask
    from ..protocol.supervisor import diff

    answer = ask(instance.here(), diff())
    changes, replaced = answer["changes"], answer["replaced"]
    code = FAILED if changes or replaced else DONE
    if as_json:
        print(json.dumps({"changes": changes, "replaced": replaced}, indent=2))
        return code
    for row in changes:
        way = "hot" if row["hot"] else "needs new processes"
        print(f"{row['key']}: {row['old'] or 'not set'} -> {row['new'] or 'not set'}")
        print(f"    from {row['origin'] or 'no provider'}; {way}")
    if replaced:
        print(f"a reload replaces {', '.join(replaced)}")
    elif changes:
        print("a reload passes it to the processes and replaces none")
    else:
        print("no difference from the running configuration")
    return code


def _explain(key: str | None, as_json: bool) -> int:
    root = manifest.root()
    release = manifest.load(root)
    rows, problems = loading.explain(root, release, paths.environ(root))
    if key is not None:
        found = [row for row in rows if row["key"] == key or row["key"].startswith(f"{key}.")]
        if not found:
            near = nearest(key, [row["key"] for row in rows])
            raise Refusal(
                f"no key {key!r}{near}",
                hint=f"`{release['name']} config explain` lists the keys",
                code=USAGE,
            )
        rows = found
    if as_json:
        print(json.dumps({"keys": rows, "errors": problems}, indent=2))
        return CONFIG if problems else DONE
    for row in rows:
        print("\n".join(_lines(row)))
    if problems:
        raise Invalid(problems)
    return DONE


def _lines(row: dict[str, Any]) -> list[str]:
    doc = [f"    # {row['doc']}"] if row["doc"] else []
    if not row["set"]:
        ways = f"    set it by {' or '.join(row['ways'])}" if row["ways"] else ""
        return [f"{row['key']} is not set", *([ways] if ways else []), *doc]
    first, *beaten = row["origins"]
    lines = [
        f"{row['key']} = {row['value']}",
        f"    from {origin(first['provider'], first['place'])}"
        + (f", {first['value']}" if row["refers"] else ""),
    ]
    for other in beaten:
        lines.append(f"    over {origin(other['provider'], other['place'])}, {other['value']}")
    return lines + doc
