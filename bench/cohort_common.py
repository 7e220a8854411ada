"""What the pandas, Polars and DuckDB versions of the cohort share: paths, the recipe's constants, and
the two questions that are put to files (is the film there? has the ECG usable samples?)."""

import json
import os
import sys
from pathlib import Path

import numpy as np

HOUR = 3600
WINDOW_FILM = (24 * HOUR, 72 * HOUR)  # open, closed
WINDOW_NEAR = (-24 * HOUR, 24 * HOUR)  # ECG and laboratory; closed, closed
VIEWS = ["AP", "PA"]

_recipe = Path(__file__).resolve().parent.parent / "share/recipes/symile-mimic-1.0.json"
ITEMS = [item["itemid"] for item in json.loads(_recipe.read_text())["labs"]["items"]]


class Hospital:
    def __init__(self, folder):
        self.folder = folder
        self.admissions = f"{folder}/mimiciv/hosp/admissions.csv.gz"
        self.patients = f"{folder}/mimiciv/hosp/patients.csv.gz"
        self.labevents = f"{folder}/mimiciv/hosp/labevents.csv.gz"
        self.records = f"{folder}/mimic-iv-ecg/record_list.csv"
        self.films = f"{folder}/mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz"
        self.labels = f"{folder}/mimic-cxr-jpg/mimic-cxr-2.0.0-chexpert.csv.gz"

    def film_exists(self, subject_id, study_id, dicom_id):
        p = str(subject_id)
        path = f"{self.folder}/mimic-cxr-jpg/files/p{p[:2]}/p{p}/s{study_id}/{dicom_id}.jpg"
        return os.path.exists(path)

    def ecg_is_good(self, path):
        """No sample missing, not all zero. The archive is known to be format 16 with baseline 0, so
        that the header need not be parsed: cheaper than wfdb's rdrecord."""
        try:
            raw = np.fromfile(f"{self.folder}/mimic-iv-ecg/{path}.dat", "<i2")
        except OSError:
            return False
        return raw.size > 0 and not (raw == -32768).any() and bool(raw.any())

    def first_good_ecg(self, rows):
        """rows: (hadm_id, study_id, path), the earliest of an admission first -> {hadm_id: study_id}.
        Reads no more waveforms than the answer needs, each at most once."""
        chosen, verdict = {}, {}
        for hadm_id, study_id, path in rows:
            if hadm_id in chosen:
                continue
            if path not in verdict:
                verdict[path] = self.ecg_is_good(path)
            if verdict[path]:
                chosen[hadm_id] = study_id
        return chosen


def arguments():
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} HOSPITAL OUT.csv")
    return Hospital(sys.argv[1]), sys.argv[2]
