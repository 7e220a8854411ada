"""hilum inspect --json of DICOM files against DICOM JSON made by pydicom: every value, floats by value.

Group lengths are no part of the model (PS3.18 F.2.2), pydicom writes them. It also knows VRs of some private elements
of implicit files, which the standard does not: their bytes are compared.
"""
import base64
import glob
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, SHARED, Report, hilum

report = Report()


def value_bytes(element):
    values = element.get("Value", [])
    if element["vr"] == "US":
        return struct.pack("<%dH" % len(values), *values)
    return "\\".join(values).encode()


def differ(got, want, at=""):
    """Lines on what differs; a value that the golden file leaves out has to be named by its place."""
    if isinstance(want, dict) and isinstance(got, dict):
        if want.get("BulkDataURI") == "omitted":
            uri = re.fullmatch(r"\?offset=\d+&length=(\d+)", got.get("BulkDataURI", ""))
            return [] if uri and int(uri.group(1)) > 1024 else ["%s: %r" % (at, got)]
        if got.get("vr") == "UN" and want.get("vr") in ("CS", "LO", "SH", "US") and int(at[-8:-4], 16) % 2:
            raw = base64.b64decode(got.get("InlineBinary", ""))
            return [] if raw.rstrip(b" ") == value_bytes(want) else ["%s: %r is not %r" % (at, got, want)]
        want = {key: v for key, v in want.items() if not re.fullmatch("[0-9A-F]{4}0000", key)}
        notes = ["%s: %s %s" % (at, key, "missing" if key in want else "too many")
                 for key in sorted(set(got) ^ set(want))]
        return notes + [n for k in sorted(set(got) & set(want)) for n in differ(got[k], want[k], at + "/" + k)]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [n for i, (a, b) in enumerate(zip(got, want)) for n in differ(a, b, "%s[%d]" % (at, i))]
    same = got == want and isinstance(got, str) == isinstance(want, str)
    return [] if same else ["%s: %r is not %r" % (at, got, want)]


def check(dicom, golden):
    ran = hilum("inspect", "--json", dicom)
    with open(golden, encoding="utf-8") as f:
        want = json.load(f)
    notes = ["exit code %d" % ran.code, ran.err] if ran.code else differ(json.loads(ran.out), want)
    if not notes and list(json.loads(ran.out)) != sorted(json.loads(ran.out)):
        notes = ["keys do not ascend"]
    report.ok("%s: the same JSON" % os.path.basename(dicom), not notes, notes)


for golden in sorted(glob.glob(os.path.join(DATA, "dicom", "json", "*.json"))):
    check(golden[:-5] + ".dcm", golden)
goldens = sorted(glob.glob(os.path.join(SHARED, "dicom", "tags", "*.json")))
for golden in goldens:
    name = os.path.basename(golden)[:-5].replace("__", "/") + ".dcm"
    check(os.path.join(SHARED, "dicom", name), golden)
if not goldens:
    report.skip("DICOM JSON of the shared files", "no shared data")
report.end()
