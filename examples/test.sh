#!/bin/sh
# Tests of the examples that have a package.json of their own, after install.sh.
set -eu
cd "$(dirname "$0")"
skipped=""
for package in */package.json; do
  folder=$(dirname "$package")
  printf '\n-- %s\n' "$folder"
  if [ -e "$folder/requirements.txt" ] && [ ! -d "$folder/.venv" ] && [ -z "${REQUIRE_PYTHON:-}" ]; then
    skipped="$skipped examples/$folder"
    continue
  fi
  (cd "$folder" && timeout 600 npm test --if-present)
done
[ -z "$skipped" ] || echo "SKIPPED:$skipped, for install.sh got no packages of Python (REQUIRE_PYTHON=1 makes that a failure)" >&2
