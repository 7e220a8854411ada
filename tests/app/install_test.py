"""What make install puts where, and a C program against it."""
import os
import subprocess
import sys

from tap import Printer

printer = Printer()
build, temp = os.environ["HILUM_BUILD"], os.environ["TMPDIR"]
skip = "sanitized library" if "HILUM_SANITIZED" in os.environ else None

PROGRAM = r"""
#include <hilum/hilum.h>
#include <stdio.h>
int main(void)
{
    hl_error err;
    char *result = NULL;
    hl_code c = hl_run("no such command", "{}", NULL, &result, &err);
    printf("%s %d %d %s\n", hl_version(), hl_abi_version(), (int)c, err.message);
    hl_free(result);
    return c == HL_E_USAGE && hl_abi_version() == HL_ABI_VERSION ? 0 : 1;
}
"""


def run(*command, **env):
    done = subprocess.run(command, env=dict(os.environ, **env), text=True, cwd=temp,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def step(name, *facts):
    printer.ok(name, skip is not None or all(good for good, _ in facts),
               [note for good, note in facts if not good], skip)


if skip:
    step("make install")
    sys.exit(printer.end())

code, text = run("meson", "install", "-C", build, "--no-rebuild", "--destdir", temp)
files = [os.path.relpath(os.path.join(folder, f), temp) for folder, _, names in os.walk(temp) for f in names]
wanted = ["bin/hilum", "/libhilum.so", "/libhilum.a", "/pkgconfig/hilum.pc", "include/hilum/hilum.h",
          "man/man1/hilum.1", "bash-completion/completions/hilum.bash", "zsh/site-functions/_hilum",
          "fish/vendor_completions.d/hilum.fish", "share/hilum/recipes/symile-mimic-1.0.json",
          "share/hilum/examples/slurm/films.sh"]
step("everything is installed", (code == 0, text),
     *[(any(f.endswith(w) for f in files), w + " is missing") for w in wanted])

prefix = os.path.join(temp, next((f[:-len("/bin/hilum")] for f in files if f.endswith("/bin/hilum")), ""))
code, text = run(prefix + "/bin/hilum", "--version")
step("the installed program runs", (code == 0 and text.startswith("hilum "), text))

config = next((os.path.join(temp, os.path.dirname(f)) for f in files if f.endswith("/hilum.pc")), "")
with open(os.path.join(temp, "user.c"), "w") as f:
    f.write(PROGRAM)
env = {"PKG_CONFIG_PATH": config}
_, flags = run("pkg-config", "--define-variable=prefix=" + prefix, "--cflags", "--libs", "hilum", **env)
code, text = run("gcc", "-Wall", "user.c", "-o", "user", *flags.split())
step("a C program builds with pkg-config", (code == 0, flags + text))
code, text = (1, "") if code else run("./user", LD_LIBRARY_PATH=os.path.dirname(config))
step("... and runs with the shared library", (code == 0, text))
_, version = run("pkg-config", "--modversion", "hilum", **env)
_, program = run(prefix + "/bin/hilum", "--version")
step("pkg-config knows the version", (program == "hilum " + version, repr(version)))
symbols = run("nm", "-D", "--defined-only", os.path.dirname(config) + "/libhilum.so")[1]
names = [line.split()[-1] for line in symbols.splitlines() if line.split()]
step("the library gives out names of its own alone",
     (names and all(n.startswith("hl_") for n in names), [n for n in names if not n.startswith("hl_")]))
sys.exit(printer.end())
