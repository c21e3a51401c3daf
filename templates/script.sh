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
folder=$(CDPATH='' cd -P -- "${path%/*}/" && pwd -P)

unset PYTHONHOME PYTHONPATH
exec "$folder/python3" -P -s -B "${folder%/*}/share/scripts/${path##*/}.py" "$@"
