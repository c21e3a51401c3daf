"""``pkg.mod:fn`` as people type it, looked up."""

from __future__ import annotations

from ..errors import USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def split(target: str) -> tuple[str, str]:
    """Module and qualified name; raises Refusal where it is not a ``pkg.mod:fn``."""
    module, colon, name = target.partition(":")
    words = [*module.split("."), *name.split(".")]
    if not colon or not all(word.isidentifier() for word in words):
        raise Refusal(
            f"{target!r} does not name a function", hint="write it as pkg.mod:function", code=USAGE
        )
    return module, name


def imported(target: str) -> Any:
    """What the target names; raises Refusal as `split`, and whatever the import raises."""
    from importlib import import_module

    module, name = split(target)
    found: Any = import_module(module)
    for word in name.split("."):
        found = getattr(found, word)
    return found


def find(target: str) -> Callable[..., Any]:
    """Import the module and take the function.

    Raises Refusal where one of them is not there; what the module itself
    raises at its import comes through.
    """
    from importlib import import_module

    module, name = split(target)
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise Refusal(f"{target}: no module {error.name!r}", code=USAGE) from None
    for word in name.split("."):
        try:
            found = getattr(found, word)
        except AttributeError:
            raise Refusal(
                f"{target}: module {module!r} has no {name!r}", hint=_near(found, word), code=USAGE
            ) from None
    if not callable(found):
        raise Refusal(f"{target}: a {type(found).__name__} cannot be called", code=USAGE)
    function: Callable[..., Any] = found
    return function


def _near(place: object, word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, dir(place), 1)
    return f"did you mean {near[0]!r}?" if near else ""
