#!/bin/sh
# Usage: scripts/test-sample.sh VENV
# The sample application's own tests, with its own dependencies, in VENV-sample.
set -eu
cd "$(dirname "$0")/.."
venv=$1-sample
lock=sample_app/requirements-dev.lock
stamp=$("$1/bin/python" -c 'import sys; print(sys.version)' && sha256sum <"$lock")
if [ "$(cat "$venv/tools" 2>/dev/null)" != "$stamp" ]; then
    printf 'making %s from %s\n' "$venv" "$lock" >&2
    "$1/bin/python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install \
        --no-compile --no-deps --require-hashes --only-binary=:all: -r "$lock"
    printf '%s\n' "$stamp" >"$venv/tools"
fi
root=$(pwd)
cd sample_app
PYTHONPATH=$root exec "$root/$venv/bin/python" -m pytest
