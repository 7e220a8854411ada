"""Records by wfdb-python; called as wave_task.h says, with reopen or headers (it keeps none open)."""

import os
import sys
import time

import numpy as np
import wfdb


def read(record, start, end, signal, physical):
    where = {}
    if "://" in record:
        url, record = record.rsplit("/", 1)
        wfdb.set_db_index_url(url + "/")
        where["pn_dir"] = "."
    return wfdb.rdrecord(record, sampfrom=start, sampto=end, channels=signal, physical=physical,
                         smooth_frames=False, **where)


def write(record, physical, out):
    """Frame by frame, as the C programs do."""
    signals = record.e_p_signal if physical else record.e_d_signal
    spf = record.samps_per_frame
    frames = np.hstack([x.reshape(-1, n) for x, n in zip(signals, spf)])
    out.write(frames.astype("<f8" if physical else "<i4").tobytes())


def headers(record, out):
    r = wfdb.rdheader(record, rd_segments=True)
    if out:
        counts = [s.n_sig if s is not None else 0 for s in r.segments[1:]]
        out.write(np.array(counts, dtype="<i4").tobytes())


def run_pass(how, physical, jobs, out=None):
    for record, start, end, signal in jobs:
        if how == "headers":
            headers(record, out)
        elif start == end:
            wfdb.rdheader(record)
        else:
            r = read(record, start, None if end < 0 else end, None if signal < 0 else [signal], physical)
            if out:
                write(r, physical, out)


def main():
    how, kind, job_list, passes, values = sys.argv[1:]
    jobs = []
    with open(job_list) as file:
        for line in file:
            record, *numbers = line.split()
            jobs.append((record, *map(int, numbers)))
    with open(os.devnull if values == "-" else values, "wb") as out:
        os.chdir(os.path.dirname(job_list) or ".")
        run_pass(how, kind == "physical", jobs, out)
    for _ in range(int(passes)):
        cpu, wall = time.process_time(), time.monotonic()
        run_pass(how, kind == "physical", jobs)
        print((time.process_time() - cpu) / len(jobs) * 1e3, (time.monotonic() - wall) / len(jobs) * 1e3)


main()
