"""What an export of bedside monitors can have wrong: the words on stderr and in errors.csv, the exit code, and what
becomes of the record."""
import datetime
import os
import shutil
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "monitor"))
import monitors
from monitors import MESSAGE_MS, WAVES, Monitors, stamp, write_map
from support import Report, hilum, read, sums_hold, temp

report = Report()
START = datetime.datetime(2031, 5, 1, 10)
WAVE_ID, TIME, SEQUENCE, SAMPLES, UNAVAILABLE, INVALID, PACED, MAPPING = range(8)
ROW_BYTES = {"11": 2 * MESSAGE_MS // 4, "31": 2 * MESSAGE_MS // 8}


class Case:
    """An export of one patient with a stay of n messages, its rows as lists to change; then what was built of it."""

    def __init__(self, n=4):
        self.m = Monitors()
        self.id = self.m.patient("Lindqvist", "Bett-01")
        self.m.stay("Lindqvist", START, n)
        self.m.rows = [(t, table, list(fields)) for t, table, fields in self.m.rows]
        self.waves_more = []

    def rows(self, table, **want):
        return [fields for t, name, fields in self.m.rows
                if name == table and all(fields[globals()[k]] == v for k, v in want.items())]

    def build(self, *words, cut=None):
        """cut: changes the bytes of WaveSample.dat."""
        for name in ("in", "out", "out.spool"):
            shutil.rmtree(os.path.join(temp, name), ignore_errors=True)
        self.folder, self.out = os.path.join(temp, "in"), os.path.join(temp, "out")
        self.m.rows.sort(key=lambda r: r[0])
        self.m.write(self.folder, more=[("Wave", row) for row in self.waves_more])
        if cut:
            path = os.path.join(self.folder, "WaveSample.dat")
            data = cut(read(path))
            with open(path, "wb") as f:
                f.write(data)
        table = write_map(os.path.join(temp, "map.csv"), [(self.id, "", "", 10000001, "", 80000001, 0)])
        self.ran = hilum("wave", "build", self.folder, self.out, "--map", table, *words)
        self.err = [line for line in self.ran.err.splitlines() if line.startswith(("hilum:", "       "))]
        return self

    def record(self, name):
        return read(self.out, "waves/p100/p10000001/80000001", name).decode()

    def master(self):
        return self.record("80000001.hea").split("\r\n")[1:-2]

    def errors(self):
        return read(self.out, "errors.csv").decode().splitlines()[1:]

    def listed(self):
        lines = read(self.out, "record_list.csv").decode().splitlines()
        return lines[1].split(",") if len(lines) > 1 else []


def warned(*lines):
    return ["hilum: warning: " + line for line in lines]


WHOLE = ["80000001/2 2 62.4725/999.56 1280 10:00:00.000 01/05/2031", "80000001_0000 0", "80000001_0001 1280"]


# --- damaged tables ---------------------------------------------------------------------------------------------

def sound():
    c = Case().build()
    report.equal("a sound export is built without a word", (c.ran.code, 0), (c.err, []), (c.master(), WHOLE),
                 (sums_hold(c.out), ""))


def cut_mid_binary():
    c = Case()
    last = len(b"\t\t\t" + c.rows("WaveSample")[-1][MAPPING].encode() + b"\n")
    c.build(cut=lambda data: data[:len(data) - last - 100])
    left = ROW_BYTES["31"] - 100 + 4 + len("31\t" + c.rows("WaveSample")[-1][TIME] + "\t"
                                          + c.rows("WaveSample")[-1][SEQUENCE] + "\t")
    report.equal("a table that is cut within samples is read up to the cut", (c.ran.code, 0),
                 (c.err, warned("WaveSample.dat: row 8: damaged; %d bytes skipped to the end of the file" % left)),
                 (c.master(), ["80000001/3 2 62.4725/999.56 1280 10:00:00.000 01/05/2031", "80000001_0000 0",
                               "80000001_0001 960", "80000001_0002 320"]))


def torn():
    """100 bytes are gone from the samples of the third row: its length runs into the fourth."""
    c = Case()
    at = []

    def cut(data):
        at.append(data.index(c.rows("WaveSample")[2][SAMPLES][:200]))
        return data[:at[0] + 50] + data[at[0] + 150:]
    c.build(cut=cut)
    report.equal("a table that lacks bytes in the middle loses the rows around them", (c.ran.code, 0),
                 (len(c.err), 1), (c.err[0], lambda e: e.startswith(warned("WaveSample.dat: row 3: damaged; ")[0])
                                   and e.endswith(" bytes skipped to the next row")))


def empty_fields():
    c = Case()
    c.rows("WaveSample")[2][SEQUENCE] = ""
    c.rows("WaveSample")[4][SAMPLES] = b""
    c.rows("NumericValue")[0][5] = "many"
    c.rows("NumericValue")[1][1] = "yesterday"
    c.rows("Alert")[0][5] = ""
    c.build()
    report.equal("rows without a field that they need are left out, others lose the field", (c.ran.code, 0),
                 (c.err, warned("WaveSample.dat: row 3: SequenceNumber is empty; the row is left out",
                                "WaveSample.dat: row 5: WaveSamples is empty; the row is left out",
                                "NumericValue.dat: row 1: Value is malformed; taken as NULL",
                                "NumericValue.dat: row 2: TimeStamp is malformed; the row is left out",
                                "4 rows with a damaged field were left out")))


def unknown_ids():
    c = Case()
    c.rows("WaveSample")[1][WAVE_ID] = "99"
    c.rows("NumericValue")[1][0] = "99"
    c.rows("EnumerationValue")[0][0] = "99"
    c.build()
    report.equal("rows of ids that no table defines are left out", (c.ran.code, 0),
                 (c.err, warned("WaveSample.dat: row 2: table Wave has no row for its WaveId; the row is left out",
                                "NumericValue.dat: row 2: table Numeric has no row for its NumericId; the row is left out",
                                "EnumerationValue.dat: row 1: table Enumeration has no row for its EnumerationId; the row "
                                "is left out")),
                 (c.master()[2:], ["80000001_0001 320", "80000001_0002 960"]))


def stranger():
    c = Case()
    for fields in c.rows("WaveSample")[4:]:
        fields[MAPPING] = monitors.made_uuid("somebody else")
    c.build()
    report.equal("rows of a mapping that nobody knows are a stay that the map does not have", (c.ran.code, 1),
                 (c.err[:1], warned("4 rows are of a mapping that PatientMapping does not have")),
                 (c.err[1], lambda e: e.startswith("hilum: warning: stay 1 (patient ")
                  and e.endswith(" has no record: the map has no row for this patient")),
                 (c.errors(), ["stay 1,3,the map has no row for this patient"]),
                 (c.master()[2:], ["80000001_0001 640"]))


# --- clocks -----------------------------------------------------------------------------------------------------

def move(c, first, ticks=0, ms=0):
    """Rows from the first-th message on get later sequence numbers and times."""
    when = START + datetime.timedelta(milliseconds=first * MESSAGE_MS)
    for i, (t, table, fields) in enumerate(c.m.rows):
        if t < when or table == "Alert":
            continue
        fields[2] = str(int(fields[2]) + ticks)
        fields[1] = stamp(t + datetime.timedelta(milliseconds=ms))
        c.m.rows[i] = (t + datetime.timedelta(milliseconds=ms), table, fields)


def backwards():
    """The network's counter begins anew, 40 s before where it was: what comes then lies in front of what was."""
    c = Case(6)
    move(c, 3, ticks=-40960 - 8)
    c.build()
    report.equal("sequence numbers that run backwards give a record that begins before its first message",
                 (c.ran.code, 0), (c.err, []),
                 (c.master(), ["80000001/4 2 62.4725/999.56(-25608) 2560 10:00:15.360 01/05/2031", "80000001_0000 0",
                               "80000001_0001 960", "~ 640", "80000001_0002 960"]),
                 (c.record("80000001_0001.hea").split("\r\n")[0], "80000001_0001 2 62.4725/999.56(-25608) 960"))


def set_clock():
    c = Case()
    move(c, 2, ms=2000)
    c.build()
    late = (c.ran.code, c.err, c.master(), c.listed()[4:7])
    c = Case()
    move(c, 2, ms=-2000)
    c.build()
    report.equal("a clock that is set forward leaves the samples where they are",
                 (late, (0, [], WHOLE, ["2031-05-01 10:00:00.000", "2031-05-01 10:00:22.480", "20.489"])))
    report.equal("a clock that is set back by less than a message leaves them where they are too", (c.ran.code, 0),
                 (c.err, []), (c.master(), WHOLE), (c.listed()[4:7], ["2031-05-01 10:00:00.000", "2031-05-01 10:00:18.480",
                                                                      "20.489"]))
    c = Case()
    move(c, 2, ms=-20000)
    rows = c.m.rows  # in the order in which they came
    c.m.rows = [(START + datetime.timedelta(milliseconds=i), table, fields) for i, (t, table, fields) in enumerate(rows)]
    c.build()
    report.equal("a clock that is set back farther costs the rows until it shows what it showed", (c.ran.code, 0),
                 (c.err[0], warned("WaveSample.dat: row 5: older than a row before it; the row is left out")[0]),
                 (c.err[-1], warned("6 rows older than one before them were left out")[0]),
                 (c.master()[2:], ["80000001_0001 640"]))


def contradiction():
    c = Case()
    for fields in c.rows("WaveSample")[5:6]:
        fields[TIME] = stamp(START + datetime.timedelta(milliseconds=2 * MESSAGE_MS + 7))
    c.build()
    report.equal("two times for one sequence number are told", (c.ran.code, 0),
                 (c.err, warned("1 wave messages contradict the clock of their stay")), (c.master(), WHOLE))


def another_age():
    c = Case()
    c.rows("WaveSample")[3][SEQUENCE] = str(-2**52)
    c.rows("WaveSample")[4][SEQUENCE] = str(2**62)
    c.build()
    report.equal("a sequence number of another age costs its message, and is told", (c.ran.code, 0),
                 (c.err, warned("WaveSample.dat: row 5: SequenceNumber is malformed; the row is left out",
                                "1 wave messages contradict the clock of their stay",
                                "1 wave messages were left out: their sequence numbers lie 2^52 ticks and more from the "
                                "first of their stay")),
                 (c.master()[2:], ["80000001_0001 320", "80000001_0002 320", "80000001_0003 320", "80000001_0004 320"]))


# --- stays that are no record -----------------------------------------------------------------------------------

def refused(name, change, text):
    c = Case()
    change(c)
    c.build()
    field = '"%s"' % text.replace("\n", " ")  # a row is a line
    report.equal(name, (c.ran.code, 1), (read(c.out, "errors.csv").decode(), "item,code,message\nstay 1,3,%s\n" % field),
                 (c.err[0], lambda e: e.startswith("hilum: warning: stay 1 (patient ") and
                  e.endswith(" has no record: errors.csv says why")),
                 (os.path.exists(os.path.join(c.out, "waves")), False), (read(c.out, "RECORDS"), b""), (sums_hold(c.out), ""))


def another_wave(field, value):
    """From the third message on lead II is another definition of the same name."""
    def change(c):
        row = list(WAVES[0])
        row[0], row[field] = "12", value
        c.waves_more.append(row)
        for fields in [f for f in c.rows("WaveSample") if f[WAVE_ID] == "11"][2:]:
            fields[WAVE_ID] = "12"
    return change


def long_period(c):
    row = list(WAVES[1])
    row[0], row[5] = "32", "32"
    c.waves_more.append(row)
    for fields in [f for f in c.rows("WaveSample") if f[WAVE_ID] == "31"]:
        fields[WAVE_ID] = "32"


SPLIT = "\nOne record cannot hold both: split the stay there by hand."


# --- lists of samples -------------------------------------------------------------------------------------------

def lists():
    c = Case()
    rows = c.rows("WaveSample")
    for row, field, text in ((0, INVALID, "3 9 12"), (1, UNAVAILABLE, "9 3 20 22"), (2, INVALID, "1;2"), (3, PACED, "5 -6"),
                             (4, PACED, "99999999999999999999")):
        rows[row][field] = text
    c.build("--annotations")
    report.equal("lists of samples that make no sense are told, and as much of them is taken as makes sense",
                 (c.ran.code, 0),
                 (c.err, warned("WaveSample.dat: row 3: InvalidSamples is malformed; taken as NULL",
                                "WaveSample.dat: row 4: PacedPulses is malformed; taken as NULL",
                                "3 lists of invalid or unavailable samples hold an odd number, or a pair that ends before "
                                "it begins")), (c.master(), WHOLE))


sound()
cut_mid_binary()
torn()
empty_fields()
unknown_ids()
stranger()
backwards()
set_clock()
contradiction()
another_age()
refused("a sample period above 16 ticks is refused", long_period,
        "wave 32: a sample period of 32 ticks does not divide a frame of 16 ticks\n"
        "Periods of 1, 2, 4, 8 and 16 ticks can be put into a record.")
refused("units that change are refused", another_wave(18, "uV"),
        "signal II: units mV in one segment and uV in another" + SPLIT)
refused("a sampling period that changes is refused", another_wave(5, "8"),
        "signal II: sampling period of 4 ticks in one segment and of 8 in another" + SPLIT)
lists()
sys.exit(report.end())
