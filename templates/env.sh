# Sourced by bin/<name> before every command, under POSIX sh: the operator's place
# for variables.  Whatever you export here, the release and the application see.
# An overlay of your project can replace this file at build time.
#
# Where the release keeps what changes (default: <deploy root>/var, else <release>/var):
#   export RELEASE_STATE_DIR=/var/lib/app
#   export RELEASE_RUN_DIR=/run/app
#   export RELEASE_LOG_DIR=/var/log/app
#
# One more TOML file, laid over all configuration providers:
#   export RELEASE_CONFIG=/etc/app/override.toml
#
# Several instances on one host share nothing:
#   export RELEASE_INSTANCE=blue
