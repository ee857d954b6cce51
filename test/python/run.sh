#!/bin/sh
# The Python module as pip installs it, on every golden and shipped model compiled: an environment of its own, in build/.
set -eu
cd "$(dirname "$0")/../.."

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
fi
[ -x build/python/bin/pip ] || python3 -m venv build/python
build/python/bin/pip install --quiet --upgrade -r test/python/requirements.txt ./python
node test/python/make.mjs build/compiled-models
CASES="$PWD/build/compiled-models" PYTHONDONTWRITEBYTECODE=1 build/python/bin/python -m unittest discover -s test/python -p "*_test.py"
