"""The configuration of this process, and databases of both kinds for what names `engine`."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

# Before anything reads the configuration: it is loaded once, from here upward.
os.chdir(Path(__file__).parent.parent)
STATE = tempfile.mkdtemp(prefix="ticketd-tests-")
for name in [name for name in os.environ if name.startswith("TICKETD_") or name == "DATABASE_URL"]:
    del os.environ[name]
os.environ["RELEASE_STATE_DIR"] = STATE

from ticketd import db, ops  # noqa: E402
from ticketd.models import Event, Venue  # noqa: E402

numbers = itertools.count()


def pytest_unconfigure() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server of our own, without the name of a database."""
    found = [str(path.parent) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    initdb = shutil.which("initdb", path=os.pathsep.join([*sorted(found), os.environ["PATH"]]))
    if initdb is None:
        pytest.skip("there is no PostgreSQL on this host")
    programs = Path(initdb).resolve().parent
    user = _unprivileged()
    folder = tempfile.mkdtemp(prefix="ticketd-pg-", dir="/tmp")  # sockets want short paths
    if user:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        command = [programs / program, "-D", f"{folder}/data", *words]
        subprocess.run(command, user=user, cwd="/", stdout=subprocess.DEVNULL, check=True)

    run("initdb", "--username=ticketd", "--auth=trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=60"
    run("pg_ctl", "start", "--wait", f"--log={folder}/log", "-o", options)
    try:
        yield f"postgresql://ticketd@/%s?host={folder}"
    finally:
        run("pg_ctl", "stop", "--mode=immediate")
        shutil.rmtree(folder)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    names = [row.pw_name for row in pwd.getpwall()]
    return None if os.geteuid() else "postgres" if "postgres" in names else "nobody"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database at the newest revision."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/ticketd.db"
    else:
        server = request.getfixturevalue("postgresql")
        name = f"test{next(numbers)}"
        admin = db.connect(server % "postgres").execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"create database {name}"))
        admin.dispose()
        url = server % name
    made = db.connect(url)
    ops.migrate(engine=made)
    yield made
    made.dispose()


@pytest.fixture
def on_sale() -> Callable[..., str]:
    """Put an event on sale; returns its slug."""

    def put(engine: Engine, *, seats: int, cents: int = 1000) -> str:
        number = next(numbers)
        venue = Venue(name=f"Hall {number}", city="Auckland", time_zone="Pacific/Auckland")
        event = Event(
            slug=f"event-{number}",
            title="Night & Day",
            venue=venue,
            starts_at=db.now() + timedelta(days=9),
            price_cents=cents,
            capacity=seats,
            available=seats,
        )
        with db.sessions(engine).begin() as session:
            session.add(event)
        return event.slug

    return put
