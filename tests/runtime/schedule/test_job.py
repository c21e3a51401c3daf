"""The time zones of jobs: of the host, or of a release that brings them along."""

from __future__ import annotations

import shutil
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relforge.runtime.contract.job import Job
from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.schedule import job, kept

BERLIN = Path("/usr/share/zoneinfo/Europe/Berlin")


@pytest.fixture
def bare() -> Iterator[None]:
    """A host without time zones."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def manifest(zone: str) -> dict[str, object]:
    row = Job(name="report", cron="0 3 * * *", command="report", timezone=zone).row()
    return {"schedule": {"report": row}}


@pytest.mark.skipif(not BERLIN.exists(), reason="this host has no time zones")
def test_a_release_may_bring_its_time_zones(bare: None, tmp_path: Path) -> None:
    place = tmp_path / "python/lib/python3.12/site-packages/tzdata/zoneinfo/Europe"
    place.mkdir(parents=True)
    shutil.copyfile(BERLIN, place / "Berlin")
    (found,) = job.specs(manifest("Europe/Berlin"), str(tmp_path))
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()
    assert datetime(2026, 1, 3, 2, tzinfo=UTC).timestamp() == found.after(noon)


def test_a_time_zone_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as raised:
        job.specs(manifest("Europe/Atlantis"), str(tmp_path))
    assert CONFIG == raised.value.code
    assert "schedule.report.timezone" in str(raised.value)
    assert "tzdata" in raised.value.hint


def test_utc_needs_no_time_zones(bare: None, tmp_path: Path) -> None:
    (found,) = job.specs(manifest("UTC"), str(tmp_path))
    assert "0 3 * * *" == found.when


def test_what_is_kept(tmp_path: Path) -> None:
    assert {} == kept.read(str(tmp_path))
    kept.write(str(tmp_path), {"report": {"next": 1.5}})
    assert {"report": {"next": 1.5}} == kept.read(str(tmp_path))
    assert ["schedule.json"] == [path.name for path in tmp_path.iterdir()]
    for text in ("", "[]", "{ cut", '{"report": 7}', "[" * 100_000):
        (tmp_path / kept.NAME).write_text(text)
        assert {} == kept.read(str(tmp_path))
    (tmp_path / kept.NAME).unlink()
    (tmp_path / kept.NAME).symlink_to("/etc/passwd")
    with pytest.raises(Refusal, match="not a regular file"):
        kept.read(str(tmp_path))
