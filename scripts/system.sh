#!/bin/sh
# Usage: scripts/system.sh
# The tests that run a release in a root file system without Python need root and
# debootstrap.  As root it is installed; without root the tests say that they are left out.
set -eu
cd "$(dirname "$0")/.."
missing=
command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] || missing="$missing debootstrap"
command -v dash >/dev/null || missing="$missing dash"
command -v nsenter >/dev/null || missing="$missing util-linux"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    printf 'not root: the tests marked rootfs will be left out (they need root and%s)\n' "$missing" >&2
    exit 0
fi
# shellcheck disable=SC2086 # a list of names
scripts/apt.sh $missing
