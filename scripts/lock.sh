#!/bin/sh
# Usage: scripts/lock.sh VENV
# Writes requirements-dev.lock and those of the groups ansible, node, bench and coverage from
# pyproject.toml:
# for every Python and platform at once, with hashes and without addresses.
set -eu
cd "$(dirname "$0")/.."
venv=$1
"$venv/bin/python" -m venv --clear .cache/uv
.cache/uv/bin/python -m pip -qq --disable-pip-version-check install uv
compile() {
    .cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
        --generate-hashes --no-header --no-annotate "$@"
}
compile pyproject.toml --group dev -o requirements-dev.lock
compile --group ansible -o requirements-ansible.lock
compile --group node -o requirements-node.lock
compile --group bench -o requirements-bench.lock
compile --group coverage -o requirements-coverage.lock
