"""Plain DICOM films for the bench: the films of 12 bits and 2544 x 3056 px (or lying) of a synthetic
hospital, all as explicit VR little endian, and the first of them compressed in four ways.
make_film_archive.py HOSPITAL FOLDER N N_SMALL

Writes FOLDER/films/files/pNN/pSUBJECT/sSTUDY/ID.dcm and FOLDER/rle, jpeg-lossless, jpeg-ls, jpeg-2000.
"""

import csv
import subprocess
import sys
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEG2000Lossless

# DCMTK's programs; JPEG 2000 is pydicom's, for DCMTK has none.
ENCODERS = {"rle": ["dcmcrle"], "jpeg-lossless": ["dcmcjpeg", "+e1"], "jpeg-ls": ["dcmcjpls"]}


def plain_films(hospital, n):
    """(path below the archive, data set) of the first n films without planted faults."""
    with open(hospital / "planted_films.csv", newline="") as file:
        faulty = {row["dicom_id"] for row in csv.DictReader(file)}
    archive, found = hospital / "mimic-cxr", 0
    for path in sorted(archive.glob("files/**/*.dcm")):
        if path.stem in faulty or found == n:
            continue
        film = dcmread(path)
        if film.BitsStored != 12 or {film.Rows, film.Columns} != {2544, 3056}:
            continue
        if film.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
            continue
        film.PixelData = film.pixel_array.tobytes()
        film["PixelData"].VR = "OW"
        film["PixelData"].is_undefined_length = False
        film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found += 1
        yield path.relative_to(archive), film
    if found < n:
        sys.exit(f"{hospital} has {found} films that will do, {n} are wanted")


def main():
    hospital, folder = map(Path, sys.argv[1:3])
    n, n_small = map(int, sys.argv[3:])
    for name in (*ENCODERS, "jpeg-2000"):
        (folder / name).mkdir(parents=True)
    for i, (path, film) in enumerate(plain_films(hospital, n)):
        to = folder / "films" / path
        to.parent.mkdir(parents=True, exist_ok=True)
        film.save_as(to, implicit_vr=False, little_endian=True, enforce_file_format=True)
        if i >= n_small:
            continue
        for name, encoder in ENCODERS.items():
            subprocess.run([*encoder, to, folder / name / path.name], check=True)
        film.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
        film.save_as(folder / "jpeg-2000" / path.name)


main()
