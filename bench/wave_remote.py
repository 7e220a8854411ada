"""A window of the record "hour" from a web server by wfdb-python: wave_remote.py URL FROM TO

Samples go to stdout signal by signal as int32."""

import sys

import wfdb

url, start, end = sys.argv[1:]
wfdb.set_db_index_url(url + "/")
record = wfdb.rdrecord("hour", pn_dir=".", sampfrom=int(start), sampto=int(end), physical=False,
                       smooth_frames=False)
for signal in record.e_d_signal:
    sys.stdout.buffer.write(signal.astype("<i4").tobytes())
