"""DICOM films with pydicom, numpy and OpenCV on one thread.

film_peer.py render LIST FOLDER            the published pipeline: FOLDER/ID.jpg of each film
film_peer.py decode LIST PASSES VALUES     decode only; timed like film_steps.c
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from pydicom import dcmread

cv2.setNumThreads(1)


def render(path, out):
    film = dcmread(path)
    px = film.pixel_array
    px = px - px.min()
    px = (px / px.max() * 255).astype(np.uint8)
    if film.PhotometricInterpretation == "MONOCHROME1":
        px = 255 - px
    px = cv2.equalizeHist(px)
    if not cv2.imwrite(f"{out}/{Path(path).stem}.jpg", px, [cv2.IMWRITE_JPEG_QUALITY, 95]):
        sys.exit(f"{path}: no JPEG was written")


def decode(paths, passes, values):
    if values != "-":
        with open(values, "wb") as out:
            for path in paths:
                out.write(dcmread(path).pixel_array.tobytes())
    dcmread(paths[0]).pixel_array  # loads the decoder
    for _ in range(passes):
        cpu, wall = time.process_time(), time.perf_counter()
        for path in paths:
            dcmread(path).pixel_array
        n = len(paths) / 1000
        print(f"{(time.process_time() - cpu) / n:.4f} {(time.perf_counter() - wall) / n:.4f}")


def main():
    kind, list_file, *rest = sys.argv[1:]
    paths = Path(list_file).read_text().split("\n")[:-1]
    if kind == "render":
        for path in paths:
            render(path, rest[0])
    else:
        decode(paths, int(rest[0]), rest[1])


main()
