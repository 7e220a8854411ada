"""share/examples/slurm on a cluster of one node: tasks that are killed, cancelled, out of time, on a lost node."""
import os
import re
import sys
import time

from cluster import REQUEUE_S, Cluster, obstacle
from shards import (FILMS, half_written, hold, lay_films, merged, one_run, play, processes, render, script, wait_for)
from support import Report, files_in, hilum, read, temp, tree

report = Report()
N = 4
OUT, WHOLE, LOG = (os.path.join(temp, name) for name in ("out", "whole", "log"))
VERSION = hilum("--version").out.split()[1]


def log(name):
    path = os.path.join(LOG, name)
    return read(path).decode() if os.path.exists(path) else ""


class Rounds:
    def __init__(self, slurm):
        self.slurm, self.want = slurm, tree(WHOLE)
        self.films, self.requeue = (script("slurm/" + name, IN=FILMS, OUT=OUT, N=N)
                                    for name in ("films.sh", "films_requeue.sh"))
        self.submit = script("slurm/submit.sh", SCRIPT=self.films, OUT=OUT)

    def ended(self, task):
        wait_for("the end of " + task, lambda: self.slurm.state(task) not in ("RUNNING", "COMPLETING"), every=0.1)
        task = self.slurm.task(task)
        return task["JobState"], task["ExitCode"]

    def whole_under_final_names(self):
        return half_written(OUT, self.want), []

    # --- a cancelled task, one out of time, a lost node ----------------------------------------------------

    def first(self):
        slurm = self.slurm
        one = slurm.submit("--array=0", self.films, cwd=temp)
        three = slurm.submit("--array=1-3", self.requeue, cwd=temp)
        cancelled, late, lost = hold(OUT, WHOLE, N, 1, 2, 3)
        report.ok("shards are held in the middle of their work",
                  all(shard.was_midway() for shard in (cancelled, late, lost)))

        slurm.run("scancel", three + "_1")
        cancelled.go_on_when_asked_to_stop()
        report.equal("a task that is cancelled stops and does not come back",
                     (self.ended(three + "_1")[0], "CANCELLED"),
                     (log("films-1.txt"), lambda t: "hilum: stopped as asked\n" in t), self.whole_under_final_names())

        slurm.run("scancel", "--batch", "--signal=USR1", three + "_2")
        late.go_on_when_asked_to_stop()
        wait_for("the requeue", lambda: slurm.state(three + "_2") == "PENDING", every=0.1)
        report.equal("a task that runs out of time puts itself into the queue again",
                     (slurm.task(three + "_2")["Restarts"], "1"), self.whole_under_final_names())

        slurm.wait(one)
        report.equal("a shard with a film that is refused ends with 1", (self.ended(one + "_0"), ("FAILED", "1:0")),
                     (log("films-0.txt"), lambda t: "1 refused; hilum merge will list them" in t))

        slurm.run("scontrol", "update", "nodename=localhost", "state=down", "reason=test")
        wait_for("the requeue", lambda: slurm.state(three + "_3") == "PENDING", every=0.1)
        wait_for("the end of its process", lambda: not lost.alive())
        report.equal("a lost node's task is in the queue again", (slurm.task(three + "_3")["Restarts"], "1"),
                     self.whole_under_final_names())
        requeued = time.monotonic()
        self.others_are_refused()

        time.sleep(max(0, requeued + REQUEUE_S - time.monotonic()))
        slurm.run("scontrol", "update", "nodename=localhost", "state=resume", check=False)
        slurm.release(three + "_2", three + "_3")
        slurm.wait(three)
        report.ok("both went on where they were", late.taken_over() > 0 and lost.taken_over() > 0)
        ran = hilum("merge", "--missing", OUT)
        report.equal("... but is complete: only the one that was cancelled is missing", (ran.out, "1\n"))

    def others_are_refused(self):
        ran = hilum("merge", OUT)
        report.equal("a merge lists the shards that are missing", (ran.code, 3), (
            ran.error[:1], ["hilum: %s: 3 shards are missing or different: 1,2,3" % OUT]))
        for name, ran, found in (
                ("another n", render(OUT, "--shard", "0/5"), "this is 0/5 by %s" % VERSION),
                ("another version", render(OUT, "--shard", "0/4", HILUM_TEST_VERSION="9.9.9"), "this is 0/4 by 9.9.9"),
                ("another recipe", render(OUT, "--shard", "0/4", "--recipe", "film-plain"), "recipe"),
                ("no shard at all", render(OUT), "")):
            report.equal(name + " is refused", (ran.code, 2), (
                ran.error[:1], lambda e: e and e[0].startswith("hilum: " + OUT) and found in e[0]))

    # --- what is missing, submitted again ------------------------------------------------------------------

    def second(self):
        shards, merge = self.submitted()
        wrong = self.slurm.submit("--array=0", "--output=log/wrong.txt", "--export=ALL,HILUM_TEST_VERSION=9.9.9",
                                  self.films, cwd=temp)
        [killed] = hold(OUT, WHOLE, N, 1)
        killed.send(9)
        report.equal("a task that is killed has failed", (self.ended(shards + "_1"), ("FAILED", "0:9")),
                     self.whole_under_final_names())
        self.slurm.wait(merge, wrong)
        report.equal("the merge behind it says what is missing", (self.ended(merge), ("FAILED", "3:0")), (
            log("merge.txt"), lambda t: "1 shard is missing or different: 1" in t))
        report.equal("a node with another version does nothing", (self.ended(wrong + "_0"), ("FAILED", "2:0")), (
            log("wrong.txt"), lambda t: "was started as 4 shards by hilum %s; this is 0/4 by 9.9.9" % VERSION in t))
        return killed

    def third(self, killed):
        shards, merge = self.submitted()
        self.slurm.wait(shards, merge)
        report.ok("submitted once more, it goes on where it was", killed.was_midway() and killed.taken_over() > 0)
        report.equal("... and the merge is one run, byte for byte", (self.ended(merge), ("FAILED", "1:0")),
                     (log("merge.txt"), lambda t: "2 refused (errors.csv)" in t), (merged(OUT, self.want), []))
        text = self.slurm.run(self.submit, cwd=temp)
        self.slurm.wait(*re.findall(r"job (\d+)", text))
        report.equal("... after which there is nothing to do", (text, lambda t: "shards" not in t),
                     (log("merge.txt"), lambda t: t.endswith(OUT + " is complete\n")), (merged(OUT, self.want), []))

    def submitted(self):
        """The two jobs of submit.sh."""
        text = self.slurm.run(self.submit, cwd=temp)
        found = re.fullmatch(r"shards 1: job (\d+)\nmerge: job (\d+), see log/merge.txt\n", text)
        report.equal("submit.sh submits the missing shard and the merge", (text, lambda _: found))
        return found.groups()

    # --- a job of several tasks ----------------------------------------------------------------------------

    def ranks(self):
        films, whole, out = (os.path.join(temp, name) for name in ("few", "few-whole", "ranks"))
        lay_films(films, 1)
        one_run(whole, films)
        self.slurm.run("srun", "-n", N, "sh", "-c", 'exec hilum film render "$0" "$1" --shard "$SLURM_PROCID/%d" '
                       '--jobs 1 --errors-ok --quiet' % N, films, out)
        hilum("merge", out)
        report.equal("shards as the tasks of one srun", (merged(out, tree(whole)), []))


def rounds():
    if obstacle():
        report.skip("shards under Slurm", obstacle())
        return
    os.mkdir(LOG)
    lay_films()
    one_run(WHOLE)
    with Cluster() as slurm:
        try:
            run = Rounds(slurm)
            run.first()
            run.third(run.second())
            run.ranks()
        except Exception as fault:
            report.ok("to the end", False, ["%s: %s" % (type(fault).__name__, fault), *slurm.logs(),
                                            *[name + ":\n" + log(name) for name in files_in(LOG)]])
    report.equal("no process is left", (processes(temp), {}))


sys.exit(play(report, rounds))
