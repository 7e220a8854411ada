#!/bin/bash
#SBATCH --job-name=films --array=0-63%16 --cpus-per-task=4 --mem=2G --time=02:00:00
#SBATCH --requeue --open-mode=append --signal=B:TERM@120 --output=log/%x-%a.txt
#
# An archive of films, a shard a task. Submitted by submit.sh; the folder log must be there before.
# For shards that do not fit into the time limit: films_requeue.sh.

IN=/data/mimic-cxr
OUT=${SCRATCH:?}/jpg
N=64 # shards, as many as --array has: a number, never $SLURM_ARRAY_TASK_COUNT (README.md)

# exec: signals reach hilum, not a waiting shell.
exec hilum film render "$IN" "$OUT" --shard "$SLURM_ARRAY_TASK_ID/$N" --jobs "$SLURM_CPUS_PER_TASK"
