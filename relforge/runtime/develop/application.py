"""The application that `RELFORGE_APP` names, for uvicorn, which imports it again at each change."""

from __future__ import annotations

import json
import os

from ..agent import entry
from ..service.interface import is_wsgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load() -> Any:
    """The application, as ASGI: what a service of a release serves."""
    target, factory = json.loads(os.environ["RELFORGE_APP"])
    found = entry.imported(target)
    found = found() if factory else found
    if not is_wsgi(found):
        return found
    from uvicorn.middleware import wsgi

    wrapped: Any = wsgi.WSGIMiddleware  # type: ignore[attr-defined]  # not in its __all__
    return wrapped(found)
