"""What the tests of whole runs share: the program, folders of their own, comparing folders.

check.py sets HILUM (the program), HILUM_TEST_DATA, HILUM_SHARED and TMPDIR; alone a test takes build/.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from tap import Printer

HILUM = os.environ.get("HILUM", os.path.join(ROOT, "build", "src", "app", "hilum"))
DATA = os.environ.get("HILUM_TEST_DATA", os.path.join(ROOT, "tests", "data"))
SHARED = os.environ.get("HILUM_SHARED", os.path.join(ROOT, "..", "shared", "data"))
SANITIZED = "HILUM_SANITIZED" in os.environ
QUICK = "HILUM_QUICK" in os.environ
ENV = {k: v for k, v in os.environ.items()
       if k == "HILUM_SHARE" or not k.startswith(("HILUM_", "SLURM_", "LC_", "LANG"))}
temp = tempfile.mkdtemp(prefix="hilum-run-")


class Ran:
    """One run of the program: code, out, err; error: the error's lines, without warnings and notes."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        lines = err.splitlines()
        fault = [i for i, line in enumerate(lines) if line.startswith("hilum: ")]
        self.error = lines[fault[-1]:] if fault and code not in (0, 1) else []
        self.warnings = "\n".join(line for line in lines if line.startswith("hilum: warning: "))


def run(words, cwd, env):
    return subprocess.run([HILUM] + [str(w) for w in words], env=dict(ENV, **env), cwd=cwd or temp,
                          timeout=300, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def hilum(*words, cwd=None, **env):
    done = run(words, cwd, env)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def hilum_data(*words, cwd=None, **env):
    """The same for a command that writes data to stdout: out is bytes."""
    done = run(words, cwd, env)
    return Ran(done.returncode, done.stdout, done.stderr.decode())


class Report(Printer):
    def equal(self, name, *pairs):
        """pairs: (got, wanted); a wanted function is asked."""
        notes = []
        for got, want in pairs:
            if not (want(got) if callable(want) else got == want):
                notes.append("%.2000s\nis not\n%.2000s" % (got, want))
        self.ok(name, not notes, notes)
        return not notes

    def skip(self, name, reason):
        self.ok(name, True, skip=reason)

    def end(self):
        shutil.rmtree(temp, ignore_errors=True)
        return super().end()


def read(*parts):
    with open(os.path.join(*parts), "rb") as f:
        return f.read()


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def files_in(folder):
    """Relative paths of all files below folder, hidden ones too."""
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def tree(folder, without=("run.json",)):
    """{relative path: sha256} of the files below folder; run.json says when and where it was made."""
    return {name: sha256(os.path.join(folder, name)) for name in files_in(folder)
            if name not in without}


def same(got, want):
    """Names whose contents differ or that only one of two trees has."""
    return sorted(k for k in set(got) | set(want) if got.get(k) != want.get(k))


def sums_hold(folder):
    """sha256sum's own complaint about an output folder; '' when all is well."""
    return subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS.txt"], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def unpack(archive, to):
    os.makedirs(to, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extractall(to, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return to


def recipe(name, change):
    """A changed copy of the published recipe: its path."""
    with open(os.path.join(ROOT, "share", "recipes", "symile-mimic-1.0.json")) as f:
        content = json.load(f)
    change(content)
    path = os.path.join(temp, name + ".json")
    with open(path, "w") as f:
        json.dump(content, f)
    return path


def archive(folder):
    """The options that name a hospital's three archives, for cohort build."""
    return ["--mimiciv", os.path.join(folder, "mimiciv")] + media(folder)


def media(folder):
    return ["--ecg", os.path.join(folder, "mimic-iv-ecg"), "--cxr", os.path.join(folder, "mimic-cxr-jpg")]
