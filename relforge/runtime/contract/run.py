"""Something that is run: what services, commands and hooks have in common.

Each names a callable, or a program with its words, and says where it works and
with which environment variables.
"""

from __future__ import annotations

from .record import Record, key, keys
from .reference import texts
from .shapes import CommandLine, Target, Text, VariableTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, ClassVar


class Run(Record):
    """``TARGETS`` are the keys of which it has exactly one, each with what it means."""

    TARGETS: ClassVar[dict[str, str]] = {}
    FROM_CWD = False  # a program with a `/` in its name is relative to `cwd`, not to the release

    env: dict[str, str] = key(
        VariableTable(),
        default={},
        references=True,
        doc="environment variables, added to those of the release",
    )
    cwd: str | None = key(
        Text(),
        default=None,
        references=True,
        shown="the state directory",
        doc="the working directory, relative to the release",
    )

    def row(self) -> dict[str, Any]:
        """For the manifest, where the name is the key of the row."""
        rows = super().row()
        del rows["name"]
        return rows

    @property
    def target_key(self) -> str:
        """Which of `TARGETS` it has."""
        raise NotImplementedError

    @property
    def function(self) -> str:
        """``pkg.module:name``, "" for a program."""
        raise NotImplementedError

    @property
    def words(self) -> tuple[str, ...]:
        """The command line of a program, () for a callable."""
        raise NotImplementedError

    def put_words(self, words: tuple[str, ...]) -> dict[str, object]:
        """What `replace` takes to give the program another command line."""
        raise NotImplementedError

    def place(self, name: str) -> str:
        """How a user wrote the key of that name."""
        return name


class CallOrExec(Run):
    """A callable, or a program in its place: what a command and a hook are."""

    name: str = key(Text(), doc="", setting=False)
    call: str = key(Target(), default="", doc="", setting=False)
    exec: tuple[str, ...] = key(CommandLine(), default=(), doc="", references=True, setting=False)

    @classmethod
    def which(cls, row: Mapping[str, Any]) -> str:
        return "exec" if row.get("exec") else "call"

    @property
    def target_key(self) -> str:
        return "exec" if self.exec else "call"

    @property
    def function(self) -> str:
        return self.call

    @property
    def words(self) -> tuple[str, ...]:
        return self.exec

    def put_words(self, words: tuple[str, ...]) -> dict[str, object]:
        return {"exec": words}


def references(run: Run) -> Iterator[tuple[str, str]]:
    """Each text that may hold a ``${key}``, with its place: ``listen[0]``, ``exec[1]``."""
    for row in keys(type(run)):
        if row.references:
            yield from texts(getattr(run, row.name), run.place(row.name))
