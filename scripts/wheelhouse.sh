#!/bin/sh
# The wheels to carry into a place without a network: this project, its command line, and all that
# they need, at the versions that the tests ran with.
#
#   scripts/wheelhouse.sh [FOLDER]                                   for this system and this Python
#   scripts/wheelhouse.sh FOLDER --platform win_amd64 --python-version 3.12        for another one
#
# There, with no network:  pip install --no-index --find-links FOLDER 'timebank[cli]'
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
folder=${1:-build/wheelhouse}
[ $# -gt 0 ] && shift
rm -rf "$folder"
mkdir -p "$folder" build
sed -n 's/^\([A-Za-z0-9._-]*==[^ \\]*\).*/\1/p' requirements-dev.txt >build/pins.txt

# pip asks this computer, not the other one, what Windows alone needs.
case "$*" in *win*) also="tzdata colorama" ;; *) also="" ;; esac

python=.venv/bin/python
"$python" -m build --wheel --no-isolation --outdir "$folder" >build/wheel.log
wheel=$(ls "$folder"/timebank-*.whl)
PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip download --quiet --only-binary=:all: \
    --constraint build/pins.txt --dest "$folder" "$@" "$wheel[cli]" $also
echo "$(ls "$folder" | wc -l) wheels in $folder"
