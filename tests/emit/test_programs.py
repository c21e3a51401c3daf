"""Each file is read by the program that it is for, or by that program's published schema."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import hcl2
import pytest
from kubernetes_validate import validate

from tests.emit.project import emitted, settings

pytestmark = [pytest.mark.process, pytest.mark.network]

SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
UNIX = ('listen = ["${http.host}:${http.port}"]', 'listen = ["unix:/run/shop/web.sock"]')
HOSTS = ("10.0.0.1", "10.0.0.2")


def program(name: str) -> str:
    found = shutil.which(name, path=SBIN)
    if found is None:
        pytest.skip(f"{name} is not installed (scripts/system.sh)")
    return found


def run(*words: str | Path, **env: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def put(directory: Path, target: str, *changes: tuple[str, str], **chosen: Any) -> list[Path]:
    """The files of a target, written."""
    made = emitted(target, settings(directory, *changes), **chosen)
    for file in made.files:
        (directory / file.path).parent.mkdir(parents=True, exist_ok=True)
        (directory / file.path).write_text(file.text)
    return [directory / file.path for file in made.files]


@pytest.mark.parametrize("case", ["alone", "hosts", "socket"])
def test_nginx(tmp_path: Path, case: str) -> None:
    changes = (UNIX,) if case == "socket" else ()
    (site,) = put(tmp_path, "nginx", *changes, hosts=HOSTS if case == "hosts" else ())
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; include {site}; }}\n"
    )
    assert "test is successful" in run(program("nginx"), "-t", "-p", tmp_path, "-c", whole)


@pytest.mark.parametrize("case", ["alone", "hosts", "socket"])
def test_haproxy(tmp_path: Path, case: str) -> None:
    changes = (UNIX,) if case == "socket" else ()
    (file,) = put(tmp_path, "haproxy", *changes, hosts=HOSTS if case == "hosts" else ())
    text = file.read_text().replace("/run/haproxy/", f"{tmp_path}/")
    file.write_text(text)
    printed = run(program("haproxy"), "-c", "-f", file)
    assert "WARNING" not in printed, printed


@pytest.mark.parametrize("case", ["alone", "hosts", "socket"])
def test_caddy(tmp_path: Path, case: str) -> None:
    changes = (UNIX,) if case == "socket" else ()
    (file,) = put(tmp_path, "caddy", *changes, hosts=HOSTS if case == "hosts" else ())
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    printed = run(program("caddy"), "validate", "--adapter", "caddyfile", "--config", file, **home)
    assert "Valid configuration" in printed
    assert "not formatted" not in printed


def test_systemd(tmp_path: Path) -> None:
    (file,) = put(tmp_path, "systemd")
    there = file.read_text().replace("/srv/shop/current/bin/shop", "/bin/true")
    file.write_text(there.replace("User=shop", "User=daemon"))
    printed = run(program("systemd-analyze"), "verify", "--man=no", file)
    assert "shop.service" not in printed, printed


@pytest.mark.parametrize("target", ["compose", "github", "gitlab"])
def test_schemas(tmp_path: Path, target: str) -> None:
    (file,) = put(tmp_path, target)
    kind = {"compose": "compose-spec", "github": "github-workflows", "gitlab": "gitlab-ci"}[target]
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", file)


def test_kubernetes(tmp_path: Path) -> None:
    import yaml  # noqa: PLC0415 - of this test alone

    found = [row for path in put(tmp_path, "k8s") for row in yaml.safe_load_all(path.read_text())]
    assert ["Deployment", "Service", "Job"] == [row["kind"] for row in found]
    for row in found:
        validate(row, "1.31", strict=True)


def test_nomad(tmp_path: Path) -> None:
    (file,) = put(tmp_path, "nomad", sha256="0" * 64)
    (job,) = hcl2.loads(file.read_text())["job"]
    (group,) = job['"shop"']["group"]
    names = [name for task in group['"shop"']["task"] for name in task]
    assert ['"migrate"', '"shop"'] == names


@pytest.mark.parametrize("target", ["heroku", "user-data"])
def test_scripts(tmp_path: Path, target: str) -> None:
    (file,) = put(tmp_path, target)
    run(Path(sys.executable).with_name("shellcheck"), "--shell=sh", file)
    run(program("dash"), "-n", file)


def test_dockerfile(tmp_path: Path) -> None:
    """Its instructions in order: nothing on a test's machine builds it."""
    (file,) = put(tmp_path, "dockerfile")
    rows = [line.partition(" ") for line in file.read_text().splitlines()]
    found = {word: rest for word, _, rest in rows if word.isupper()}
    words = [word for word, _, _ in rows if word.isupper()]
    assert [
        *("FROM", "ADD", "RUN", "FROM", "COPY", "RUN", "ENV", "ENV", "USER"),
        *("EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
    ] == words
    assert ["/opt/shop/bin/shop"] == json.loads(found["ENTRYPOINT"])
    assert ["foreground"] == json.loads(found["CMD"])
    assert ["/opt/shop/bin/shop", "ping"] == json.loads(found["HEALTHCHECK"].partition("CMD ")[2])


def test_procfile(tmp_path: Path) -> None:
    (file,) = put(tmp_path, "procfile")
    printed = run(Path(sys.executable).with_name("honcho"), "-f", file, "-d", tmp_path, "check")
    assert "Valid procfile detected (web)" in printed


class Platform(http.server.BaseHTTPRequestHandler):
    """Answers as the Platform API does, and notes what was asked (devcenter: slugs)."""

    asked: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        blob = f"http://{self.headers['Host']}/blob?signature=x"
        found = {
            "app": {"id": "0000-app", "name": "my-app"},
            "blob": {"method": "PUT", "url": blob},
            "id": "1234-slug",
            "stack": {"id": "0000-stack", "name": "heroku-24"},
        }
        text = json.dumps(found, indent=2).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PUT = answer  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test prints what was asked."""


@pytest.fixture
def platform() -> Iterator[str]:
    Platform.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_slug_is_published(tmp_path: Path, platform: str) -> None:
    (script,) = put(tmp_path, "heroku")
    tree = tmp_path / "shop-1.4.0" / "bin"
    tree.mkdir(parents=True)
    (tree / "shop").write_text("#!/bin/sh\n")
    artifact = tmp_path / "shop-1.4.0.tar.gz"
    run("tar", "-czf", artifact, "-C", tmp_path, "shop-1.4.0")
    secret = "a-secret-key"
    said = run(
        *(program("dash"), script, "my-app", artifact),
        HEROKU_API_KEY=secret,
        HEROKU_API_URL=platform,
    )
    assert "my-app runs shop 1.4.0" in said
    (slug, blob, release) = Platform.asked
    assert ("POST", "/apps/my-app/slugs") == slug[:2]
    assert f"Bearer {secret}" == slug[2]["Authorization"]
    asked = json.loads(slug[3])
    assert {"web": "bin/shop foreground", "release": "bin/shop migrate"} == asked["process_types"]
    assert f"SHA256:{hashlib.sha256(blob[3]).hexdigest()}" == asked["checksum"]
    assert ("PUT", "/blob?signature=x") == blob[:2]
    assert "Authorization" not in blob[2]  # the address itself is signed
    slug_file = tmp_path / "slug.tgz"
    slug_file.write_bytes(blob[3])
    assert "./app/bin/shop" in run("tar", "-tzf", slug_file)
    assert ("POST", "/apps/my-app/releases", {"slug": "1234-slug"}) == (
        *release[:2],
        json.loads(release[3]),
    )


def test_a_refusal_of_the_platform_is_shown(tmp_path: Path) -> None:
    (script,) = put(tmp_path, "heroku")
    (tmp_path / "a").mkdir()
    artifact = tmp_path / "a.tar.gz"
    run("tar", "-czf", artifact, "-C", tmp_path, "a")
    done = subprocess.run(
        [program("dash"), script, "my-app", artifact],
        env={**os.environ, "HEROKU_API_KEY": "x", "HEROKU_API_URL": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in (0, 130)
    assert "127.0.0.1" in done.stderr
    assert "runs shop" not in done.stdout
