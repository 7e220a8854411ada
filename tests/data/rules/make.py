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
"""
import json
import pathlib
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
