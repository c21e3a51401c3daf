"""What an import at build time says, where it fails for want of a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.runtime import selfcheck

SOURCES = {
    "reaches_sqlalchemy": (
        "class OperationalError(Exception): ...\n"
        "raise OperationalError('connection to server at 127.0.0.1 failed: Connection refused')\n"
    ),
    "reaches_redis": "class ConnectionError(Exception): ...\nraise ConnectionError('Error 111')\n",
    "reaches_below": (
        "try:\n    raise ConnectionRefusedError(111, 'Connection refused')\n"
        "except OSError as error:\n    raise RuntimeError('no database') from error\n"
    ),
    "reaches_nobody": "import socket\nraise socket.gaierror(-2, 'Name or service not known')\n",
    "has_no_table": (
        "class OperationalError(Exception): ...\nraise OperationalError('no such table: notes')\n"
    ),
    "has_a_fault": "raise ValueError('connection')\n",
}


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in SOURCES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("name", [row for row in SOURCES if row.startswith("reaches")])
def test_an_application_that_connects_while_it_is_imported_is_a_warning(name: str) -> None:
    problem = selfcheck._import(f"{name}:app")
    assert problem is not None
    assert "warning" == problem["severity"]
    assert f"importing {name!r} needs a server: " in problem["message"]
    assert "Traceback" not in problem["message"]
    assert "check.import = false" in problem["hint"]


@pytest.mark.parametrize("name", ["has_no_table", "has_a_fault"])
def test_any_other_failure_is_an_error(name: str) -> None:
    problem = selfcheck._import(f"{name}:app")
    assert problem is not None
    assert "severity" not in problem
    assert f"importing {name!r} fails" in problem["message"]
