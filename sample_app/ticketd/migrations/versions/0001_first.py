"""Events, orders, jobs."""

import sqlalchemy as sa
from alembic import op

from ticketd.db import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("venue", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(200), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("available", sa.Integer, nullable=False),
        sa.CheckConstraint("available between 0 and capacity", name="not_oversold"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token", sa.String(200), nullable=False, unique=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("events.id"), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount_cents", sa.Integer, nullable=False),
        sa.Column("status", sa.String(200), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Index("orders_by_expiry", "status", "expires_at"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run_at", Instant, nullable=False, index=True),
    )
