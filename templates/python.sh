#!/bin/sh
# The interpreter of a release that uses its host's own Python.
# A link here would be taken for a Python without this release's packages.
set -eu

path=$0
case $path in
  */*) ;;
  *) path=$(command -v -- "$path") ;;
esac
while [ -h "$path" ]; do # readlink -f is not everywhere
  link=$(readlink -- "$path")
  case $link in
    /*) path=$link ;;
    *) path=${path%/*}/$link ;;
  esac
done
directory=$(CDPATH='' cd -P -- "${path%/*}/" && pwd -P)

exec "${directory%/*}/python/bin/python3" "$@"
