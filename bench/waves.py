"""bench/wave: reading records beside the WFDB library and wfdb-python, FLAC beside flac, building a
database beside compressing alone."""

import gzip
import hashlib
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from common import (BENCH, ONE_THREAD, ROOT, WORK, compile_c, environment, hilum_libraries, hospital,
                    interleaved, measure, run, say)

FRAMES = 224_900  # of the hour; make_waves.py
WINDOW = 312  # frames, 5 s
GROUPS = {"e": 3, "p": 2, "r": 1}  # files of the hour and their signals
SIGNALS = 6
RAW = "--force-raw-format --endian=little --sign=signed".split()
RAW_IN = [*RAW, "--bps=16", "--sample-rate=96000", "--no-padding", "--no-seektable"]
FLAC_BEST, FLAC_FAST = "-8 -r8 -e".split(), ["-5"]

# What is read: name -> (keep|reopen|headers, digital|physical, jobs, who takes part). wfdb-python has
# no open record, and one frame or one signal of it costs what a window does.
ALL, IN_C = ("hilum", "libwfdb", "wfdb-python"), ("hilum", "libwfdb")
READS = {
    "open": ("reopen", "digital", "hour/open", ALL),
    "window, kept open": ("keep", "digital", "hour/window", IN_C),
    "window, opened each time": ("reopen", "digital", "hour/window", ALL),
    "window of one signal": ("keep", "digital", "hour/signal", IN_C),
    "one frame": ("keep", "digital", "hour/frame", IN_C),
    "hour": ("reopen", "digital", "hour/whole", ALL),
    "hour, in units": ("reopen", "physical", "hour/whole", ALL),
    "ECG": ("reopen", "digital", "ecgs/ecgs", ALL),
    "ECG, in units": ("reopen", "physical", "ecgs/ecgs", ALL),
    "headers": ("headers", "digital", "long/long", ALL),
}
PASSES = {"hilum": 5, "libwfdb": 3, "wfdb-python": 1}


# --- programs and data --------------------------------------------------------------------------


class WaveTools:
    def __init__(self, tools, args):
        for program, package in (("flac", "flac"), ("nginx", "nginx-light")):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                sys.exit(f"bench: {program} is not there\nInstall the package {package}.")
        ours = hilum_libraries(Path(args.build))
        self.python = environment("venv-wave", ("requirements-wave.txt", []))
        self.flac = compile_c("wave_flac", *ours)
        self.numerics = compile_c("wave_numerics", *ours)
        self.program = {"hilum": [compile_c("wave_hilum", *ours)],
                        "wfdb-python": [self.python, BENCH / "wave_peer.py"]}
        prefix = args.libwfdb or os.environ.get("HILUM_LIBWFDB")
        if prefix:
            flags = run(["pkg-config", "--libs", "flac"]).split()
            library = Path(prefix) / "lib/libwfdb.a"
            self.program["libwfdb"] = [compile_c("wave_libwfdb", f"-I{prefix}/include", library, *flags,
                                                 "-lm", "-pthread")]
        else:
            say("wave: no libwfdb (--libwfdb PREFIX or HILUM_LIBWFDB), it is left out")
        ask = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
        names = "wfdb numpy soundfile pandas".split()
        self.version = dict(zip(names, run([self.python, "-c", ask, *names]).split()))
        self.version["flac"] = run(["flac", "--version"]).split()[1]
        if prefix:
            self.version["libwfdb"] = libwfdb_version(Path(prefix))

    def peers(self, wanted):
        return {name: self.program[name] for name in wanted if name in self.program}


def libwfdb_version(prefix):
    defined = dict(line.split()[1:3] for line in (prefix / "include/wfdb/wfdb.h").read_text().splitlines()
                   if line.startswith("#define WFDB_") and len(line.split()) == 3)
    return ".".join(defined[f"WFDB_{part}"] for part in ("MAJOR", "MINOR", "RELEASE"))


def source_records():
    """Records to make the hour from: the reference data where it is, else the tests'."""
    shared = Path(os.environ.get("HILUM_SHARED", ROOT / "../shared/data")) / "wfdb/records/mixed"
    return shared if (shared / "100.dat").exists() else Path("tests/data/wave/records/mixed")


def wave_data(tools, quick):
    source = source_records()
    n = (2, 6, 50, 1) if quick else (8, 60, 1000, 24)
    key = hashlib.sha256((BENCH / "make_waves.py").read_bytes() + str(source).encode()).hexdigest()[:8]
    folder = WORK / f"waves-{'-'.join(map(str, n))}-{key}"
    if not folder.exists():
        say(f"making {folder}")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        run([tools.python, BENCH / "make_waves.py", source, part, *n])
        write_jobs(part, *n[:2], 100 if quick else 1000)
        part.rename(folder)
    return folder


def write_jobs(folder, n_copies, n_ecgs, n_windows):
    rng = random.Random(1)
    starts = [rng.randrange(FRAMES - WINDOW) for _ in range(n_windows)]
    jobs = {
        "hour/open": [("hour", 0, 0, -1)] * 100,
        "hour/window": [("hour", f, f + WINDOW, -1) for f in starts],
        "hour/signal": [("hour", f, f + WINDOW, rng.randrange(SIGNALS)) for f in starts],
        "hour/frame": [("hour", f, f + 1, -1) for f in starts],
        "hour/whole": [("hour", 0, -1, -1)],
        "copies": [(f"copy{i}/hour", 0, -1, -1) for i in range(n_copies)],
        "ecgs/ecgs": [(f"{i:04d}", 0, -1, -1) for i in range(n_ecgs)],
        "long/long": [("long", 0, 0, -1)],
    }
    for name, lines in jobs.items():
        (folder / f"{name}.txt").write_text("".join("{} {} {} {}\n".format(*j) for j in lines))


# --- reading ------------------------------------------------------------------------------------


def digest(path):
    value = hashlib.sha256(path.read_bytes()).hexdigest()
    path.unlink()
    return value


def timed(tools, command, env):
    """Medians over the passes that the program prints."""
    used = measure(tools, command, env, subprocess.PIPE)
    pairs = [tuple(map(float, line.split())) for line in used["output"].splitlines()]
    return {"cpu_ms": statistics.median(p[0] for p in pairs),
            "wall_ms": statistics.median(p[1] for p in pairs), "rss_mb": used["rss_mb"]}


def reading(tools, wave, args, folder):
    env = {**os.environ, **ONE_THREAD}
    env.pop("WFDB", None)
    values, tasks = WORK / "values", {}
    for task, (how, kind, jobs, wanted) in READS.items():
        say(f"wave: {task}")
        commands = {name: [*program, how, kind, folder / f"{jobs}.txt"]
                    for name, program in wave.peers(wanted).items()}
        digests = {}
        for name, command in commands.items():
            run([*command, 0, values.resolve()], env=env)
            digests[name] = digest(values)
        if len(set(digests.values())) != 1:
            sys.exit(f"bench: {task}: the samples differ: {digests}")
        commands = {n: [*c, PASSES[n], "-"] for n, c in commands.items()}
        tasks[task] = {
            "figures": interleaved(args.rounds, {n: lambda c=c: timed(tools, c, env)
                                                 for n, c in commands.items()}),
            "commands": {n: shlex.join(map(str, c)) for n, c in commands.items()},
        }
    return tasks


def scaling(tools, wave, args, folder):
    """Copies of the hour read by one thread and by more."""
    threads = [j for j in (1, 2, 4, 8, 16) if j <= tools.cpus]
    commands = {f"{j}": [*wave.program["hilum"], "reopen", "digital", folder / "copies.txt", 20, "-", j]
                for j in threads}
    say("wave: threads")
    return {"files": len(list(folder.glob("copy*/hour.hea"))),
            "figures": interleaved(args.rounds, {n: lambda c=c: timed(tools, c, None)
                                                 for n, c in commands.items()}),
            "commands": {n: shlex.join(map(str, c)) for n, c in commands.items()}}


# --- FLAC ---------------------------------------------------------------------------------------


def one_number(tools, command):
    used = measure(tools, command, stdout=subprocess.PIPE)
    return {"cpu_ms": statistics.median(map(float, used["output"].split())), "rss_mb": used["rss_mb"]}


def whole_process(tools, command, times=1):
    used = measure(tools, command)
    return {"cpu_ms": used["cpu_s"] / times * 1e3, "rss_mb": used["rss_mb"]}


def flac(tools, wave, args, folder):
    """Our encoder and decoder beside the flac program, by file of the hour."""
    out, groups = WORK / "out", {}
    out.mkdir(exist_ok=True)
    for group, n in GROUPS.items():
        say(f"wave: FLAC, {n} channels")
        raw, stream = folder / f"hour/hour_{group}.raw", folder / f"hour/hour_{group}.dat"
        values, ours, theirs = out / "values.raw", out / "ours.flac", out / "theirs.flac"
        flac_in = ["flac", "--silent", "--force", *RAW_IN, f"--channels={n}", "-o", theirs, raw]
        commands = {
            "hilum, best": [wave.flac, "best", raw, n, ours, 1],
            "flac -8 -r8 -e": [*flac_in, *FLAC_BEST],
            "hilum, fast": [wave.flac, "fast", raw, n, ours, 3],
            "flac -5": [*flac_in, *FLAC_FAST],
            "hilum, decoding": [wave.flac, "decode", stream, 10, "-"],
            "flac -d": ["flac", "--silent", "-d", "-c", *RAW, *[stream] * 10],
        }
        run([wave.flac, "decode", stream, 0, values])
        if digest(values) != hashlib.sha256(raw.read_bytes()).hexdigest():
            sys.exit(f"bench: {stream}: our decoder gives other samples")
        size = {}
        for name in list(commands)[:4]:
            run(commands[name])
            path = ours if name.startswith("hilum") else theirs
            run([wave.flac, "decode", path, 0, values])
            if digest(values) != hashlib.sha256(raw.read_bytes()).hexdigest():
                sys.exit(f"bench: {name}: {raw} does not come back")
            size[name] = path.stat().st_size

        def once(name, command):
            if name.startswith("hilum"):
                return one_number(tools, command)
            return whole_process(tools, command, 10 if name == "flac -d" else 1)

        groups[group] = {
            "channels": n, "samples": raw.stat().st_size // 2, "bytes": size,
            "figures": interleaved(args.rounds, {m: lambda m=m, c=c: once(m, c)
                                                 for m, c in commands.items()}),
            "commands": {m: shlex.join(map(str, c)).replace(f" {stream}" * 10, f" {stream} (ten times)")
                         for m, c in commands.items()},
        }
    return groups


# --- a web server -------------------------------------------------------------------------------


def nginx_server(folder):
    sys.path.insert(0, "tests")
    import nginx
    import support
    shutil.rmtree(support.temp, ignore_errors=True)  # made for tests
    return nginx.Server(folder)


def remote(tools, wave, args, folder):
    """A window of the hour through nginx: requests and bytes, one process each."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    start, values, jobs = FRAMES // 3, WORK / "values", WORK / "remote.txt"
    say("wave: web server")
    asked, sums = {}, {}
    with nginx_server(folder / "hour") as server:
        jobs.write_text(f"{server.url}/hour {start} {start + WINDOW} -1\n")
        commands = {n: [*p, "reopen", "digital", jobs, 0]
                    for n, p in wave.peers(("hilum", "wfdb-python")).items()}
        for name, command in commands.items():
            server.forget()
            run([*command, values.resolve()], env=env)
            log = server.log(1)
            asked[name] = {"requests": len(log), "bytes": sum(r.bytes for r in log)}
            sums[name] = digest(values)
        if len(set(sums.values())) != 1:
            sys.exit(f"bench: remote windows differ: {sums}")

        def once(command):
            used = measure(tools, [*command, "-"], env)
            return {"cpu_s": used["cpu_s"], "wall_s": used["wall_s"], "rss_mb": used["rss_mb"]}

        figures = interleaved(args.rounds, {n: lambda c=c: once(c) for n, c in commands.items()})
    jobs.write_text(jobs.read_text().replace(server.url, "http://127.0.0.1:PORT"))
    size = sum(p.stat().st_size for p in (folder / "hour").glob("hour[._]*") if p.suffix in (".dat", ".hea"))
    return {"asked": asked, "figures": figures, "record_bytes": size,
            "commands": {n: shlex.join(map(str, [*c, "-"])) for n, c in commands.items()}}


# --- numerics -----------------------------------------------------------------------------------


def numerics(tools, wave, args, folder):
    table, values = folder / "numerics.csv.gz", WORK / "values"
    commands = {"hilum": [wave.numerics, table], "pandas": [wave.python, BENCH / "wave_frame.py", table]}
    say("wave: numerics")
    digests = set()
    for command in commands.values():
        run([*command, 0, values])
        digests.add(digest(values))
    if len(digests) != 1:
        sys.exit("bench: the numerics differ")
    commands = {n: [*c, 5, "-"] for n, c in commands.items()}
    with gzip.open(table) as file:
        rows = sum(1 for _ in file) - 1
    return {"gz_bytes": table.stat().st_size, "rows": rows,
            "figures": interleaved(args.rounds, {n: lambda c=c: one_number(tools, c)
                                                 for n, c in commands.items()}),
            "commands": {n: shlex.join(map(str, c)) for n, c in commands.items()}}


# --- building -----------------------------------------------------------------------------------


def header_facts(header):
    """Of a segment's header: {file: number of signals}, signals times frames."""
    lines = [line for line in header.read_text().splitlines() if line and not line.startswith("#")]
    files, frames = {}, int(lines[0].split()[3])
    for line in lines[1:]:
        file = line.split()[0]
        files[file] = files.get(file, 0) + 1
    files.pop("~", None)
    return files, sum(files.values()) * frames


def plain_samples(built, folder):
    """The samples of a database as files for flac, with a list of their channels."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    channels, signal_frames = {}, 0
    for header in sorted(built.glob("waves/*/*/*/*_*.hea")):
        files, n = header_facts(header)
        signal_frames += n
        for file, n in files.items():
            raw = folder / f"{file}.raw"
            run(["flac", "--silent", "-d", *RAW, header.with_name(file), "-o", raw])
            channels[raw] = n
    listed = folder / "list.txt"
    listed.write_text("".join(f"{raw} {n}\n" for raw, n in channels.items()))
    return listed, sum(raw.stat().st_size for raw in channels) // 2, signal_frames / 62.4725 / 3600


def sums_of_streams(built):
    """MD5 of the samples of each stream, as its header states it."""
    return {p.name: p.read_bytes()[26:42] for p in built.glob("waves/*/*/*/*.dat")}


def building(tools, wave, args):
    stays, minutes = (2, 10) if args.quick else (8, 240)
    made = hospital(tools, f"monitors-{stays}-{minutes}", "--patients", 2 * stays, "--films", "none",
                    "--monitor-stays", stays, "--monitor-minutes", minutes)
    out, raws = WORK / "out/db", WORK / "out/raw"
    ours = [tools.hilum, "wave", "build", made / "monitor-export", out, "--map",
            made / "monitor-map.csv", "--errors-ok", "--quiet"]  # refused stays are part of the export
    jobs = [j for j in (1, 2, 4, 8, 16) if j <= tools.cpus]
    commands = {f"hilum --jobs {j}": [*ours, "--jobs", j] for j in jobs}
    commands["hilum --fast --jobs 1"] = [*ours, "--fast", "--jobs", 1]

    def build(name):
        shutil.rmtree(out, ignore_errors=True)
        used = measure(tools, commands[name])
        return {"cpu_s": used["cpu_s"], "wall_s": used["wall_s"], "rss_mb": used["rss_mb"]}

    say("wave: building")
    sums, size = {}, {}
    for name in list(commands):
        build(name)
        sums[name] = sums_of_streams(out)
        size[name] = sum(p.stat().st_size for p in out.glob("waves/*/*/*/*.dat"))
    if len(set(map(str, sums.values()))) != 1:
        sys.exit("bench: the databases have other samples")
    listed, samples, signal_hours = plain_samples(out, raws)
    for options in (FLAC_BEST, FLAC_FAST):
        each = shlex.join(["flac", "--silent", "--force", *options, *RAW_IN])
        commands[shlex.join(["flac", *options])] = [
            "sh", "-c", f'while read -r f n; do {each} --channels="$n" -o "$f.flac" "$f" || exit; '
                        f"done < {listed}"]

    def once(name):
        if name.startswith("hilum"):
            return build(name)
        used = measure(tools, commands[name])
        size[name] = sum(p.stat().st_size for p in raws.glob("*.flac"))
        return {"cpu_s": used["cpu_s"], "wall_s": used["wall_s"], "rss_mb": used["rss_mb"]}

    figures = interleaved(min(args.rounds, 3), {n: lambda n=n: once(n) for n in commands})
    export = sum(p.stat().st_size for p in (made / "monitor-export").rglob("*") if p.is_file())
    return {"stays": stays, "minutes": minutes, "export_bytes": export, "samples": samples,
            "signal_hours": signal_hours, "jobs": jobs, "bytes": size, "figures": figures,
            "commands": {n: shlex.join(map(str, c)) if n.startswith("hilum") else f"sh -c '{c[2]}'"
                         for n, c in commands.items()}}


def bench_wave(tools, args):
    wave = WaveTools(tools, args)
    folder = wave_data(wave, args.quick)
    return {"rounds": args.rounds, "versions": wave.version, "source": str(source_records()),
            "windows": sum(1 for _ in open(folder / "hour/window.txt")),
            "ecgs": sum(1 for _ in open(folder / "ecgs/ecgs.txt")),
            "segments": len(list((folder / "long").glob("long_*.hea"))) - 1,
            "read": reading(tools, wave, args, folder),
            "threads": scaling(tools, wave, args, folder),
            "flac": flac(tools, wave, args, folder),
            "remote": remote(tools, wave, args, folder),
            "numerics": numerics(tools, wave, args, folder),
            "build": building(tools, wave, args)}
