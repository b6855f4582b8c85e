# The browser in which the console's pages are tested. Sourced by scripts/test.
# shellcheck shell=bash

has_browser() {
  local name
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" && return
  done
  return 1
}

# Debian has Chromium as a package. Ubuntu's package of that name fetches a snap, which few
# containers can run: there the tests that need a browser are left out.
need_browser() {
  has_browser >/dev/null && return
  if grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
    need "chromium" has_browser
  else
    say "Chromium is not installed: the tests of the console in a browser are left out."
  fi
}
