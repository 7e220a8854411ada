"""hilum film render with broken films, wrong lists and words, odd names, full disks and signals: the message, the exit
code, and that nothing of a refused film is left."""
import gzip
import json
import os
import random
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dicom_files import (BIG, DEFLATED, DEFLATED_FRAMES, ENCAPSULATED_RAW, EXPLICIT, IMPLICIT, RLE, dress, element,
                         film, fragments, grey, item, rle_frame, sequence, words)
from films import (LIST, METADATA, SPLIT, STUDY, Disk, Running, archive, at, dicom_id, lay, lines, new, peak_kib,
                   pictures, put, refusals, render, rows)
from support import DATA, QUICK, SANITIZED, Report, files_in, hilum, read, same, sha256, sums_hold, temp, tree

DICOM = os.path.join(DATA, "dicom")
DAMAGED = "The file is damaged. Get it again from its source."
CUT = "The file is cut or its header is wrong. Get it again from its source."
PIXELS = "(7FE0,0010) PixelData"
NOT_DICOM = 'no DICOM file: neither "DICM" at byte 128 nor a data set at byte 0'
report = Report()

# --- one broken film --------------------------------------------------------------------------------------

# file: the message, further lines; exit code 3, or 5 for what is not supported.
REFUSED = {
    "faults/bot_lies.dcm": ("(0028,0008) NumberOfFrames: 3 frames: a film has one",
                            "Give --frame to say which one is wanted."),
    "faults/frames_lie.dcm": (PIXELS + ": NumberOfFrames is 9, but only 3 fragments were found",),
    "faults/huge_dims.dcm": (PIXELS + ": 1536 bytes, but 65535 x 65535 pixels of 1 x 16 bits in 1 frame take 8589672450",
                             CUT),
    "faults/j2k_garbage.dcm": (PIXELS + ": frame 1: damaged JPEG 2000 header: SIZ of a wrong length", DAMAGED),
    "faults/jpeg_dht_overflow.dcm": (
        PIXELS + ": frame 1: damaged JPEG header: bad Huffman table id (marker ff c4 at byte 33)",),
    "faults/jpll_bad_huffman.dcm": (PIXELS + ": frame 1: JPEG entropy data corrupt: no valid code (in line 2 of 32)",),
    "faults/jpll_dims_differ.dcm": (
        PIXELS + ": frame 1: the JPEG data hold 24 x 32 pixels of 1 samples, the header says 24 x 30 of 1",),
    "faults/jpll_no_soi.dcm": (PIXELS + ": frame 1: no JPEG data (no SOI marker, FF D8, at its beginning)",),
    "faults/jpll_truncated.dcm": (PIXELS + ": frame 1: JPEG data ends early (in line 21 of 32, 628 bytes)",
                                  "The file is cut or damaged. Get it again from its source."),
    "faults/no_pixeldata.dcm": ("no pixel data",),
    "faults/photometric_missing.dcm": ("(0028,0004) PhotometricInterpretation: missing",),
    "faults/pixrep_2.dcm": ("(0028,0103) PixelRepresentation: is 2, must be 0 or 1",),
    "faults/pixrep_missing.dcm": ("(0028,0103) PixelRepresentation: missing",),
    "faults/rle_header_short.dcm": (PIXELS + ": frame 1: the RLE header is cut (40 of 64 bytes)", DAMAGED),
    "faults/rle_offset_out.dcm": (PIXELS + ": frame 1: RLE segment 1 of 2 lies outside of the frame's 1560 bytes",),
    "faults/rle_segments_1.dcm": (
        PIXELS + ": frame 1: 1 RLE segment, but SamplesPerPixel and BitsAllocated ask for 2",),
    "faults/rle_segments_99.dcm": (PIXELS + ": frame 1: 99 RLE segments, more than 15",),
    "faults/rle_truncated.dcm": (PIXELS + ": frame 1: RLE segment 2 of 2 ends early", DAMAGED),
    "faults/rows_missing.dcm": ("(0028,0010) Rows: missing",),
    "faults/says_j2k_is_raw.dcm": (
        PIXELS + ": frame 1: no JPEG 2000 data (no SOC and SIZ markers at its beginning)",),
    "faults/stored_0.dcm": ("(0028,0101) BitsStored: is 0, must be from 1 to BitsAllocated, 16",),
    "faults/stored_gt_alloc.dcm": ("(0028,0101) BitsStored: is 17, must be from 1 to BitsAllocated, 16",),
    "faults/zero_cols.dcm": ("(0028,0011) Columns: is 0, must be from 1 to 65535",),
    "faults/zero_rows.dcm": ("(0028,0010) Rows: is 0, must be from 1 to 65535",),
    "parse/deflate_corrupt.dcm": ("byte 1800: deflate data error: no element stands here in what it inflates to",),
    "parse/deflate_truncated.dcm": ("deflate stream ends early at byte 1737",),
    "parse/frag_len_past_eof.dcm": (
        PIXELS + " at byte 556: a fragment of 942 bytes goes beyond the end of the file (910 bytes are left)",),
    "parse/lying_len_pixels.dcm": (
        PIXELS + " at byte 530: its length of 2147483632 bytes goes beyond the end of the file (1536 bytes are left)",),
    "parse/lying_len_text.dcm": ("(0008,0070) Manufacturer at byte 392: its length of 65534 bytes goes beyond the end of "
                                 "the file (1678 bytes are left)",),
    "parse/magic_only.dcm": ("byte 132: no data set",),
    "parse/not_dicom.dcm": (NOT_DICOM,),
    "parse/short.dcm": (NOT_DICOM,),
    "parse/rtplan.dcm": ("no pixel data",),
    "parse/sq_len_past_eof.dcm": ("(0008,1032) ProcedureCodeSequence at byte 406: its length of 16777215 bytes goes beyond "
                                  "the end of the file (1706 bytes are left)",),
    "parse/sq_no_delimiter.dcm": ("(0008,1032) ProcedureCodeSequence at byte 452: a sequence without delimiter: neither an "
                                  "item nor its end stands here",),
    "parse/trunc_in_header.dcm": ("byte 470: the file ends within the header of an element",),
    "parse/trunc_in_meta.dcm": ("(0002,0002) MediaStorageSOPClassUID at byte 158: its length of 28 bytes goes beyond the "
                                "end of the file (4 bytes are left)",),
    "parse/trunc_in_pixels.dcm": (
        PIXELS + " at byte 530: its length of 1536 bytes goes beyond the end of the file (1203 bytes are left)",),
}
UNSUPPORTED = {
    "faults/alloc_12.dcm": ("(0028,0100) BitsAllocated: is 12; only 1, 8, 16 and 32 are supported",),
    "faults/float_pixels.dcm": ("(7FE0,0008) FloatPixelData: not supported",),
    "faults/unknown_ts.dcm": (
        "(0002,0010) TransferSyntaxUID: unknown transfer syntax (1.2.840.10008.9.9.9): its pixels cannot be decoded",),
    "faults/video_ts.dcm": ("(0002,0010) TransferSyntaxUID: the transfer syntax MPEG-4 AVC/H.264 High Profile / Level 4.1 "
                            "(1.2.840.10008.1.2.4.102) is not supported",),
}
# file: its warning, "": none. All hold one picture but the first.
ACCEPTED = {
    "faults/duplicate_rows.dcm": "elements are not in the order of their tags; a tag stands there twice; the last is taken; "
                                 "1488 bytes behind the last frame were left out",
    "faults/jpll_no_eoi.dcm": "frame 1: the JPEG end marker is missing; all samples are there",
    "parse/deflate_64MiB.dcm": "",
    "parse/item_len_past_sq.dcm": "an item's length goes beyond the end of what holds it; clipped there",
    "parse/meta_group_length_wrong.dcm": "the length of group 0002 is wrong",
    "parse/meta_says_implicit.dcm": "declared implicit VR, but it is explicit",
    "parse/nesting_30_ok.dcm": "",
    "parse/no_seq_delimiter.dcm": "pixel data without sequence delimiter",
    "parse/odd_length_text.dcm": "a value of odd length",
    "parse/trailing_garbage.dcm": "bytes behind the last element",
}
# JPEG of the phantom that they hold, and of its first row: pydicom 3.0.2 and OpenCV 5.0.0.
PHANTOM = "10d1fee641e114f439afae064384648e18d27511b8a238df2ea270a9102673ec"
FIRST_ROW = "5c34b98965aa90c90f2a659fcd7d3ae4c5d643459e9d47985b498bc98f0409bd"


def refuses(name, path, code, *message):
    new("one.jpg")
    ran = render(path, at("one.jpg"))
    report.equal(name, (ran.code, code), (ran.error, lines("%s: %s" % (path, message[0]), *message[1:])),
                 (os.path.exists(at("one.jpg")), False), (ran.out, ""))


def broken_files():
    for code, table in ((3, REFUSED), (5, UNSUPPORTED)):
        for name, message in table.items():
            refuses(name, os.path.join(DICOM, name), code, *message)
    for name, warning in ACCEPTED.items():
        path = os.path.join(DICOM, name)
        ran = render(path, at("one.jpg"))
        report.equal(name + " is taken", (ran.code, 0),
                     (ran.warnings, "hilum: warning: %s: %s" % (path, warning) if warning else ""),
                     (sha256(at("one.jpg")), FIRST_ROW if "duplicate" in name else PHANTOM))


def nested(levels):
    """A sequence in a sequence in ..., all of defined length."""
    value = element(0x00080104, "LO", "x")
    for _ in range(levels):
        value = sequence(0x00081032, item(value))
    return value


def open_ended(levels):
    """The same with undefined lengths and no end at all: as deep as the file is long."""
    opened = b"\x08\x00\x32\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return film(change={0x00081032: opened * levels})


def made_here():
    big = words([65535] * 5)
    cases = [
        ("an empty file", b"", 3, "empty file"),
        ("a text file", b"This is a letter. " * 30, 3, NOT_DICOM),
        ("65535 x 65535 pixels in 10 bytes", film(change={0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}, raw=big), 3,
         PIXELS + ": 10 bytes, but 65535 x 65535 pixels of 1 x 16 bits in 1 frame take 8589672450", CUT),
        ("65535 x 65535 pixels in an RLE frame", film(syntax=RLE, raw=fragments(rle_frame(grey(8, 8))), change={
            0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}), 5, None),
        ("nesting of 65 levels", film(change={0x00081032: nested(65)}), 5, None),
        ("a nesting bomb", open_ended(6000), 5, None),
        ("colour", film(change={0x00280002: ("US", 3), 0x00280004: ("CS", "RGB"), 0x00280006: ("US", 0)},
                        pixels=grey(96, 24)), 3, "(0028,0002) SamplesPerPixel: 3 samples a pixel; a film has one"),
        ("a palette", film(change={0x00280004: ("CS", "PALETTE COLOR")}), 3, None),
        ("bits stored: 13 of 12", film(change={0x00280101: ("US", 17)}), 3,
         "(0028,0101) BitsStored: is 17, must be from 1 to BitsAllocated, 16"),
        ("a photometric interpretation without value", film(change={0x00280004: ("CS", "")}), 3,
         "(0028,0004) PhotometricInterpretation: missing"),
        ("a negative number of frames", film(change={0x00280008: ("IS", "-1")}), 3, None),
        ("a number of frames that is none", film(change={0x00280008: ("IS", "many")}), 3, None),
        ("more frames than bytes", film(change={0x00280008: ("IS", "2147483647")}), 3, None),
        ("Rows that hold a text", film(change={0x00280010: ("LO", "twenty")}), 3, None),
    ]
    for name, content, code, *message in cases:
        path = put("made.dcm", content)
        if message[0] is not None:
            refuses(name, path, code, *message)
            continue
        new("one.jpg")
        ran = render(path, at("one.jpg"))
        report.equal(name, (ran.code in (3, 5), True), (ran.error[:1], lambda e: e and e[0].startswith(
            "hilum: " + path)), (os.path.exists(at("one.jpg")), False))


def no_frames():
    path = put("made.dcm", film(change={0x00280008: ("IS", "0")}))
    ran = render(path, new("one.jpg"))
    report.equal("0 frames are taken for one", (ran.code, 0), (
        ran.warnings, "hilum: warning: %s: NumberOfFrames is 0; 1 was taken" % path), (os.path.exists(at("one.jpg")), True))


def memory():
    if SANITIZED:
        report.skip("memory", "the sanitizer has memory of its own")
        return
    small = peak_kib("film", "render", put("small.dcm", film()), at("one.jpg"))
    for name, content in [("huge.dcm", film(change={0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}, raw=words([1] * 5))),
                          ("bomb.dcm", open_ended(6000))]:
        code, kib = peak_kib("film", "render", put(name, content), at("one.jpg"))
        report.ok("%s takes no memory for what it claims (%d KiB, a small film %d)" % (name, kib, small[1]),
                  code in (3, 5) and kib < small[1] + 8192)
    code, kib = peak_kib("film", "render", os.path.join(DICOM, "parse", "deflate_64MiB.dcm"), at("one.jpg"))
    report.ok("64 MiB of deflated zeros pass through (%d KiB)" % kib, code == 0 and kib < 80 * 1024)


# --- cut files --------------------------------------------------------------------------------------------

FIXTURES = {  # a file of each syntax that needs a coder
    "4.50": "synthetic/u8_jpeg_baseline.dcm", "4.51": "synthetic/u12_jpeg_extended.dcm",
    "4.57": "synthetic/u14_m1_jpll57_p14_sv6.dcm", "4.70": "synthetic/u12_jpll_p12_rst.dcm",
    "4.80": "real/JLSL_16_15_1_1F.dcm", "4.81": "real/JPEGLSNearLossless_08.dcm", "4.90": "synthetic/s16_j2k.dcm",
    "4.91": "real/693_J2KI.dcm", "4.201": "synthetic/u12_htj2k_lossless.dcm", "4.202": "synthetic/u12_htj2k_rpcl.dcm",
    "4.203": "synthetic/u12_htj2k_lossy.dcm",
}


def whole_files():
    films = {name: dress(syntax, 101, 61) for name, syntax in [
        ("implicit", IMPLICIT), ("explicit", EXPLICIT), ("big", BIG), ("deflated", DEFLATED), ("raw", ENCAPSULATED_RAW),
        ("rle", RLE), ("deflated_frames", DEFLATED_FRAMES)]}
    films.update({name.replace(".", "_"): read(DICOM, file) for name, file in FIXTURES.items()})
    films["gzip"] = gzip.compress(films["explicit"])
    return films


def cuts(n):
    """Every 997th byte, some of the header's, and the last ones."""
    return sorted({i for i in [*range(997, n, 997), *range(1, min(n, 1200), 173), *range(max(n - 12, 1), n)]})


def cut_files():
    films = whole_files()
    lay("cut", {"files/p10/p10000032/s50000001/%s_%d.dcm" % (name, n): content[:n]
                for name, content in films.items() for n in cuts(len(content))})
    lay("whole", {"files/p10/p10000032/s50000001/%s.dcm" % name: content for name, content in films.items()})
    ran, whole = archive(at("whole"), out="whole-out")
    want = {os.path.basename(n)[:-4]: sha256(os.path.join(whole, n)) for n in pictures(whole)}
    report.equal("a film of each of %d syntaxes is rendered" % len(films), (ran.code, 0), (set(want), set(films)))
    ran, folder = archive(at("cut"), out="cut-out")
    n_films = len(files_in(at("cut")))
    got = {os.path.basename(n)[:-4]: sha256(os.path.join(folder, n)) for n in pictures(folder)}
    wrong = [n for n, h in got.items() if h != want[n.rsplit("_", 1)[0]]]
    refused = refusals(folder)
    report.equal("%d films cut anywhere are refused, unless all pixels are there (%d)" % (n_films, len(got)), (ran.code, 1),
                 (wrong, []), (len(refused) + len(got), n_films), ([k for k, v in refused.items() if not v], []),
                 (sums_hold(folder), ""))
    lost = [n for n in got if len(films[n.rsplit("_", 1)[0]]) - int(n.rsplit("_", 1)[1]) > 12
            and not n.startswith("gzip")]
    report.equal("... which is so at most without the last bytes", (lost, []))
    if not SANITIZED and not QUICK:
        alone = [os.path.join(at("cut"), n) for n in files_in(at("cut"))][::29]
        bad = []
        for path in alone:
            new("one.jpg")
            ran = render(path, at("one.jpg"))
            taken = os.path.basename(path)[:-4] in got
            if (ran.code == 0) != taken or os.path.exists(at("one.jpg")) != taken:
                bad.append("%s: exit %d: %s" % (path, ran.code, ran.err[:300]))
        report.ok("... alone as well (%d of them)" % len(alone), not bad, bad)


# --- the film and its frames ------------------------------------------------------------------------------

def frames():
    three = dress(RLE, 20, 10, frames=3)
    path = put("three.dcm", three)
    frame = "(0028,0008) NumberOfFrames: "
    refuses("three frames are no film", path, 3, frame + "3 frames: a film has one",
            "Give --frame to say which one is wanted.")
    single = {}
    for n in (1, 2, 3):
        single[n] = render(path, at("frame%d.jpg" % n), "--frame", n).code, sha256(at("frame%d.jpg" % n))
    report.equal("--frame takes one of them", ([c for c, _ in single.values()], [0, 0, 0]),
                 (len({h for _, h in single.values()}), 3))
    for word, code, message in [("4", 2, "%s: %s--frame 4: it has 3" % (path, frame)), ("0", 2, "--frame: 0 is out of range"),
                                ("x", 2, None), ("99999999999", 2, None)]:
        ran = render(path, new("one.jpg"), "--frame", word)
        report.equal("--frame %s is refused" % word, (ran.code, code), (os.path.exists(at("one.jpg")), False),
                     (ran.error[0], "hilum: " + message if message else lambda e: "--frame" in e))
    folder = lay("in", {1: film(), 2: three})
    ran, out = archive(folder)
    report.equal("in an archive three frames are refused", (ran.code, 1), (pictures(out), [STUDY + dicom_id(1) + ".jpg"]),
                 (refusals(out), {STUDY + dicom_id(2) + ".dcm": frame + "3 frames: a film has one Give --every-frame to "
                                  "have a picture of each."}))
    ran, out = archive(folder, "--every-frame")
    report.equal("--every-frame gives each a picture", (ran.code, 0), (
        pictures(out), [STUDY + dicom_id(1) + ".jpg"] + [STUDY + dicom_id(2) + "_f%03d.jpg" % n for n in (1, 2, 3)]),
        ([sha256(os.path.join(out, n)) for n in pictures(out)[1:]], [h for _, h in single.values()]),
        (read(out, "IMAGE_FILENAMES").decode().split(), pictures(out)), (len(rows(out, METADATA)), 2),
        (hilum("film", "check", out).code, 0))
    good = rle_frame(grey(20, 10))
    lay("in", {1: film(), 2: film(20, 10, RLE, {0x00280008: ("IS", "3")}, raw=fragments(good, good, good[:70]))})
    ran, out = archive(folder, "--every-frame")
    report.equal("a damaged third frame takes the first two away", (ran.code, 1),
                 (pictures(out), [STUDY + dicom_id(1) + ".jpg"]), (read(out, "IMAGE_FILENAMES").decode().split(),
                                                                  pictures(out)), (hilum("film", "check", out).code, 0))


# --- wrong words ------------------------------------------------------------------------------------------

def usage():
    folder, one = lay("in", {1: film()}), put("one.dcm", film())
    here, out, jpg, png = at("in"), new("out"), at("one.jpg"), at("one.png")
    for path in (jpg, png):
        new(os.path.basename(path))
    is_one = "%s is one picture: --shard, --resume, --map, --records, --split-file and --labels are for archives" % jpg
    needs_picture = lines(one + " is one film: OUT must then end in .jpg or .png",
                          "Give the folder to make an archive of it.")
    wrong = [
        ("a file into a folder", [one, out], 2, needs_picture),
        ("a picture of another kind", [one, at("one.tif")], 2, needs_picture),
        ("a film that is not there", [at("none.dcm"), jpg], 3, lines(at("none.dcm") + ": cannot open: no such file or folder")),
        ("a folder that is not there", [at("none"), out], 3, lines(at("none") + ": there is no such file or folder")),
        ("a PNG recipe and a .jpg", [one, jpg, "--recipe", "film-png16"], 2,
         lines(jpg + ": recipe film-png16 writes PNG", "Name the file .png.")),
        ("a quality for PNG", [one, png, "--quality", "50"], 2,
         lines("--quality: %s is a PNG, which loses nothing" % png)),
        ("a quality for a PNG recipe", [one, png, "--quality", "50", "--recipe", "film-png16"], 2,
         lines("--quality: recipe film-png16 writes PNG, which loses nothing")),
        ("quality 0", [one, jpg, "--quality", "0"], 2, None),
        ("quality 101", [one, jpg, "--quality", "101"], 2, None),
        ("no recipe of that name", [one, jpg, "--recipe", "nope"], 2, None),
        ("a recipe for something else", [one, jpg, "--recipe", "symile-mimic-1.0"], 3, None),
        ("--frame for an archive", [here, out, "--frame", "1"], 2,
         lines("--frame is for one film; an archive takes --every-frame")),
        ("--every-frame for one film", [one, jpg, "--every-frame"], 2,
         lines("--every-frame is for archives; one film takes --frame")),
    ] + [("one film with " + words[0], [one, jpg, *words], 2, lines(is_one)) for words in (
        ["--map", "m.csv"], ["--records", "r.csv"], ["--labels", "l"], ["--split-file", "s"], ["--resume"], ["--shard", "0/2"])]
    for name, call, code, error in wrong:
        ran = render(*call)
        report.equal("wrong: " + name, (ran.code, code),
                     (ran.error, error or (lambda e: len(e) > 0)), (os.path.exists(out), False),
                     (os.path.exists(jpg) or os.path.exists(png), False))
    ran = render(folder, new("named.jpg"))
    report.equal("a folder may be named like a picture", (ran.code, 0), (len(pictures(at("named.jpg"))), 1))
    for name, films, error in [
            ("an empty folder", {}, ": no DICOM files in it"),
            ("a folder of rubbish", {"a.txt": "x", "b/c.bin": os.urandom(500)}, ": no DICOM files in it"),
            ("a folder with DICOM anywhere", {"b/d.dcm": b"x" * 300}, ": 1 DICOM files, but no path gives ids "
             "(.../pSUBJECT/sSTUDY/ID.dcm)")]:
        os.makedirs(lay("rubbish", films), exist_ok=True)
        ran, out = archive(at("rubbish"))
        report.equal(name, (ran.code, 3), (ran.error[0], "hilum: " + at("rubbish") + error), (os.path.exists(out), False))


def outputs():
    folder = lay("in", {1: film()})
    out = new("out")
    put("out/thesis.txt", "mine")
    ran = render(folder, out)
    report.equal("a folder that holds something else is left alone", (ran.code, 2), (ran.error, lines(
        out + " holds something else: thesis.txt; give a new or empty folder as --out")), (files_in(out), ["thesis.txt"]))
    ran, out = archive(folder)
    want = tree(out)
    for words in ([], ["--resume"]):
        ran = render(folder, out, *words)
        report.equal("a finished archive is not written over" + " with --resume" * len(words), (ran.code, 2),
                     (ran.error, lines(out + " holds a finished run; give another --out")), (same(tree(out), want), []))
    put("file", "")
    ran = render(folder, at("file"))
    report.equal("a file is no folder", (ran.code, 2), (ran.error, lines(at("file") + ": not a folder", "Give another --out.")))
    shards = new("shards")
    render(folder, shards, "--shard", "1/3")
    for name, words, text in [("another number of shards", ["--shard", "1/4"], "was started as 3 shards"),
                              ("another quality", ["--shard", "0/3", "--quality", "50"], "quality"),
                              ("another recipe", ["--shard", "0/3", "--recipe", "film-plain"], "recipe"),
                              ("no shards", [], "holds an unfinished run")]:
        ran = render(folder, shards, *words)
        report.equal("shards: %s is refused" % name, (ran.code, 2), (ran.error[0], lambda e: text in e and shards in e))
    put(os.path.join("in", STUDY + dicom_id(2) + ".dcm"), film())
    ran = render(folder, shards, "--shard", "0/3")
    report.equal("shards: another list of films is refused", (ran.code, 2), (
        ran.error[0], lambda e: "inputs" in e or "listed" in e))


# --- names, links, twins ----------------------------------------------------------------------------------

def names():
    films = {1: film(), STUDY + "two words.dcm": film(), STUDY + "new\nline.dcm": film(), STUDY + ".hidden.dcm": film(),
             STUDY + "tab\there.dcm": film(), STUDY + "x" * 129 + ".dcm": film(), "readme.txt": "x",
             "files/p10/p10000032/a.dcm": film(),
             "files/p1/p7/s5/short.dcm": film(), "files/p10/pabc/s50414267/letters.dcm": film(), STUDY + "caf\u00e9.dcm": film()}
    folder = lay("in", films)
    put(os.fsencode("in/" + STUDY) + b"lat\xe9in.dcm", film())
    os.symlink("..", os.path.join(folder, "files/loop"))
    os.symlink(dicom_id(1) + ".dcm", os.path.join(folder, STUDY, dicom_id(4) + ".dcm"))
    os.symlink("/", os.path.join(folder, "files/p11"))
    os.mkfifo(os.path.join(folder, STUDY, dicom_id(5) + ".dcm"))
    os.mkfifo(os.path.join(folder, STUDY, "pipe"))
    ran, out = archive(folder)
    no_ids = "the path gives no ids: it is not .../pSUBJECT/sSTUDY/ID.dcm"
    report.equal("names that could lead astray are refused; links, loops and pipes are left alone", (ran.code, 1),
                 (pictures(out), [STUDY + dicom_id(1) + ".jpg"]), (refusals(out), dict.fromkeys([
                     STUDY + "two words.dcm", STUDY + "new\\x0aline.dcm", STUDY + ".hidden.dcm", STUDY + "tab\\x09here.dcm",
                     STUDY + "x" * 129 + ".dcm", "files/p10/p10000032/a.dcm", "files/p1/p7/s5/short.dcm",
                     "files/p10/pabc/s50414267/letters.dcm", STUDY + "caf\u00e9.dcm", STUDY + "lat\\xe9in.dcm"], no_ids)),
                 (ran.warnings, "hilum: warning: 1 files are no DICOM by name or beginning and were left alone"),
                 (len(rows(out, "films-report.csv")), 11), (sums_hold(out), ""))


def twins():
    other = "files/p10/p10000033/s50414268/"
    folder = lay("in", {1: film(), other + dicom_id(1) + ".dcm": film(), 2: film(), other + dicom_id(3) + ".dcm.gz":
                        gzip.compress(film()), STUDY + dicom_id(2) + ".dcm.gz": gzip.compress(film())})
    ran, out = archive(folder)
    twin = "another file has the same dicom_id; neither was taken"
    report.equal("two files with one id: neither is taken", (ran.code, 1), (pictures(out), [other + dicom_id(3) + ".jpg"]),
                 (refusals(out), {STUDY + dicom_id(1) + ".dcm": twin, other + dicom_id(1) + ".dcm": twin, STUDY + dicom_id(
                     2) + ".dcm": twin, STUDY + dicom_id(2) + ".dcm.gz": twin}),
                 ([r["dicom_id"] for r in rows(out, METADATA)], [dicom_id(3)]))
    mixed = "files/p11/p11000000/s50414267/" + dicom_id(3) + ".dcm"
    folder = lay("in", {1: film(), 2: film(), mixed: film(), other + dicom_id(4) + ".dcm": film()})
    ran, out = archive(folder)
    text = "its study_id belongs to another patient too; no film of it was taken"
    report.equal("a study of two patients: no film of it is taken", (ran.code, 1), (
        refusals(out), {STUDY + dicom_id(1) + ".dcm": text, STUDY + dicom_id(2) + ".dcm": text, mixed: text}),
        (pictures(out), [other + dicom_id(4) + ".jpg"]))
    ran = render(folder, new("out"), "--strict")
    report.equal("--strict ends at the first refused film", (ran.code, 3), (ran.error, lines(
        STUDY + dicom_id(1) + ".dcm: " + text)), (os.path.exists(at("out", "manifest.json")), False))


# --- lists ------------------------------------------------------------------------------------------------

def record_lists():
    name = STUDY + dicom_id(1) + ".dcm"
    good = "10000032,50414267,%s,%s\n" % (dicom_id(1), name)
    folder = lay("in", {1: film(), 2: film(), "odd/lat in.dcm": film()})
    path = at("r.csv")
    id_rule = "may hold letters, digits, '.', '_' and '-' only"
    place_rule = "column path: must be a path below the archive"
    digits = "is no number of 2 to 12 digits"
    stops = [
        ("", ": the file is empty; a header line was expected"), (LIST, ": the list has no rows"),
        ("a,b\n1,2\n", ": no column 'subject_id'; it has a, b"),
        (LIST + "x,50414267,a,b.dcm\n", ":2: column subject_id: " + digits),
        (LIST + "1,50414267,a,b.dcm\n", ":2: column subject_id: " + digits),
        (LIST + "9999999999999,50414267,a,b.dcm\n", ":2: column subject_id: " + digits),
        (LIST + "10000032,-40,a,b.dcm\n", ":2: column study_id: " + digits),
        (LIST + good + "10000032,50414267,a b,b.dcm\n", ":3: column dicom_id: " + id_rule),
        (LIST + "10000032,50414267,,b.dcm\n", ":2: column dicom_id: " + id_rule),
        (LIST + "10000032,50414267,..x,b.dcm\n", ":2: column dicom_id: " + id_rule),
        (LIST + "10000032,50414267,a/b,b.dcm\n", ":2: column dicom_id: " + id_rule),
        (LIST + "10000032,50414267,a,../b.dcm\n", ":2: " + place_rule),
        (LIST + "10000032,50414267,a,/etc/passwd\n", ":2: " + place_rule),
        (LIST + "10000032,50414267,a,files/../../b.dcm\n", ":2: " + place_rule),
        (LIST + "10000032,50414267,a,\n", ":2: " + place_rule),
        (LIST + '10000032,50414267,a,"odd/l\na.dcm"\n', ":2: " + place_rule),
        (LIST + "10000032,50414267,a\n", ":2: 3 fields, the header has 4"),
        ((LIST + "10000032,50414267,x,odd/l\xe9.dcm\n").encode("latin-1"), ":2: byte 0xE9 is no UTF-8 (byte 59 of the text)"),
    ]
    for content, error in stops:
        put("r.csv", content)
        ran, out = archive(folder, "--records", path)
        report.equal("a record list %r" % content, (ran.code, 3), (ran.error[0], "hilum: " + path + error),
                     (os.path.exists(out), False))
    unlisted = "hilum: warning: %d DICOM files are not in the record list and were left alone"
    other_ids = "the path has other ids than the record list"
    for content, refused, n_pictures, n_unlisted in [
            (good, {}, 1, 2), (good.replace("10000032,", "10000033,", 1), {name: other_ids}, 0, 2),
            (good.replace(",50414267", ",50414268", 1), {name: other_ids}, 0, 2),
            (good.replace("," + dicom_id(1), ",abc", 1), {name: other_ids}, 0, 2),
            (good + good, {name: "another file has the same dicom_id; neither was taken"}, 0, 2),
            (good + "10000032,50414267,x,nothing.dcm\n", {"nothing.dcm": "the file is not there"}, 1, 2),
            (good + "10000032,50414267,x,odd\n", {"odd": "no regular file"}, 1, 2),
            ("10000032,50414267,x,odd/lat in.dcm\n", {}, 1, 2), ("12,34,x,odd/lat in.dcm\n", {}, 1, 2)]:
        put("r.csv", LIST + content)
        ran, out = archive(folder, "--records", path)
        report.equal("a record list %r" % content, (ran.code, 1 if refused else 0), (refusals(out), refused),
                     (len(pictures(out)), n_pictures), (ran.warnings, unlisted % n_unlisted))
    os.mkfifo(os.path.join(folder, "pipe"))
    put("r.csv", LIST + good + "10000032,50414267,x,pipe\n")
    ran, out = archive(folder, "--records", path)
    report.equal("a listed pipe is not waited for", (ran.code, 1), (refusals(out), {"pipe": "no regular file"}))
    ran, out = archive(folder, "--records", at("none.csv"))
    report.equal("a record list that is not there", (ran.code, 3), (ran.error, lines(
        at("none.csv") + ": cannot open: no such file or folder")), (os.path.exists(out), False))


def split_files():
    folder = lay("in", {1: film(), 2: film(), 3: film()})
    path = at("s.csv")
    two = [dicom_id(i) for i in (1, 2, 3)]
    patient = (": the split file has subject_id 10000032 in train and in test", "A patient must be in one split only.")
    for content, *error in [
            ("", ": the file is empty; a header line was expected"),
            ("split\ntrain\n", ": no column 'subject_id' or 'dicom_id'"),
            ("subject_id\n1\n", ": no column 'split'; it has subject_id"),
            ("split,subject_id\nval,10000032\n", ":2: column split: is none of train, validate, test"),
            ("split,subject_id\ntrain,x\n", ":2: column subject_id: is no integer"),
            ("split,subject_id\ntrain,\n", ":2: column subject_id: is no integer"),
            ("split,subject_id\ntrain,10000032\ntest,10000032\n", ":3: column subject_id: is in two splits"),
            ("split,dicom_id\ntrain,a\ntest,a\n", ":3: column dicom_id: is in two splits"),
            ("split,dicom_id\ntrain,%s\ntest,%s\n" % (two[0], two[1]), *patient),
            ("split,dicom_id\ntrain,%s\ntest,%s\n" % (two[1], two[2]), *patient)]:
        put("s.csv", content)
        ran, out = archive(folder, "--split-file", path)
        report.equal("a split file %r" % content, (ran.code, 3), (ran.error, lines(path + error[0], *error[1:])),
                     (os.path.exists(out), False))
    for content, splits, without in [
            ("split,subject_id\ntest,10000032\n", ["test"] * 3, 0), ("split,dicom_id\nvalidate,%s\n" % two[1], ["validate"], 2),
            ("split,subject_id\ntrain,77\n", [], 3), ("split,subject_id\n", [], 3),
            ("dicom_id,study_id,subject_id,split\n%s,50414267,10000032,test\n" % two[0], ["test"] * 3, 0)]:
        put("s.csv", content)
        ran, out = archive(folder, "--split-file", path)
        report.equal("a split file %r" % content, (ran.code, 0), ([r["split"] for r in rows(out, SPLIT)], splits), (
            ran.warnings, "hilum: warning: %d films are of patients that the split file does not have: they are in no split"
            % without if without else ""))


def label_tables():
    folder = lay("in", {1: film()})
    chexpert = gzip.compress(b"subject_id,study_id,Edema\n10000032,50414267,1.0\n")
    put("labels/mimic-cxr-2.0.0-chexpert.csv.gz", chexpert)
    put("labels/notes.txt", "x")
    for path in (at("labels"), at("labels/mimic-cxr-2.0.0-chexpert.csv.gz")):
        ran, out = archive(folder, "--labels", path)
        report.equal("label tables go along: " + os.path.basename(path), (ran.code, 0), (
            read(out, "mimic-cxr-2.0.0-chexpert.csv.gz"), chexpert), (sums_hold(out), ""), (os.path.exists(
                os.path.join(out, "notes.txt")), False), (hilum("film", "check", out).code, 0))
    own = put("mine/" + SPLIT, gzip.compress(b"study_id,split\n1,train\n"))
    for path, code, error in [
            (at("none"), 3, at("none") + ": cannot open: no such file or folder"),
            (folder, 3, folder + ": no label tables in it (mimic-cxr-2.0.0-chexpert.csv.gz, ...)"),
            (put("x.csv", "a,b\n1,2\n"), 3, at("x.csv") + ": no column 'study_id'; it has a, b"),
            (put("y.csv", "study_id\nx\n"), 3, at("y.csv") + ":2: column study_id: is no integer"),
            (own, 2, "--labels %s: the archive has a %s of its own" % (own, SPLIT))]:
        ran, out = archive(folder, "--labels", path)
        report.equal("wrong labels are said before a film is rendered: " + os.path.basename(path), (ran.code, code),
                     (ran.error, lines(error)), (os.path.exists(out), False))


def view_from_code():
    code = sequence(0x00540220, item(element(0x00080104, "LO", "antero-posterior")))
    folder = lay("in", {1: film(change={0x00185101: ("CS", ""), 0x00540220: code}), 2: film(change={0x00540220: code}),
                        3: film(change={0x00185101: None})})
    for words, views in ([], ["", "PA", ""]), (["--view-from-code"], ["AP", "PA", ""]):
        ran, out = archive(folder, *words)
        warned = [r["warnings"] for r in rows(out, "films-report.csv")]
        report.equal("an empty ViewPosition " + ("is filled when asked, and said" if words else "stays empty"), (ran.code, 0),
                     ([r["ViewPosition"] for r in rows(out, METADATA)], views),
                     (warned, ["ViewPosition was filled from the view code" if words else "", "", ""]))


def one_picture():
    path, jpg = put("one.dcm", film()), new("one.jpg")
    render(path, jpg)
    old = sha256(jpg)
    ran = render(os.path.join(DICOM, "faults", "rle_truncated.dcm"), jpg)
    report.equal("a refused film leaves an older picture as it is", (ran.code, 3), (sha256(jpg), old))
    render(path, jpg, "--quality", 10)
    report.ok("a rendered one takes its place", sha256(jpg) != old)
    report.equal("no temporary file is left", ([n for n in os.listdir(temp) if n.startswith(".tmp")], []))
    ran = render(path, at("nowhere", "x.jpg"))
    report.equal("a folder that is not there is not made for one picture", (ran.code, 3), (ran.error, lines(
        at("nowhere", "x.jpg") + ": cannot create: no such file or folder")))


def strict_rows():
    folder = lay("in", {1: film(), 2: film()[:-100], 3: film(change={0x00280301: ("CS", "YES")})})
    ran, out = archive(folder)
    report.equal("a refused film keeps its row of metadata when its header can be read", (ran.code, 1),
                 ([r["dicom_id"] for r in rows(out, METADATA)], [dicom_id(1), dicom_id(3)]),
                 (hilum("film", "check", out).code, 0))
    ran, out = archive(folder, "--strict-rows")
    report.equal("... not with --strict-rows", (ran.code, 1), ([r["dicom_id"] for r in rows(out, METADATA)], [dicom_id(1)]))


# --- runs that are disturbed ------------------------------------------------------------------------------

SIDE = 500 if SANITIZED else 800
FILMS = 16 if SANITIZED else 24


def long_job():
    """Films of noise enough for some tenths of a second, and one that is none."""
    noise = words([b << 4 for b in random.Random(5).randbytes(1009)])
    films = {i: film(SIDE, SIDE, raw=((noise[2 * i:] + noise) * (SIDE * SIDE // 1009 + 1))[:2 * SIDE * SIDE])
             for i in range(FILMS)}
    films["files/p11/p11000011/s51000000/" + dicom_id(99) + ".dcm"] = b"no film" * 100
    return lay("long", films)


def killed(folder, want):
    faults, n_killed = [], 0
    moments = [0, 1, FILMS // 3, FILMS - 2] if QUICK or SANITIZED else [0, 0, 1, 2, FILMS // 4, FILMS // 2, FILMS - 2, FILMS]
    for i, moment in enumerate(moments):
        out = new("killed")
        run = Running(folder, out, "--jobs", 1 + i % 2)
        run.until(moment)
        n_killed += run.send(signal.SIGKILL)[0] == -signal.SIGKILL
        if os.path.exists(os.path.join(out, "manifest.json")):
            continue
        half = [n for n in pictures(out) if "/." not in n and want.get(n) != sha256(os.path.join(out, n))]
        if half:
            faults.append("after %d pictures: half-written %s" % (moment, half))
        if os.path.isdir(out) and pictures(out) and i % 3 == 2:  # somebody takes a picture away
            os.remove(os.path.join(out, pictures(out)[0]))
        ran = render(folder, out, "--resume")
        differ = same(tree(out), want)
        if ran.code != 1 or differ:
            faults.append("after %d pictures: exit %d, %s, %s" % (moment, ran.code, differ[:5], ran.err[:300]))
    report.ok("killed at %d moments, --resume makes the same folder" % n_killed, not faults and n_killed >= 2, faults)


def stopped(folder, want):
    for number in (signal.SIGTERM, signal.SIGINT):
        out = new("stopped")
        run = Running(folder, out, "--jobs", 1)
        report.ok("a film is there before %s" % number.name, run.until(2))
        code, err = run.send(number)
        report.equal("%s: exit 130, and how to go on" % number.name, (code, 130), (err, lambda e: "--resume" in e),
                     (os.path.exists(os.path.join(out, "manifest.json")), False))
        ran = render(folder, out)
        report.equal("... a plain run does not touch it", (ran.code, 2), (ran.error, lines(
            out + " holds an unfinished run; add --resume to go on, or give another --out")))
        ran = render(folder, out, "--resume", "--recipe", "film-plain")
        report.equal("... nor does another recipe go on with it", (ran.code, 2), (ran.error[0], lambda e: "recipe" in e))
        ran = render(folder, out, "--resume", "--json")
        report.equal("... --resume makes the same folder", (ran.code, 1), (same(tree(out), want), []),
                     (json.loads(ran.out)["failed"], 1))


def vanishing(folder):
    """The run is held after its first picture; then the last film goes away, and the one before is cut."""
    out = new("vanish")
    run = Running(folder, out, "--jobs", 1)
    there = run.until(1)
    run.hold()
    n_done = len(pictures(out))
    last, cut = STUDY + dicom_id(FILMS - 1), STUDY + dicom_id(FILMS - 2)
    os.rename(os.path.join(folder, last + ".dcm"), at("last.dcm"))
    shutil.copy(os.path.join(folder, cut + ".dcm"), at("cut.dcm"))
    os.truncate(os.path.join(folder, cut + ".dcm"), 5000)
    run.go_on()
    code, err = run.send(0)
    refused = refusals(out)
    report.equal("films that vanish or are cut while the archive is made are refused (%d were done)" % n_done, (there, True),
                 (code, 1), (len(refused), 3), (refused.get(last + ".dcm"), "the file is not there"),
                 (refused.get(cut + ".dcm"), lambda m: m and "goes beyond the end of the file" in m),
                 ({last + ".jpg", cut + ".jpg"} & set(pictures(out)), set()), (len(pictures(out)), FILMS - 2),
                 (sums_hold(out), ""), (hilum("film", "check", out).code, 0))
    shutil.move(at("last.dcm"), os.path.join(folder, last + ".dcm"))
    shutil.move(at("cut.dcm"), os.path.join(folder, cut + ".dcm"))


def disks(folder, want):
    size = sum(os.path.getsize(at("whole-long", n)) for n in files_in(at("whole-long")))
    with Disk("%dk" % (size // 2 // 1024)) as disk:
        if not disk.mounted:
            report.skip("a full disk", "no right to mount one")
            return
        out = os.path.join(disk.at, "out")
        ran = render(folder, out)
        report.equal("a disk that fills up stops the run", (ran.code, 4), (ran.error[0], lambda e: e.startswith(
            "hilum: ") and e.endswith(": cannot write: the disk is full")), ([
            n for n in pictures(out) if "/." not in n and sha256(os.path.join(out, n)) != want.get(n)], []),
                     (os.path.exists(os.path.join(out, "manifest.json")), False))
        disk.change("size=%dk" % (size * 3 // 1024 + 4096))
        ran = render(folder, out, "--resume")
        report.equal("... and --resume goes on when there is room", (ran.code, 1), (same(tree(out), want), []))
        disk.change("ro")
        ran = render(folder, os.path.join(disk.at, "other"))
        report.equal("a read-only disk is said", (ran.code, 4), (ran.error, lines(
            os.path.join(disk.at, "other") + ": cannot make the folder: no permission (the file system is read-only)")))
        ran = render(put("one.dcm", film()), os.path.join(disk.at, "one.jpg"))
        report.equal("... for one film too", (ran.code, 4), (ran.error[0], lambda e: "read-only" in e))


def disturbed():
    folder = long_job()
    ran = render(folder, new("whole-long"))
    want = tree(at("whole-long"))
    report.equal("a long job", (ran.code, 1), (len(pictures(at("whole-long"))), FILMS))
    killed(folder, want)
    stopped(folder, want)
    vanishing(folder)
    disks(folder, want)


broken_files()
made_here()
no_frames()
memory()
cut_files()
frames()
usage()
outputs()
names()
twins()
record_lists()
split_files()
label_tables()
view_from_code()
one_picture()
strict_rows()
disturbed()
sys.exit(report.end())
