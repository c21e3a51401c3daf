"""From the merged table to `Settings`; whatever a user can get wrong in it ends here."""

from __future__ import annotations

import re
from typing import TypeVar

from relforge.model import layout
from relforge.model.spec import (
    AssetSettings,
    ConfigSettings,
    Project,
    Provider,
    Settings,
)
from relforge.project.settings.app import read_app
from relforge.project.settings.checks import read_check, read_strip
from relforge.project.settings.commands import read_command
from relforge.project.settings.console import read_console
from relforge.project.settings.dependencies import read_dependencies
from relforge.project.settings.deploy import read_deploy
from relforge.project.settings.exports import read_exports
from relforge.project.settings.formats import read_deb, read_formats, read_oci
from relforge.project.settings.hooks import read_hooks
from relforge.project.settings.log import read_log
from relforge.project.settings.nodes import read_nodes
from relforge.project.settings.overlays import read_overlay
from relforge.project.settings.packages import read_packages
from relforge.project.settings.paths import inside, of_release
from relforge.project.settings.python import read_python
from relforge.project.settings.references import check_references, check_syntax
from relforge.project.settings.schedule import read_job
from relforge.project.settings.services import check_depends, read_service
from relforge.project.settings.steps import read_steps
from relforge.project.settings.table import Reading, Table, dotted
from relforge.project.settings.upgrade import read_upgrade
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.job import Job
from relforge.runtime.contract.naming import is_name, is_version
from relforge.runtime.contract.service import Service
from relforge.runtime.settings import ROOT, LaidSettings
from relforge.support.errors import SettingsError

CALL = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
Named = TypeVar("Named", Service, Command)


def read(
    project: Project, merged: LaidSettings, env: str, *, version: str, lock: str | None
) -> tuple[Settings, tuple[Reading, ...]]:
    """The settings of one environment, and each value with its origin.

    ``version`` is the release's version, already computed; ``lock`` the lock
    file that is there, used where the settings name none.
    """
    table = Table(merged.table, ROOT, over=merged.over)
    strip = read_strip(table.table("strip"))
    services = tuple(read_service(name, row) for name, row in table.table("services").children())
    commands = tuple(read_command(name, row) for name, row in table.table("commands").children())
    only = table.table("only")
    name = _release_name(table, project)
    chosen = _chosen(only, "commands", commands)
    python = read_python(table.table("python"), project, strip=strip.symbols)
    site_packages = layout.site_packages(python.version)
    app = read_app(table)
    settings = Settings(
        name=name,
        version=_release_version(table, version),
        python=python,
        dependencies=read_dependencies(table.table("dependencies"), project, env),
        lock=table.text("lock", lock, origin="found in the project"),
        app=app.paths,
        app_roots=app.roots,
        assets=_assets(table.table("assets"), name, site_packages),
        overlays=tuple(read_overlay(row, name, site_packages) for row in table.tables("overlays")),
        services=_chosen(only, "services", services),
        config=_config(table.table("config")),
        commands=chosen,
        check=read_check(table.table("check")),
        log=read_log(table.table("log")),
        upgrade=read_upgrade(table.table("upgrade")),
        nodes=read_nodes(table.table("nodes")),
        console=read_console(table),
        hooks=read_hooks(table.table("hooks")),
        schedule=_jobs(table, commands, chosen),
        strip=strip,
        packages=read_packages(table),
        steps=read_steps(table),
        formats=read_formats(table),
        oci=read_oci(table.table("oci")),
        deb=read_deb(table.table("deb")),
        attest=table.flag("attest", False),
        sign=table.text("sign", ""),
        requirements=table.texts_or("requirements", None, origin="found in the project"),
        members=table.texts("members", ()),
        deploys=tuple(read_deploy(name, row) for name, row in table.table("deploy").children()),
    )
    check_depends(settings.services)
    only.finish()
    table.finish()
    check_syntax(settings)
    if settings.config.strict and settings.config.schema:
        check_references(settings, settings.config.schema)
    return settings, tuple(table.readings)


def _jobs(
    table: Table, commands: tuple[Command, ...], chosen: tuple[Command, ...]
) -> tuple[Job, ...]:
    """The schedule; without the jobs of commands that a release does not have."""
    there = {row.name for row in chosen}
    jobs = (read_job(name, row, commands) for name, row in table.table("schedule").children())
    return tuple(job for job in jobs if not job.command or job.command in there)


def _chosen(only: Table, key: str, rows: tuple[Named, ...]) -> tuple[Named, ...]:
    """Those of the rows that a release wants: all, where it does not say."""
    known = [row.name for row in rows]
    wanted = only.texts_or(key, None, origin="all of them")
    for index, name in enumerate(wanted or ()):
        if name not in known:
            raise only.error(
                f"{key}[{index}]",
                f"no {name!r} in tool.relforge.{key}",
                hint=f"known: {', '.join(known) or 'none'}",
            )
    return rows if wanted is None else tuple(row for row in rows if row.name in wanted)


def _release_name(table: Table, project: Project) -> str:
    name = table.text("name", project.name, origin="project.name")
    if not name:
        raise SettingsError(
            "a name is required: set `project.name` or `tool.relforge.name`",
            hint='set `name = "..."` in [tool.relforge]',
        )
    if not is_name(name):
        raise table.error(
            "name",
            f"{name!r} is not valid as a name: use letters, digits, `-` and `_`, at most 100",
        )
    return name


def _release_version(table: Table, version: str) -> str:
    table.raw("version", version, origin="project.version")
    if not is_version(version):
        raise table.error(
            "version",
            f"{version!r} cannot be part of a path: use letters, digits, `. _ + ! -`, at most 100",
        )
    return version


def _assets(table: Table, name: str, site_packages: str) -> AssetSettings:
    commands = table.raw("run", [])
    if not isinstance(commands, list):
        raise table.error("run", 'expected a list of commands such as [["npm", "ci"]]')
    for index, command in enumerate(commands):
        words = isinstance(command, list) and command and all(isinstance(w, str) for w in command)
        if not words:
            raise table.error(f"run[{index}]", 'expected a list of words such as ["npm", "ci"]')
    cwd = inside(table, "cwd", table.text("cwd", "."))
    outputs = dict(table.text_mapping("outputs"))
    if commands and not outputs:
        raise table.error("outputs", "commands run, but none of their output is used")
    for source, to in outputs.items():
        key = f"outputs.{dotted((source,))}"
        inside(table, key, source)
        outputs[source] = of_release(table, key, to, name, site_packages, whole=True)
    result = AssetSettings(
        run=tuple(tuple(command) for command in commands),
        cwd=cwd,
        inputs=table.texts("inputs", (f"{cwd}/**",) if commands else (), origin="cwd"),
        outputs=tuple(outputs.items()),
        digest=table.flag("digest", False),
        env=table.text_mapping("env"),
    )
    table.finish()
    return result


def _config(table: Table) -> ConfigSettings:
    providers = []
    for row in table.tables("providers"):
        use = row.text("use", "")
        if not use:
            raise row.error("use", "a provider is required", hint='for instance use = "toml"')
        options = {key: value for key, value in row.data.items() if key != "use"}
        providers.append(Provider(use=use, options=options))
    schema = table.mapping("schema")
    for key, row_data in schema.items():
        if not isinstance(row_data, dict):
            raise table.error(f'schema."{key}"', 'expected a table such as { type = "int" }')
    model = table.text("model", "")
    if model and not CALL.fullmatch(model):
        raise table.error("model", f'{model!r} is not a class such as "pkg.settings:Settings"')
    if model and schema:
        raise table.error("model", "declare the keys in the model or in `schema`, not in both")
    result = ConfigSettings(
        providers=tuple(providers),
        schema=schema,
        model=model,
        export=dict(read_exports(table)),
        strict=table.flag("strict", True),
    )
    table.finish()
    return result
