"""Each shape of project becomes a release that serves, with what `relforge init` wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.delivery.deployment import eventually
from tests.project.init.releasing import get, released

pytestmark = pytest.mark.release

# In CI; the others in `make frameworks`.
SHORT = ("django_gunicorn", "fastapi_backend", "flask_poetry_lock", "flask_relative_files")
PAGES = {
    "asgi_by_name": "hello from a package of that name",
    "django_celery": "hello from Django",
    "django_channels": "hello from Django",
    "django_gunicorn": "hello from Django",  # P11
    "django_in_src": "hello from Django",  # P25
    "django_in_subdirectory": "hello from Django",  # P13
    "django_split_settings": "hello from Django",
    "fastapi_backend": "from backend",  # P25
    "fastapi_hatch_mapping": "from a mapping",  # P13
    "fastapi_standard": "from an extra",  # P19
    "flask_factory_reexport": "hello from a factory",  # P17
    "flask_package_data": "hello from a template",
    "flask_poetry_lock": "hello from a lock of Poetry",
    "flask_relative_files": "hello from a relative path",  # P46
    "flask_requirements": "hello from Flask",
    "own_server": "hello from aiohttp",  # P17
    "poetry_lib": "from poetry",
    "quart_procfile": "hello from Quart",
    "starlette_dockerfile": "hello from a Dockerfile",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in SHORT else pytest.mark.frameworks)
        for name in sorted(PAGES)
    ],
)
def test_it_is_served_without_an_edit(tmp_path: Path, name: str) -> None:
    site = released(tmp_path, name)
    with site.running():
        assert PAGES[name] in get(f"http://127.0.0.1:{site.env['PORT']}/")


def test_a_migration_runs_before_the_first_page(tmp_path: Path) -> None:
    # P14, P16
    site = released(tmp_path, "flask_migrate")
    site.ok("before-web")
    with site.running() as address:
        assert "hello from a migrated table" == get(address)


@pytest.mark.frameworks
def test_alembic_finds_its_files_beside_a_wheel(tmp_path: Path) -> None:
    # P16
    site = released(tmp_path, "fastapi_alembic")
    site.ok("alembic", "upgrade", "head")
    assert (site.state / "ledger.db").is_file()
    with site.running() as address:
        assert "from alembic" in get(address)


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("name", "env", "page"),
    [
        ("flask_own_variables", {"SHOP_SECRET": "s", "SHOP_WORD": "outside"}, "from outside"),
        ("fastapi_settings", {"TOKEN": "t", "PORT_OF_METRICS": "9"}, "from settings"),
        ("django_environ", {"SECRET_KEY": "k", "GUARDED_MODE": "m"}, "hello from Django"),
    ],
)
def test_the_applications_own_variables_are_its_own(
    tmp_path: Path, name: str, env: dict[str, str], page: str
) -> None:
    # P20, P55
    site = released(tmp_path, name, env=env)
    with site.running() as address:
        assert page in get(address)
    first = next(iter(env))
    without = {key: text for key, text in site.variables.items() if key != first}
    done = subprocess.run(
        [site.program, "start"],
        env={**without, "RELEASE_STATE_DIR": str(site.state)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        site.run("stop")
    assert 78 == done.returncode, done.stderr
    assert f"${first}" in done.stderr or "required" in done.stderr


def test_a_worker_of_the_procfile_works_in_its_own_directory(tmp_path: Path) -> None:
    # P14, P46, P47
    site = released(tmp_path, "waitress_procfile")
    with site.running():
        assert "hello from waitress" in get(f"http://127.0.0.1:{site.env['PORT']}/")
        eventually(lambda: "background jobs" in site.log())


@pytest.mark.frameworks
def test_workers_and_schedulers_run(tmp_path: Path) -> None:
    # P49, P51
    site = released(tmp_path, "workers_only")
    with site.running():
        eventually(lambda: "tick" in site.log(), 30)
        assert {"worker", "scheduler"} == {row["name"] for row in site.status()["services"]}


@pytest.mark.frameworks
def test_console_scripts_get_their_words_as_pips_wrapper_gives_them(tmp_path: Path) -> None:
    # P41
    site = released(tmp_path, "flask_scripts")
    assert "hi hi hi\n" == site.ok("clik", "hi", "hi", "3")
    wrong = site.run("clik", "hi")
    assert (2, True) == (wrong.returncode, "Usage: clik hi" in wrong.stderr)


@pytest.mark.frameworks
def test_a_program_without_an_entry_point_runs(tmp_path: Path) -> None:
    assert "report of all of it\n" == released(tmp_path, "program_only").ok(
        "report", "all", "of", "it"
    )


@pytest.mark.frameworks
def test_every_front_end_lies_where_the_application_expects_it(tmp_path: Path) -> None:
    # P38
    site = released(tmp_path, "two_front_ends")
    with site.running() as address:
        assert "hello from the shop" == get(f"{address}/shop/index.txt")
        assert "hello from the mail" == get(f"{address}/index.txt")
