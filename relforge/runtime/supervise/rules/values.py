"""Small values of the supervisor's rules, without `dataclasses`, whose import takes too long."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_options):
        return lambda kind: kind


@dataclass_transform(frozen_default=True)
class Value:
    """A value with the fields that its class annotates, in their order; equal by its fields."""

    FIELDS: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.FIELDS = (*cls.FIELDS, *cls.__annotations__)

    def __init__(self, *given: Any, **named: Any) -> None:
        kind = type(self)
        own = vars(self)
        own.update(zip(kind.FIELDS, given, strict=False))
        own.update(named)
        for name in kind.FIELDS:
            if name not in own:
                own[name] = getattr(kind, name)  # its default; AttributeError where it has none
        if len(own) != len(kind.FIELDS) or len(given) > len(kind.FIELDS):
            raise TypeError(f"{kind.__name__} has the fields {', '.join(kind.FIELDS)}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # some hold lists

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class Row:
    """A row that can be copied; what its attributes hold is replaced, never changed."""

    def copy(self) -> Self:
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        return twin
