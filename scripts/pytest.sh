#!/bin/sh
# Usage: scripts/pytest.sh VENV ARGUMENT...
# Runs pytest in a folder of a short name: a socket's path holds 107 bytes, and the
# workers' own folders take up half of them.
# In CI, what fails is run once more, alone, and named: a test that passes only then is
# no reason to hold a change back, and a reason to mend the test.
set -eu
cd "$(dirname "$0")/.."
venv=$1
shift
folder=$(mktemp -d /tmp/rf.XXXXXX)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
status=0
"$venv/bin/pytest" --basetemp="$folder/t" "$@" || status=$?
if [ "$status" -eq 1 ] && [ "${CI-}" = true ]; then
    printf '== what failed is run once more, alone\n'
    status=0
    "$venv/bin/pytest" --basetemp="$folder/u" "$@" -n 0 --last-failed || status=$?
fi
exit "$status"
