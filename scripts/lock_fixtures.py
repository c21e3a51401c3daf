"""Lock the fixture projects of `relforge init` again: each gets a requirements.lock.

python scripts/lock_fixtures.py [NAME...]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECTS = Path(__file__).resolve().parents[1] / "tests" / "project" / "init" / "projects"
LOCK = "requirements.lock"


def main() -> int:
    names = sys.argv[1:] or sorted(path.name for path in PROJECTS.iterdir())
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory) / name
            shutil.copytree(PROJECTS / name, root)
            (root / LOCK).unlink(missing_ok=True)
            relforge(root, "init")
            relforge(root, "lock", "--output", LOCK)
            shutil.copy(root / LOCK, PROJECTS / name / LOCK)
        print(name)
    return 0


def relforge(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "relforge", *words], cwd=root, check=True)


if __name__ == "__main__":
    sys.exit(main())
