"""What an application imports of relforge; standard library only, and nothing until it is used.

    from relforge.runtime import config, ready

``config`` is the configuration (`relforge.runtime.config.view`), although a
package of that name is next to this file: importing a module of that package
makes Python set the package as an attribute here, and the property below keeps
the name.  So write ``from relforge.runtime.config import loading`` for its
modules, never ``relforge.runtime.config.loading``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config.provider import Context as Context
    from .config.provider import Failure as Failure
    from .config.provider import Layer as Layer
    from .config.renewal import on_config_change as on_config_change
    from .config.secret import Secret as Secret
    from .config.settings_source import settings_source as settings_source
    from .config.view import config as config
    from .drain import draining as draining
    from .service.notify import alive as alive
    from .service.notify import ready as ready
else:
    LATE = {
        "Context": (".config.provider", "Context"),
        "Failure": (".config.provider", "Failure"),
        "Layer": (".config.provider", "Layer"),
        "Secret": (".config.secret", "Secret"),
        "on_config_change": (".config.renewal", "on_config_change"),
        "draining": (".drain", "draining"),
        "settings_source": (".config.settings_source", "settings_source"),
        "alive": (".service.notify", "alive"),
        "ready": (".service.notify", "ready"),
    }

    def __getattr__(name):
        if name not in LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        if name == "settings_source":
            from .config.view import imported_by

            imported_by(sys._getframe(1).f_code.co_filename)
        module, attribute = LATE[name]
        return getattr(import_module(module, __name__), attribute)

    class _Runtime(type(sys)):
        @property
        def config(self):
            from .config.view import config, imported_by

            imported_by(sys._getframe(1).f_code.co_filename)
            return config

        @config.setter
        def config(self, package):
            """Python's import system offers the package; the name stays the configuration's."""

    sys.modules[__name__].__class__ = _Runtime

__all__ = [
    "Context",
    "Failure",
    "Layer",
    "Secret",
    "alive",
    "config",
    "draining",
    "on_config_change",
    "ready",
    "settings_source",
]
