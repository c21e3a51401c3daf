"""Entry of the processes that hold the application: ``python -P -s -B boot_app.py ROLE ARGS``.

They run with ``site``, so that the dependencies, the application and (by
``relforge.pth``) this package are importable.
"""

from __future__ import annotations

import sys

ROLES = {
    "service": "relforge.runtime.service.main",
    "loader": "relforge.runtime.config.loader",
    "providers": "relforge.runtime.config.build",
    "hook": "relforge.runtime.service.hook",
    "fresh": "relforge.runtime.fresh.main",
    "check": "relforge.runtime.selfcheck",
    "trial": "relforge.runtime.config.trial",
    "program": "relforge.runtime.service.program",
    "unit": "relforge.runtime.commands.units",
    "probe": "relforge.runtime.service.probe",
    "push": "relforge.runtime.service.config_push",
    "keep": "relforge.runtime.service.state_export",
    "develop": "relforge.runtime.develop.main",  # not in a release
}


def main(argv: list[str]) -> int:
    """Hand over to the role's own ``main(argv)``."""
    import importlib

    code: int = importlib.import_module(ROLES[argv[0]]).main(argv[1:])
    return code


if __name__ == "__main__":
    runtime = __file__.rsplit("/", 3)[0]
    if runtime not in sys.path:
        sys.path.insert(0, runtime)
    sys.exit(main(sys.argv[1:]))
