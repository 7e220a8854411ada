"""share/examples/mpi: shards as the ranks of an mpirun, one of which is killed."""
import os
import shutil
import signal
import sys

from shards import ENV, FILMS, finish, half_written, hold, lay_films, merged, one_run, play, script, start
from support import Report, hilum, temp, tree

report = Report()
N = 4
# mpirun by root and with more ranks than CPUs; in a folder whose name leaves room for a socket's.
MPI = dict(ENV, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
           OMPI_MCA_orte_tmpdir_base="/tmp", OMPI_MCA_plm_rsh_agent="false")


def rounds():
    if not shutil.which("mpirun"):
        report.skip("shards under mpirun", "mpirun is not installed")
        return
    lay_films()
    whole, out = (os.path.join(temp, name) for name in ("whole", "out"))
    want = tree(one_run(whole))
    path = script("mpi/films.sh", IN=FILMS, OUT=out, N=N)
    run = start(path, MPI)
    [killed] = hold(out, whole, N, 2)
    killed.send(signal.SIGKILL)
    code, text = finish(run)
    ran = hilum("merge", "--missing", out)
    report.equal("a rank is killed: the merge behind says what is missing", (killed.was_midway(), True), (code, 3),
                 (text, lambda t: "1 shard is missing or different: 2\n" in t), (ran.out, "2\n"),
                 (half_written(out, want), []))
    run = start(path, MPI)
    code, text = finish(run)
    report.equal("... and the script started again makes one run of it", (code, 1),
                 (text, lambda t: "2 refused (errors.csv)" in t), (merged(out, want), []))
    report.ok("... taking over what was done", killed.taken_over() > 0)


sys.exit(play(report, rounds))
