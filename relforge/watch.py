"""Who looks on while a build goes through its steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Watch = Callable[[str], AbstractContextManager[None]]  # called with each step's name
