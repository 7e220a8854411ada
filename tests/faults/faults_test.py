"""What a hospital's files can have wrong: the message, the exit code, and what is left in the output.

Each case runs with and without --compat. Its rows below say what must come of it:
  Stop(text)              exit 3, these lines on stderr, no output folder
  Table(golden, warning)  the table is the published one of that name; with --compat there are no splits,
                          because the hospital has 4 of the 50 laboratory values
"""
import gzip
import os
import shutil
import struct
import sys

from hospital import ADMISSIONS, CASES, ECG, FILM, HERE, LABEVENTS, SIZES, SOURCE, build, case_name, change, change_line, lay, out, pack
from support import Report, files_in, hilum, media, read, recipe, same, sums_hold, temp, tree


class Stop:
    def __init__(self, text):
        self.text = text


class Table:
    def __init__(self, golden="00_base", warning="", code=0):
        self.golden, self.warning, self.code = golden, warning, code


DOWNLOAD = "\n       Download it again and check it against SHA256SUMS.txt."
REPEATED = "\n       Repeated keys would repeat admissions. Remove them, or use --allow-duplicates."
PAPERS = ("subject_id, hadm_id, dischtime, deathtime, admission_type, admit_provider_id, admission_location, "
          "discharge_location, insurance, language, marital_status, race, edregtime, edouttime, hospital_expire_flag")
LABS = ("labevent_id, subject_id, hadm_id, specimen_id, itemid, order_provider_id, charttime, storetime, value, "
        "valueuom, ref_range_lower, ref_range_upper, flag, priority, comments")
NO_FILM = "1 listed films within a window are not there (the first: %s); a later film was taken, or the admission " \
          "dropped" % FILM
NO_ECG = Table("35_ecg_all_zero", "1 ECG records cannot be read and count as absent (errors.csv)", code=1)
NO_AGE = Table("14_patient_missing", "1 admissions whose subject_id is not in hosp/patients.csv.gz; their age and sex "
               "are empty")
CHECKSUM = Table(warning="1 ECG records whose checksum or first sample is not what the header says; they were used")
NO_ROW = Table("07_header_only", "no admission passed every rule: symile_mimic_data.csv has a header only, and there "
               "are no splits")
DATE = " is no date and time (YYYY-MM-DD HH:MM:SS)"

# number: both, or (default, --compat)
EXPECTED = {
    "01": Stop("hosp/admissions.csv.gz: no column 'admittime'; it has " + PAPERS),
    "02": Stop("hosp/labevents.csv.gz: no column 'valuenum'; it has " + LABS),
    "03": Stop("hosp/labevents.csv.gz: gzip data ends in mid-member (byte 396 of the file)\n"
               "       The file is cut. Download it again and check it against SHA256SUMS.txt."),
    "04": Stop("hosp/patients.csv.gz: gzip data is damaged: the CRC or length does not agree at the end of a member "
               "(byte 145 of the file)" + DOWNLOAD),
    "05": Stop("hosp/admissions.csv.gz: is named .gz but holds no gzip data\n"
               "       Download it again, or take .gz off the name if it is plain text."),
    "06": Stop("mimic-cxr-2.0.0-chexpert.csv.gz: the file is empty; a header line was expected"),
    "07": NO_ROW,
    "08": Stop("hosp/admissions.csv.gz:2: byte 0xE9 is no UTF-8 (byte 280 of the text)"),
    "09": Stop("hosp/admissions.csv.gz:4: column admittime: '2150-13-02 07:00:00'" + DATE),
    "10": Stop("hosp/admissions.csv.gz:4: column admittime: '01/02/2150 07:00'" + DATE),
    "11": (Stop("hosp/admissions.csv.gz: hadm_id 20000025 stands in more than one row" + REPEATED),
           Table("11_duplicate_hadm")),
    "12": (Table(warning="labevents: 1 rows repeat a labevent_id; all were used"),
           Stop("hosp/labevents.csv.gz:7: column labevent_id: 105 stands in an earlier row too\n"
                "       The published script stops at this. Without --compat both rows are used.")),
    "13": Stop("hosp/labevents.csv.gz:6: column valuenum: '>300' is no number"),
    "14": NO_AGE,
    "15": Stop("hosp/labevents.csv.gz:2: 18 fields, the header has 16"),
    "16": Stop("hosp/labevents.csv.gz:2: a quote is opened and never closed"),
    "17": Stop("hosp/admissions.csv.gz:2: NUL byte in the text (byte 312 of the text)"),
    "18": Table(),
    "19": Table(),
    "20": Table(),
    "21": Table(),
    "22": Table(),
    "23": Table("23_film_missing", NO_FILM),
    "24": Stop("mimic-cxr-2.0.0-metadata.csv.gz:4: column StudyTime: '12:00:00' is no time (HHMMSS)"),
    "25": Stop("mimic-cxr-2.0.0-metadata.csv.gz:4: column StudyTime: the field is empty"),
    "26": Stop("mimic-cxr-2.0.0-metadata.csv.gz:4: column StudyDate: '21500230' is no date (YYYYMMDD)"),
    "27": (Stop("mimic-cxr-2.0.0-metadata.csv.gz: dicom_id 4726028f-62247685-923923c4-6891b332-218d35ce stands in "
                "more than one row" + REPEATED), Table("27_duplicate_dicom")),
    "28": (Stop("mimic-cxr-2.0.0-chexpert.csv.gz: study_id 50000045 stands in more than one row" + REPEATED),
           Table("28_duplicate_chexpert")),
    "29": Table(),
    "30": Table(),
    "31": (NO_ECG, Stop(ECG + ".dat: 72000 bytes, the header promises 120000 (12 signals x 5000 samples, format 16)\n"
                        "       The file is cut, or the header is that of another file.")),
    "32": (NO_ECG, Stop(ECG + ".hea names a signal file that cannot be read: " + ECG + ".dat: cannot open: no such "
                        "file or folder")),
    "33": (NO_ECG, Stop(ECG + ".hea:1: record line: 'twelve' is no number of signals")),
    "34": CHECKSUM,
    "35": Table("35_ecg_all_zero"),
    "36": Table("36_ecg_one_nan"),
    "37": Table(),
    "38": Stop("record_list.csv:4: column path: 'files/../../../etc/x' leads out of the archive"),
    "39": Stop("record_list.csv:4: column ecg_time: '2150-01-02 25:00:00'" + DATE),
    "40": Stop("hosp/admissions.csv.gz:4: column subject_id: 'p10000233' is no integer"),
    "41": Stop("hosp/admissions.csv.gz:4: column hadm_id: the field is empty"),
    "42": Stop("hosp/admissions.csv.gz:4: column admittime: the field is empty"),
    "43": Table(),
    "44": Stop("hosp/patients.csv.gz: bytes that are no gzip data stand behind the last gzip member (byte 149 of the "
               "file)" + DOWNLOAD),
}

NO_SPLITS = ["hilum: item 51265 has no value in train: the published script divides by zero here",
             "       Without --compat its percentiles stay empty."]
SPLIT_FILES = ["SHA256SUMS.txt", "errors.csv", "inputs.csv.gz", "labs_means.json", "manifest.json", "run.json",
               "symile_mimic_data.csv", "test.csv", "train.csv", "val.csv", "val_retrieval.csv"]
report = Report()


def left(folder):
    return files_in(folder) if os.path.exists(folder) else None


def stops(name, ran, text, folder, code=3):
    report.equal(name, (ran.code, code), ("\n".join(ran.error), "hilum: " + text), (left(folder), None))


def is_table(name, ran, folder, want, compat):
    facts = [(read(folder, "symile_mimic_data.csv"), read(SOURCE, "golden", want.golden + ".csv")),
             (ran.warnings, lambda w: want.warning in w)]
    if want is NO_ROW:
        facts += [(ran.code, 0), (sums_hold(folder), "")]
    elif compat:
        facts += [(ran.code, 3), (ran.error, NO_SPLITS), (left(folder), ["errors.csv", "symile_mimic_data.csv"])]
    else:
        facts += [(ran.code, want.code), (ran.error, []), (left(folder), SPLIT_FILES), (sums_hold(folder), "")]
    report.equal(name, *facts)


def hospital_faults():
    report.equal("every case is expected", (sorted(EXPECTED), sorted(c[:2] for c in CASES)))
    for case in CASES:
        lay(case[:2])
        want = EXPECTED[case[:2]]
        for compat in (False, True):
            folder = out()
            ran = build(folder, *(["--compat"] if compat else []))
            w = want[compat] if isinstance(want, tuple) else want
            name = case + (", --compat" if compat else "")
            if isinstance(w, Stop):
                stops(name, ran, w.text, folder)
            else:
                is_table(name, ran, folder, w, compat)
            if w is NO_ECG:
                report.equal(name + ": errors.csv", (read(folder, "errors.csv").decode(), lambda e: ECG in e))


# --- further tables --------------------------------------------------------------------------------------

def cut_field(line):
    return line[:line.rindex(b",")]


def further_tables():
    """Faults made here, one edit each."""
    edits = [
        ("too few fields", lambda: change_line(ADMISSIONS, 4, cut_field),
         "hosp/admissions.csv.gz:4: 15 fields, the header has 16"),
        ("a day that the month has not", lambda: change_line(
            ADMISSIONS, 4, lambda b: b.replace(b"2150-01-02 07", b"2150-02-30 07")),
         "hosp/admissions.csv.gz:4: column admittime: '2150-02-30 07:00:00'" + DATE),
        ("29 February of no leap year", lambda: change_line(
            LABEVENTS, 3, lambda b: b.replace(b"2150-01-02 09", b"2150-02-29 09")),
         "hosp/labevents.csv.gz:3: column charttime: '2150-02-29 09:00:00'" + DATE),
        ("a hadm_id of two patients", lambda: change_line(
            ADMISSIONS, 3, lambda b: b.replace(b"20000018", b"20000025")),
         "hosp/admissions.csv.gz: hadm_id 20000025 stands in more than one row" + REPEATED),
        ("a column twice", lambda: change_line(
            ADMISSIONS, 1, lambda b: b.replace(b"deathtime", b"hadm_id")),
         "hosp/admissions.csv.gz: column 'hadm_id' is there twice"),
        ("a table that is not there", lambda: os.remove(os.path.join(HERE, LABEVENTS)),
         "%s/mimiciv: no table hosp/labevents.csv.gz or hosp/labevents.csv" % HERE),
        ("an archive that is not there", lambda: shutil.rmtree(os.path.join(HERE, "mimic-cxr-jpg")),
         "%s/mimic-cxr-jpg: no such folder" % HERE),
    ]
    for name, edit, text in edits:
        lay()
        edit()
        folder = out()
        stops(name, build(folder), text, folder)

    lay()
    path = os.path.join(HERE, LABEVENTS)
    with open(path[:-3], "wb") as f:
        f.write(gzip.decompress(read(path)))
    os.remove(path)
    folder = out()
    is_table("a plain csv in the place of a csv.gz", build(folder), folder, Table(), False)

    lay("11")
    folder = out()
    ran = build(folder, "--allow-duplicates", sizes=["--train-n", 8, "--val-n", 3, "--candidate-n", 2])
    report.equal("--allow-duplicates takes them", (read(folder, "symile_mimic_data.csv"),
                                                   read(SOURCE, "golden", "11_duplicate_hadm.csv")))
    lay("23")
    folder = out()
    stops("--strict-files refuses a missing film", build(folder, "--strict-files"),
          FILM + ": 1 films that are listed are not there, this is the first\n       Complete the archive, or leave out "
          "--strict-files to go on without them.", folder)
    lay("32")
    folder = out()
    stops("--strict refuses a missing ECG", build(folder, "--strict"), EXPECTED["32"][1].text, folder)


def lying_headers():
    """A WFDB header that is not its record's, when it is needed: refused or counted, never believed."""
    cut = "\n       The file is cut, or the header is that of another file."
    lies = [
        ("more samples than the file", lambda b: b.replace(b" 5000 ", b" 6000 "),
         ".dat: 120000 bytes, the header promises 144000 (12 signals x 6000 samples, format 16)" + cut),
        ("far more than any file", lambda b: b.replace(b" 5000 ", b" 9223372036854775807 "),
         ".dat: 120000 bytes, the header promises more (12 signals x 9223372036854775807 samples, format 16)" + cut),
        ("another record's name", lambda b: b.replace(b"40000037 12", b"40000038 12"),
         ".hea: the header is that of another record, '40000038'"),
        ("a file outside", lambda b: b.replace(b"40000037.dat", b"../../../x.dat"),
         ".hea:2: signal line 1: signal file '../../../x.dat' is no plain file name\n"
         "       Signal files must lie beside the header."),
        ("more leads than lines", lambda b: b.replace(b" 12 500", b" 13 500"),
         ".hea:14: the header ends after 12 of 13 signal lines"),
        ("a gain that is none", lambda b: b.replace(b" 200.0(0)/mV 16", b" nan(0)/mV 16"),
         ".hea:2: signal line 1: 'nan' is no gain"),
    ]
    for name, how, text in lies:
        lay()
        change("mimic-iv-ecg/" + ECG + ".hea", how)
        folder = out()
        ran = build(folder, "--compat")
        stops("a header that lies, --compat: " + name, ran, ECG + text, folder)
        folder = out()
        is_table("a header that lies: " + name, build(folder), folder, NO_ECG, False)


# --- pack -------------------------------------------------------------------------------------------------

def four_labs(r):
    r["labs"]["items"] = [i for i in r["labs"]["items"] if i["itemid"] in (51221, 50912, 50971, 50983)]


def row_of(cohort, split):
    """Row of the third admission in a split, -1 = not there."""
    rows = read(cohort, split + ".csv").decode().splitlines()
    at = rows[0].split(",").index("hadm_id")
    found = [i for i, r in enumerate(rows[1:]) if r.split(",")[at] == "20000025"]
    return found[0] if found else -1


# Film of the first row of train.
FIRST_FILM = "files/p10/p10000011/s50000011/abb8e5a8-ce14abee-05cc99f5-ced53525-7806adc0.jpg"


def tensor_row(folder, kind, split, row, n):
    data = read(folder, "data_npy", split, "%s_%s.npy" % (kind, split))[128:]
    return struct.unpack("<%df" % n, data[row * n * 4:(row + 1) * n * 4])


def where(cohort):
    """Split and row of the third admission, in a split that has each admission once."""
    return next((s, row_of(cohort, s)) for s in ("train", "val", "test") if row_of(cohort, s) >= 0)


def pack_faults():
    lay()
    cohort = out("cohort")
    build(cohort, "--recipe", recipe("four", four_labs), "--compat")
    split, row = where(cohort)
    sound = out("sound")
    ran = pack(cohort, sound, "--compat")
    report.equal("the sound hospital is packed", (ran.code, 0), (ran.error, []), (sums_hold(sound), ""))
    name = "%s + %s" % (FILM, ECG)

    cannot = [
        ("19", FILM + ": not a JPEG file (it begins with 74 68 69 73)"),
        ("20", '"' + FILM + ": the JPEG data ends early (libjpeg: Premature end of JPEG file) The file is cut or damaged. "
         'Get it again from its source."'),
        ("23", FILM + ": cannot open: no such file or folder"),
        ("29", ECG + ": 11 leads; the recipe needs 12"),
        ("30", ECG + ": 4000 samples a lead; the recipe needs 5000"),
        ("31", '"' + EXPECTED["31"][1].text.replace("\n      ", "") + '"'),
        ("32", EXPECTED["32"][1].text),
        ("33", EXPECTED["33"][1].text),
        ("36", ECG + ": a sample of lead aVF was not measured"),
    ]
    for number, text in cannot:
        lay(number)
        folder = out()
        for compat in ([], ["--compat"]):
            folder = out()
            ran = pack(cohort, folder, *compat)
            errors = read(folder, "errors.csv").decode().splitlines() if os.path.exists(folder) else []
            report.equal("pack, %s%s" % (case_name(number), ", --compat" * len(compat)), (ran.code, 3),
                         (ran.error, ["hilum: 1 of 8 films and ECGs cannot be packed, so no tensor was written",
                                      "       %s/errors.csv lists them. Complete the archive and run the same command "
                                      "with --resume." % folder]),
                         (errors, ["item,code,message", "%s,3,%s" % (name, text)]),
                         ([n for n in left(folder) if ".hilum" not in n], ["errors.csv"]))
        lay()
        ran = pack(cohort, folder, "--compat", "--resume")
        report.equal("... --resume goes on when the archive is whole", (ran.code, 0), (ran.error, []),
                     (same(tree(folder), tree(sound)), []))

    lay()
    os.remove(os.path.join(HERE, "mimic-cxr-jpg", FIRST_FILM))
    folder = out()
    report.equal("pack stops at a film of train", (pack(cohort, folder, "--compat").code, 3))
    lay()
    ran = pack(cohort, folder, "--compat", "--resume")
    report.equal("... when it is there, later films have the crops of a run without a stop", (ran.code, 0),
                 (same(tree(folder), tree(sound)), []))

    lay("34")
    folder = out()
    ran = pack(cohort, folder, "--compat")
    report.equal("pack, %s: used, with a warning" % case_name("34"), (ran.code, 0),
                 (ran.warnings, lambda w: "1 ECG records whose checksum or first sample is not what the header" in w))

    lay("37")
    for compat, bits in ([], {0}), (["--compat"], {0xffc00000}):
        folder = out()
        ran = pack(cohort, folder, *compat)
        got = tensor_row(folder, "ecg", split, row, 60000)
        raw = read(folder, "data_npy", split, "ecg_%s.npy" % split)[128 + row * 240000:][:240000]
        report.equal("pack, %s%s: all values are one" % (case_name("37"), ", --compat" * len(compat)), (ran.code, 0),
                     (set(struct.unpack("<60000I", raw)), bits), (len(got), 60000),
                     (ran.warnings, lambda w: "1 ECGs have one value throughout (the first: %s)" % ECG in w))

    lay("21")
    folder = out()
    ran = pack(cohort, folder, "--compat")
    planes = tensor_row(folder, "cxr", split, row, 3 * 320 * 320) if ran.code == 0 else ()
    report.equal("pack, %s: accepted, its planes differ" % case_name("21"), (ran.code, 0),
                 (len(set(planes)) > 3, True), (set(same(tree(folder), tree(sound))) >= {
                     "data_npy/%s/cxr_%s.npy" % (split, split)}, True))
    lay("22")
    folder = out()
    ran = pack(cohort, folder, "--compat")
    report.equal("pack, %s: accepted, its first pixel is the base's" % case_name("22"), (ran.code, 0), (
        tensor_row(folder, "cxr", split, row, 3 * 320 * 320)[:1] if ran.code == 0 else (),
        tensor_row(sound, "cxr", split, row, 3 * 320 * 320)[:1]))


def pack_tables():
    """A cohort folder that is not what cohort build or the published script wrote."""
    lay()
    cohort, bad, folder = out("cohort"), os.path.join(temp, "bad"), out()
    build(cohort)
    mean = read(cohort, "labs_means.json").decode().split(",")[0].split(": ")[1]
    outside = "../p10/p10000011/s50000011/abb8e5a8-ce14abee-05cc99f5-ced53525-7806adc0.jpg"

    def put(file, old, new):
        text = read(cohort, file).decode()
        with open(os.path.join(bad, file), "w") as f:
            f.write(text.replace(old, new, 1) if old else new)

    for name, file, old, new, text in [
            ("no means", "labs_means.json", "", None, bad + "/labs_means.json: cannot open: no such file or folder"),
            ("a mean that is a text", "labs_means.json", mean, '"x"',
             bad + "/labs_means.json: '51221_percentile' must be a number"),
            ("a mean of something else", "labs_means.json", "51221_percentile", "foo",
             bad + "/labs_means.json: 'foo' is no <itemid>_percentile"),
            ("a film outside", "train.csv", "files/p10/", "../p10/",
             "train.csv: row 1: '%s' leads out of the archive" % outside),
            ("a split too few", "test.csv", "", None, bad + "/test.csv: cannot open: no such file or folder"),
            ("half a manifest", "manifest.json", "", "{",
             bad + "/manifest.json:1: no valid JSON at column 1: string or '}' expected near end of file")]:
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(cohort, bad)
        if new is None:
            os.remove(os.path.join(bad, file))
        else:
            put(file, old, new)
        stops("pack refuses " + name, pack(bad, folder), text, folder)

    boxes = os.path.join(temp, "boxes.csv")
    for rows, text in [
            ("0,1,1\n", "boxes.csv: no crop for row 1 of train.csv"),
            ("0,0,0\n0,0,0\n", "boxes.csv: row 0: no such row of train.csv, given twice, or a crop that cannot be"),
            ("0,-1,0\n", "boxes.csv: row 0: no such row of train.csv, given twice, or a crop that cannot be"),
            ("9,0,0\n", "boxes.csv: row 9: no such row of train.csv, given twice, or a crop that cannot be"),
            ("0,x,0\n", "boxes.csv:2: column top: 'x' is no integer")]:
        with open(boxes, "w") as f:
            f.write("row,top,left\n" + rows)
        stops("pack refuses the crops " + repr(rows), pack(cohort, folder, "--crop-boxes", boxes),
              os.path.join(temp, text), folder)


hospital_faults()
further_tables()
lying_headers()
pack_faults()
pack_tables()
sys.exit(report.end())
