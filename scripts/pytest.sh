#!/bin/sh
# Usage: scripts/pytest.sh VENV ARGUMENT...
# Runs pytest in a folder of a short name: a socket's path holds 107 bytes, and the
# workers' own folders take up half of them.
set -eu
cd "$(dirname "$0")/.."
venv=$1
shift
folder=$(mktemp -d /tmp/rf.XXXXXX)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$venv/bin/pytest" --basetemp="$folder/t" "$@"
