"""A small hospital with one fault at a time: tests/data/faults_archive laid over its base."""
import gzip
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support import DATA, archive, hilum, media, temp, unpack

SOURCE = unpack(os.path.join(DATA, "faults_archive", "faults.tar.gz"), os.path.join(temp, "faults"))
CASES = sorted(os.listdir(os.path.join(SOURCE, "faults")))
HERE = os.path.join(temp, "hospital")
SIZES = ["--train-n", 3, "--val-n", 2, "--candidate-n", 2]

# The third admission's film and ECG: where the faults are.
FILM = "files/p10/p10000233/s50000045/4726028f-62247685-923923c4-6891b332-218d35ce.jpg"
ECG = "files/p1000/p10000233/s40000037/40000037"
ADMISSIONS, LABEVENTS = "mimiciv/hosp/admissions.csv.gz", "mimiciv/hosp/labevents.csv.gz"


def case_name(number):
    return next(c for c in CASES if c.startswith(number))


def golden(name):
    """The published table of a case; None when it is the base's."""
    path = os.path.join(SOURCE, "golden", name + ".csv")
    return path if os.path.exists(path) else None


def lay(number=None):
    """The base, with the files of a case over it, in HERE."""
    shutil.rmtree(HERE, ignore_errors=True)
    shutil.copytree(os.path.join(SOURCE, "base"), HERE)
    folder = os.path.join(SOURCE, "faults", case_name(number)) if number else None
    for at, _, names in os.walk(folder) if folder else ():
        for name in names:
            path = os.path.join(at, name)
            if name == "DELETE":
                with open(path) as f:
                    for line in f.read().split():
                        os.remove(os.path.join(HERE, line))
            else:
                shutil.copy(path, os.path.join(HERE, os.path.relpath(path, folder)))


def change(file, how):
    """Put how(bytes) in the place of a file of HERE, through gzip where it is that."""
    path = os.path.join(HERE, file)
    with open(path, "rb") as f:
        content = f.read()
    content = gzip.compress(how(gzip.decompress(content))) if file.endswith(".gz") else how(content)
    os.chmod(path, 0o644)
    with open(path, "wb") as f:
        f.write(content)


def change_line(file, line, how):
    """The same for one line (from 1), without its end."""
    def by_line(content):
        lines = content.split(b"\n")
        lines[line - 1] = how(lines[line - 1])
        return b"\n".join(lines)
    change(file, by_line)


def out(name="out"):
    """A folder that is not there yet."""
    path = os.path.join(temp, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def build(to, *words, sizes=SIZES):
    return hilum("cohort", "build", *archive(HERE), "--out", to, *sizes, *words)


def pack(cohort, to, *words):
    return hilum("pack", cohort, *media(HERE), "--out", to, *words)


# --- other pictures and records --------------------------------------------------------------------------

def big_jpeg(side):
    """A grey baseline JPEG of side x side px whose blocks all have the same 56 values: slow to decode and
    quick to write. Codes: DC size 0 = 0; AC end of block = 0, value of one bit after no zero = 10."""
    def segment(marker, content):
        return b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content
    blocks = ((side + 7) // 8) ** 2
    bits = "0" + "100" * 29 + "101" * 29 + "0"
    block = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    return (b"\xff\xd8" + segment(0xdb, b"\0" + bytes([16] * 64))
            + segment(0xc0, b"\x08" + side.to_bytes(2, "big") * 2 + b"\x01\x01\x11\0")
            + segment(0xc4, b"\x00" + bytes([1] + [0] * 15) + b"\x00")
            + segment(0xc4, b"\x10" + bytes([1, 1] + [0] * 14) + b"\x00\x01")
            + segment(0xda, b"\x01\x01\x00\x00\x3f\x00") + block * blocks + b"\xff\xd9")
