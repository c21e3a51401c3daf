"""Databases of both kinds: each test that names `engine` runs on a new one of each."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from ticketd import db, ops

numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server of our own: the address of its databases, with a hole for their names."""
    places = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    initdb = shutil.which("initdb", path=os.pathsep.join([*sorted(places), os.environ["PATH"]]))
    if initdb is None:
        pytest.skip("this host has no PostgreSQL")
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # sockets: short paths
        if user:
            shutil.chown(folder, user)

        def run(program: str, *words: str) -> None:
            command = [str(Path(initdb).resolve().with_name(program)), *words]
            subprocess.run(command, user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True)

        run("initdb", "--pgdata=data", "--username=ticketd", "--auth=trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "start", "--wait", "--pgdata=data", "--log=log", f"--options={options}")
        yield f"postgresql://ticketd@/{{}}?host={folder}"
        run("pg_ctl", "stop", "--mode=immediate", "--pgdata=data")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with the examples on sale."""
    url = f"sqlite:///{tmp_path}/new/ticketd.db"
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgresql"), f"test{next(numbers)}"
        with db.connect(server.format("postgres")).connect() as admin:
            admin.execution_options(isolation_level="AUTOCOMMIT")
            admin.execute(text(f"create database {name}"))
        url = server.format(name)
    engine = db.connect(url)
    ops.migrate(engine=engine)
    ops.seed(engine=engine)
    yield engine
    engine.dispose()
