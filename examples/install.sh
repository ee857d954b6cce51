#!/bin/sh
# Gets what the examples with a package.json or a requirements.txt of their own run on. What is there already stays.
set -eu
cd "$(dirname "$0")"

packages=""
command -v redis-server >/dev/null || packages="redis-server"
python3 -c "import ensurepip, venv" 2>/dev/null || packages="$packages python3-venv"
if [ -n "$packages" ]; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update
  # shellcheck disable=SC2086 # one word per package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
fi
# Without a lock file, for that would repeat the library's own; direct dependencies are pinned.
for package in */package.json; do
  (cd "$(dirname "$package")" && { npm ls >/dev/null 2>&1 || npm install --ignore-scripts --no-package-lock; })
done
for requirements in */requirements.txt; do
  (cd "$(dirname "$requirements")" && { [ -x .venv/bin/pip ] || python3 -m venv .venv; } && .venv/bin/pip install --quiet -r requirements.txt)
done
