#!/bin/sh
# Installs what the tests use beyond Node: strace (what is synced before an answer), netcat (the README's lines), tmpfs by
# mount (a full disk), openssl (certificates of TLS listeners and their clients). Without root it installs nothing; the tests that need a missing tool are then skipped by name.
set -u
missing=''
command -v strace >/dev/null 2>&1 || missing="$missing strace"
command -v nc >/dev/null 2>&1 || missing="$missing netcat-openbsd"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v mount >/dev/null 2>&1 || missing="$missing mount"
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
