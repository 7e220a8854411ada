"""What must not leave a hospital: texts, dates, UIDs and ids of films; pseudonyms of hilum film map; what hilum film check
finds in an archive of pictures and in DICOM files."""
import csv
import datetime
import gzip
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dicom_files import element, film, item, sequence
from films import METADATA, SPLIT, STUDY, archive, at, dicom_id, lay, lines, new, pictures, put, refusals, render, rows
from support import DATA, ROOT, Report, files_in, hilum, read, temp

# Stands in what identifies; must be in no message and no output.
SECRET = "Zacharias"
report = Report()


def recipe(name, columns, **change):
    """A changed copy of the published recipe: its path."""
    content = json.loads(read(ROOT, "share", "recipes", "mimic-cxr-jpg-2.0.0.json"))
    content["metadata"]["columns"] = columns
    content.update(change)
    return put(name + ".json", json.dumps(content))


def all_text(folder):
    """Every byte below folder, gzip undone; run.json has the command line."""
    content = {}
    for name in files_in(folder):
        if name != "run.json":
            b = read(folder, name)
            content[name] = gzip.decompress(b) if name.endswith(".gz") else b
    return content


def holds(folder, *secrets):
    """Files whose name or bytes have one of them."""
    return sorted({name for name, b in all_text(folder).items() for s in secrets
                   if s.encode() in b or s in name})


# --- texts, dates and UIDs of the metadata ----------------------------------------------------------------

LEAVES = ": it would leave with the metadata Clean the attribute, or give --allow-identifying."
TEXTS = [  # attribute, value, reason
    (0x00400254, "LO", "CHEST %s^ANNA" % SECRET,
     "(0040,0254) PerformedProcedureStepDescription has the form of a person's name"),
    (0x00400254, "LO", "%s 12/03/1962" % SECRET, "(0040,0254) PerformedProcedureStepDescription has a date in it"),
    (0x00400254, "LO", "MRN 7734512 %s" % SECRET,
     "(0040,0254) PerformedProcedureStepDescription has a number of seven or more digits"),
    (0x00400254, "LO", "call 617-555-0199 %s" % SECRET,
     "(0040,0254) PerformedProcedureStepDescription has a phone number's form in it"),
    (0x00400254, "LO", "for Dr. %s" % SECRET, "(0040,0254) PerformedProcedureStepDescription has a doctor's title in it"),
    (0x00185101, "CS", "%s 1962-3-1" % SECRET.upper(), "(0018,5101) ViewPosition has a date in it"),
]


def texts():
    films = {i: film(change={tag: (vr, value)}) for i, (tag, vr, value, _) in enumerate(TEXTS)}
    films[50] = film(change={0x00081032: sequence(0x00081032, item(element(0x00080104, "LO", SECRET + "^ANNA")))})
    films[51] = film(change={0x00280301: ("CS", "YES")})
    films[52] = film(change={0x00080020: ("DA", "20150311")})
    films[53] = film(change={0x00080020: ("DA", "2015.03.11")})
    films[60] = film()
    films[61] = film(change={0x00280301: ("CS", "NO"), 0x00080020: ("DA", ""), 0x00100010: ("PN", SECRET + "^ANNA")})
    folder = lay("in", films)
    ran, out = archive(folder)
    want = {STUDY + dicom_id(i) + ".dcm": t[3] + LEAVES for i, t in enumerate(TEXTS)}
    want[STUDY + dicom_id(50) + ".dcm"] = "(0008,0104) CodeMeaning has the form of a person's name" + LEAVES
    want[STUDY + dicom_id(51) + ".dcm"] = "(0028,0301) BurnedInAnnotation: is YES: text in the picture would leave with it " \
        "Clean the pixels, or give --allow-identifying."
    for i in (52, 53):
        want[STUDY + dicom_id(i) + ".dcm"] = "(0008,0020) StudyDate: lies outside the years 2100 to 2200: its dates have not " \
            "been shifted Give --map with date_shift_days, or --allow-identifying."
    got = {k: re.sub(r"^(\([0-9A-F,]+\) \w+): has", r"\1 has", v) for k, v in refusals(out).items()}
    report.equal("a film whose metadata may name somebody is refused", (ran.code, 1), (got, want),
                 (pictures(out), [STUDY + dicom_id(i) + ".jpg" for i in (60, 61)]))
    report.equal("... and what stands there is said nowhere", (SECRET in ran.out + ran.err, False),
                 (holds(out, SECRET, SECRET.upper()), []),
                 (holds(out, "20150311", "2015.03.11", "7734512"), []))
    ran = render(folder, new("out"), "--json", "--strict")
    report.equal("... by --strict and --json neither", (ran.code, 3), (SECRET in ran.out + ran.err, False))
    ran, out = archive(folder, "--allow-identifying")
    report.equal("--allow-identifying writes all of them", (ran.code, 0), (len(pictures(out)), len(films)),
                 ("MRN 7734512 " + SECRET in {r["PerformedProcedureStepDescription"] for r in rows(out, METADATA)}, True))
    ran = render(put("one.dcm", films[51]), new("one.jpg"))
    report.equal("one picture alone is made, with a warning of the text in it", (ran.code, 0), (
        ran.warnings, lambda w: "BurnedInAnnotation is YES" in w), (os.path.exists(at("one.jpg")), True))


def columns():
    for name, column, reason in [
            ("a name", "PatientName", "has values of type PN, which no table holds"),
            ("an id", "PatientID", "identifies the patient and must not leave the hospital"),
            ("a birth date", "PatientBirthDate", "identifies the patient and must not leave the hospital"),
            ("an order", "AccessionNumber", "leads to an order or visit and must not leave the hospital"),
            ("a picture", "PixelData", "which no table holds"), ("a sequence", "ViewCodeSequence", "which no table holds"),
            ("a part of no sequence", "PatientID.CodeMeaning", "is no sequence"),
            ("a word", "Foo", "is no keyword of the DICOM dictionary")]:
        ran, out = archive(lay("in", {1: film()}), "--recipe", recipe("bad", [column]))
        report.equal("no column for " + name, (ran.code, 3), (ran.error[0], lambda e: "columns: '" in e and reason in e),
                     (os.path.exists(out), False))
    ages = lay("in", {1: film(change={0x00101010: ("AS", "089Y")}), 2: film(change={0x00101010: ("AS", "095Y")})})
    ran, out = archive(ages, "--recipe", recipe("age", ["PatientAge"]))
    report.equal("an age above 89 does not leave", (ran.code, 1), ([r["PatientAge"] for r in rows(out, METADATA)], ["089Y"]),
                 (list(refusals(out).values()), lambda v: len(v) == 1 and "PatientAge" in v[0] and "is above 89 years" in v[0]))
    uids = lay("in", {1: film(), 2: film(change={0x0020000d: ("UI", "1.2.840.99.1")})})
    ran, out = archive(uids, "--recipe", recipe("uid", ["StudyInstanceUID"]))
    report.equal("a UID of the hospital does not leave", (ran.code, 1), (
        [r["StudyInstanceUID"] for r in rows(out, METADATA)], ["2.25.2"]), (list(refusals(out).values()), [
            "(0020,000D) StudyInstanceUID: would leave as it is: it needs a --map with uid_salt to be replaced"]))


# --- a map of pseudonyms ----------------------------------------------------------------------------------

PATIENTS = {"%s7781" % SECRET: ["20150311", "20150312", "20160401"], "Q-%s" % SECRET: ["20010101"],
            "OLD": ["19500101", "20141231"]}


def hospital_film(patient, study, number, date, **change):
    change = {int(k[1:], 16): v for k, v in change.items()}
    return film(change={
        0x00080018: ("UI", "1.2.840.99.1.%d" % number), 0x00080020: ("DA", date), 0x00100010: ("PN", SECRET + "^ANNA"),
        0x00100020: ("LO", patient), 0x00100030: ("DA", "19310507"), 0x0020000d: ("UI", "1.2.840.99.2.%s" % study),
        0x00080050: ("SH", "ACC" + SECRET), 0x00120062: None, 0x00120063: None, **change},
        meta_more=(element(0x00020016, "AE", SECRET.upper()),))


def hospital(name="hospital"):
    films, number = {}, 0
    for patient, dates in PATIENTS.items():
        for study, date in enumerate(dates):
            for _ in range(2):
                number += 1
                films["%s/%s_%d" % (patient, date, number)] = hospital_film(
                    patient, "%d.%d" % (sorted(PATIENTS).index(patient), study), number, date)
    films["index.html"] = "<html>"
    return lay(name, films)


def make_map(folder, out, *words):
    return hilum("film", "map", folder, "--out", new(out), *words)


def day(text):
    return datetime.datetime.strptime(text, "%Y%m%d").date()


def csv_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def pseudonyms():
    folder = hospital()
    ran = make_map(folder, "m.csv", "--seed", 3)
    table = csv_of(at("m.csv"))
    n = sum(2 * len(d) for d in PATIENTS.values())
    of = {p: {r["subject_id"] for r in table if r["PatientID"] == p} for p in PATIENTS}
    shift = {p: {int(r["date_shift_days"]) for r in table if r["PatientID"] == p} for p in PATIENTS}
    moved = {p: [day(d) + datetime.timedelta(days=min(shift[p])) for d in PATIENTS[p]] for p in PATIENTS}
    report.equal(
        "a map gives each patient, study and film a pseudonym", (ran.code, 0), (len(table), n),
        ({len(v) for v in of.values()}, {1}), (len(set.union(*of.values())), len(PATIENTS)),
        (len({r["study_id"] for r in table}), n // 2), (len({r["dicom_id"] for r in table}), n),
        ({bool(re.fullmatch("1[0-9]{7}", r["subject_id"]) and re.fullmatch("5[0-9]{7}", r["study_id"]) and re.fullmatch(
            "[0-9a-f]{8}(-[0-9a-f]{8}){4}", r["dicom_id"])) for r in table}, {True}),
        ({bool(re.fullmatch("[0-9a-f]{32}", r["uid_salt"])) for r in table}, {True}))
    report.equal(
        "a patient's dates move by one number of whole weeks into 2110 to 2190, all below 2200", (
            {len(v) for v in shift.values()}, {1}), ({d % 7 for v in shift.values() for d in v}, {0}),
        ([d.year for p in moved for d in moved[p][:1] if not 2110 <= d.year <= 2190], []),
        ([d.year for p in moved for d in moved[p] if d.year > 2199], []),
        ([a.weekday() for p in PATIENTS for a in map(day, PATIENTS[p])], [b.weekday() for p in PATIENTS for b in moved[p]]))
    report.equal("only its owner may read it", (stat.S_IMODE(os.stat(at("m.csv")).st_mode), 0o600))
    first = read(temp, "m.csv")
    report.equal("a seed gives the same map again", (make_map(folder, "m2.csv", "--seed", 3).code, 0),
                 (read(temp, "m2.csv"), first))
    make_map(folder, "m3.csv"), make_map(folder, "m4.csv")
    drawn = [csv_of(at("m%d.csv" % i)) for i in (3, 4)]
    report.equal("without a seed two maps have nothing in common", ({r["dicom_id"] for r in drawn[0]} & {
        r["dicom_id"] for r in drawn[1]}, set()), (drawn[0][0]["uid_salt"] == drawn[1][0]["uid_salt"], False))
    ran = hilum("film", "map", folder, "--out", at("m.csv"))
    report.equal("a map is never replaced", (ran.code, 2), (ran.error, lines(
        at("m.csv") + " is there already",
        "Give it as --extend, and a new name as --out: a map that is lost cannot be made again.")), (read(temp, "m.csv"), first))
    return folder


def mapped(folder):
    secrets = [SECRET, SECRET.upper(), "1.2.840.99", "hospital", "19310507", "OLD"] + [d for v in PATIENTS.values() for d in v]
    path = recipe("uids", ["StudyDate", "StudyInstanceUID", "SOPInstanceUID", "SeriesInstanceUID", "ViewPosition"])
    table = {r["dicom_id"]: r for r in csv_of(at("m.csv"))}
    ran, out = archive(folder, "--map", at("m.csv"), "--recipe", path)
    got = rows(out, METADATA)
    report.equal("a mapped archive: ids, places and dates are the map's", (ran.code, 0), (len(got), len(table)),
                 (set(pictures(out)), {"files/p%s/p%s/s%s/%s.jpg" % (r["subject_id"][:2], r["subject_id"], r["study_id"], d)
                                       for d, r in table.items()}),
                 ([(r["subject_id"], r["study_id"]) for r in got],
                  [(table[r["dicom_id"]]["subject_id"], table[r["dicom_id"]]["study_id"]) for r in got]))
    date_of = {"1.2.840.99.2.%d.%d" % (sorted(PATIENTS).index(p), i): d for p in PATIENTS for i, d in enumerate(PATIENTS[p])}
    want = [day(date_of[table[r["dicom_id"]]["StudyInstanceUID"]]) + datetime.timedelta(
        days=int(table[r["dicom_id"]]["date_shift_days"])) for r in got]
    report.equal("... dates moved by the patient's days", ([day(r["StudyDate"]) for r in got], want))
    uid_of = {(r["StudyInstanceUID"], table[r["dicom_id"]]["StudyInstanceUID"]) for r in got}
    by_hand = {"2.25.%d" % int.from_bytes(hashlib.sha256((table[r["dicom_id"]]["uid_salt"] + "\0" + table[r["dicom_id"]][
        "StudyInstanceUID"]).encode()).digest()[:16], "big") for r in got}
    report.equal("... UIDs replaced, one for one", (len({a for a, _ in uid_of}), len(uid_of)), (len(
        {b for _, b in uid_of}), len(uid_of)), ({a for a, _ in uid_of}, by_hand),
        (len({r["SOPInstanceUID"] for r in got}), len(got)), (len({r["SeriesInstanceUID"] for r in got}), 1))
    report.equal("... and nothing of the hospital is in any byte of it", (holds(out, *secrets), []),
                 (SECRET in ran.out + ran.err, False))
    report.equal("... it proves itself", (hilum("film", "check", out).code, 0))


def unmapped(folder):
    put("hospital/%s/new.dcm" % SECRET, hospital_film("NEW" + SECRET, "9.9", 77, "20150101"))
    put("hospital/%s/bad.dcm" % SECRET, SECRET * 50)
    put("hospital/%s/other.dcm" % SECRET, hospital_film("OLD", "0.0", 1, "20150101"))
    ran, out = archive(folder, "--map", at("m.csv"))
    report.equal("films that the map does not have are refused and not named by their paths", (ran.code, 1),
                 (list(refusals(out)), lambda v: [x for x in v if x.startswith("unmapped/")] == [
                     "unmapped/1", "unmapped/2", "unmapped/3"]),
                 (set(refusals(out).values()), {"the map does not have this film", 'no DICOM file: neither "DICM" at byte 128 '
                                                "nor a data set at byte 0",
                                                "the map has another patient or study for this film"}),
                 (holds(out, SECRET, "1.2.840.99"), []), (ran.warnings, lambda w: "3 films are not in the map" in w))
    ran = make_map(folder, "m5.csv", "--extend", at("m.csv"))
    old, table = read(temp, "m.csv"), csv_of(at("m5.csv"))
    report.equal("--extend keeps every old row and adds the new films", (ran.code, 1),
                 (read(temp, "m5.csv").startswith(old), True),
                 (len(table), len(csv_of(at("m.csv"))) + 1), (len({r["uid_salt"] for r in table}), 1), (
                     len({r["subject_id"] for r in table}), len(PATIENTS) + 1),
                 (ran.warnings, "hilum: warning: 1 films cannot be read or have no ids: they are not in the map"),
                 (stat.S_IMODE(os.stat(at("m5.csv")).st_mode), 0o600))
    put("hospital/more.dcm", hospital_film("OLD", "7.7", 78, "20141231"))
    make_map(folder, "m6.csv", "--extend", at("m5.csv"))
    known = {r["subject_id"]: r["date_shift_days"] for r in table if r["PatientID"] == "OLD"}
    got = {r["subject_id"]: r["date_shift_days"] for r in csv_of(at("m6.csv")) if r["PatientID"] == "OLD"}
    report.equal("... a new study of a known patient keeps the patient's pseudonym and shift", (got, known))
    mixed = lay("mixed", {"a.dcm": hospital_film("A", "1.1", 1, "20150101"), "b.dcm": hospital_film("B", "1.1", 2, "20150101")})
    ran = make_map(mixed, "m7.csv")
    report.equal("a study of two patients does not spoil the map", (ran.code, 1), (len(csv_of(at("m7.csv"))), 1), (
        ran.warnings, "hilum: warning: 1 films have a StudyInstanceUID of another patient too: they are not in the map"),
        (archive(mixed, "--map", at("m7.csv"))[0].code, 1))


HEAD = "PatientID,StudyInstanceUID,SOPInstanceUID,subject_id,study_id,dicom_id,date_shift_days,uid_salt\n"


def wrong_maps():
    folder = lay("in", {1: film()})
    row = "P1,1.2,1.2.%d,10000001,50000001,a%d,7,s\n"
    name_rule = "may hold letters, digits, '.', '_' and '-' only"
    for content, error in [
            ("", ": the file is empty; a header line was expected"), (HEAD, ": the map has no rows"),
            ("a\n1\n", ": no column 'PatientID'; it has a"),
            (HEAD + ",1.2,1.3,10000001,50000001,a,7,s\n", ":2: column PatientID: the field is empty"),
            (HEAD + "P1,1.2,1.3,x,50000001,a,7,s\n", ":2: column subject_id: is no integer"),
            (HEAD + "P1,1.2,1.3,1,50000001,a,7,s\n", ":2: column subject_id: must have 2 to 12 digits"),
            (HEAD + "P1,1.2,1.3,10000001,5,a,7,s\n", ":2: column study_id: must have 2 to 12 digits"),
            (HEAD + "P1,1.2,1.3,10000001,50000001,../a,7,s\n", ":2: column dicom_id: " + name_rule),
            (HEAD + "P1,1.2,1.3,10000001,50000001,a,soon,s\n", ":2: column date_shift_days: is no integer"),
            (HEAD + "P1,1.2,1.3,10000001,50000001,a,400001,s\n", ":2: column date_shift_days: goes from -400000 to 400000 days"),
            (HEAD + row % (1, 1) + row % (1, 2), ":3: column SOPInstanceUID: stands in an earlier row too"),
            (HEAD + row % (1, 1) + row % (2, 1), ":3: column dicom_id: stands in an earlier row too"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace("10000001", "10000002"),
             ":3: column subject_id: an earlier row has another one for this patient"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace(",7,", ",8,"),
             ":3: column date_shift_days: an earlier row has another one for this patient"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace("P1", "P2"),
             ":3: column subject_id: belongs to another patient in an earlier row"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace("P1", "P2").replace("10000001", "10000002"),
             ":3: column study_id: an earlier row has another study_id or patient for this study"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace("50000001", "50000002"),
             ":3: column study_id: an earlier row has another study_id or patient for this study"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace("1.2,", "1.5,", 1),
             ":3: column study_id: belongs to another study in an earlier row"),
            (HEAD + row % (1, 1) + (row % (2, 2)).replace(",s", ",t"), ":3: column uid_salt: differs from the earlier rows'")]:
        path = put("m.csv", content)
        ran, out = archive(folder, "--map", path)
        report.equal("a map %r" % content[len(HEAD):], (ran.code, 3), (ran.error[0], "hilum: " + path + error),
                     (os.path.exists(out), False))
    ran = make_map(folder, "m9.csv", "--extend", put("m.csv", HEAD.replace(",uid_salt", "")))
    report.equal("--extend needs all columns", (ran.code, 3), (ran.error[0], lambda e: "no column 'uid_salt'" in e),
                 (os.path.exists(at("m9.csv")), False))
    for what, name, error in [("a folder that is not there", at("none"), ": cannot open: no such file or folder"),
                              ("a file", put("one.dcm", film()), ": is no folder"),
                              ("a folder without films", lay("none2", {"a.txt": "x"}), ": no DICOM film with ids in it")]:
        ran = make_map(name, "m9.csv")
        report.equal("a map of " + what, (ran.code, 3), (ran.error, lines(name + error)), (os.path.exists(at("m9.csv")), False))
    ran, out = archive(folder, "--map", put("m.csv", HEAD + row % (1, 1)), "--records", put("r.csv", "x"))
    report.equal("a map and a list", (ran.code, 2), (ran.error, lines("--map and --records both give ids: choose one")))


def resumed_maps():
    """A shard of another map is no part of the same archive, even if only the salt differs."""
    folder = lay("in", {1: film(), 2: film(change={0x00080018: ("UI", "2.25.9")})})
    row = "10000032,2.25.2,%s,10000001,50000001,%s,0,%s\n"
    for name, salt in (("m1.csv", "a" * 32), ("m2.csv", "b" * 32)):
        put(name, HEAD + row % ("2.25.1", "x", salt) + row % ("2.25.9", "y", salt))
    out = new("out")
    first = render(folder, out, "--map", at("m1.csv"), "--shard", "0/2")
    ran = render(folder, out, "--map", at("m2.csv"), "--shard", "1/2")
    report.equal("a shard with another map is refused, even one of the same ids", (first.code, 0), (ran.code, 2),
                 (ran.error[0], lambda e: out in e))
    ran = render(folder, out, "--map", at("m1.csv"), "--shard", "1/2")
    report.equal("... and one with the same map is not", (ran.code, 0), (hilum("merge", out).code, 0))


def tags():
    """Ids from attributes, of files that say that they are de-identified."""
    def tagged(**change):
        change = {int(k[1:], 16): v for k, v in change.items()}
        return film(change={0x00080018: ("UI", "2.25.77"), 0x00200010: ("SH", "50414267"), **change})
    folder = lay("in", {
        "a/1.dcm": tagged(), "a/2.dcm": tagged(x00080018=("UI", "2.25.78"), x00120062=None),
        "a/3.dcm": tagged(x00080018=("UI", "2.25.79"), x00100020=("LO", "MRN" + SECRET)),
        "a/4.dcm": tagged(x00080018=("UI", "2.25.80"), x00200010=None), "a/5.dcm": tagged(x00080018=("UI", "")),
        "a/6.dcm": tagged(x00080018=("UI", "2.25.81")), "a/7.dcm": tagged(x00080018=("UI", "2.25.81")), "a/8.dcm": b"x"})
    put(b"in/a/l\xe9.dcm", tagged(x00080018=("UI", "2.25.82")))
    ran, out = archive(folder, "--recipe", "film-plain-tags")
    name = lambda uid: "files/p10/p10000032/s50414267/%s.jpg" % "-".join(
        hashlib.sha256(uid.encode()).hexdigest()[8 * i:8 * i + 8] for i in range(5))
    twin = "another file has the same dicom_id; neither was taken"
    report.equal("ids from attributes", (ran.code, 1), (set(pictures(out)), {name("2.25.77"), name("2.25.82")}), (
        refusals(out), {
        "a/2.dcm": "PatientIdentityRemoved is not YES, so its ids may be a hospital's; give pseudonyms by --map",
        "a/3.dcm": "the subject's attribute holds no number of 2 to 12 digits",
        "a/4.dcm": "the study's attribute holds no number of 2 to 12 digits", "a/5.dcm": "the film's attribute is empty",
        "a/6.dcm": twin, "a/7.dcm": twin, "a/8.dcm": 'no DICOM file: neither "DICM" at byte 128 nor a data set at byte 0'}),
        (holds(out, SECRET), []), ([r["path"] for r in rows(out, "inputs.csv.gz")], ["a/1.dcm", "a/l\\xe9.dcm"]),
        (hilum("film", "check", out).code, 0))


# --- film check: an archive -------------------------------------------------------------------------------

def check(folder, *words):
    """(Ran, [(level, path, where, finding)])"""
    ran = hilum("film", "check", folder, "--out", new("findings"), *words)
    found = rows(at("findings"), "findings.csv") if ran.code in (0, 1) else []
    return ran, [(r["level"], r["path"], r["where"], r["finding"]) for r in found]


def write_sums(folder):
    names = [n for n in files_in(folder) if n not in ("SHA256SUMS.txt", "manifest.json", "run.json")]
    put(os.path.join(folder, "SHA256SUMS.txt"), "".join("%s %s\n" % (hashlib.sha256(read(folder, n)).hexdigest(), n)
                                                        for n in sorted(names)))


def edit(folder, name, how):
    content = read(folder, name)
    content = gzip.compress(how(gzip.decompress(content))) if name.endswith(".gz") else how(content)
    put(os.path.join(folder, name), content)


A, B = STUDY + dicom_id(1) + ".jpg", STUDY + dicom_id(2) + ".jpg"
C = "files/p10/p10000033/s50414268/" + dicom_id(3) + ".jpg"


def archives():
    lay("in", {1: film(40, 30), 2: film(32, 24), C[:-4] + ".dcm": film(16, 24)})
    ran, base = archive(at("in"), out="base")
    changed = lambda name, how: lambda a: edit(a, name, how)
    behind_soi = lambda b: lambda content: content[:2] + b + content[2:]
    sums = "is not in SHA256SUMS.txt"
    carries = lambda marker, n: ("high", A, marker, "the JPEG carries %d bytes besides the picture" % n)
    not_there = "names a picture that the archive does not have"
    cases = [  # name, change, whether SHA256SUMS.txt is made to fit, findings
        ("nothing", lambda a: None, False, []),
        ("a flipped bit", changed(A, lambda b: b[:400] + bytes([b[400] ^ 1]) + b[401:]), False, [
            ("high", A, "", "differs from its SHA-256 in SHA256SUMS.txt"), None]),
        ("a broken header", changed(A, lambda b: b"\0" + b[1:]), False, [
            ("high", A, "", "differs from its SHA-256 in SHA256SUMS.txt"), ("high", A, "", "the JPEG does not decode")]),
        ("a cut JPEG", changed(A, lambda b: b[:len(b) // 2]), True, [("high", A, "", "the JPEG does not decode")]),
        ("a picture that is missing", lambda a: os.remove(os.path.join(a, A)), False, [("high", A, "", "is not there")]),
        ("a picture too many", lambda a: shutil.copy(os.path.join(a, A), os.path.join(a, A[:-5] + "x.jpg")), False, [
            ("high", A[:-5] + "x.jpg", "", sums)]),
        ("... with its sum", lambda a: shutil.copy(os.path.join(a, A), os.path.join(a, A[:-5] + "x.jpg")), True, [
            ("high", A[:-5] + "x.jpg", "", "is not in IMAGE_FILENAMES"), ("high", A[:-5] + "x.jpg", "", "is not in RECORDS"),
            ("high", A[:-5] + "x.jpg", "", "has no row in " + METADATA)]),
        ("a DICOM file between the pictures", lambda a: put(os.path.join(a, A[:-4] + ".dcm"), film()), False, [
            ("high", A[:-4] + ".dcm", "", sums)]),
        ("a file of the user's", lambda a: put(os.path.join(a, "notes.txt"), "x"), False, [("low", "notes.txt", "", sums)]),
        ("a comment in a JPEG", changed(A, behind_soi(b"\xff\xfe\0\x08secret")), True, [carries("COM", 6)]),
        ("EXIF in a JPEG", changed(A, behind_soi(b"\xff\xe1\0\x0aExif\0\0ab")), True, [carries("APP1", 8)]),
        ("a text in the JFIF header", changed(A, lambda b: b[:6] + b"ANNA MILLER" + b[17:]), True, [carries("APP0", 14)]),
        ("a longer JFIF header", changed(A, lambda b: b[:2] + b"\xff\xe0\0\x16" + b[6:20] + b"SECRET" + b[20:]), True, [
            carries("APP0", 20)]),
        ("bytes behind a JPEG", changed(A, lambda b: b + b"hidden"), True, [
            ("high", A, "", "6 bytes behind the end of the JPEG")]),
        ("another size in the metadata", changed(METADATA, lambda b: b.replace(b",30,40,", b",30,41,")), True, [
            ("high", METADATA, "line 2", "Rows and Columns are not the picture's")]),
        ("another picture under the name", lambda a: shutil.copy(os.path.join(a, B), os.path.join(a, A)), True, [
            ("high", METADATA, "line 2", "Rows and Columns are not the picture's")]),
        ("another study in the metadata", changed(METADATA, lambda b: b.replace(b"50414267", b"50414269")), True, [
            ("high", METADATA, "line %d" % i, "subject_id and study_id are not those of the picture's path") for i in (2, 3)]),
        ("a study of two patients", changed(METADATA, lambda b: b.replace(b"10000032,50414267", b"10000033,50414267", 1)),
         True, [
            ("high", METADATA, "line 2", "subject_id and study_id are not those of the picture's path"),
            ("high", METADATA, "line 3", "the study belongs to another patient in an earlier row")]),
        ("two dates in a study", changed(METADATA, lambda b: b.replace(b"21800506", b"21800507", 1)), True, [
            ("high", METADATA, "line 3", "StudyDate differs from an earlier row of the same study")]),
        ("a row twice", changed(METADATA, lambda b: b + b.split(b"\n")[1] + b"\n"), True, [
            ("high", METADATA, "line 5", "its dicom_id stands in an earlier row too")]),
        ("a row too few", changed(METADATA, lambda b: b.split(b"\n", 2)[0] + b"\n" + b.split(b"\n", 2)[2]), True, [
            ("high", A, "", "has no row in " + METADATA)]),
        ("a patient in two splits", changed(SPLIT, lambda b: b.replace(b"10000032,train", b"10000032,test", 1)), True, [
            ("high", SPLIT, "line 3", "the patient is in another split in an earlier row")]),
        ("a line missing in a list", changed("IMAGE_FILENAMES", lambda b: b.split(b"\n", 1)[1]), True, [
            ("high", A, "", "is not in IMAGE_FILENAMES")]),
        ("a line twice in a list", changed("RECORDS", lambda b: b.split(b"\n")[0] + b"\n" + b), True, [
            ("high", "RECORDS", "line 2", "stands in an earlier line too")]),
        ("a line in the place of another", changed("RECORDS", lambda b: b.replace(A.encode(), B.encode())), True, [
            ("high", "RECORDS", "line 2", "stands in an earlier line too"), ("high", A, "", "is not in RECORDS")]),
        ("a line for something else", changed("RECORDS", lambda b: b + b"errors.csv\n"), True, [
            ("high", "RECORDS", "line 4", not_there)]),
        ("a picture in another folder", lambda a: os.rename(os.path.join(a, A), os.path.join(a, os.path.dirname(C),
                                                                                         os.path.basename(A))), True, None),
        ("no sums", lambda a: os.remove(os.path.join(a, "SHA256SUMS.txt")), False, [
            ("low", "SHA256SUMS.txt", "", "is not there: bytes cannot be proved, only looked at")]),
        ("no metadata", lambda a: os.remove(os.path.join(a, METADATA)), True, [("low", "metadata.csv.gz", "", "is not there")]),
        ("metadata of a recipe without sizes", changed(METADATA, lambda b: b.replace(b"Rows", b"Rowz", 1)), True, []),
        ("sums with two spaces", changed("SHA256SUMS.txt", lambda b: b.replace(b" ", b"  ")), False, []),
        ("sums with a star and ./", changed("SHA256SUMS.txt", lambda b: b.replace(b" ", b" *./")), False, []),
        ("sums with CR", changed("SHA256SUMS.txt", lambda b: b.replace(b"\n", b"\r\n")), False, []),
        ("a sum twice", changed("SHA256SUMS.txt", lambda b: b + b.split(b"\n")[0] + b"\n"), False, [
            ("high", "IMAGE_FILENAMES", "", "stands in SHA256SUMS.txt twice")]),
    ]
    for name, change, fit, want in cases:
        shutil.rmtree(at("a"), ignore_errors=True)
        shutil.copytree(base, at("a"))
        change(at("a"))
        if fit:
            write_sums(at("a"))
        ran, found = check(at("a"))
        known = sorted(f for f in want if f) if want is not None else found
        found = [f for f in found if f in known] if want and None in want else found
        bad = any(f[0] != "note" for f in found)
        report.equal("film check: " + name, (ran.code, 1 if bad or want is None else 0), (sorted(found), known),
                     (len(found) > 0, want is None or len(known) > 0))
    for name, change, error in [
            ("a cut table", lambda a: os.truncate(os.path.join(a, METADATA), 100), METADATA + ": gzip data ends in mid-member"),
            ("a table without ids", changed(METADATA, lambda b: b.replace(b"study_id", b"study", 1)),
             METADATA + ": no column 'study_id'"),
            ("rubbish in the sums", changed("SHA256SUMS.txt", lambda b: b + b"rubbish\n"),
             "SHA256SUMS.txt:11: is no line of a digest and a path below the folder"),
            ("sums that lead away", changed("SHA256SUMS.txt", lambda b: b + b"0" * 64 + b" ../../etc/passwd\n"),
             "SHA256SUMS.txt:11: is no line of a digest and a path below the folder")]:
        shutil.rmtree(at("a"), ignore_errors=True)
        shutil.copytree(base, at("a"))
        change(at("a"))
        ran, _ = check(at("a"))
        report.equal("film check cannot go on with " + name, (ran.code, 3), (ran.error[0], lambda e: error in e))


def png_archives():
    ran, base = archive(at("in"), "--recipe", "film-png16", out="png")
    picture = A[:-4] + ".png"
    report.equal("film check: an archive of PNG", (check(base)[0].code, 0))
    text = struct.pack(">I", 6) + b"tEXtsecret" + b"\0\0\0\0"
    for name, how, finding in [("a text chunk", lambda b: b[:33] + text + b[33:], "the PNG carries 6 bytes besides the picture"),
                               ("bytes behind a PNG", lambda b: b + b"hid", "3 bytes behind the end of the PNG"),
                               ("a cut PNG", lambda b: b[:-12], "is no whole PNG: a part of it is missing"),
                               ("no PNG", lambda b: b"x", "is no whole PNG: a part of it is missing")]:
        shutil.rmtree(at("a"), ignore_errors=True)
        shutil.copytree(base, at("a"))
        edit(at("a"), picture, how)
        write_sums(at("a"))
        ran, found = check(at("a"))
        report.equal("film check: " + name, (ran.code, 1), (found, [("high", picture, "", finding)]))


# --- film check: DICOM files ------------------------------------------------------------------------------

COMMENT = b"\xff\xfe\0\x0bZacharias"


def with_comment(content):
    """The JPEG of the only fragment gets a comment."""
    at_soi = content.index(b"\xff\xd8\xff")
    length, = struct.unpack_from("<I", content, at_soi - 4)
    grown = COMMENT + b"\xff" * ((length + len(COMMENT)) % 2)  # a fill byte before the next marker
    return content[:at_soi - 4] + struct.pack("<I", length + len(grown)) + content[at_soi:at_soi + 2] + grown + content[
        at_soi + 2:]


def dicom_files():
    jpeg = read(DATA, "dicom", "synthetic", "u8_jpeg_baseline.dcm")
    clean = film()
    nested = sequence(0x00081032, item(element(0x00080104, "LO", "x"), sequence(
        0x00400260, item(element(0x00100010, "PN", SECRET + "^A")))))
    patient, drawn = "identifies the patient", "may hold text drawn over the picture"
    private = "nobody but its maker knows what it holds"
    cases = [  # name, content, [(level, where, finding)]
        ("clean", clean, []),
        ("name", film(change={0x00100010: ("PN", SECRET + "^ANNA")}), [("high", "(0010,0010)", "PatientName " + patient)]),
        ("empty_name", film(change={0x00100010: ("PN", "")}), []),
        ("name_as_un", film(change={0x00100010: ("UN", SECRET.encode())}), [("high", "(0010,0010)", "PatientName " + patient)]),
        ("id", film(change={0x00100020: ("LO", SECRET)}), [("high", "(0010,0020)", "PatientID " + patient)]),
        ("nested_name", film(change={0x00081032: nested}), [
            ("high", "(0008,1032)[0].(0040,0260)[0].(0010,0010)", "PatientName " + patient)]),
        ("any_person", film(change={0x00401010: ("PN", SECRET + "^B")}), [
            ("high", "(0040,1010)", "NamesOfIntendedRecipientsOfResults holds a person's name")]),
        ("private", film(change={0x00090010: ("LO", "ACME 1.0"), 0x00091001: ("LO", SECRET)}), [
            ("medium", "(0009,1001)", "private element of ACME 1.0 " + private)]),
        ("private_orphan", film(change={0x00091001: ("LO", SECRET)}), [("medium", "(0009,1001)", "private element " + private)]),
        ("overlay", film(change={0x60003000: ("OW", b"\1\0")}), [("high", "(6000,3000)", "OverlayData " + drawn)]),
        ("overlay_second", film(change={0x60023000: ("OW", b"\1\0")}), [("high", "(6002,3000)", "OverlayData " + drawn)]),
        ("overlay_size_only", film(change={0x60000010: ("US", 4)}), []),
        ("curve", film(change={0x50003000: ("OW", b"\1\0")}), [("high", "(5000,3000)", "CurveData may hold a drawn curve")]),
        ("graphics_empty", film(change={0x00700001: sequence(0x00700001, item())}), []),
        ("graphics", film(change={0x00700001: sequence(0x00700001, item(element(0x00700006, "ST", SECRET)))}), [
            ("high", "(0070,0001)", "GraphicAnnotationSequence " + drawn)]),
        ("icon", film(change={0x00880200: sequence(0x00880200, item(element(0x00280010, "US", 4)))}), [
            ("high", "(0088,0200)", "IconImageSequence holds a small picture of its own")]),
        ("burned", film(change={0x00280301: ("CS", "YES")}), [
            ("high", "(0028,0301)", "BurnedInAnnotation says that text is burned into the pixels")]),
        ("age_89", film(change={0x00101010: ("AS", "089Y")}), []),
        ("age_90", film(change={0x00101010: ("AS", "090Y")}), [("high", "(0010,1010)", "PatientAge is above 89 years")]),
        ("text", film(change={0x0008103e: ("LO", "for Dr. " + SECRET)}), [
            ("medium", "(0008,103E)", "SeriesDescription has a doctor's title in it")]),
        ("uid", film(change={0x0020000d: ("UI", "1.2.840.99.1")}), [
            ("low", "(0020,000D)", "StudyInstanceUID is not one of the replaced UIDs (2.25.)")]),
        ("before", film(change={0x04000561: sequence(0x04000561, item(element(0x00080104, "LO", "x")))}), [
            ("high", "(0400,0561)", "OriginalAttributesSequence keeps the values from before a change")]),
        ("retired", film(change={0x40080115: ("LT", "report")}), [
            ("high", "(4008,0115)", "InterpretationDiagnosisDescription holds an interpretation (retired group)")]),
        ("preamble", b"II*\0" + clean[4:], [("medium", "", "preamble holds something other than zeros")]),
        ("behind", clean + SECRET.encode() + b" hides here", [("medium", "", "bytes behind the data set belong to no element")]),
        ("padding", film(change={0xfffcfffc: element(0xfffcfffc, "OB", SECRET.encode())}), [
            ("medium", "", "DataSetTrailingPadding holds something other than zeros")]),
        ("padding_zero", film(change={0xfffcfffc: element(0xfffcfffc, "OB", b"\0\0")}), []),
        ("network", film(meta_more=(element(0x00020016, "AE", SECRET.upper()),)), [
            ("medium", "(0002,0016)", "SourceApplicationEntityTitle names a machine of the hospital's network")]),
        ("private_meta", film(meta_more=(element(0x00020100, "UI", "2.25.7"), element(0x00020102, "OB", SECRET.encode()))), [
            ("medium", "(0002,0100)", "PrivateInformationCreatorUID " + private),
            ("medium", "(0002,0102)", "PrivateInformation " + private)]),
        ("jpeg", jpeg, [
            ("note", "", "DeidentificationMethod is not stated"), ("note", "", "PatientIdentityRemoved is not YES")]),
        ("jpeg_comment", with_comment(jpeg), [
            ("note", "", "DeidentificationMethod is not stated"), ("note", "", "PatientIdentityRemoved is not YES"),
            ("medium", "", "PixelData its JPEG has a comment or application data")]),
        ("no_claim", film(change={0x00120062: None, 0x00120063: None}), [
            ("note", "", "DeidentificationMethod is not stated"), ("note", "", "PatientIdentityRemoved is not YES")]),
        ("date", film(change={0x00080020: ("DA", "20150311")}), []),
        ("cut", clean[:600], None),
    ]
    folder = lay("dicom", {name + ".dcm": content for name, content, _ in cases})
    ran, found = check(folder)
    report.equal("film check: %d DICOM files" % len(cases), (ran.code, 1), (
        sorted({f[1] for f in found if f[0] != "note"}),
        sorted(n + ".dcm" for n, _, w in cases if w is None or [f for f in w if f[0] != "note"])))
    for name, _, want in cases:
        got = [(level, where, finding) for level, path, where, finding in found if path == name + ".dcm"]
        if want is None:
            report.equal("film check, DICOM: " + name, (got, lambda g: len(g) == 1 and g[0][0] == "high" and g[0][2].startswith(
                "cannot be read, so nothing is known of it: ") and temp not in g[0][2]))
        else:
            report.equal("film check, DICOM: " + name, (sorted(got), sorted(want)))
    report.equal("... and no value is said anywhere", (re.search(SECRET, ran.out + ran.err + read(
        at("findings"), "findings.csv").decode() + read(at("findings"), "review.html").decode(), re.I), None))
    ran, found = check(folder, "--dates-shifted")
    report.equal("--dates-shifted: a year of today is a finding", ([f for f in found if f[1] == "date.dcm"], [
        ("medium", "date.dcm", "(0008,0020)", "StudyDate lies outside the shifted years")]))
    place = lay("dicom", {STUDY + "a.dcm": film(), "files/p10/p10000033/s50414268/b.dcm": film()})
    ran, found = check(place)
    report.equal("a PatientID may be the path's subject_id, and no other", ([f[:3] for f in found], [
        ("high", "files/p10/p10000033/s50414268/b.dcm", "(0010,0020)")]))
    ran = hilum("film", "check", lay("dicom", {"a.dcm": film()}))
    report.equal("nothing found: exit 0", (ran.code, 0), (ran.out, at("dicom") + ": 1 DICOM files searched: nothing found\n"))
    odd = lay("odd", {"two\nlines.dcm": "", "\x1b[31mred.dcm": "", "\udcff.dcm": ""})
    ran, found = check(odd)
    report.equal("names of files are findings' names only as printable UTF-8", (ran.code, 1),
                 ([f[1] for f in found], ["\\x1b[31mred.dcm", "\\xff.dcm", "two\\x0alines.dcm"]), ("\x1b" in ran.out, False))
    for name, path, error in [("nothing", at("none"), ": is no folder"), ("a file", put("one.dcm", film()), ": is no folder"),
                              ("neither films nor pictures", lay("other", {"a.txt": "x"}),
                               ": neither DICOM files nor an archive of pictures (files/pNN/...) in it")]:
        ran = hilum("film", "check", path)
        report.equal("film check of " + name, (ran.code, 3), (ran.error, lines(path + error)))


texts()
columns()
place = pseudonyms()
mapped(place)
unmapped(place)
wrong_maps()
resumed_maps()
tags()
archives()
png_archives()
dicom_files()
sys.exit(report.end())
