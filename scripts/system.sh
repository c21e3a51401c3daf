#!/bin/sh
# Usage: scripts/system.sh
# Programs of the distribution that tests use: other shells and tars to try, and what a
# root file system without Python is made with.  As root they are installed; else this
# says which tests go without.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
missing=
need() {
    command -v "$1" >/dev/null || missing="$missing $2"
}
need bsdtar libarchive-tools
need mkfs.btrfs btrfs-progs
need busybox busybox
need caddy caddy
need cc 'gcc libc6-dev'
need curl curl
need dash dash
need debootstrap debootstrap
need fish fish
need haproxy haproxy
need nginx nginx
need docker-registry docker-registry
need nsenter util-linux
need openssl openssl
need skopeo skopeo
need ssh openssh-client
need ssh-keygen openssh-client
need strace strace
need systemd-nspawn systemd-container
need systemd-analyze systemd
need umoci umoci
need setpriv util-linux
need ip iproute2
need zsh zsh
need zstd zstd
# Debian keeps initdb off the PATH.
found=$(find /usr/lib/postgresql -name initdb 2>/dev/null | head -n 1)
[ -n "$found" ] || need initdb postgresql
# An interpreter of the distribution has the headers for extensions in a package of its own.
include=$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$include/Python.h" ] || missing="$missing python3-dev"
if [ "$(id -u)" -eq 0 ]; then
    # shellcheck disable=SC2086 # a list of names
    [ -z "$missing" ] || scripts/apt.sh $missing
    exit 0
fi
printf '%s\n' 'NOT ROOT: the tests marked rootfs, and those of other users and of PID 1, are left out' >&2
[ -z "$missing" ] || printf 'NOT INSTALLED, and left out of the tests:%s\n' "$missing" >&2
