#!/bin/sh
# The Python module as pip installs it, on every golden and shipped model compiled: an environment of its own, in build/.
set -eu
cd "$(dirname "$0")/../.."

scripts/python.sh build/python -r test/python/requirements.txt ./python || {
  [ $? = 75 ] || exit 1
  echo "SKIPPED: test:python, no package index of Python answers (REQUIRE_PYTHON=1 makes that a failure)" >&2
  exit 0
}
node test/python/make.mjs build/compiled-models
CASES="$PWD/build/compiled-models" PYTHONDONTWRITEBYTECODE=1 build/python/bin/python -m unittest discover -s test/python -p "*_test.py"
