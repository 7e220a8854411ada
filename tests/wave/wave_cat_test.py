"""hilum wave cat and wave info as they are typed: text, arrays, numbers, signals, windows, refusals."""
import array
import json
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, ENV, HILUM, Report, hilum, hilum_data, read, temp

RECORDS = os.path.join(DATA, "wave", "records")
MIXED = os.path.join(RECORDS, "mixed", "mixedsignals")
ECG = os.path.join(RECORDS, "mixed", "100s")
LIKE = os.path.join(DATA, "wave", "mimic4like", "waves", "p109", "p10999001", "83000101", "83000101")
report = Report()


def put(name, content):
    with open(os.path.join(temp, name), "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return os.path.join(temp, name[:-4] if name.endswith(".hea") else name)


def words(*values):
    return array.array("h", values).tobytes()


def cat(record, *options):
    ran = hilum_data("wave", "cat", record, *options)
    if ran.code != 0:
        raise RuntimeError("wave cat %s %s: %s" % (record, options, ran.err))
    return ran.out


def numbers(kind, record, *options):
    return array.array(kind, cat(record, *options))


def refused(name, words, *lines, code=2):
    ran = hilum("wave", *words)
    report.equal(name, (ran.code, code), (ran.error, ["hilum: " + lines[0]] + ["       " + line for line in lines[1:]]),
                 (ran.out, ""))


# --- csv -------------------------------------------------------------------------------------------

put("c.dat", words(1, 2, 3, 4, -32768, 6, 7, 8, 9, 10))
record = put("c.hea", 'c 3 2 2\nc.dat 16x2 2(1)/mV 16 0 0 0 0 a,"b"\nc.dat 16 0/NU 16 0 0 0 0 II\nc.dat 16x2 -1/uV 16 0 0 0 0 x\n')
report.equal("a csv has a row at the highest rate and leaves cells empty between slower samples",
             (cat(record).decode(), 'time[s],"a,""b""[mV]",II[NU],x[uV]\n0.000000,0.0,0.015,-4.0\n0.250000,0.5,,\n'
                                    '0.500000,2.5,0.04,-9.0\n0.750000,3.0,,-10.0\n'),
             (cat(record, "--digital").decode(), 'time[s],"a,""b""[adu]",II[adu],x[adu]\n0.000000,1,3,4\n0.250000,2,,\n'
                                                 '0.500000,6,8,9\n0.750000,7,,10\n'))
report.equal("a row a frame holds means, a held row repeats",
             (cat(record, "--digital", "--rate", "frame").decode().splitlines()[1:], ["0.000000,2,3,", "0.500000,7,8,10"]),
             (cat(record, "--digital", "--rate", "frame", "--truncate").decode().splitlines()[1:],
              ["0.000000,1,3,", "0.500000,6,8,9"]),
             (cat(record, "--digital", "--rate", "held").decode().splitlines()[1:],
              ["0.000000,1,3,4", "0.250000,2,3,", "0.500000,6,8,9", "0.750000,7,8,10"]))
report.equal("other rates are lines upward and means downward; what is invalid stays so",
             (cat(record, "--rate", "8", "--signals", "II", "--digital").decode().splitlines()[1:],
              ["0.000000,3.0", "0.125000,4.25", "0.250000,5.5", "0.375000,6.75", "0.500000,8.0", "0.625000,8.0",
               "0.750000,8.0", "0.875000,8.0"]),
             (cat(record, "--rate", "1", "--digital").decode().splitlines()[1:], ["0.000000,4.0,5.5,"]))
report.equal("a window has the times of the record",
             (cat(record, "--from", "f1", "--signals", "II").decode(), "time[s],II[NU]\n0.500000,0.04\n"),
             (cat(record, "--from", "0.5", "--to", "e", "--signals", "#1").decode(), "time[s],II[NU]\n0.500000,0.04\n"))

# --- signals ---------------------------------------------------------------------------------------

report.equal("signals are chosen by name and index, in any order, twice",
             (cat(MIXED, "--signals", " Resp ,#0,ABP,#0", "--to", "f1", "--rate", "frame").decode().splitlines()[0],
              "time[s],Resp[Ohm],II[mV],ABP[mmHg],II[mV]"))
refused("a name that is not there is refused, and those that are told", ["cat", ECG, "--signals", "MLII,V6"],
        "record 100s has no signal 'V6'; it has MLII, V5")
refused("an index too high is refused", ["cat", ECG, "--signals", "#2"],
        "record 100s has no signal '#2'; it has MLII, V5")
refused("an empty name is refused", ["cat", ECG, "--signals", "V5,"], "record 100s has no signal ''; it has MLII, V5")
put("d.dat", words(1, 2))
record = put("d.hea", "d 2 1 1\nd.dat 16 1 16 0 0 0 0 V \nd.dat 16 1 16 0 0 0 0 V \n")
refused("a name of two signals is refused", ["cat", record, "--signals", "V"],
        "record d has more than one signal 'V'; it has V , V ", "Name it by its index: '#0', '#1', ...")

# --- arrays and numbers ----------------------------------------------------------------------------

try:
    import io

    import numpy
except ImportError:
    numpy = None
ints = numbers("i", MIXED, "--signals", "ABP", "--format", "i32")
doubles = numbers("d", MIXED, "--signals", "ABP", "--format", "f64")
singles = numbers("f", MIXED, "--signals", "ABP", "--format", "f32")
shorts = numbers("h", MIXED, "--signals", "ABP", "--format", "i16")
want = [math.nan if v == -32768 else (v - 800) / 16 for v in ints]
same = lambda a, b: len(a) == len(b) and all(x == y or (x != x and y != y) for x, y in zip(a, b))
report.equal("raw numbers of every kind are the same samples", (len(ints), 28800), (list(ints), list(shorts)),
             (same(doubles, want), True), (same(singles, array.array("f", want)), True))
head = cat(MIXED, "--rate", "frame", "--format", "npy", "--to", "f3")
report.equal("an array has the header of NumPy",
             (head[:128], b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 6), }".ljust(117) + b"\n"),
             (len(head), 128 + 72),
             (cat(MIXED, "--digital", "--signals", "II", "--format", "npy", "--to", "f1")[10:69],
              b"{'descr': '<i4', 'fortran_order': False, 'shape': (4,), }  "))
if numpy:
    x = numpy.load(io.BytesIO(cat(MIXED, "--rate", "held", "--format", "npy")))
    y = numpy.frombuffer(cat(MIXED, "--rate", "held", "--format", "f32"), "<f4").reshape(-1, 6)
    report.equal("NumPy loads it", (x.shape, (57600, 6)), (x.dtype, numpy.float32), (numpy.array_equal(x, y, equal_nan=True), True))
else:
    report.skip("NumPy loads it", "no NumPy")
refused("signals of different rates have no common rows", ["cat", MIXED, "--format", "f32"],
        "signals II and others have different rates: they have no common rows",
        "Use --rate frame, --rate HZ, or one signal at a time (--signals).")
ran = hilum_data("wave", "cat", os.path.join(RECORDS, "made", "deep"), "--format", "i16")
wide = numbers("i", os.path.join(RECORDS, "made", "deep"), "--format", "i32")
n = next(i for i, v in enumerate(wide) if not -32768 <= v < 32768)
report.equal("16 bits that do not hold a value end in front of it", (ran.code, 2),
             (list(array.array("h", ran.out)), list(wide[:n])),
             (ran.error, ["hilum: signal II has values beyond 16 bits", "       Use --format i32."]))
report.equal("values by the layout are the library's integers made physical",
             (same(numbers("d", LIKE, "--signals", "Pleth", "--format", "f64", "--map", "layout"),
                   [math.nan if v == -32768 else (v + 2048) / 4096
                    for v in numbers("i", LIKE, "--signals", "Pleth", "--format", "i32")]), True))

# --- windows and rates -----------------------------------------------------------------------------

refused("a window that ends before it begins is refused", ["cat", ECG, "--from", "5", "--to", "4"],
        "the window ends at frame 1440, where it begins or before (1800)")
refused("a window of nothing is refused", ["cat", ECG, "--from", "f5", "--to", "f5"],
        "the window ends at frame 5, where it begins or before (5)")
for text in ("0", "-5", "fast", "nan", "2e6", ""):
    refused("'%s' is no rate" % text, ["cat", ECG, "--rate", text], "--rate: '%s' is no rate" % text,
            "Allowed: native, frame, held, or Hz up to 1000000.")
refused("a rate beyond reason is refused", ["cat", ECG, "--rate", "1e-9"],
        "a rate of 1e-09 Hz is too low; at least 1e-05 Hz are supported")
refused("a time that is none is refused", ["cat", ECG, "--from", "noon"], "'noon' is no time",
        "Allowed: s1234 (samples), f1234 (frames), c1234.5 (counter), e (the end), seconds, M:S, H:M:S, [H:M:S], "
        "[H:M:S D], [H:M:S DD/MM/YYYY], YYYY-MM-DD HH:MM:SS.")
refused("a wall clock that the record has not is refused", ["cat", ECG, "--from", "[10:00:00]"],
        "record 100s has no wall clock: its header states no time")
report.equal("a window may end behind the record",
             (len(cat(ECG, "--from", "f21590", "--to", "f99999", "--format", "i16")), 40))

# --- as rdsamp -------------------------------------------------------------------------------------

put("p.dat", words(100, -32768, 300, 7))
record = put("p.hea", "p 2 2 2 9:59:59 24/12/2150\np.dat 16 200/mV 16 0 0 0 0 it's\np.dat 16 0(7)/millimetres\n")


def as_rdsamp(flags):
    return cat(record, "--rdsamp", flags).decode().splitlines()


report.equal("every form of time of rdsamp is known",
             (as_rdsamp(""), ["              0\t    100\t -32768", "              1\t    300\t      7"]),
             (as_rdsamp("-p -v"), ["   Elapsed time\t   it's\t  sig 1", "      (seconds)\t   (mV)\t(milli)",
                                   "          0.000\t  0.500\t      -", "          0.500\t  1.500\t  0.000"]),
             (as_rdsamp("-P -p -c"), ["0.000,0.50000000,-", "0.500,1.50000000,0.00000000"]),
             (as_rdsamp("-pe -v")[1:], ["   hh:mm:ss.mmm\t   (mV)\t(milli)", "       0:00.000\t  0.500\t      -",
                                        "       0:00.500\t  1.500\t  0.000"]),
             (as_rdsamp("-pd -v"), ["      Time      Date    \t   it's\t  sig 1",
                                    "(hh:mm:ss.mmm dd/mm/yyyy)\t   (mV)\t(milli)",
                                    "[09:59:59.000 24/12/2150]\t  0.500\t      -",
                                    "[09:59:59.500 24/12/2150]\t  1.500\t  0.000"]),
             (as_rdsamp("-ph")[1], "      0.0001389\t  1.500\t  0.000"),
             (as_rdsamp("-pm -c")[1], "0.00833,1.500,0.000"),
             (as_rdsamp("-pS -v")[:2], ["sample interval\t   it's\t  sig 1", "      (0.5 sec)\t   (mV)\t(milli)"]),
             (as_rdsamp("-c -pS -v")[1:3], ["'0.5 sec','mV','millimetres'", "0,0.500,-"]),
             (as_rdsamp("-c -v")[0], "'sample #','it\\'s','sig 1'"))
for flags in ("-x", "-pq", "-pdd", "p", "-"):
    refused("rdsamp has no %s" % flags, ["cat", record, "--rdsamp", flags], "--rdsamp: '%s' is not known" % flags,
            "Allowed: -c -v -H -p -P, these two also with d, e, h, m, s or S; the window and the signals have options "
            "of their own.")

# --- where it goes ---------------------------------------------------------------------------------

with subprocess.Popen([HILUM, "wave", "cat", ECG, "--rate", "5000"], env=ENV, stdin=subprocess.DEVNULL,
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
    first = process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    report.equal("nobody who reads on is no fault", (process.wait(60), 0), (first, b"time[s],MLII[mV],V5[mV]\n"), (err, b""))
out = os.path.join(temp, "out.csv")
ran = hilum("wave", "cat", ECG, "--to", "f2", "--out", out)
told = hilum("wave", "cat", ECG, "--to", "f2", "--out", out, "--json")
report.equal("a file gets what stdout gets", (ran.code, 0), (ran.out, out + ": 2 rows of 100s\n"),
             (read(out), cat(ECG, "--to", "f2")), (json.loads(told.out), {"rows": 2}))
put("s.dat", words(1, 2, 3))
short = put("s.hea", "s 1 250 5\ns.dat 16 200 16 0 0 0 0 a\n")
ran = hilum("wave", "cat", short, "--digital")
kept = hilum("wave", "cat", short, "--out", out)
report.equal("what stands in front of a fault is printed; a file is whole or not there", (ran.code, 3),
             (ran.out, "time[s],a[adu]\n0.000000,1\n0.004000,2\n0.008000,3\n"),
             (ran.error, ["hilum: %s.dat: the file ends after 3 frames, the header says 5" % short]), (kept.code, 3),
             (read(out), cat(ECG, "--to", "f2")), ([n for n in os.listdir(temp) if n.startswith(".tmp")], []))
refused("a record that is not there is refused", ["cat", os.path.join(temp, "none")],
        os.path.join(temp, "none.hea") + ": cannot open: no such file or folder", code=3)

# --- wave info -------------------------------------------------------------------------------------

about = json.loads(hilum("wave", "info", LIKE, "--json", "--segments").out)
report.equal("info tells what a record has", (about["layout"], "variable"), (about["n_frames"], 30000),
             (about["frame_hz"], 62.4725), (about["counter_hz"], 999.56), (about["start"], "2159-03-05 03:00:12.345"),
             (about["notes"], ["subject_id 10999001", "hadm_id 29999001"]),
             ([s["name"] for s in about["signals"]], ["II", "III", "V", "aVR", "ABP", "CVP", "Pleth", "Resp"]),
             (len(about["segments"]), 9))
sys.exit(report.end())
