"""Films for the bench: 2544 x 3056 px, grey, quality 95, with a grain that brings them to about 1.4 MB,
the mean of MIMIC-CXR-JPG being 1.5 MB.   make_films.py FOLDER N"""

import os
import sys

import numpy as np
from PIL import Image

WIDTH, HEIGHT, GRAIN = 2544, 3056, 1.8


def film(random):
    x = np.linspace(-1, 1, WIDTH)[None, :]
    y = np.linspace(-1, 1, HEIGHT)[:, None]
    px = 190 - 60 * np.hypot(x, y)
    for centre in (-0.4, 0.4):  # lungs
        px = px - 110 * np.exp(-(((x - centre) / 0.28) ** 2 + ((y + 0.1) / 0.55) ** 2) ** 2)
    for k in range(10):  # ribs
        at = -0.7 + 0.14 * k + random.uniform(-0.02, 0.02)
        px = px + 14 * np.exp(-(((y - at - 0.15 * x * x) / 0.02) ** 2))
    px = px + 70 * np.exp(-(((x - 0.1) / 0.25) ** 2 + ((y - 0.3) / 0.3) ** 2))  # heart
    px = px + random.normal(0, GRAIN, px.shape)
    return Image.fromarray(np.clip(px, 0, 255).astype(np.uint8))


def main():
    folder, n = sys.argv[1], int(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    for i in range(n):
        film(np.random.default_rng(i)).save(f"{folder}/film{i:03d}.jpg", quality=95)


main()
