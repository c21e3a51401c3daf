"""``{ use = "python", call = "ticketd.settings:load" }``: a function instead of a class."""

from __future__ import annotations

from importlib import import_module

from ..provider import BadOptions, Layer, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..provider import Context


class Function:
    """A callable of the project's that is given the context and returns a dict or a Layer."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``call``, which must be there when the release is built."""
        state = read_options(options, {"call": (str, "")}, ("call",))
        _find(state["call"])
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """What the function gives."""
        layer: Layer = _find(state["call"])(context)
        return layer

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in what {state['call']} returns"]


def _find(call: str) -> Callable[[Context], Any]:
    module, colon, name = call.partition(":")
    if not module or not colon or not name:
        raise BadOptions([("call", f"{call!r} is not a callable such as package.module:function")])
    found: Any = getattr(import_module(module), name, None)
    if not callable(found):
        raise BadOptions([("call", f"{module} has no callable {name!r}")])
    function: Callable[[Context], Any] = found
    return function
