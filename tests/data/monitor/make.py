"""Makes the small monitor export beside this file, and the fuzzers' seeds in ../monitor_export and ../monitor_stay.

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


# --- stays as tests/fuzz/fuzz_stay.c reads them -----------------------------------------------------------------

KNOWN = [0, 1, 200, 8092, 8292, 800, 4000, 2, 4095, 0.5, 35]
BASE = {131328: 0, 150016: 1, 150452: 2, 151562: 3}
PERIOD = {4: 0, 8: 1, 16: 2}
WAVE, NUMERIC, ENUMERATION, ALERT = 0x00, 0xa0, 0xc0, 0xe0
GO_ON, SAME, BY_FRAMES, TICKS, ABSOLUTE = 0x00, 0x60, 0x80, 0xa0, 0xd0  # how a sequence number follows
NEVER = b'\xff'


def text(s):
    return b'\xff' if s is None else bytes([len(s.encode())]) + s.encode()


def number(v):
    return b'\x80' if v is None else bytes([KNOWN.index(v)])


def stay_wave(base, period, label, unit, low, high, *scale):
    return bytes([BASE[base], PERIOD[period]]) + text(label) + text(unit) + \
        b''.join(number(v) for v in (low, high) + scale)


STAY_WAVES = [stay_wave(131328, 4, 'II', 'mV', 0.5, 35, 0, 8092, 8292, 0, 1),
              stay_wave(150016, 8, 'ABP', 'mmHg', None, None, 1, 800, 4000, 0, 200),
              stay_wave(151562, 16, 'Resp', 'Ohm', None, None, 1, 2, 4095, 0, 1)]


def stay(flags, *messages, waves=STAY_WAVES):
    others = [('HR', 'bpm'), ('NBPs', 'mmHg'), ('SpO\u2082', '%'), ('HR', '')]
    return bytes([flags, len(waves) - 1]) + b''.join(waves) + \
        b''.join(text(name) + text(unit) for name, unit in others) + b''.join(messages)


def sent(i, how=GO_ON, by=b'', time=b'\0', count=b'\x80', lists=None):
    """A wave message of 5120 ticks. lists: unavailable, invalid, paced."""
    kind = (0x80 if lists else 0) | i
    while kind % 3 != i:
        kind += 1
    return bytes([kind, how]) + by + time + count + (b''.join(text(v) for v in lists) if lists else b'')


def told(kind, i, *what, how=SAME, by=b'', time=b'\0'):
    return bytes([kind | i, how]) + by + time + b''.join(what)


def rounds(n):
    for k in range(n):
        yield sent(0)
        yield sent(1, lists=('0 9', '100 120 130 131', '5 77'))
        yield sent(2)
        yield told(NUMERIC, 0, text('%d.00000' % (60 + k)))
        yield told(NUMERIC, 2, text('98.50000'))
        yield told(NUMERIC, 1, text('120'))
        yield told(ENUMERATION, 0, text('N'))
        yield told(ENUMERATION, 3, text('V beat'))


def stay_seeds():
    frames = lambda n: struct.pack('<b', n)
    alarm = lambda severity, *times: told(ALERT, 1, text('\u2731\u2731 VTach'), bytes([severity]), *times)
    return {
        'steady': stay(16, *rounds(6), alarm(2, b'\0', b'\0', NEVER), alarm(3, NEVER, b'\0', b'\xc9'),
                       alarm(2, NEVER, NEVER, b'\x51')),
        'leads_off': stay(0, sent(0), sent(1), sent(0), sent(0), sent(1, SAME), sent(2), sent(2), sent(2)),
        'gap': stay(8, sent(0), sent(1), sent(0, BY_FRAMES, frames(100)), sent(1, SAME), sent(2, SAME), sent(0)),
        'backwards': stay(0, sent(0), sent(0), sent(0, BY_FRAMES, frames(-128)), sent(0, BY_FRAMES, frames(-128)),
                          sent(0, ABSOLUTE, struct.pack('<q', 500000000123 - 40960)), sent(1, SAME)),
        'clock_set': stay(2, *rounds(2), sent(0, time=b'\xe0' + struct.pack('<i', -60000)[:3]), *rounds(2)),
        'askew': stay(0, sent(0, TICKS, struct.pack('<h', 4)), sent(1, TICKS, struct.pack('<h', 8)),
                      sent(2, TICKS, struct.pack('<h', -3)), sent(0, count=b'\xc0\x07'), sent(1, count=b'\xc0\x03')),
        'contradicts': stay(1, sent(0) + b'\1', sent(0, SAME) + b'\2', sent(0) + b'\3', sent(1, SAME) + b'\4'),
        'numerics': stay(0, *(told(NUMERIC, i, text(v), how=TICKS, by=struct.pack('<h', 1000))
                              for i, v in enumerate(('80.00000', '-1.5e2', '', '123456789012345678901.5')))),
        'far': stay(0, sent(0), sent(0, ABSOLUTE, struct.pack('<q', 2**62)), sent(0, ABSOLUTE, struct.pack('<q', -9)),
                    sent(1, count=b'\xfe\xff\x0f\0')),
    }


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
    seeds = here.parent / 'monitor_stay'
    seeds.mkdir(exist_ok=True)
    for name, content in stay_seeds().items():
        (seeds / (name + '.seed')).write_bytes(content)


main()
