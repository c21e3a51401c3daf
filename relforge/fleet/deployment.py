"""What a deploy works with: the deployment of the settings, and the release that goes there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relforge.model.deploy import Deploy
from relforge.model.spec import Settings
from relforge.pipeline.configured import read_settings
from relforge.support.errors import Exit, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment by name, and where its project is."""

    project: Path
    settings: Settings
    deploy: Deploy
    hosts: tuple[str, ...]  # of all of them, those that are meant now

    @property
    def release(self) -> str:
        return self.settings.name

    @property
    def root(self) -> str:
        return self.deploy.root or f"/srv/{self.release}"


def load(project: Path, name: str, hosts: str | None = None) -> Deployment:
    """The deployment of that name; ``hosts`` are some of its hosts, with commas.

    Raises UserError for a name that the settings do not have.
    """
    settings = read_settings(project, "prod").settings
    found = {row.name: row for row in settings.deploys}
    if name not in found:
        known = ", ".join(found) or "none"
        raise UserError(
            f"{name}: no such deployment: the settings have {known}",
            hint=f'add [tool.relforge.deploy.{name}] with hosts = ["..."] to the settings',
            code=Exit.CONFIG if not found else Exit.USAGE,
        )
    deploy = found[name]
    chosen = tuple(hosts.split(",")) if hosts else deploy.hosts
    for host in chosen:
        if host not in deploy.hosts:
            raise UserError(
                f"--hosts: {host!r} is not a host of {name}",
                hint=f"its hosts: {', '.join(deploy.hosts)}",
                code=Exit.USAGE,
            )
    return Deployment(project=project.resolve(), settings=settings, deploy=deploy, hosts=chosen)


def artifact(deployment: Deployment, version: str | None) -> Path:
    """The tarball in ``dist/`` of that version, by default that of the settings."""
    wanted = version or deployment.settings.version
    directory = deployment.project / "dist"
    made = sorted(directory.glob(f"{deployment.release}-{wanted}-*.tar.gz"))
    if len(made) == 1:
        return made[0]
    if made:
        names = ", ".join(path.name for path in made)
        raise UserError(
            f"dist/ has several artifacts of {deployment.release} {wanted}: {names}",
            hint="keep the one for the hosts in dist/",
        )
    hint = "relforge release" if version in (None, deployment.settings.version) else ""
    raise UserError(
        f"dist/{deployment.release}-{wanted}-*.tar.gz: no such file",
        hint=hint or f"copy the artifact of {wanted} and its .sha256 into dist/",
    )
