#!/bin/sh
# Installs what the tests use beyond Node. Without root it installs nothing; the tests that need a missing tool are then skipped
# by name.
set -u
missing=''
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need strace strace          # what is synced before an answer
need nc netcat-openbsd      # the README's lines
need openssl openssl        # certificates of TLS listeners and their clients
need mount mount            # a full disk
need unshare util-linux     # another container
need spamc spamc            # the clients of spamd
need systemd-socket-activate systemd  # a service manager played by the tests
need perl perl-base         # its notify socket
need bash bash              # its completion
need script bsdutils        # a terminal
need setpriv util-linux     # a user who is not root
need bogofilter bogofilter  # another filter for the bench
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "test/setup.sh: not installed and not installable here:$missing; the tests that need them are skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # one word a package
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  echo "test/setup.sh: apt-get could not install$missing:" >&2
  tail -n 5 "$log" >&2
fi
rm -f "$log"
exit 0
