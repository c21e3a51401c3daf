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
apt-get update -qq >/dev/null
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
