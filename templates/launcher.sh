#!/bin/sh
# The entry of a release: the same bytes in each one.
# It finds itself, checks that this host can run the interpreter, reads
# release/env.sh and hands over to Python.
#
# Variables here start with relforge_, so that env.sh cannot overwrite them by chance.
set -eu

relforge_fail() { # MESSAGE [HINT]
  printf '%s: %s\n' "${relforge_name:-${0##*/}}" "$1" >&2
  if [ -n "${2-}" ]; then printf '  %s\n' "$2" >&2; fi
  exit 1
}

relforge_target() { # LINK: what it points to
  if command -v readlink >/dev/null 2>&1; then
    readlink "$1"
  else
    relforge_line=$(ls -ld "$1")
    printf '%s\n' "${relforge_line#*"$1 -> "}"
  fi
}

relforge_older() { # A B: is version A older than B, both MAJOR.MINOR?
  relforge_a=${1#*.} relforge_b=${2#*.}
  relforge_a=${relforge_a%%[!0-9]*} relforge_b=${relforge_b%%[!0-9]*}
  [ "${1%%.*}" -lt "${2%%.*}" ] ||
    { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${relforge_a:-0}" -lt "${relforge_b:-0}" ]; }
}

relforge_check_system() { # VERSION ABI PATH: is the host's own Python what the release was made for?
  relforge_short=${1%.*}
  relforge_needs="needs CPython $relforge_short ($1 or newer) at $3"
  if [ ! -x "$relforge_python" ]; then
    relforge_other=$(command -v -- "python$relforge_short") || relforge_other=''
    relforge_fail "$relforge_needs, and there is none" \
      "install it, or build with \`python.path\` where it is${relforge_other:+: $relforge_other}"
  fi
  relforge_found=$("$relforge_python" -I -S -B -c 'import sys, _imp
print("%d.%d.%d %s" % (sys.version_info[:3] + (_imp.extension_suffixes()[0][1:-3],)))' 2>/dev/null) ||
    relforge_fail "$relforge_needs, and what is there does not run" "run: $3 --version"
  relforge_abi=${relforge_found#* } relforge_found=${relforge_found%% *}
  if [ "${relforge_found%.*}" != "$relforge_short" ] ||
    [ "${relforge_found##*.}" -lt "${1##*.}" ]; then
    relforge_fail "$relforge_needs, and it is $relforge_found" \
      "install that version, or build with \`python.version\` as it is here"
  fi
  [ "$relforge_abi" = "$2" ] || relforge_fail "$relforge_needs for $2, and it is for $relforge_abi" \
    "install the distribution's own, or build for that one"
}

relforge_is_ours() { # is the release whose variables we inherit this one, or another version of it?
  [ "$RELEASE_ROOT" -ef "$relforge_root" ] && return 0
  case $relforge_root in
    */releases/*) ;;
    *) return 1 ;;
  esac
  [ "${RELEASE_ROOT%/*}" -ef "${relforge_root%/*}" ] && [ "${RELEASE_NAME-}" = "$relforge_name" ]
}

relforge_forget() { # what the runtime of another release, and its unit, gave to its own processes
  unset RELEASE_STATE_DIR RELEASE_RUN_DIR RELEASE_LOG_DIR RELEASE_INSTANCE RELEASE_CONFIG RELEASE_NODE \
    RELEASE_PREVIOUS_ROOT RELEASE_PROCESS RELEASE_IN_HOOK \
    RELFORGE_APP RELFORGE_CONFIG RELFORGE_CONFIG_FD RELFORGE_HOOK RELFORGE_OLD_FD \
    RELFORGE_PROJECT RELFORGE_REPLY_FD RELFORGE_RESUME_FD RELFORGE_SERVICE \
    RUNTIME_DIRECTORY STATE_DIRECTORY LOGS_DIRECTORY CACHE_DIRECTORY CONFIGURATION_DIRECTORY \
    CREDENTIALS_DIRECTORY NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC MAINPID FDSTORE \
    LISTEN_FDNAMES LISTEN_FDS LISTEN_PID
  case ${SSL_CERT_FILE-} in "$RELEASE_ROOT"/*) unset SSL_CERT_FILE ;; esac
  relforge_path=:${PATH-}:
  while :; do
    case $relforge_path in
      *":$RELEASE_ROOT/python/bin:"*) ;;
      *) break ;;
    esac
    relforge_path=${relforge_path%%":$RELEASE_ROOT/python/bin:"*}:${relforge_path#*":$RELEASE_ROOT/python/bin:"}
  done
  relforge_path=${relforge_path#:}
  PATH=${relforge_path%:}
}

relforge_source() { # FILE: a function, because `set --` in the file would replace our arguments
  # shellcheck source=/dev/null  # the operator's file
  . "$1"
}

# As PID 1 of a container the shell has to ask for signals, or the kernel drops them.
if [ $$ -eq 1 ]; then
  trap 'exit 143' TERM
  trap 'exit 130' INT
fi

# Where are we?  $0 has no slash when somebody types `sh ticketd`.
relforge_self=$0
case $relforge_self in
  /*) ;;
  */*) relforge_self=./$relforge_self ;;
  *)
    if [ -f "./$relforge_self" ]; then
      relforge_self=./$relforge_self
    else
      relforge_self=$(command -v -- "$relforge_self")
    fi
    ;;
esac
while [ -h "$relforge_self" ]; do
  relforge_link=$(relforge_target "$relforge_self")
  case $relforge_link in
    /*) relforge_self=$relforge_link ;;
    *) relforge_self=${relforge_self%/*}/$relforge_link ;;
  esac
done
relforge_root=${relforge_self%/*}/..

relforge_name='' relforge_version='' relforge_env='' relforge_python=''
relforge_machine='' relforge_glibc='' relforge_system=''
[ -r "$relforge_root/release/launch" ] ||
  relforge_fail "$relforge_root/release/launch: cannot be read" "unpack the release again"
while read -r relforge_key relforge_value || [ -n "$relforge_key" ]; do
  case $relforge_key in
    name) relforge_name=$relforge_value ;;
    version) relforge_version=$relforge_value ;;
    env) relforge_env=$relforge_value ;;
    python) relforge_python=$relforge_value ;;
    machine) relforge_machine=$relforge_value ;;
    glibc) relforge_glibc=$relforge_value ;;
    system) relforge_system=$relforge_value ;;
  esac
done <"$relforge_root/release/launch"

if [ $# -eq 1 ] && { [ "$1" = version ] || [ "$1" = --version ]; }; then
  printf '%s %s\n' "$relforge_name" "$relforge_version"
  exit 0
fi

relforge_root=$(CDPATH='' cd -P -- "$relforge_root" && pwd -P)
case $relforge_python in
  /*) ;;
  *) relforge_python=$relforge_root/$relforge_python ;;
esac

# Whose variables are these?  A deployer or a web terminal may itself be a process of a release.
relforge_state=${RELFORGE_RUN_STATE-} # of a release in one file: where it keeps what changes
unset RELFORGE_RUN_STATE
if [ -n "${RELEASE_ROOT-}" ] && ! relforge_is_ours; then relforge_forget; fi
if [ -n "$relforge_state" ] && [ -z "${RELEASE_STATE_DIR+x}" ]; then
  export RELEASE_STATE_DIR="$relforge_state"
fi

# The interpreter's own variables: those that do no harm stay (docs/reference/release-commands.md).
unset PYTHONBREAKPOINT PYTHONCASEOK PYTHONCOERCECLOCALE PYTHONDEBUG PYTHONDUMPREFS \
  PYTHONDUMPREFSFILE PYTHONEXECUTABLE PYTHONHASHSEED PYTHONHOME PYTHONINSPECT \
  PYTHONINTMAXSTRDIGITS PYTHONIOENCODING PYTHONMALLOC PYTHONMALLOCSTATS PYTHONNODEBUGRANGES \
  PYTHONOPTIMIZE PYTHONPATH PYTHONPERFSUPPORT PYTHONPLATLIBDIR PYTHONPROFILEIMPORTTIME \
  PYTHONPYCACHEPREFIX PYTHONSAFEPATH PYTHONSTARTUP PYTHONTHREADDEBUG PYTHONTRACEMALLOC \
  PYTHONUSERBASE PYTHONUTF8 PYTHONVERBOSE PYTHONWARNDEFAULTENCODING PYTHON_BASIC_REPL \
  PYTHON_CONTEXT_AWARE_WARNINGS PYTHON_CPU_COUNT PYTHON_DISABLE_REMOTE_DEBUG \
  PYTHON_FROZEN_MODULES PYTHON_GIL PYTHON_HISTORY PYTHON_JIT PYTHON_LAZY_IMPORTS \
  PYTHON_PERF_JIT_SUPPORT PYTHON_PRESITE PYTHON_THREAD_INHERIT_CONTEXT PYTHON_TLBC \
  __PYVENV_LAUNCHER__

# Can this host run it?  Said here, because the dynamic loader says it badly.
relforge_host=$(uname -m 2>/dev/null) || relforge_host=''
case $relforge_host in
  amd64) relforge_host=x86_64 ;;
  arm64) relforge_host=aarch64 ;;
esac
if [ -n "$relforge_machine" ] && [ -n "$relforge_host" ] &&
  [ "$relforge_machine" != "$relforge_host" ]; then
  relforge_fail "is for $relforge_machine CPUs, this host is $relforge_host" \
    "use the artifact that was built for linux-$relforge_host"
fi
if [ -n "$relforge_glibc" ]; then
  relforge_needs="needs glibc $relforge_glibc or newer"
  if relforge_host=$(getconf GNU_LIBC_VERSION 2>/dev/null) && [ -n "$relforge_host" ]; then
    relforge_host=${relforge_host##* }
  else
    case $relforge_machine in
      aarch64) relforge_loader=/lib/ld-linux-aarch64.so.1 ;;
      *) relforge_loader=/lib64/ld-linux-x86-64.so.2 ;;
    esac
    [ -e "$relforge_loader" ] || relforge_fail "$relforge_needs, this host has none" \
      "musl (Alpine) is not enough: take a distribution with glibc"
    # `ld.so (Debian GLIBC 2.36-9) stable release version 2.36.`; no --version before 2.33
    relforge_host=$("$relforge_loader" --version 2>/dev/null) || relforge_host='version 2.32.'
    relforge_host=${relforge_host#*version }
    relforge_host=${relforge_host%%[!0-9.]*}
    relforge_host=${relforge_host%.}
  fi
  if relforge_older "$relforge_host" "$relforge_glibc"; then
    relforge_fail "$relforge_needs, this host has $relforge_host" \
      "build the release on a system as old as this one, or upgrade this one"
  fi
fi
if [ -n "$relforge_system" ]; then
  # shellcheck disable=SC2086  # three words
  relforge_check_system $relforge_system
fi
[ -e "$relforge_python" ] ||
  relforge_fail "$relforge_python: the interpreter is missing" "unpack the release again"
[ -x "$relforge_python" ] ||
  relforge_fail "$relforge_python: the interpreter is not executable for this user" \
    "unpack the release again, keeping the modes (is the file system mounted noexec?)"

case ${1-} in
  '' | help | --help | -h | describe | completion | units) ;; # these read the release alone
  *) [ -e /proc/self/stat ] || relforge_fail "/proc is not mounted here, and a release needs it" \
    "in a chroot, type as root: mount -t proc proc /proc" ;;
esac

RELEASE_ROOT=$relforge_root
RELEASE_NAME=$relforge_name
RELEASE_VERSION=$relforge_version
RELEASE_ENV=$relforge_env
RELEASE_COMMAND=${1-}
export RELEASE_ROOT RELEASE_NAME RELEASE_VERSION RELEASE_ENV RELEASE_COMMAND
if [ -e "$relforge_root/release/env.sh" ]; then
  [ -r "$relforge_root/release/env.sh" ] ||
    relforge_fail "$relforge_root/release/env.sh: cannot be read by this user"
  set +eu
  relforge_source "$relforge_root/release/env.sh"
  set -eu
fi
RELEASE_ROOT=$relforge_root # always where this file is, whatever was inherited

# The programs of the release (`celery`, `alembic`) come before the host's.
case :${PATH-}: in
  *":$relforge_root/python/bin:"*) ;;
  *) PATH=$relforge_root/python/bin${PATH:+:$PATH} ;;
esac
export PATH
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP
export PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
if [ -z "${SSL_CERT_FILE+x}${SSL_CERT_DIR+x}" ]; then
  # The OpenSSL inside looks where the build host kept its certificates.
  for relforge_store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem "$relforge_root/python/ssl/cert.pem"; do
    if [ -r "$relforge_store" ]; then
      export SSL_CERT_FILE="$relforge_store"
      break
    fi
  done
fi

exec "$relforge_python" -I -S -B "$relforge_root/runtime/relforge/runtime/boot.py" "$@"
