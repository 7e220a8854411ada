"""hilum film render beside what pydicom, OpenCV and libjpeg-turbo make of the same files, byte for byte: every DICOM
file of the shared data as one film, a small archive with its tables, and broken files alone and among others."""
import csv
import gzip
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import (QUICK, SANITIZED, SHARED, Report, files_in, hilum, read, same, sha256, sums_hold, temp, tree)

DICOM = os.path.join(SHARED, "dicom")
ARCHIVE = os.path.join(DICOM, "archive", "in")
GOLDEN = os.path.join(DICOM, "archive", "golden")
METADATA, SPLIT = "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-split.csv.gz"
report = Report()


def at(*parts):
    return os.path.join(temp, *parts)


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def render(*words, **env):
    return hilum("film", "render", *words, **env)


# --- one film -------------------------------------------------------------------------------------------

# Files that the reference takes for films and this program does not: message.
REFUSED = {"real/OBXXXX1A_rle.dcm": "(0028,0004) PhotometricInterpretation: PALETTE COLOR is no film"}
# Why a file without a JPEG in the reference has none.
NO_FILM = ("no pixel data", "3 samples a pixel; a film has one", "FloatPixelData: not supported",
           "(0028,0010) Rows: missing")


def one_film(row, words=()):
    """The fault of a row of reference.csv, None: it is as it should be."""
    out = at("one.jpg")
    frame = ["--frame", int(row["frame"]) + 1] if row["frame"] else []
    ran = render(os.path.join(DICOM, row["file"]), out, *frame, *words)
    got = sha256(out) if os.path.exists(out) else ""
    if got:
        os.remove(out)
    reason = REFUSED.get(row["file"])
    if reason or not row["sha256_jpeg"]:
        fits = ran.code == 3 or ran.code == 5
        fits = fits and not got and any(r in ran.error[0] for r in ([reason] if reason else NO_FILM))
    else:
        fits = ran.code == 0 and got == row["sha256_jpeg"]
    return None if fits else "%s frame %s: exit %d, %s, %s" % (row["file"], row["frame"], ran.code, got, ran.err[:300])


def reference():
    rows = table(os.path.join(DICOM, "reference.csv"))
    faults = [fault for fault in map(one_film, rows) if fault]
    report.ok("%d frames: %d JPEGs as the reference has them, the others refused with their reason" % (
        len(rows), sum(1 for r in rows if r["sha256_jpeg"] and r["file"] not in REFUSED)), not faults, faults)
    if not QUICK and not SANITIZED:
        kept = [r for r in rows if r["file"].startswith("synthetic/") and "full" not in r["file"]]
        faults = [fault for fault in (one_film(r, ["--cpu", "c"]) for r in kept) if fault]
        report.ok("... %d of them in plain C" % len(kept), not faults, faults)


def qualities():
    film = os.path.join(DICOM, "synthetic", "u12_m2_explicit.dcm")
    render(film, at("plain.jpg"))
    size = {}
    for q in (1, 50, 95, 100):
        report.ok("quality %d" % q, render(film, at("q.jpg"), "--quality", q).code == 0)
        size[q] = os.path.getsize(at("q.jpg"))
        if q == 95:
            report.equal("95 is the default", (sha256(at("q.jpg")), sha256(at("plain.jpg"))))
    report.equal("a higher quality is a larger file", (list(size.values()), sorted(size.values())))


# --- a small archive ------------------------------------------------------------------------------------

def golden_hashes():
    """{path of a JPEG: sha256}"""
    lines = read(GOLDEN, "SHA256SUMS.images.txt").decode().splitlines()
    return {line.split(None, 1)[1]: line.split()[0] for line in lines if " files/" in line}


def text_of(folder, name):
    return gzip.decompress(read(folder, name)) if name.endswith(".gz") else read(folder, name)


def is_golden(name, ran, folder, metadata="metadata.correct.csv"):
    want = golden_hashes()
    got = {n: sha256(os.path.join(folder, n)) for n in files_in(folder) if n.startswith("files/")}
    sums = {line[65:]: line[:64] for line in read(folder, "SHA256SUMS.txt").decode().splitlines()}
    return report.equal(
        name, (ran.code, 0), (ran.error, []), (same(got, want), []), (sums_hold(folder), ""),
        ({k: v for k, v in sums.items() if k in want}, want), (list(sums), sorted(sums)),
        (text_of(folder, METADATA), read(GOLDEN, metadata)),
        (read(folder, "IMAGE_FILENAMES"), read(GOLDEN, "IMAGE_FILENAMES")),
        (read(folder, "RECORDS"), read(GOLDEN, "IMAGE_FILENAMES")), (read(folder, "errors.csv"), b"item,code,message\n"))


def archive():
    ran = render(ARCHIVE, at("archive"), "--jobs", 1)
    is_golden("the archive is the published program's", ran, at("archive"))
    want = tree(at("archive"))
    split = [line.split(",") for line in text_of(at("archive"), SPLIT).decode().splitlines()]
    rows = table_of(at("archive"))
    report.equal("every film has a split, every patient one", (split[0], ["dicom_id", "study_id", "subject_id", "split"]),
                 ([s[0] for s in split[1:]], [r["dicom_id"] for r in rows]),
                 (len({(s[2], s[3]) for s in split[1:]}), len({s[2] for s in split[1:]})))
    report.equal("... and it passes its own check", (hilum("film", "check", at("archive")).code, 0))
    level = [(["--jobs", 2], {}), (["--jobs", 3, "--cpu", "avx2"], {}), (["--cpu", "c"], {}), ([], {"HILUM_CPU": "c"})]
    for words, env in level[:1] if QUICK or SANITIZED else level:
        ran = render(ARCHIVE, at("again"), *words, **env)
        report.equal("%s makes the same folder" % " ".join(map(str, words or env)), (ran.code, 0),
                     (same(tree(at("again")), want), []))
        shutil.rmtree(at("again"))
    return want


def table_of(folder):
    return list(csv.DictReader(text_of(folder, METADATA).decode().splitlines()))


def as_published():
    ran = render(ARCHIVE, at("published"), "--as-published")
    is_golden("--as-published has the release's faults", ran, at("published"), "metadata.as_published.csv")
    ran = render(ARCHIVE, at("x"), "--as-published", "--recipe", "film-plain")
    report.equal("... of a recipe that is published", (ran.error, [
        "hilum: --as-published: recipe film-plain is no published system"]), (os.path.exists(at("x")), False))


def shards(want):
    for i in (2, 0, 1):
        ran = render(ARCHIVE, at("shards"), "--shard", "%d/3" % i)
        report.equal("shard %d of 3" % i, (ran.code, 0), (ran.error, []), (os.path.exists(at("shards", METADATA)), False))
    ran = hilum("merge", at("shards"))
    report.equal("three shards merged are one run", (ran.code, 0), (ran.error, []), (same(tree(at("shards")), want), []),
                 (sums_hold(at("shards")), ""))


def compressed():
    """The project's web page lists .dcm.gz, its record list .dcm: both are taken."""
    shutil.copytree(ARCHIVE, at("gz"))
    for name in files_in(at("gz")):
        if name.endswith(".dcm"):
            with open(at("gz", name + ".gz"), "wb") as f:
                f.write(gzip.compress(read(ARCHIVE, name)))
            os.chmod(at("gz", os.path.dirname(name)), 0o755)
            os.remove(at("gz", name))
    ran = render(at("gz"), at("gz-out"))
    is_golden("films as .dcm.gz under names of .dcm", ran, at("gz-out"))
    inputs = text_of(at("gz-out"), "inputs.csv.gz").decode()
    report.equal("... are listed with the bytes that were read", (inputs.count(".dcm.gz"), 11))
    os.chmod(at("gz"), 0o755)
    os.remove(at("gz", "cxr-record-list.csv.gz"))
    is_golden("films as .dcm.gz, ids from their paths", render(at("gz"), at("gz-tree")), at("gz-tree"))


def recipes(want):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = os.path.join(root, "share", "recipes")
    for name in sorted(n[:-5] for n in os.listdir(folder) if n.startswith("film-")):
        if json.loads(read(folder, name + ".json"))["ids"]["from"] != "path":
            continue
        ran = render(ARCHIVE, at("recipe"), "--recipe", name)
        pictures = [n for n in files_in(at("recipe")) if n.startswith("files/")]
        same_as_published = [n for n in pictures if sha256(at("recipe", n)) == want.get(n)]
        report.equal("recipe %s makes an archive of its own" % name, (ran.code, 0), (len(pictures), 11), (same_as_published, []),
                     (text_of(at("recipe"), METADATA), read(GOLDEN, "metadata.correct.csv")),
                     (sums_hold(at("recipe")), ""), (hilum("film", "check", at("recipe")).code, 0))
        shutil.rmtree(at("recipe"))


# --- broken files ---------------------------------------------------------------------------------------

# JPEG of the phantom that most broken files hold, of its first row, and of frames 2 and 3 of bot_lies.dcm: pydicom 3.0.2 (of
# mended files) and OpenCV 5.0.0.
PHANTOM = "10d1fee641e114f439afae064384648e18d27511b8a238df2ea270a9102673ec"
OTHERS = {"duplicate_rows": "5c34b98965aa90c90f2a659fcd7d3ae4c5d643459e9d47985b498bc98f0409bd",
          "bot_lies_f002": "5e2d2c62171778ed3179bd3245478c03808eb73fa1fb60e66e7e7fc1d75e3906",
          "bot_lies_f003": "a9f1ef85dfd90175f836916aa240c362819d909fc5643d2fbad31f04ab4c8505"}
# Accepted without a word: nothing in them is wrong, or not in what is read.
SILENT = ("nesting_30_ok.dcm", "deflate_64MiB.dcm", "unknown_charset.dcm")


def broken_alone(rows):
    faults = []
    for row in rows:
        several = ["--frame", 1] if row["file"] == "bot_lies.dcm" else []
        ran = render(os.path.join(DICOM, "faults", row["file"]), at("one.jpg"), *several)
        got = sha256(at("one.jpg")) if os.path.exists(at("one.jpg")) else None
        if got:
            os.remove(at("one.jpg"))
        if row["outcome"] == "accept":
            want = OTHERS.get(row["file"][:-4], PHANTOM)
            fits = ran.code == 0 and got == want and (bool(ran.warnings) or row["file"] in SILENT)
        else:
            fits = ran.code in (3, 5) and got is None and row["file"] in ran.error[0]
        if not fits:
            faults.append("%s: exit %d, %s, %s" % (row["file"], ran.code, got, ran.err[:300]))
    report.ok("%d broken files: %d refused, %d rendered with a warning where something is wrong" % (
        len(rows), *[sum(1 for r in rows if r["outcome"] == o) for o in ("refuse", "accept")]), not faults, faults)


def broken_tree(rows):
    place = "files/p10/p10000032/s50414267/"
    shutil.copytree(os.path.join(DICOM, "faults"), at("broken", place))
    ran = render(at("broken"), at("broken-out"), "--every-frame")
    refused = {r["item"]: r for r in table(at("broken-out", "errors.csv"))}
    films = {r["path"]: r for r in table(at("broken-out", "films-report.csv"))}
    want_refused = {place + r["file"] for r in rows if r["outcome"] == "refuse"}
    want_pictures = {place + r["file"][:-4]: OTHERS.get(r["file"][:-4], PHANTOM) for r in rows if r["outcome"] == "accept"}
    want_pictures.update({place + "bot_lies_f001": PHANTOM, **{place + k: v for k, v in OTHERS.items()}})
    del want_pictures[place + "bot_lies"]
    got = {n[:-4]: sha256(at("broken-out", n)) for n in files_in(at("broken-out", )) if n.startswith("files/")}
    listed = read(at("broken-out"), "IMAGE_FILENAMES").decode().splitlines()
    report.equal("... and all in one archive: the same, each refused one in errors.csv", (ran.code, 1),
                 (same(dict.fromkeys(refused), dict.fromkeys(want_refused)), []), (same(got, want_pictures), []),
                 ({line[:-4] for line in listed}, set(want_pictures)), (sums_hold(at("broken-out")), ""),
                 ({p for p, r in films.items() if r["outcome"] == "refused"}, want_refused), (len(films), len(rows)),
                 ([r["message"] for r in refused.values() if not r["message"] or temp in r["message"]], []))
    silent = [place + n for n in SILENT] + [place + "unknown_charset.dcm"]
    report.equal("... with the warning of each accepted one in films-report.csv",
                 ([p for p, r in films.items() if r["outcome"] == "rendered" and not r["warnings"] and p not in silent], []))
    report.ok("... no file of theirs is left from a refused film", not [
        n for n in files_in(at("broken-out")) if place + os.path.basename(n)[:-4] + ".dcm" in want_refused])


if not os.path.isdir(DICOM):
    report.skip("DICOM films", "no dicom folder in HILUM_SHARED")
else:
    reference()
    qualities()
    whole = archive()
    as_published()
    shards(whole)
    compressed()
    recipes(whole)
    expected = table(os.path.join(DICOM, "faults", "expected.csv"))
    broken_alone(expected)
    broken_tree(expected)
sys.exit(report.end())
