#!/bin/sh
# Gets what the runtime tests run on: browsers of Debian, and the engines of package.json. What is there already stays.
set -eu
cd "$(dirname "$0")"

packages=""
command -v chromium >/dev/null || packages="$packages chromium"
command -v firefox-esr >/dev/null || packages="$packages firefox-esr"
command -v Xvfb >/dev/null || packages="$packages xvfb"
ls /usr/lib/*/webkit2gtk-4.*/MiniBrowser >/dev/null 2>&1 || packages="$packages webkit2gtk-driver"
if [ -n "$packages" ]; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update
  # shellcheck disable=SC2086 # one word per package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
fi

# Compares what is installed with package.json.
npm ls >/dev/null 2>&1 || npm ci --ignore-scripts
