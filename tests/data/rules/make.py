#!/usr/bin/env python3
"""Turn the JSON vectors of the cohort rules into lines of words that the unit tests read.

  python3 make.py FOLDER_WITH_JSON

rng.txt   u32 SEED V...             first outputs of numpy.random.RandomState(SEED)
          at SEED INDEX V           the output with that index
          permutation SEED N V...   RandomState(SEED).permutation(N)
          sha256 SEED N HEX         SHA-256 of the permutation as little-endian int64
          choice SEED N K V...      successive choice(N, K, replace=False), one generator
          randint SEED R D R D ...  torch.manual_seed(SEED), then torch.randint(0, R) = D
sort.txt  three lines each: n, the keys, numpy.argsort of them as datetime64

cohort.txt, pack.txt: doubles and floats as the hex digits of their bits, - = missing
  ecdf N M MEAN X[N] Q[M] P[M]     percentiles P of Q under statsmodels' ECDF of X; their mean over X
  steps N Y[N]                     heights of the steps of an ECDF of N values
  sum SEED N SUM                   numpy's sum of N numbers u32 / 2^32 of RandomState(SEED)
  candidates SEED N K M (ROW QUERY LABEL)[M]
  centre SIZE CROP START           torchvision's CenterCrop
  crops SEED M (R R TOP LEFT)[M]   torch.manual_seed(SEED), then for each crop two draws below R
  ecg SAMPLES LEADS GAIN BASELINE RAW... F32...
  level U8 F32 F32 F32             a grey level after ToTensor and Normalize, three planes
"""
import json
import pathlib
import struct
import sys

source = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
rng = json.loads((source / "rng.json").read_text())
crop = json.loads((source / "crop.json").read_text())
ties = json.loads((source / "sort_ties.json").read_text())


def words(*parts):
    flat = []
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    return " ".join(map(str, flat)) + "\n"


with open(here / "rng.txt", "w") as out:
    for v in rng["u32"]:
        if "first" in v:
            out.write(words("u32", v["seed"], v["first"]))
        for index, value in v.get("at_index", {}).items():
            out.write(words("at", v["seed"], index, value))
    for v in rng["permutation"]:
        out.write(words("permutation", v["seed"], v["n"], v["p"]))
    for v in rng["permutation_sha256_i64le"]:
        out.write(words("sha256", v["seed"], v["n"], v["sha256"]))
    for v in rng["choice_stream"]:
        out.write(words("choice", v["seed"], v["n"], v["k"], sum(v["draws"], [])))
    for v in crop["torch_manual_seed_randint"]:
        pairs = []
        for ranges, draws in zip(v["ranges"], v["draws"]):
            for r, d in zip(ranges, draws):
                pairs += [r, d]
        out.write(words("randint", v["seed"], pairs))

with open(here / "sort.txt", "w") as out:
    for v in ties["argsort_datetime64"] + ties["heap_branch"]:
        out.write(words(v["n"]) + words(v["keys"]) + words(v["order"]))

# --- cohort.txt and pack.txt ---------------------------------------------------------------------------

def bits(v):
    return "-" if v is None else v if isinstance(v, str) else struct.pack(">d", v).hex()


percentiles = json.loads((source / "percentiles.json").read_text())
sums = json.loads((source / "sums.json").read_text())
candidates = json.loads((source / "candidates.json").read_text())
ecgs = json.loads((source / "ecg_norm.json").read_text())

with open(here / "cohort.txt", "w") as out:
    for v in percentiles["cases"]:
        out.write(words("ecdf", len(v["train"]), len(v["query"]), v["train_mean_bits"],
                        [bits(x) for x in v["train"] + v["query"] + v["out_bits"]]))
    for v in percentiles["linspace_bits"]:
        out.write(words("steps", v["n"], v["y"]))
    for v in sums["cases"]:
        out.write(words("sum", v["seed"], v["n"], v["sum_all_bits"]))
    for v in candidates["cases"]:
        rows = v["rows_row_query_label"]
        out.write(words("candidates", v["seed"], v["n"], v["candidate_n"], len(rows), sum(rows, [])))

with open(here / "pack.txt", "w") as out:
    for v in crop["centre_crop"]:
        out.write(words("centre", v["size"], v["crop"], v["start"]))
    for v in crop["torch_manual_seed_randint"]:
        pairs = [[r[0], r[1], d[0], d[1]] for r, d in zip(v["ranges"], v["draws"])]
        out.write(words("crops", v["seed"] % 2**32, len(pairs), sum(pairs, [])))
    for v in ecgs["cases"]:
        out.write(words("ecg", len(v["raw"]), len(v["raw"][0]), bits(float(v["gain"])), bits(float(v["baseline"])),
                        sum(v["raw"], []), sum(v["out_bits"], [])))
    for line in (source / "normalise.csv").read_text().split()[1:]:
        u8, _, *planes = line.split(",")
        out.write(words("level", u8, planes))
