"""The environment variables that an application has: rows of the schema, values to build with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relforge.project.init.dependencies import Dependencies
from relforge.project.init.environment_syntax import Variable
from relforge.project.init.names import Names
from relforge.project.init.reading import Sources
from relforge.project.init.variables import EVERYWHERE

# Files that show what the variables look like.
_EXAMPLES: tuple[str, ...] = (
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    "env.example",
)
_EXAMPLES += ("example.env", "sample.env", ".env.test", ".env.dev", ".env.local.example", ".env.ci")
# What belongs to libraries and to relforge: no application's prefix.
_TAKEN = frozenset({
    "AIRFLOW", "ANSIBLE", "AWS", "AZURE", "CELERY", "DATABASE", "DJANGO", "DOCKER", "FLASK",
    "GCP", "GIT", "GOOGLE", "GUNICORN", "HTTP", "HUEY", "JUPYTER", "KUBERNETES", "MYSQL",
    "NO", "OPENAI", "OTEL", "PG", "PIP", "POSTGRES", "PYTHON", "QUART", "RABBITMQ", "REDIS",
    "RELEASE", "RELFORGE", "SENTRY", "SSL", "SYSTEMD", "UV", "UVICORN", "WEB", "XDG"
})  # fmt: skip
_DATABASES = (
    ("django", "sqlite://:memory:"),
    ("psycopg2", "postgresql://127.0.0.1/build"),
    ("psycopg2-binary", "postgresql://127.0.0.1/build"),
    ("psycopg", "postgresql+psycopg://127.0.0.1/build"),
    ("asyncpg", "postgresql+asyncpg://127.0.0.1/build"),
    ("aiosqlite", "sqlite+aiosqlite://"),
)
_ASYNC = ("asyncpg", "aiosqlite")  # what SQLAlchemy's create_async_engine takes
_SECRET = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE|CREDENTIAL|_DSN|_KEY$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One that is read at import and has no default."""

    name: str
    key: str  # of the schema
    kind: str  # of the schema
    secret: bool
    sample: str  # what the build tries with
    where: str


def find(
    names: Names, sources: Sources, reached: Iterable[str], dependencies: Dependencies
) -> tuple[Needed, ...]:
    """What the modules that go in need, by its name."""
    examples = _examples(sources)
    known = _by_engine(names, dependencies)
    wanted = set(reached)
    found: dict[str, Variable] = {}
    for row in _all(names, wanted):
        if row.needed:
            found.setdefault(row.name, row)
    return tuple(
        Needed(
            name=name,
            key=re.sub(r"_+", "_", name.lower()).strip("_"),
            kind=row.kind,
            secret=bool(_SECRET.search(name)),
            sample=examples.get(name) or row.sample or _sample(name, row.kind, known),
            where=f"{row.path}:{row.line}",
        )
        for name, row in sorted(found.items())
    )


def of_django(names: Names, module: str, path: str) -> Iterator[Needed]:
    """Which settings a site has, where no module says so before Django asks."""
    name = "DJANGO_SETTINGS_MODULE"
    if any(name in facts.defaults or name in facts.sets for facts in names.modules.values()):
        return
    key = name.lower()
    yield Needed(name=name, key=key, kind="str", secret=False, sample=module, where=path)


def every(names: Names) -> frozenset[str]:
    """All names that the sources read, with a default or without."""
    return frozenset(row.name for facts in names.modules.values() for row in facts.variables)


def prefix(name: str, taken: frozenset[str]) -> str:
    """The prefix of the configuration's own variables: none that the application's begin with."""
    word = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "APP"
    for candidate in (word, f"{word}_CONFIG", f"CONFIG_{word}"):
        used = any(row.startswith(f"{candidate}_") for row in taken)
        if not used and candidate not in _TAKEN and not candidate[0].isdigit():
            return f"{candidate}_"
    return f"X_{word}_CONFIG_"


def _all(names: Names, wanted: set[str]) -> Iterator[Variable]:
    own = {name for facts in names.modules.values() for name in facts.sets}
    for module, facts in names.modules.items():
        if module in wanted or not wanted:
            for row in facts.variables:
                if row.name not in EVERYWHERE and row.name not in own:
                    yield row


def _examples(sources: Sources) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _EXAMPLES:
        for line in sources.text(name).splitlines():
            match = re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$", line)
            if match:
                value = match[2].split(" #")[0].strip().strip("'\"")
                if value and "$" not in value and "<" not in value:
                    found.setdefault(match[1], value)
    return found


def _by_engine(names: Names, dependencies: Dependencies) -> tuple[str, ...]:
    """The packages that decide a database's address, the likeliest first."""
    calls = {call for facts in names.modules.values() for call in facts.calls}
    found = tuple(name for name, _ in _DATABASES if name in dependencies)
    if not any(call.endswith("create_async_engine") for call in calls):
        return found
    return tuple(sorted(found, key=lambda name: name not in _ASYNC))


def _sample(name: str, kind: str, databases: tuple[str, ...]) -> str:
    """Something of the right form, to import with: it reaches no server and no release."""
    if kind in ("int", "float") or name.endswith(("_PORT", "_TIMEOUT", "_SIZE", "_SECONDS")):
        return "1"
    if kind == "bool":
        return "0"
    if "DATABASE_UR" in name or name in ("DB_URL", "SQLALCHEMY_DATABASE_URI"):
        return dict(_DATABASES)[databases[0]] if databases else "sqlite://"
    if "REDIS" in name and name.endswith(("URL", "URI", "DSN")):
        return "redis://127.0.0.1:6379/0"
    if "BROKER" in name and name.endswith(("URL", "URI")):
        return "memory://"
    if name.endswith("_DSN"):
        return ""
    if name.endswith(("URL", "URI", "ENDPOINT", "ORIGIN")):
        return "http://127.0.0.1"
    return "only-to-build-with"
