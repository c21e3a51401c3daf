#!/bin/sh
# A release in one file: this text, the same bytes in each one; a few lines of facts; a tarball.
# It unpacks itself once into a directory that is this user's alone, and hands over.
#
#     RELEASE_EXTRACT_DIR    where to unpack; by default $XDG_CACHE_HOME/relforge-run,
#                            else ~/.cache/relforge-run, else a directory in $TMPDIR
set -eu

relforge_fail() { # MESSAGE [HINT]
  printf '%s: %s\n' "${relforge_name:-${0##*/}}" "$1" >&2
  if [ -n "${2-}" ]; then printf '  %s\n' "$2" >&2; fi
  exit 1
}

relforge_facts() { # what stands behind this text, up to an empty line
  while read -r relforge_key relforge_value; do
    case $relforge_key in
      '#:name') relforge_name=$relforge_value ;;
      '#:top') relforge_top=$relforge_value ;;
      '#:key') relforge_id=$relforge_value ;;
      '#:skip') relforge_skip=$relforge_value ;;
      '#:size') relforge_size=$relforge_value ;;
      '#:end') return 0 ;;
    esac
  done
  return 1
}

relforge_private() { # DIRECTORY: may nobody else put something in its place, or into it?
  relforge_path=$1
  while :; do
    # shellcheck disable=SC2012 # there is no stat(1) in POSIX; the fields are before the name
    relforge_row=$(LC_ALL=C ls -ldn "$relforge_path/.") || return 1
    # shellcheck disable=SC2086 # fields
    relforge_judge $relforge_row || return 1
    [ "$relforge_path" != / ] || return 0
    relforge_path=${relforge_path%/*}
    relforge_path=${relforge_path:-/}
  done
}

relforge_judge() { # MODE LINKS UID GID ...
  case $3 in
    0 | "$relforge_uid") ;;
    *) return 1 ;;
  esac
  case $1 in
    d????????[tT]*) [ "$relforge_path" != "$relforge_base" ] ;; # sticky: what is ours stays there
    d???????w*) return 1 ;;
    d????w*) [ "$4" -eq 0 ] || [ "$4" -eq "$relforge_gid" ] ;;
  esac
}

relforge_unpack() { # into $relforge_base/$relforge_id, whole or not at all
  find "$relforge_base" -maxdepth 1 -name '.draft.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || :
  [ "$(wc -c <"$relforge_self")" -eq "$relforge_size" ] ||
    relforge_fail "$relforge_self: the file is not whole" "fetch it again"
  relforge_draft=$relforge_base/.draft.$$.$(uname -n)
  rm -rf "$relforge_draft"
  trap 'rm -rf "$relforge_draft"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir "$relforge_draft" ||
    relforge_fail "$relforge_base: cannot be written" "$relforge_hint"
  tail -c "+$relforge_skip" "$relforge_self" | (cd "$relforge_draft" && tar -xzf -) ||
    relforge_fail "cannot be unpacked into $relforge_base" \
      "is there room?  $relforge_hint"
  mv "$relforge_draft/$relforge_top" "$relforge_draft/$relforge_id"
  # Another process has made it: a directory that is not empty is never replaced.
  mv "$relforge_draft/$relforge_id" "$relforge_base/" 2>/dev/null ||
    [ -x "$relforge_base/$relforge_id/bin/$relforge_name" ] ||
    relforge_fail "$relforge_base/$relforge_id: cannot be made" "$relforge_hint"
  rm -rf "$relforge_draft"
  trap - EXIT INT TERM HUP
}

case $0 in
  */*) relforge_self=$0 ;;
  *) relforge_self=$(command -v -- "$0") && [ -f "$relforge_self" ] || relforge_self=./$0 ;;
esac
relforge_name='' relforge_top='' relforge_id='' relforge_skip='' relforge_size=''
relforge_facts <"$relforge_self" || relforge_fail "the file is not whole" "fetch it again"

relforge_uid=$(id -u) relforge_gid=$(id -g)
if [ -n "${RELEASE_EXTRACT_DIR-}" ]; then
  relforge_base=$RELEASE_EXTRACT_DIR
elif [ -n "${XDG_CACHE_HOME-}" ]; then
  relforge_base=$XDG_CACHE_HOME/relforge-run
elif [ -n "${HOME-}" ]; then
  relforge_base=$HOME/.cache/relforge-run
else
  relforge_base=${TMPDIR:-/tmp}/relforge-run-$relforge_uid
fi
relforge_hint='set RELEASE_EXTRACT_DIR to a directory of yours with enough space'

(umask 077 && mkdir -p "$relforge_base") 2>/dev/null ||
  relforge_fail "$relforge_base: cannot be made" "$relforge_hint"
relforge_base=$(CDPATH='' cd -P -- "$relforge_base" && pwd -P)
relforge_private "$relforge_base" ||
  relforge_fail "$relforge_path: another user could change its files" \
    "set RELEASE_EXTRACT_DIR to a directory that only you can write to, as well as its parents"
[ -x "$relforge_base/$relforge_id/bin/$relforge_name" ] || relforge_unpack

# What the release keeps belongs to no version of it.  The launcher takes this where nobody has
# set RELEASE_STATE_DIR, and knows whether that is another release's.
if [ -n "${XDG_STATE_HOME-}${HOME-}" ]; then
  export RELFORGE_RUN_STATE="${XDG_STATE_HOME:-$HOME/.local/state}/$relforge_name"
fi
exec "$relforge_base/$relforge_id/bin/$relforge_name" "$@"
