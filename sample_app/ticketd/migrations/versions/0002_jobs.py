"""The worker's queue."""

import sqlalchemy as sa
from alembic import op

from ticketd import db

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(200), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run_at", db.Instant, nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
    )
    op.create_index("jobs_by_time", "jobs", ["state", "run_at"])
