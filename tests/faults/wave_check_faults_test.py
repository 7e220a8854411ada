"""Faults that hilum wave check alone sees, each with the words it has for them: files beside records, RECORDS lists,
folder names, numerics, annotations, records on a web server."""
import gzip
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import nginx
from support import DATA, Report, hilum, read, temp

report = Report()
SIGNALS = "ok.dat 16 200/mV 12 1024 1000 -24254 0 II\nok.dat 16 200/mV 10 0 300 6748 0 V\n"
NOTE = "signal 0 (II): signal range (600, 1400) < (-1024, 3071)"
OK_DAT = read(DATA, "wfdb", "ok.dat")


def put(folder, **files):
    """Files by name; _ stands for a dot, as in good_hea."""
    os.makedirs(folder, exist_ok=True)
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())


def record(folder, name="good", head="%s 2 250 500\n", tail="", **more):
    put(folder, **{name + ".hea": (head % name) + SIGNALS + tail, "ok.dat": OK_DAT}, **more)
    return os.path.join(folder, name)


def findings(*words, cwd=None, notes=False):
    """(exit, lines without the summary, without notes)."""
    ran = hilum("wave", "check", *words, *([] if notes else ["--no-info"]), cwd=cwd)
    return ran.code, ran.out.splitlines()[:-1]


def at(name):
    return os.path.join(temp, name)


# --- samples and headers ---------------------------------------------------------------------------------------------
def samples():
    folder = at("samples")
    record(folder)
    report.equal("a sound record", (findings("good", cwd=folder, notes=True), (0, ["(II) good: " + NOTE])))
    put(folder, **{"short.hea": "short 2 250 501\n" + SIGNALS})
    report.equal("a signal file that is too short",
                 (findings("short", cwd=folder), (3, ["(EE) short: ok.dat: the file ends after 500 of 501 frames",
                                                     "(EE) short: getvec: unexpected EOF in signal 1"])))
    put(folder, **{"long.hea": "long 2 250 500\n" + SIGNALS.replace("ok.dat", "long.dat"), "long.dat": OK_DAT + b"abc"})
    report.equal("bytes behind the last sample",
                 (findings("long", cwd=folder), (3, ["(EE) long: long.dat: 3 bytes behind the last sample (frame 500)"])))
    put(folder, **{"first.hea": "first 2 250 500\n" + SIGNALS.replace(" 1000 ", " 1001 ")})
    report.equal("an initial value that is not the first sample",
                 (findings("first", cwd=folder, notes=True),
                  (0, ["(II) first: " + NOTE, "(II) first: signal 0 (II): initial value 1001 is not the first sample "
                                              "(1000)"])))
    put(folder, **{"absent.hea": "absent 2 250 500\n" + SIGNALS.replace("ok.dat", "no.dat")})
    report.equal("a signal file that is absent",
                 (findings("absent", cwd=folder), (3, ["(EE) absent: no.dat: cannot open: no such file or folder",
                                                      "(EE) absent: unable to read signal file(s)"])))
    report.equal("headers alone", (findings("short", "--headers-only", cwd=folder), (0, [])),
                 (hilum("wave", "check", "short", "--headers-only", cwd=folder).out,
                  "1 record, 1 segment, 2 signals checked (no samples): 0 errors, 0 warnings, 0 notes\n"))
    report.equal("no such record", (findings("nothing", cwd=folder),
                                    (3, ["(EE) nothing: init: can't open header for record nothing"])))
    ran = hilum("wave", "check", "short", cwd=folder)
    report.equal("the error says how many", (ran.code, 3), (ran.error, ["hilum: short: 2 errors were found"]))


def segments():
    folder = at("segments")
    record(folder, "m_0001")
    record(folder, "m_0002", head="%s 2 250 500 10:00:03\n")
    put(folder, **{"m.hea": "m/4 2 250 1021 10:00:00 01/01/2150\nm_0000 0\nm_0001 500\n~ 20\nm_0002 500\n",
                   "m_0000.hea": "m_0000 3 250 0\n~ 0 200/mV 13 0 0 0 0 II\n~ 0:4 200/mV 12 0 0 0 0 V\n"
                                 "~ 0 200/mV 12 0 0 0 0 V5\n"})
    report.equal("a record of segments beside its layout",
                 (findings("m", cwd=folder, notes=True),
                  (3, ["(WW) m: stated record length (1021) does not match sum of segment lengths (1020)",
                       "(EE) m:m_0001: signal 1 (V): wrong skew (0, expected 4)",
                       "(II) m:m_0001: " + NOTE,
                       "(WW) m:m_0002: wrong base time ([10:00:03.000], expected [10:00:02.080 01/01/2150])",
                       "(EE) m:m_0002: signal 1 (V): wrong skew (0, expected 4)",
                       "(II) m:m_0002: " + NOTE,
                       "(II) m: signal 2 (V5): signal not present in any segment"])))


def calibration():
    folder = at("calibration")
    record(folder)
    put(folder, mine="II\t- 1 sine 1 mV\n", empty="# nothing\n")
    report.equal("another list of signals",
                 (findings("good", "--calibration", "mine", cwd=folder),
                  (1, ["(WW) good: signal V (units mV) not listed in calibration file"])))
    ran = hilum("wave", "check", "good", "--calibration", "empty", cwd=folder)
    report.equal("a list without signals",
                 (ran.code, 3), (ran.error, ["hilum: empty: no line of it is a signal",
                                             "       Allowed: NAME, a tab, then LOW HIGH TYPE SCALE UNITS."]),
                 (ran.out, ""))


# --- numerics --------------------------------------------------------------------------------------------------------
def numerics():
    folder = at("numerics")
    record(folder)
    packed = os.path.join(folder, "goodn.csv.gz")

    def say(content):
        with open(packed, "wb") as f:
            f.write(content)
        return findings("good", cwd=folder)

    def table(text):
        """Findings of unpacked numerics."""
        if os.path.exists(packed):
            os.remove(packed)
        put(folder, **{"goodn.csv": text})
        code, lines = findings("good", cwd=folder)
        os.remove(os.path.join(folder, "goodn.csv"))
        return code, [line.replace("good: goodn.csv: ", "") for line in lines]

    whole = read(DATA, "dictzip", "small.csv.gz")
    report.equal("numerics that are no gzip", (say(b"time\n1\n"), (3, ["(EE) good: goodn.csv.gz: no gzip data"])))
    report.equal("numerics without a dictzip table",
                 (say(gzip.compress(b'"time","HR [bpm]"\n0,60\n')),
                  (1, ["(WW) good: goodn.csv.gz: no dictzip table: readers must unpack it from its start"])))
    code, lines = say(whole[:1500])
    report.equal("numerics that are cut", (code, 3), (len(lines), 1),
                 (lines[0], lambda line: line.startswith("(EE) good: goodn.csv.gz: ")))
    sizes = bytearray(whole)
    sizes[22] ^= 1  # the first chunk's size
    code, lines = say(bytes(sizes))
    report.equal("a wrong dictzip table", (code, 3), (len(lines), 1),
                 (lines[0], lambda line: line.startswith("(EE) good: goodn.csv.gz: ")))
    report.equal("sound numerics", (table('"time","HR [bpm]","RR [rpm]"\n-5,60,\n1024,61,12\n'), (0, [])))
    report.equal("rows that are not in order",
                 (table('"time","HR [bpm]"\n5,60\n3,61\n9,60\n9,61\n8,60\n'),
                  (1, ["(WW) line 3: the time 3 is before that of the row in front (5); rows out of order: 2",
                       "(WW) line 5: the time 9 is that of the row in front too; rows that repeat a time: 1"])))
    report.equal("times and cells that are no numbers",
                 (table('"time","HR [bpm]"\n1.5,60\nx,a\n3,b\n'),
                  (3, ["(EE) line 2: the time '1.5' is no whole number",
                       "(EE) line 3: 'a' in column 'HR [bpm]' is no number",
                       "(EE) 2 times are no whole numbers", "(EE) 2 cells are no numbers"])))
    report.equal("a row with another number of cells",
                 (table('"time","HR [bpm]"\n1,60\n2\n'), lambda got: got[0] == 3 and len(got[1]) == 1 and
                  got[1][0].startswith("(EE) good: goodn.csv:3: ")))
    report.equal("columns of numerics",
                 (table('"time","HR [bpm]","HR [bpm]"\n1,1,1\n'), (3, ["(EE) column 'HR [bpm]' is there twice"])),
                 (table('"tick","RR [rpm]","HR [bpm]","SpO2"\n1,1,1,\n'),
                  (3, ["(EE) the first column is 'tick' and not 'time'",
                       "(WW) column 'HR [bpm]' stands behind 'RR [rpm]'; they are sorted as a rule",
                       "(WW) column 'SpO2' is not named 'NAME [UNITS]'",
                       "(WW) column 'SpO2' has no value"])))


# --- annotations -----------------------------------------------------------------------------------------------------
def words(*pairs):
    """MIT annotation words: (type, I) pairs, and bytes as they are."""
    return b"".join(p if isinstance(p, bytes) else struct.pack("<H", p[0] << 10 | p[1]) for p in pairs)


def annotations():
    folder = at("annotations")
    end, back = words((0, 0)), words((59, 0), struct.pack("<HH", 0xffff, 0x10000 - 30))
    define = b"## annotation type definitions"

    def note(text):
        return words((22, 0), (63, len(text)), text + b"\0" * (len(text) % 2))

    def say(**files):
        shutil.rmtree(folder, ignore_errors=True)
        record(folder, **{"good." + name: content for name, content in files.items()})
        code, lines = findings("good", "--annotations", cwd=folder)
        return code, [line.replace("good: annotator ", "") for line in lines]

    report.equal("sound annotations", (say(atr=words((1, 5), (5, 300), end)), (0, [])))
    report.equal("annotations are looked at when asked alone",
                 (say(atr=words((1, 5)))[0], 3), (findings("good", cwd=folder), (0, [])))
    report.equal("annotations that are not in order", (say(atr=words((1, 50), back, (1, 0), end)),
                                                      (3, ["(EE) atr: annotations out of order (s50 > s20)"])))
    report.equal("annotations outside of the signals",
                 (say(atr=words(back, (1, 0), (1, 1000), end)),
                  (1, ["(WW) atr: first annotation is at s-30", "(WW) atr: last annotation is after end of signals "
                                                                "(s970)"])))
    report.equal("types that nobody defines",
                 (say(atr=words((1, 5), (0, 3), (42, 1), (42, 1), (55, 1), (56, 1), end)),
                  (3, ["(WW) atr: null annotation at s8", "(WW) atr: undefined annotation [42] at s9",
                       "(EE) atr: invalid annotation [55] at s11"])))
    report.equal("definitions of types",
                 (say(atr=note(define) + note(b"42 N Another normal beat") + note(b"43 bare") +
                      note(b"## end of definitions") + words((1, 5), (42, 5), (43, 5), end)),
                  (1, ["(WW) atr: multiple annotation codes with mnemonic 'N'",
                       "(WW) atr: no description for annotation type 'bare'"])))
    report.equal("annotations that are cut",
                 (say(atr=words((1, 5))), (3, ["(EE) atr: good.atr: the file ends without an end mark (byte 2 of 2)"])),
                 (say(atr=words((1, 5), (63, 9), b"abc")),
                  (3, ["(EE) atr: good.atr: the file ends within the text of an annotation (byte 2 of 7)"])))
    report.equal("bytes behind the end mark", (say(atr=words((1, 5), end, (1, 1))),
                                               (1, ["(WW) atr: 2 bytes behind the end mark"])))
    report.equal("names of annotators",
                 (say(**{"12": words((1, 5), end), "a-b": words((1, 5), end)}),
                  (1, ["(WW) 12: annotator name is all digits",
                       "(WW) a-b: problematic character(s) in annotator name"])))


# --- folders ---------------------------------------------------------------------------------------------------------
def own_folder(top, subject="p10014354", name="81739927", tail="#subject_id 10014354\n"):
    return record(os.path.join(top, "waves", subject[:4], subject, name), name, tail=tail)


def lists(top, subject="p10014354", entries="81739927/81739927\n"):
    put(top, RECORDS="waves/%s/%s/\n" % (subject[:4], subject))
    put(os.path.join(top, "waves", subject[:4], subject), RECORDS=entries)


def folders():
    top = at("database")
    own_folder(top)
    lists(top)
    report.equal("a sound database", (findings(top), (0, [])), (findings(os.path.join(top, "waves")), (0, [])),
                 (findings("81739927", cwd=os.path.join(top, "waves/p100/p10014354/81739927")), (0, [])))

    own_folder(top, name="82000000")
    lists(top, entries="81739927/81739927\r\n83000000/83000000\n\n81739927/81739927\n../../x\n")
    report.equal("RECORDS lists that do not fit what is there",
                 (findings(top),
                  (3, ["(EE) waves/p100/p10014354: RECORDS names '83000000/83000000', which is not there",
                       "(WW) waves/p100/p10014354: RECORDS names '81739927/81739927' twice",
                       "(EE) waves/p100/p10014354: RECORDS names '../../x', which leads out of it",
                       "(WW) waves/p100/p10014354/82000000: no RECORDS list names record '82000000'"])))
    put(top, RECORDS="waves/p100/p10014354\nwaves/p101/p10114354/\n")
    report.equal("a subject that is not there",
                 (findings(top)[1][-1], "(EE) .: RECORDS names 'waves/p101/p10114354', which is not there"))

    top = at("strays")
    own_folder(top)
    lists(top)
    put(os.path.join(top, "waves/p100/p10014354/81739927"), **{".tmp-1": "", "81739927.beat": words((1, 5), (0, 0)),
                                                              "81739927.dat": "", "old\n.hea~": ""})
    report.equal("files that no header names",
                 (findings(top),
                  (1, ["(WW) waves/p100/p10014354/81739927: .tmp-1: no header names this file",
                       "(WW) waves/p100/p10014354/81739927: 81739927.dat: no header names this file",
                       "(WW) waves/p100/p10014354/81739927: old\\x0a.hea~: no header names this file"])),
                 (findings("81739927", cwd=os.path.join(top, "waves/p100/p10014354/81739927")),
                  (1, ["(WW) 81739927: .tmp-1: no header names this file",
                       "(WW) 81739927: 81739927.dat: no header names this file",
                       "(WW) 81739927: old\\x0a.hea~: no header names this file"])))

    top = at("names")
    folder = os.path.join(top, "waves/p101/p10014354/82000000")
    record(folder, "81739927", tail="# subject_id 10014355\n")
    where = "waves/p101/p10014354/82000000/81739927"
    report.equal("names of folders above a record",
                 (findings(top),
                  (1, ["(WW) %s: the record lies in folder '82000000' and not in one of its name" % where,
                       "(WW) %s: subject folder 'p10014354' lies in 'p101' and not in 'p100'" % where,
                       "(WW) %s: the header is of subject '10014355', the folder of 'p10014354'" % where])))

    top = at("shared")
    record(top, "a")
    record(top, "b", **{"stray.dat": "", "notes.pdf": "", "b.atr": ""})
    put(top, **{"m.hea": "m/2 2 250 1000\na 500\nb 500\n"})
    report.equal("a folder of many records: segments are no records",
                 (findings(top), (1, ["(WW) .: stray.dat: no header names this file"])),
                 (hilum("wave", "check", top).out.splitlines()[-1], lambda s: s.startswith("1 record, 2 segments")))
    shutil.rmtree(at("empty"), ignore_errors=True)
    os.makedirs(at("empty"))
    ran = hilum("wave", "check", at("empty"))
    report.equal("a folder without records", (ran.code, 3),
                 (ran.error, ["hilum: %s: no record in this folder" % at("empty"), "       Records are .hea and .edf files."]))
    circle = at("circle")
    record(circle, "a", RECORDS="a\nmore/\n")
    if not os.path.exists(os.path.join(circle, "more")):
        os.symlink(".", os.path.join(circle, "more"))
    report.equal("folders that lead in a circle", (findings(circle), (0, [])))
    deep = os.path.join(at("deep"), *["d"] * 34)
    record(deep, "a")
    report.equal("folders that are too deep",
                 (findings(at("deep")), (3, ["(EE) %s: more than 32 folders in one another" % "/".join(["d"] * 33)])))


# --- a web server ----------------------------------------------------------------------------------------------------
def server():
    if nginx.obstacle():
        report.skip("records of a web server", nginx.obstacle())
        return
    folder = at("server/81739927")
    record(folder, "81739927", **{"81739927.atr": "x", "stray.dat": "x", "81739927n.csv": '"time","HR [bpm]"\n5,1\n4,1\n'})
    put(folder, **{"81739928.hea": "81739928 2 250 501\n" + SIGNALS})
    with nginx.Server(at("server")) as s:
        url = s.url + "/81739927/81739927"
        report.equal("a record of a web server: nothing is listed",
                     (findings(url, "--annotations"),
                      (1, ["(WW) 81739927: 81739927n.csv: line 3: the time 4 is before that of the row in front (5); "
                           "rows out of order: 1"])),
                     (findings(s.url + "/81739927/81739928")[1][-1],
                      "(WW) 81739928: the record lies in folder '81739927' and not in one of its name"),
                     (findings(s.url + "/81739927/none"), (3, ["(EE) none: init: can't open header for record none"])))
    ran = hilum("wave", "check", url)
    report.equal("a server that is gone ends the check", (ran.code, 4), (ran.out, ""))


samples()
segments()
calibration()
numerics()
annotations()
folders()
server()
sys.exit(report.end())
