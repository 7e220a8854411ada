"""Numerics by pandas.read_csv, called as wave_numerics.c is."""

import sys
import time

import numpy as np
import pandas as pd

path, passes, values = sys.argv[1:]
for i in range(int(passes) + 1):
    since = time.process_time()
    table = pd.read_csv(path)
    if i:
        print((time.process_time() - since) * 1e3)
if values != "-":
    with open(values, "wb") as out:
        for name in table:
            x = table[name].to_numpy(dtype="<f8")
            out.write(np.where(np.isnan(x), np.nan, x).tobytes())
