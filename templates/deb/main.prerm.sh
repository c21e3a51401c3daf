#!/bin/sh
# Before the package goes: what runs is stopped.  An upgrade stops nothing.
set -eu
[ "$1" = remove ] || exit 0

name='' unit=''
while read -r key value; do
  case $key in
    name) name=$value ;;
    unit) unit=$value ;;
  esac
done <"/usr/share/$DPKG_MAINTSCRIPT_PACKAGE/release"

[ -n "$unit" ] || exit 0
if [ -d /run/systemd/system ]; then
  systemctl --quiet disable --now "$unit" || :
fi
# Started by hand, or where there is no systemd.
"/opt/$name/current/bin/$name" stop >/dev/null 2>&1 || :
