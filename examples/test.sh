#!/bin/sh
# Tests of the examples that have a package.json of their own, after install.sh.
set -eu
cd "$(dirname "$0")"
for package in */package.json; do
  folder=$(dirname "$package")
  printf '\n-- %s\n' "$folder"
  (cd "$folder" && timeout 600 npm test --if-present)
done
