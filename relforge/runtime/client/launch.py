"""A fresh process of the application, with exactly the configuration that ``start`` would load."""

from __future__ import annotations

import os
import sys

from .. import manifest, paths
from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

BOOT = "runtime/relforge/runtime/boot_app.py"


def execute(words: list[str]) -> NoReturn:
    """Load the configuration, then become ``boot_app.py fresh WORDS``; raises Refusal."""
    from ..config import loading

    root = manifest.root()
    contract = manifest.load(root)
    environ = paths.environ(root)
    fd = loading.load(root, contract, environ)
    os.set_inheritable(fd, True)
    python = os.path.join(root, contract["python"]["executable"])
    argv = [python, "-P", "-s", "-B", os.path.join(root, BOOT), "fresh", *words]
    sys.stdout.flush()
    try:
        os.execve(python, argv, {**environ, "RELFORGE_CONFIG_FD": str(fd)})
    except OSError as error:
        raise Refusal(
            f"{python}: {error.strerror}", hint="unpack the release again", code=CONFIG
        ) from None
