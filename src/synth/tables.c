#include "synth/tables.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"
#include "data/csv.h"
#include "synth/chance.h"
#include "synth/film_dicom.h"
#include "synth/labs.h"

void hl_synth_film_path(const hl_synth_subject *s, const hl_synth_film *film, const char *ending,
                        char out[HL_SYNTH_FILE_BYTES])
{
    int64_t id = s->subject_id;
    snprintf(out, HL_SYNTH_FILE_BYTES, "files/p%02d/p%lld/s%lld/%s.%s", (int)(id / 1000000),
             (long long)id, (long long)s->study[film->study].study_id, film->dicom_id, ending);
}

void hl_synth_record_path(const hl_synth_subject *s, const hl_synth_record *record,
                          char out[HL_SYNTH_FILE_BYTES])
{
    int64_t id = s->subject_id;
    snprintf(out, HL_SYNTH_FILE_BYTES, "files/p%04d/p%lld/s%lld/%lld", (int)(id / 10000),
             (long long)id, (long long)record->study_id, (long long)record->study_id);
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void put_time(hl_buf *b, int64_t s)
{
    if (s)
        hl_buf_time(b, s);
    hl_buf_char(b, ',');
}

static void put_text(hl_buf *b, const char *text, char end)
{
    hl_csv_put(b, hl_str_of(text));
    hl_buf_char(b, end);
}

static void put_patient(hl_buf *b, const hl_synth_subject *s)
{
    char date[HL_TIME_CHARS] = "";
    if (s->dod_s)
        hl_print_date(s->dod_s, date);
    hl_buf_printf(b, "%lld,%c,%d,%d,%s,%s\n", (long long)s->subject_id, s->gender, s->anchor_age,
                  s->anchor_year, s->anchor_group, date);
}

static void put_admission(hl_buf *b, const hl_synth_subject *s, const hl_synth_admission *m)
{
    hl_buf_printf(b, "%lld,%lld,", (long long)s->subject_id, (long long)m->hadm_id);
    put_time(b, m->admit_s);
    put_time(b, m->disch_s);
    put_time(b, m->death_s);
    put_text(b, m->type, ',');
    put_text(b, m->provider, ',');
    put_text(b, m->from, ',');
    put_text(b, m->to, ',');
    put_text(b, m->insurance, ',');
    put_text(b, s->language, ',');
    put_text(b, s->marital, ',');
    put_text(b, s->race, ',');
    put_time(b, m->edreg_s);
    put_time(b, m->edout_s);
    hl_buf_text(b, m->death_s ? "1\n" : "0\n");
}

static void put_record(hl_buf *b, const hl_synth_subject *s, const hl_synth_record *r)
{
    char path[HL_SYNTH_FILE_BYTES];
    hl_synth_record_path(s, r, path);
    hl_buf_printf(b, "%lld,%lld,%lld,", (long long)s->subject_id, (long long)r->study_id,
                  (long long)r->study_id);
    put_time(b, r->time_s);
    put_text(b, path, '\n');
}

/* HHMMSS as a number, so without leading zeros, and the fraction of the second. */
static void put_study_time(hl_buf *b, const hl_synth_study *study)
{
    hl_civil c = hl_civil_of(study->time_s);
    int millis = study->millis, digits = 3;
    for (; digits > 1 && millis % 10 == 0; digits--)
        millis /= 10;
    hl_buf_printf(b, "%04d%02d%02d,%d.%0*d,", c.year, c.month, c.day,
                  c.hour * 10000 + c.minute * 100 + c.second, digits, millis);
}

static void put_film(hl_buf *b, const hl_synth_subject *s, const hl_synth_film *f)
{
    const hl_synth_study *study = &s->study[f->study];
    const char *step = hl_synth_study_step(study);
    hl_buf_printf(b, "%s,%lld,%lld,%s,%s,%d,%d,", f->dicom_id, (long long)s->subject_id,
                  (long long)study->study_id, step, f->view, (int)f->height, (int)f->width);
    put_study_time(b, study);
    hl_buf_printf(b, "%s,%s,%s\n", step, f->view_text, hl_synth_study_posture(study));
}

/* The DICOM archive lists what it has: no row for a film without a file. */
static void put_dicom(hl_buf *list, hl_buf *planted, const hl_synth_plan *plan,
                      const hl_synth_subject *s, int i)
{
    const hl_synth_film *f = &s->film[i];
    const hl_synth_fault fault = hl_synth_storage_of(plan, s, i).fault;
    char path[HL_SYNTH_FILE_BYTES];
    hl_synth_film_path(s, f, "dcm", path);
    hl_buf_printf(list, "%lld,%lld,%s,%s\n", (long long)s->subject_id,
                  (long long)s->study[f->study].study_id, f->dicom_id, path);
    if (fault != HL_FAULT_NONE)
        hl_buf_printf(planted, "%s,%s\n", f->dicom_id, hl_synth_faults[fault].name);
}

/* Where the study's report would be; there are no reports. */
static void put_study(hl_buf *b, const hl_synth_subject *s, const hl_synth_study *study)
{
    hl_buf_printf(b, "%lld,%lld,files/p%02d/p%lld/s%lld.txt\n", (long long)s->subject_id,
                  (long long)study->study_id, (int)(s->subject_id / 1000000),
                  (long long)s->subject_id, (long long)study->study_id);
}

#define N_LABELS 14
static const char *const labels[N_LABELS] = {"Atelectasis",
                                             "Cardiomegaly",
                                             "Consolidation",
                                             "Edema",
                                             "Enlarged Cardiomediastinum",
                                             "Fracture",
                                             "Lung Lesion",
                                             "Lung Opacity",
                                             "No Finding",
                                             "Pleural Effusion",
                                             "Pleural Other",
                                             "Pneumonia",
                                             "Pneumothorax",
                                             "Support Devices"};

/* What a report would say: mentions what the film shows, denies some of the rest, is unsure of a
 * little. '1' present, '0' absent, '-' uncertain, ' ' not mentioned. */
static char mention(hl_rng *rng, bool shown, double said, double denied)
{
    double u = hl_rng_f64(rng);
    if (shown)
        return u < said ? '1' : u < said + 0.06 ? '-' : ' ';
    return u < denied ? '0' : u < denied + 0.02 ? '-' : ' ';
}

static void put_labels(hl_buf *b, uint64_t seed, const hl_synth_subject *s,
                       const hl_synth_study *study)
{
    const bool *c = s->admission[study->admission].illness.c;
    hl_rng rng = hl_rng_of(seed, "chexpert", (uint64_t)study->study_id);
    bool device = study->device != HL_SYNTH_DEVICE_NONE;
    char found[N_LABELS];
    for (int i = 0; i < N_LABELS; i++)
        found[i] = mention(&rng, hl_synth_chance(&rng, 0.03), 0.8, 0.05);
    found[0] = mention(&rng, !c[2], 0.5, 0.1);
    found[1] = mention(&rng, c[0], 0.85, 0.3);
    found[2] = mention(&rng, c[1] && hl_synth_chance(&rng, 0.3), 0.8, 0.15);
    found[3] = mention(&rng, c[1] && c[0], 0.5, 0.25);
    found[4] = mention(&rng, c[0] && hl_synth_chance(&rng, 0.3), 0.6, 0.05);
    found[7] = mention(&rng, c[1], 0.85, 0.05);
    found[9] = mention(&rng, c[1] && hl_synth_chance(&rng, 0.35), 0.7, 0.45);
    found[13] = mention(&rng, device, 0.9, 0.02);
    bool any = false;
    for (int i = 0; i < N_LABELS; i++)
        any |= i != 8 && i != 13 && found[i] == '1';
    found[8] = any ? ' ' : '1';
    hl_buf_printf(b, "%lld,%lld", (long long)s->subject_id, (long long)study->study_id);
    for (int i = 0; i < N_LABELS; i++)
        hl_buf_text(b, found[i] == '1'   ? ",1.0"
                       : found[i] == '0' ? ",0.0"
                       : found[i] == '-' ? ",-1.0"
                                         : ",");
    hl_buf_char(b, '\n');
}

static void put_level(hl_buf *b, double level)
{
    /* Four decimals; levels lie in -1.3 .. 1.3. */
    int64_t v = (int64_t)((level < 0 ? -level : level) * 10000 + 0.5);
    hl_buf_printf(b, ",%s%d.%04d", level < 0 ? "-" : "", (int)(v / 10000), (int)(v % 10000));
}

static bool is_usable(const hl_synth_admission *m)
{
    return hl_synth_film_cases[m->film_case].usable && hl_synth_ecg_cases[m->ecg_case].usable &&
           hl_synth_lab_cases[m->lab_case].usable;
}

static void put_planted(hl_buf *b, const hl_synth_subject *s, const hl_synth_admission *m)
{
    const hl_synth_illness *d = &m->illness;
    hl_buf_printf(b, "%lld,%lld,%s,%s,%s,%s,", (long long)s->subject_id, (long long)m->hadm_id,
                  hl_synth_film_cases[m->film_case].name, hl_synth_ecg_cases[m->ecg_case].name,
                  hl_synth_lab_cases[m->lab_case].name,
                  m->near        ? ""
                  : is_usable(m) ? "1"
                                 : "0");
    if (m->follows >= 0)
        hl_buf_i64(b, s->admission[m->follows].hadm_id);
    for (int k = 0; k < HL_SYNTH_TRIPLES; k++)
        hl_buf_printf(b, ",%d,%d,%d", d->a[k], d->b[k], d->c[k]);
    for (int k = 0; k < HL_SYNTH_TRIPLES; k++) {
        put_level(b, d->lab[k]);
        put_level(b, d->ecg[k]);
        put_level(b, d->film[k]);
    }
    hl_buf_char(b, '\n');
}

/* --- files -------------------------------------------------------------------------------------
 */

typedef enum {
    TABLE_PATIENTS,
    TABLE_ADMISSIONS,
    TABLE_RECORDS,
    TABLE_FILMS,
    TABLE_LABELS,
    TABLE_SPLIT,
    TABLE_PLANTED,
    N_TABLES,
    /* of the DICOM archive */
    TABLE_DICOMS = N_TABLES,
    TABLE_STUDIES,
    TABLE_FAULTS,
    N_ALL_TABLES
} table_name;

static const struct {
    const char *path;
    const char *header;
} table_of[N_ALL_TABLES] = {
    [TABLE_PATIENTS] = {"mimiciv/hosp/patients.csv.gz",
                        "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"},
    [TABLE_ADMISSIONS] =
        {"mimiciv/hosp/admissions.csv.gz",
         "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,"
         "admit_provider_id,admission_location,discharge_location,insurance,language,"
         "marital_status,race,edregtime,edouttime,hospital_expire_flag\n"},
    [TABLE_RECORDS] = {"mimic-iv-ecg/record_list.csv",
                       "subject_id,study_id,file_name,ecg_time,path\n"},
    [TABLE_FILMS] =
        {"mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz",
         "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,"
         "Columns,StudyDate,StudyTime,ProcedureCodeSequence_CodeMeaning,"
         "ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning\n"},
    [TABLE_LABELS] = {"mimic-cxr-jpg/mimic-cxr-2.0.0-chexpert.csv.gz", NULL},
    [TABLE_SPLIT] = {"mimic-cxr-jpg/mimic-cxr-2.0.0-split.csv.gz",
                     "dicom_id,study_id,subject_id,split\n"},
    [TABLE_PLANTED] = {"planted.csv",
                       "subject_id,hadm_id,film_case,ecg_case,lab_case,usable,follows_hadm_id,"
                       "a1,b1,c1,a2,b2,c2,a3,b3,c3,"
                       "lab1,ecg1,film1,lab2,ecg2,film2,lab3,ecg3,film3\n"},
    [TABLE_DICOMS] = {"mimic-cxr/cxr-record-list.csv.gz", "subject_id,study_id,dicom_id,path\n"},
    [TABLE_STUDIES] = {"mimic-cxr/cxr-study-list.csv.gz", "subject_id,study_id,path\n"},
    [TABLE_FAULTS] = {"planted_films.csv", "dicom_id,what\n"},
};

/* An open table: gzip or plain by its name. */
typedef struct {
    hl_buf text;
    hl_gzip *gz;
    hl_out *plain;
} table;

static hl_code table_open(table *t, const char *folder, table_name name, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, table_of[name].path, path, err);
    if (c != HL_OK)
        return c;
    if (table_of[name].header)
        hl_buf_text(&t->text, table_of[name].header);
    if (hl_str_ends(hl_str_of(path), ".gz"))
        return hl_gzip_create(path, 1, &t->gz, err);
    return hl_out_create(path, &t->plain, err);
}

static hl_code table_flush(table *t, size_t above, hl_error *err)
{
    hl_code c = hl_buf_check(&t->text, "table", err);
    if (c != HL_OK || t->text.n <= above)
        return c;
    c = t->gz ? hl_gzip_write(t->gz, t->text.at, t->text.n, err)
              : hl_out_write(t->plain, t->text.at, t->text.n, err);
    hl_buf_clear(&t->text);
    return c;
}

static hl_code table_commit(table *t, hl_error *err)
{
    hl_code c = table_flush(t, 0, err);
    if (c == HL_OK)
        c = t->gz ? hl_gzip_commit(&t->gz, NULL, err) : hl_out_commit(&t->plain, NULL, err);
    return c;
}

static void put_label_header(hl_buf *b)
{
    hl_buf_text(b, "subject_id,study_id");
    for (int i = 0; i < N_LABELS; i++)
        hl_buf_printf(b, ",%s", labels[i]);
    hl_buf_char(b, '\n');
}

static void put_dicoms(table *t, const hl_synth_plan *plan, const hl_synth_subject *s,
                       hl_synth_counts *counts)
{
    int last = -1;
    for (int i = 0; i < s->n_films; i++) {
        if (!s->film[i].has_file)
            continue;
        put_dicom(&t[TABLE_DICOMS].text, &t[TABLE_FAULTS].text, plan, s, i);
        if (s->film[i].study != last)
            put_study(&t[TABLE_STUDIES].text, s, &s->study[s->film[i].study]);
        last = s->film[i].study;
        counts->dicoms++;
    }
}

static void put_subject(table *t, const hl_synth_plan *plan, const hl_synth_subject *s,
                        hl_synth_counts *counts)
{
    hl_rng rng = hl_rng_of(plan->seed, "published-split", (uint64_t)s->index);
    double u = hl_rng_f64(&rng);
    const char *split = u < 0.95 ? "train" : u < 0.97 ? "validate" : "test";
    put_patient(&t[TABLE_PATIENTS].text, s);
    for (int k = 0; k < s->n_admissions; k++) {
        const hl_synth_admission *m = &s->admission[k];
        put_admission(&t[TABLE_ADMISSIONS].text, s, m);
        put_planted(&t[TABLE_PLANTED].text, s, m);
        counts->uncertain += m->near;
        counts->usable += !m->near && is_usable(m);
    }
    for (int i = 0; i < s->n_records; i++)
        put_record(&t[TABLE_RECORDS].text, s, &s->record[i]);
    int last = -1;
    for (int i = 0; i < s->n_films; i++) {
        const hl_synth_film *f = &s->film[i];
        put_film(&t[TABLE_FILMS].text, s, f);
        if (f->study != last && s->study[f->study].labelled)
            put_labels(&t[TABLE_LABELS].text, plan->seed, s, &s->study[f->study]);
        last = f->study;
        hl_buf_printf(&t[TABLE_SPLIT].text, "%s,%lld,%lld,%s\n", f->dicom_id,
                      (long long)s->study[f->study].study_id, (long long)s->subject_id, split);
    }
    counts->patients++;
    counts->admissions += s->n_admissions;
    counts->records += s->n_records;
    counts->films += s->n_films;
}

/* A dictionary of all item ids that labevents can have, in id order: those with a meaning first,
 * the rare ones have higher ids. */
static hl_code write_items(const char *folder, hl_error *err)
{
    char path[HL_PATH_BYTES], label[HL_SYNTH_LABEL];
    hl_buf text = {0};
    hl_gzip *gz = NULL;
    int order[HL_SYNTH_ALL_ITEMS];
    for (int i = 0; i < HL_SYNTH_ALL_ITEMS; i++) {
        int j = i;
        for (; j > 0 && j < HL_SYNTH_ITEMS &&
               hl_synth_lab_items[order[j - 1]].itemid > hl_synth_lab_items[i].itemid;
             j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    hl_buf_text(&text, "itemid,label,fluid,category\n");
    for (int i = 0; i < HL_SYNTH_ALL_ITEMS; i++) {
        hl_synth_lab_item item = hl_synth_lab_item_at(order[i], label);
        hl_buf_printf(&text, "%d,", (int)item.itemid);
        put_text(&text, item.label, ',');
        put_text(&text, item.fluid, ',');
        put_text(&text, item.category, '\n');
    }
    hl_code c = hl_path_join(folder, "mimiciv/hosp/d_labitems.csv.gz", path, err);
    if (c == HL_OK && (c = hl_buf_check(&text, "d_labitems", err)) == HL_OK &&
        (c = hl_gzip_create(path, 1, &gz, err)) == HL_OK &&
        (c = hl_gzip_write(gz, text.at, text.n, err)) == HL_OK)
        c = hl_gzip_commit(&gz, NULL, err);
    hl_gzip_abort(&gz);
    hl_buf_free(&text);
    return c;
}

hl_code hl_synth_tables_write(const hl_synth_plan *plan, const hl_synth_options *options,
                              hl_ctl *ctl, hl_synth_counts *counts, hl_error *err)
{
    table t[N_ALL_TABLES] = {{.gz = NULL}};
    const bool dicom = options->film_format != HL_SYNTH_JPEG;
    const int n_tables = dicom ? N_ALL_TABLES : N_TABLES;
    hl_code c = HL_OK;
    hl_synth_subject *subject = malloc(sizeof *subject);
    if (!subject)
        return hl_fail_memory(err, "patient", sizeof *subject);
    hl_ctl_phase(ctl, "writing tables", plan->n_patients);
    for (int i = 0; i < n_tables && c == HL_OK; i++)
        c = table_open(&t[i], options->folder, (table_name)i, err);
    put_label_header(&t[TABLE_LABELS].text);
    for (int64_t i = 0; c == HL_OK && i < plan->n_patients; i++) {
        hl_synth_plan_subject(plan, i, subject);
        put_subject(t, plan, subject, counts);
        if (dicom)
            put_dicoms(t, plan, subject, counts);
        for (int k = 0; k < n_tables && c == HL_OK; k++)
            c = table_flush(&t[k], 1 << 18, err);
        hl_ctl_done(ctl, 1);
        if (c == HL_OK)
            c = hl_ctl_check(ctl, err);
    }
    for (int i = 0; i < n_tables; i++) {
        if (c == HL_OK)
            c = table_commit(&t[i], err);
        hl_gzip_abort(&t[i].gz);
        hl_out_abort(&t[i].plain);
        hl_buf_free(&t[i].text);
    }
    free(subject);
    return c == HL_OK ? write_items(options->folder, err) : c;
}
