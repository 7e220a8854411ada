"""A made hospital's monitors: stays as messages, written as exports, one folder a day.

Everything is invented. Tables have their columns in the order of the real ones, but only those that are read.
"""
import datetime
import os
import struct
import uuid

ZONE = "-05:00"
COLUMNS = {
    "Alert": "TimeStamp SequenceNumber AlertId Source Code Label Severity Kind IsSilenced SubtypeId AnnounceTime "
             "OnsetTime EndTime MappingId",
    "Enumeration": "Id BasePhysioId PhysioId Label ValuePhysioId IsAperiodic IsManual Validity UnitCode UnitLabel Color",
    "EnumerationValue": "EnumerationId TimeStamp SequenceNumber CompoundValueId Value MappingId",
    "Numeric": "Id BasePhysioId PhysioId Label IsAperiodic UnitLabel Validity LowerLimit UpperLimit IsAlarmingOff "
               "SubPhysioId SubLabel Color IsManual MaxValues Scale",
    "NumericValue": "NumericId TimeStamp SequenceNumber IsTrendUploaded CompoundValueId Value MappingId",
    "Patient": "Id Timestamp BedLabel Alias Category Height HeightUnit Weight WeightUnit PressureUnit PacedMode "
               "ResuscitationStatus AdmitState ClinicalUnit Gender",
    "PatientStringAttribute": "PatientId Timestamp Name Value",
    "PatientMapping": "Id PatientId Timestamp IsMapped Hostname",
    "Wave": "Id BasePhysioId PhysioId Label Channel SamplePeriod IsSlowWave IsDerived Color LowEdgeFrequency "
            "HighEdgeFrequency ScaleLower ScaleUpper CalibrationScaledLower CalibrationScaledUpper CalibrationAbsLower "
            "CalibrationAbsUpper CalibrationType UnitLabel UnitCode EcgLeadPlacement",
    "WaveSample": "WaveId TimeStamp SequenceNumber WaveSamples UnavailableSamples InvalidSamples PacedPulses MappingId",
}
WAVES = [["11", "131328", "131330", "II", "0", "4", "0", "0", "-1", "0.50000", "35.00000", "0", "16383", "8092", "8292",
          "0.00000", "1.00000", "1", "mV", "4107", "0"],
         ["31", "150452", "150452", "Pleth", "0", "8", "0", "0", "-1", "", "", "0", "4095", "0", "4096", "0.00000",
          "1.00000", "1", "", "4127", "0"]]
NUMERICS = [["1", "1001", "2001", "HR", "0", "bpm", "0", "", "", "0", "3001", "HR", "-1", "0", "1", "0"]]
ENUMERATIONS = [["1", "147842", "147842", "Annot", "148631", "1", "0", "0", "0", "", "-1"]]
MESSAGE_MS = 5120


def made_uuid(text):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text)).upper()


def stamp(t, zone=ZONE):
    return t.strftime("%Y-%m-%d %H:%M:%S.") + "%03d %s" % (t.microsecond // 1000, zone)


class Monitors:
    """Messages in memory: rows (time, table, fields). field WaveSamples is bytes."""

    def __init__(self):
        self.rows, self.patients = [], {}
        self.zero = datetime.datetime(2031, 5, 1)

    def patient(self, name, bed, alias="", label=""):
        """label: of its alarms."""
        self.patients[name] = dict(id=made_uuid(name), mapping=made_uuid("mapping " + name), bed=bed, alias=alias,
                                   label=label or "** HR 123 > 120", sequence=400000000000 + 1000003 * len(self.patients))
        return self.patients[name]["id"]

    def sequence(self, name, t):
        return self.patients[name]["sequence"] + round((t - self.zero).total_seconds() * 1000)

    def add(self, t, table, *fields):
        self.rows.append((t, table, fields))

    def waves(self, name, start, n, ids=("11", "31"), zone=ZONE):
        """n messages of 5.12 s of each signal."""
        p = self.patients[name]
        for i in range(n):
            t = start + datetime.timedelta(milliseconds=MESSAGE_MS * i)
            for wave in ids:
                count = MESSAGE_MS // (4 if wave == "11" else 8)
                base = 8192 if wave == "11" else 2048
                samples = [base + (k * (7 + i) + i * i) % 97 - 48 for k in range(count)]
                self.add(t, "WaveSample", wave, stamp(t, zone), str(self.sequence(name, t)),
                         struct.pack("<%dH" % count, *samples), "", "3 9" if i == 2 else "", "5" if i == 1 else "",
                         p["mapping"])

    def numeric(self, name, t, value="98.00000", zone=ZONE):
        self.add(t, "NumericValue", "1", stamp(t, zone), str(self.sequence(name, t)), "0", made_uuid("compound"), value,
                 self.patients[name]["mapping"])

    def stay(self, name, start, n):
        """Waves, a numeric with each message, a beat, an alarm."""
        p = self.patients[name]
        self.waves(name, start, n)
        for i in range(n):
            self.numeric(name, start + datetime.timedelta(milliseconds=MESSAGE_MS * i + 100), "%d.00000" % (60 + i))
        t = start + datetime.timedelta(seconds=3)
        self.add(t, "EnumerationValue", "1", stamp(t), str(self.sequence(name, t)), "", "N", p["mapping"])
        t = start + datetime.timedelta(seconds=6)
        self.add(t, "Alert", stamp(t), str(self.sequence(name, t)), made_uuid("alert %s %s" % (name, start)), "17", "300",
                 p["label"], "1", "1", "0", "5", stamp(t), stamp(t), "0001-01-01 00:00:00.000 +00:00", p["mapping"])

    def write(self, folder, since=None, until=None, more=()):
        """One export: rows with since <= time < until. more: (table, fields) of small tables."""
        os.makedirs(folder)
        tables = {name: [] for name in COLUMNS}
        for t, table, fields in sorted(self.rows, key=lambda r: r[0]):
            if (since is None or t >= since) and (until is None or t < until):
                tables[table].append(fields)
        tables["Wave"], tables["Numeric"], tables["Enumeration"] = WAVES, NUMERICS, ENUMERATIONS
        for name, p in self.patients.items():
            early = stamp(self.zero)
            tables["PatientMapping"].append((p["mapping"], p["id"], early, "1", "nursehost7"))
            tables["Patient"].append((p["id"], early, p["bed"], p["alias"]) + ("",) * 11)
            tables["PatientStringAttribute"].append((p["id"], early, "LastName", name))
        for table, fields in more:
            tables[table].append(fields)
        for name, rows in tables.items():
            columns = COLUMNS[name].split()
            with open(os.path.join(folder, name + ".fmt"), "w") as f:
                f.write("0.0\n%d\n" % len(columns))
                for i, column in enumerate(columns, 1):
                    kind = 'SYBBINARY 4 -1 ""' if column == "WaveSamples" else \
                        'SYBCHAR 0 -1 "%s"' % ("\\n" if i == len(columns) else "\\t")
                    f.write('%d %s %d %s ""\n' % (i, kind, i, column))
            with open(os.path.join(folder, name + ".dat"), "wb") as f:
                for fields in rows:
                    for i, field in enumerate(fields):
                        if isinstance(field, bytes):
                            f.write(struct.pack("<I", len(field)) + field)
                        else:
                            f.write(field.encode() + (b"\n" if i == len(fields) - 1 else b"\t"))
        return folder

    def write_days(self, folder, days):
        """A folder of exports, one a day: days[0] <= time < days[1], ..."""
        for since, until in zip(days, days[1:]):
            self.write(os.path.join(folder, since.strftime("day-%Y%m%d")), since, until)
        return folder


def write_map(path, rows):
    with open(path, "w") as f:
        f.write("patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n")
        for row in rows:
            f.write(",".join(str(v) for v in row) + "\n")
    return path
