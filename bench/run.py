#!/usr/bin/env python3
"""hilum beside other programs: bench/run.py [cohort] [pack] [film] [wave] [--quick]

Makes data and virtual environments in bench/work (kept for the next run), runs every program as a
child process, all of them in turn within a round, and writes medians and ratios to
bench/RESULTS.md; with --quick to bench/work/RESULTS-quick.md, from data too small to mean much.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import report
from common import (BENCH, LIBRARIES, ONE_THREAD, ROOT, WORK, compile_c, environment, hilum_libraries,
                    hospital, interleaved, measure, run, say)
from film import bench_film
from waves import bench_wave


def few_films(whole, name):
    """The same hospital in which only every fifth patient has films. In MIMIC-IV too, most laboratory
    rows belong to admissions that the film has ruled out."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    films = folder / "mimic-cxr-jpg"
    films.mkdir(parents=True)
    for part in ("mimiciv", "mimic-iv-ecg"):
        (folder / part).symlink_to(f"../{whole.name}/{part}")
    for part in ("files", "mimic-cxr-2.0.0-chexpert.csv.gz"):
        (films / part).symlink_to(f"../../{whole.name}/mimic-cxr-jpg/{part}")
    table = "mimic-cxr-2.0.0-metadata.csv.gz"
    with gzip.open(whole / "mimic-cxr-jpg" / table, "rt", newline="") as old, \
            gzip.open(films / table, "wt", newline="") as new:
        rows = csv.reader(old)
        out = csv.writer(new, lineterminator="\n")
        header = next(rows)
        out.writerow(header)
        subject = header.index("subject_id")
        patients = {}
        for row in rows:
            if patients.setdefault(row[subject], len(patients)) % 5 == 0:
                out.writerow(row)
    return folder


# --- cohort -----------------------------------------------------------------------------------------


def cohort_rows(path, film, ecg):
    with open(path, newline="") as file:
        return {
            (row["hadm_id"], row[film], int(float(row[ecg]))):
                {k: float(v) for k, v in row.items() if k.isdigit() and v}
            for row in csv.DictReader(file)
        }


def check_same_cohort(name, path, golden):
    rows = cohort_rows(path, "film", "ecg")
    if rows != golden:
        odd = sorted(set(rows) ^ set(golden)) or [k for k in golden if rows[k] != golden[k]]
        sys.exit(f"bench: {name} chose another cohort: {len(odd)} rows differ, the first: {odd[0]}")


def cohort_peers(tools, folder):
    """{name: command}; the last argument of each is what it writes."""
    out = WORK / "out"
    hilum = [tools.hilum, "cohort", "build", "--mimiciv", folder / "mimiciv", "--ecg",
             folder / "mimic-iv-ecg", "--cxr", folder / "mimic-cxr-jpg", "--train-n",
             tools.train_n, "--val-n", tools.train_n // 2, "--candidate-n", 3, "--quiet", "--out",
             out / "hilum"]
    peers = {"hilum": hilum}
    if tools.cpus > 1:
        peers["hilum, 1 CPU"] = ["taskset", "-c", min(os.sched_getaffinity(0)), *hilum]
    for name, python, script in (
        ("pandas " + tools.version["pandas"], tools.python, "pandas"),
        ("pandas " + tools.version["pandas 3"], tools.python3, "pandas"),
        ("Polars " + tools.version["polars"], tools.python, "polars"),
        ("DuckDB " + tools.version["duckdb"], tools.python, "duckdb"),
    ):
        peers[name] = [python, BENCH / f"cohort_{script}.py", folder, out / f"{script}.csv"]
    peers["igzip -d"] = ["igzip", "-d", "-c", folder / "mimiciv/hosp/labevents.csv.gz"]
    return peers


def bench_cohort(tools, args):
    patients, lab_rows = (200, 300_000) if args.quick else (2_000, 20_000_000)
    tools.train_n = 12 if args.quick else 100
    whole = hospital(tools, f"hospital-{patients}-{lab_rows}", "--patients", patients,
                     "--labevents-rows", lab_rows)
    few = few_films(whole, f"hospital-{patients}-{lab_rows}-few")
    tables = []
    for title, folder in (("few", few), ("all", whole)):
        say(f"cohort: {folder}")
        golden = {}
        peers = {}
        for name, command in cohort_peers(tools, folder).items():
            def once(name=name, command=command):
                out = WORK / "out"
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                used = measure(tools, command)
                del used["output"]
                if name.startswith("hilum"):
                    golden.update(cohort_rows(out / "hilum/symile_mimic_data.csv", "cxr_24_72_hr",
                                              "ecg_study_id"))
                elif name != "igzip -d":
                    check_same_cohort(name, command[-1], golden)
                return used
            peers[name] = once
        run(["cat", folder / "mimiciv/hosp/labevents.csv.gz"], errors="replace")  # into the page cache
        tables.append({
            "hospital": title,
            "gz_bytes": (folder / "mimiciv/hosp/labevents.csv.gz").stat().st_size,
            "figures": interleaved(args.rounds, peers),
            "cohort_rows": len(golden),
            "commands": {n: shlex.join(map(str, c)) for n, c in cohort_peers(tools, folder).items()},
        })
    return {"patients": patients, "lab_rows": lab_rows, "rounds": args.rounds, "tables": tables}


# --- pack -------------------------------------------------------------------------------------------


def one_thread_figures(tools, args, kind, paths, passes):
    """CPU and wall ms an item: hilum's functions beside the published script's libraries."""
    listed, env = WORK / f"{kind}.txt", {**os.environ, **ONE_THREAD}
    listed.write_text("".join(f"{p}\n" for p in paths))
    programs = {"hilum": [tools.kernels], "peer": [tools.python, BENCH / "pack_peer.py"]}
    digest = set()
    for program in programs.values():
        values = WORK / "values.f32"
        run([*program, kind, listed, 0, values], env=env)
        digest.add(hashlib.sha256(values.read_bytes()).hexdigest())
        values.unlink()
    if len(digest) != 1:
        sys.exit(f"bench: the tensors of the {kind} differ")

    def once(program):
        used = measure(tools, [*program, kind, listed, passes, "-"], env, subprocess.PIPE)
        pairs = [tuple(map(float, line.split())) for line in used["output"].splitlines()]
        return {"cpu_ms": statistics.median(p[0] for p in pairs),
                "wall_ms": statistics.median(p[1] for p in pairs), "rss_mb": used["rss_mb"]}

    return {
        "items": len(paths), "passes": passes,
        "bytes": round(statistics.mean(os.path.getsize(p if kind == "films" else f"{p}.dat")
                                       for p in paths)),
        "figures": interleaved(args.rounds, {n: lambda p=p: once(p) for n, p in programs.items()}),
        "commands": {n: shlex.join(map(str, [*p, kind, listed, passes, "-"]))
                     for n, p in programs.items()},
    }


def whole_pack(tools, args, folder):
    """hilum pack of a cohort at one thread and at more, both stores."""
    cohort, out = WORK / "pack-cohort", WORK / "out"
    n = 4 if args.quick else 40
    shutil.rmtree(cohort, ignore_errors=True)
    run([tools.hilum, "cohort", "build", "--mimiciv", folder / "mimiciv", "--ecg",
         folder / "mimic-iv-ecg", "--cxr", folder / "mimic-cxr-jpg", "--train-n", n,
         "--val-n", n // 2, "--candidate-n", 2, "--quiet", "--out", cohort])
    with open(cohort / "symile_mimic_data.csv") as file:
        rows = sum(1 for _ in file) - 1
    commands, peers = {}, {}
    jobs = [j for j in (1, 2, 4, 8, 16) if j <= tools.cpus]
    for store in ("compact", "npy"):
        for j in jobs:
            name = f"{store}, --jobs {j}"
            commands[name] = [tools.hilum, "pack", cohort, "--ecg", folder / "mimic-iv-ecg", "--cxr",
                              folder / "mimic-cxr-jpg", "--store", store, "--jobs", j, "--quiet",
                              "--out", out]

            def once(command=commands[name]):
                shutil.rmtree(out, ignore_errors=True)
                used = measure(tools, command)
                del used["output"]
                return used
            peers[name] = once
    return {"rows": rows, "jobs": jobs, "figures": interleaved(args.rounds, peers),
            "commands": {name: shlex.join(map(str, c)) for name, c in commands.items()}}


def bench_pack(tools, args):
    n_films, patients, n_ecgs = (4, 20, 10) if args.quick else (40, 120, 60)
    films = WORK / f"films-{n_films}"
    if not films.exists():
        say(f"making {films}")
        part = films.with_suffix(".part")
        run([tools.python, BENCH / "make_films.py", part, n_films])
        part.rename(films)
    folder = hospital(tools, f"hospital-{patients}-full", "--patients", patients, "--films", "full")
    ecgs = sorted(p.with_suffix("") for p in (folder / "mimic-iv-ecg/files").rglob("*.hea"))
    ecgs = [p for p in ecgs if p.with_suffix(".dat").exists()
            and p.with_suffix(".dat").stat().st_size == 120_000][:n_ecgs]
    say("pack: films on one thread")
    by_film = one_thread_figures(tools, args, "films", sorted(films.glob("*.jpg")), 1 if args.quick else 3)
    say("pack: ECGs on one thread")
    by_ecg = one_thread_figures(tools, args, "ecgs", ecgs, 2 if args.quick else 10)
    say("pack: hilum pack")
    return {"rounds": args.rounds, "films": by_film, "ecgs": by_ecg,
            "pack": whole_pack(tools, args, folder)}


# --- all --------------------------------------------------------------------------------------------

PARTS = {"cohort": (bench_cohort, 3), "pack": (bench_pack, 5), "film": (bench_film, 3),  # and rounds
         "wave": (bench_wave, 5)}


class Tools:
    """Programs and versions."""

    def __init__(self, args):
        build = Path(args.build)
        self.cpus = len(os.sched_getaffinity(0))
        self.hilum = build / "src/app/hilum"
        if not self.hilum.exists():
            sys.exit(f"bench: {self.hilum} is not there\nBuild it with make, or name a build folder "
                     "with --build.")
        for program, package in (("igzip", "isal"), ("dcmj2pnm", "dcmtk")):
            if not shutil.which(program):
                sys.exit(f"bench: {program} is not there\nInstall the package {package}.")
        WORK.mkdir(exist_ok=True)
        self.measure = compile_c("measure")
        self.kernels = compile_c("kernels", *hilum_libraries(build))
        self.python = environment("venv", ("requirements.txt", []),
                                  ("requirements-torch.txt", ["--no-deps"]))
        self.python3 = environment("venv-pandas3", ("requirements-pandas3.txt", []))
        self.film_steps = compile_c("film_steps", *hilum_libraries(build))
        self.film_python = environment("venv-films", ("requirements-films.txt", []))
        self.version = self.versions()

    def versions(self):
        names = "numpy pandas polars duckdb pillow torch torchvision wfdb".split()
        ask = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
        version = dict(zip(names, run([self.python, "-c", ask, *names]).split()))
        version["pandas 3"] = run([self.python3, "-c", ask, "pandas"]).strip()
        names = ("pydicom opencv-python-headless pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle "
                 "pyjpegls").split()
        version.update(zip(names, run([self.film_python, "-c", ask, *names]).split()))
        version["DCMTK"] = run(["dcmj2pnm", "--version"]).split()[2].lstrip("v")
        version["Python"] = run([self.python, "-V"]).split()[1]
        version["hilum"] = run([self.hilum, "--version"]).splitlines()[0].replace("hilum ", "")
        version["igzip"] = run(["igzip", "-V"]).splitlines()[0].split()[-1]
        version["C compiler"] = run(["cc", "--version"]).splitlines()[0]
        for package in LIBRARIES:
            version[package] = run(["pkg-config", "--modversion", package]).strip()
        return version


def machine():
    cpuinfo = Path("/proc/cpuinfo").read_text()
    memory = Path("/proc/meminfo").read_text().split()[1]
    names = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release") if "=" in line)
    model = [line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    flags = [f for f in ("avx2", "avx512bw", "sha_ni") if f" {f}" in cpuinfo]
    return {
        "CPU": f"{model[0] if model else platform.machine()} ({', '.join(flags)})",
        "CPUs used": len(os.sched_getaffinity(0)),
        "memory": f"{int(memory) / 1024 / 1024:.0f} GiB",
        "system": names.get("PRETTY_NAME", "").strip('"'),
        "kernel": platform.release(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []],
                        help="what to measure (default: all)")
    parser.add_argument("--quick", action="store_true", help="small data: to see that the bench works")
    parser.add_argument("--rounds", type=int,
                        help="rounds (default: cohort and film 3, pack and wave 5; with --quick 1)")
    parser.add_argument("--build", default="build", help="build folder (default: build)")
    parser.add_argument("--libwfdb", metavar="PREFIX", default=os.environ.get("HILUM_LIBWFDB"),
                        help="where the WFDB library in C is installed, with FLAC (include/wfdb/wfdb.h,\n"
                             "lib/libwfdb.a); default: HILUM_LIBWFDB; without it wave leaves it out")
    args = parser.parse_args()
    args.build = str(Path(args.build).resolve())
    os.chdir(ROOT)
    args.build = os.path.relpath(args.build) if args.build.startswith(f"{ROOT}/") else args.build
    load = os.getloadavg()[0]
    if load > 0.5 and not args.quick:
        say(f"the machine is busy (load {load:.1f}): wall times will be too long")
    tools = Tools(args)
    kept = WORK / ("results-quick.json" if args.quick else "results.json")
    results = json.loads(kept.read_text()) if kept.exists() else {}
    rounds = args.rounds
    for part in args.part or PARTS:
        bench, usual_rounds = PARTS[part]
        args.rounds = rounds or (1 if args.quick else usual_rounds)
        results[part] = bench(tools, args)
        results[part]["load"] = load
    shutil.rmtree(WORK / "out", ignore_errors=True)
    results["machine"], results["versions"] = machine(), tools.version
    kept.write_text(json.dumps(results, indent=1))
    text = report.write(results, args.build)
    page = WORK / "RESULTS-quick.md" if args.quick else BENCH / "RESULTS.md"
    page.write_text(text)
    print(text)
    say(f"written: {page}")


if __name__ == "__main__":
    main()
