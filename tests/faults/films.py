"""Folders of small films for the tests of film render, check and map, runs that can be held, and disks that fill up."""
import csv
import gzip
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import ENV, HILUM, files_in, hilum, read, temp

METADATA, SPLIT = "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-split.csv.gz"
STUDY = "files/p10/p10000032/s50414267/"
LIST = "subject_id,study_id,dicom_id,path\n"


def dicom_id(i):
    return "%08x-b7aa00ae-3287c8bf-6e7ab141-42ca122b" % i


def at(*parts):
    return os.path.join(temp, *parts)


def new(name):
    """A path below temp at which nothing is."""
    path = at(name)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
    return path


def put(path, content):
    """A file with its folders; path may be bytes, below temp when it is relative."""
    path = os.path.join(os.fsencode(temp), path) if isinstance(path, bytes) else at(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def lay(folder, films):
    """A folder with these files and nothing else: {path: bytes}; a number stands for a film of STUDY."""
    new(folder)
    for name, content in films.items():
        put(os.path.join(folder, STUDY + dicom_id(name) + ".dcm" if isinstance(name, int) else name), content)
    return at(folder)


def render(*words, **env):
    return hilum("film", "render", *words, **env)


def archive(folder, *words, out="out"):
    """Render a folder into a new one: (Ran, its path)."""
    return render(folder, new(out), *words), at(out)


def rows(folder, name):
    content = read(folder, name)
    content = gzip.decompress(content) if name.endswith(".gz") else content
    return list(csv.DictReader(content.decode().splitlines()))


def refusals(folder):
    """{item: message} of errors.csv."""
    return {r["item"]: r["message"] for r in rows(folder, "errors.csv")}


def pictures(folder):
    return [n for n in files_in(folder) if n.startswith("files/")]


def lines(*errors):
    """What Ran.error must be."""
    return ["hilum: " + errors[0]] + ["       " + e for e in errors[1:]]


class Running:
    """A render in the background that can be held when some pictures are there."""

    def __init__(self, folder, out, *words):
        self.out = out
        self.process = subprocess.Popen([HILUM, "film", "render", folder, out, *map(str, words)], cwd=temp, env=ENV,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def until(self, n_pictures):
        """Wait for so many pictures; False: it ended before."""
        while self.process.poll() is None:
            if len([n for n in files_in(self.out) if n.startswith("files/") and "/." not in n]) >= n_pictures:
                return True
            time.sleep(0.001)
        return False

    def hold(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def send(self, number):
        """(exit code, stderr) after a signal; 0: none."""
        if self.process.poll() is None and number:
            self.process.send_signal(number)
        err = self.process.communicate()[1].decode()
        return self.process.returncode, err


def peak_kib(*words):
    """(exit code, peak memory) of one run."""
    process = subprocess.Popen([HILUM, *map(str, words)], cwd=temp, env=ENV, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss


class Disk:
    """A disk of its own, in memory: needs root."""

    def __init__(self, size):
        self.at = at("disk")
        os.makedirs(self.at, exist_ok=True)
        self.mounted = subprocess.call(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", self.at],
                                       stderr=subprocess.DEVNULL) == 0

    def change(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.at], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.call(["umount", self.at])
