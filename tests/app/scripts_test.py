"""The test tools themselves: a check that cannot fail proves nothing."""
import os
import shutil
import subprocess
import sys

from tap import Printer, Tap
import manual_test

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
temp = os.environ["TMPDIR"]
printer = Printer()


def equal(name, got, want):
    printer.ok(name, got == want, ["%r" % (got,), "is not %r" % (want,)])


def counts(text):
    tap = Tap(text)
    return tap.passed, tap.failed, tap.skipped


equal("TAP is counted", counts("ok 1 - a\n# b\nnot ok 2 - c\nok 3 - d # SKIP e\n1..3\n"), (1, 1, 1))
equal("a program that ends early has failed", counts("1..3\nok 1 - a\n"), (1, 1, 0))
equal("... also one that says nothing", counts(""), (0, 1, 0))

for name, expected, got, good in [
        ("equal lines match", ["a", "b"], ["a", "b"], True),
        ("a missing line does not", ["a", "b"], ["a"], False),
        ("nor one too many", ["a"], ["a", "b"], False),
        ("dots stand for any lines", ["a", "...", "z"], ["a", "b", "c", "z"], True),
        ("... also for none", ["a", "...", "z"], ["a", "z"], True),
        ("... but not for what follows", ["...", "z"], ["a", "b"], False),
        ("dots twice", ["...", "b", "...", "b"], ["b", "a", "b"], True),
        ("brackets stand for any text", ["in [...] s, [...]"], ["in 0.3 s, well"], True),
        ("... within their line", ["in [...] s"], ["in 0.3 s, well"], False),
        ("other signs stand for themselves", ["a.*"], ["abc"], False)]:
    equal("manual: " + name, manual_test.matches(expected, got), good)

PAGE = """# Page
```console
$ echo one > file
$ cat file
one
$ cat none
cat: none: [...]
(exit 1)
```
```sh
$ this is not run
```
## Wrong
```console
$ printf '%s\\n' a \\
> b
a
```
"""
page = os.path.join(temp, "page.md")
with open(page, "w") as f:
    f.write(PAGE)
command = [sys.executable, os.path.join(ROOT, "scripts", "manual_test.py"), page]
out = subprocess.run(command, stdout=subprocess.PIPE, text=True)
equal("manual: blocks share a folder, and one of two fails", (out.returncode, counts(out.stdout)), (1, (1, 1, 0)))
subprocess.run(command + ["--update"], stdout=subprocess.DEVNULL, check=True)
with open(page) as f:
    equal("manual: --update writes what was printed", f.read(), PAGE.replace("> b\na\n", "> b\na\nb\n"))

# The layer check, on a house with one fault for every rule.
house = os.path.join(temp, "house")
for folder in ("src/base", "src/cohort", "src/pack", "include/hilum", "scripts"):
    os.makedirs(os.path.join(house, folder))
for script in ("layers.py", "tap.py"):
    shutil.copy(os.path.join(ROOT, "scripts", script), os.path.join(house, "scripts"))
for path, text in {
        "include/hilum/hilum.h": "", "src/base/banned.h": "",
        "src/base/up.c": '#include "base/up.h"\n#include "cohort/a.h"\n', "src/base/up.h": "",
        "src/cohort/a.h": "unknown_type a;\n", "src/pack/side.c": '#include "cohort/a.h"\n',
        "src/cohort/b.h": "", "src/cohort/b.c": '#include <stdio.h>\n#include "cohort/b.h"\n',
        "src/base/one.c": "#include <jansson.h>\n", "src/base/two.c": "#include <jansson.h>\n",
        "src/base/fast.c": "#include <immintrin.h>\n",
        "src/pack/print.c": 'int f(void) { /* exit(1) "x" */ return printf("getenv()"); }\n'}.items():
    with open(os.path.join(house, path), "w") as f:
        f.write(text)
out = subprocess.run([sys.executable, os.path.join(house, "scripts", "layers.py")], stdout=subprocess.PIPE,
                     text=True).stdout
equal("layers: every rule finds its fault", counts(out), (0, 6, 2))
for part in ("src/base/up.c:2: includes cohort/a.h: upwards", "src/pack/side.c:1: includes cohort/a.h: sideways",
             "src/cohort/b.c: begins with stdio.h", "<jansson.h> is included by src/base/one.c, src/base/two.c",
             "src/base/fast.c:1: <immintrin.h>", "src/cohort/a.h (gcc)", "src/pack/print.c:1: printf"):
    printer.ok("layers: " + part, part in out, [out])

# Data that can change, in an object file.
source = os.path.join(temp, "data.c")
with open(source, "w") as f:
    f.write("static int counter;\nint next(void) { static long calls = 1; calls++; return ++counter; }\n"
            "const char *const names[] = {\"a\"};\n")
library = os.path.join(house, "src", "libhilum.a")
subprocess.run(["gcc", "-fPIC", "-c", source, "-o", source + ".o"], check=True)
subprocess.run(["ar", "rc", library, source + ".o"], check=True)
out = subprocess.run([sys.executable, os.path.join(house, "scripts", "layers.py"), house],
                     stdout=subprocess.PIPE, text=True).stdout
equal("layers: data that changes is found, tables are not",
      [word in out for word in ("counter in .bss", "calls.0 in .data", "names in")], [True, True, False])
sys.exit(printer.end())
