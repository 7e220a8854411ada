"""wave build: the golden database, any number of threads and shards, kills, days one by one, what is refused, and the
proof that nobody's name leaves."""
import datetime
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from support import (ENV, HILUM, QUICK, SANITIZED, SHARED, Report, Ran, files_in, hilum, read, same, sums_hold, temp,
                     tree)
from monitors import Monitors, stamp, write_map

report = Report()
SLOW = 5 if SANITIZED else 1


def path(name):
    return os.path.join(temp, name)


def fresh(name):
    for folder in (path(name), path(name) + ".spool"):
        shutil.rmtree(folder, ignore_errors=True)
    return path(name)


def build(export, out, *words, map=None, **env):
    return hilum("wave", "build", export, out, *(["--map", map] if map else []), *words, **env)


def at(day, hour, minute=0, second=0):
    return datetime.datetime(2031, 5, day, hour, minute, second)


# --- the golden database ------------------------------------------------------------------------------------

GOLDEN_IN = os.path.join(SHARED, "wfdb", "export", "in")
GOLDEN = os.path.join(SHARED, "wfdb", "mimic4like")


def golden():
    if not os.path.isdir(GOLDEN):
        return report.skip("the golden database comes out byte for byte", "no shared data")
    out = fresh("golden")
    rows = [("6513270E-269E-0D37-F2A7-4DE452E6B438", "2149-03-07", "2149-03-07 03:30:00", 10999001, 29999001, 83000101, 3650),
            ("6513270e-269e-0d37-f2a7-4de452e6b438", "2149-03-07 04:00:00", "", 10999001, 29999001, 85000102, 3650),
            ("9531985D-5d9d-c9f8-1818-e811892f902b", "", "", 10999002, 29999002, 81000103, 3650)]
    table = write_map(path("golden.csv"), rows)
    ran = build(GOLDEN_IN, out, map=table)
    got = {k: v for k, v in tree(out).items() if k == "RECORDS" or k.startswith("waves/")}
    report.equal("the golden database comes out byte for byte", (ran.code, 0), (same(got, tree(GOLDEN)), []),
                 (sums_hold(out), ""), (os.path.exists(out + ".spool"), False))
    times = {os.stat(os.path.join(at, n)).st_mtime for at, dirs, names in os.walk(os.path.join(out, "waves"))
             for n in dirs + names}
    times.add(os.stat(os.path.join(out, "waves")).st_mtime)
    report.equal("all files and folders of records have one time", (times, {1654041600.0}))
    lines = read(out, "record_list.csv").decode().splitlines()
    report.equal("record_list.csv says what the records are", (lines[1],
                 "10999001,29999001,83000101,waves/p109/p10999001/83000101/83000101,2159-03-05 03:00:12.345,"
                 "2159-03-05 03:08:14.345,480.211,8,1,8,II;III;V;aVR;ABP;CVP;Pleth;Resp,474"))
    report.equal("the errors' list is empty", (read(out, "errors.csv"), b"item,code,message\n"))
    stage_a = fresh("stage_a")
    ran = build(GOLDEN_IN, stage_a, "--compat", "downcast", map=table)
    differ = []
    for record in ("81000103", "83000101", "85000102"):
        folder = os.path.join(SHARED, "wfdb", "export", "golden", record)
        for name in os.listdir(folder):
            mine = os.path.join(stage_a, record, name[:-3] if name.endswith(".gz") else name)
            if name in ("dat.sha256", "original_folder_name.txt", "properties.json", "quality_events.txt"):
                continue
            want = gzip.open(os.path.join(folder, name)).read() if name.endswith(".gz") else read(folder, name)
            for other in (mine, mine + ".gz"):
                if os.path.exists(other):
                    have = gzip.open(other).read() if other.endswith(".gz") else read(other)
                    if have != want and not name.endswith(".log.gz"):
                        differ.append((record, name))
                    break
            else:
                if not name.endswith(".log.gz"):
                    differ.append((record, name, "is missing"))
    report.equal("--compat downcast gives the converter's files", (ran.code, 0), (differ, []))


# --- a made hospital ----------------------------------------------------------------------------------------

def made():
    """Stays across midnight and up to the hour, a patient without signals, one that the map does not know, and two
    stays in one row."""
    m = Monitors()
    ids = [m.patient("Lindqvist%d" % i, "Bett-%02d" % i, "Alias%d" % i) for i in range(7)]
    m.stay("Lindqvist0", at(1, 10), 6)
    m.stay("Lindqvist0", at(1, 23, 59, 30), 12)
    m.stay("Lindqvist0", at(2, 0, 50), 3)
    m.stay("Lindqvist0", at(3, 8), 4)
    for k in range(30):
        m.numeric("Lindqvist1", at(1, 12) + datetime.timedelta(minutes=50 * k), "%d.50000" % k)
    m.waves("Lindqvist1", at(1, 12, 0, 2), 3)
    m.waves("Lindqvist1", at(2, 11, 0, 0), 3)
    m.stay("Lindqvist2", at(1, 23, 10), 3)
    m.stay("Lindqvist2", at(2, 0, 20), 4)
    for k in range(9):
        m.numeric("Lindqvist3", at(3, 1, k))
    m.stay("Lindqvist4", at(2, 5), 2)
    m.stay("Lindqvist5", at(1, 6), 2)
    m.stay("Lindqvist5", at(2, 6), 2)
    m.stay("Lindqvist6", at(3, 23, 59, 30), 3)
    m.write_days(path("days"), [at(1, 0), at(2, 0), at(3, 0), at(4, 0), at(5, 0)])
    day = "2031-05-%02d"
    rows = [(ids[0], day % 1, day % 1 + " 12:00:00", 10000001, 20000001, 80000001, 36500),
            (ids[0], day % 1 + " 12:00:00", day % 2 + " 12:00:00", 10000001, "", 80000002, 36500),
            (ids[0].lower(), day % 3, "", 10000001, "", 80000003, 36500),
            (ids[1], "", "", 10000002, 20000002, 80000004, -7000),
            (ids[2], "", day % 2, 10000003, "", 80000005, 40000),
            (ids[2], day % 2, "", 10000003, "", 80000006, 40000),
            (ids[3], "", "", 10100004, "", 80000007, 40001),
            (ids[5], "", "", 10100005, "", 80000008, 40002),
            (ids[6], "", "", 10100006, "", 80000009, 40003)]
    return path("days"), write_map(path("map.csv"), rows)


MESSAGES = {"the map has no row for this patient", "the map's row holds an earlier stay too: that one has the record"}


def whole(days, table):
    out = fresh("whole")
    ran = build(days, out, "--annotations", map=table)
    lines = read(out, "record_list.csv").decode().splitlines()
    errors = read(out, "errors.csv").decode().splitlines()
    report.equal("refused stays are listed by number, the others are written", (ran.code, 1),
                 ([line.split(",")[2] for line in lines[1:]], ["8000000%d" % i for i in range(1, 10)]),
                 ([line.split(",")[:2] for line in errors[1:]], [["stay 1", "3"], ["stay 2", "3"]]),
                 ({line.split(",", 2)[2] for line in errors[1:]}, MESSAGES), (sums_hold(out), ""))
    report.equal("a pause below an hour is within a stay", (lines[2].split(",")[4:6],
                 ["2131-04-07 23:59:30.000", "2131-04-08 00:50:15.360"]))
    report.equal("a record without signals has its numerics alone",
                 (sorted(os.listdir(os.path.join(out, "waves/p101/p10100004/80000007"))), ["80000007n.csv.gz"]))
    report.equal("the person at the terminal learns who was refused", (ran.warnings, lambda w: "stay 1 (patient " in w))
    return out


def threads_and_shards(days, table, want):
    for jobs in (1, 2, 3):
        out = fresh("jobs")
        ran = build(days, out, "--annotations", "--jobs", jobs, map=table)
        report.equal("%d threads give the same bytes" % jobs, (ran.code, 1), (same(tree(out), want), []))
    out = fresh("shards")
    codes = [build(days, out, "--annotations", "--shard", "%d/3" % i, map=table).code for i in (2, 0, 1)]
    again = build(days, out, "--annotations", "--shard", "0/3", map=table)
    ran = hilum("merge", out)
    report.equal("three shards and a merge give the same bytes", (set(codes) <= {0, 1}, True), (ran.code, 1),
                 (again.code in (0, 1), True), (same(tree(out), want), []), (os.path.exists(out + ".spool"), False))
    out = fresh("shards")
    for i in range(2):
        build(days, out, "--annotations", "--shard", "%d/2" % i, map=table)
    shutil.rmtree(out + ".spool")
    ran = hilum("merge", out)
    report.equal("a merge without the shards' spools reads the export again", (ran.code, 1), (same(tree(out), want), []))
    out = fresh("shards")
    shutil.copytree(days, path("moved"))
    for i in range(2):
        build(path("moved"), out, "--annotations", "--shard", "%d/2" % i, map=table)
    shutil.rmtree(path("moved"))
    ran = hilum("merge", out)
    report.equal("a merge needs no export when the shards' spools are there", (ran.code, 1), (same(tree(out), want), []))
    out = fresh("shards")
    other = write_map(path("other.csv"), [row.split(",") for row in read(table).decode().splitlines()[1:-1]])
    build(days, out, "--annotations", "--shard", "0/2", map=table)
    ran = build(days, out, "--annotations", "--shard", "1/2", map=other)
    report.equal("a shard with another map is refused", (ran.code, 2), (ran.error[0], lambda e: "other inputs" in e))


# --- kills --------------------------------------------------------------------------------------------------

def killed(words, seconds):
    """Run, kill -9 after so many seconds; the code, or None when it was killed."""
    p = subprocess.Popen([HILUM] + [str(w) for w in words], env=ENV, cwd=temp, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return p.wait(seconds)
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
        p.wait()
        return None


def until_done(words, longest, seed):
    """Kill at random moments until a run gets through: how often it was killed."""
    rng, n = random.Random(seed), 0
    while True:
        code = killed(words + ["--resume"], rng.uniform(0, longest) * (1 + n / 10))
        if code is not None:
            return code, n
        n += 1


def kills(days, table, want):
    words = ["wave", "build", days, path("killed"), "--map", table, "--annotations"]
    start = time.monotonic()
    fresh("killed")
    killed(words, 600)
    longest = (time.monotonic() - start) * 1.2
    differ, codes, n_kills = [], set(), 0
    for seed in range(3 if QUICK or SANITIZED else 12):
        out = fresh("killed")
        code, n = until_done(words, longest, seed)
        codes.add(code)
        n_kills += n
        differ += [(seed, name) for name in same(tree(out), want)]
        differ += [out + ".spool"] if os.path.exists(out + ".spool") else []
    report.equal("runs killed anywhere and resumed give the same bytes (%s)" % ("killed often" if n_kills else "never killed"),
                 (codes <= {0, 1}, True), (differ, []))
    return longest


# --- day by day ---------------------------------------------------------------------------------------------

def day_by_day(days, table, want):
    steps = [("2031-05-02", "day-20310501"), ("2031-05-03", "day-20310502"), ("2031-05-04", "day-20310503"),
             (None, "day-20310504")]
    out = fresh("daily")
    seen, rewritten, codes = {}, [], []
    for until, day in steps:
        ran = build(os.path.join(days, day), out, "--annotations", *(["--until", until] if until else []), map=table)
        codes.append(ran.code)
        now = {os.path.join(at, n): os.stat(os.path.join(at, n)).st_ino for at, _, names in
               os.walk(os.path.join(out, "waves")) for n in names if n != "RECORDS"}
        rewritten += [p for p in seen if now.get(p) != seen[p]]
        seen = now
        if until:
            report.equal("after %s: whole and proved, what goes on waits" % day, (sums_hold(out), ""),
                         (os.path.isdir(out + ".spool"), True), ([n for n in os.listdir(out) if n[0] == "."], []))
    report.equal("day by day gives the bytes of one run", (codes, [0, 1, 1, 1]), (same(tree(out), want), []),
                 (os.path.exists(out + ".spool"), False))
    report.equal("a finished record is never written again", (rewritten, []))
    ran = build(os.path.join(days, "day-20310504"), out, "--annotations", map=table)
    report.equal("a finished database does not grow", (ran.code, 2), (ran.error[0], lambda e: "is finished" in e))
    ran = build(os.path.join(days, "day-20310504"), out, "--annotations", "--resume", map=table)
    report.equal("--resume of a finished run has nothing to do", (ran.code, 1), (same(tree(out), want), []))


def overlapping_exports(days, table, want):
    """Exports that hold earlier days too, and times within a day."""
    out = fresh("daily")
    codes = []
    for until in ("2031-05-01 12:00:00", "2031-05-01 23:10:08", "2031-05-02 00:30", "2031-05-02 00:30", "2031-05-03", None):
        ran = build(days, out, "--annotations", *(["--until", until] if until else []), map=table)
        codes.append(ran.code)
    report.equal("rows that were taken, and rows behind --until, are skipped", (set(codes) <= {0, 1}, True),
                 (same(tree(out), want), []))


def killed_days(days, table, want, longest):
    differ, codes = [], set()
    for seed in range(2 if QUICK or SANITIZED else 6):
        out = fresh("daily")
        for until, day in (("2031-05-02", "day-20310501"), ("2031-05-03", "day-20310502"),
                           ("2031-05-04", "day-20310503"), (None, "day-20310504")):
            words = ["wave", "build", os.path.join(days, day), out, "--map", table, "--annotations"]
            code, _ = until_done(words + (["--until", until] if until else []), longest, seed)
            codes.add(code)
        differ += [(seed, name) for name in same(tree(out), want)]
    report.equal("days killed anywhere and resumed give the same bytes", (codes <= {0, 1}, True), (differ, []))


def wrong_days(days, table):
    out = fresh("wrong")
    first = os.path.join(days, "day-20310501")
    second = os.path.join(days, "day-20310502")
    build(first, out, "--until", "2031-05-02", map=table)
    before = tree(out, ())
    for name, words, part in (
            ("--until that goes back", [second, out, "--until", "2031-05-01"], "goes back"),
            ("another option", [second, out, "--fast"], "was built with another --fast: false, now true"),
            ("a shard", [second, out, "--shard", "0/2"], "--shard is for a new database"),
            ("--until and --shard", [second, out, "--shard", "0/2", "--until", "2031-05-03"], "exclude each other"),
            ("no time", [second, out, "--until", "tomorrow"], "is no time"),
            ("another spool", [second, out, "--spool", path("nothing")], "is finished")):
        ran = build(words[0], words[1], *words[2:], map=table)
        report.equal("a growing database refuses %s" % name, (ran.code, 2), (ran.error[0], lambda e: part in e))
    report.equal("what was refused has changed nothing", (same(tree(out, ()), before), []))
    other = fresh("other")
    ran = build(first, other, "--spool", out + ".spool", map=table)
    report.equal("another database's spool is left alone", (ran.code, 2), (ran.error[0], lambda e: "another database" in e))


# --- wrong words --------------------------------------------------------------------------------------------

def usage(days, table):
    out = fresh("usage")
    inside = os.path.join(days, "out")
    for name, words, code, part in (
            ("no map", [days, out], 2, "--map CSV is missing"),
            ("no export", [temp, out, "--map", table], 3, "no export"),
            ("no folder", [path("nowhere"), out, "--map", table], 3, "there is no such folder"),
            ("no map's file", [days, out, "--map", path("nowhere")], 3, "nowhere"),
            ("OUT inside the export", [days, inside, "--map", table], 2, "lie one in the other"),
            ("the export inside OUT", [days, temp, "--map", table], 2, "lie one in the other"),
            ("the spool inside OUT", [days, out, "--spool", out + "/x", "--map", table], 2, "lie one in the other"),
            ("the spool inside the export", [days, out, "--spool", days + "/x", "--map", table], 2, "lie one in the other"),
            ("a tick of nothing", [days, out, "--map", table, "--tick-hz", "0"], 2, "--tick-hz"),
            ("an unknown converter", [days, out, "--map", table, "--compat", "x"], 2, "--compat")):
        ran = hilum("wave", "build", *words)
        report.equal("wave build refuses %s" % name, (ran.code, code), ("\n".join(ran.error), lambda e: part in e),
                     (os.path.exists(out) or os.path.exists(out + ".spool"), False))
    os.makedirs(out)
    open(os.path.join(out, "thesis.txt"), "w").close()
    ran = build(days, out, map=table)
    report.equal("a folder of something else is left alone", (ran.code, 2), (os.listdir(out), ["thesis.txt"]))


# --- hadm_id ------------------------------------------------------------------------------------------------

def admissions(days, table):
    csv = path("admissions.csv")
    with open(csv, "w") as f:
        f.write("subject_id,hadm_id,admittime,dischtime\n"
                "10000001,20000011,2131-04-07 23:00:00,2131-04-09 05:00:00\n"
                "10000001,20000012,2131-04-09 07:00:00,2131-04-10 12:00:00\n"
                "10000003,20000013,2140-11-08 00:00:00,2140-11-08 23:59:00\n"
                "10000003,20000014,2140-11-08 00:10:00,2140-11-09 00:00:00\n"
                "10100004,20000015,2140-11-11 00:00:00,\n")
    out = fresh("admissions")
    ran = build(days, out, "--admissions", csv, "--fast", map=table)
    hadm = {line.split(",")[2]: line.split(",")[1] for line in read(out, "record_list.csv").decode().splitlines()[1:]}
    report.equal("hadm_id comes from the admission within which a record begins", (ran.code, 1),
                 (hadm["80000001"], "20000001"), (hadm["80000002"], "20000011"), (hadm["80000003"], "20000012"),
                 (hadm["80000005"], lambda h: h in ("20000013", "20000014", "")), (hadm["80000007"], ""))
    header = read(out, "waves/p100/p10000001/80000002/80000002.hea")
    report.equal("it stands in the header too", (b"#hadm_id 20000011\r\n" in header, True))


# --- the proof ----------------------------------------------------------------------------------------------

def planted():
    """A bed's name in an alarm's label, a patient's in a numeric's: their records are refused."""
    m = Monitors()
    a = m.patient("Vandersteen", "Bay Window 4", label="** Bay WINDOW 4 HR")
    b = m.patient("Okonkwo", "Bett-02")
    c = m.patient("Chan", "7")
    m.stay("Vandersteen", at(1, 10), 3)
    m.stay("Okonkwo", at(1, 10), 3)
    m.stay("Chan", at(1, 10), 3)
    m.write(path("planted"))
    table = write_map(path("planted.csv"), [(a, "", "", 10000001, "", 80000001, 36500), (b, "", "", 10000002, "", 80000002, 36500),
                                            (c, "", "", 10000003, "", 80000003, 36500)])
    out = fresh("proof")
    ran = build(path("planted"), out, "--annotations", map=table)
    report.equal("an alarm that names a bed keeps its record back", (ran.code, 1),
                 (read(out, "errors.csv").decode().splitlines()[1:],
                  ["stay 1,3,80000001.alarm: it would hold a text of the export that may identify somebody"]),
                 (os.path.exists(os.path.join(out, "waves/p100/p10000001")), False),
                 (len(read(out, "record_list.csv").splitlines()), 3))
    plain = fresh("proof")
    ran = build(path("planted"), plain, map=table)
    report.equal("without annotations nothing of it leaves", (ran.code, 0))
    found = []
    secrets = [s.encode() for s in (a, b, c, a.lower(), a.replace("-", ""), "Vandersteen", "Okonkwo", "Bay Window",
                                    "nursehost7", "2031-05-01", "01/05/2031", "400000000000", "36000000")]
    for name in files_in(plain):
        text = read(plain, name)
        text += gzip.decompress(text) if name.endswith(".gz") else b""
        found += [(name, s) for s in secrets if s in text or s in name.encode()]
    report.equal("no name, id, date or sequence number stands in any output", (found, []))
    m = Monitors()
    a = m.patient("Vandersteen", "Bett-01")
    m.stay("Vandersteen", at(1, 10), 2)
    m.write(path("label"))
    with open(os.path.join(path("label"), "Wave.dat")) as f:
        text = f.read().replace("\tPleth\t", "\tVandersteen\t")
    with open(os.path.join(path("label"), "Wave.dat"), "w") as f:
        f.write(text)
    table = write_map(path("label.csv"), [(a, "", "", 10000001, "", 80000001, 36500)])
    out = fresh("proof")
    ran = build(path("label"), out, map=table)
    report.equal("a signal that bears a patient's name keeps its record back", (ran.code, 1),
                 (read(out, "errors.csv"), lambda e: b"it would hold a text" in e and b"Vandersteen" not in e),
                 (os.path.exists(os.path.join(out, "waves")), False), (read(out, "RECORDS"), b""))


# --- stays that cannot be one record -------------------------------------------------------------------------

def unbuildable():
    m = Monitors()
    a, b = m.patient("Lindqvist", "Bett-01"), m.patient("Okonkwo", "Bett-02")
    m.stay("Lindqvist", at(1, 10), 2)
    m.waves("Okonkwo", at(1, 11), 2, ids=("11",))
    m.write(path("slow"))
    with open(os.path.join(path("slow"), "Wave.dat")) as f:
        text = f.read().replace("\tPleth\t0\t8\t", "\tPleth\t0\t32\t")
    with open(os.path.join(path("slow"), "Wave.dat"), "w") as f:
        f.write(text)
    table = write_map(path("slow.csv"), [(a, "", "", 10000001, "", 80000001, 36500), (b, "", "", 10000002, "", 80000002, 36500)])
    texts = set()
    for jobs in (1, 2):
        out = fresh("slow-out")
        ran = build(path("slow"), out, "--jobs", jobs, map=table)
        texts.add(read(out, "errors.csv"))
    report.equal("a stay that cannot be built is refused in the same words each time", (ran.code, 1), (len(texts), 1),
                 (texts.pop().decode(), lambda t: t.startswith("item,code,message\nstay 1,") and "/" not in t),
                 (sorted(os.listdir(os.path.join(out, "waves", "p100"))), ["p10000002"]), (sums_hold(out), ""))
    ran = build(path("slow"), fresh("slow-out"), "--strict", map=table)
    report.equal("--strict ends with it", (ran.code in (3, 5), True), (os.path.exists(path("slow-out/manifest.json")), False))


# --- the autumn hour ----------------------------------------------------------------------------------------

def autumn():
    """The first 01:00 hour is stamped -05:00 instead of -04:00: repaired, it comes before the second."""
    m = Monitors()
    a = m.patient("Lindqvist", "Bett-01")
    night = datetime.datetime(2031, 11, 2)
    real = lambda minutes: night + datetime.timedelta(minutes=minutes)  # since midnight, time that passes
    for minute in range(0, 60, 10):
        m.numeric("Lindqvist", real(minute), "%d.00000" % minute, "-04:00")
    for minute in range(60, 180, 10):  # the clock shows 01:00 to 02:00 twice
        t = real(minute) if minute < 120 else real(minute - 60)
        m.numeric("Lindqvist", t + datetime.timedelta(microseconds=0), "%d.00000" % minute, "-05:00")
    m.rows.sort(key=lambda r: r[2][1])
    m.write(path("autumn"))
    table = write_map(path("autumn.csv"), [(a, "", "", 10000001, "", 80000001, 36500)])
    plain, out = fresh("plain"), fresh("repaired")
    build(path("autumn"), plain, map=table)
    ran = build(path("autumn"), out, "--repair-dst", "--json", map=table)
    row = read(out, "record_list.csv").decode().splitlines()[1].split(",")
    report.equal("timestamps of the autumn hour are repaired", (ran.code, 0), ('"moved_timestamps":' in ran.out, True),
                 (same(tree(plain), tree(out)) != [], True), (row[4], lambda s: s.endswith("00:00:00.000")))


# --- a full disk --------------------------------------------------------------------------------------------

def full_disk(days, table, want):
    out = fresh("full")
    words = "ulimit -f 40; exec %s wave build %s %s --map %s --annotations" % (HILUM, days, out, table)
    done = subprocess.run(["bash", "-c", "trap '' XFSZ; " + words], env=ENV, cwd=temp, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    again = build(days, out, "--annotations", "--resume", map=table)
    report.equal("a disk that takes no more is told, and --resume goes on", (ran.code, 4), (again.code, 1),
                 (same(tree(out), want), []))


golden()
days, table = made()
want = tree(whole(days, table))
threads_and_shards(days, table, want)
longest = kills(days, table, want)
day_by_day(days, table, want)
overlapping_exports(days, table, want)
killed_days(days, table, want, longest)
wrong_days(days, table)
usage(days, table)
admissions(days, table)
planted()
unbuildable()
autumn()
full_disk(days, table, want)
sys.exit(report.end())
