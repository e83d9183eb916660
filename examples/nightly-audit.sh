#!/bin/sh
# Audit against the checkpoint kept from last time, keep the new one, mail nothing but the verdict.
#
#   0 3 * * *  TIMEBANK_URL=… TIMEBANK_KEEP=/mnt/outside TIMEBANK_MAILTO=cora /srv/nightly-audit.sh
#
# TIMEBANK_KEEP is a folder that nobody who writes to the database can reach. The full report stays
# there too: it names accounts. A role that may only read is enough; sealing is a job of its own.
# It looks at what is new; run "timebank audit --kept checkpoint.txt" every month for everything.
# The exit code is that of the audit: 0 clean, 1 findings, 3 out of reach, 5 incomplete.
set -u
keep=${TIMEBANK_KEEP:?is not set: name the folder in which checkpoints are kept}
last=$keep/checkpoint.txt

set -- --json
[ -s "$last" ] && set -- "$@" --since "$last"
timebank audit "$@" >"$keep/audit.json" 2>"$keep/audit.log"
code=$?

case $code in
    0) verdict="clean" ;;
    1) verdict="findings" ;;
    5) verdict="incomplete" ;;
    *) verdict="no audit (exit $code)" ;;
esac

# Only what was found clean is worth comparing with; where nothing is sealed yet, nothing is kept.
if [ "$code" -eq 0 ] && timebank checkpoint >"$last.new" 2>>"$keep/audit.log"; then
    mv "$last.new" "$last"
fi
rm -f "$last.new"

if [ -n "${TIMEBANK_MAILTO:-}" ]; then
    echo "$verdict" | "${TIMEBANK_MAIL:-mail}" -s "timebank: $verdict" "$TIMEBANK_MAILTO"
fi
exit "$code"
