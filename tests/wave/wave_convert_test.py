"""hilum wave convert: samples there and back through every format, and what other programs read of it."""
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, QUICK, ROOT, SANITIZED, SHARED, Report, hilum, hilum_data, read, temp

RECORDS = os.path.join(DATA, "wave", "records")
MORE = os.path.join(SHARED, "wfdb", "records")
LIKE = os.path.join(DATA, "wave", "mimic4like", "waves", "p109")
FORMATS = {8: (-2**31 + 1, 2**31 - 1), 16: (-32767, 32767), 24: (-2**23 + 1, 2**23 - 1), 32: (-2**31 + 1, 2**31 - 1),
           61: (-32767, 32767), 80: (-127, 127), 160: (-32767, 32767), 212: (-2047, 2047), 310: (-511, 511),
           311: (-511, 511), 508: (-127, 127), 516: (-32767, 32767), 524: (-2**23 + 1, 2**23 - 1)}
INVALID = -2**31
VENV = os.path.join(ROOT, "bench", "work", "venv", "bin", "python")
RDSAMP = os.environ.get("HILUM_RDSAMP") or shutil.which("rdsamp")
report = Report()
turn = [0]


# --- helpers ---------------------------------------------------------------------------------------


def path(*parts):
    return os.path.join(temp, *parts)


def fresh(name="r"):
    """A record name in a folder of its own."""
    turn[0] += 1
    return path("out%d" % turn[0], name)


def put(name, content):
    at = path("in", name)
    os.makedirs(os.path.dirname(at), exist_ok=True)
    with open(at, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return at


def info(record):
    return json.loads(hilum("wave", "info", record, "--json").out)


def samples(record, signal, *options):
    """All samples of a signal at its own rate. Invalid ones as INVALID: csv tells them from a -32768."""
    ran = hilum_data("wave", "cat", record, "--signals", "#%d" % signal, "--digital", *options)
    if ran.code != 0:
        raise RuntimeError("wave cat %s: %s" % (record, ran.err))
    cells = (line.rpartition(b",")[2] for line in ran.out.splitlines()[1:])
    return [int(c) if c else INVALID for c in cells]


def all_samples(record, *options):
    return [samples(record, s, *options) for s in range(len(info(record)["signals"]))]


def physical(record, n, *options):
    return [hilum_data("wave", "cat", record, "--signals", "#%d" % s, "--format", "f64", *options).out
            for s in range(n)]


def can_hold(values, number):
    low, high = FORMATS[number]
    for v in values:
        if number == 8 and (INVALID in v or any(abs(b - a) > 127 for a, b in zip(v, v[1:]))):
            return False
        if any((x < low or x > high) and x != INVALID for x in v):
            return False
    return True


def npy(name, dtype, shape, data, fortran=False):
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (dtype, fortran, shape)
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return put(name, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


def refused(name, words, *parts, code=2):
    ran = hilum("wave", "convert", *words)
    text = "\n".join(ran.error)
    report.equal(name, (ran.code, code), *[(text, lambda t, p=p: p in t) for p in parts])


def every(name, faults):
    faults = [f for f in faults if f]
    report.ok(name, not faults, faults[:10])


def there(names):
    """The paths of those records that are there."""
    found = [os.path.join(folder, n) for n in names for folder in (RECORDS, MORE)]
    return list({os.path.basename(f): f for f in reversed(found) if os.path.exists(f + ".hea")}.values())[::-1]


# --- records there and back ------------------------------------------------------------------------

SINGLE = ["formats/310derive", "formats/310derive_2", "formats/310derive_3", "formats/311derive_3", "formats/binformats",
          "formats/flacformats", "mixed/100s", "mixed/3000003_0003", "mixed/mixedsignals", "mixed/test01_00s",
          "mixed/test01_00s_frame", "mixed/test01_00s_skew", "mixed/test01_00s_skewframe", "mixed/100_3chan", "made/const",
          "made/deep", "made/eight", "made/narrow", "made/offs", "made/stereo", "made/twice", "made/zero",
          "multi/041s/041s"] + ["made/inv%d" % f for f in (16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516, 524)]
LARGE = ["mixed/100", "mixed/100skew", "mixed/100-no-len", "mixed/03700181", "multi/fixed1/v102s"]


def to_wfdb(record, source, number, *options):
    """A fault in words, or None."""
    out = fresh()
    words = ["wave", "convert", record, out] + (["--format", number] if number else []) + list(options)
    ran = hilum(*words)
    if ran.code != 0:
        return "%s to %s: %s" % (record, number, ran.err)
    if all_samples(out) != source:
        return "%s to %s: other samples" % (record, number)
    check = hilum("wave", "info", out)
    return None if check.code == 0 else "%s to %s: %s" % (record, number, check.err)


def refusal(record, number):
    out = fresh()
    ran = hilum("wave", "convert", record, out, "--format", number)
    if ran.code != 2 or "signal " not in ran.err or "format %d" % number not in ran.err:
        return "%s to %d: exit %d, %s" % (record, number, ran.code, ran.err)
    left = os.listdir(os.path.dirname(out))
    return "%s to %d leaves %s" % (record, number, left) if left else None


def through_formats():
    kept, told = [], []
    for record in there(SINGLE):
        values = all_samples(record)
        kept.append(to_wfdb(record, values, None))
        for number in FORMATS:
            if can_hold(values, number):
                kept.append(to_wfdb(record, values, number))
            else:
                told.append(refusal(record, number))
    every("samples stay what they are in every format that holds them", kept)
    every("a format that cannot hold a sample is refused, and nothing is left", told)
    large = there(LARGE)
    if SANITIZED or QUICK or not large:
        report.skip("half an hour, skews and records of segments stay what they are", "it takes long, or they are not there")
        return
    every("half an hour, skews and records of segments stay what they are",
          [to_wfdb(r, all_samples(r), f) for r in large for f in (None, 524)])


def bits(record):
    """Physical values as bits, zeros of both signs alike."""
    n = len(info(record)["signals"])
    return [b.replace(struct.pack("<d", -0.0), struct.pack("<d", 0.0)) for b in physical(record, n)]


def through_tables():
    faults = []
    for record in there(SINGLE):
        name = os.path.basename(record)
        if "skew" in name or name in ("zero", "binformats"):
            continue
        table, back = fresh("t") + ".csv", fresh()
        wide = any(s["format"] in (24, 32, 524) for s in info(record)["signals"])
        for words in ([record, table], [table, back, "--format", 32 if wide else 16]):
            ran = hilum("wave", "convert", *words)
            if ran.code:
                faults.append("%s: %s" % (name, ran.err))
        want, got = bits(record), bits(back)
        faults += ["%s, signal %d: other values; %s" % (name, i, ran.out)
                   for i in range(len(want)) if got[i][:len(want[i])] != want[i]]
    every("values go through csv and back, to the last bit", faults)
    faults = []
    for record in there(SINGLE):
        name, about = os.path.basename(record), info(record)
        if "skew" in name or len({s["samples_per_frame"] for s in about["signals"]}) > 1 or name == "zero":
            continue
        for digital in (False, True):
            table, back = fresh("t") + ".npy", fresh()
            if digital:
                ran = hilum("wave", "cat", record, "--format", "npy", "--digital", "--out", put("x", "") + ".npy")
                shutil.copy(path("in", "x.npy"), path("in", os.path.basename(name) + ".npy"))
                table = path("in", os.path.basename(name) + ".npy")
            else:
                ran = hilum("wave", "convert", record, table)
            wide = any(s["format"] in (24, 32, 524) for s in about["signals"])
            if ran.code == 0:
                ran = hilum("wave", "convert", table, back, "--rate", about["signals"][0]["rate_hz"], "--format",
                            32 if wide else 16)
            if ran.code:
                faults.append("%s: %s" % (name, ran.err))
            elif digital:
                want = [[INVALID if x == -32768 else x for x in v] for v in all_samples(record)]
                if all_samples(back) != want:
                    faults.append("%s: other adu" % name)
            else:
                want = [hilum_data("wave", "cat", record, "--signals", "#%d" % s, "--format", "f32").out
                        for s in range(len(about["signals"]))]
                got = [hilum_data("wave", "cat", back, "--signals", "#%d" % s, "--format", "f32").out
                       for s in range(len(about["signals"]))]
                zero = struct.pack("<f", -0.0), struct.pack("<f", 0.0)
                if [w.replace(*zero) for w in want] != [g.replace(*zero) for g in got]:
                    faults.append("%s: other values; %s" % (name, ran.out))
    every("values and adu go through npy and back", faults)


def through_edf():
    faults = []
    for record in there(SINGLE):
        name, values = os.path.basename(record), all_samples(record, "--pad-skew")
        if any(s["format"] in (24, 32, 524, 0) for s in info(record)["signals"]):
            continue
        edf, back = fresh("t") + ".edf", fresh()
        ran = hilum("wave", "convert", record, edf)
        if ran.code == 0:
            ran = hilum("wave", "convert", edf, back)
        if ran.code:
            faults.append("%s: %s" % (name, ran.err))
            continue
        got = all_samples(back)
        for i, v in enumerate(values):
            if got[i][:len(v)] != v or any(x != INVALID for x in got[i][len(v):]):
                faults.append("%s, signal %d: other samples" % (name, i))
    every("samples go through EDF and back; what fills the last data record is invalid", faults)


def golden_edf():
    out = fresh("x") + ".edf"
    ran = hilum("wave", "convert", os.path.join(RECORDS, "mixed/100s"), out, "--mit2edf")
    want, got = read(RECORDS, "edf", "100s_mit2edf.edf"), read(out)
    # That file has the time at which it was made: this record has none.
    report.equal("--mit2edf writes the bytes of mit2edf", (ran.code, 0), (got[:168], want[:168]), (got[184:], want[184:]),
                 (got[168:184], b"01.01.8500.00.00"))


# --- headers, segments, times ----------------------------------------------------------------------


def header_of(record):
    return read(record + ".hea").decode()


def keeps_headers():
    record, out = os.path.join(RECORDS, "mixed/mixedsignals"), fresh("mix")
    ran = hilum("wave", "convert", record, out)
    report.equal("files, gains and checksums are those of the input", (ran.code, 0),
                 (sorted(os.listdir(os.path.dirname(out))), ["mix.hea", "mix_e.dat", "mix_p.dat", "mix_r.dat"]),
                 ([l.split()[:5] + l.split()[6:] for l in header_of(out).splitlines()[1:]],
                  [l.replace("mixedsignals_", "mix_").split()[:5] + l.split()[6:]
                   for l in header_of(record).splitlines()[1:]]))
    out, source = fresh("sk"), os.path.join(RECORDS, "mixed/test01_00s_skewframe")
    hilum("wave", "convert", source, out)
    report.equal("a skew stays, and so does what it skips", (header_of(out).splitlines()[1].split()[1], "16:3"),
                 (header_of(out).splitlines()[0], "sk 3 500 4000"),
                 ([l.split()[6] for l in header_of(out).splitlines()[1:4]], ["114", "822", "65135"]),
                 (all_samples(out), all_samples(source)))
    out = fresh("sk")
    ran = hilum("wave", "convert", source, out, "--deskew")
    report.equal("or it is taken out, and the report says so", (header_of(out).splitlines()[1].split()[1], "16"),
                 (ran.out, lambda t: "a skew of 3 frames was taken out of signal 0" in t),
                 (all_samples(out), all_samples(source, "--pad-skew")))
    out = fresh("f")
    hilum("wave", "convert", source, out, "--format", "516")
    report.equal("FLAC files hold signals of one rate",
                 ([l.split()[:2] for l in header_of(out).splitlines()[1:4]],
                  [["f_0.dat", "516:3"], ["f_1.dat", "516x2"], ["f_2.dat", "516"]]))
    out, source = fresh("w"), os.path.join(LIKE, "p10999001", "83000101", "83000101_0001")
    hilum("wave", "convert", source, out, "--from", "f100", "--to", "f287", "--signals", "#1,#0")
    report.equal("a window has its own counter, and the signals that were asked for",
                 (header_of(out).splitlines()[0].split()[:2], ["w", "2"]),
                 ([samples(out, i) for i in (0, 1)], [samples(source, i, "--from", "f100", "--to", "f287") for i in (1, 0)]))
    for source in there(["mixed/03700181"]):
        out = fresh("w")
        hilum("wave", "convert", source, out, "--from", "10.5", "--to", "12", "--signals", "#1,#0")
        report.equal("... and its own start", (header_of(out).splitlines()[0], "w 2 125 187 17:27:55.504 15/08/1994"),
                     ([l.split(None, 8)[8] for l in header_of(out).splitlines()[1:]], ["ABP ", "MCL1 "]),
                     (samples(out, 0), samples(source, 1, "--from", "f1313", "--to", "f1500")))
    nine = put("nine.csv", "time[s]," + ",".join("s%d" % i for i in range(9)) + "\n" +
               "".join("%g,%s\n" % (i / 10, ",".join(str(i + k) for k in range(9))) for i in range(20)))
    out = fresh("n")
    hilum("wave", "convert", nine, out, "--format", "516", "--fast")
    report.equal("... and eight of them at most",
                 ([l.split()[0] for l in header_of(out).splitlines()[1:]], ["n_0.dat"] * 8 + ["n_1.dat"]))


def keeps_segments():
    record, out = os.path.join(LIKE, "p10999001", "83000101", "83000101"), fresh("83000101")
    ran = hilum("wave", "convert", record, out)
    masters = [header_of(r).replace("\r", "") for r in (record, out)]
    layouts = [header_of(r + "_0000").replace("\r", "") for r in (record, out)]
    report.equal("a variable layout stays one: master, layout and segments", (ran.code, 0), masters, layouts,
                 (all_samples(out), all_samples(record)),
                 (sorted(f for f in os.listdir(os.path.dirname(out))),
                  sorted(f for f in os.listdir(os.path.dirname(record)) if not f.endswith(".gz"))))
    out = fresh("v")
    ran = hilum("wave", "convert", record, out, "--format", "16", "--from", "f6000", "--to", "f26000", "--signals", "ABP,II")
    report.equal("a window of it too, in another format, of some signals", (ran.code, 0), (info(out)["n_frames"], 20000),
                 (all_samples(out), [samples(record, s, "--from", "f6000", "--to", "f26000") for s in (
                     [x["name"] for x in info(record)["signals"]].index("ABP"),
                     [x["name"] for x in info(record)["signals"]].index("II"))]),
                 (info(out)["layout"], "variable"))
    for other in there(["multi/s25047/s25047-2704-05-04-10-44"]):
        out = fresh("v")
        ran = hilum("wave", "convert", other, out, "--format", "508")
        report.equal("segments keep their own gains", (ran.code, 0), (all_samples(out), all_samples(other)),
                     (physical(out, 3), physical(other, 3)))
        out = fresh("v")
        ran = hilum("wave", "convert", other, out, "--segment-seconds", "1000", "--format", "16")
        report.equal("as one layout they are scaled to the layout's, and the report says so", (ran.code, 0),
                     (ran.out, lambda t: "were scaled to the layout's and rounded" in t),
                     (all_samples(out), all_samples(other)), (info(out)["layout"], "fixed"))
    out, source = fresh("seg"), os.path.join(RECORDS, "mixed/mixedsignals")
    ran = hilum("wave", "convert", source, out, "--segment-seconds", "60", "--json")
    report.equal("segments of one length", (ran.code, 0), (json.loads(ran.out)["segments"], 4),
                 ([l for l in header_of(out).splitlines()],
                  ["seg/4 6 62.4725/999.56 14400", "seg_0001 3748", "seg_0002 3748", "seg_0003 3748", "seg_0004 3156"]),
                 (all_samples(out), all_samples(source)))


def takes_annotations():
    source, out = os.path.join(RECORDS, "mixed/100s"), fresh("a")
    ran = hilum("wave", "convert", source, out, "--annotations", "atr")
    report.equal("annotations go along to WFDB", (ran.code, 0), (read(out + ".atr"), read(source + ".atr")))
    out = fresh("a")
    hilum("wave", "convert", source, out, "--annotations", "atr", "--from", "10", "--to", "20")
    rows = [[l.split(",") for l in hilum("wave", "annotations", r, "atr").out.splitlines()[1:]] for r in (source, out)]
    there = [r for r in rows[0] if 3600 <= int(r[1]) < 7200]
    report.equal("... by the window's own time", (len(there), 12), ([r[2:] for r in rows[1]], [r[2:] for r in there]),
                 ([int(r[1]) for r in rows[1]], [int(r[1]) - 3600 for r in there]))
    edf, back = fresh("a") + ".edf", fresh("b")
    hilum("wave", "convert", source, edf, "--annotations", "atr")
    hilum("wave", "convert", edf, back, "--annotations", "edf")
    rows = [hilum("wave", "annotations", *w).out.splitlines()[1:] for w in ((source, "atr"), (edf,), (back, "edf"))]
    aux = [[l.split(",")[6] for l in r] for r in rows]
    report.equal("annotations go along to EDF+ and back", (len(rows[0]), len(rows[1])), (aux[1], aux[2]),
                 ([l.split(",")[0] for l in rows[0]], [l.split(",")[0] for l in rows[1]]), (aux[1][:3], ["+ (N", "N", "N"]))


# --- other readers ---------------------------------------------------------------------------------

READER = r'''
import json, sys
import numpy as np
import wfdb
for line in sys.stdin:
    record, values = json.loads(line)
    fault = ""
    try:
        r = wfdb.rdrecord(record, physical=False, smooth_frames=False, return_res=32)
        got = r.e_d_signal
        for i, want in enumerate(values):
            want = np.array(want, dtype=np.int64)
            have = np.asarray(got[i], dtype=np.int64)
            if len(want) != len(have):
                fault += "signal %d has %d samples, not %d; " % (i, len(have), len(want))
                continue
            bad = (want != have) & (want != -2**31)
            if bad.any():
                k = int(np.flatnonzero(bad)[0])
                fault += "signal %d differs at %d: %d, not %d; " % (i, k, have[k], want[k])
        p = wfdb.rdrecord(record, smooth_frames=False, return_res=64)
        for i, want in enumerate(values):
            nan = np.isnan(p.e_p_signal[i])
            if p.fmt[i] != "8" and (nan != (np.array(want) == -2**31)).any():
                fault += "signal %d has other invalid samples; " % i
    except Exception as e:
        fault = "%s: %s" % (type(e).__name__, e)
    print(json.dumps(fault), flush=True)
'''


def python_with_wfdb():
    for python in (VENV, sys.executable):
        if os.path.exists(python) and subprocess.call([python, "-c", "import wfdb, soundfile"],
                                                      stderr=subprocess.DEVNULL) == 0:
            return python
    return None


def for_others(python_lacks=None):
    """Records that hilum wrote, and their samples: each source in every format that holds it."""
    for record in there(["formats/310derive_3", "mixed/test01_00s_frame", "mixed/100_3chan", "made/inv80", "made/inv212",
                         "made/deep"]):
        name = os.path.basename(record)
        values = all_samples(record)
        for number in FORMATS:
            if number != python_lacks and can_hold(values, number):
                out = fresh("r%d" % number)
                if hilum("wave", "convert", record, out, "--format", number).code == 0:
                    yield name, number, out, values


def read_by_python():
    python = python_with_wfdb()
    if not python:
        report.skip("wfdb-python reads the same samples", "wfdb-python is not there")
        return
    jobs = list(for_others(61))  # wfdb-python fails at any file of format 61
    lines = "".join(json.dumps([out, values]) + "\n" for _, _, out, values in jobs)
    done = subprocess.run([python, "-W", "ignore", "-c", READER], input=lines.encode(), stdout=subprocess.PIPE)
    faults = [json.loads(l) for l in done.stdout.decode().splitlines()]
    every("wfdb-python reads the same samples", ["%s as %d: %s" % (j[0], j[1], f) for j, f in zip(jobs, faults) if f] +
          ([] if len(faults) == len(jobs) else ["%d of %d records" % (len(faults), len(jobs))]))


def rdsamp(record, *flags):
    return subprocess.run([RDSAMP, "-r", os.path.basename(record)] + list(flags), cwd=os.path.dirname(record),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, WFDB="."))


def read_by_libwfdb():
    if not RDSAMP:
        report.skip("libwfdb reads the same samples", "rdsamp is not there")
        return
    faults = []
    multi = fresh("seg")
    hilum("wave", "convert", os.path.join(RECORDS, "mixed/mixedsignals"), multi, "--segment-seconds", "50")
    variable = fresh("var")
    hilum("wave", "convert", os.path.join(LIKE, "p10999001", "83000101", "83000101"), variable, "--format", "16")
    skewed = fresh("skew")
    hilum("wave", "convert", os.path.join(RECORDS, "mixed/test01_00s_skewframe"), skewed, "--format", "212")
    others = [("segments", 0, multi, None), ("variable", 0, variable, None), ("skew", 0, skewed, None)]
    for name, number, out, _ in list(for_others()) + others:
        flags = ["-H"]
        theirs = rdsamp(out, *flags)
        ours = hilum_data("wave", "cat", out, "--rdsamp", " ".join(flags))
        if theirs.returncode or theirs.stderr or theirs.stdout != ours.out:
            faults.append("%s as %d: %s %s" % (name, number, theirs.returncode, theirs.stderr[:200]))
    every("libwfdb reads the same samples, without a complaint", faults)


# --- tables ----------------------------------------------------------------------------------------


def tables():
    csv = put("a.csv", "time[s],II[mV],note b[mmHg],c\n0,1.5,80,nan\n0.5,,81.25,NaN\n1,-0.25,82,\n")
    out = fresh("t")
    ran = hilum("wave", "convert", csv, out, "--json")
    report.equal("a table of numbers becomes a record", (ran.code, 0),
                 (header_of(out), "t 3 2 3\nt.dat 16 4/mV 16 0 6 32773 0 II\nt.dat 16 4/mmHg 16 0 320 973 0 note b\n"
                                  "t.dat 16 200/mV 16 0 -32768 32768 0 c\n"),
                 (all_samples(out), [[6, INVALID, -1], [320, 325, 328], [INVALID] * 3]),
                 (json.loads(ran.out)["notes"], lambda n: "II: gain 4/mV, every value as it was" in n))
    out = fresh("t")
    ran = hilum("wave", "convert", csv, out, "--gain", "10", "--signals", "#1,II", "--units", "kPa,uV", "--format", "24")
    report.equal("columns, units and gain are the user's if he says so", (ran.code, 0),
                 ([l.split(None, 8)[1:3] + [l.split(None, 8)[8]] for l in header_of(out).splitlines()[1:]],
                  [["24", "10/kPa", "note b"], ["24", "10/uV", "II"]]), (all_samples(out), [[800, 813, 820], [15, INVALID, -3]]),
                 (ran.out, lambda t: "II: gain 10/uV, 1 values rounded, by 0.05 uV at most" in t))
    out = fresh("t")
    packed = put("a.csv.gz", gzip.compress(read(csv)))
    hilum("wave", "convert", packed, out, "--signals", "note b")
    report.equal("gzip is undone", (all_samples(out), [[320, 325, 328]]))
    out = fresh("t")
    ran = hilum("wave", "convert", put("n.csv", "x[adu]\n-32768\nnan\n70000\n"), out, "--rate", "10", "--format", "24")
    report.equal("columns of adu are stored as they are", (all_samples(out), [[-32768, INVALID, 70000]]),
                 (header_of(out).splitlines()[1].split()[2], "0/mV"))
    wild = [0.1 * i * i - 7 / (i + 1) for i in range(1000)]
    out = fresh("t")
    ran = hilum("wave", "convert", put("w.csv", "x\n" + "".join("%r\n" % v for v in wild)), out, "--rate", "100")
    got = struct.unpack("<1000d", physical(out, 1)[0])
    step = (max(wild) - min(wild)) / 30000
    report.equal("values without a step use the range of the format, and the report has the rounding",
                 (all(abs(a - b) < step for a, b in zip(wild, got)), True), (ran.out, lambda t: "values rounded, by" in t))
    big = b"".join(struct.pack(">h", v) for v in (1, 2, 3, -32768, 5, 6))
    shape = {"c": "(3, 2)", "f": "(3, 2)"}
    got = []
    for order, fortran in (("c", False), ("f", True)):
        out = fresh("t")
        hilum("wave", "convert", npy(order + ".npy", ">i2", shape[order], big, fortran), out, "--rate", "1")
        got.append(all_samples(out))
    report.equal("arrays of either order, big-endian too",
                 (got, [[[1, 3, 5], [2, INVALID, 6]], [[1, 2, 3], [INVALID, 5, 6]]]))
    edf = fresh("t") + ".edf"
    ran = hilum("wave", "convert", csv, edf)
    report.equal("a table becomes EDF", (ran.code, 0), (samples(edf, 0)[:3], [6, INVALID, -1]))
    none = put("none.csv", "time[s],II\n" + "".join("%g,\n" % (i / 4) for i in range(9)))
    out = fresh("t")
    report.equal("a signal without one valid sample is no fault", (hilum("wave", "convert", none, out).code, 0),
                 (all_samples(out), [[INVALID] * 9]))


def bad_tables():
    def bad(name, text, *parts, code=3, rate=(), file="bad.csv"):
        refused(name, [put(file, text), fresh("b")] + list(rate), *parts, code=code)

    bad("a ragged row is refused by its line", "time[s],a\n0,1\n1,2,3\n", "bad.csv:3:")
    bad("a text cell is refused by line and column", "time[s],a,b\n0,1,2\n1,2,x1\n", "bad.csv:3: column b: 'x1' is no number")
    bad("an infinite cell too", "time[s],a\n0,inf\n", "bad.csv:2: column a: 'inf' is infinite")
    bad("times that go back are refused", "time[s],a\n0,1\n1,2\n0.5,3\n", "bad.csv:4: column time[s]: 0.5 s is not behind 1 s")
    bad("irregular times are refused", "time[s],a\n0.00,1\n0.01,2\n0.02,3\n0.07,4\n",
        "bad.csv:5: column time[s]: 0.07 s is 0.05 s behind the row before, the first step was 0.01 s",
        "Rows must be evenly spaced: leave cells empty where nothing was measured.")
    bad("times that do not go with --rate are refused", "time[s],a\n0.00,1\n0.01,2\n0.02,3\n",
        "bad.csv:4: column time[s]: 0.02 s, but row 2 at 50 rows a second is at 0.04 s", rate=["--rate", "50"])
    bad("a row without a time is refused", "time[s],a\n0,1\n,2\n", "bad.csv:3: column time[s]: there is no time")
    bad("a table without names is refused", "0,1\n1,2\n", "the first line holds numbers; names of the columns were expected",
        "Put a line in front, as in: time[s],II[mV],ABP[mmHg]")
    bad("a blank line of one column is refused", "a\n1\n\n3\n", "bad.csv:3: the line is blank",
        "Write nan for what was not measured.", rate=["--rate", "1"])
    bad("no rows", "time[s],a\n", "there are no rows")
    bad("nothing but a time", "time[s]\n1\n", "there is no column but the time")
    bad("a fraction is no adu", "time[s],a[adu]\n0,1\n1,1.5\n", "bad.csv:3: column a[adu]: 1.5 is no adu of 32 bits")
    bad("an empty file", "", "the file is empty")
    bad("a table without times needs a rate", "a\n1\n", "does not say how many rows are a second", "Give --rate HZ.", code=2)
    bad("one row has no rate", "time[s],a\n0,1\n", "has one row: its rate does not show", code=2)
    bad("adu beyond the format", "time[s],a[adu]\n0,1\n1,40000\n",
        "signal 0 (a), frame 1: 40000 does not fit into format 16 (-32767 to 32767)",
        "Take a wider format: 16, 24 or 32 (in FLAC 516 or 524).", code=2)
    bad("a gain that is too large", "time[s],a\n0,1\n1,4\n", "signal 0 (a), frame 1: 40000 does not fit", code=2,
        rate=["--gain", "10000"])
    bad("... by far", "time[s],a\n0,1\n1,1e300\n", "bad.csv:3: column a: 1e+300 at a gain of 10000 is beyond 32 bits",
        rate=["--gain", "10000"])
    bad("what was not measured, in a format without a code for it", "time[s],a\n0,1\n1,\n",
        "signal 0 (a), frame 1: was not measured, and format 8 has no code for that",
        "Take another format: --format 16, for example.", code=2, rate=["--format", "8"])
    bad("a step that format 8 cannot make", "time[s],a[adu]\n0,1\n1,128\n2,255\n3,128\n4,-1\n",
        "signal 0 (a), frame 4: from 128 to -1 is more "
        "than a step of format 8 (-128 to 127)", code=2, rate=["--format", "8"])
    bad("units for other numbers of signals", "time[s],a,b\n0,1,1\n1,2,2\n", "--units V,A,K: 3 units for 2 signals", code=2,
        rate=["--units", "V,A,K"])
    bad("a column that is not there", "time[s],a,b\n0,1,1\n1,2,2\n", "has no column 'c'", code=2, rate=["--signals", "a,c"])

    def bad_npy(name, dtype, shape, data, *parts, code=3, rate=("--rate", "1")):
        refused(name, [npy("bad.npy", dtype, shape, data), fresh("b")] + list(rate), *parts, code=code)

    bad_npy("other types of arrays are refused", "<i8", "(2,)", b"\0" * 16,
            "the array holds <i8; int16, int32 (adu), float32 and float64 (physical units) are taken", "Change it with astype().")
    bad_npy("arrays of three dimensions too", "<f4", "(1, 1, 1)", b"\0" * 4,
            "the array has 3 dimensions; (rows, signals) or (rows,) was expected")
    bad_npy("a cut array", "<f4", "(100,)", b"\0" * 4, "bad.npy")
    bad_npy("an array turned the wrong way", "<f4", "(1, 5000)", b"\0" * 20000, "5000 columns; at most 4096 are read",
            "An array is (rows, signals): is it turned?", code=5)
    bad_npy("an array without columns", "<f4", "(5, 0)", b"", "the array has no columns")
    bad_npy("an infinite value", "<f4", "(2,)", struct.pack("<ff", 1, float("inf")), "row 1, column 0: the value is infinite")
    bad_npy("an array needs a rate", "<f4", "(2,)", b"\0" * 8, "Give --rate HZ.", code=2, rate=())


# --- the command -----------------------------------------------------------------------------------


def bad_calls():
    csv = put("ok.csv", "time[s],a\n0,1\n1,2\n")
    for name in ("x y", "x.y", "..", "-x", "r;ls", "\u00e4"):
        refused("'%s' is no name of a record" % name, [csv, path("q", name)], "is no name of a WFDB record")
    refused("nothing goes to a server", [csv, "http://127.0.0.1:9/x"], "nothing is written to a server")
    refused("BDF is not written", [csv, path("q.bdf")], "BDF is not written")
    out = fresh("once")
    hilum("wave", "convert", csv, out)
    before = read(out + ".hea"), read(out + ".dat")
    refused("what is there already stays", [csv, out], "once.hea is there already", "Remove it, or give another name.")
    os.remove(out + ".hea")
    refused("a signal file too", [csv, out], "once.dat is there already")
    report.equal("... as it was", (read(out + ".dat"), before[1]))
    refused("a table becomes no table", [csv, path("q.npy")], "it becomes a WFDB record or an EDF file, not another table")
    for words, text in ((["--fast"], "--fast is for FLAC, and no signal becomes one"),
                        (["--exact-rate"], "--exact-rate is for NAME.edf as output"),
                        (["--from", "1"], "--from and --to are for records as input"),
                        (["--annotations", "atr"], "--annotations is for records as input"),
                        (["--rate", "0"], "--rate: '0' is no number above 0"),
                        (["--format", "15"], "15")):
        refused("%s has no place here" % " ".join(words), [csv, fresh("o")] + words, text)
    refused("a record that is not there", [path("none"), fresh("o")], "none.hea", code=3)
    source = os.path.join(RECORDS, "mixed/mixedsignals")
    refused("--rate is not for records", [source, fresh("o"), "--rate", "5"], "--rate is for csv and npy as input")
    refused("a signal that is not there", [source, fresh("o"), "--signals", "XX"], "has no signal 'XX'; it has II, III, V")
    refused("a window outside", [source, fresh("o"), "--from", "1000"], "is not within record mixedsignals")
    refused("an array has one rate", [source, fresh("o") + ".npy"], "have different rates: an array has one row for both")
    refused("annotations that are not there", [source, fresh("o"), "--annotations", "zz"], "mixedsignals.zz", code=3)


def full_disk():
    folder = path("small")
    os.makedirs(folder)
    if os.geteuid() != 0 or subprocess.call(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
                                            stderr=subprocess.DEVNULL) != 0:
        report.skip("a full disk is an error, and nothing is left", "mounting needs root")
        return
    csv = put("long.csv", "time[s],a\n" + "".join("%g,%d\n" % (i / 100, i % 997) for i in range(60000)))
    try:
        ran = hilum("wave", "convert", csv, os.path.join(folder, "r"))
        segments = hilum("wave", "convert", csv, os.path.join(folder, "s"), "--segment-seconds", "100")
        report.equal("a full disk is an error, and nothing is left", (ran.code, 4), (segments.code, 4),
                     (ran.err, lambda t: "small/" in t), (os.listdir(folder), []))
    finally:
        subprocess.call(["umount", folder])


tables()
bad_tables()
bad_calls()
full_disk()
through_formats()
through_tables()
through_edf()
golden_edf()
keeps_headers()
keeps_segments()
takes_annotations()
read_by_python()
read_by_libwfdb()
sys.exit(report.end())
