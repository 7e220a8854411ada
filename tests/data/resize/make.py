"""Makes rules.txt from the JSON vectors and, for colour, from Pillow itself.

Usage: make.py resize.json crop.json > rules.txt. Lines:
  pixels CHANNELS SEED W H NEW_W NEW_H SHA256   input bytes = MT19937 (numpy legacy seeding) words mod 256
                                                (SEED "formula": see image_test.c); output row-major
  taps N M X FIRST K...                         fixed-point taps of output pixel X of an axis N -> M
  edge W H S NEW_W NEW_H                        torchvision Resize(S)
"""
import hashlib, json, sys
import numpy as np
from PIL import Image

resize, crop = (json.load(open(p)) for p in sys.argv[1:3])
for h in resize["hashes"]:
    print("pixels", 1, h.get("seed", "formula"), h["w"], h["h"], h["W"], h["H"], h["sha256"])
for seed, w, h, W, H in [(41, 40, 30, 17, 13), (42, 33, 21, 33, 7), (43, 9, 50, 20, 50), (44, 200, 150, 64, 48),
                         (45, 7, 5, 16, 31)]:
    words = np.random.RandomState(seed).randint(0, 2**32, w * h * 3, dtype=np.uint32)
    px = (words % 256).astype(np.uint8).reshape(h, w, 3)
    out = Image.fromarray(px).resize((W, H), Image.BILINEAR)
    print("pixels", 3, seed, w, h, W, H, hashlib.sha256(out.tobytes()).hexdigest())
for axis in resize["coefficients_from_model_verified_by_output"]:
    for x, taps in enumerate(axis["taps"]):
        print("taps", axis["n"], axis["m"], x, *taps)
for e in crop["new_size"]:
    print("edge", e["w"], e["h"], 320, e["W"], e["H"])
