"""Makes the JPEG fixtures other than N_*.jpg, with Pillow 10.4.0 (libjpeg-turbo 3.0.3); run in this folder."""
import numpy as np
from PIL import Image

rng = np.random.default_rng(3)
def film(w, h):
    y, x = np.mgrid[0:h, 0:w]
    px = 120 + 60 * np.sin(x / 9.0) * np.cos(y / 13.0) + rng.normal(0, 6, (h, w))
    return np.clip(px, 0, 255).astype(np.uint8)

def save(name, px, **how):
    im = Image.fromarray(px)
    im.save(name + ".jpg", **how)
    out = Image.open(name + ".jpg")
    out.save(name + (".pgm" if out.mode == "L" else ".ppm"))

save("optimised", film(75, 50), quality=80, optimize=True)
save("restart_blocks", film(75, 50), quality=90, restart_marker_blocks=7)
save("restart_rows", film(66, 90), quality=60, restart_marker_rows=1)
save("progressive", film(75, 50), quality=85, progressive=True)
save("colour_420", np.dstack([film(75, 50) for _ in range(3)]), quality=75)
save("colour_444", np.dstack([film(41, 30) for _ in range(3)]), quality=90, subsampling=0)
Image.fromarray(np.dstack([film(24, 16) for _ in range(4)]), "CMYK").save("cmyk.jpg")
