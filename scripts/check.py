#!/usr/bin/env python3
"""Build and run every test; the last line is 'N passed, N failed, N skipped'.

    check.py [--quick] [--units] [--wrapper CMD] BUILD...

In each build folder (made by meson setup) the tests are: the unit tests and fuzz replays that meson
knows, tests/**/*_test.py, and the console blocks of docs/manual/*.md. The first folder is also used
for the layer check and for tests/scale, whose shards run under other programs. --quick leaves out
tests/**/*_slow_test.py and tests/scale, and sets HILUM_QUICK=1, which tests may ask for. --units runs what meson knows alone, through --wrapper (an emulator) if there is one.
Every test gets a folder of its own as TMPDIR, which is removed afterwards.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from tap import Tap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Build:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.sanitized = any(o["name"] == "b_sanitize" and o["value"] != "none"
                             for o in self.info("buildoptions"))

    def info(self, what):
        with open(os.path.join(self.folder, "meson-info", "intro-%s.json" % what)) as f:
            return json.load(f)

    def make(self):
        """Everything, the test programs too; False when that fails."""
        targets = {t["id"]: t for t in self.info("targets")}
        names = {os.path.relpath(name, self.folder) for test in self.info("tests")
                 for i in test["depends"] if i in targets for name in targets[i]["filename"]}
        return subprocess.call(["ninja", "-C", self.folder, "--quiet", "all"] + sorted(names)) == 0

    def environment(self, quick):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("HILUM_", "SLURM_", "LC_", "LANG"))}
        program = os.path.join(self.folder, "src", "app", "hilum")
        env.update(HILUM=program, PATH=os.path.dirname(program) + ":" + env.get("PATH", ""),
                   HILUM_BUILD=self.folder, HILUM_TEST_DATA=os.path.join(ROOT, "tests", "data"),
                   HILUM_SHARED=os.path.join(ROOT, "..", "shared", "data"), LC_ALL="C.UTF-8",
                   PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=os.path.join(ROOT, "scripts"))
        if quick:
            env["HILUM_QUICK"] = "1"
        if self.sanitized:
            env.update(HILUM_SANITIZED="1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
                       ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1")
        return env


class Job:
    def __init__(self, name, command, env, timeout, folder=ROOT):
        self.name, self.command, self.env, self.timeout = name, command, env, timeout
        self.folder = folder


def listed(build, args, first):
    """The jobs of one build folder; first: of those that run in one folder alone, too."""
    env = build.environment(args.quick)
    slow = 4 if build.sanitized or args.wrapper else 1
    mark = "sanitized " if build.sanitized else ""
    for test in build.info("tests"):
        yield Job(mark + test["name"], shlex.split(args.wrapper or "") + test["cmd"],
                  dict(env, **test["env"]), (test["timeout"] or 300) * slow,
                  test["workdir"] or build.folder)
    if args.units:
        return
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "**", "*_test.py"), recursive=True)):
        if args.quick and path.endswith("_slow_test.py"):
            continue
        if os.path.basename(os.path.dirname(path)) == "scale" and (args.quick or not first):
            continue
        yield Job(mark + os.path.relpath(path, os.path.join(ROOT, "tests"))[:-3],
                  [sys.executable, path], env, 600 * slow)
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "manual", "*.md"))):
        yield Job(mark + "manual " + os.path.basename(path)[:-3],
                  [sys.executable, os.path.join(ROOT, "scripts", "manual_test.py"), path],
                  env, 600 * slow)


def play(job):
    """Run one job: (job, Tap, seconds)."""
    start = time.monotonic()
    folder = tempfile.mkdtemp(prefix="hilum-check-")
    try:
        done = subprocess.run(job.command, env=dict(job.env, TMPDIR=folder), cwd=job.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=job.timeout)
        out, err, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        out, err, code = late.stdout or b"", late.stderr or b"", "no end after %d s" % job.timeout
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tap = Tap(out.decode("utf-8", "replace"))
    if code != 0 and tap.failed == 0:
        tap.failed += 1
        tap.problems.append("exit: %s" % code)
    if tap.failed:
        tap.problems += ["  " + line for line in err.decode("utf-8", "replace").splitlines()[-40:]]
    return job, tap, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--units", action="store_true")
    parser.add_argument("--wrapper")
    parser.add_argument("build", nargs="+")
    args = parser.parse_args()

    total = {"passed": 0, "failed": 0, "skipped": 0}
    jobs = []
    for i, folder in enumerate(args.build):
        build = Build(folder)
        if not build.make():
            print("FAIL  %s does not build" % folder)
            total["failed"] += 1
            continue
        jobs += listed(build, args, i == 0)
        if i == 0 and not args.units:
            jobs.append(Job("layers", [sys.executable, os.path.join(ROOT, "scripts", "layers.py"),
                                       build.folder], build.environment(args.quick), 300))
    workers = len(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for job, tap, seconds in pool.map(play, jobs):
            for kind in total:
                total[kind] += getattr(tap, kind)
            print("%-5s %s (%d%s, %.1f s)" % (
                "FAIL" if tap.failed else "ok", job.name, tap.passed,
                ", %d skipped" % tap.skipped if tap.skipped else "", seconds), flush=True)
            for problem in tap.problems:
                print("      " + problem.replace("\n", "\n      "), flush=True)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % total)
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
