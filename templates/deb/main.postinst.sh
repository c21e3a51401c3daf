#!/bin/sh
# The user, the directory for the state; a service that runs goes on with the new version.
set -eu
[ "$1" = configure ] || exit 0

user='' unit=''
while read -r key value; do
  case $key in
    user) user=$value ;;
    unit) unit=$value ;;
  esac
done <"/usr/share/$DPKG_MAINTSCRIPT_PACKAGE/release"

state=/var/lib/$DPKG_MAINTSCRIPT_PACKAGE
[ -n "$unit" ] || exit 0 # nothing of it runs for long

if ! id -u "$user" >/dev/null 2>&1; then
  useradd --system --user-group --no-create-home --home-dir "$state" \
    --shell /usr/sbin/nologin "$user"
fi
if [ ! -d "$state" ]; then
  mkdir -p "$state"
  chmod 0750 "$state"
  chown "$user:" "$state"
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  # $2 is the version that was configured before.
  if [ -n "${2-}" ]; then systemctl try-restart "$unit" || :; fi
fi
