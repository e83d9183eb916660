#!/bin/sh
# The test command: every check in order, the first failure ends it. Arguments go to pytest,
# and then the coverage gate is left out: scripts/test.sh tests/unit -k hours
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
unset PYTHONHOME PYTHONPATH || true
bin=.venv/bin

"$bin/python" -m ruff check
"$bin/python" -m ruff format --check
"$bin/python" -m mypy
"$bin/lint-imports" --no-logo
[ "${1:-}" = "--lint" ] && exit 0

if [ $# -gt 0 ]; then
    exec "$bin/python" -m pytest "$@"
fi

# pytest speaks last, so that its closing line ends the output; the gate speaks only to object.
"$bin/python" -m pytest --numprocesses="${TIMEBANK_TEST_WORKERS:-auto}" --cov=timebank --cov-report=
"$bin/python" -m coverage report --format=total --fail-under=100 \
    --include='src/timebank/domain/*,src/timebank/actions/*' >/dev/null 2>&1 || {
    echo "Coverage of the domain and the actions must be complete:" >&2
    "$bin/python" -m coverage report --include='src/timebank/domain/*,src/timebank/actions/*' >&2 || true
    exit 1
}
