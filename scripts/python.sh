#!/bin/sh
# An environment of Python: python.sh FOLDER ARGUMENT..., arguments as those of `pip install`. What is there already stays.
# An index that falters gets more chances. Where none answers at all, the folder is removed, and the exit status is 75 ("try
# again later"): who called may go on without it, unless REQUIRE_PYTHON is set.
set -eu
folder=$1
shift

if ! python3 -c "import ensurepip, venv" 2>/dev/null; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
fi
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"

# The module of this package is built by what has been installed, so that nothing is fetched a second time.
install() {
  "$folder/bin/pip" install --quiet --retries 2 hatchling &&
    "$folder/bin/pip" install --quiet --retries 2 --no-build-isolation "$@"
}

for pause in 10 30 0; do
  if install "$@"; then exit 0; fi
  sleep $pause
done

# What is small and there on every index tells one that is out of reach from requirements that cannot be met.
if "$folder/bin/pip" download --quiet --no-cache-dir --no-deps --retries 0 --dest "$folder/probe" hatchling; then exit 1; fi
rm -rf "$folder"
[ -z "${REQUIRE_PYTHON:-}" ] || exit 1
exit 75
