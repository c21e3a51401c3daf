"""A value that is not what its key asks for."""

from __future__ import annotations


class Wrong(ValueError):
    """``problem`` says what is wrong with it.

    It is empty where the value is of another kind altogether: what was expected
    says it all then.  ``at`` is the place inside the value, such as ``[1]`` or
    ``.nofile``; ``hint`` is what to write instead.
    """

    def __init__(self, problem: str = "", *, at: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.hint = hint
