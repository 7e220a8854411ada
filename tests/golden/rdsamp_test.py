"""hilum wave cat --rdsamp and wave annotations --rdann beside the WFDB programs: their text, byte for byte."""
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


def fault(what, ran, want):
    got = hashlib.sha256(ran.out).hexdigest()
    return None if ran.code == 0 and got == want else "%s: exit %d, %s %s" % (what, ran.code, got, ran.err[:200])


def whole(row, folder):
    flags = row["command"].split()[3:]
    ran = hilum_data("wave", "cat", os.path.join(folder, row["record"]), "--rdsamp", " ".join(flags))
    return fault(row["record"] + " " + row["command"], ran, row["sha256_stdout"])


def window(row, folder):
    """Golden windows count samples, of the highest rate when highres: frames are what both have."""
    ran = hilum_data("wave", "cat", os.path.join(folder, row["record"]), "--from", "f" + row["from_frame"], "--to",
                     "f" + row["to_frame"], "--rdsamp", "-H" if row["highres"] == "1" else "")
    return fault("%s %s..%s" % (row["record"], row["from_frame"], row["to_frame"]), ran, row["sha256_rdsamp_stdout"])


def annotations(row, folder):
    words = row["command"].split()
    ran = hilum_data("wave", "annotations", os.path.join(folder, row["record"]), words[4], "--rdann",
                     " ".join(words[5:]))
    return fault(row["record"] + " " + row["command"], ran, row["sha256_stdout"])


def every(name, faults):
    faults = [f for f in faults if f]
    report.ok(name, not faults, faults[:10])


for golden, folder in ((".", "records"), ("mimic4like", "mimic4like")):
    printed = [r for r in rows(golden, "outputs.tsv") if r["command"].startswith("rdsamp") and r["exit"] == "0"]
    every("whole records of %s are printed as rdsamp prints them" % folder,
          [whole(r, os.path.join(WFDB, folder)) for r in printed])
listed = [r for r in rows("outputs.tsv") if r["command"].startswith("rdann") and r["exit"] == "0"]
every("annotations are printed as rdann prints them",
      [annotations(r, os.path.join(WFDB, "records")) for r in listed])
every("windows are printed as rdsamp prints them", [window(r, WFDB) for r in rows("windows.tsv")])
sys.exit(report.end())
