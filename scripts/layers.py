#!/usr/bin/env python3
"""Check the house's rules: layers.py [BUILD]. One result (TAP) a rule.

- includes point down; rooms side by side don't include each other
- a third-party header is included by one file (or one folder below its floor), and by no header of ours
- instructions of one processor stand in files named after it
- every header compiles alone
- only app/ prints, reads the environment or exits
- the library holds no data that can change, and no two functions of one name (from the symbols of
  BUILD/src/libhilum.a, where the linker would just take one of them)
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from tap import Printer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIDE_BY_SIDE = ["cohort", "film", "report", "wave", "monitor", "embed", "pack", "synth", "learn"]
FLOORS = [["base"], ["data"], ["format"], SIDE_BY_SIDE, ["view"], ["command"], ["app"]]
FLOOR = {room: i for i, floor in enumerate(FLOORS) for room in floor}

SYSTEM = """assert.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h
stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h time.h
dirent.h dlfcn.h fcntl.h glob.h net/if.h netdb.h poll.h pthread.h pwd.h sched.h semaphore.h spawn.h
termios.h unistd.h arpa/inet.h netinet/in.h netinet/tcp.h sanitizer/asan_interface.h""".split()
INTRINSICS = {"immintrin.h": r"_(avx2|avx512|sha)\.c$", "arm_neon.h": r"_neon\.c$"}
OUTSIDE_APP = re.compile(
    r"(?<![\w.>])(printf|vprintf|puts|putchar|fputs|fputc|putc|fprintf|vfprintf|perror|psignal|exit|_exit|_Exit|"
    r"quick_exit|abort|getenv|secure_getenv|setenv|setlocale|signal|sigaction)\s*\(|\b(stdout|stderr|environ)\b")
# Headers that the build makes.
GENERATED = {"base/share_dirs.h", "format/dicom/dictionary_table.h"}
# A broken invariant ends the process, and says where.
ALLOWED_OUTSIDE = {"src/base/error.c"}


def sources(ending):
    return sorted(os.path.relpath(p, ROOT) for p in
                  glob.glob(os.path.join(ROOT, "src", "**", "*" + ending), recursive=True))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def code_of(path):
    """The text without comments and strings, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, read(path), flags=re.S)


def includes(path):
    for i, line in enumerate(read(path).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield i, found.group(1), found.group(2)


def room_of(path):
    return path.split("/")[1]


def arrows():
    for path in sources(".c") + sources(".h"):
        room = room_of(path)
        if room not in FLOOR:
            yield "%s: the room %s is on no floor (scripts/layers.py)" % (path, room)
            continue
        for line, kind, name in includes(path):
            head = name.split("/")[0]
            where = "%s:%d: includes %s" % (path, line, name)
            if kind == '"' and (name.startswith("hilum/") or name in GENERATED):
                continue
            if kind == '"' and (head not in FLOOR or not os.path.exists(os.path.join(ROOT, "src", name))):
                yield where + ": written from src/, as \"room/name.h\""
            elif kind == '"' and head != room and FLOOR[head] >= FLOOR[room]:
                yield where + (": sideways" if FLOOR[head] == FLOOR[room] else ": upwards")


def own_header_first():
    for path in sources(".c"):
        header = path[4:-2] + ".h"
        first = next((name for _, kind, name in includes(path)), None)
        if not os.path.exists(os.path.join(ROOT, "src", header)):
            continue
        if first not in (header, header[:-2] + "_internal.h"):
            yield "%s: begins with %s, not with its own header" % (path, first)


def third_parties():
    users = {}
    for path in sources(".c") + sources(".h"):
        for line, kind, name in includes(path):
            if kind == '"' or name in SYSTEM or name.startswith(("sys/", "linux/")):
                continue
            if name in INTRINSICS or name == "cpuid.h":
                continue
            library = name.split("/")[0]
            if path.endswith(".h"):
                yield "%s:%d: <%s> in a header of ours" % (path, line, name)
            users.setdefault(library, set()).add(path)
    for library, paths in sorted(users.items()):
        folders = {os.path.dirname(p) for p in paths}
        own_folder = len(folders) == 1 and len(next(iter(folders)).split("/")) > 2
        if len(paths) > 1 and not own_folder:
            yield "<%s> is included by %s" % (library, ", ".join(sorted(paths)))


def instructions():
    for path in sources(".c") + sources(".h"):
        for line, _, name in includes(path):
            if name in INTRINSICS and not re.search(INTRINSICS[name], path):
                yield "%s:%d: <%s>" % (path, line, name)


def alone():
    """Every header through every compiler that is there."""
    flags = ["-fsyntax-only", "-Werror", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-Iinclude", "-Isrc",
             "-include", "src/base/banned.h"]
    runs = [(["gcc", "-std=gnu11", "-xc"], h) for h in sources(".h") + ["include/hilum/hilum.h"]]
    if shutil.which("clang") and "HILUM_QUICK" not in os.environ:
        runs += [(["clang"] + c[1:], h) for c, h in runs]
    if shutil.which("g++"):
        runs.append((["g++", "-xc++"], "include/hilum/hilum.h"))

    def compile_one(run):
        command, header = run
        code = '#include "%s"\n' % header.split("/", 1)[1]
        done = subprocess.run(command + flags + ["-"], input=code, text=True, cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return "%s (%s):\n%s" % (header, command[0], done.stdout[:600]) if done.returncode else None

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from filter(None, pool.map(compile_one, runs))


def outside_app():
    for path in sources(".c") + sources(".h"):
        if room_of(path) == "app" or path in ALLOWED_OUTSIDE or path == "src/base/banned.h":
            continue
        for i, line in enumerate(code_of(path).splitlines(), 1):
            found = OUTSIDE_APP.search(line)
            if found:
                yield "%s:%d: %s" % (path, i, found.group(0).strip(" ("))


def names_twice(library):
    symbols = subprocess.run(["nm", "--defined-only", library], text=True, check=True, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
    seen, member = {}, ""
    for line in symbols.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        found = re.match(r"[0-9a-f]+ [TDRB] (\S+)$", line)
        if found and seen.setdefault(found.group(1), member) != member:
            yield "%s: in %s and in %s" % (found.group(1), seen[found.group(1)], member)


def data_that_changes(library):
    symbols = subprocess.run(["objdump", "-t", library], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    member = ""
    for line in symbols.splitlines():
        if ":     file format" in line:
            member = line.split(":")[0]
        found = re.match(r"\S+ ..... ?.O (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)", line)
        if not found:
            continue
        section, size, name = found.groups()
        writable = section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*"))
        if writable and not section.startswith(".data.rel.ro") and int(size, 16) and not name.startswith("__"):
            yield "%s: %s in %s" % (member, name, section)


def main():
    printer = Printer()
    rules = [("includes point down", arrows), ("a file includes its own header first", own_header_first),
             ("a third-party library stays behind one file", third_parties),
             ("instructions of one processor stand in files named after it", instructions),
             ("every header compiles alone", alone),
             ("only app/ prints, reads the environment or exits", outside_app)]
    for name, rule in rules:
        faults = list(rule())
        printer.ok(name, not faults, faults)
    library = os.path.join(sys.argv[1], "src", "libhilum.a") if len(sys.argv) > 1 else ""
    for name, rule, tool in (("the library holds no data that can change", data_that_changes, "objdump"),
                             ("no two functions of the library have one name", names_twice, "nm")):
        if os.path.exists(library) and shutil.which(tool):
            faults = list(rule(library))
            printer.ok(name, not faults, faults)
        else:
            printer.ok(name, True, skip="no build folder given")
    return printer.end()


if __name__ == "__main__":
    sys.exit(main())
