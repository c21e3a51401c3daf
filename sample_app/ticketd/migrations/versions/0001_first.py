"""Events, orders, jobs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from ticketd.db import Instant

revision = "0001"
down_revision = None


def columns(kind: type, *names: str, unique: bool = False) -> list[sa.Column[object]]:
    types: dict[type, Any] = {int: sa.Integer, str: sa.String(200), dict: sa.JSON, Instant: Instant}
    return [sa.Column(name, types[kind], nullable=False, unique=unique) for name in names]


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        *columns(str, "slug", unique=True),
        *columns(str, "title", "venue", "time_zone"),
        *columns(Instant, "starts_at"),
        *columns(int, "price_cents", "capacity", "available"),
        sa.CheckConstraint("available between 0 and capacity", name="not_oversold"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        *columns(str, "token", unique=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("events.id"), nullable=False),
        *columns(str, "email", "status"),
        *columns(int, "quantity", "amount_cents"),
        *columns(Instant, "expires_at"),
    )
    op.create_index("orders_by_expiry", "orders", ["status", "expires_at"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        *columns(str, "kind"),
        *columns(dict, "payload"),
        *columns(int, "attempts"),
        *columns(Instant, "run_at"),
    )
    op.create_index("ix_jobs_run_at", "jobs", ["run_at"])
