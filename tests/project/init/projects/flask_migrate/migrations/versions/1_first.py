from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute("create table shop (name text)")
    op.execute("insert into shop values ('a migrated table')")


def downgrade() -> None:
    op.execute("drop table shop")
