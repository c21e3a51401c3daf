#!/bin/sh
# Usage: scripts/pytest.sh VENV ARGUMENT...
# Runs pytest in a directory of a short name: a socket's path holds 107 bytes, and the
# workers' own directories take up half of them.
set -eu
unset PYTHONUNBUFFERED # it hides what happens to output that is still in a buffer at the end
cd "$(dirname "$0")/.."
venv=$1
shift
directory=$(mktemp -d /tmp/rf.XXXXXX)
trap 'rm -rf "$directory"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$venv/bin/pytest" --basetemp="$directory/t" "$@"
