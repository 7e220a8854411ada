"""hilum inspect of DICOM files: what it prints, what --png draws, and what it takes for DICOM at all."""
import gzip
import json
import os
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, HILUM, SANITIZED, Report, hilum, temp

LONG = ("OB", "OW", "SQ", "UN", "UT")
EXPLICIT, VIDEO = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.102"
report = Report()


def element(tag, vr, value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    value += (b"\0" if vr in ("UI", "OB", "UN") else b" ") * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xffff) + vr.encode()
    return head + (struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))) + value


def u16(*values):
    return struct.pack("<%dH" % len(values), *values)


def image(photometric, columns, rows, pixels, samples=1, bits=(16, 12), more=b"", frames=b"", ow="OW"):
    """The elements of an image, with more of groups below 0028 and of palettes."""
    return (element(0x00080060, "CS", "DX") + more + element(0x00280002, "US", u16(samples)) +
            element(0x00280004, "CS", photometric) + frames +
            (element(0x00280006, "US", u16(0)) if samples > 1 else b"") +
            element(0x00280010, "US", u16(rows)) + element(0x00280011, "US", u16(columns)) +
            element(0x00280100, "US", u16(bits[0])) + element(0x00280101, "US", u16(bits[1])) +
            element(0x00280102, "US", u16(bits[1] - 1)) + element(0x00280103, "US", u16(0)) +
            (palette if photometric == "PALETTE COLOR" else b"") + element(0x7fe00010, ow, pixels))


palette = (b"".join(element(0x00281101 + i, "US", u16(4, 10, 16)) for i in range(3)) +
           element(0x00281201, "OW", u16(0x0000, 0x4000, 0x8000, 0xff00)) +
           element(0x00281202, "OW", u16(0x1100, 0x2200, 0x3300, 0x4400)) +
           element(0x00281203, "OW", u16(0xffff, 0, 0, 0x0100)))


def put(name, content, syntax=EXPLICIT):
    """A file; with a syntax, content is a data set and gets a preamble and group 0002."""
    if syntax:
        content = b"\0" * 128 + b"DICM" + element(0x00020010, "UI", syntax) + content
    path = os.path.join(temp, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


def png(path):
    """Width, height, channels, rows of bytes."""
    with open(path, "rb") as f:
        data = f.read()
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    body, at = b"", 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    n = {0: 1, 2: 3}[colour]
    raw, rows, up = zlib.decompress(body), [], bytes(width * n)
    for y in range(height):
        kind, line = raw[y * (width * n + 1)], bytearray(raw[y * (width * n + 1) + 1:(y + 1) * (width * n + 1)])
        for x in range(width * n):
            a, b, c = line[x - n] if x >= n else 0, up[x], up[x - n] if x >= n else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[x] = (line[x] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        up = bytes(line)
        rows.append(list(up))
    return width, height, n, depth, rows


def draw(path, *words):
    out = os.path.join(temp, "out.png")
    if os.path.exists(out):
        os.remove(out)
    ran = hilum("inspect", path, "--png", out, *words)
    return ran, png(out) if os.path.exists(out) else None


def texts():
    ran = hilum("inspect", os.path.join(DATA, "dicom", "json", "chrH32.dcm"))
    lines = ran.out.splitlines()
    report.equal("a DICOM file is described in a line, facts, elements", (ran.code, 0),
                 (lines[0].split(": ")[1], "DICOM, OT image, Explicit VR Little Endian, 32 x 32 px, 8 of 8 bits, "
                  "MONOCHROME2"),
                 (lines[1:6], ["  size          2.0 kB",
                               "  syntax        Explicit VR Little Endian (1.2.840.10008.1.2.1)",
                               "  text          ISO 2022 IR 13\\ISO 2022 IR 87",
                               "  pixels        1.0 kB from byte 936 on", "  frames        1"]),
                 ("  (0028,0010) US Rows                             32" in lines, True),
                 ("  (0010,0010) PN PatientName                      ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう" in lines, True),
                 (lines[-1], "  (7FE0,0010) OB PixelData                        <1.0 kB at byte 936>"))
    item = element(0x00080100, "SH", "A") + element(0x00090010, "LO", "ACME") + element(0x00091001, "SH", "p")
    item = struct.pack("<HHI", 0xfffe, 0xe000, len(item)) + item
    path = put("odd.dcm", element(0x00081032, "SQ", item + item) + element(0x00100020, "LO", "a\x07b\nc") +
               element(0x00190010, "LO", "ACME") + element(0x00191001, "UN", b"\1\2\3\4") +
               element(0x00191102, "UN", b"\1\2") + element(0x00280009, "AT", u16(0x18, 0x1063)) +
               element(0x00281052, "DS", "-1024") + element(0x00289999, "FL", struct.pack("<2f", .1, 1e9)) +
               element(0x60003000, "OB", bytes(18)) + element(0x60010010, "UT", "x" * 300))
    ran = hilum("inspect", path)
    report.equal("sequences, private elements, bytes and control characters", (ran.code, 0),
                 ([line for line in ran.out.splitlines() if line.startswith("  ") and "(0002" not in line][1:],
                  ["  syntax        Explicit VR Little Endian (1.2.840.10008.1.2.1)", "  text          ASCII",
                   "  pixels        none", "  private       8 elements",
                   "  (0008,1032) SQ ProcedureCodeSequence            2 items",
                   "    item 1",
                   "    (0008,0100) SH CodeValue                      A",
                   "    (0009,0010) LO PrivateCreator                 ACME",
                   "    (0009,1001) SH [ACME]                         p",
                   "    item 2",
                   "    (0008,0100) SH CodeValue                      A",
                   "    (0009,0010) LO PrivateCreator                 ACME",
                   "    (0009,1001) SH [ACME]                         p",
                   "  (0010,0020) LO PatientID                        a\\x07b\\x0ac",
                   "  (0019,0010) LO PrivateCreator                   ACME",
                   "  (0019,1001) UN [ACME]                           01020304",
                   "  (0019,1102) UN [private, no creator]            0102",
                   "  (0028,0009) AT FrameIncrementPointer            (0018,1063)",
                   "  (0028,1052) DS RescaleIntercept                 -1024",
                   "  (0028,9999) FL (not in the standard)            0.100000001\\1e+09",
                   "  (6000,3000) OB OverlayData                      <18 bytes at byte %d>" %
                   (os.path.getsize(path) - 330),
                   "  (6001,0010) UT PrivateCreator                   " + "x" * 240 + "... (300 bytes)"]))


def jsons():
    ran = hilum("inspect", "--json", put("a.dcm", element(0x00100020, "LO", "7")))
    report.equal("--json is the DICOM JSON model and nothing else", (ran.code, 0),
                 (json.loads(ran.out), {"00100020": {"vr": "LO", "Value": ["7"]}}))
    ran = hilum("inspect", "--json", put("cut.dcm", element(0x00100020, "LO", "7")[:-1]))
    report.equal("a cut file is an error with its place", (ran.code, 3),
                 (json.loads(ran.out)["error"]["message"], lambda m: "(0010,0020) PatientID at byte" in m))


def pictures():
    values = u16(100, 200, 300, 0xf000 + 300, 150, 250)
    ran, got = draw(put("m2.dcm", image("MONOCHROME2", 3, 2, values)))
    report.equal("--png draws darkest to brightest value", (ran.code, 0),
                 (got, (3, 2, 1, 8, [[0, 127, 255], [255, 63, 191]])),
                 ("\n  picture       %s, frame 1 of 1\n" % os.path.join(temp, "out.png") in ran.out, True))
    ran, got = draw(put("m1.dcm", image("MONOCHROME1", 3, 2, values)))
    report.equal("MONOCHROME1 is turned round", (got, (3, 2, 1, 8, [[255, 128, 0], [0, 192, 64]])))
    frames = element(0x00280008, "IS", "2")
    path = put("two.dcm", image("MONOCHROME2", 3, 1, values, frames=frames))
    report.equal("--frame takes another one", (draw(path, "--frame", 2)[1], (3, 1, 1, 8, [[255, 0, 170]])))
    ran, got = draw(path, "--frame", 3)
    report.equal("--frame behind the last is refused", (ran.code, 2), (got, None),
                 (ran.error, ["hilum: --frame 3: the file has 2 frames"]))
    ran, got = draw(put("rgb.dcm", image("RGB", 2, 1, bytes(range(0, 60, 10)), 3, (8, 8))))
    report.equal("colours stay as they are", (got, (2, 1, 3, 8, [[0, 10, 20, 30, 40, 50]])))
    ran, got = draw(put("rgb16.dcm", image("RGB", 1, 1, u16(0x1234, 0xffff, 0xff), 3, (16, 16))))
    report.equal("colours of 16 bits give their upper half", (got, (1, 1, 3, 8, [[0x12, 255, 0]])))
    ran, got = draw(put("pal.dcm", image("PALETTE COLOR", 6, 1, bytes([0, 10, 11, 12, 13, 200]), 1, (8, 8))))
    red, green, blue = (0, 0, 64, 128, 255, 255), (17, 17, 34, 51, 68, 68), (255, 255, 0, 0, 1, 1)
    report.equal("PALETTE COLOR goes through its tables", (ran.code, 0),
                 (got, (6, 1, 3, 8, [[c for p in zip(red, green, blue) for c in p]])))
    ran, got = draw(put("nopal.dcm", image("PALETTE COLOR", 2, 1, b"\0\1", 1, (8, 8)).replace(palette, palette[:42])))
    report.equal("a palette that is not there is named", (ran.code, 3), (got, None),
                 (ran.error[0], lambda e: "(0028,1201)" in e and "0 bytes for a colour table of 4 entries" in e))


def refusals():
    film = put("film.dcm", image("MONOCHROME2", 1, 1, u16(1)))
    before = open(film, "rb").read()
    ran = hilum("inspect", film, "--png", film)
    report.equal("--png writes over no other file", (ran.code, 2), (open(film, "rb").read() == before, True),
                 (ran.error[0], "hilum: --png %s: there is a file that is no PNG picture" % film))
    table = put("t.csv", b"a,b\n1,2\n", None)
    ran = hilum("inspect", table, "--png", os.path.join(temp, "no.png"))
    report.equal("--png is for DICOM", (ran.code, 2), (ran.error, ["hilum: --png is for DICOM files; %s is none" % table]),
                 (os.path.exists(os.path.join(temp, "no.png")), False))
    ran = hilum("inspect", film, "--frame", 1)
    report.equal("--frame alone means nothing", (ran.code, 2), (len(ran.error), 1))
    video = put("video.dcm", image("YBR_PARTIAL_420", 2, 2, b"\0" * 8, 3, (8, 8), ow="OB"), VIDEO)
    ran = hilum("inspect", video)
    report.equal("pixels that hilum doesn't decode stop nothing else", (ran.code, 0),
                 ("the pixels can't be decoded: " in ran.out and "MPEG-4" in ran.out, True),
                 ("(7FE0,0010) OB PixelData" in ran.out, True))
    ran, got = draw(video)
    report.equal("... but the picture", (ran.code, 5), (got, None), ("MPEG-4" in ran.error[0], True),
                 ("(7FE0,0010) OB PixelData" in ran.out, True))


def recognition():
    def kind(name, content, syntax=None):
        return hilum("inspect", put(name, content, syntax)).out.split(": ")[1].split(",")[0]
    explicit = element(0x00080005, "CS", "ISO_IR 100") + element(0x00080060, "CS", "DX")
    implicit = struct.pack("<HHI2sHHI2s", 8, 0x60, 2, b"DX", 16, 0x20, 2, b"7 ")
    big = b"\0\x08\0\x60CS\0\x02DX\0\x10\0\x20LO\0\x02" + b"7 "
    report.equal("DICOM without preamble or group 0002 is known by its first elements",
                 ([kind(n, c) for n, c in [("a", explicit), ("b", implicit), ("c", big), ("d", b"DICM" + explicit)]],
                  ["DICOM"] * 4))
    meta = element(0x00020001, "OB", b"\0\1") + element(0x00020010, "UI", "1.2.840.10008.1.2.1")
    report.equal("... or by those of a group 0002 that lacks its length", (kind("e", meta + explicit), "DICOM"))
    ran = hilum("inspect", put("film.dcm.gz", gzip.compress(b"\0" * 128 + b"DICM" + explicit), None))
    report.equal("gzip is undone", (ran.code, 0), ("DICOM, DX data set" in ran.out, True),
                 (", compressed with gzip\n" in ran.out, True))
    samples = put("ecg.dat", struct.pack("<8h", 8, 0x60, 2, 0, 0, 16, 0x20, 0) * 4, None)
    put("ecg.hea", b"ecg 1 500 32\necg.dat 16 200/mV 16 0 8 0 0 I\n", None)
    report.equal("a WFDB signal that looks like elements stays one",
                 (hilum("inspect", samples).out.split(": ")[1].split(",")[0], "WFDB record ecg"))
    numbers = hilum("inspect", put("numbers", struct.pack("<8h", *range(8, 16)), None))
    report.equal("numbers are no DICOM", (numbers.code, 5), ("DICOM" in numbers.error[1], True))
    os.makedirs(os.path.join(temp, "cxr", "files"))
    put("cxr/cxr-record-list.csv", b"subject_id,study_id\n", None)
    os.makedirs(os.path.join(temp, "loose"))
    put("loose/a.dcm", explicit, None)
    report.equal("folders of DICOM files are named",
                 (hilum("inspect", os.path.join(temp, "cxr")).out.split("\n")[0].split(": ")[1],
                  "folder, MIMIC-CXR, 2 entries"),
                 (hilum("inspect", os.path.join(temp, "loose")).out.split("\n")[0].split(": ")[1],
                  "folder, DICOM files, 1 entry"))


def laziness():
    """A gigabyte of pixels, all of it a hole, under a limit of a third of that."""
    head = image("MONOCHROME2", 32768, 16384, b"")[:-4] + struct.pack("<I", 1 << 30)
    path = put("large.dcm", head)
    os.truncate(path, os.path.getsize(path) + (1 << 30))
    limit = "" if SANITIZED else "ulimit -v 350000; "
    ran = subprocess.run(["sh", "-c", limit + '"$0" inspect "$1"', HILUM, path], stdout=subprocess.PIPE, timeout=60)
    report.equal("pixels are not read", (ran.returncode, 0), (b"pixels        1.1 GB from byte" in ran.stdout, True))
    os.remove(path)


texts()
jsons()
pictures()
refusals()
recognition()
laziness()
report.end()
