#!/bin/bash
# An archive of films over the hosts of an mpirun, a shard a rank. hilum knows nothing of MPI: the
# launcher gives each process its number. Started again it goes on where it was.

IN=/data/mimic-cxr
OUT=jpg
N=8 # ranks and shards: the same number each time

# abort_on_non_zero_status 0: a rank that fails leaves the others alone; hilum merge says what is
# missing then. No exec: Open MPI 4.1 with that option waits for ever for a rank that is killed, but
# not for a shell that ends with 137.
# shellcheck disable=SC2016  # the variables are the rank's
mpirun -n "$N" --mca orte_abort_on_non_zero_status 0 sh -c '
    hilum film render "$0" "$1" --shard "$OMPI_COMM_WORLD_RANK/$2" --jobs 1 --errors-ok --quiet
    exit $?' "$IN" "$OUT" "$N"
exec hilum merge "$OUT"
