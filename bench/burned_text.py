#!/usr/bin/env python3
"""How many lines of text hilum's search for burned-in text finds, and how many it makes up:
bench/burned_text.py BUILD FILM... [--trials N] [--seed N] [--side PX] [--enlarge X] [--json FILE]

BUILD is a build folder of hilum; FILM are grey pictures (PNG, JPEG, ...) or DICOM files without text.
They are read as 8 bits between their least and greatest value. For each kind of text and each trial a
text of 8 to 18 letters, whose capitals are 16 to 47 px high, is drawn at a random place of a part of
SIDE x SIDE px of a random film (SIDE 0: of the whole film). It is found when a reported line covers
more than 40 % of its width; reported lines that do not touch it are false. A text is faint when half
of its pixels differ by less than 14 of 255 levels from the film below them. The untouched films are
searched too.

Needs numpy, OpenCV and Pillow, and pydicom with its decoders for DICOM files. Fonts: Pillow's own,
OpenCV's, and those of DejaVu and Liberation that the machine has.
"""

import argparse
import json
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

KINDS = {
    "flat, at the film's maximum": {"level": 255},
    "flat black": {"level": 0},
    "flat at 85 %": {"level": 217},
    "antialiased": {"level": 255, "smooth": True},
    "flat, JPEG q95 afterwards": {"level": 255, "jpeg": 95},
    "blurred, additive, 35 % of the range": {"add": 89, "smooth": True, "blur": 1.5},
}
LEAST_LETTERS = 4
FAINT = 14
FONT_FILES = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
]
HERSHEY = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX]


ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "-std=gnu11 -O2 -ffp-contract=off -fno-strict-aliasing -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 "
    "-include src/base/banned.h -Iinclude -Isrc -Wall -Wextra"
).split()
PACKAGES = "libisal libdeflate libcrypto jansson libjpeg libpng zlib charls libopenjp2".split()


def compile_tool(build):
    """burned_tool.c with the build's library"""
    build = Path(build).resolve()
    program = build / "burned_tool"
    flags = subprocess.run(["pkg-config", "--libs", *PACKAGES], check=True, text=True,
                           capture_output=True).stdout.split()
    libraries = [build / "src/libhilum.a", *sorted((build / "src").glob("libkernels_*.a"))]
    subprocess.run(["cc", *FLAGS, "bench/burned_tool.c", "-o", program, *libraries, *flags, "-lm",
                    "-pthread"], check=True, cwd=ROOT)
    return program


class Tool:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, image):
        image = np.ascontiguousarray(image, np.uint8)
        height, width = image.shape
        self.child.stdin.write(struct.pack("<ii", width, height) + image.tobytes())
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def read_film(path):
    """8 bits between the least and the greatest value; MONOCHROME1 inverted."""
    inverted = False
    data = Path(path).read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        import pydicom

        film = pydicom.dcmread(path)
        image = film.pixel_array
        inverted = film.PhotometricInterpretation == "MONOCHROME1"
    if image.ndim != 2:
        sys.exit(f"{path}: not a grey picture")
    image = image.astype(np.int64) - image.min()
    image = (image * 255 // max(int(image.max()), 1)).astype(np.uint8)
    return 255 - image if inverted else image


# --- text -------------------------------------------------------------------------------------------


def some_text(rng):
    """A name, a date, a number or a note, of 8 to 18 letters without blanks."""

    def word(n):
        return "".join(rng.choice(list("ABCDEFGHIJKLMNOPRSTUVWYZ"), n))

    def digits(n):
        return "".join(rng.choice(list("0123456789"), n))

    while True:
        kind = rng.integers(6)
        if kind == 0:
            text = f"{word(rng.integers(4, 9))}, {word(rng.integers(3, 8))}"
        elif kind == 1:
            text = f"{word(rng.integers(4, 8)).capitalize()} {word(rng.integers(4, 9)).capitalize()}"
        elif kind == 2:
            text = f"{digits(4)}-{digits(2)}-{digits(2)} {digits(2)}:{digits(2)}"
        elif kind == 3:
            text = f"{digits(2)}/{digits(2)}/{digits(4)}"
        elif kind == 4:
            text = f"ACC {digits(rng.integers(6, 11))}"
        else:
            text = f"PORTABLE {word(rng.integers(2, 6))} {digits(rng.integers(1, 4))}"
        if 8 <= len(text.replace(" ", "")) <= 18:
            return text


def with_pillow(text, font_file, capital):
    def font_of(size):
        return ImageFont.truetype(font_file, size) if font_file else ImageFont.load_default(size)

    size = capital
    while True:  # the size whose H is that high
        box = font_of(size).getbbox("H")
        if box[3] - box[1] >= capital:
            break
        size += 1
    font = font_of(size)
    left, top, right, bottom = font.getbbox(text)
    canvas = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, font=font, fill=255)
    return np.asarray(canvas)


def with_opencv(text, font, capital):
    thickness = max(1, capital // 10)
    base = cv2.getTextSize("H", font, 1.0, thickness)[0][1]
    scale = capital / max(base, 1)
    (width, height), below = cv2.getTextSize(text, font, scale, thickness)
    canvas = np.zeros((height + below + 2 * capital, width + 2 * capital), np.uint8)
    cv2.putText(canvas, text, (capital, capital + height), font, scale, 255, thickness, cv2.LINE_AA)
    return canvas


def some_mask(rng):
    """Coverage 0..255 of a random text in a random font, cut to its ink."""
    fonts = [(with_pillow, None)] + [(with_opencv, f) for f in HERSHEY]
    fonts += [(with_pillow, f) for f in FONT_FILES if Path(f).exists()]
    draw, font = fonts[rng.integers(len(fonts))]
    mask = draw(some_text(rng), font, int(rng.integers(16, 48)))
    rows, columns = np.nonzero(mask.max(1))[0], np.nonzero(mask.max(0))[0]
    return mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def draw_text(rng, film, kind):
    """-> the film with text, the box of its ink (left, top, width, height), whether it is faint"""
    while True:
        mask = some_mask(rng)
        height, width = mask.shape
        if width + 8 <= film.shape[1] and height + 8 <= film.shape[0]:
            break
    left = int(rng.integers(4, film.shape[1] - width - 3))
    top = int(rng.integers(4, film.shape[0] - height - 3))
    ink = np.zeros(film.shape, bool)
    ink[top:top + height, left:left + width] = mask >= 128
    cover = np.zeros(film.shape, np.float32)
    cover[top:top + height, left:left + width] = mask / 255.0
    if not kind.get("smooth"):
        cover = (cover >= 0.5).astype(np.float32)
    if "blur" in kind:
        cover = cv2.GaussianBlur(cover, (0, 0), kind["blur"])
    if "add" in kind:
        out = film + cover * kind["add"]
    else:
        out = film * (1 - cover) + cover * kind["level"]
    out = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    if "jpeg" in kind:
        data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, kind["jpeg"]])[1]
        out = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    faint = np.median(np.abs(out.astype(int) - film)[ink]) < FAINT
    return out, (left, top, width, height), faint


# --- counting ---------------------------------------------------------------------------------------


def shared(a, n, b, m):
    return max(0, min(a + n, b + m) - max(a, b))


def judge(lines, box):
    """-> (found, false lines)"""
    found, false = False, 0
    for left, top, width, height, letters in lines:
        if letters < LEAST_LETTERS:
            continue
        across = shared(left, width, box[0], box[2])
        down = shared(top, height, box[1], box[3])
        if across and down:
            found |= across > 0.4 * box[2] and down > 0.4 * box[3]
        else:
            false += 1
    return found, false


def some_part(rng, film, side):
    height, width = film.shape
    if not side:
        return film
    top = int(rng.integers(0, max(1, height - side + 1)))
    left = int(rng.integers(0, max(1, width - side + 1)))
    return film[top:top + side, left:left + side]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("films", nargs="+")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--side", type=int, default=1400)
    parser.add_argument("--enlarge", type=float, default=1.0, help="the films, by this factor")
    parser.add_argument("--json")
    parser.add_argument("--show", help="put misses and false lines there as PNG")
    args = parser.parse_args()

    tool = Tool(compile_tool(args.build))
    films = {Path(f).stem: read_film(f) for f in args.films}
    if args.enlarge != 1:
        films = {name: cv2.resize(f, None, fx=args.enlarge, fy=args.enlarge,
                                  interpolation=cv2.INTER_CUBIC) for name, f in films.items()}
    names = sorted(films)
    result = {"seed": args.seed, "trials": args.trials, "kinds": {}, "untouched": {}}

    def show(name, image, lines, box=None):
        picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        for left, top, width, height, letters in lines:
            if letters >= LEAST_LETTERS:
                cv2.rectangle(picture, (left - 2, top - 2), (left + width + 1, top + height + 1),
                              (0, 0, 255), 2)
        if box:
            left, top, width, height = box
            cv2.rectangle(picture, (left - 8, top - 8), (left + width + 8, top + height + 8),
                          (0, 255, 0), 1)
        cv2.imwrite(str(Path(args.show) / f"{name}.png"), picture)

    for i_kind, (title, kind) in enumerate(KINDS.items()):
        rng = np.random.default_rng([args.seed, i_kind])
        found = false = faint_missed = 0
        for trial in range(args.trials):
            part = some_part(rng, films[names[rng.integers(len(names))]], args.side)
            image, box, faint = draw_text(rng, part, kind)
            lines = tool(image)["lines"]
            hit, wrong = judge(lines, box)
            found += hit
            faint_missed += bool(faint and not hit)
            false += wrong
            if args.show and (not hit or wrong):
                show(f"{i_kind}_{trial:03}_{'false' if hit else 'miss'}", image, lines, box)
        result["kinds"][title] = {"found": found, "of": args.trials, "false": false,
                                  "missed": args.trials - found, "faint_missed": faint_missed}
        print(f"{title:40} {found:4}/{args.trials}  {100 * found / args.trials:5.1f} %"
              f"  missed {args.trials - found}, {faint_missed} of them faint; false lines {false}",
              flush=True)
    times = []
    for name, film in films.items():
        got = tool(film)
        lines = sum(line[4] >= LEAST_LETTERS for line in got["lines"])
        notes = len(got["lines"]) - lines
        times.append(got["cpu_ms"])
        result["untouched"][name] = {"lines": lines, "notes": notes, "boxes": got["boxes"],
                                     "cpu_ms": got["cpu_ms"], "size": film.shape[::-1]}
        if lines and args.show:
            show(f"untouched_{name}", film, got["lines"])
    whole = result["untouched"].values()
    print(f"untouched: {len(films)} films, {sum(r['lines'] for r in whole)} lines in"
          f" {sum(r['lines'] > 0 for r in whole)} films, {sum(r['notes'] for r in whole)} notes,"
          f" {sum(r['boxes'] for r in whole)} boxes; CPU {np.median(times):.1f} ms (median),"
          f" {max(times):.1f} ms (most)")
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1, default=int) + "\n")


if __name__ == "__main__":
    main()
