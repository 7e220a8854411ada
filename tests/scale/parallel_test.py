"""share/examples/parallel: shards under GNU parallel, killed, stopped, and run twice at once."""
import os
import shutil
import signal
import subprocess
import sys

from shards import (ENV, FILMS, finish, half_written, hold, kill_all, lay_films, merged, one_run, play, render, script,
                    start)
from support import Report, hilum, temp, tree

report = Report()
VERSION = hilum("--version").out.split()[1]
N = 4


def a_run_with_faults(whole, want):
    out = os.path.join(temp, "faults")
    path = script("parallel/films.sh", IN=FILMS, OUT=out, N=N, AT_ONCE=2)
    run = start(path)
    [killed] = hold(out, whole, N, 1)
    killed.send(signal.SIGKILL)
    [last] = hold(out, whole, N, 3)
    os.killpg(run.pid, signal.SIGKILL)  # the machine goes down
    kill_all(out)
    run.communicate()
    ran = hilum("merge", "--missing", out)
    report.equal("a shard is killed, then everything: nothing is half written", (half_written(out, want), []),
                 (ran.err, ""), (ran.out, lambda t: "3" in t.strip().split(",")), (killed.was_midway(), True),
                 (last.was_midway(), True))
    run = start(path)
    code, text = finish(run)
    report.equal("... and the script started again makes one run of it", (code, 1),
                 (text, lambda t: "2 refused (errors.csv)" in t), (merged(out, want), []))
    report.ok("... taking over what was done", killed.taken_over() > 0 and last.taken_over() > 0)
    with open(out + "-jobs.tsv") as f:
        rows = [line.split("\t") for line in f.read().splitlines()[1:]]
    report.equal("... each shard once, with exit code 0", (sorted((row[8].split()[6], row[6]) for row in rows),
                                                          [("%d/%d" % (i, N), "0") for i in range(N)]))


def two_attempts():
    films, out, whole = (os.path.join(temp, name) for name in ("few", "twice", "few-whole"))
    lay_films(films, 1)
    one_run(whole, films)
    done = subprocess.run(["parallel", "-j", "6", "hilum", "film", "render", films, out, "--shard", "{}/%d" % N,
                           "--jobs", "1", "--errors-ok", "--quiet", ":::", *"001122"], cwd=temp, env=ENV, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ran = hilum("merge", out)
    report.equal("each shard twice at once: all end well", (done.returncode, 0),
                 (done.stdout, lambda t: t.count("films done") == 6))
    report.equal("... a merge says which shard has not run", (ran.code, 3),
                 (ran.error[:1], ["hilum: %s: 1 shard is missing or different: 3" % out]))
    render(out, "--shard", "3/%d" % N, films=films)
    ran = hilum("merge", out, HILUM_TEST_VERSION="0.0.9")
    report.equal("... a merge by another version is refused", (ran.code, 2), (ran.error[:1], [
        "hilum: %s was started as %d shards by hilum %s; this is a merge by 0.0.9. Use the same, or another --out." % (
            out, N, VERSION)]))
    report.equal("... and the bytes are those of one run", (hilum("merge", out).code, 1),
                 (merged(out, tree(whole)), []))


def rounds():
    if not shutil.which("parallel"):
        report.skip("shards under GNU parallel", "parallel is not installed")
        return
    lay_films()
    whole = one_run(os.path.join(temp, "whole"))
    a_run_with_faults(whole, tree(whole))
    two_attempts()


sys.exit(play(report, rounds))
