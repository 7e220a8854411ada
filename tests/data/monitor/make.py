"""Makes the small monitor export beside this file, and the fuzzer's seeds in ../monitor_export.

    python3 make.py

Two day folders; day1 has its Alert table gzipped, day2 replaces the definitions. All of it is made up.
"""
import gzip
import pathlib
import struct

here = pathlib.Path(__file__).parent
columns = {
    'Alert': 'TimeStamp SequenceNumber AlertId Source Code Label Severity Kind IsSilenced SubtypeId '
             'AnnounceTime OnsetTime EndTime MappingId',
    'BedTag': 'BedLabel Timestamp Tag',
    'Enumeration': 'Id BasePhysioId PhysioId Label ValuePhysioId IsAperiodic IsManual Validity '
                   'UnitCode UnitLabel Color',
    'EnumerationValue': 'EnumerationId TimeStamp SequenceNumber CompoundValueId Value MappingId',
    'Numeric': 'Id BasePhysioId PhysioId Label IsAperiodic UnitLabel Validity LowerLimit UpperLimit '
               'IsAlarmingOff SubPhysioId SubLabel Color IsManual MaxValues Scale',
    'NumericValue': 'NumericId TimeStamp SequenceNumber IsTrendUploaded CompoundValueId Value MappingId',
    'Patient': 'Id Timestamp BedLabel Alias Category Height HeightUnit Weight WeightUnit PressureUnit '
               'PacedMode ResuscitationStatus AdmitState ClinicalUnit Gender',
    'PatientDateAttribute': 'PatientId Timestamp Name Value',
    'PatientMapping': 'Id PatientId Timestamp IsMapped Hostname',
    'PatientStringAttribute': 'PatientId Timestamp Name Value',
    'Wave': 'Id BasePhysioId PhysioId Label Channel SamplePeriod IsSlowWave IsDerived Color '
            'LowEdgeFrequency HighEdgeFrequency ScaleLower ScaleUpper CalibrationScaledLower '
            'CalibrationScaledUpper CalibrationAbsLower CalibrationAbsUpper CalibrationType UnitLabel '
            'UnitCode EcgLeadPlacement',
    'WaveSample': 'WaveId TimeStamp SequenceNumber WaveSamples UnavailableSamples InvalidSamples '
                  'PacedPulses MappingId',
}
M1 = 'A0000000-0000-4000-8000-000000000001'
M2 = 'A0000000-0000-4000-8000-000000000002'
M3 = 'A0000000-0000-4000-8000-000000000003'  # no row of PatientMapping has it
P1 = 'B0000000-0000-4000-8000-000000000001'
P2 = 'B0000000-0000-4000-8000-000000000002'
ALERT = 'C0000000-0000-4000-8000-000000000001'
VALUE = 'D0000000-0000-4000-8000-000000000001'


def fmt(table):
    names = columns[table].split()
    lines = ['0.0', str(len(names))]
    for i, name in enumerate(names, 1):
        kind = 'SYBBINARY 4 -1 ""' if name == 'WaveSamples' else \
               'SYBCHAR 0 -1 "%s"' % ('\\n' if i == len(names) else '\\t')
        lines.append('%d %s %d %s ""' % (i, kind, i, name))
    return ('\n'.join(lines) + '\n').encode()


def row(*fields):
    return '\t'.join('' if f is None else str(f) for f in fields).encode() + b'\n'


def wave(i, time, sequence, samples, unavailable, invalid, paced, mapping):
    head = ('%d\t%s\t%d\t' % (i, time, sequence)).encode()
    return head + struct.pack('<I%dH' % len(samples), 2 * len(samples), *samples) + \
        row(unavailable, invalid, paced, mapping)


def definitions(label):
    return {
        'Wave': row(11, 131328, 131330, label, 0, 4, 0, 0, -1, '0.50000', '35.00000', 0, 16383, 8092,
                    8292, '0.00000', '1.00000', 1, 'mV', 4107, 0) +
                row(21, 150016, 150036, 'ABP', 0, 8, 0, 0, -1, None, '12.00000', 1, 8191, 800, 4000,
                    '0.00000', '200.00000', 1, 'mmHg', 4117, None) +
                row(31, 150452, 150452, 'Pleth', 0, 8, 0, 1, -1, None, None, None, 4095, 0, 4096,
                    '0.00000', '1.00000', 1, '\0', 4127, 0),
        'Numeric': row(1, 1001, 2001, 'HR', 0, 'bpm', 0, '0.00000', '100.00000', 0, 3001, 'HR', -1, 0, 1, 0) +
                   row(2, 1002, 2002, 'SpO\u2082', 0, '%', 0, None, None, 0, 3002, 'SpO\u2082', -1, 0, 1, 0) +
                   row(7, 1007, 2007, 'NBP', 1, 'mmHg', 0, None, None, 0, 3007, 'NBPs', -1, 0, 1, 0),
        'Enumeration': row(1, 147842, 147842, 'Annot', 148631, 0, 0, 0, 0, 'Unknwn', -1) +
                       row(3, 147842, 147843, 'RhySta', 147000, 0, 0, 0, 0, 'Unknwn', -1),
    }


def day(n):
    t = lambda s: '2150-01-%02d 08:00:%06.3f -05:00' % (n, s)
    base = 1000000 + n * 86400000
    ecg = [8192 + (i * 37) % 200 for i in range(16)]
    tricky = [0x090A, 0x0A09, 0x0A0A, 0x0909, 0x0000, 0xFFFF, 0x2020, 0x3031]
    none = '0001-01-01 00:00:00.000 +00:00'
    tables = {
        'WaveSample': wave(11, t(0), base, ecg, None, None, None, M1) +
                      wave(21, t(0), base, tricky, '0 1', '2 3 5 5', None, M1) +
                      wave(31, t(0.064), base + 64, [7, 8], None, '\0', None, M2) +
                      wave(11, t(0.064), base + 64, ecg[:8], None, None, '3 7', M3),
        'NumericValue': row(1, t(0), base, 0, VALUE, '80.00000', M1) +
                        row(2, t(0), base, 0, VALUE, None, M1) +
                        row(7, t(1), base + 1000, 0, None, '-1.5e2', M2),
        'EnumerationValue': row(1, t(0.3), base, None, 'N', M1) +
                            row(3, t(0.5), base + 500, None, 'Sinus Rhythm', M1),
        'Alert': row(t(0.2), base + 200, ALERT, 17, 300, '\u2731\u2731\u2731 VTach', 1, 1, 0, 5, t(0.1),
                     t(0), none, M1),
        'PatientMapping': row(M1, P1, t(0), 1, 'host-north') + row(M2, P2, t(0), 1, 'host-north')
                          if n == 1 else b'',
        'Patient': row(P1, t(0), 'BED-%d' % n, 'alias one', 1, '180.00000', 1, '80.00000', 1, 1, 0, 0, 1,
                       'Unit Nine', 1),
        'BedTag': row('BED-%d' % n, t(0), 'tag-%d' % n),
        'PatientDateAttribute': row(P1, t(0), 'BirthDate', '2090-02-03 00:00:00'),
        'PatientStringAttribute': row(P1, t(0), 'LastName', 'Nobody') + row(P1, t(0), 'FirstName', '\0'),
    }
    return tables


def main():
    for n in (1, 2):
        folder = here / 'tiny' / ('day%d' % n)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in definitions('II' if n == 2 else 'old').items():
            (folder / name).write_bytes(content)
        for name, content in day(n).items():
            path = folder / ('%s.215001%02d_215001%02d' % (name, n, n + 1))
            if (name, n) == ('Alert', 1):
                path.with_name(path.name + '.gz').write_bytes(gzip.compress(content, mtime=0))
            else:
                path.write_bytes(content)
        for name in columns:
            (folder / (name + '.fmt')).write_bytes(fmt(name))
    seeds = here.parent / 'monitor_export'
    seeds.mkdir(exist_ok=True)
    tables = dict(day(1), **definitions('II'))
    for name in columns:
        f = fmt(name)
        (seeds / (name + '.seed')).write_bytes(struct.pack('<H', len(f)) + f + tables[name])
    f = fmt('WaveSample')
    cut = tables['WaveSample']
    (seeds / 'WaveSample_cut.seed').write_bytes(struct.pack('<H', len(f)) + f + cut[:60] + cut[70:])


main()
