#!/bin/bash
# Submit the shards that are still to be run, at first all, and behind them the merge.
# When log/merge.txt says that shards are missing: once more, until it says that all is written.

SCRIPT=films.sh # or films_requeue.sh
OUT=${SCRATCH:?}/jpg # as in SCRIPT
AT_ONCE=16

set -eu
mkdir -p log
array=() # as SCRIPT has it
behind=()
begun=yes
missing=$(hilum merge --missing "$OUT" 2>log/missing.txt) || case $? in
3) begun= ;; # nothing there yet
*) cat log/missing.txt >&2 && exit 4 ;;
esac
[ -z "$missing" ] || array=(--array="$missing%$AT_ONCE")
if [ -z "$begun" ] || [ "$missing" ]; then
    job=$(sbatch --parsable "${array[@]}" "$SCRIPT")
    # afterany, not afterok: a shard with a film that is refused ends with 1 and is complete.
    behind=(--dependency="afterany:$job")
    echo "shards ${missing:-(all)}: job $job"
fi
job=$(sbatch --parsable "${behind[@]}" --job-name=merge --mem=2G --time=02:00:00 \
    --open-mode=append --output=log/merge.txt --wrap "exec hilum merge $(printf %q "$OUT")")
echo "merge: job $job, see log/merge.txt"
