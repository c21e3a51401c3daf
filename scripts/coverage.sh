#!/bin/sh
# Usage: scripts/coverage.sh VENV PYTEST-ARGUMENT...
# Prints by package how many statements and branches the tests reach: in pytest, in its
# workers, and in the processes of the releases that tests start.
set -eu
cd "$(dirname "$0")/.."
venv=$1
shift
"$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install \
    --no-deps --require-hashes --only-binary=:all: -r requirements-coverage.lock
data=$PWD/.cache/coverage
rm -rf "$data"
mkdir -p "$data"
export COVERAGE_FILE="$data/data" RELFORGE_TEST_COVERAGE="$data/data"
directory=$(mktemp -d /tmp/rf.XXXXXX)
trap 'rm -rf "$directory"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
code=0
"$venv/bin/coverage" run -m pytest --basetemp="$directory/t" -q "$@" || code=$?
# Modules that no test imports count as well.
"$venv/bin/coverage" run --source=relforge -m relforge --version >/dev/null 2>&1
"$venv/bin/coverage" combine -q
"$venv/bin/coverage" json -q -o "$data/coverage.json"
"$venv/bin/python" scripts/coverage_table.py "$data/coverage.json"
exit "$code"
