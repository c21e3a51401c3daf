#!/bin/sh
# A Python program of this release: the same bytes under each name.
# What it runs is ../share/scripts/<name>.py, with the interpreter beside it.
set -eu

path=$0
case $path in
  */*) ;;
  *) path=./$path ;;
esac
while [ -h "$path" ]; do # readlink -f is not everywhere
  link=$(readlink -- "$path")
  case $link in
    /*) path=$link ;;
    *) path=${path%/*}/$link ;;
  esac
done
directory=$(CDPATH='' cd -P -- "${path%/*}/" && pwd -P)

unset PYTHONHOME PYTHONPATH
exec "$directory/python3" -P -s -B "${directory%/*}/share/scripts/${path##*/}.py" "$@"
