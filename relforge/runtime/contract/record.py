"""A table of keys, each with all that is known about it.

    class Log(Record):
        size: int = key(Size(), default=50_000_000, doc="...")

The annotations and defaults are those of a frozen dataclass, for people and for
mypy.  It is none, because `dataclasses` takes longer to import than a control
command lasts.
"""

from __future__ import annotations

from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Self, dataclass_transform

    from .shapes import Shape
else:

    def dataclass_transform(**_options):
        return lambda record: record


REQUIRED: Any = object()


class Key:
    """One key of a table.

    ``kinds`` are those to which it applies, all of them where it names none;
    of another kind it has the value ``other``.  ``required`` are the kinds that
    must write it, ``hint`` says how.  ``references``: it may hold ``${key}``.
    ``setting``: a user writes it under this name.  ``shown`` is the default in
    the reference where the value does not speak for itself.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        doc: str,
        default: Any = REQUIRED,
        other: Any = REQUIRED,
        shown: str | None = None,
        hint: str = "",
        kinds: tuple[str, ...] = (),
        required: tuple[str, ...] = (),
        references: bool = False,
        setting: bool = True,
    ) -> None:
        self.name = ""
        self.shape = shape
        self.doc = doc
        self.default = default
        self.other = default if other is REQUIRED else other
        self.shown = shown
        self.hint = hint
        self.kinds = kinds
        self.required = required
        self.references = references
        self.setting = setting

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def applies(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def value(self, kind: str) -> Any:
        """What it is where nobody wrote it."""
        return self.default if self.applies(kind) else self.other


def key(shape: Shape, **facts: Any) -> Any:
    """A `Key` with these facts, in the place of a field."""
    return Key(shape, **facts)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key,))
class Record:
    """A frozen value with the keys of its class."""

    def __init__(self, **values: Any) -> None:
        own = vars(self)
        which = values.get("kind", "") or self.which(values)
        for row in keys(type(self)):
            value = values.pop(row.name) if row.name in values else row.value(which)
            if value is REQUIRED:
                raise TypeError(f"{type(self).__name__} lacks {row.name}")
            own[row.name] = value
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    @classmethod
    def which(cls, _row: Mapping[str, Any]) -> str:
        """The kind that a row of the manifest is of; "" where there are no kinds."""
        return ""

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From the manifest; what a later builder added is passed over.

        Raises Wrong where a key is missing that has no default.
        """
        values = complete(cls, {**row, **more})
        known = {name.name: values[name.name] for name in keys(cls)}
        return cls(**{name: _frozen(value) for name, value in known.items()})

    def row(self) -> dict[str, Any]:
        """For the manifest."""
        return {name: _plain(value) for name, value in vars(self).items()}

    def replace(self, **changes: Any) -> Self:
        """The same with other values."""
        return type(self)(**{**vars(self), **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # some hold dicts

    def __repr__(self) -> str:
        rows = (f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({', '.join(rows)})"


def keys(record: type[Record]) -> Iterator[Key]:
    """Its keys, those of its bases first."""
    rows: dict[str, Key] = {}
    for base in reversed(record.__mro__):
        rows |= {name: row for name, row in vars(base).items() if isinstance(row, Key)}
    yield from rows.values()


def complete(record: type[Record], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the manifest with the defaults of what it lacks; unknown keys stay as they are.

    Raises Wrong where a key is missing that has no default.
    """
    found = dict(row)
    which = found.get("kind", "") or record.which(found)
    for own in keys(record):
        if own.name not in found:
            value = own.value(which)
            if value is REQUIRED:
                raise Wrong("it is missing", at=f".{own.name}")
            found[own.name] = _plain(value)
    return found


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Record):
        return value.row()
    if isinstance(value, dict):
        return {name: _plain(row) for name, row in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(row) for row in value]
    return value
