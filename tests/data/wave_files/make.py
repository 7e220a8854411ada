#!/usr/bin/env python3
"""Seeds of fuzz_wave: the files of small records one behind the other, as tests/fuzz/fuzz_wave.c takes them.

    python3 make.py        (in this folder; FLAC streams come from ../wave/records)
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS = os.path.join(HERE, "..", "wave", "records")


def pack(name, *files):
    with open(os.path.join(HERE, name + ".files"), "wb") as f:
        for file_name, content in files:
            content = content if isinstance(content, bytes) else content.encode()
            f.write(b"%s\n%d\n" % (file_name.encode(), len(content)) + content)


def read(*parts):
    with open(os.path.join(RECORDS, *parts), "rb") as f:
        return f.read()


def numbers(n, step=7, bits=16):
    """Something that goes up and down, with the code of an invalid sample now and then."""
    low = -(1 << (bits - 1))
    return [low if i % 23 == 5 else (i * step) % 1000 % (1 << (bits - 1)) - (1 << (bits - 2)) // 2 for i in range(n)]


def words(values, size=2, order="little"):
    return b"".join((v & ((1 << 8 * size) - 1)).to_bytes(size, order) for v in values)


def edf_text(value, n):
    return str(value).ljust(n).encode()[:n]


def edf(records, signals, gap):
    head = (edf_text("0", 8) + edf_text("X", 80) + edf_text("Startdate X", 80) + b"01.01.01" + b"10.00.00" +
            edf_text(256 * (len(signals) + 1), 8) + edf_text("EDF+D" if gap else "", 44) + edf_text(records, 8) +
            edf_text("1", 8) + edf_text(len(signals), 4))
    for width, values in ((16, [s[0] for s in signals]), (80, [""] * 9), (8, ["uV"] * 9), (8, [-100] * 9), (8, [100] * 9),
                          (8, [-32768] * 9), (8, [32767] * 9), (80, [""] * 9), (8, [s[1] for s in signals]), (32, [""] * 9)):
        head += b"".join(edf_text(v, width) for v, _ in zip(values, signals))
    for i in range(records):
        for name, n in signals:
            onset = b"+%d\x14\x14\0" % (i * 2 if gap else i)
            head += onset.ljust(2 * n, b"\0") if name == "EDF Annotations" else words(numbers(n, 3 + i))
    return head


pack("plain16", ("r.hea", "r 2 250 40\nr.dat 16 200 16 0 0 0 0 II\nr.dat 16 100(5)/mmHg 16 0 0 0 0 ABP\n"),
     ("r.dat", words(numbers(80))))
pack("multirate", ("r.hea", "#wfdb 10.7\nr 3 62.4725/999.56(5) 20 10:00:00 1/1/2150\r\nr.d0 61x2:3+4 200 16 0 0 0 0 II\r\n"
                   "r.d0 61 100 16\r\nr.d1 24x4:2 1e3 24 0 0 0 0 V\r\n# note\r\n"),
     ("r.d0", b"\1\2\3\4" + words(numbers(60), 2, "big")), ("r.d1", words(numbers(80, 9, 24), 3)))
pack("differences", ("r.hea", "r 2 100\nr.dat 8 200 12 0 10 0 0 a\nr.dat 8x2 200 12 0 -10\n"), ("r.dat", bytes(range(0, 240, 3))))
for form, n in ((80, 1), (160, 2), (32, 4)):
    pack("format%d" % form, ("r.hea", "r 2 100 12\nr.dat %d 200 12 0 0 0 0 a\nr.dat %d:2 0\n" % (form, form)),
         ("r.dat", words(numbers(24, 7, 8 * n), n)))
for form, size in ((212, 39), (310, 36), (311, 35)):
    pack("format%d" % form, ("r.hea", "r 3 100\nr.dat %d+1 200\nr.dat %dx2 100\nr.dat %d 1\n" % (form, form, form)),
         ("r.dat", bytes((i * 37) & 255 for i in range(size))))
pack("twice", ("r.hea", "r 3 100 5\na 16 200 16 0 0 0 0 x\nb 16 200 16 0 0 0 0 y\na 16x2 200 16 0 0 0 0 x\n"),
     ("a", words(numbers(10))), ("b", words(numbers(5))))
pack("no_file", ("r.hea", "r 2 100 9\n~ 0 200 16 0 0 0 0 x\nr.dat 16\n"))
pack("flac_constant", ("const.hea", read("made", "const.hea")), ("const_r.dat", read("made", "const_r.dat")))
pack("flac_stereo", ("stereo.hea", read("made", "stereo.hea")), ("stereo_p.dat", read("made", "stereo_p.dat")))
pack("variable", ("m.hea", "m/5 2 100/1000 30 9:00:00\nm_0000 0\nm_1 10\n~ 5\nm_2 10\nm_3 5\n# a\n"),
     ("m_0000.hea", "m_0000 2 100 0\n~ 0x2 200(3)/mV 12 0 0 0 0 II\n~ 0 50/mmHg 12 0 0 0 0 ABP \n"),
     ("m_1.hea", "m_1 2 100 10\nm_1.dat 16 100(1)/mmHg 12 0 0 0 0 ABP \nm_1.dat 16x2 50 12 0 0 0 0 II\n"),
     ("m_2.hea", "m_2 1 100 10\nm_2.dat 212x2 200 12 0 0 0 0 II\n"), ("m_3.hea", "m_3 1 100 5\nm_3.dat 80 200 12 0 0 0 0 V\n"),
     ("m_1.dat", words(numbers(30))), ("m_2.dat", bytes(range(30))), ("m_3.dat", bytes(range(5))))
pack("fixed", ("m.hea", "m/3 2 100 17\nm_1 10\n~ 2\nm_2 5\n"), ("m_1.hea", "m_1 2 100 10 1:00:00\nm_1.dat 16 0 12\nm_1.dat 16:2 100\n"),
     ("m_1.dat", words(numbers(20))), ("m_2.hea", "m_2 1 100 5\nm_2.dat 16 200 12\n"), ("m_2.dat", words(numbers(5))))
pack("edf", ("e.edf", edf(4, [("II", 8), ("ABP", 3)], False)))
pack("edf_gap", ("e.edf", edf(4, [("II", 8), ("EDF Annotations", 10)], True)))
