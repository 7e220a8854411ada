"""hilum wave cat beside libwfdb and wfdb-python: stored samples and physical values of every record of the shared
data, signal by signal, by their digests."""
import array
import csv
import hashlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, SHARED, Report, hilum_data

# The whole reference set where it is there, else what of it ships with the tests.
WFDB = os.path.join(SHARED, "wfdb")
WFDB = WFDB if os.path.isdir(WFDB) else os.path.join(DATA, "wave")
report = Report()


def rows(*parts):
    with open(os.path.join(WFDB, "golden", *parts), newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def samples(row, folder):
    """What is wrong with one signal's stored samples; None: nothing."""
    ran = hilum_data("wave", "cat", os.path.join(folder, row["record"]), "--signals", "#" + row["signal"],
                     "--digital", "--rate", "native", "--format", "i32")
    if ran.code != 0:
        return "%s signal %s: exit %d, %s" % (row["record"], row["signal"], ran.code, ran.err[:200])
    values = array.array("i", ran.out)
    there = [v for v in values if v != -32768]
    got = (len(values), len(values) - len(there), hashlib.sha256(ran.out).hexdigest())
    want = (int(row["n_samples"]), int(row["n_invalid"]), row["sha256_int32le"])
    if got != want:
        return "%s signal %s: %s is not %s" % (row["record"], row["signal"], got, want)
    return None


def physical(row):
    """What is wrong with one signal's physical values beside wfdb-python's, which fills up behind a skew with NaN."""
    ran = hilum_data("wave", "cat", os.path.join(WFDB, row["record"]), "--signals", "#" + row["signal"], "--rate",
                     "native", "--format", "f64", "--pad-skew")
    if ran.code != 0:
        return "%s signal %s: exit %d, %s" % (row["record"], row["signal"], ran.code, ran.err[:200])
    got = hashlib.sha256(ran.out).hexdigest()
    if got != row["sha256_float64le_native"]:
        return "%s signal %s: %d of %s values, %s" % (row["record"], row["signal"], len(ran.out) // 8, row["n"], got)
    return None


def every(name, faults):
    faults = [f for f in faults if f]
    report.ok(name, not faults, faults[:10])


every("stored samples of every signal are libwfdb's",
      [samples(row, os.path.join(WFDB, "records")) for row in rows("samples.tsv")])
every("stored samples of every signal of the database are libwfdb's",
      [samples(row, os.path.join(WFDB, "mimic4like")) for row in rows("mimic4like", "samples.tsv")])
every("physical values are wfdb-python's, bit for bit", [physical(row) for row in rows("python_physical.tsv")])
sys.exit(report.end())
