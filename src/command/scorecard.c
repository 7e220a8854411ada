#include "command/command.h"

#include "base/ctl.h"
#include "base/io.h"
#include "base/log.h"
#include "view/film_sheet.h"
#include "view/scorecard.h"

static const hl_option options[] = {
    {.name = "cohort",
     .type = HL_OPT_PATH,
     .value = "COHORT",
     .required = true,
     .argument = true,
     .help = "folder that hilum cohort build or hilum film render wrote"},
    {.name = "ecg",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .help = "ECG archive, for the ECGs of four sample admissions"},
    {.name = "cxr",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .help = "film archive, for the films of the sample admissions"},
    {.name = "pack",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .help = "folder that hilum pack wrote: its arrays are listed"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "FILE.html",
     .required = true,
     .help = "the page to write; an old one is replaced"},
    {0},
};

static hl_code put_result(const char *path, size_t bytes, const hl_scorecard_summary *s,
                          hl_result *result, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(&result->json, 0);
    char rows[32], patients[32], kilobytes[32];

    hl_buf_printf(&result->text,
                  "%s: %s admissions of %s patients, %lld of %lld checks %s, %s kB\n", path,
                  hl_count_text(s->rows, rows), hl_count_text(s->patients, patients),
                  (long long)(s->failed_checks ? s->failed_checks : s->checks - s->unknown_checks),
                  (long long)s->checks, s->failed_checks ? "FAIL" : "hold",
                  hl_count_text((int64_t)(bytes / 1000), kilobytes));
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", path);
    hl_json_member_int(&w, "bytes", (int64_t)bytes);
    hl_json_member_int(&w, "rows", s->rows);
    hl_json_member_int(&w, "patients", s->patients);
    hl_json_member_int(&w, "checks", s->checks);
    hl_json_member_int(&w, "failed_checks", s->failed_checks);
    hl_json_member_int(&w, "unreadable", s->unreadable);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&result->text, "result", err);
    return c == HL_OK ? hl_buf_check(&result->json, "result", err) : c;
}

static hl_code put_sheet(const char *archive, const char *path, hl_ctl *ctl, hl_result *result,
                         hl_error *err)
{
    hl_film_sheet_summary s;
    hl_json_writer w = hl_json_write_to(&result->json, 0);
    char films[32], patients[32], refused[32];
    hl_buf page = {0};

    hl_ctl_phase(ctl, "contact sheet", 0);
    hl_code c =
        hl_film_sheet(archive, hl_cpu_level(ctl ? ctl->cpu : HL_CPU_BEST), ctl, &page, &s, err);
    if (c == HL_OK)
        c = hl_write_file(path, page.at, page.n, NULL, err);
    hl_buf_printf(&result->text, "%s: %s films of %s patients, %s refused\n", path,
                  hl_count_text(s.films, films), hl_count_text(s.patients, patients),
                  hl_count_text(s.refused, refused));
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", path);
    hl_json_member_int(&w, "bytes", (int64_t)page.n);
    hl_json_member_int(&w, "films", s.films);
    hl_json_member_int(&w, "refused", s.refused);
    hl_json_member_int(&w, "patients", s.patients);
    hl_json_member_int(&w, "unreadable", s.unreadable);
    hl_json_close(&w, '}');
    if (c == HL_OK)
        c = hl_buf_check(&result->text, "result", err);
    hl_buf_free(&page);
    return c;
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *path = hl_options_text(o, "out");
    const hl_scorecard_options what = {
        .cohort = hl_options_text(o, "cohort"),
        .ecg = hl_options_text(o, "ecg"),
        .cxr = hl_options_text(o, "cxr"),
        .pack = hl_options_text(o, "pack"),
        .cpu = hl_cpu_level(ctl ? ctl->cpu : HL_CPU_BEST),
    };
    hl_scorecard_summary summary;
    hl_buf page = {0};

    if (hl_is_film_archive(what.cohort)) {
        if (what.ecg || what.cxr || what.pack)
            return hl_fail(err, HL_E_USAGE,
                           "--ecg, --cxr and --pack are for cohorts; %s is an "
                           "archive of films",
                           what.cohort);
        return put_sheet(what.cohort, path, ctl, result, err);
    }
    hl_ctl_phase(ctl, "scorecard", 0);
    hl_code c = hl_scorecard(&what, ctl, &page, &summary, err);
    if (c == HL_OK)
        c = hl_write_file(path, page.at, page.n, NULL, err);
    if (c == HL_OK)
        c = put_result(path, page.n, &summary, result, err);
    if (c == HL_OK && summary.failed_checks > 0)
        hl_warn(ctl, "%lld %s: see the top of %s", (long long)summary.failed_checks,
                summary.failed_checks == 1 ? "check of the scorecard fails"
                                           : "checks of the scorecard fail",
                path);
    hl_buf_free(&page);
    return c;
}

const hl_command hl_command_scorecard = {
    .name = "scorecard",
    .summary = "draw a cohort or a film archive on one self-contained page",
    .about =
        "Reads the folder that hilum cohort build wrote and makes one HTML file: what each rule "
        "left, "
        "the splits, age, sex, race and film views, when films and ECGs were taken, labels, "
        "laboratory "
        "values, four sample admissions with film and ECG, and how to prove all of it. The page "
        "needs "
        "no other file and no script, prints on A4, and is a pure function of the folders.\n\n"
        "The tables are checked against SHA256SUMS.txt and manifest.json on the way; a check that "
        "fails stands at the top of the page and is a warning. The samples (first rows of train, "
        "validation and test) are shown when --cxr or --ecg is given.\n\n"
        "Of a folder that hilum film render wrote it makes a contact sheet: films at even "
        "distances, the "
        "statistics of their pixels, the splits, what was refused and why.\n\n"
        "The page holds ids, films and ECGs of single patients: keep it as you keep the data.",
    .option = options,
    .example = {"hilum scorecard hilum-demo/cohort --out scorecard.html",
                "hilum scorecard hilum-demo/cohort --ecg hilum-demo/hospital/mimic-iv-ecg "
                "--cxr hilum-demo/hospital/mimic-cxr-jpg --out scorecard.html"},
    .run = run,
};
