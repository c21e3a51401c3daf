"""The very bytes of ``bin/<name>``, under each shell, before any interpreter runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import relforge

LAUNCHER = Path(relforge.__file__).parent / "templates" / "launcher.sh"
SHELLS = [["dash"], ["bash"], ["busybox", "sh"]]
# Stands in for the interpreter: shows what it was given.
SEEN = "^(RELEASE|PYTHON|SSL|SET|PATH)"
PYTHON = f'#!/bin/sh\nprintf "arg %s\\n" "$@"\nenv | grep -E "{SEEN}" | sort\npwd\n'
LAUNCH = {
    "name": "shop",
    "version": "1.0.0",
    "env": "prod",
    "python": "python/bin/python3",
    "machine": os.uname().machine,
    "glibc": "2.17",
}

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize(
        "shell", [pytest.param(row, id=row[0]) for row in SHELLS if shutil.which(row[0])]
    ),
]


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root
        for directory in ("bin", "release", "python/bin"):
            (root / directory).mkdir(parents=True)
        shutil.copy(LAUNCHER, root / "bin" / "shop")
        (root / "bin" / "shop").chmod(0o755)
        (root / "python/bin/python3").write_text(PYTHON)
        (root / "python/bin/python3").chmod(0o755)
        self.launch()

    def launch(self, **rows: str) -> None:
        lines = (f"{key} {value}\n" for key, value in {**LAUNCH, **rows}.items())
        (self.root / "release/launch").write_text("".join(lines))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "a b [c] (d) 'e' $f ü")


def run(
    shell: list[str], path: str | Path, *args: str, cwd: str | Path = "/", **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(path), *args],
        env={"PATH": os.environ["PATH"], **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def variables(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    rows = (line.partition("=") for line in result.stdout.splitlines())
    return {key: value for key, equals, value in rows if equals and key.isupper()}


def test_it_hands_over_what_it_was_given(shell: list[str], tree: Tree) -> None:
    result = run(shell, tree.root / "bin/shop", "rpc", "1 + 1", "", "*", "a\nb")
    boot = f"{tree.root}/runtime/relforge/runtime/boot.py"
    args = [row.removeprefix("arg ") for row in result.stdout.split("\narg ")]
    assert ["-I", "-S", "-B", boot, "rpc", "1 + 1", "", "*"] == args[:8]
    assert args[8].startswith("a\nb\n")
    assert "" == result.stderr
    found = variables(result)
    assert {
        "RELEASE_ROOT": str(tree.root),
        "RELEASE_NAME": "shop",
        "RELEASE_VERSION": "1.0.0",
        "RELEASE_ENV": "prod",
        "RELEASE_COMMAND": "rpc",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    } == {key: value for key, value in found.items() if not key.startswith(("SSL_", "PATH"))}


def test_the_releases_programs_come_first_once(shell: list[str], tree: Tree) -> None:
    own = f"{tree.root}/python/bin"
    first = variables(run(shell, tree.root / "bin/shop", "x"))["PATH"]
    assert first.startswith(f"{own}:")
    again = variables(run(shell, tree.root / "bin/shop", "x", PATH=first))["PATH"]
    assert first == again


def test_nothing_that_was_inherited_leads_it_astray(shell: list[str], tree: Tree) -> None:
    names = ("ROOT", "NAME", "VERSION", "ENV", "COMMAND")
    wrong: dict[str, str] = {f"RELEASE_{name}": "wrong" for name in names}
    wrong |= {"CDPATH": "/:/tmp:/usr", "IFS": "r/"}
    wrong |= {"PYTHONHOME": "wrong", "PYTHONPATH": "wrong", "PYTHONSTARTUP": "wrong"}
    result = run(shell, tree.root / "bin/shop", "x", **wrong)
    assert "wrong" not in result.stdout
    assert str(tree.root) == variables(result)["RELEASE_ROOT"]


# Each one that CPython 3.11 to 3.15 reads (`python --help-env`), but those of the launcher's own.
KEPT = ("UNBUFFERED", "FAULTHANDLER", "WARNINGS", "ASYNCIODEBUG", "DEVMODE", "_COLORS")


def test_variables_of_the_interpreter_are_dropped_but_for_a_documented_list(
    shell: list[str], tree: Tree
) -> None:
    """O3: each of them that breaks or slows down a release counts in env.sh alone."""
    known: set[str] = set()
    for python in ("python3.11", "python3.12", "python3.13", "python3.14", "python3.15"):
        if path := shutil.which(python):
            done = subprocess.run([path, "--help-env"], capture_output=True, text=True, check=False)
            known.update(re.findall(r"^(PYTHON\w+)", done.stdout, re.MULTILINE))
    known |= {"PYTHONHASHSEED", "PYTHONINSPECT", "PYTHONPLATLIBDIR", "PYTHONMALLOC", "PYTHON_GIL"}
    own = {"PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE"}
    given = dict.fromkeys(known - own, "abc")
    found = variables(run(shell, tree.root / "bin/shop", "start", **given))
    kept = {name for name in found if name.startswith("PYTHON")} - own
    assert {f"PYTHON{name}" for name in KEPT} & known == kept
    page = (Path(__file__).parents[2] / "docs/reference/release-commands.md").read_text()
    assert [] == [name for name in KEPT if f"`PYTHON{name}`" not in page]
    (tree.root / "release/env.sh").write_text("export PYTHONHASHSEED=7\n")
    again = variables(run(shell, tree.root / "bin/shop", "start", PYTHONHASHSEED="abc"))
    assert "7" == again["PYTHONHASHSEED"]


FOREIGN = {
    "RELEASE_NAME": "other",
    "RELEASE_STATE_DIR": "/srv/other/var",
    "RELEASE_RUN_DIR": "/run/other",
    "RELEASE_LOG_DIR": "/var/log/other",
    "RELEASE_INSTANCE": "blue",
    "RELEASE_CONFIG": "/etc/other.toml",
    "RELEASE_PREVIOUS_ROOT": "/srv/other/releases/1",
    "RELEASE_PROCESS": "web.1:7",
    "RELEASE_IN_HOOK": "post_start",
    "SSL_CERT_FILE": "{root}/python/ssl/cert.pem",
}


@pytest.mark.parametrize("place", ["/srv/other/releases/1.0.0", "/srv/other", "{releases}/1.0.0"])
def test_variables_of_another_release_do_not_count(
    shell: list[str], tree: Tree, tmp_path: Path, place: str
) -> None:
    """O2: a process of `other` that runs this release's command acts on this one."""
    deployed = tmp_path / "releases" / "2.0.0"
    deployed.parent.mkdir()
    tree.root.rename(deployed)
    root = place.format(releases=deployed.parent)
    given = {key: value.format(root=root) for key, value in FOREIGN.items()}
    path = f"/first:{root}/python/bin:{os.environ['PATH']}:{root}/python/bin"
    result = run(shell, deployed / "bin/shop", "x", RELEASE_ROOT=root, PATH=path, **given)
    found = variables(result)
    assert (0, "") == (result.returncode, result.stderr)
    assert str(deployed) == found["RELEASE_ROOT"]
    assert set() == {name for name in FOREIGN if name in found} - {"RELEASE_NAME", "SSL_CERT_FILE"}
    assert f"{deployed}/python/bin:/first:{os.environ['PATH']}" == found["PATH"]
    assert not found["SSL_CERT_FILE"].startswith(root)


@pytest.mark.parametrize("place", ["{releases}/1.0.0", "{releases}/2.0.0", "{link}", ""])
def test_variables_of_the_operator_and_of_another_version_count(
    shell: list[str], tree: Tree, tmp_path: Path, place: str
) -> None:
    """O2: an upgrade, and a service that types its own command, keep what they were given."""
    deployed = tmp_path / "releases" / "2.0.0"
    deployed.parent.mkdir()
    tree.root.rename(deployed)
    (tmp_path / "current").symlink_to("releases/2.0.0")
    root = place.format(releases=deployed.parent, link=tmp_path / "current")
    given = {**FOREIGN, "RELEASE_NAME": "shop", "RELEASE_ROOT": root}
    found = variables(run(shell, deployed / "bin/shop", "x", **given))
    same = set(FOREIGN) - {"RELEASE_NAME"}
    assert {name: FOREIGN[name] for name in same} == {name: found.get(name) for name in same}


def test_a_release_in_one_file_says_where_its_state_goes(shell: list[str], tree: Tree) -> None:
    """O2: also where a process of another release runs it."""
    given = {**FOREIGN, "RELEASE_ROOT": "/srv/other", "RELFORGE_RUN_STATE": "/home/me/shop"}
    found = variables(run(shell, tree.root / "bin/shop", "x", **given))
    assert "/home/me/shop" == found["RELEASE_STATE_DIR"]
    given = {"RELEASE_STATE_DIR": "/mine", "RELFORGE_RUN_STATE": "/home/me/shop"}
    assert (
        "/mine" == variables(run(shell, tree.root / "bin/shop", "x", **given))["RELEASE_STATE_DIR"]
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: a mount")
def test_a_chroot_without_proc_is_named(shell: list[str], tree: Tree) -> None:
    """O3's neighbour: the configuration and the sockets of a release go by /proc/PID/fd."""
    hide = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh", *shell]
    result = run(hide, tree.root / "bin/shop", "start")
    assert (1, "") == (result.returncode, result.stdout)
    assert "shop: /proc is not mounted here, and a release needs it\n" in result.stderr
    assert "mount -t proc proc /proc" in result.stderr
    assert 0 == run(hide, tree.root / "bin/shop", "describe").returncode


def test_it_finds_itself_through_links(shell: list[str], tree: Tree, tmp_path: Path) -> None:
    deploy = tmp_path / "srv"
    deploy.mkdir()
    (deploy / "current").symlink_to(tree.root)  # a directory
    (tmp_path / "one").symlink_to("srv/current/bin/shop")  # relative
    (tmp_path / "two").symlink_to(tmp_path / "one")  # absolute
    (deploy / "three -> x").symlink_to("../two")  # with what `ls -l` prints in its name
    paths: list[tuple[Path | str, Path]] = [
        (deploy / "current/bin/shop", tmp_path),
        (tmp_path / "two", Path("/")),
        (deploy / "three -> x", Path("/")),
        ("../two", deploy),
        ("./one", tmp_path),
        ("bin/shop", tree.root),
        ("shop", tree.root / "bin"),
    ]
    for path, cwd in paths:
        result = run(shell, path, "x", cwd=cwd)
        assert str(tree.root) == variables(result).get("RELEASE_ROOT"), (path, result.stderr)
        assert result.stdout.splitlines()[-1] == str(cwd)
        assert "shop 1.0.0\n" == run(shell, path, "version", cwd=cwd).stdout
    found = run(shell, "two", "version", cwd=Path("/"), PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert found.stdout == "shop 1.0.0\n" or "cannot open" in found.stderr or shell != ["bash"]


def test_links_are_followed_where_there_is_no_readlink(
    shell: list[str], tree: Tree, tmp_path: Path
) -> None:
    if shell[0] == "busybox":
        pytest.skip("its readlink is built in")
    (tmp_path / "one -> two").symlink_to(tree.root / "bin/shop")
    result = run(
        [str(shutil.which(shell[0]))], tmp_path / "one -> two", "version", PATH=_tools(tmp_path)
    )
    assert ("shop 1.0.0\n", "") == (result.stdout, result.stderr)


def _tools(tmp_path: Path) -> str:
    """A PATH without readlink, getconf and uname."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("ls", "env", "grep", "sort", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    return str(tools)


def test_version_starts_no_process(shell: list[str], tree: Tree, tmp_path: Path) -> None:
    (tree.root / "python/bin/python3").unlink()
    result = run(
        [str(shutil.which(shell[0])), *shell[1:]],
        tree.root / "bin/shop",
        "version",
        PATH="/nowhere",
    )
    assert (0, "shop 1.0.0\n", "") == (result.returncode, result.stdout, result.stderr)
    if strace := shutil.which("strace"):
        trace = tmp_path / "trace"
        run([strace, "-f", "-o", str(trace), *shell], tree.root / "bin/shop", "version")
        assert not re.search(r"\b(clone3?|fork|vfork)\(", trace.read_text())


def test_env_sh_is_read_and_can_break_nothing(shell: list[str], tree: Tree) -> None:
    (tree.root / "release/env.sh").write_text(
        "export RELEASE_STATE_DIR=/var/lib/$RELEASE_NAME SETTING=$RELEASE_COMMAND\n"
        "RELEASE_ROOT=/elsewhere name=x version=y python=/bin/false PYTHONPATH=/x\n"
        "set -- other words; set +e -f; IFS=/; echo $unset_variable >/dev/null; cd /\n"
        "false\n"
    )
    result = run(shell, tree.root / "bin/shop", "start", "now")
    assert "" == result.stderr
    assert "arg start\narg now\n" in result.stdout
    found = variables(result)
    assert ("/var/lib/shop", "start", str(tree.root)) == tuple(
        found[name] for name in ("RELEASE_STATE_DIR", "SETTING", "RELEASE_ROOT")
    )
    assert "PYTHONPATH" not in found


@pytest.mark.parametrize(
    ("wants", "has", "fits"),
    [
        ("2.34", "2.28", False),
        ("2.9", "2.10", True),
        ("2.10", "2.9", False),
        ("2.34", "2.34", True),
        ("2.34", "3.0", True),
        ("3.1", "2.99", False),
        ("2.34", "2.34.9000", True),
    ],
)
def test_glibc_is_compared_as_numbers(
    shell: list[str], tree: Tree, tmp_path: Path, wants: str, has: str, fits: bool
) -> None:
    tree.launch(glibc=wants)
    path = _fake(tmp_path, "getconf", f"echo glibc {has}")
    result = run(shell, tree.root / "bin/shop", "start", PATH=path)
    if fits:
        assert 0 == result.returncode
    else:
        assert 1 == result.returncode
        assert f"shop: needs glibc {wants} or newer, this host has {has}\n" in result.stderr


def _fake(tmp_path: Path, name: str, line: str) -> str:
    directory = tmp_path / "fakes"
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{line}\n")
    (directory / name).chmod(0o755)
    return f"{directory}:{os.environ['PATH']}"


def test_without_getconf_the_loader_itself_is_asked(
    shell: list[str], tree: Tree, tmp_path: Path
) -> None:
    path = _fake(tmp_path, "getconf", "exit 1")
    assert 0 == run(shell, tree.root / "bin/shop", "start", PATH=path).returncode
    tree.launch(glibc="2.99")
    result = run(shell, tree.root / "bin/shop", "start", PATH=path)
    assert re.search(r"needs glibc 2\.99 or newer, this host has 2\.\d+\n", result.stderr)
    loader = {"x86_64": "aarch64", "aarch64": "x86_64"}[os.uname().machine]
    tree.launch(machine=loader)
    path = _fake(tmp_path, "uname", f"echo {loader}")
    result = run(shell, tree.root / "bin/shop", "start", PATH=path)
    assert "needs glibc 2.17 or newer, this host has none\n" in result.stderr


def test_another_cpu_is_reported(shell: list[str], tree: Tree) -> None:
    tree.launch(machine="riscv64")
    result = run(shell, tree.root / "bin/shop", "start")
    assert 1 == result.returncode
    assert f"shop: is for riscv64 CPUs, this host is {os.uname().machine}\n" in result.stderr


def test_a_damaged_release_is_reported(shell: list[str], tree: Tree) -> None:
    python = tree.root / "python/bin/python3"
    python.chmod(0o644)
    assert "not executable" in run(shell, tree.root / "bin/shop", "start").stderr
    python.unlink()
    result = run(shell, tree.root / "bin/shop", "start")
    assert f"shop: {python}: the interpreter is missing\n" in result.stderr
    (tree.root / "release/launch").unlink()
    result = run(shell, tree.root / "bin/shop", "version")
    assert 1 == result.returncode
    assert "launch: cannot be read" in result.stderr


STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def test_the_hosts_certificates_are_used_else_the_bundled_ones(
    shell: list[str], tree: Tree
) -> None:
    bundle = tree.root / "python/ssl/cert.pem"
    bundle.parent.mkdir()
    bundle.touch()
    own = run(shell, tree.root / "bin/shop", "x", SSL_CERT_FILE="")
    assert variables(own)["SSL_CERT_FILE"] == ""  # the operator's, though empty
    found = variables(run(shell, tree.root / "bin/shop", "x"))["SSL_CERT_FILE"]
    assert next((path for path in STORES if os.path.exists(path)), str(bundle)) == found


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, setpriv")
def test_an_unreadable_directory_to_start_in_does_not_matter(shell: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        tree = Tree(Path(directory) / "release")
        closed = Path(directory) / "closed"
        closed.mkdir(mode=0)
        become = "exec setpriv --reuid=65534 --clear-groups"
        script = f'cd "$1" && {become} {" ".join(shell)} "$2" x'
        result = subprocess.run(
            ["sh", "-c", script, "sh", str(closed), str(tree.root / "bin/shop")],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert str(tree.root) == variables(result).get("RELEASE_ROOT"), result.stderr


# The interpreter of the host, as the launcher asks it: for a version and an ABI.
ABI = "cpython-311-x86_64-linux-gnu"
SYSTEM = f"3.11.4 {ABI} /usr/bin/python3.11"
ASKED = 'case "$*" in *_imp*) printf "{}\\n"; exit ;; esac\n'


def _system(tree: Tree, answer: str) -> None:
    """A release that uses its host's Python, and what that answers."""
    tree.launch(system=SYSTEM)
    first, rest = PYTHON.split("\n", 1)
    (tree.root / "python/bin/python3").write_text(f"{first}\n{ASKED.format(answer)}{rest}")


@pytest.mark.parametrize("version", ["3.11.4", "3.11.12"])
def test_the_hosts_python_is_taken_where_it_is_that_version_or_newer(
    shell: list[str], tree: Tree, version: str
) -> None:
    _system(tree, f"{version} {ABI}")
    result = run(shell, tree.root / "bin/shop", "rpc", "a b")
    assert (0, "") == (result.returncode, result.stderr)
    assert "arg rpc\narg a b\n" in result.stdout


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (f"3.11.3 {ABI}", "it is 3.11.3"),
        ("3.12.4 cpython-312-x86_64-linux-gnu", "it is 3.12.4"),
        ("3.11.9 cpython-311d-x86_64-linux-gnu", "it is for cpython-311d-x86_64-linux-gnu"),
        ("3.11.9 cpython-311-x86_64-linux-musl", "it is for cpython-311-x86_64-linux-musl"),
    ],
)
def test_another_python_of_the_host_is_refused_before_anything_starts(
    shell: list[str], tree: Tree, answer: str, found: str
) -> None:
    _system(tree, answer)
    result = run(shell, tree.root / "bin/shop", "start")
    assert (1, "") == (result.returncode, result.stdout)
    assert "shop: needs CPython 3.11 (3.11.4 or newer) at /usr/bin/python3.11" in result.stderr
    assert found in result.stderr


def test_a_host_without_that_python_says_where_it_was_looked_for(
    shell: list[str], tree: Tree, tmp_path: Path
) -> None:
    tree.launch(system=SYSTEM, python="python/bin/python3.11")
    link = tree.root / "python/bin/python3.11"
    link.symlink_to("/nonexistent/python3.11")
    words = [str(shutil.which(shell[0])), *shell[1:]]
    result = run(words, tree.root / "bin/shop", "start", PATH="/nowhere")
    assert 1 == result.returncode
    assert "at /usr/bin/python3.11, and there is none\n" in result.stderr
    path = _fake(tmp_path, "python3.11", "true")
    result = run(shell, tree.root / "bin/shop", "start", PATH=path)
    assert f"with `python.path` where it is: {tmp_path}/fakes/python3.11\n" in result.stderr


def test_a_python_that_does_not_run_is_reported(shell: list[str], tree: Tree) -> None:
    tree.launch(system=SYSTEM)
    (tree.root / "python/bin/python3").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    result = run(shell, tree.root / "bin/shop", "start")
    assert 1 == result.returncode
    assert "and what is there does not run\n  run: /usr/bin/python3.11 --version\n" in result.stderr
