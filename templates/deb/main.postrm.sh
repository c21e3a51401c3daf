#!/bin/sh
# After the package went; `purge` takes the state as well.  The user stays: files may be its own.
set -eu
if [ "$1" = purge ]; then
  rm -rf "/var/lib/${DPKG_MAINTSCRIPT_PACKAGE:?}"
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
fi
