"""A Slurm cluster of one node, for as long as a test runs: munged, slurmctld and slurmd as its own processes.

Everything stands in a folder of its own with a short name (sockets' names end at 108 bytes), on free ports; nothing
below /etc is read, and a Slurm of the machine is not met. The node says that it has what four tasks of the example
scripts ask for, whatever the machine has. The daemons die with the test, however it ends.
"""
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from shards import ENV, wait_for

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo", "scancel", "srun", "setpriv")
CONFIG = """
ClusterName=hilum
SlurmctldHost=localhost
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={at}/m/sock
StateSaveLocation={at}/state
SlurmdSpoolDir={at}/spool
SlurmctldPidFile={at}/ctld.pid
SlurmdPidFile={at}/d.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName=localhost CPUs=4 RealMemory=16384 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES State=UP
"""
# Less than this after a requeue the node answers "Job credential revoked" to the same job.
REQUEUE_S = 2.5


def obstacle():
    """Why there can be no cluster here; None when there can."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=ENV["PATH"] + ":/usr/sbin:/sbin")]
    if absent:
        return "%s not installed" % ", ".join(absent)
    try:  # as slurmctld asks for the address it listens on
        socket.getaddrinfo(None, "1", socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG | socket.AI_PASSIVE)
    except OSError:
        return "Slurm needs a network interface beside lo"
    return None


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    def __init__(self):
        self.at = tempfile.mkdtemp(prefix="hl", dir="/tmp")
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.daemons = []
        self.env = dict(ENV, SLURM_CONF=self.at + "/slurm.conf", PATH=ENV["PATH"] + ":/usr/sbin:/sbin")
        for name in ("m", "state", "spool", "log"):
            os.mkdir(os.path.join(self.at, name), 0o755)
        os.chmod(self.at, 0o755)  # munged wants others to reach its socket
        self.write("m/key", os.urandom(1024), 0o400)
        self.write("slurm.conf", CONFIG.format(at=self.at, user=self.user, ports=free_ports(2)).encode())
        # Nothing here uses cgroups, but slurmd looks for version 2 where that is mounted.
        self.write("cgroup.conf", b"CgroupPlugin=cgroup/v1\n")

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.at, name)
        with open(path, "wb") as f:
            f.write(content)
        os.chmod(path, mode)

    def __enter__(self):
        try:
            m = self.at + "/m/"
            self.daemon("munged", "-F", "--key-file=%skey" % m, "--socket=%ssock" % m, "--pid-file=%spid" % m,
                        "--log-file=%slog" % m, "--seed-file=%sseed" % m)
            wait_for("munged", lambda: os.path.exists(m + "sock"))
            self.daemon("slurmctld", "-D")
            self.daemon("slurmd", "-D", "-N", "localhost")
            wait_for("an idle node", lambda: self.run("sinfo", "-h", "-o", "%T", check=False).strip() == "idle",
                     every=0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def daemon(self, *words):
        """A child in a session of its own: Ctrl-C is the test's, and SIGTERM comes when the test is gone."""
        with open(os.path.join(self.at, "log", words[0]), "wb") as log:
            self.daemons.append(subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *words], env=self.env, cwd=self.at,
                                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                 start_new_session=True))

    def __exit__(self, *_):
        try:
            if len(self.daemons) > 1:
                self.end_jobs()
        finally:
            for daemon in reversed(self.daemons):
                daemon.terminate()
                try:
                    daemon.wait(10)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
            shutil.rmtree(self.at, ignore_errors=True)

    def end_jobs(self):
        self.run("scancel", "-f", "-u", self.user, check=False)
        end = time.monotonic() + 10
        while self.run("squeue", "-h", check=False).strip() and time.monotonic() < end:
            time.sleep(0.1)

    def run(self, *words, check=True, cwd=None):
        done = subprocess.run([str(w) for w in words], env=self.env, cwd=cwd or self.at, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise RuntimeError("%s: %s%s" % (" ".join(map(str, words)), done.stdout, done.stderr))
        return done.stdout

    def logs(self):
        """The last lines of each daemon."""
        for path in sorted(glob.glob(os.path.join(self.at, "log", "*"))):
            with open(path, errors="replace") as f:
                yield "%s:\n%s" % (os.path.basename(path), "".join(f.readlines()[-40:]))

    # --- jobs ----------------------------------------------------------------------------------------------

    def submit(self, *words, cwd):
        """sbatch: the job's id."""
        return self.run("sbatch", "--parsable", *words, cwd=cwd).strip()

    def task(self, job):
        """{field: value} of a job or of one task (JOB_I) of an array."""
        text = self.run("scontrol", "-o", "show", "job", job)
        return dict(word.split("=", 1) for word in text.split() if "=" in word)

    def state(self, job):
        return self.task(job)["JobState"]

    def wait(self, *jobs):
        """Until none of the jobs is in the queue."""
        for job in jobs:
            wait_for("the end of job " + job, lambda: not self.run(
                "squeue", "-h", "-j", job, "-t", "PD,R,CG,S", check=False).strip(), every=0.1)

    def release(self, *tasks):
        """Requeued tasks would wait two minutes."""
        for task in tasks:
            self.run("scontrol", "update", "jobid=" + task, "StartTime=now")
