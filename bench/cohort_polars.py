"""The cohort with Polars: lazy scans with given types, the streaming engine for labevents, times parsed
only where the cheap filters let a row through.   cohort_polars.py HOSPITAL OUT.csv"""

import polars as pl
from cohort_common import ITEMS, VIEWS, WINDOW_FILM, WINDOW_NEAR, arguments


def time(column):
    return pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S")


def since_admission(column):
    return (pl.col(column) - pl.col("admittime")).dt.total_seconds()


def read_stays(h):
    patients = pl.scan_csv(h.patients).select("subject_id", "gender", "anchor_age", "anchor_year")
    return (
        pl.scan_csv(h.admissions)
        .select("subject_id", "hadm_id", time("admittime"))
        .join(patients, on="subject_id", how="left")
        .with_columns(
            age=pl.col("anchor_age") + pl.col("admittime").dt.year() - pl.col("anchor_year")
        )
        .collect()
    )


def choose_films(h, stays):
    clock = pl.col("StudyTime").cast(pl.Int64)
    films = (
        pl.scan_csv(h.films, schema_overrides={"StudyTime": pl.Float64, "StudyDate": pl.String})
        .filter(pl.col("ViewPosition").is_in(VIEWS))
        .select(
            "dicom_id",
            "subject_id",
            "study_id",
            time=pl.col("StudyDate").str.to_datetime("%Y%m%d")
            + pl.duration(
                hours=clock // 10000, minutes=clock // 100 % 100, seconds=clock % 100
            ),
        )
        .with_row_index("order")
    )
    near = (
        stays.lazy()
        .select("hadm_id", "subject_id", "admittime")
        .join(films, on="subject_id")
        .filter(since_admission("time") > WINDOW_FILM[0], since_admission("time") <= WINDOW_FILM[1])
        .collect()
    )
    there = [h.film_exists(*row) for row in near.select("subject_id", "study_id", "dicom_id").rows()]
    near = near.filter(pl.Series(there, dtype=pl.Boolean)).sort("time", "order")
    labels = pl.read_csv(h.labels).drop("subject_id")
    return near.unique("hadm_id", keep="first", maintain_order=True).join(labels, on="study_id")


def ecgs_in_window(h, stays):
    records = (
        pl.scan_csv(h.records)
        .select("subject_id", "study_id", time("ecg_time"), "path")
        .with_row_index("order")
    )
    return (
        stays.lazy()
        .select("hadm_id", "subject_id", "admittime")
        .join(records, on="subject_id")
        .filter(since_admission("ecg_time").is_between(*WINDOW_NEAR))
        .sort("ecg_time", "order")
        .collect()
    )


def earliest_labs(h, stays):
    # labevent_id ascends in the file: it stands for the order of rows.
    types = {
        "labevent_id": pl.Int64,
        "subject_id": pl.Int64,
        "itemid": pl.Int64,
        "charttime": pl.String,
        "valuenum": pl.Float64,
    }
    subjects = stays["subject_id"].unique()
    labs = (
        pl.scan_csv(h.labevents, schema_overrides=types, infer_schema=False)
        .select(*types)
        .filter(
            pl.col("itemid").is_in(ITEMS),
            pl.col("subject_id").is_in(subjects.implode()),
            pl.col("valuenum").is_not_null(),
        )
        .with_columns(time("charttime"))
        .join(stays.lazy().select("subject_id", "hadm_id", "admittime"), on="subject_id")
        .filter(since_admission("charttime").is_between(*WINDOW_NEAR))
        .select("hadm_id", "itemid", "charttime", "labevent_id", "valuenum")
        .collect(engine="streaming")
        .sort("charttime", "labevent_id")
        .unique(["hadm_id", "itemid"], keep="first")
    )
    wide = labs.pivot("itemid", index="hadm_id", values="valuenum")
    return wide.select(
        "hadm_id",
        *(str(i) if str(i) in wide.columns else pl.lit(None, pl.Float64).alias(str(i)) for i in ITEMS),
    )


def main():
    h, out = arguments()
    stays = read_stays(h)
    films = choose_films(h, stays)
    stays = stays.join(films, on="hadm_id", how="semi")
    ecgs = ecgs_in_window(h, stays)
    stays = stays.join(ecgs, on="hadm_id", how="semi")
    labs = earliest_labs(h, stays)
    ecgs = ecgs.join(labs, on="hadm_id", how="semi", maintain_order="left")
    chosen = h.first_good_ecg(ecgs.select("hadm_id", "study_id", "path").iter_rows())
    ecg = pl.DataFrame(
        {"hadm_id": list(chosen), "ecg": list(chosen.values())},
        schema={"hadm_id": pl.Int64, "ecg": pl.Int64},
    )
    rows = films.select("hadm_id", film="dicom_id").join(ecg, on="hadm_id").join(labs, on="hadm_id")
    rows.write_csv(out)


main()
