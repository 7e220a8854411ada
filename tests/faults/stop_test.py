"""Runs that end early, by a signal, a full disk or a wrong word, and how they go on."""
import json
import os
import random
import signal
import subprocess
import sys
import time

from hospital import HERE, big_jpeg, build, lay, out, pack
from support import (ENV, HILUM, QUICK, SANITIZED, Report, files_in, hilum, media, read, recipe, same, sums_hold, temp,
                     tree)

report = Report()


def visible(folder):
    """Files that stand under a final name."""
    return [n for n in files_in(folder) if not n.startswith(".hilum") and "/." not in "/" + n]


# --- wrong words ------------------------------------------------------------------------------------------

def usage(cohort):
    lay()
    folder = out()
    wrong = [
        (["cohort", "build", "--out", folder],
         "hilum: --mimiciv DIR is missing: MIMIC-IV, or a hospital's tables in its layout: hosp/*.csv.gz or .csv"),
        (["cohort", "build", "--mimiciv", HERE, *media(HERE), "--out", folder, "--recipe", "symile"],
         "hilum: no recipe 'symile'"),
        (["pack", cohort, "--out", folder], "hilum: --ecg and --cxr are needed (or --expand)"),
        (["pack", cohort, *media(HERE), "--out", folder, "--shard", "3/3"],
         "hilum: --shard 3/3: the first number goes from 0 to 2"),
        (["pack", cohort, *media(HERE), "--out", folder, "--shard", "1"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--shard", "0/0"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--store", "zip"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--crop-seed", "-1"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--crop-seed", "4294967296"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--jobs", "0"], None),
        (["pack", cohort, *media(HERE), "--out", folder, "--crop-seed", "1", "--crop-boxes", "x.csv"],
         "hilum: --crop-boxes and --crop-seed exclude each other"),
        (["pack", cohort, "--expand", "--shard", "0/2", "--out", folder],
         "hilum: --expand takes neither --shard nor --store compact"),
    ]
    for words, text in wrong:
        ran = hilum(*words)
        report.equal("wrong usage: " + " ".join(w for w in words if temp not in w), (ran.code, 2),
                     (ran.error[:1], [text] if text else lambda e: e and "--" in e[0]),
                     (os.path.exists(folder), False))


def other_folders(cohort):
    lay()
    folder = out()
    os.makedirs(folder)
    with open(os.path.join(folder, "thesis.txt"), "w") as f:
        f.write("mine")
    text = "hilum: %s holds something else: thesis.txt; give a new or empty folder as --out" % folder
    for name, ran in (("cohort", build(folder)), ("pack", pack(cohort, folder)),
                      ("a shard", pack(cohort, folder, "--shard", "0/2"))):
        report.equal("%s leaves a folder alone that holds something else" % name, (ran.code, 2), (ran.error, [text]),
                     (files_in(folder), ["thesis.txt"]))
    for name, ran in (("cohort", build(cohort)), ("pack", pack(cohort, cohort))):
        report.equal("%s does not write over a finished run" % name, (ran.code, 2),
                     (ran.error, ["hilum: %s holds a finished run; give another --out" % cohort]))
    os.remove(os.path.join(folder, "thesis.txt"))
    report.equal("an empty folder will do", (pack(cohort, folder).code, 0))
    file = os.path.join(temp, "file")
    open(file, "w").close()
    ran = pack(cohort, file)
    report.equal("a file is no folder", (ran.code, 2), (ran.error, ["hilum: %s: not a folder" % file,
                                                                   "       Give another --out."]))


def shards(cohort):
    folder, whole = out("shards"), out("whole")
    pack(cohort, whole)
    pack(cohort, folder, "--shard", "1/3")
    ran = pack(cohort, folder, "--shard", "1/4")
    report.equal("another number of shards is refused", (ran.code, 2), (
        ran.error[:1], lambda e: e and "was started as 3 shards" in e[0] and "this is 1/4" in e[0]))
    ran = hilum("pack", cohort, *media(HERE), "--out", folder, "--shard", "0/3", HILUM_TEST_VERSION="9.9.9")
    report.equal("another version is refused", (ran.code, 2), (
        ran.error[:1], lambda e: e and "was started as 3 shards" in e[0] and "this is 0/3 by 9.9.9" in e[0]))
    ran = pack(cohort, folder, "--shard", "0/3", "--crop-seed", "7")
    report.equal("other options are refused", (ran.code, 2), (
        ran.error[:1], lambda e: e and "was started with --crop-seed 0; this is with --crop-seed 7" in e[0]))
    ran = pack(cohort, folder)
    report.equal("a run without --shard is refused", (ran.code, 2), (
        ran.error, ["hilum: %s holds an unfinished run; add --resume to go on, or give another --out" % folder]))
    ran = hilum("merge", folder)
    report.equal("a merge lists the shards that are missing", (ran.code, 3), (
        " ".join(ran.error), lambda e: "0" in e and "2" in e), (visible(folder), []))
    ran = hilum("merge", folder, "--missing")
    report.equal("... as a cluster takes them", (ran.out, "0,2\n"))
    for shard in ("2/3", "0/3"):
        pack(cohort, folder, "--shard", shard)
    report.equal("nothing is missing then", (hilum("merge", folder, "--missing").out.strip(), ""))
    ran = hilum("merge", folder)
    report.equal("the merged shards are one run", (ran.code, 0), (ran.error, []), (same(tree(folder), tree(whole)), []),
                 (sums_hold(folder), ""))


# --- disks -------------------------------------------------------------------------------------------------

class Disk:
    """A disk of its own, in memory: needs root."""

    def __init__(self, size):
        self.at = os.path.join(temp, "disk")
        os.makedirs(self.at, exist_ok=True)
        self.mounted = self.mount("size=" + size)

    def mount(self, options):
        return subprocess.call(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.at],
                               stderr=subprocess.DEVNULL) == 0

    def change(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.at], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.call(["umount", self.at])


def is_full(error, folder):
    return error and error[0].startswith("hilum: " + folder) and error[0].endswith(
        ": cannot write: the disk is full")


def full_disk(cohort, whole):
    lay()
    with Disk("16k") as disk:
        if not disk.mounted:
            report.skip("a full disk", "no right to mount one")
            return
        folder = os.path.join(disk.at, "out")
        ran = build(folder)
        want = tree(cohort)
        report.equal("a full disk stops the cohort", (ran.code, 4), (ran.error, lambda e: is_full(e, folder)),
                     ({n: h for n, h in tree(folder).items() if want.get(n) != h}, {}),
                     (os.path.exists(os.path.join(folder, "manifest.json")), False))
    with Disk("3m") as disk:
        folder = os.path.join(disk.at, "out")
        ran = pack(cohort, folder)
        report.equal("a full disk stops pack", (ran.code, 4),
                     (ran.error, lambda e: is_full(e, folder)),
                     ([n for n in visible(folder) if n.endswith((".npy", ".json", ".txt"))], []))
        disk.change("size=64m")
        ran = pack(cohort, folder, "--resume")
        report.equal("... --resume goes on when there is room", (ran.code, 0), (ran.error, []),
                     (same(tree(folder), whole), []))
    with Disk("12m") as disk:
        folder = os.path.join(disk.at, "out")
        ran = pack(cohort, folder)
        names = visible(folder)
        report.equal("a disk that fills while tensors are written stops pack", (ran.code, 4),
                     (ran.error, lambda e: is_full(e, folder)),
                     ([n for n in names if n.endswith("manifest.json") or n == "SHA256SUMS.txt"], []),
                     ([n for n in names if tree(folder)[n] != whole.get(n)], []))
        disk.change("size=64m")
        ran = pack(cohort, folder, "--resume")
        report.equal("... and --resume goes on", (ran.code, 0), (ran.error, []), (same(tree(folder), whole), []))


def read_only(cohort):
    lay()
    if os.geteuid() == 0:
        with Disk("1m") as disk:
            if not disk.mounted:
                report.skip("a read-only output", "no right to mount one")
                return
            disk.change("ro")
            refused(cohort, os.path.join(disk.at, "out"), "cannot make the folder: no permission (the file system is read-only)")
    else:
        folder = out("locked")
        os.makedirs(folder, mode=0o555)
        refused(cohort, os.path.join(folder, "out"), "cannot make the folder: no permission")


def refused(cohort, folder, reason):
    for name, ran in (("cohort", build(folder)), ("pack", pack(cohort, folder))):
        report.equal("%s: a read-only output is a refusal of the system" % name, (ran.code, 4),
                     (ran.error[:1], lambda e: e and folder in e[0] and reason in e[0].lower()))


# --- signals ------------------------------------------------------------------------------------------------

# Films of train; enough for seconds of work.
FILMS = 15 if SANITIZED else 60


def long_job():
    """A cohort whose pack takes seconds: many rows of train, each a film of 4 million pixels."""
    def small(r):
        r["tensors"]["film"].update(scale_px=64, crop_px=64)
    lay()
    cohort = out("long")
    build(cohort)
    film = [os.path.join(HERE, "mimic-cxr-jpg", n) for n in files_in(os.path.join(HERE, "mimic-cxr-jpg"))
            if n.endswith(".jpg")]
    for path in film:
        os.chmod(path, 0o644)
        with open(path, "wb") as f:
            f.write(big_jpeg(2000 + 8 * film.index(path)))
    head, *rows = read(cohort, "train.csv").decode().splitlines()
    with open(os.path.join(cohort, "train.csv"), "w") as f:
        f.write("\n".join([head] + rows * (FILMS // len(rows))) + "\n")
    return cohort, ["--recipe", recipe("small", small), "--jobs", "1"]


class Running:
    """A pack in the background, with the bytes that it has below its output, temporary files too."""

    def __init__(self, cohort, folder, words):
        self.folder = folder
        self.process = subprocess.Popen([HILUM, "pack", cohort, *media(HERE), "--out", folder, *words], cwd=temp, env=ENV,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def bytes_written(self):
        total = 0
        for name in files_in(self.folder):
            try:
                total += os.path.getsize(os.path.join(self.folder, name))
            except FileNotFoundError:
                pass
        return total

    def until(self, n_bytes):
        """Wait for that many bytes, or the end; the most that were seen."""
        most = 0
        while self.process.poll() is None and most < n_bytes:
            most = max(most, self.bytes_written())
            time.sleep(0.001)
        return most

    def with_finished_items(self, seconds):
        """Let it work for so long, then sleep until its journal is due, and wait for the journal."""
        time.sleep(seconds)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(JOURNAL_S)
            self.process.send_signal(signal.SIGCONT)
            self.until(RECORD)

    def send(self, number):
        """(exit code, stderr)"""
        if self.process.poll() is None:
            self.process.send_signal(number)
        err = self.process.communicate()[1].decode()
        return self.process.returncode, err


JOURNAL_S = 1.05  # finished items are written down every second
RECORD = 100000   # bytes: less than an item's record


def kills():
    cohort, words = long_job()
    whole = out("long-whole")
    began = time.monotonic()
    run = Running(cohort, whole, words)
    most = run.until(1 << 60)
    report.equal("a long pack", (run.send(0), (0, "")))
    took = time.monotonic() - began
    want = tree(whole)
    chance = random.Random(1)
    n_killed = n_resumed = 0
    problems = []
    for i in range(4 if QUICK or SANITIZED else 8):
        folder = out("killed")
        run = Running(cohort, folder, words)
        if i % 2:
            run.until(chance.uniform(0.4, 0.98) * most)  # while arrays are written
        else:
            run.with_finished_items(chance.uniform(0.05, 0.6) * took)
            time.sleep(chance.uniform(0, 0.1))
        n_killed += run.send(signal.SIGKILL)[0] == -signal.SIGKILL
        wrong = [n for n in visible(folder) if n.endswith(".npy") and tree(folder)[n] != want[n]]
        if wrong:
            problems.append("kill %d: half-written: %s" % (i, wrong))
        if os.path.exists(os.path.join(folder, "manifest.json")):
            continue
        ran = pack(cohort, folder, *words, "--resume", "--json")
        n_resumed += ran.code == 0 and json.loads(ran.out)["resumed"] > 0
        differ = same(tree(folder), want) if ran.code == 0 else ran.err
        if differ:
            problems.append("kill %d: %s" % (i, differ))
    report.ok("killed at random moments, --resume gives the same bytes (%d kills, %d with finished items)" % (
        n_killed, n_resumed), not problems and n_killed >= 3 and n_resumed >= 1, problems)

    for number in (signal.SIGTERM, signal.SIGINT):
        folder = out("stopped")
        run = Running(cohort, folder, words)
        run.with_finished_items(0.1 * took)
        began = time.monotonic()
        code, err = run.send(number)
        seconds = time.monotonic() - began
        report.equal("%s: exit 130 within seconds" % number.name, (code, 130), (seconds < 10, True),
                     (err, lambda e: "--resume" in e), ([n for n in visible(folder) if n != "errors.csv"], []))
        ran = pack(cohort, folder, *words, "--resume")
        report.equal("... and --resume gives the same bytes", (ran.code, 0), (ran.error, []),
                     (same(tree(folder), want), []))


lay()
small = out("cohort")
build(small)
usage(small)
other_folders(small)
shards(small)
whole_pack = out("whole")
pack(small, whole_pack)
full_disk(small, tree(whole_pack))
read_only(small)
kills()
sys.exit(report.end())
