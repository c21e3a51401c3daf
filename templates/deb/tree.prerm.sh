#!/bin/sh
# Before a version goes: what runs from it is stopped, another version is left alone.
set -eu
[ "$1" = remove ] || exit 0

name='' version=''
while read -r key value; do
  case $key in
    name) name=$value ;;
    version) version=$value ;;
  esac
done <"/usr/share/$DPKG_MAINTSCRIPT_PACKAGE/release"

program=/opt/$name/releases/$version/bin/$name
case $("$program" status 2>/dev/null) in
  "$name $version is stopped"*) ;;
  "$name $version is "*) "$program" stop >/dev/null || : ;;
esac
