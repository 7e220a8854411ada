"""What the tests of work beyond one process share: films enough to be caught at, the scripts of share/examples,
and shards that are held in the middle of their work."""
import glob
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import ENV, HILUM, ROOT, files_in, hilum, read, same, sha256, temp, tree

FILMS = os.path.join(temp, "films")
COPIES = 8  # of each synthetic film: a shard of four takes half a second
JOURNAL_S = 1.05  # finished items are written down every second
PATIENCE_S = 60
LIMIT_S = 400  # for a whole test: less than check.py gives, whose kill leaves no time to clear up
ENV = dict(ENV, PATH=os.path.dirname(HILUM) + ":" + ENV["PATH"])
EXAMPLES = os.path.join(ROOT, "share", "examples")
started = []  # by start()


def subject_of(i):
    return 10000000 + 37 * (i // 6)


def lay_films(to=FILMS, copies=COPIES):
    """The films of a synthetic hospital, each under several patients. Of four shards 0 and 2 have a damaged one."""
    hospital = os.path.join(temp, "hospital")
    if not os.path.exists(hospital):
        made = hilum("synth", hospital, "--patients", 20, "--seed", 3, "--film-format", "dicom")
        if made.code != 0:
            raise RuntimeError(made.err)
    source = sorted(glob.glob(os.path.join(hospital, "mimic-cxr", "files", "*", "*", "*", "*.dcm")))
    damaged = [next(i for i in range(20, 100) if shard_of(str(subject_of(i)), 4) == shard) for shard in (0, 2)]
    for i in range(copies * len(source)):
        subject = subject_of(i)
        folder = os.path.join(to, "p%d" % (subject // 1000000), "p%d" % subject, "s%d" % (50000000 + i // 3))
        os.makedirs(folder, exist_ok=True)
        name = os.path.join(folder, "film%05d.dcm" % i)
        os.link(source[i % len(source)], name)
        if i in damaged:
            content = read(name)
            os.remove(name)
            with open(name, "wb") as f:
                f.write(content[:len(content) // 2])


def render(out, *words, films=FILMS, **env):
    return hilum("film", "render", films, out, *words, **env)


def one_run(out, films=FILMS):
    """What all shards together must come to: two films are refused."""
    ran = render(out, films=films)
    if ran.code != 1:
        raise RuntimeError(ran.err)
    return out


def play(report, rounds):
    """The rounds of a test, and its end on every way out; the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.alarm(LIMIT_S)
    try:
        rounds()
    except Exception as fault:  # a test that cannot go on has failed
        report.ok("to the end", False, ["%s: %s" % (type(fault).__name__, fault)])
    finally:
        for run in started:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
        kill_all(temp)
        code = report.end()
    return code


def script(name, **variables):
    """A copy of an example with the variables at its head set: its path."""
    with open(os.path.join(EXAMPLES, name)) as f:
        text = f.read()
    if "N" in variables:
        text = text.replace("--array=0-63%16", "--array=0-%d%%16" % (variables["N"] - 1))
        text = text.replace("--cpus-per-task=4", "--cpus-per-task=1")  # slow enough to be caught at
    for key, value in variables.items():
        text, n = re.subn(r"(?m)^%s=[^ #\n]*" % key, lambda _: "%s=%s" % (key, value), text)
        if n != 1:
            raise RuntimeError("%s: %d lines set %s" % (name, n, key))
    path = os.path.join(temp, "%d-%s" % (len(os.listdir(temp)), os.path.basename(name)))
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)
    return path


def wait_for(what, condition, seconds=PATIENCE_S, every=0.002):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError("waited %d s in vain: %s" % (seconds, what))
        time.sleep(every)


# --- which shard makes which picture -----------------------------------------------------------------------

def shard_of(subject, n):
    value = 0xcbf29ce484222325
    for byte in subject.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value % n


def pictures(whole, shard, n):
    """Relative paths of the pictures of a shard, in the order in which they are made."""
    return [name for name in read(whole, "IMAGE_FILENAMES").decode().split()
            if shard_of(name.split("/")[2][1:], n) == shard]


def half_written(out, want):
    """Files under a final name that are not as in the tree want, also while shards are at work."""
    return [n for n in files_in(out) if "/." not in "/" + n and sha256(os.path.join(out, n)) != want.get(n)]


def left_over(out):
    """Temporaries, journals and parts."""
    return [n for n in files_in(out) if "/." in "/" + n]


def merged(out, want):
    """What is wrong with a merged folder, beside the tree of one run."""
    return same(tree(out), want) + left_over(out)


# --- processes ---------------------------------------------------------------------------------------------

def words_of(pid):
    """The words of a living process; [] when it is none."""
    try:
        return read("/proc", str(pid), "cmdline").decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def processes(out, shard=None):
    """{pid: "i/n"} of the living shards of a film render that write out or below it."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        words = words_of(pid)
        if words and os.path.basename(words[0]) == "hilum" and "--shard" in words and any(
                word == out or word.startswith(out + "/") for word in words):
            found[int(pid)] = words[words.index("--shard") + 1]
    return {pid: name for pid, name in found.items() if shard in (None, name)}


def start(path, env=ENV):
    """An example script in the background, in a process group of its own; finish() gives its end."""
    run = subprocess.Popen([path], cwd=temp, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, start_new_session=True)
    started.append(run)
    return run


def finish(run):
    """(exit code, what it printed)"""
    text = run.communicate(timeout=PATIENCE_S)[0]
    return run.returncode, text


def kill_all(out):
    for pid in processes(out):
        send(pid, signal.SIGKILL)
    wait_for("the end of all shards", lambda: not processes(out))


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Held:
    """A shard that is stopped in the middle of its work; see hold()."""

    def __init__(self, out, shard, n, whole):
        self.shard = "%d/%d" % (shard, n)
        self.pictures = [os.path.join(out, name) for name in pictures(whole, shard, n)]
        self.journals = os.path.join(out, ".hilum", ".journal-%05d-*" % shard)
        self.pid = wait_for("shard " + self.shard, lambda: list(processes(out, self.shard)))[0]
        third = [path for path in self.pictures if not os.path.exists(path)][2]
        wait_for("pictures of shard " + self.shard, lambda: os.path.exists(third) or not self.alive())
        self.send(signal.SIGSTOP)

    def until_the_journal_is_written(self):
        self.send(signal.SIGCONT)
        wait_for("a journal of shard " + self.shard, lambda: self.has_journal() or not self.alive())
        self.send(signal.SIGSTOP)
        self.before = self.made()

    def has_journal(self):
        """One with a row below its head."""
        try:
            return any(read(path).count(b"\n") > 1 for path in glob.glob(self.journals))
        except FileNotFoundError:  # the shard is through and clears up
            return False

    def alive(self):
        return bool(words_of(self.pid))

    def send(self, number):
        send(self.pid, number)

    def go_on_when_asked_to_stop(self):
        """SIGTERM is on its way: a stopped process keeps it for later, unless SIGCONT came with it."""
        wait_for("SIGTERM for shard " + self.shard, lambda: not self.alive() or self.is_pending(signal.SIGTERM))
        self.send(signal.SIGCONT)
        wait_for("the end of shard " + self.shard, lambda: not self.alive())

    def is_pending(self, number):
        try:
            status = read("/proc", str(self.pid), "status").decode()
        except OSError:
            return False
        return int(re.search(r"ShdPnd:\s*(\w+)", status).group(1), 16) >> (number - 1) & 1

    def made(self):
        """{picture: what tells one writing of a file from another}"""
        made = {}
        for path in self.pictures:
            try:
                state = os.stat(path)
            except FileNotFoundError:
                continue
            made[path] = (state.st_ino, state.st_mtime_ns)
        return made

    def was_midway(self):
        """Caught with pictures made and others to be made."""
        return 0 < len(self.before) < len(self.pictures)

    def taken_over(self):
        """How many of its pictures the next attempt left as they were."""
        after = self.made()
        return sum(after.get(path) == state for path, state in self.before.items())


def hold(out, whole, n, *shards):
    """Stop running shards in the middle of their work, with finished items in their journals."""
    held = [Held(out, shard, n, whole) for shard in shards]
    time.sleep(JOURNAL_S)
    for shard in held:
        shard.until_the_journal_is_written()
    return held
