#!/bin/bash
#SBATCH --job-name=films --array=0-63%16 --cpus-per-task=4 --mem=2G --time=02:00:00
#SBATCH --requeue --open-mode=append --signal=B:USR1@120 --output=log/%x-%a.txt
#
# As films.sh, for shards that take longer than the time limit: two minutes before its end a task
# stops, puts itself into the queue again, and goes on there where it was.

IN=/data/mimic-cxr
OUT=${SCRATCH:?}/jpg
N=64 # shards, as many as --array has: a number, never $SLURM_ARRAY_TASK_COUNT (README.md)
AGAIN=20 # how often at most

hilum film render "$IN" "$OUT" --shard "$SLURM_ARRAY_TASK_ID/$N" --jobs "$SLURM_CPUS_PER_TASK" &
shard=$!
# USR1 comes to this shell alone: the time is nearly up. TERM comes to hilum, too: somebody cancels or
# preempts, and Slurm knows what is to come then.
out_of_time=
trap 'out_of_time=yes; kill -TERM $shard 2>/dev/null' USR1
trap : TERM

while kill -0 $shard 2>/dev/null; do # a trap ends a wait early
    wait $shard
done
wait $shard
code=$?
if [ "$code" = 130 ] && [ "$out_of_time" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$AGAIN" ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60 # Slurm ends it here
fi
exit "$code"
