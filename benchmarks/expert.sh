#!/bin/sh
# Usage: expert.sh PROJECT PYTHON OUT
# What somebody who knows the parts would write: uv, a copied interpreter, compileall, tar.
# UV names the program, UV_CACHE_DIR its cache.  The result is OUT/app.tar.gz.
set -eu
project=$1 python=$2 out=$3
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
short=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
rm -rf "$out/app"
mkdir -p "$out/app/python"
# Neither what is installed there already, nor CPython's tests, nor the static library.
(cd "$prefix" && tar -c --exclude=site-packages --exclude="python$short/test" \
    --exclude="config-$short*" bin "lib/python$short" $(ls -d lib/libpython* 2>/dev/null)) |
    tar -x -C "$out/app/python"
mkdir "$out/app/python/lib/python$short/site-packages"
"$UV" pip install --quiet --python "$python" --require-hashes --no-deps --link-mode copy \
    --target "$out/app/python/lib/python$short/site-packages" -r "$project/requirements.lock"
cp -a "$project/bench_app" "$out/app/python/lib/python$short/site-packages/"
"$out/app/python/bin/python$short" -m compileall -q -j 0 "$out/app/python/lib/python$short" || :
cat >"$out/app/run" <<'RUN'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
exec "$here"/python/bin/python3 -m bench_app
RUN
chmod +x "$out/app/run"
tar -C "$out" -c app | gzip -1 >"$out/app.tar.gz"
