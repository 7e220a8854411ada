#!/bin/bash
# An archive of films on one machine, N shards, AT_ONCE of them at a time. Started again after a
# stop or a fault it goes on where it was: complete shards are left alone.

IN=/data/mimic-cxr
OUT=jpg
N=32 # shards: the same number each time
AT_ONCE=8

# --errors-ok: a film that is refused does not fail its shard. --termseq: on the second Ctrl-C hilum
# has ten seconds to write down what is done.
seq 0 $((N - 1)) | parallel -j "$AT_ONCE" --retries 2 --joblog "$OUT-jobs.tsv" --termseq TERM,10000,KILL \
    hilum film render "$IN" "$OUT" --shard "{}/$N" --jobs 1 --errors-ok --quiet
exec hilum merge "$OUT"
