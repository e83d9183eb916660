#!/bin/sh
# The documentation as a site in build/site: open build/site/index.html, no server and no network
# needed. Warnings are errors.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
stamp=.venv/.timebank-docs
wanted=$(cksum <requirements-docs.txt)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet --require-hashes \
        -r requirements-docs.txt >&2
    echo "$wanted" >"$stamp"
fi
exec .venv/bin/python -m sphinx -q -W --keep-going -E -b html docs "${1:-build/site}"
