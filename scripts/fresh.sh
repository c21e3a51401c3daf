#!/bin/sh
# Usage: scripts/fresh.sh PART...
# Runs in the fresh clone that `scripts/fresh.py` put into a bare Debian: `make demo`,
# `make test`, and `make test-...` for the other parts.  Ends at the first that fails;
# names the Python that each of them used, and its seconds.
set -eu
cd "$(dirname "$0")/.."

for part in "$@"; do
    case $part in
        demo | test) target=$part ;;
        *) target=test-$part ;;
    esac
    started=$(date +%s)
    status=0
    make "$target" || status=$?
    took=$(($(date +%s) - started))
    python=$(scripts/which-python.sh .venv/bin/python)
    printf '== make %s: exit %s, %s s, %s\n' "$target" "$status" "$took" "$python"
    [ "$status" -eq 0 ] || exit "$status"
done
