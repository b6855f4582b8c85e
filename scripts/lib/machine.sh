# What this machine must have before anything is built or run. Sourced by the scripts above.
# shellcheck shell=bash

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Packages that are to be installed.
missing=()

# need "PACKAGE..." COMMAND...: the packages are missing unless the command succeeds.
need() {
  local packages
  read -ra packages <<<"$1"
  shift
  "$@" >/dev/null 2>&1 || missing+=("${packages[@]}")
}

has_cxx_headers() { [ -e /usr/include/stdlib.h ] && compgen -G '/usr/include/c++/*/vector'; }

# The toolchain's own programs start only with the libraries they are linked to.
swift_starts() { swift package --version; }

need_build_packages() {
  need "git" command -v git
  need "ca-certificates" test -s /etc/ssl/certs/ca-certificates.crt
  need "tzdata" test -e /usr/share/zoneinfo/Europe/Berlin
  need "g++" has_cxx_headers
  need "binutils libcurl4-openssl-dev libncurses6 libsqlite3-0 libxml2-dev" swift_starts
  need "pkg-config" command -v pkg-config
  need "libpq-dev" pkg-config --exists libpq
  need "zlib1g-dev" pkg-config --exists zlib
}

find_swift() {
  local folder
  for folder in /opt/swift/usr/bin "${HOME:-/root}/.local/share/swiftly/bin"; do
    command -v swift >/dev/null && return
    PATH=$PATH:$folder
  done
  command -v swift >/dev/null || die "Swift 6.2 or newer is needed, in PATH or at /opt/swift." \
    "See https://www.swift.org/install/linux/ for how to install it, then run this again."
}

# An interrupted build of another user leaves files that this one can't replace.
check_build_folder() {
  local foreign=$PWD
  if [ -w "$PWD" ]; then
    foreign=$(find "$PWD/.build" -maxdepth 1 ! -type l ! -writable -print -quit 2>/dev/null || true)
  fi
  [ -z "$foreign" ] || die "$foreign is not writable for $(id -un)." \
    "Work in a clone of your own; or, if root built here before, remove $PWD/.build as root."
}

install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null \
    || die "This machine has no apt-get. Install what these Debian packages hold: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      die "These packages are missing and $(id -un) may not install them. As root, run" \
        "\`apt-get update && apt-get install --no-install-recommends ${missing[*]}\`," \
        "then run this again."
    fi
    as_root=(sudo -n)
  fi
  say "Installing ${missing[*]} with apt-get."
  "${as_root[@]}" bash -s -- "${missing[@]}" <<'AS_ROOT' || die "apt-get failed; see above."
set -euo pipefail
# Debian's postgresql starts a server of its own when it is installed; nothing here uses one.
no_cluster=/etc/postgresql-common/createcluster.d/pushledger.conf
log=$(mktemp)
trap 'rm -f "$no_cluster" "$log"' EXIT
mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' >"$no_cluster"
export DEBIAN_FRONTEND=noninteractive
{
  dpkg --configure -a \
    && { apt-get -q update || echo 'Going on with the package lists of before.'; } \
    && apt-get -q --yes -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
} </dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
AS_ROOT
}
