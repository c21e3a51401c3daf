#!/bin/sh
# Usage: scripts/ansible-lint.sh VENV
# Judges the Ansible collection by the profile `production`, with the tools of requirements-ansible.lock
# in a virtual environment of their own.
set -eu
cd "$(dirname "$0")/.."
venv=$1/ansible
lock=$(sha256sum <requirements-ansible.lock)
if [ "$(cat "$venv/lock" 2>/dev/null)" != "$lock" ]; then
    "$1/bin/python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install --no-compile \
        --no-deps --require-hashes --only-binary=:all: -r requirements-ansible.lock
    printf '%s\n' "$lock" >"$venv/lock"
fi
ANSIBLE_COLLECTIONS_PATH=$PWD/relforge/fleet/collections
PATH=$PWD/$venv/bin:$PATH
export ANSIBLE_COLLECTIONS_PATH PATH
cd deploy/ansible
exec ansible-lint --offline --nocolor
