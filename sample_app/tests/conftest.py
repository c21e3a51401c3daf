"""Databases of both kinds: each test that names `engine` runs on a new one of each."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from ticketd import db, ops


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server of our own."""
    debian = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    program = shutil.which("pg_ctl") or max(debian, default=None)
    if program is None:
        pytest.skip("this host has no PostgreSQL")
    user = os.geteuid() or "nobody"  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # sockets: short paths
        shutil.chown(folder, user)

        def pg_ctl(*words: str) -> None:
            command = [program, *words, "--pgdata=data", "--silent"]
            subprocess.run(command, user=user, cwd=folder, timeout=60, check=True)

        pg_ctl("initdb", "--options=--username=ticketd --auth=trust --no-sync")
        pg_ctl("start", "--log=log", f"--options=-k {folder} -c listen_addresses= -c fsync=off")
        yield f"postgresql://ticketd@/postgres?host={folder}"
        pg_ctl("stop", "--mode=immediate")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with the examples on sale."""
    if request.param == "sqlite":
        engine = db.connect(f"sqlite:///{tmp_path}/new/ticketd.db")
    else:
        engine = db.connect(request.getfixturevalue("postgresql"))
        with engine.begin() as connection:
            connection.exec_driver_sql("drop schema public cascade; create schema public")
    ops.migrate(engine=engine)
    ops.seed(engine=engine)
    yield engine
    engine.dispose()
