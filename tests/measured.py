"""Coverage of the processes of a release: `make coverage` (scripts/coverage.sh).

They run without `site`, and with few variables, so the entries of the release's runtime
begin to measure by themselves.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import relforge

VARIABLE = "RELFORGE_TEST_COVERAGE"  # the path of the data, where it is measured
ENTRIES = ("boot.py", "boot_app.py")
_BEGIN = """\
import sys
sys.path.append({site!r})
import coverage
sys.path.remove({site!r})
_measured = coverage.Coverage(data_file={data!r}, data_suffix=True, config_file={config!r})
_measured._warn_no_data = False
_measured.start()
import atexit
atexit.register(_measured.save)
atexit.register(_measured.stop)
"""


def prepare(runtime: Path) -> None:
    """Have the processes of the release with this runtime measured, if `make coverage` runs."""
    data = os.environ.get(VARIABLE)
    if not data:
        return
    config = Path(relforge.__file__).parents[1] / "pyproject.toml"
    found = find_spec("coverage")  # installed by scripts/coverage.sh
    assert found is not None
    site = str(Path(str(found.origin)).parents[1])
    begin = _BEGIN.format(site=site, data=data, config=str(config))
    for name in ENTRIES:
        path = runtime / name
        head, future, rest = path.read_text().partition("from __future__ import annotations\n")
        path.unlink()
        path.write_text(f"{head}{future}{begin}{rest}")
