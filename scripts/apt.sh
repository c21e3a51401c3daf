#!/bin/sh
# Usage: scripts/apt.sh PACKAGE...
# Installs Debian packages where this user may; else says what to type, and fails.
set -eu
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    printf 'missing on this host: %s\n  type (as root): apt-get install %s\n' "$*" "$*" >&2
    exit 1
fi
printf 'installing %s\n' "$*" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
