"""Whether a marker holds; what cannot be evaluated is an error with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from relforge.support.errors import Exit, UserError

Values = Mapping[str, "str | frozenset[str]"]
Context = Literal["metadata", "lock_file", "requirement"]


def holds(
    marker: Marker | None,
    values: Values,
    where: str,
    *,
    extras: Iterable[str] = (),
    context: Context = "requirement",
) -> bool:
    """Whether the marker holds with one of these extras, or with none.

    ``extra == "x"`` is false where nobody asks for the extra.  Raises UserError,
    status 78, where two values cannot be compared.
    """
    if marker is None:
        return True
    try:
        return any(
            marker.evaluate({**values, "extra": extra}, context=context) for extra in ("", *extras)
        )
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, InvalidSpecifier) as no:
        reason = str(no).splitlines()[0].rstrip(".")
        raise UserError(
            f"{where}: cannot evaluate the marker `{marker}`: {reason}",
            hint="correct the marker where the requirement is written, then lock again",
            code=Exit.CONFIG,
        ) from None
