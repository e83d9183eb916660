#!/bin/sh
# Make .venv ready for work: pinned packages, then this project as an editable install.
# Quick when there is nothing to do. Another interpreter: PYTHON=python3.13 scripts/setup.sh
set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV || true

die() {
    printf 'timebank: %s\n' "$*" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed; set PYTHON to the interpreter to use."
}

# A virtual environment is bound to its path and its interpreter: one that was moved, or whose
# Python is gone, is made anew.
is_usable() {
    [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && .venv/bin/python - "$PWD/.venv" <<'PY'
import os, sys
sys.exit(not os.path.samefile(sys.prefix, sys.argv[1]))
PY
}

fingerprint() {
    cat requirements-dev.txt pyproject.toml scripts/setup.sh | cksum
    pwd
    .venv/bin/python -V
}

make_environment() {
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python cannot make virtual environments; on Debian or Ubuntu install python3-venv."
    "$python" -m venv --clear .venv
}

stamp=.venv/.timebank-installed
is_usable 2>/dev/null || make_environment
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$(fingerprint)" ]; then
    rm -f "$stamp"
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet"
    $pip --require-hashes -r requirements-dev.txt >&2
    $pip --no-deps --no-build-isolation --editable . >&2
    fingerprint >"$stamp"
fi
