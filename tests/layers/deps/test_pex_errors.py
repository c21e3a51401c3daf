"""What pex says, in words for a user."""

from __future__ import annotations

from relforge.layers.deps import pex_errors

SAID = """
pid 1 -> /python pex
pip: ERROR: Cannot install flask==3.1.2 and werkzeug<3 \
because these package versions have conflicting dependencies.
pip: ERROR: ResolutionImpossible: for help visit the documentation
pip:
pip: The conflict is caused by:
pip:     The user requested werkzeug<3
pip:     flask 3.1.2 depends on werkzeug>=3.1.0
pip:
pip: To fix this you could try to:
"""


def test_a_contradiction_names_both_sides() -> None:  # P8
    told = pex_errors.explain(SAID, "resolving the dependencies").message
    assert told.splitlines() == [
        "resolving the dependencies: these requirements contradict each other:",
        "    The user requested werkzeug<3",
        "    flask 3.1.2 depends on werkzeug>=3.1.0",
    ]
