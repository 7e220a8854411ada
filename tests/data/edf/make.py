"""Makes the small EDF files of this folder. All samples are made up."""
import struct


def fixed(version, ns, reserved=b'', n_records=b'2', duration=b'1', date=b'05.03.99',
          time=b'03.00.12', recording=b'Startdate not recorded', n_bytes=None):
    n_bytes = str(256 * (ns + 1)).encode() if n_bytes is None else n_bytes
    return (version.ljust(8) + b'made'.ljust(80) + recording.ljust(80) + date.ljust(8)
            + time.ljust(8) + n_bytes.ljust(8) + reserved.ljust(44) + n_records.ljust(8)
            + duration.ljust(8) + str(ns).encode().ljust(4))


def signals(rows):
    """rows: label, unit, pmin, pmax, dmin, dmax, spr"""
    out = b''
    for i, width in ((0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80),
                     (6, 8), (None, 32)):
        for row in rows:
            out += (b'' if i is None else str(row[i]).encode()).ljust(width)
    return out


def words(values):
    return struct.pack('<%dh' % len(values), *values)


ECG = ('ECG', 'uV', -3276.8, 3276.7, -32768, 32767, 4)
RESP = ('Resp', 'Ohm', ' -8 ', '8', -32742, 32746, 2)
TAL = ('EDF Annotations', '', -1, 1, -32768, 32767, 20)


def save(name, data):
    with open(name, 'wb') as f:
        f.write(data)


def tal(text):
    return text.encode('latin-1').ljust(40, b'\0')


def record(k):
    return words([10 * k + i for i in range(4)]) + words([-k, k + 100])


def main():
    body = b''.join(record(k) for k in range(2))
    save('plain.edf', fixed(b'0', 2) + signals([ECG, RESP]) + body)
    save('unknown_count.edf', fixed(b'0', 2, n_records=b'-1') + signals([ECG, RESP]) + body + b'xy')
    save('bdf.bdf', fixed(b'\xffBIOSEMI', 1) + signals([('A1', 'uV', -262144, 262143, -8388608,
                                                        8388607, 3)])
         + bytes([1, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0x80]) + bytes([0, 0, 0, 1, 2, 3, 0xff, 0xff, 0x7f]))
    plus = [ECG, TAL]
    texts = ['+0.345\x14\x14\0+0.5\x151.25\x14beat\x14noise\x14\0', '+1.345\x14\x14\0',
             '+2.345\x14\x14late\x14\0+0.4\x14first\x14\0']
    save('plus.edf', fixed(b'0', 2, b'EDF+C', b'3', date=b'05.03.yy',
                           recording=b'Startdate 05-MAR-2159 X X X') + signals(plus)
         + b''.join(words([k, k, k, -32768]) + tal(texts[k]) for k in range(3)))
    onsets = ['+0', '+1', '+5.5', '+6.5', '+100']
    save('gaps.edf', fixed(b'0', 2, b'EDF+D', b'5') + signals(plus)
         + b''.join(words([k] * 4) + tal(o + '\x14\x14\0') for k, o in enumerate(onsets)))


main()
