"""The targets of `relforge emit`: which templates make which files, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``files`` maps the path of each file below ``--out`` to its template.

    Paths and the lines of ``next`` are templates too.
    """

    about: str
    files: tuple[tuple[str, str], ...]
    next: tuple[str, ...]
    needs_page: bool = False  # a service that listens


TARGETS = {
    "systemd": Target(
        about="a unit, as `bin/NAME units` prints it on a host",
        files=(("{{ d.name }}.service", "systemd.service.j2"),),
        next=(
            "cp {{ d.name }}.service /etc/systemd/system/",
            "systemctl daemon-reload && systemctl enable --now {{ d.name }}",
        ),
    ),
    "nginx": Target(
        about="a site of nginx, with WebSockets",
        files=(("{{ d.name }}.conf", "nginx.conf.j2"),),
        next=(
            "cp {{ d.name }}.conf /etc/nginx/conf.d/",
            "nginx -t && systemctl reload nginx",
            "certbot --nginx -d {{ d.domain }}    # HTTPS",
        ),
        needs_page=True,
    ),
    "haproxy": Target(
        about="haproxy.cfg, with a health check and the socket that drains a host",
        files=(("haproxy.cfg", "haproxy.cfg.j2"),),
        next=(
            "haproxy -c -f haproxy.cfg",
            "cp haproxy.cfg /etc/haproxy/ && systemctl reload haproxy",
        ),
        needs_page=True,
    ),
    "caddy": Target(
        about="a Caddyfile; Caddy gets certificates by itself",
        files=(("Caddyfile", "Caddyfile.j2"),),
        next=(
            "caddy validate --config Caddyfile",
            "cp Caddyfile /etc/caddy/ && systemctl reload caddy",
        ),
        needs_page=True,
    ),
    "dockerfile": Target(
        about="a Dockerfile that unpacks the tarball of dist/",
        files=(("Dockerfile", "Dockerfile.j2"),),
        next=("relforge release", "docker build -t {{ d.image }} ."),
    ),
    "compose": Target(
        about="compose.yaml: the release, and its migration before it",
        files=(("compose.yaml", "compose.yaml.j2"),),
        next=("docker compose up -d", "docker compose logs -f {{ d.name | word }}"),
    ),
    "k8s": Target(
        about="a Deployment with probes and drain, a Service, a Job that migrates",
        files=(
            ("{{ d.name | word }}.yaml", "k8s.yaml.j2"),
            ("{{ d.name | word }}-migrate.yaml", "k8s-migrate.yaml.j2"),
        ),
        next=(
            "{% if d.migrate %}kubectl create -f {{ d.name | word }}-migrate.yaml{% endif %}",
            "kubectl apply -f {{ d.name | word }}.yaml",
            "kubectl rollout status deployment/{{ d.name | word }}",
        ),
    ),
    "nomad": Target(
        about="a job that runs the tarball with the driver `exec`",
        files=(("{{ d.name | word }}.nomad.hcl", "nomad.hcl.j2"),),
        next=(
            "nomad job validate {{ d.name | word }}.nomad.hcl",
            "nomad job run {{ d.name | word }}.nomad.hcl",
        ),
    ),
    "procfile": Target(
        about="a Procfile, for a directory with the unpacked release",
        files=(("Procfile", "Procfile.j2"),),
        next=("cp Procfile {{ d.name }}-{{ d.version }}/ && honcho start",),
    ),
    "heroku": Target(
        about="a script that publishes the tarball as a slug, without a build there",
        files=(("deploy-to-heroku.sh", "heroku.sh.j2"),),
        next=("HEROKU_API_KEY=... sh deploy-to-heroku.sh APP dist/{{ d.file }}",),
    ),
    "user-data": Target(
        about="a script that turns a new virtual machine into a serving host",
        files=(("user-data.sh", "user-data.sh.j2"),),
        next=("give user-data.sh to your cloud as the user data of a new machine",),
    ),
    "github": Target(
        about="a workflow that builds and keeps the artifact",
        files=((".github/workflows/release.yml", "github.yml.j2"),),
        next=("git add .github/workflows/release.yml && git commit && git push",),
    ),
    "gitlab": Target(
        about="a pipeline that builds and keeps the artifact",
        files=((".gitlab-ci.yml", "gitlab.yml.j2"),),
        next=("git add .gitlab-ci.yml && git commit && git push",),
    ),
}
