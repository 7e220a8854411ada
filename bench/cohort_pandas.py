"""The cohort with pandas: projected columns, typed reads, labevents in chunks that are filtered
before their times are parsed, merges instead of loops.   cohort_pandas.py HOSPITAL OUT.csv"""

import pandas as pd
from cohort_common import ITEMS, VIEWS, WINDOW_FILM, WINDOW_NEAR, arguments

CHUNK_ROWS = 1_000_000


def times(texts):
    return pd.to_datetime(texts, format="%Y-%m-%d %H:%M:%S")


def seconds(delta):
    return delta.dt.total_seconds()


def read_stays(h):
    stays = pd.read_csv(h.admissions, usecols=["subject_id", "hadm_id", "admittime"])
    patients = pd.read_csv(h.patients, usecols=["subject_id", "gender", "anchor_age", "anchor_year"])
    stays["admittime"] = times(stays["admittime"])
    stays = stays.merge(patients, on="subject_id", how="left")
    stays["age"] = stays["anchor_age"] + stays["admittime"].dt.year - stays["anchor_year"]
    return stays


def choose_films(h, stays):
    films = pd.read_csv(
        h.films,
        usecols=["dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate", "StudyTime"],
        dtype={"ViewPosition": "category"},
    )
    films = films[films["ViewPosition"].isin(VIEWS)]
    clock = films["StudyTime"].astype("int64")
    films["time"] = (
        pd.to_datetime(films["StudyDate"].astype(str), format="%Y%m%d")
        + pd.to_timedelta(clock // 10000 * 3600 + clock // 100 % 100 * 60 + clock % 100, unit="s")
    )
    near = stays[["hadm_id", "subject_id", "admittime"]].merge(films, on="subject_id")
    after = seconds(near["time"] - near["admittime"])
    near = near[(after > WINDOW_FILM[0]) & (after <= WINDOW_FILM[1])]
    there = [
        h.film_exists(*row)
        for row in near[["subject_id", "study_id", "dicom_id"]].itertuples(index=False)
    ]
    near = near[there].sort_values("time", kind="stable").drop_duplicates("hadm_id")
    labels = pd.read_csv(h.labels)
    return near.merge(labels.drop(columns="subject_id"), on="study_id")


def ecgs_in_window(h, stays):
    records = pd.read_csv(h.records, usecols=["subject_id", "study_id", "ecg_time", "path"])
    records["ecg_time"] = times(records["ecg_time"])
    near = stays[["hadm_id", "subject_id", "admittime"]].merge(records, on="subject_id")
    near = near[seconds(near["ecg_time"] - near["admittime"]).between(*WINDOW_NEAR)]
    return near.sort_values("ecg_time", kind="stable")


def earliest_labs(h, stays):
    subjects = stays["subject_id"].unique()
    stays = stays[["subject_id", "hadm_id", "admittime"]]
    kept = []
    chunks = pd.read_csv(
        h.labevents,
        usecols=["subject_id", "itemid", "charttime", "valuenum"],
        dtype={"subject_id": "int32", "itemid": "int32", "charttime": "str", "valuenum": "float64"},
        chunksize=CHUNK_ROWS,
    )
    for chunk in chunks:
        chunk = chunk[chunk["itemid"].isin(ITEMS)]
        chunk = chunk[chunk["subject_id"].isin(subjects) & chunk["valuenum"].notna()]
        chunk = chunk.assign(charttime=times(chunk["charttime"]))
        chunk = chunk.merge(stays, on="subject_id")
        chunk = chunk[seconds(chunk["charttime"] - chunk["admittime"]).between(*WINDOW_NEAR)]
        kept.append(chunk[["hadm_id", "itemid", "charttime", "valuenum"]])
    labs = pd.concat(kept).sort_values("charttime", kind="stable")
    labs = labs.drop_duplicates(["hadm_id", "itemid"])
    return labs.pivot(index="hadm_id", columns="itemid", values="valuenum").reindex(columns=ITEMS)


def main():
    h, out = arguments()
    stays = read_stays(h)
    films = choose_films(h, stays)
    stays = stays[stays["hadm_id"].isin(films["hadm_id"])]
    ecgs = ecgs_in_window(h, stays)
    stays = stays[stays["hadm_id"].isin(ecgs["hadm_id"])]
    labs = earliest_labs(h, stays)
    ecgs = ecgs[ecgs["hadm_id"].isin(labs.index)]
    chosen = h.first_good_ecg(ecgs[["hadm_id", "study_id", "path"]].itertuples(index=False))
    ecg = pd.Series(chosen, name="ecg", dtype="int64").rename_axis("hadm_id").reset_index()
    rows = films.rename(columns={"dicom_id": "film"})[["hadm_id", "film"]]
    rows = rows.merge(ecg, on="hadm_id").merge(labs, left_on="hadm_id", right_index=True)
    rows.to_csv(out, index=False)


main()
