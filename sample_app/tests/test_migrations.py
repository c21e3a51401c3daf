"""The migrations against the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, select
from ticketd import db, ops
from ticketd.models import Base, Event


def test_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_commands_say_what_they_did(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = db.connect(f"sqlite:///{tmp_path_factory.mktemp('db')}/new/ticketd.db")
    ops.migrate("0001", engine=engine)
    assert "jobs" not in inspect(engine).get_table_names()
    ops.migrate(engine=engine)
    ops.migrate(engine=engine)
    ops.seed(engine=engine)
    ops.seed(engine=engine)
    said = [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "now at 0001",
        "now at 0002",
        "at 0002 already",
        "night-trains, tidal-quartet, small-talk",
        "there are events already",
    ]
    with db.sessions(engine)() as session:
        assert len(session.scalars(select(Event)).all()) == 3
