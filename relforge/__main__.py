"""``python -m relforge``."""

import sys

from relforge.cli import main

if __name__ == "__main__":
    sys.exit(main())
