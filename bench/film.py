"""bench/film: `hilum film` beside a Python loop, DCMTK and the JPEG encoder alone."""

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from common import BENCH, ONE_THREAD, WORK, hospital, interleaved, measure, run, say

FILM_BYTES = 2544 * 3056 * 2
SYNTAXES = {"explicit VR little endian": "plain", "RLE": "rle", "JPEG lossless": "jpeg-lossless",
            "JPEG-LS": "jpeg-ls", "JPEG 2000": "jpeg-2000"}
MEMORY = Path("/dev/shm")  # a file system in memory, where there is one


def film_archive(tools, n, n_small, patients):
    """A DICOM archive of n plain films and n_small of them in each other syntax."""
    folder = WORK / f"dicom-{n}"
    if not folder.exists():
        made = hospital(tools, f"hospital-{patients}-dicom", "--patients", patients, "--films", "full",
                        "--film-format", "dicom")
        say(f"making {folder}")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        run([tools.film_python, BENCH / "make_film_archive.py", made, part, n, n_small])
        part.rename(folder)
        shutil.rmtree(made)
    return folder


def listed(name, paths):
    path = WORK / f"{name}.txt"
    path.write_text("".join(f"{p}\n" for p in paths))
    return path


def scratch_folder(n):
    """Where all programs write; in memory if their output fits, so that no disk is measured."""
    needed = 3 * n * 4_000_000
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > needed:
        return MEMORY / "hilum-bench"
    return WORK / "out"


# --- rendering --------------------------------------------------------------------------------------


def renderers(tools, films, film_list, scratch):
    """{name: (command, folder it writes)}"""
    def hilum(jobs, out):
        return ([tools.hilum, "film", "render", films, out, "--jobs", jobs, "--quiet"], out)

    out = scratch / "out"
    each = (f'while read -r f; do n=${{f##*/}}; dcmj2pnm +oj +Jq 95 +Wm "$f" "{out}/${{n%.dcm}}.jpg" '
            f'|| exit; done < {film_list}')
    jobs = [j for j in (1, 2, 4, 8, 16) if j <= tools.cpus]
    peers = {f"hilum --jobs {j}": hilum(j, out) for j in jobs}
    if scratch != WORK / "out":
        peers[f"hilum --jobs {jobs[-1]}, to disk"] = hilum(jobs[-1], WORK / "out/out")
    peers["pydicom + OpenCV"] = (
        [tools.film_python, BENCH / "film_peer.py", "render", film_list, out], out)
    peers["dcmj2pnm"] = (["sh", "-c", each], out)
    return jobs, peers


def fresh(name, out):
    """hilum makes its folder itself."""
    shutil.rmtree(out, ignore_errors=True)
    (out.parent if name.startswith("hilum") else out).mkdir(parents=True, exist_ok=True)


def pictures(out):
    return {path.name: path for path in out.glob("**/*.jpg")}


def check_same_pictures(hilum, peer, n):
    """The mean size of a picture; the bench stops unless both sides wrote the same bytes."""
    ours, theirs = pictures(hilum), pictures(peer)
    if len(ours) != n or set(ours) != set(theirs):
        sys.exit(f"bench: {n} films, {len(ours)} pictures by hilum, {len(theirs)} by Python")
    for name, path in ours.items():
        if path.read_bytes() != theirs[name].read_bytes():
            sys.exit(f"bench: {path} and {theirs[name]} differ")
    return statistics.mean(p.stat().st_size for p in ours.values())


def rendering(tools, args, films, paths, scratch):
    env = {**os.environ, **ONE_THREAD}
    n = len(paths)
    film_list = listed("dicom", paths)
    jobs, commands = renderers(tools, films, film_list, scratch)

    say("film: the same pictures?")
    kept = scratch / "check"
    for name in ("hilum --jobs 1", "pydicom + OpenCV"):
        command, out = commands[name]
        fresh(name, out)
        measure(tools, command, env)
        if name.startswith("hilum"):
            shutil.rmtree(kept, ignore_errors=True)
            out.rename(kept)
    jpeg_bytes = check_same_pictures(kept, out, n)

    def render(name, command, out):
        fresh(name, out)
        used = measure(tools, command, env)
        if len(pictures(out)) != n:
            sys.exit(f"bench: {name}: {len(pictures(out))} pictures of {n} films")
        shutil.rmtree(out)
        return {"cpu_ms": used["cpu_s"] / n * 1e3, "wall_ms": used["wall_s"] / n * 1e3,
                "rss_mb": used["rss_mb"]}

    steps = [tools.film_steps, "steps", film_list, 1, "-"]
    say("film: rendering")
    peers = {name: lambda name=name, c=c: render(name, *c) for name, c in commands.items()}
    peers["steps"] = lambda: json.loads(measure(tools, steps, env, subprocess.PIPE)["output"])
    return kept, {
        "films": n, "jobs": jobs, "jpeg_bytes": jpeg_bytes, "film_bytes": FILM_BYTES,
        "file_bytes": statistics.mean(p.stat().st_size for p in paths),
        "in_memory": scratch != WORK / "out",
        "figures": interleaved(args.rounds, peers),
        "commands": {n: shlex.join(map(str, c)) if n != "dcmj2pnm" else f"sh -c '{c[2]}'"
                     for n, (c, _) in commands.items()} | {"steps": shlex.join(map(str, steps))},
    }


# --- decoding ---------------------------------------------------------------------------------------


def decoding(tools, args, folder):
    """CPU and wall ms a film of decoding alone, hilum beside pydicom, by transfer syntax."""
    env = {**os.environ, **ONE_THREAD}
    programs = {"hilum": [tools.film_steps], "pydicom": [tools.film_python, BENCH / "film_peer.py"]}
    values = {name: WORK / f"values-{name}" for name in programs}
    tables = {}
    say("film: decoding")
    names = {p.name for p in (folder / "rle").iterdir()}
    for syntax, part in SYNTAXES.items():
        source = folder / ("films" if part == "plain" else part)
        films = listed(f"dicom-{part}", sorted(p for p in source.glob("**/*.dcm") if p.name in names))
        for name, program in programs.items():
            run([*program, "decode", films, 0, values[name]], env=env)
        if values["hilum"].read_bytes() != values["pydicom"].read_bytes():
            sys.exit(f"bench: the pixels of {films} differ")
        for path in values.values():
            path.unlink()

        def once(program):
            used = measure(tools, [*program, "decode", films, 1, "-"], env, subprocess.PIPE)
            cpu, wall = map(float, used["output"].split())
            return {"cpu_ms": cpu, "wall_ms": wall}

        tables[syntax] = interleaved(args.rounds, {n: lambda p=p: once(p) for n, p in programs.items()})
    return {"films": len(names), "syntaxes": tables}


# --- checking ---------------------------------------------------------------------------------------


def checking(tools, args, archive, jobs):
    """Proving the archive that render wrote, beside sha256sum."""
    lines = (archive / "SHA256SUMS.txt").read_text().splitlines()
    size = sum((archive / line.split(None, 1)[1]).stat().st_size for line in lines)
    commands = {f"hilum --jobs {j}": [tools.hilum, "film", "check", archive, "--jobs", j, "--quiet"]
                for j in jobs}
    commands["sha256sum -c"] = ["sh", "-c", f"cd {archive} && sha256sum --quiet -c SHA256SUMS.txt"]

    def once(command):
        used = measure(tools, command)
        return {"cpu_s": used["cpu_s"], "wall_s": used["wall_s"], "rss_mb": used["rss_mb"]}

    say("film: checking")
    return {"bytes": size,
            "figures": interleaved(args.rounds, {n: lambda c=c: once(c) for n, c in commands.items()}),
            "commands": {n: shlex.join(map(str, c)) for n, c in commands.items()}}


def bench_film(tools, args):
    n, n_small, patients = (8, 1, 30) if args.quick else (200, 4, 260)
    folder = film_archive(tools, n, n_small, patients)
    paths = sorted(folder.glob("films/**/*.dcm"))
    scratch = scratch_folder(n)
    for path in paths:  # into the page cache
        path.read_bytes()
    try:
        archive, rendered = rendering(tools, args, folder / "films", paths, scratch)
        checked = checking(tools, args, archive, rendered["jobs"])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {"rounds": args.rounds, "render": rendered, "check": checked,
            "decode": decoding(tools, args, folder)}
