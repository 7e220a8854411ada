"""The section bench/wave of the page."""

from page import GOALS, at_least, at_most, cell, commands, table

TASKS = {
    "open": "open the hour (hilum and wfdb-python: the header alone)",
    "window, kept open": "5 s, all 6 signals, record kept open",
    "window, opened each time": "5 s, all 6 signals, opened each time",
    "window of one signal": "5 s of one signal, record kept open",
    "one frame": "one frame, all signals, record kept open",
    "hour": "the whole hour",
    "hour, in units": "the whole hour, in units (float64)",
    "ECG": "ECG, opened and read",
    "ECG, in units": "ECG, opened and read, in units (float64)",
    "headers": "what each segment holds",
}
PEERS = ("hilum", "libwfdb", "wfdb-python")
# task, peer, ratio of CPU wanted
STRETCHED = ("window, kept open", "libwfdb", 4)
READING_GOALS = [
    ("window, kept open", "libwfdb", 2),
    STRETCHED,
    ("window, opened each time", "wfdb-python", 20),
    ("hour", "libwfdb", 1.8),
    ("ECG", "libwfdb", 6),
    ("ECG", "wfdb-python", 75),
    ("ECG, in units", "libwfdb", 6),
    ("ECG, in units", "wfdb-python", 75),
    ("headers", "libwfdb", 2.5),
]


def median(figures, name, quantity):
    return figures[name][quantity]["median"]


def ratio(figures, name, quantity="cpu_ms"):
    if name not in figures:
        return ""
    return f"{median(figures, name, quantity) / median(figures, 'hilum', quantity):.1f}"


def ms(figures, name, quantity="cpu_ms"):
    """Small numbers too: three digits."""
    if name not in figures:
        return ""
    s = figures[name][quantity]
    return "**{:#.3g}** ({:#.3g} - {:#.3g})".format(s["median"], s["least"], s["most"])


def reading(r, version):
    rows = [(TASKS[t], *(ms(v["figures"], n) for n in PEERS),
             *(ratio(v["figures"], n) for n in PEERS[1:])) for t, v in r["read"].items()]
    peak = [(TASKS[t], *(cell(v["figures"][n]["rss_mb"]) if n in v["figures"] else "" for n in PEERS))
            for t, v in r["read"].items() if t in ("window, opened each time", "hour", "ECG", "headers")]
    goals = []
    for row in READING_GOALS:
        task, peer, goal = row
        figures = r["read"][task]["figures"]
        if peer in figures:
            what = "the same, stretched" if row == STRETCHED else f"{TASKS[task]}: CPU of {peer} / hilum's"
            goals.append(at_least(what,
                                  median(figures, peer, "cpu_ms") / median(figures, "hilum", "cpu_ms"),
                                  goal))
    without = "" if "libwfdb" in version else " The WFDB library in C was not to be had (--libwfdb)."
    return "\n\n".join([
        f"### Reading\n\nThe hour is laid out as MIMIC-IV-WDB stores one: 6 signals, 224,900 frames at "
        f"62.4725 Hz, 3.82 million samples in three FLAC files (ECG of MIT-BIH 100, pressures of an open "
        f"sample record, tiled). {r['windows']:,} random windows and frames; {r['ecgs']} ECGs of 12 leads, "
        f"10 s, 500 Hz, format 16, like MIMIC-IV-ECG's; the headers of a record of {r['segments']:,} "
        "segments. Each signal at its own rate, as stored numbers unless it says units. The programs take "
        "the same list of jobs and do them in one process (start left out, a first pass not counted), in "
        "the record's own folder; before anything is timed the bench stops unless all read the same "
        "samples to the bit. The library reads frame by frame, as its interface has it; wfdb-python keeps "
        f"no record open.{without}",
        table(("CPU ms", *PEERS, *(f"{n} / hilum" for n in PEERS[1:])), rows),
        table(("memory peak MB", *PEERS), peak),
        table(GOALS, goals),
        commands({f"{n}, {t}": c for t in ("window, kept open", "ECG")
                  for n, c in r["read"][t]["commands"].items()}),
    ])


def threads(r):
    f = r["figures"]
    one = median(f, "1", "wall_ms")
    rows = [(n, cell(v["wall_ms"]), cell(v["cpu_ms"]), cell(v["rss_mb"]),
             f"{one / v['wall_ms']['median']:.2f}") for n, v in f.items()]
    goals = [at_least(f"wall time of 1 thread / of {n}", one / v["wall_ms"]["median"], 0.9 * int(n))
             for n, v in f.items() if int(n) > 1]
    return "\n\n".join([
        f"### Several files\n\n{r['files']} copies of the hour, whole, by threads with a handle of their "
        "own each. The WFDB library has global state and takes no part.",
        table(("threads", "wall ms a file", "CPU ms a file", "memory peak MB", "speed-up"), rows),
        table(GOALS, goals) if goals else "One CPU: nothing to compare.",
        commands(r["commands"]),
    ])


def flac(r, version):
    rows, goals = [], []
    for group in r.values():
        for name, v in group["figures"].items():
            n, size = group["samples"], group["bytes"].get(name)
            rows.append((group["channels"], name, f"{n / v['cpu_ms']['median'] / 1e3:,.1f}",
                         cell(v["cpu_ms"]), f"{size / 1e3:,.0f}" if size else "", cell(v["rss_mb"])))
        goals.append(at_most(f"{group['channels']} channels: size of hilum's file / of `flac -8 -r8 -e`'s",
                             group["bytes"]["hilum, best"] / group["bytes"]["flac -8 -r8 -e"], 1.02))
    return "\n\n".join([
        f"### FLAC\n\nThe hour's three files beside the program flac {version['flac']} (a process for each "
        "file when it encodes, for ten when it decodes; it proves the MD5 of what it decodes, hilum every "
        "CRC). hilum encodes with libFLAC, the wrapping is ours; the decoder is ours. All samples come "
        "back before anything is timed.",
        table(("channels", "", "million samples / CPU s", "CPU ms", "kB", "memory peak MB"), rows),
        table(GOALS, goals),
        commands(next(iter(r.values()))["commands"]),
    ])


def remote(r):
    rows = [(n, f"{r['asked'][n]['requests']:,}", f"{r['asked'][n]['bytes'] / 1e3:,.0f}",
             cell(v["cpu_s"]), cell(v["wall_s"]), cell(v["rss_mb"])) for n, v in r["figures"].items()]
    return "\n\n".join([
        f"### A window from a web server\n\nFive seconds of the hour from nginx on the same machine, a "
        f"process each, its start included (Python's is most of its time); the record has "
        f"{r['record_bytes'] / 1e6:.2f} MB. Over a real network each request costs a round trip.",
        table(("", "requests", "kB", "CPU s", "wall s", "memory peak MB"), rows),
        commands(r["commands"]),
    ])


def numerics(r, version):
    f = r["figures"]
    rows = [(n, cell(v["cpu_ms"]), cell(v["rss_mb"])) for n, v in f.items()]
    return "\n\n".join([
        f"### Numerics\n\n{r['rows']:,} rows of 16 measurements (a day has 84,000), csv.gz of {r['gz_bytes'] / 1e6:.1f} MB, to "
        f"columns of doubles; the same bits by pandas {version['pandas']} read_csv.",
        table(("", "CPU ms", "memory peak MB"), rows),
        commands(r["commands"]),
    ])


def building(r):
    f, hours = r["figures"], r["signal_hours"]
    rows = [(f"`{n}`", f"{hours / v['cpu_s']['median']:,.1f}", f"{hours / v['wall_s']['median']:,.1f}",
             f"{r['samples'] / v['cpu_s']['median'] / 1e6:.1f}", cell(v["cpu_s"]), cell(v["wall_s"]),
             cell(v["rss_mb"]), f"{r['bytes'][n] / 1e6:,.1f}") for n, v in f.items()]
    cpu = {n: v["cpu_s"]["median"] for n, v in f.items()}
    goals = [
        at_most("size of the signals / of `flac -8 -r8 -e`'s",
                r["bytes"]["hilum --jobs 1"] / r["bytes"]["flac -8 -r8 -e"], 1.02),
    ]
    for j in r["jobs"][1:]:
        goals.append(at_least(f"wall time of 1 thread / of {j}",
                              f["hilum --jobs 1"]["wall_s"]["median"] /
                              f[f"hilum --jobs {j}"]["wall_s"]["median"], 0.9 * j))
    return "\n\n".join([
        f"### Building a database\n\n{r['stays']} stays of {r['minutes']} minutes of waves from `hilum "
        f"synth`: an export of {r['export_bytes'] / 1e6:,.0f} MB, {r['samples'] / 1e6:,.1f} million "
        f"samples, {hours:,.0f} signal-hours. hilum parses the export, orders messages, cuts segments, "
        "encodes, writes numerics and tables, hashes everything and searches it for identifying text; "
        "flac encodes the same samples from plain files, a process each, and does nothing else. "
        f"hilum's CPU / flac's: {cpu['hilum --jobs 1'] / cpu['flac -8 -r8 -e']:.2f}; with --fast "
        f"{cpu['hilum --fast --jobs 1'] / cpu['flac -5']:.2f} of `flac -5`'s.",
        table(("", "signal-hours / CPU s", "signal-hours / s", "million samples / CPU s", "CPU s", "wall s",
               "memory peak MB", "MB of signals"), rows),
        table(GOALS, goals),
        commands(r["commands"]),
    ])


def waves(r):
    version = r["versions"]
    return "\n\n".join([
        f"## bench/wave\n\nFiles lie in the page cache. {r['rounds']} rounds, load average "
        f"{r['load']:.1f} before them; median (least - most). Versions: "
        + ", ".join(f"{n} {v}" for n, v in version.items()) + ".",
        reading(r, version),
        threads(r["threads"]),
        flac(r["flac"], version),
        remote(r["remote"]),
        numerics(r["numerics"], version),
        building(r["build"]),
    ])
