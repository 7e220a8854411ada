#include <stdlib.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/sort.h"
#include "data/csv.h"
#include "film/metadata.h"
#include "film/plan.h"
#include "hilum/film.h"

/* What a film's file says. */
typedef struct {
    const char *path;
    hl_str patient, study, film;
    int64_t day_s; /* of StudyDate; INT64_MAX: none */
} seen;

typedef struct {
    const hl_film_map_options *o;
    hl_ctl *ctl;
    hl_arena *arena;
    pthread_mutex_t lock; /* of arena, while files are read on several threads */
    seen *at;
    size_t n;
    int64_t n_unusable, n_mixed, n_new, n_kept;
    hl_digest secret; /* all that is drawn comes from it */
    uint64_t n_drawn;
    hl_sha256 *hash;
    char salt[33];
    hl_strmap *patient, *study, *film; /* -> subject_id, study_id, 1 */
    hl_map *owner;                     /* study_id -> subject_id */
    hl_map *shift;                 /* subject_id -> days + SHIFT_BIAS: values are not negative */
    hl_map *subject_id, *study_id; /* taken ones */
    hl_strmap *dicom_id;
    hl_buf csv;
} making;

#define SHIFT_BIAS INT64_C(1000000)
static const char header[] = "PatientID,StudyInstanceUID,SOPInstanceUID,subject_id,study_id,"
                             "dicom_id,date_shift_days,uid_salt\n";

/* --- what is there ---------------------------------------------------------------------------- */

static hl_code keep(making *m, hl_str value, hl_str *out, hl_error *err)
{
    pthread_mutex_lock(&m->lock);
    *out = hl_arena_str(m->arena, value);
    pthread_mutex_unlock(&m->lock);
    return out->at ? HL_OK : hl_fail_memory(err, "a map", value.n);
}

/* Ids of one file; none of what cannot be read. */
static hl_code read_ids(making *m, hl_dicom *d, seen *s, hl_error *err)
{
    int64_t date;
    hl_code c = keep(m, hl_dicom_ascii(hl_dicom_get(d, HL_TAG_PatientID), 0), &s->patient, err);

    if (c == HL_OK)
        c = keep(m, hl_dicom_get_ascii(d, HL_TAG_StudyInstanceUID), &s->study, err);
    if (c == HL_OK)
        c = keep(m, hl_dicom_get_ascii(d, HL_TAG_SOPInstanceUID), &s->film, err);
    if (hl_film_date(hl_dicom_get_ascii(d, HL_TAG_StudyDate), 0, &date))
        hl_parse_yyyymmdd(date, &s->day_s);
    return c;
}

static hl_code read_one(void *ctx, int64_t i, int thread, hl_error *err)
{
    making *m = ctx;
    seen *s = &m->at[i];
    char path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_dicom *d = NULL;
    hl_error fault;
    hl_code c = hl_path_join(m->o->in, s->path, path, &fault);

    (void)thread;
    s->day_s = INT64_MAX;
    if (c == HL_OK)
        c = hl_in_open(path, &in, &fault);
    if (c == HL_OK)
        c = hl_dicom_open(in, &d, &fault);
    if (c == HL_OK)
        c = read_ids(m, d, s, &fault);
    if (c != HL_OK && !hl_error_is_memory(&fault))
        c = HL_OK; /* counted: a film without ids */
    if (c != HL_OK && err)
        *err = fault;
    hl_dicom_close(&d);
    hl_in_close(&in);
    hl_ctl_done(m->ctl, 1);
    return c;
}

static hl_code look(making *m, hl_error *err)
{
    hl_names names = {0};
    hl_code c = hl_list_tree(m->o->in, &names, err);

    m->at = c == HL_OK ? calloc(names.n + 1, sizeof *m->at) : NULL;
    if (c == HL_OK && !m->at)
        c = hl_fail_memory(err, "a map", names.n * sizeof *m->at);
    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        bool is_film;
        c = hl_film_is_candidate(m->o->in, names.name[i], &is_film, err);
        if (c != HL_OK || !is_film)
            continue;
        m->at[m->n].path = hl_arena_copy(m->arena, names.name[i], strlen(names.name[i]));
        if (!m->at[m->n++].path)
            c = hl_fail_memory(err, "a map", strlen(names.name[i]));
    }
    hl_names_free(&names);
    hl_ctl_phase(m->ctl, "reading ids", (int64_t)m->n);
    return c == HL_OK
               ? hl_parallel_for(hl_ctl_jobs(m->ctl), (int64_t)m->n, m->ctl, read_one, m, err)
               : c;
}

static int by_ids(const void *a, const void *b, void *ctx)
{
    const seen *x = a, *y = b;
    int d = hl_str_compare(x->patient, y->patient);

    (void)ctx;
    if (d == 0)
        d = hl_str_compare(x->study, y->study);
    return d ? d : hl_str_compare(x->film, y->film);
}

/* --- an older map ------------------------------------------------------------------------------
 */

static hl_code take_old(making *m, const hl_csv *csv, const hl_field f[8], hl_error *err)
{
    int64_t subject_id, study_id, days;

    if (!hl_parse_i64(hl_field_str(f[3]), &subject_id))
        return hl_csv_fail(csv, err, 3, "is no integer");
    if (!hl_parse_i64(hl_field_str(f[4]), &study_id))
        return hl_csv_fail(csv, err, 4, "is no integer");
    if (!hl_parse_i64(hl_field_str(f[6]), &days) || days < -SHIFT_BIAS || days > SHIFT_BIAS)
        return hl_csv_fail(csv, err, 6, "is no number of days");
    if (f[7].n != 32)
        return hl_csv_fail(csv, err, 7, "is no salt of 32 digits");
    memcpy(m->salt, f[7].at, 32);
    hl_code c = hl_strmap_add(m->patient, hl_field_str(f[0]), subject_id, NULL, err);
    if (c == HL_OK)
        c = hl_strmap_add(m->study, hl_field_str(f[1]), study_id, NULL, err);
    if (c == HL_OK)
        c = hl_strmap_add(m->film, hl_field_str(f[2]), 1, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(m->owner, study_id, subject_id, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(m->subject_id, subject_id, 1, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(m->study_id, study_id, 1, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(m->shift, subject_id, days + SHIFT_BIAS, NULL, err);
    if (c == HL_OK)
        c = hl_strmap_add(m->dicom_id, hl_field_str(f[5]), 1, NULL, err);
    for (size_t i = 0; i < 8; i++) {
        hl_csv_put(&m->csv, hl_field_str(f[i]));
        hl_buf_char(&m->csv, i < 7 ? ',' : '\n');
    }
    m->n_kept++;
    return c;
}

static hl_code read_old(making *m, hl_error *err)
{
    static const char *const want[8] = {"PatientID",       "StudyInstanceUID", "SOPInstanceUID",
                                        "subject_id",      "study_id",         "dicom_id",
                                        "date_shift_days", "uid_salt"};
    hl_csv_options options = {.cpu = hl_cpu_level(m->ctl ? m->ctl->cpu : 0)};
    hl_csv *csv = NULL;
    hl_field f[8];
    hl_code c = hl_csv_open(m->o->extend, want, 8, &options, &csv, err);

    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK)
        c = take_old(m, csv, f, err);
    hl_csv_close(&csv);
    return c == HL_END ? HL_OK : c;
}

/* --- pseudonyms --------------------------------------------------------------------------------
 */

/* SHA-256 of the secret and a counter: the ids of an archive are public, and the generator of
 * base/rng.h could be worked back from them to the shifts and the salt. */
static uint64_t draw(making *m)
{
    hl_digest digest;
    uint64_t value;

    hl_sha256_add(m->hash, m->secret.sha256, sizeof m->secret.sha256);
    hl_sha256_add(m->hash, &m->n_drawn, sizeof m->n_drawn);
    hl_sha256_end(m->hash, &digest);
    m->n_drawn++;
    memcpy(&value, digest.sha256, sizeof value);
    return value;
}

/* 0 <= value < n, n < 2^32: one value is at most 2^-32 likelier than another. */
static int64_t draw_below(making *m, uint64_t n)
{
    return (int64_t)((draw(m) >> 32) * n >> 32);
}

/* With a seed the same map of the same files each time. */
static void choose_secret(making *m)
{
    uint64_t word[4] = {(uint64_t)m->o->seed, (uint64_t)m->n_kept};

    for (size_t i = 0; m->o->seed < 0 && i < 4; i++)
        word[i] = hl_nonce();
    hl_sha256_of(word, sizeof word, &m->secret);
}

/* A number of eight digits, the first one given, that nobody has yet. */
static hl_code draw_id(making *m, hl_map *taken, int64_t first, int64_t *out, hl_error *err)
{
    if (hl_map_count(taken) > 9000000)
        return hl_fail(err, HL_E_LIMIT,
                       "more than 9 million pseudonyms of eight digits are in use");
    do
        *out = first * INT64_C(10000000) + draw_below(m, 10000000);
    while (hl_map_get(taken, *out) >= 0);
    return hl_map_add(taken, *out, 1, NULL, err);
}

/* Whole weeks that bring the patient's first study into 2110 to 2190, and with a history of more
 * than ten years so early that the last one stays below 2200. */
static int64_t draw_shift(making *m, int64_t first_day_s, int64_t last_day_s)
{
    enum { DAYS = 29000, TEN_YEARS = 3650 };
    const hl_civil from = {2110, 1, 1, 0, 0, 0}, unknown = {2015, 1, 1, 0, 0, 0};
    bool known = first_day_s != INT64_MAX;
    int64_t day = (known ? first_day_s : hl_civil_seconds(&unknown)) / HL_DAY_S;
    int64_t more = known ? (last_day_s - first_day_s) / HL_DAY_S - TEN_YEARS : 0;
    int64_t room = more < 0 ? DAYS : more < DAYS - 1 ? DAYS - more : 1;
    int64_t target = hl_civil_seconds(&from) / HL_DAY_S + draw_below(m, (uint64_t)room);

    return (target - day) / 7 * 7;
}

static void draw_name(making *m, char out[45])
{
    for (size_t g = 0; g < 5; g++)
        snprintf(out + 9 * g, 45 - 9 * g, "%08x%s", (unsigned)(uint32_t)draw(m), g < 4 ? "-" : "");
}

static hl_code name_patient(making *m, size_t i, int64_t *subject_id, hl_error *err)
{
    int64_t first_s = INT64_MAX, last_s = INT64_MIN;
    hl_code c;

    *subject_id = hl_strmap_get(m->patient, m->at[i].patient);
    if (*subject_id >= 0)
        return HL_OK;
    for (size_t k = i; k < m->n && hl_str_equal(m->at[k].patient, m->at[i].patient); k++) {
        if (m->at[k].day_s == INT64_MAX)
            continue;
        first_s = m->at[k].day_s < first_s ? m->at[k].day_s : first_s;
        last_s = m->at[k].day_s > last_s ? m->at[k].day_s : last_s;
    }
    c = draw_id(m, m->subject_id, 1, subject_id, err);
    if (c == HL_OK)
        c = hl_strmap_add(m->patient, m->at[i].patient, *subject_id, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(m->shift, *subject_id, draw_shift(m, first_s, last_s) + SHIFT_BIAS, NULL,
                       err);
    return c;
}

static void put_film(making *m, const seen *s, int64_t subject_id, int64_t study_id,
                     const char *name)
{
    hl_csv_put(&m->csv, s->patient);
    hl_buf_char(&m->csv, ',');
    hl_csv_put(&m->csv, s->study);
    hl_buf_char(&m->csv, ',');
    hl_csv_put(&m->csv, s->film);
    hl_buf_printf(&m->csv, ",%lld,%lld,%s,%lld,%s\n", (long long)subject_id, (long long)study_id,
                  name, (long long)(hl_map_get(m->shift, subject_id) - SHIFT_BIAS), m->salt);
    m->n_new++;
}

static hl_code name_film(making *m, size_t i, hl_error *err)
{
    const seen *s = &m->at[i];
    int64_t subject_id, study_id = hl_strmap_get(m->study, s->study), was;
    char name[45];
    hl_code c = HL_OK;

    if (!s->patient.n || !s->study.n || !s->film.n) {
        m->n_unusable++;
        return HL_OK;
    }
    if (study_id >= 0 && hl_map_get(m->owner, study_id) != hl_strmap_get(m->patient, s->patient)) {
        m->n_mixed++; /* a study of two patients: a map with it would be refused */
        return HL_OK;
    }
    c = hl_strmap_add(m->film, s->film, 1, &was, err);
    if (c != HL_OK || was >= 0)
        return c; /* known, or a copy of a file that was seen */
    c = name_patient(m, i, &subject_id, err);
    if (c == HL_OK && study_id < 0) {
        c = draw_id(m, m->study_id, 5, &study_id, err);
        if (c == HL_OK)
            c = hl_strmap_add(m->study, s->study, study_id, NULL, err);
        if (c == HL_OK)
            c = hl_map_add(m->owner, study_id, subject_id, NULL, err);
    }
    do
        draw_name(m, name);
    while (hl_strmap_get(m->dicom_id, hl_str_of(name)) >= 0);
    if (c == HL_OK)
        c = hl_strmap_add(m->dicom_id, hl_str_of(name), 1, NULL, err);
    if (c == HL_OK)
        put_film(m, s, subject_id, study_id, name);
    return c;
}

static hl_code name_all(making *m, hl_error *err)
{
    hl_code c = hl_sort_stable(m->at, m->n, sizeof *m->at, by_ids, NULL, err);

    choose_secret(m);
    for (size_t i = 0; !m->salt[31] && i < 2; i++)
        snprintf(m->salt + 16 * i, 17, "%016llx", (unsigned long long)draw(m));
    for (size_t i = 0; c == HL_OK && i < m->n; i++)
        c = name_film(m, i, err);
    if (c == HL_OK && m->n_new + m->n_kept == 0)
        c = hl_fail_at(err, HL_E_INPUT, m->o->in, 0, -1, "no DICOM film with ids in it");
    return c == HL_OK ? hl_buf_check(&m->csv, "a map", err) : c;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static hl_code new_maps(making *m, hl_error *err)
{
    m->arena = hl_arena_new(0);
    m->patient = hl_strmap_new(0);
    m->study = hl_strmap_new(0);
    m->film = hl_strmap_new(0);
    m->dicom_id = hl_strmap_new(0);
    m->shift = hl_map_new(0);
    m->subject_id = hl_map_new(0);
    m->study_id = hl_map_new(0);
    m->owner = hl_map_new(0);
    m->hash = hl_sha256_new();
    return m->arena && m->patient && m->study && m->film && m->dicom_id && m->shift &&
                   m->subject_id && m->study_id && m->owner && m->hash
               ? HL_OK
               : hl_fail_memory(err, "a map", 64);
}

static void free_maps(making *m)
{
    free(m->at);
    hl_buf_free(&m->csv);
    hl_strmap_free(&m->patient);
    hl_strmap_free(&m->study);
    hl_strmap_free(&m->film);
    hl_strmap_free(&m->dicom_id);
    hl_map_free(&m->shift);
    hl_map_free(&m->subject_id);
    hl_map_free(&m->study_id);
    hl_map_free(&m->owner);
    hl_sha256_free(&m->hash);
    hl_arena_free(&m->arena);
}

static hl_code put_report(const making *m, hl_report *report, hl_error *err)
{
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    char films[32], patients[32], kept[32];

    hl_buf_printf(&text, "%s: %s films of %s patients", m->o->out,
                  hl_count_text(m->n_new + m->n_kept, films),
                  hl_count_text((int64_t)hl_strmap_count(m->patient), patients));
    if (m->n_kept)
        hl_buf_printf(&text, ", %s of them from %s", hl_count_text(m->n_kept, kept), m->o->extend);
    hl_buf_text(&text,
                "\nWhoever holds this file can undo the pseudonyms: keep it in the hospital.\n");
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", m->o->out);
    hl_json_member_int(&w, "films", m->n_new + m->n_kept);
    hl_json_member_int(&w, "patients", (int64_t)hl_strmap_count(m->patient));
    hl_json_member_int(&w, "without_ids", m->n_unusable);
    hl_json_member_int(&w, "mixed_studies", m->n_mixed);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}

/* A file of its own, which nobody else could read at any moment. */
static hl_code write_map(const making *m, hl_error *err)
{
    hl_out *out = NULL;
    hl_code c = hl_out_create(m->o->out, &out, err);

    if (c == HL_OK)
        c = hl_out_make_private(out, err);
    if (c == HL_OK)
        c = hl_out_write(out, m->csv.at, m->csv.n, err);
    if (c == HL_OK)
        return hl_out_commit(&out, NULL, err);
    hl_out_abort(&out);
    return c;
}

static void warn(const making *m)
{
    char n[32];

    if (m->n_unusable)
        hl_warn(m->ctl, "%s films cannot be read or have no ids: they are not in the map",
                hl_count_text(m->n_unusable, n));
    if (m->n_mixed)
        hl_warn(m->ctl,
                "%s films have a StudyInstanceUID of another patient too: they are not in the map",
                hl_count_text(m->n_mixed, n));
}

hl_code hl_film_map_make(const hl_film_map_options *options, hl_ctl *ctl, hl_report *report,
                         hl_error *err)
{
    making m = {.o = options, .ctl = ctl};
    hl_code c = new_maps(&m, err);

    pthread_mutex_init(&m.lock, NULL);
    if (c == HL_OK && hl_file_exists(options->in) && !hl_is_folder(options->in))
        c = hl_fail_at(err, HL_E_INPUT, options->in, 0, -1, "is no folder");
    if (c == HL_OK && hl_file_exists(options->out))
        c = hl_fail(err, HL_E_USAGE,
                    "%s is there already\nGive it as --extend, and a new name as "
                    "--out: a map that is lost cannot be made again.",
                    options->out);
    hl_buf_text(&m.csv, header);
    if (c == HL_OK && options->extend)
        c = read_old(&m, err);
    if (c == HL_OK)
        c = look(&m, err);
    if (c == HL_OK)
        c = name_all(&m, err);
    if (c == HL_OK)
        c = write_map(&m, err);
    if (c == HL_OK)
        c = put_report(&m, report, err);
    if (c == HL_OK)
        warn(&m);
    if (c == HL_OK && m.n_unusable + m.n_mixed > 0)
        c = HL_PARTIAL;
    pthread_mutex_destroy(&m.lock);
    free_maps(&m);
    return c;
}
