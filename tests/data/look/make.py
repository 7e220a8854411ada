"""Makes rules.txt: what OpenCV (5.0.0; 4.6.0 gives the same file) and numpy make of made-up pictures.

Usage: make.py > rules.txt. SHA-256 of the output's pixels, row-major. MT19937: words of numpy's legacy
seeding. Lines:
  clahe SEED W H CLIP ACROSS DOWN SHA       createCLAHE(CLIP, (ACROSS, DOWN)) of bytes = words mod 256
                                            (SEED "formula": see look_rules.h)
  area SEED W H NEW_W NEW_H SHA             resize(..., INTER_AREA) of the same bytes
  published BITS SIGNED SPAN OFFSET SEED W H NORM INV EQ
                                            values = words mod SPAN + OFFSET as an integer of BITS bits:
                                            films.md 1.1 after steps c, d (MONOCHROME1), e (not inverted)
  ours BITS SIGNED SPAN OFFSET SEED W H WHITE ROUNDING LOW HIGH SHA
                                            linear between two percentiles (LOW, HIGH; 0 and 100: darkest,
                                            brightest), WHITE 65535: little-endian words
"""
import hashlib

import cv2
import numpy as np

cv2.setNumThreads(1)


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def words(seed, n):
    return np.random.RandomState(seed).randint(0, 2**32, n, dtype=np.uint32)


def grey(seed, w, h):
    if seed == "formula":
        y, x = np.mgrid[0:h, 0:w]
        return ((x * 7 + y * 3) // 16 + x * y // 997).astype(np.uint8)
    return (words(seed, w * h) % 256).astype(np.uint8).reshape(h, w)


def stored(bits, signed, span, offset, seed, w, h):
    v = words(seed, w * h).astype(np.int64) % span + offset
    return v.astype(("i" if signed else "u") + str(bits // 8)).reshape(h, w)


def published(p):
    with np.errstate(all="ignore"):
        s = p - np.min(p)
        return (s / np.max(s) * 255.0).astype(np.uint8)


def ours(p, white, rounding, low, high):
    a, b = np.percentile(p.astype(np.float64), [low, high])
    x = p.astype(np.float64)
    y = np.where(x <= a, 0.0, np.where(x >= b, 1.0, (x - a) / (b - a) if b > a else 0.0))
    y = y * white
    return (np.floor(y + 0.5) if rounding == "nearest" else np.trunc(y)).astype("<u2" if white > 255 else "u1")


n = 0
for seed, w, h in [("formula", 64, 64), (1, 64, 64), (2, 37, 29), ("formula", 200, 131), (3, 90, 64), (4, 64, 91), (5, 1, 1),
                   (6, 1, 40), (7, 40, 1), (8, 3, 2), (9, 2, 5), (10, 17, 33), ("formula", 513, 129)]:
    for clip, across, down in [(2, 8, 8), (40, 3, 5), (0, 2, 2), (3.3, 1, 1), (0.01, 7, 4), (1, 12, 9)]:
        out = cv2.createCLAHE(clip, (across, down)).apply(grey(seed, w, h))
        print("clahe", seed, w, h, clip, across, down, sha(out))
for seed, w, h, nw, nh in [("formula", 64, 64, 32, 32), (1, 64, 64, 32, 32), (2, 66, 64, 22, 16), (3, 100, 80, 100, 40),
                           (4, 77, 55, 31, 22), (5, 77, 55, 77, 54), (6, 9, 9, 1, 1), (7, 254, 305, 51, 61),
                           (8, 49, 98, 1, 2), ("formula", 509, 611, 102, 122), (9, 33, 44, 32, 43), (10, 1, 50, 1, 7),
                           (11, 50, 1, 49, 1), (12, 40, 30, 20, 30), (13, 13, 17, 13, 17), (14, 120, 90, 7, 5),
                           (15, 147, 196, 3, 4)]:
    print("area", seed, w, h, nw, nh, sha(cv2.resize(grey(seed, w, h), (nw, nh), interpolation=cv2.INTER_AREA)))
for case in [(8, 0, 256, 0, 1, 40, 30), (8, 0, 7, 100, 2, 33, 9), (8, 0, 1, 17, 3, 9, 9), (8, 1, 256, -128, 4, 31, 30),
             (8, 1, 100, -50, 5, 40, 30), (16, 0, 4096, 0, 6, 61, 50), (16, 0, 65536, 0, 7, 200, 100), (16, 0, 26, 57, 8, 40, 30),
             (16, 0, 1, 5, 9, 8, 8), (16, 1, 65536, -32768, 10, 100, 90), (16, 1, 4000, -1024, 11, 50, 50),
             (16, 1, 40000, -20000, 12, 50, 40), (16, 0, 2, 1000, 13, 7, 5), (16, 0, 4096, 0, 14, 1, 1),
             (32, 0, 1000000, 5, 15, 30, 30), (32, 0, 2**32, 0, 16, 60, 50), (32, 1, 2**32, -2**31, 17, 60, 50),
             (32, 1, 70000, -35000, 18, 40, 40), (32, 0, 1, 9, 19, 5, 5)]:
    p = stored(*case)
    norm = published(p)
    print("published", *case, sha(norm), sha(255 - norm), sha(cv2.equalizeHist(norm)))
for case in [(8, 0, 256, 0, 21, 40, 30), (16, 0, 4096, 0, 22, 61, 50), (16, 1, 65536, -32768, 23, 100, 90), (16, 0, 1, 5, 24, 8, 8),
             (16, 0, 2, 1000, 25, 7, 5), (16, 1, 900, -300, 26, 33, 21), (32, 1, 2**32, -2**31, 27, 40, 50), (16, 0, 99, 3, 28, 1, 1)]:
    for white in (255, 65535):
        for rounding in ("truncate", "nearest"):
            for low, high in ((0, 100), (0.5, 99.5), (25, 60.125)):
                if (white, rounding, low) != (255, "truncate", 0):
                    print("ours", *case, white, rounding, low, high, sha(ours(stored(*case), white, rounding, low, high)))
