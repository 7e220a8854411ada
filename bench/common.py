"""What the parts of run.py share: data, virtual environments, C programs, measuring."""

import json
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path("bench")
WORK = BENCH / "work"
FLAGS = (
    "-std=gnu11 -O2 -ffp-contract=off -fno-strict-aliasing -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 "
    "-include src/base/banned.h -Iinclude -Isrc -Wall -Wextra"
).split()
# What hilum is linked against, by pkg-config's names.
LIBRARIES = ("libisal libdeflate libcrypto jansson libjpeg libpng zlib charls libopenjp2 flac libcurl "
             "cairo").split()
# One thread in every library that a peer may load.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def run(command, **options):
    command = [str(c) for c in command]
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {shlex.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text):
    print(text, file=sys.stderr, flush=True)


# --- what is needed ---------------------------------------------------------------------------------


def environment(name, *requirements):
    """The virtual environment's python, made and filled when it is not there or out of date."""
    folder, mark = WORK / name, WORK / name / "installed.txt"
    wanted = "".join((BENCH / r).read_text() for r, _ in requirements)
    python = folder / "bin/python"
    if not mark.exists() or mark.read_text() != wanted:
        say(f"installing {', '.join(r for r, _ in requirements)} into {folder}")
        run([sys.executable, "-m", "venv", folder])
        for file, flags in requirements:
            run([python, "-m", "pip", "install", "--quiet", *flags, "-r", BENCH / file])
        mark.write_text(wanted)
    return python


def compile_c(name, *libraries):
    program = WORK / name
    run(["cc", *FLAGS, BENCH / f"{name}.c", *libraries, "-o", program])
    return program


def hilum_libraries(build):
    libraries = [build / "src/libhilum.a", *sorted((build / "src").glob("libkernels_*.a"))]
    return [*libraries, *run(["pkg-config", "--libs", *LIBRARIES]).split(), "-lm", "-pthread"]


def hospital(tools, name, *options):
    folder = WORK / name
    if not (folder / "README.txt").exists():  # hilum synth writes it last
        say(f"making {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        run([tools.hilum, "synth", folder, *options, "--seed", 1, "--quiet"])
    return folder


# --- measuring --------------------------------------------------------------------------------------


def measure(tools, command, env=None, stdout=subprocess.DEVNULL):
    """-> {wall_s, cpu_s, rss_mb, output}"""
    used = WORK / "used.json"
    done = subprocess.run([str(c) for c in (tools.measure, used, *command)],
                          stdout=stdout, stderr=subprocess.PIPE, text=True, env=env)
    u = json.loads(used.read_text())
    if done.returncode != 0 or u["status"] != 0:
        sys.exit(f"bench: {shlex.join(map(str, command))} failed:\n{done.stderr}")
    return {"wall_s": u["wall_s"], "cpu_s": u["user_s"] + u["sys_s"],
            "rss_mb": u["max_rss_kb"] / 1024, "output": done.stdout}


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def interleaved(rounds, peers):
    """peers: {name: function that returns {quantity: value}} -> {name: {quantity: spread}}; one round
    runs each of them once, so that a change of the machine meets all alike."""
    got = {name: [] for name in peers}
    for i in range(rounds):
        for name, once in peers.items():
            got[name].append(once())
            shown = ", ".join(f"{k} {v:.3f}" for k, v in got[name][-1].items())
            say(f"  round {i + 1} of {rounds}: {name}: {shown}")
    return {name: {k: spread([r[k] for r in runs]) for k in runs[0]} for name, runs in got.items()}
