#!/bin/sh
# Gets what the examples with a package.json or a requirements.txt of their own run on. What is there already stays.
set -eu
cd "$(dirname "$0")"

if ! command -v redis-server >/dev/null; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server
fi
# Without a lock file, for that would repeat the library's own; direct dependencies are pinned.
for package in */package.json; do
  (cd "$(dirname "$package")" && { npm ls >/dev/null 2>&1 || npm install --ignore-scripts --no-package-lock; })
done
for requirements in */requirements.txt; do
  folder=$(dirname "$requirements")
  (cd "$folder" && ../../scripts/python.sh .venv -r requirements.txt) || {
    [ $? = 75 ] || exit 1
    echo "SKIPPED: examples/$folder, no package index of Python answers (REQUIRE_PYTHON=1 makes that a failure)" >&2
  }
done
