"""Shells complete the commands of a release, its services and its keys."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import called

pytestmark = pytest.mark.release

CONFIG = """
[tool.relforge.services.mailer]
run = "shop.worker:main"
instances = 2

[tool.relforge.config.schema]
"http.port" = { type = "int", default = 8000 }
"""
CASES = {
    "sta": ["stacks", "start", "status"],
    "hel": ["hello", "help"],
    "start --w": ["--wait"],
    "units --level s": ["standard", "strict"],
    "config e": ["example", "explain"],
    "config explain h": ["http.port"],
    "stacks ": ["--help", "--timeout", "mailer", "mailer.1", "mailer.2", "worker"],
    "hello --": ["--help"],
    "nonsense x": [],
}
# What a shell does with a line that is typed up to its end.
ASK = {
    "bash": """
. <("$1" completion bash)
read -ra COMP_WORDS <<<"$1 $2"
case $2 in *" ") COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_relforge_release
printf '%s\\n' "${COMPREPLY[@]}"
""",
    "fish": """
$argv[1] completion fish | source
complete --do-complete "$argv[1] $argv[2]"
""",
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Path:
    shop = workshop.make(tmp_path_factory.mktemp("completion") / "shop", warm)
    shop.add(CONFIG)
    shop.report("build")
    return shop.tree / "bin" / "shop"


@pytest.mark.parametrize(("line", "expected"), CASES.items())
def test_words(program: Path, line: str, expected: list[str]) -> None:
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    lines = called(program, "completion", "words", *words).splitlines()
    assert set(expected) <= set(lines)
    assert all(word.startswith(words[-1]) for word in lines)


@pytest.mark.parametrize("shell", ASK)
@pytest.mark.parametrize("line", ["sta", "config e", "stacks mailer."])
def test_shells_complete(program: Path, shell: str, line: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here; CI installs it")
    script = ASK[shell].replace("\\\\", "\\")
    words = [shell, "-c", script, *(["bash"] if shell == "bash" else []), str(program), line]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    found = [row.split("\t")[0] for row in done.stdout.splitlines()]
    assert called(program, "completion", "words", *line.split()).splitlines() == found


def test_zsh_takes_what_bash_takes(program: Path, tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed here; CI installs it")
    script = '. <("$1" completion zsh) && print -r -- ${_comps[shop]}'
    done = subprocess.run(
        ["zsh", "-f", "-c", script, "zsh", program],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "_bash_complete -o default -F _relforge_release" in done.stdout


def test_another_shell_is_refused(program: Path) -> None:
    done = subprocess.run(
        [program, "completion", "tcsh"], capture_output=True, text=True, timeout=60, check=False
    )
    assert 2 == done.returncode
    assert "bash, zsh, fish" in done.stderr
