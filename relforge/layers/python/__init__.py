"""The interpreter that goes into a release.

    find      which one, and the content key of what is made from it
    step      the relocated tree: from the cache, or built into it

A tree has the shape of python-build-standalone's install_only archives:

    bin/python3.12  python3 -> python3.12  python -> python3.12
    lib/libpython3.12.so.1.0  libssl.so.3 ...      run paths relative to $ORIGIN
    lib/python3.12/                                bytecode as unchecked-hash
    include/python3.12/pyconfig.h  patchlevel.h    no other headers: sysconfig reads these
    ssl/cert.pem                                   for hosts without a store of their own
"""

from __future__ import annotations

from relforge.layers.python.finder import find
from relforge.layers.python.host import target as host_target

__all__ = ["find", "host_target"]
