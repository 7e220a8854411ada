"""The page bench/RESULTS.md from the figures of run.py."""

from page import GOALS, at_least, at_most, cell, commands, table
from waves_report import waves

NOT_PEERS = ("hilum", "igzip")


def cohort_goals(figures):
    peers = [n for n in figures if not n.startswith(NOT_PEERS)]
    pandas = next(n for n in peers if n.startswith("pandas 2"))

    def median(name, quantity):
        return figures[name][quantity]["median"]

    best = min(peers, key=lambda n: median(n, "cpu_s"))
    cpu, rss = median("hilum", "cpu_s"), median("hilum", "rss_mb")
    return [
        at_least(f"CPU of {best}, the thriftiest, / hilum's", median(best, "cpu_s") / cpu, 4),
        at_least(f"CPU of {pandas} / hilum's", median(pandas, "cpu_s") / cpu, 8),
        at_most(f"hilum's memory / that of {best}", rss / median(best, "rss_mb"), 0.1),
        at_most("hilum's wall time / that of `igzip -d`",
                median("hilum", "wall_s") / median("igzip -d", "wall_s"), 1.2),
    ]


HOSPITALS = {
    "few": "Every fifth patient has films (as in MIMIC-IV, where the film leaves a tenth of the "
           "admissions): most rows of labevents belong to nobody in the cohort and are skipped early.",
    "all": "Every patient has films, and three of four rows of labevents belong to somebody in the "
           "cohort: much more is parsed, merged and grouped than with real archives.",
}


def cohort(r):
    parts = [f"""## bench/cohort

The whole selection of Symile-MIMIC (films in their window and on disk, labels, ECGs in their window
with usable samples, earliest laboratory values, join) from a synthetic hospital of
{r['patients']:,} patients with {r['lab_rows']:,} laboratory rows. hilum also computes digests of all it
reads, splits the data set, draws candidates and writes the manifest; the others write one csv. The
bench stops unless all agree on every admission, film, ECG and value. Films are few and small and only
looked for, not read; ECGs are read only where an answer depends on it, by all programs. Files lie in
the page cache. {r['rounds']} rounds, load average {r['load']:.1f} before them; median (least - most)."""]
    for t in r["tables"]:
        rows = [(n, cell(f["cpu_s"]), cell(f["wall_s"]), cell(f["rss_mb"]),
                 f"{f['cpu_s']['median'] / t['figures']['hilum']['cpu_s']['median']:.1f}",
                 f"{f['rss_mb']['median'] / t['figures']['hilum']['rss_mb']['median']:.1f}")
                for n, f in t["figures"].items()]
        parts += [
            f"### {HOSPITALS[t['hospital']]}\n\n{t['cohort_rows']:,} admissions chosen; labevents.csv.gz "
            f"has {t['gz_bytes'] / 1e6:,.0f} MB.",
            table(("", "CPU s", "wall s", "memory peak MB", "CPU / hilum's", "memory / hilum's"), rows),
            table(GOALS, cohort_goals(t["figures"])),
            commands(t["commands"]),
        ]
    return "\n\n".join(parts)


def one_thread(title, part, peer, goal):
    f = part["figures"]
    rows = [(n, cell(v["cpu_ms"]), cell(v["wall_ms"]), cell(v["rss_mb"]))
            for n, v in (("hilum", f["hilum"]), (peer, f["peer"]))]
    ratio = f["peer"]["cpu_ms"]["median"] / f["hilum"]["cpu_ms"]["median"]
    return "\n\n".join([
        title,
        table(("", "CPU ms an item", "wall ms an item", "memory peak MB"), rows),
        table(GOALS, [at_least(f"CPU of {peer} / hilum's", ratio, goal)]),
        commands({n if n == "hilum" else "peer": c for n, c in part["commands"].items()}),
    ])


def whole_pack(r):
    p, f = r["pack"], r["pack"]["figures"]
    rows, goals = [], []
    for store in ("compact", "npy"):
        base = f[f"{store}, --jobs 1"]["wall_s"]["median"]
        for j in p["jobs"]:
            v = f[f"{store}, --jobs {j}"]
            speedup = base / v["wall_s"]["median"]
            rows.append((f"`--store {store} --jobs {j}`", cell(v["wall_s"]), cell(v["cpu_s"]),
                         cell(v["rss_mb"]), f"{speedup:.2f}"))
            if j > 1:
                goals.append(at_least(f"`--store {store}`: wall time of 1 thread / of {j}", speedup,
                                      0.9 * j))
    return "\n\n".join([
        f"### hilum pack as a whole\n\n{p['rows']} admissions with films of 2544 x 3056 px from "
        "`hilum synth --films full`. Linear is taken as 0.9 of the number of threads: start, tables and "
        "the flush to disk are not shared out. What is written is flushed to disk, so that wall time "
        "depends on the disk, most of all with npy.",
        table(("", "wall s", "CPU s", "memory peak MB", "speed-up"), rows),
        table(GOALS, goals) if goals else "One CPU: nothing to compare.",
        commands(p["commands"]),
    ])


def pack(r, version):
    films, ecgs = r["films"], r["ecgs"]
    return "\n\n".join([
        f"## bench/pack\n\nOne thread; CPU time of reading, decoding and computing, start of the "
        f"program left out. hilum's side is `kernels.c`: the functions that `hilum pack` calls, linked "
        f"from the same library. Before anything is timed the bench stops unless both sides give the "
        f"same bits. {r['rounds']} rounds, load average {r['load']:.1f} before them.",
        one_thread(
            f"### A film\n\nFile to f32 tensor (3, 320, 320), {films['items']} films of 2544 x 3056 px, "
            f"{films['bytes'] / 1e6:.2f} MB each (made with a grain that gives them about the mean size "
            "of MIMIC-CXR-JPG's). The peer does what the published script does: open, convert to RGB, "
            "Resize, CenterCrop, ToTensor, Normalize. hilum also computes the file's SHA-256.",
            films, f"Pillow {version['pillow']} + torchvision {version['torchvision']}", 2.5),
        one_thread(
            f"### An ECG\n\nRecord to f32 tensor (5000, 12), {ecgs['items']} records. The peer: rdrecord, "
            "then the published scaling. hilum also computes the files' SHA-256 and compares the "
            "checksums of the signals.",
            ecgs, f"wfdb-python {version['wfdb']}", 20),
        whole_pack(r),
    ])


def film_goals(f, jobs, film_bytes):
    one, python, dcmtk = f["hilum --jobs 1"], f["pydicom + OpenCV"], f["dcmj2pnm"]
    cpu = one["cpu_ms"]["median"]
    ours, libjpeg = (f["steps"][k]["median"] for k in ("encode", "libjpeg"))
    rows = [
        at_least("CPU of pydicom + OpenCV / hilum's", python["cpu_ms"]["median"] / cpu, 2.5),
        at_least("the same, stretched by an encoder of our own", python["cpu_ms"]["median"] / cpu, 5),
        at_least("CPU of dcmj2pnm / hilum's", dcmtk["cpu_ms"]["median"] / cpu, 5),
        at_most("CPU of hilum / libjpeg-turbo's encoder alone", cpu / libjpeg, 1.4),
        at_most("CPU of hilum / our encoder alone", cpu / ours, 1.4),
        at_least("CPU of libjpeg-turbo's encoder / ours", libjpeg / ours, 1.5),
    ]
    for j in jobs:
        used = f[f"hilum --jobs {j}"]
        if j > 1:
            rows.append(at_least(f"wall time of 1 thread / of {j}",
                                 one["wall_ms"]["median"] / used["wall_ms"]["median"], 0.9 * j))
        rows.append(at_most(f"memory of {j} {'threads' if j > 1 else 'thread'}, in films a thread",
                            used["rss_mb"]["median"] * 2**20 / film_bytes / j, 3))
    return rows


STEPS = {
    "read": "read the file from the page cache",
    "hash": "its SHA-256",
    "count": "parse it, count the values, make the table",
    "paint_encode": "paint and encode, row by row",
    "hash_jpeg": "SHA-256 of the JPEG",
    "paint": "(paint alone, into memory)",
    "encode": "(our encoder alone, from memory)",
    "libjpeg": "(libjpeg-turbo's encoder alone, from memory)",
    "text": "(search for burned-in text, as `hilum film check --text` does)",
}


def film_rendering(r, version):
    f = r["figures"]
    cpu = f["hilum --jobs 1"]["cpu_ms"]["median"]
    rows = [(n, cell(v["cpu_ms"]), cell(v["wall_ms"]), cell(v["rss_mb"]),
             f"{v['rss_mb']['median'] * 2**20 / r['film_bytes']:.1f}", f"{v['cpu_ms']['median'] / cpu:.1f}")
            for n, v in f.items() if n != "steps"]
    steps = [(what, cell(f["steps"][k])) for k, what in STEPS.items()]
    where = "a file system in memory" if r["in_memory"] else "the disk, flushed to it by hilum alone"
    return "\n\n".join([
        f"### DICOM to JPEG\n\n{r['films']} films of 2544 x 3056 px from `hilum synth`, 12 bits in 16, "
        f"uncompressed, explicit VR little endian, {r['file_bytes'] / 1e6:.1f} MB each; their JPEGs have "
        f"{r['jpeg_bytes'] / 1e6:.2f} MB each (MIMIC-CXR-JPG's: 1.5 MB). Before anything is timed the "
        "bench stops unless hilum and the Python loop write the same JPEG files. Python does what the "
        f"published script does, with pydicom {version['pydicom']} and OpenCV "
        f"{version['opencv-python-headless']}, on one thread; dcmj2pnm (DCMTK {version['DCMTK']}, "
        "`+oj +Jq 95 +Wm`) maps greys without equalising them and is started for each film, as it takes "
        "one. hilum also hashes the films and the pictures, checks what identifies, and writes the "
        f"archive's tables. All write to {where}. Whole processes: start of the programs and of Python's "
        "modules included.",
        table(("", "CPU ms a film", "wall ms a film", "memory peak MB", "in films", "CPU / hilum's"), rows),
        table(GOALS, film_goals(f, r["jobs"], r["film_bytes"])),
        "Where hilum's time goes, by `film_steps.c`, from the same library, one thread, the same films; "
        "in brackets what is no part of the whole:",
        table(("step", "CPU ms a film"), steps),
        commands(r["commands"]),
    ])


def film_decoding(r, version):
    rows = []
    for syntax, f in r["syntaxes"].items():
        ours, theirs = f["hilum"], f["pydicom"]
        rows.append((syntax, cell(ours["cpu_ms"]), cell(theirs["cpu_ms"]),
                     f"{theirs['cpu_ms']['median'] / ours['cpu_ms']['median']:.1f}"))
    return "\n\n".join([
        f"### Decoding by transfer syntax\n\nCPU ms a film from file to pixels in memory, "
        f"{r['films']} of the same films; both sides give the same pixels. pydicom decodes with "
        f"pylibjpeg-libjpeg {version['pylibjpeg-libjpeg']}, pyjpegls {version['pyjpegls']}, "
        f"pylibjpeg-openjpeg {version['pylibjpeg-openjpeg']} and pylibjpeg-rle {version['pylibjpeg-rle']}.",
        table(("", "hilum", "pydicom", "pydicom / hilum"), rows),
    ])


def film_checking(r):
    size = r["bytes"] / 1e6
    rows = [(n, f"{size / v['wall_s']['median']:,.0f}", f"{size / v['cpu_s']['median']:,.0f}",
             cell(v["wall_s"]), cell(v["cpu_s"]), cell(v["rss_mb"])) for n, v in r["figures"].items()]
    return "\n\n".join([
        f"### Proving the archive\n\n`hilum film check` of the {size:,.0f} MB that were rendered: it "
        "hashes all files, decodes every JPEG, and compares them with the tables. `sha256sum -c` only "
        "hashes.",
        table(("", "MB / s", "MB / CPU s", "wall s", "CPU s", "memory peak MB"), rows),
        commands(r["commands"]),
    ])


def film(r, version):
    return "\n\n".join([
        f"## bench/film\n\nFiles lie in the page cache. {r['rounds']} rounds, load average "
        f"{r['load']:.1f} before them; median (least - most).",
        film_rendering(r["render"], version),
        film_decoding(r["decode"], version),
        film_checking(r["check"]),
    ])


def write(results, build):
    machine = "\n".join(f"- {k}: {v}" for k, v in results["machine"].items())
    versions = ", ".join(f"{k} {v}" for k, v in results["versions"].items())
    parts = [f"""# Results of the bench

Made by `bench/run.py` (`make bench`). Ratios carry over to other machines; times do so only roughly.
CPU is user + system time of a program and all its threads; memory is the peak of its resident set. All
programs run in turn within each round, as processes of their own, each free to use all CPUs unless said
otherwise.

## Machine

{machine}
- versions: {versions}"""]
    if "cohort" in results:
        parts.append(cohort(results["cohort"]))
    if "pack" in results:
        parts.append(pack(results["pack"], results["versions"]))
    if "film" in results:
        parts.append(film(results["film"], results["versions"]))
    if "wave" in results:
        parts.append(waves(results["wave"]))
    text = "\n\n".join(parts) + "\n"
    return text if build == "build" else text.replace(f"{build}/", "build/")
