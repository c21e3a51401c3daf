from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute("create table entries (id integer)")


def downgrade() -> None:
    op.execute("drop table entries")
