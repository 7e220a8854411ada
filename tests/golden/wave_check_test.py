"""hilum wave check beside wfdbcheck: every line of its output on the malformed records and on the records of the shared
data stands in ours, except those that EXCEPT and SAID_BETTER list with a reason."""
import gzip
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import SHARED, Report, hilum

WFDB = os.path.join(SHARED, "wfdb")
report = Report()

# Wherever they come: (what wfdbcheck says, what stands in its place).
SAID_BETTER = [
    # the limits of its integers, where it saw no sample
    (r"\(II\) (.*): signal range \(2147483647, -2147483648\) < .*", r"(II) \1: no sample was measured"),
]

# Record: [(its line, a part of ours that says it, why)].
EXCEPT = {
    "fltrunc": [("(EE) fltrunc: getvec: unable to decode FLAC (lost sync)", "fltrunc.dat: damaged at byte",
                 "the file and the place")],
    "flbit": [("(EE) flbit: getvec: unable to decode FLAC (lost sync)", "flbit.dat: damaged at byte",
               "the file and the place")],
    "flmagic": [("(EE) flmagic: getvec: unable to decode FLAC (lost sync)", "flmagic.dat: no FLAC stream",
                 "it is no FLAC file")],
    "flempty": [("(EE) flempty: getvec: unexpected FLAC decoding error", "flempty.dat: no FLAC stream",
                 "it is no FLAC file")],
    "onefile": [("(EE) onefile: signal 0 (V): checksum error (-2674, expected 6748)",
                 "(EE) onefile: signal 1 (V): checksum error (-2674, expected 6748)",
                 "it numbers the signals whose files are there, we those of the header")],
    "skew": [("(EE) skew: signal 0 (II): checksum error (24358, expected -24254)",
              "(EE) skew: signal 0 (II): checksum error (31914, expected -24254)",
              "it adds up what is left when the skew is out, we what the checksum is of"),
             ("(EE) skew: signal 1 (V): checksum error (5707, expected 6748)",
              "(EE) skew: signal 1 (V): checksum error (8668, expected 6748)", "the same")],
    "msnest": [("(II) msnest:msfix: signal %d (%s): signal range %s" % signal, "nested multi-segment record",
                "a nested record is not read") for signal in ((0, "II", "(600, 1400) < (-1024, 3071)"),
                                                               (1, "V", "(-300, 300) < (-2048, 2047)"))],
    "test_edfann.edf": [("(WW) test_edfann.edf: signal EDF Annotations (units ) not listed in calibration file", "",
                         "annotations are no signal")],
}


def lines(text):
    """Findings, of one or more lines each."""
    return re.findall(r"^\((?:EE|WW|II|!!)\) .*(?:\n .+)*", text, re.M)


def missing(record, theirs, ours):
    for line in theirs:
        wanted = line
        for pattern, better in SAID_BETTER:
            wanted = re.sub("^%s$" % pattern, better, wanted)
        for old, part, _ in EXCEPT.get(record, []):
            if line == old and (not part or any(part in x for x in ours)):
                wanted = None
        if wanted is not None and wanted not in ours:
            yield "%s: %r is not in ours" % (record, wanted)


def level(ours):
    return 3 if any(x.startswith("(EE)") for x in ours) else 1 if any(x.startswith("(WW)") for x in ours) else 0


def check(folder, name, text):
    ran = hilum("wave", "check", name, cwd=folder)
    ours = lines(ran.out)
    faults = list(missing(name, lines(text), ours))
    if ran.code != level(ours):
        faults.append("%s: exit %d with %s" % (name, ran.code, ours[:3]))
    if os.environ.get("HILUM_SHOW_EXTRA"):
        for line in ours:
            if line not in lines(text):
                print("# extra: " + line)
    return faults


def goldens(*parts):
    folder = os.path.join(WFDB, *parts[:-1])
    with open(os.path.join(folder, parts[-1])) as f:
        for row in f:
            record, command, code, _, _, kept = row.rstrip("\n").split("\t")
            if command.startswith("wfdbcheck "):
                with gzip.open(os.path.join(folder, kept), "rt") as g:
                    yield record, g.read()


def every(name, faults):
    faults = [f for f in faults if f]
    report.ok(name, not faults, faults[:40])


if not os.path.isdir(WFDB):
    report.skip("records of the shared data", "the shared data is not there")
else:
    with open(os.path.join(WFDB, "malformed", "expected.json")) as f:
        cases = json.load(f)
    every("malformed records: every line of wfdbcheck's is ours",
          [x for case in cases for x in check(os.path.join(WFDB, "malformed"), case["record"], case["wfdbcheck_stdout"])])
    every("records of the shared data: every line of wfdbcheck's is ours",
          [x for record, text in goldens("golden", "outputs.tsv")
           for x in check(os.path.join(WFDB, "records", os.path.dirname(record)), os.path.basename(record), text)])
    every("records of the made database: every line of wfdbcheck's is ours",
          [x for record, text in goldens("golden", "mimic4like", "outputs.tsv")
           for x in check(os.path.join(WFDB, "mimic4like", os.path.dirname(record)), os.path.basename(record), text)])
sys.exit(report.end())
