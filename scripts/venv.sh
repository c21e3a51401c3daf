#!/bin/sh
# Usage: scripts/venv.sh DIR
# Makes a virtual environment of the development tools from requirements-dev.lock,
# relforge itself in it (editable).  Returns at once where it is up to date.
set -eu
cd "$(dirname "$0")/.."
venv=$1

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3.11 python3.12 python3.13 python3.14 python3.15 python3; do
        if fits "$candidate"; then
            python=$candidate
            break
        fi
    done
elif ! fits "$python"; then
    printf '%s is not a Python 3.11 or newer\n' "$python" >&2
    exit 1
fi
if [ -z "$python" ]; then
    printf 'no Python 3.11 or newer is there; install one: apt-get install python3\n' >&2
    exit 1
fi

# What decides the environment.
tools() {
    sha256sum <requirements-dev.lock
    "$python" -c 'import sys; print(sys.version, sys.base_prefix)'
    pwd
}

project=$(sha256sum <pyproject.toml)
pip="$venv/bin/python -m pip -qq --disable-pip-version-check --no-input"

if ! [ -x "$venv/bin/python" ] || [ "$(cat "$venv/tools" 2>/dev/null)" != "$(tools)" ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        scripts/apt.sh "$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    fi
    printf 'making %s from requirements-dev.lock (a minute, once)\n' "$venv" >&2
    "$python" -m venv --clear "$venv"
    # Half of the time would go into the byte code of what nobody imports.
    $pip install --no-compile --no-deps --require-hashes --only-binary=:all: -r requirements-dev.lock
    tools >"$venv/tools" # now: the package of `ensurepip` may have come with a newer Python
fi
if [ "$(cat "$venv/project" 2>/dev/null)" != "$project" ]; then
    $pip install --no-deps --no-build-isolation --editable .
    printf '%s\n' "$project" >"$venv/project"
fi
