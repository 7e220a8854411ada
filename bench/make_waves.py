"""Records for bench/wave: make_waves.py SOURCE FOLDER N_COPIES N_ECGS N_SEGMENTS HOURS_OF_NUMERICS

SOURCE has the records 100 (or 100s, the first minute of it) and mixedsignals. FOLDER gets

    hour/hour       an hour as MIMIC-IV-WDB stores it: 3 ECG leads with 4 samples a frame, ABP and
                    Pleth with 2, Resp with 1, three FLAC files; *.raw: the same samples, plain
    copyN/hour      the same again
    ecgs/NNNN       ECGs of 12 leads, 10 s, 500 Hz, format 16
    long/long       the headers of a record of many segments, with a layout
    numerics.csv.gz a column for each of 16 measurements, a row every 1024 ticks
"""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import wfdb

FRAMES = 224_900  # an hour of 62.4725 a second
GROUPS = {"e": (4, ("II", "V", "aVR")), "p": (2, ("ABP", "Pleth")), "r": (1, ("Resp",))}
LINES = {  # as MIMIC-IV-WDB has them: gain, bits, zero
    "II": "200/mV 14 8192", "V": "200/mV 14 8192", "aVR": "200/mV 14 8192",
    "ABP": "16(800)/mmHg 12 2048", "Pleth": "4096(0)/NU 12 2048", "Resp": "4093(2)/Ohm 12 2048"}
LEADS = "I II III aVR aVF aVL V1 V2 V3 V4 V5 V6".split()
FLAC = ("flac -8 -r8 -e --silent --force --no-padding --no-seektable --force-raw-format "
        "--endian=little --sign=signed --bps=16 --sample-rate=96000").split()


def tiled(x, n):
    """Forward and backward in turn: no jumps."""
    there_and_back = np.concatenate([x, x[::-1]])
    return np.tile(there_and_back, -(-n // len(there_and_back)))[:n]


def valid(signals):
    """The longest stretch of frames in which all signals were measured."""
    frames = min(len(x) // spf for x, spf in signals)
    there = np.ones(frames, dtype=bool)
    for x, spf in signals:
        there &= (x[:frames * spf].reshape(frames, spf) != -32768).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], there.astype(int), [0]])))
    first, end = max(zip(edges[::2], edges[1::2]), key=lambda run: run[1] - run[0])
    return [x[first * spf:end * spf] for x, spf in signals]


def electrodes(source, rate_hz, n):
    """Two leads of record 100 at another rate, n samples, 0 = no potential."""
    path = source / "100"
    r = wfdb.rdrecord(str(path if path.with_suffix(".dat").exists() else source / "100s"), physical=False)
    at = np.arange(int(r.sig_len / r.fs * rate_hz)) * (r.fs / rate_hz)
    return [tiled(np.interp(at, np.arange(r.sig_len), r.d_signal[:, k] - 1024.0), n) for k in (0, 1)]


def hour_signals(source, rng):
    n = FRAMES * 4
    a, b = electrodes(source, 249.89, n)
    ecg = [np.rint(x) + rng.integers(-1, 2, n) + 8192 for x in (a, b, -0.5 * (a + b))]
    r = wfdb.rdrecord(str(source / "mixedsignals"), physical=False, smooth_frames=False)
    pressure = valid([(r.e_d_signal[k], r.samps_per_frame[k]) for k in (3, 4, 5)])
    signals = ecg + [tiled(x, FRAMES * spf) for x, spf in zip(pressure, (2, 2, 1))]
    return dict(zip(LINES, (s.astype("<i2") for s in signals)))


def signal_line(name, file, fmt, x):
    checksum = int(x.astype(np.int64).sum() & 0xFFFF)
    return f"{file} {fmt} {LINES[name]} {int(x[0])} {checksum - 0x10000 * (checksum > 32767)} 0 {name}"


def make_hour(folder, signals):
    folder.mkdir(parents=True)
    lines = [f"hour {len(signals)} 62.4725/999.56 {FRAMES} 10:00:00.000 01/01/2150"]
    for group, (spf, names) in GROUPS.items():
        raw, file = folder / f"hour_{group}.raw", f"hour_{group}.dat"
        np.stack([signals[n] for n in names], axis=1).tofile(raw)
        subprocess.run([*FLAC, f"--channels={len(names)}", raw, "-o", folder / file], check=True)
        fmt = "516" if spf == 1 else f"516x{spf}"
        lines += [signal_line(n, file, fmt, signals[n]) for n in names]
    (folder / "hour.hea").write_text("\r\n".join(lines) + "\r\n")


def make_ecgs(folder, source, n_ecgs, rng):
    folder.mkdir(parents=True)
    n = 5000
    a, b = electrodes(source, 500.0, n * n_ecgs)
    for i in range(n_ecgs):
        mix = rng.normal(size=(12, 2))
        x = np.stack([a, b])[:, i * n:(i + 1) * n]
        adu = np.rint(5 * (mix @ x)).T + rng.integers(-4, 5, (n, 12))
        wfdb.wrsamp(f"{i:04d}", 500, ["mV"] * 12, LEADS, d_signal=adu.astype(np.int64), fmt=["16"] * 12,
                    adc_gain=[1000.0] * 12, baseline=[0] * 12, write_dir=str(folder))


def make_headers(folder, n_segments, rng):
    """Segments have three to six of six signals; their samples are of no interest."""
    folder.mkdir(parents=True)
    each = 3600
    total = each * n_segments
    master = ["#wfdb 10.7", f"long/{n_segments + 1} 6 62.4725/999.56 {total} 10:00:00.000 01/01/2150",
              "long_0000 0"]
    layout = ["long_0000 6 62.4725/999.56 0"]
    for group, (spf, names) in GROUPS.items():
        layout += [f"~ 0{'' if spf == 1 else f'x{spf}'} {LINES[n]} 0 0 0 {n}" for n in names]
    (folder / "long_0000.hea").write_text("\r\n".join(layout) + "\r\n")
    for i in range(1, n_segments + 1):
        name = f"long_{i:04d}"
        there = set(rng.permutation(list(LINES))[:rng.integers(3, 7)])
        lines = [f"{name} {len(there)} 62.4725/999.56 {each}"]
        notes = []
        for group, (spf, names) in GROUPS.items():
            for signal in names:
                if signal not in there:
                    continue
                if group == "e":
                    notes.append(f"# signal {len(lines) - 1} ({signal}): channel={names.index(signal)} "
                                 "bandpass=[0.5,35]")
                lines.append(f"{name}{group}.dat 516{'' if spf == 1 else f'x{spf}'} {LINES[signal]} "
                             f"{rng.integers(8000)} {rng.integers(-30000, 30000)} 0 {signal}")
        (folder / f"{name}.hea").write_text("\r\n".join(lines + notes) + "\r\n")
        master.append(f"{name} {each}")
    (folder / "long.hea").write_text("\r\n".join([*master, "#subject_id 10000001"]) + "\r\n")


NUMERICS = {  # name: decimals, mean, spread, share of the rows that have it
    "ABPd [mmHg]": (0, 60, 5, 1), "ABPm [mmHg]": (0, 80, 5, 1), "ABPs [mmHg]": (0, 120, 9, 1),
    "DeltaQTc [msec]": (0, 4, 9, 0.02), "HR [bpm]": (0, 80, 7, 1), "NBPd [mmHg]": (0, 60, 5, 0.001),
    "NBPm [mmHg]": (0, 80, 5, 0.001), "NBPs [mmHg]": (0, 120, 9, 0.001), "PVC [/min]": (0, 2, 2, 1),
    "Perf [NU]": (2, 1.5, 0.4, 1), "Pulse (SpO2) [bpm]": (0, 80, 7, 1), "RR [rpm]": (0, 17, 3, 1),
    "ST-II [mm]": (1, 0.3, 0.2, 0.2), "ST-V [mm]": (1, 0.2, 0.2, 0.2), "SpO2 [%]": (0, 97, 1, 1),
    "Tblood [degC]": (1, 37, 0.3, 0.5)}


def make_numerics(path, hours, rng):
    rows = round(hours * 3600 * 999.56 / 1024)
    columns = []
    for decimals, mean, spread, share in NUMERICS.values():
        there = rng.random(rows) < share
        values = np.round(rng.normal(mean, spread, rows), decimals) + 0.0  # no -0
        columns.append([f"{v:.{decimals}f}" if t else "" for v, t in zip(values, there)])
    with gzip.open(path, "wt", compresslevel=9, newline="") as file:
        file.write(",".join(f'"{name}"' for name in ("time", *NUMERICS)) + "\n")
        for i, row in enumerate(zip(*columns)):
            file.write(f"{i * 1024},{','.join(row)}\n")


def main():
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    n_copies, n_ecgs, n_segments, hours = map(int, sys.argv[3:])
    rng = np.random.default_rng(1)
    make_hour(folder / "hour", hour_signals(source, rng))
    for i in range(n_copies):
        shutil.copytree(folder / "hour", folder / f"copy{i}", ignore=shutil.ignore_patterns("*.raw"))
    make_ecgs(folder / "ecgs", source, n_ecgs, rng)
    make_headers(folder / "long", n_segments, rng)
    make_numerics(folder / "numerics.csv.gz", hours, rng)


main()
