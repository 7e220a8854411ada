#!/usr/bin/env python3
"""hilum wave plot: the files it writes, and what it refuses."""
import json
import os
import re
import struct
import sys
import xml.dom.minidom

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import Report, hilum, read, temp

MM = 100  # units of the picture in a mm


def record(name, signals, n, hz=250):
    """A record of 16-bit signals: (name, units, f) with f(i) the i-th sample."""
    with open(os.path.join(temp, name + ".dat"), "wb") as f:
        for i in range(n):
            f.write(struct.pack("<%dh" % len(signals), *(s[2](i) for s in signals)))
    with open(os.path.join(temp, name + ".hea"), "w") as f:
        f.write("%s %d %d %d 10:00:00 01/02/2150\n" % (name, len(signals), hz, n))
        for s in signals:
            f.write("%s.dat 16 200/%s 16 0 0 0 0 %s\n" % (name, s[1], s[0]))


def page_of(path):
    return xml.dom.minidom.parse(path).documentElement


def texts(page):
    return ["".join(c.data for c in t.childNodes if c.nodeType == c.TEXT_NODE)
            for t in page.getElementsByTagName("text")]


def traces(page):
    """Points of each trace, without calibration pulses."""
    found = []
    for p in page.getElementsByTagName("path"):
        numbers = [int(v) for v in re.findall(r"-?\d+", p.getAttribute("d"))]
        if p.getAttribute("class") == "line p-trace" and len(numbers) != 12:
            found.append(list(zip(numbers[::2], numbers[1::2])))
    return found


def main():
    report = Report()
    ramp = lambda i: i % 100
    twelve = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
    record("ecg", [(lead, "mV", ramp) for lead in twelve], 7500, 500)
    record("gap", [("II", "mV", lambda i: -32768 if 500 <= i < 750 else ramp(i)),
                   ("<A&B>", "mmHg", ramp)], 5000)

    r = hilum("wave", "plot", "ecg", "--out", "ecg.svg")
    page = page_of(os.path.join(temp, "ecg.svg"))
    box = [int(v) for v in page.getAttribute("viewBox").split()]
    report.equal("twelve leads are drawn as such, in mm",
                 (r.code, 0), (r.out, "ecg.svg: 12 signals of ecg, 10 s, 275 x 154 mm\n"),
                 (page.getAttribute("width"), "275.00mm"), (box, [0, 0, 27500, 15400]),
                 (len(traces(page)), 13), (texts(page).count("II"), 2),
                 ("25 mm/s   10 mm/mV" in texts(page), True), ("10:00:10" in texts(page), True))
    r = hilum("wave", "plot", "ecg", "--to", "11", "--out", "long.svg")
    report.equal("a longer window, or chosen signals, are rows", (r.code, 0),
                 (len(traces(page_of(os.path.join(temp, "long.svg")))), 12),
                 (hilum("wave", "plot", "ecg", "--signals", "II,V5", "--out", "two.svg").code, 0),
                 (len(traces(page_of(os.path.join(temp, "two.svg")))), 2))

    r = hilum("--json", "wave", "plot", "gap", "--from", "1", "--to", "5", "--out", "gap.svg")
    page = page_of(os.path.join(temp, "gap.svg"))
    lines = traces(page)
    band = [p for p in page.getElementsByTagName("rect") if p.getAttribute("class") == "band"][0]
    left, right = [int(band.getAttribute("x")), 0]
    right = left + int(band.getAttribute("width"))
    report.equal("no line crosses a gap",
                 (right - left, 25 * MM), (len(lines), 3),
                 ([a for line in lines[:2] for a, b in zip(line, line[1:])
                   if a[0] < left and b[0] >= right], []),
                 (lines[0][-1][0], lambda x: x < left), (lines[1][0][0], right),
                 ("<A&B>" in texts(page), True))
    told = json.loads(r.out)
    report.equal("what was drawn is told", (told["from"], 250), (told["to"], 1250),
                 (told["layout"], "rows"), (told["signals"], 2),
                 ("%.2fmm" % told["height_mm"], page.getAttribute("height")))

    r = hilum("wave", "plot", "gap", "--out", "gap.png", "--dpi", "100")
    if "libcairo" in r.err:
        report.skip("a PNG has its paper's size", "libcairo is not there")
    else:
        png = read(temp, "gap.png")
        size = [float(v) for v in re.search(r"([0-9.]+) x ([0-9.]+) mm", r.out).groups()]
        report.equal("a PNG has its paper's size", (r.code, 0), (png[:8], b"\x89PNG\r\n\x1a\n"),
                     (list(struct.unpack(">II", png[16:24])),
                      [int(v / 25.4 * 100 + 0.5) for v in size]),
                     (struct.unpack(">IIB", png[41:50]), (3937, 3937, 1)))

    before = read(temp, "gap.svg")
    hilum("wave", "plot", "gap", "--from", "1", "--to", "5", "--out", "gap.svg")
    report.equal("the same call gives the same bytes", (read(temp, "gap.svg") == before, True))

    for name, words, part in (
            ("no picture's name", ["gap", "--out", "x.pdf"], "ends neither in .svg nor in .png"),
            ("no speed", ["gap", "--out", "x.svg", "--speed", "fast"], "--speed: 'fast' is no number"),
            ("a speed out of range", ["gap", "--out", "x.svg", "--speed", "0"], "0.001 to 1000"),
            ("too much paper", ["ecg", "--out", "x.svg", "--to", "e", "--layout", "rows",
                                "--speed", "1000", "--signals", "I,II,III,V1,V2,V3,V4,V5,V6,aVR,aVL,aVF,I,II"],
             "too much for one sheet"),
            ("a longer window than twelve leads have", ["ecg", "--out", "x.svg", "--to", "11", "--layout",
                                                        "12lead"], "show 10 s, not 11"),
            ("chosen signals of twelve leads", ["ecg", "--out", "x.svg", "--signals", "II", "--layout",
                                                "12lead"], "chooses its signals itself"),
            ("a record without leads", ["gap", "--out", "x.svg", "--layout", "12lead", "--from", "99"],
             "not within record"),
            ("an unknown signal", ["gap", "--out", "x.svg", "--signals", "ABP"], "no signal 'ABP'")):
        r = hilum("wave", "plot", *words)
        report.equal("%s is refused" % name, (r.code, 2), (part in r.err, True),
                     (os.path.exists(os.path.join(temp, "x.svg")), False))
    r = hilum("wave", "plot", "gap", "--annotations", "atr", "--out", "x.svg")
    report.equal("annotations that are not there are missed", (r.code, 3), ("gap.atr" in r.err, True))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
