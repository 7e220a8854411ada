#include "synth/synth.h"

#include "base/ctl.h"
#include "base/io.h"
#include "synth/archives.h"
#include "synth/film_dicom.h"
#include "synth/labevents.h"
#include "synth/monitor.h"
#include "synth/tables.h"

static const char *const folders[] = {"mimiciv/hosp", "mimic-iv-ecg/files", "mimic-cxr-jpg/files",
                                      "mimic-cxr/files"};

static hl_code make_folders(const char *folder, hl_synth_film_format format, hl_error *err)
{
    const size_t n = sizeof folders / sizeof *folders - (format == HL_SYNTH_JPEG);
    hl_names names = {0};
    char path[HL_PATH_BYTES];
    hl_code c = hl_make_folder(folder, err);
    if (c == HL_OK)
        c = hl_list_folder(folder, &names, err);
    if (c == HL_OK && names.n > 0)
        c = hl_fail(err, HL_E_USAGE, "%s holds something else: %s\nName a new or an empty folder.",
                    folder, names.name[0]);
    hl_names_free(&names);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        if ((c = hl_path_join(folder, folders[i], path, err)) == HL_OK)
            c = hl_make_folder(path, err);
    return c;
}

static const char *films_name(hl_synth_films films)
{
    switch (films) {
    case HL_SYNTH_FILMS_SMALL:
        return "small";
    case HL_SYNTH_FILMS_FULL:
        return "full";
    case HL_SYNTH_FILMS_NONE:
        return "none";
    }
    return "";
}

static const char *format_name(hl_synth_film_format format)
{
    switch (format) {
    case HL_SYNTH_BOTH:
        return "both";
    case HL_SYNTH_JPEG:
        return "jpeg";
    case HL_SYNTH_DICOM:
        return "dicom";
    }
    return "";
}

static void put_faults(hl_buf *text)
{
    hl_buf_text(text, "planted_films.csv lists the files of mimic-cxr that have a fault; one in:");
    for (int k = 1; k < HL_FAULTS; k++)
        hl_buf_printf(text, "%s %d %s", k > 1 ? "," : "", hl_synth_faults[k].one_in,
                      hl_synth_faults[k].name);
    hl_buf_text(text, ".\n");
}

/* Only what was given: the defaults follow from the options before. */
static void put_monitor_options(const hl_synth_options *o, hl_buf *text)
{
    if (o->monitor_stays)
        hl_buf_printf(text, " --monitor-stays %lld", (long long)hl_synth_monitor_stays(o));
    if (o->monitor_minutes)
        hl_buf_printf(text, " --monitor-minutes %lld", (long long)o->monitor_minutes);
}

static hl_code write_readme(const hl_synth_options *o, const hl_synth_counts *n, hl_error *err)
{
    hl_buf text = {0};
    char path[HL_PATH_BYTES];
    hl_buf_printf(
        &text,
        "A synthetic hospital. Nothing in this folder comes from a patient: names, ids, dates,\n"
        "values, ECGs and films are drawn by a program. It has the file layouts of MIMIC-IV,\n"
        "MIMIC-IV-ECG, MIMIC-CXR and MIMIC-CXR-JPG, for tests and demonstrations. Not for clinical "
        "use.\n\n"
        "Made by hilum %s: hilum synth DIR --patients %lld --seed %llu",
        HL_VERSION, (long long)o->n_patients, (unsigned long long)o->seed);
    if (o->labevents_rows)
        hl_buf_printf(&text, " --labevents-rows %lld", (long long)o->labevents_rows);
    hl_buf_printf(&text, " --films %s --film-format %s", films_name(o->films),
                  format_name(o->film_format));
    put_monitor_options(o, &text);
    hl_buf_text(&text, "\n\n");
    hl_buf_printf(&text, "patients %lld, admissions %lld, lab rows %lld, ECGs %lld, films %lld",
                  (long long)n->patients, (long long)n->admissions, (long long)n->lab_rows,
                  (long long)n->records, (long long)n->films);
    if (o->film_format != HL_SYNTH_JPEG)
        hl_buf_printf(&text, ", DICOM films %lld", (long long)n->dicoms);
    hl_buf_char(&text, '\n');
    hl_buf_text(&text,
                o->films == HL_SYNTH_FILMS_NONE
                    ? "The tables list ECGs and films, but their files were not drawn.\n"
                    : "Lateral films, and some others, are listed without a file on purpose.\n");
    hl_buf_text(&text, "planted.csv says what was built into each admission.\n");
    if (o->film_format != HL_SYNTH_JPEG)
        put_faults(&text);
    if (n->monitor_stays > 0) {
        hl_buf_text(&text, "planted_monitor.csv says what was built into the monitor export: ");
        hl_synth_monitor_put_cases(&text);
        hl_buf_text(&text, ".\n");
    }
    hl_code c = hl_buf_check(&text, "README.txt", err);
    if (c == HL_OK)
        c = hl_path_join(o->folder, "README.txt", path, err);
    if (c == HL_OK)
        c = hl_write_file(path, text.at, text.n, NULL, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_synth_run(const hl_synth_options *options, hl_ctl *ctl, hl_synth_counts *counts,
                     hl_error *err)
{
    hl_synth_plan plan = {0};
    char path[HL_PATH_BYTES];
    *counts = (hl_synth_counts){0};
    hl_code c = make_folders(options->folder, options->film_format, err);
    if (c != HL_OK)
        return c;
    c = hl_synth_plan_new(options->seed, options->n_patients, options->films, &plan, err);
    if (c == HL_OK)
        c = hl_path_join(options->folder, "mimiciv/hosp/labevents.csv.gz", path, err);
    if (c == HL_OK)
        c = hl_synth_labevents_write(&plan, path, options->labevents_rows, ctl, &counts->lab_rows,
                                     err);
    if (c == HL_OK)
        c = hl_synth_tables_write(&plan, options, ctl, counts, err);
    if (c == HL_OK && options->films != HL_SYNTH_FILMS_NONE) {
        c = hl_synth_records_write(&plan, options->folder, ctl, err);
        if (c == HL_OK)
            c = hl_synth_films_write(&plan, options->folder, options->film_format, ctl, err);
    }
    if (c == HL_OK)
        c = hl_synth_monitor_write(&plan, options, ctl, counts, err);
    if (c == HL_OK)
        c = write_readme(options, counts, err);
    hl_synth_plan_free(&plan);
    return c;
}
