#include "film/map.h"

#include <stdlib.h>

#include "base/map.h"
#include "data/csv.h"
#include "film/plan.h"

enum {
    PATIENT,
    STUDY,
    FILM,
    SUBJECT_ID,
    STUDY_ID,
    DICOM_ID,
    N_NEEDED,
    SHIFT = N_NEEDED,
    SALT,
    N_ALL
};
static const char *const column[N_ALL] = {"PatientID",       "StudyInstanceUID", "SOPInstanceUID",
                                          "subject_id",      "study_id",         "dicom_id",
                                          "date_shift_days", "uid_salt"};

typedef struct {
    hl_str patient, study; /* the hospital's */
    hl_film_pseudonym is;
} row;

struct hl_film_map {
    hl_arena *arena;
    row *at;
    size_t n, cap;
    hl_strmap *film;    /* SOPInstanceUID -> row */
    hl_strmap *patient; /* PatientID -> first row */
    hl_strmap *study;   /* StudyInstanceUID -> first row */
    hl_map *subject_id; /* -> first row: two patients must not become one */
    hl_map *study_id;
    hl_strmap *dicom_id;
    hl_str salt;
    size_t place[N_ALL]; /* of a column among the fields, SIZE_MAX = absent */
};

static hl_code new_map(hl_film_map **out, hl_error *err)
{
    hl_film_map *m = calloc(1, sizeof *m);

    *out = m;
    if (!m)
        return hl_fail_memory(err, "a map", sizeof *m);
    m->arena = hl_arena_new(0);
    m->film = hl_strmap_new(0);
    m->patient = hl_strmap_new(0);
    m->study = hl_strmap_new(0);
    m->dicom_id = hl_strmap_new(0);
    m->subject_id = hl_map_new(0);
    m->study_id = hl_map_new(0);
    if (!m->arena || !m->film || !m->patient || !m->study || !m->dicom_id || !m->subject_id ||
        !m->study_id)
        return hl_fail_memory(err, "a map", sizeof *m);
    return HL_OK;
}

void hl_film_map_free(hl_film_map **map)
{
    hl_film_map *m = map ? *map : NULL;

    if (!m)
        return;
    free(m->at);
    hl_strmap_free(&m->film);
    hl_strmap_free(&m->patient);
    hl_strmap_free(&m->study);
    hl_strmap_free(&m->dicom_id);
    hl_map_free(&m->subject_id);
    hl_map_free(&m->study_id);
    hl_arena_free(&m->arena);
    free(m);
    *map = NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

static hl_code take_id(const hl_film_map *m, const hl_csv *csv, const hl_field *field, size_t i,
                       int64_t *out, hl_error *err)
{
    if (!hl_parse_i64(hl_field_str(field[i]), out))
        return hl_csv_fail(csv, err, m->place[i], "is no integer");
    if ((i == SUBJECT_ID || i == STUDY_ID) && (*out < 10 || *out > INT64_C(999999999999)))
        return hl_csv_fail(csv, err, m->place[i], "must have 2 to 12 digits");
    if (i == SHIFT && (*out < -400000 || *out > 400000))
        return hl_csv_fail(csv, err, m->place[i], "goes from -400000 to 400000 days");
    return HL_OK;
}

static hl_code room(hl_film_map *m, hl_error *err)
{
    if (m->n < m->cap)
        return HL_OK;
    size_t cap = m->cap ? m->cap * 2 : 1024;
    row *at = realloc(m->at, cap * sizeof *at);
    if (!at)
        return hl_fail_memory(err, "a map", cap * sizeof *at);
    m->at = at;
    m->cap = cap;
    return HL_OK;
}

/* The rows agree with each other: nobody has two pseudonyms, no pseudonym has two owners. */
static hl_code relate(hl_film_map *m, const hl_csv *csv, const row *r, hl_str film, hl_error *err)
{
    int64_t i = (int64_t)m->n, was;
    hl_code c = hl_strmap_add(m->film, film, i, &was, err);

    if (c == HL_OK && was >= 0)
        return hl_csv_fail(csv, err, m->place[FILM], "stands in an earlier row too");
    if (c == HL_OK)
        c = hl_strmap_add(m->dicom_id, hl_str_of(r->is.dicom_id), i, &was, err);
    if (c == HL_OK && was >= 0)
        return hl_csv_fail(csv, err, m->place[DICOM_ID], "stands in an earlier row too");
    if (c == HL_OK)
        c = hl_strmap_add(m->patient, r->patient, i, &was, err);
    if (c == HL_OK && was >= 0 && m->at[was].is.subject_id != r->is.subject_id)
        return hl_csv_fail(csv, err, m->place[SUBJECT_ID],
                           "an earlier row has another one for this patient");
    if (c == HL_OK && was >= 0 && m->at[was].is.shift_days != r->is.shift_days)
        return hl_csv_fail(csv, err, m->place[SHIFT],
                           "an earlier row has another one for this patient");
    if (c == HL_OK)
        c = hl_map_add(m->subject_id, r->is.subject_id, i, &was, err);
    if (c == HL_OK && was >= 0 && !hl_str_equal(m->at[was].patient, r->patient))
        return hl_csv_fail(csv, err, m->place[SUBJECT_ID],
                           "belongs to another patient in an earlier row");
    if (c == HL_OK)
        c = hl_strmap_add(m->study, r->study, i, &was, err);
    if (c == HL_OK && was >= 0 &&
        (m->at[was].is.study_id != r->is.study_id || !hl_str_equal(m->at[was].patient, r->patient)))
        return hl_csv_fail(csv, err, m->place[STUDY_ID],
                           "an earlier row has another study_id or patient for this study");
    if (c == HL_OK)
        c = hl_map_add(m->study_id, r->is.study_id, i, &was, err);
    if (c == HL_OK && was >= 0 && !hl_str_equal(m->at[was].study, r->study))
        return hl_csv_fail(csv, err, m->place[STUDY_ID],
                           "belongs to another study in an earlier row");
    return c;
}

static hl_code take_row(hl_film_map *m, const hl_csv *csv, const hl_field *field, hl_error *err)
{
    hl_field f[N_ALL] = {0};
    row r = {0};
    hl_code c = room(m, err);

    for (size_t i = 0; i < N_ALL; i++)
        if (m->place[i] != SIZE_MAX)
            f[i] = field[m->place[i]];
    for (size_t i = 0; c == HL_OK && i < N_NEEDED; i++)
        if (f[i].n == 0)
            c = hl_csv_fail(csv, err, m->place[i], "the field is empty");
    if (c == HL_OK)
        c = take_id(m, csv, f, SUBJECT_ID, &r.is.subject_id, err);
    if (c == HL_OK)
        c = take_id(m, csv, f, STUDY_ID, &r.is.study_id, err);
    if (c == HL_OK && f[SHIFT].n)
        c = take_id(m, csv, f, SHIFT, &r.is.shift_days, err);
    if (c == HL_OK && !hl_film_name_ok(hl_field_str(f[DICOM_ID])))
        c = hl_csv_fail(csv, err, m->place[DICOM_ID],
                        "may hold letters, digits, '.', '_' and '-' only");
    if (c != HL_OK)
        return c;
    r.patient = hl_arena_str(m->arena, hl_field_str(f[PATIENT]));
    r.study = hl_arena_str(m->arena, hl_field_str(f[STUDY]));
    r.is.dicom_id = hl_arena_copy(m->arena, f[DICOM_ID].at, f[DICOM_ID].n);
    if (f[SALT].n && !m->salt.n)
        m->salt = hl_arena_str(m->arena, hl_field_str(f[SALT]));
    if (!r.patient.at || !r.study.at || !r.is.dicom_id)
        return hl_fail_memory(err, "a map", f[PATIENT].n);
    if (f[SALT].n && !hl_str_equal(m->salt, hl_field_str(f[SALT])))
        return hl_csv_fail(csv, err, m->place[SALT], "differs from the earlier rows'");
    c = relate(m, csv, &r, hl_field_str(f[FILM]), err);
    if (c == HL_OK)
        m->at[m->n++] = r;
    return c;
}

hl_code hl_film_map_read(const char *path, hl_cpu cpu, hl_film_map **out, hl_error *err)
{
    hl_csv_options options = {.cpu = cpu};
    hl_csv *csv = NULL;
    hl_field field[N_ALL];
    const char *want[N_ALL];
    size_t n_want = N_NEEDED;
    hl_code c = new_map(out, err);

    if (c == HL_OK)
        c = hl_csv_open(path, column, N_NEEDED, &options, &csv, err);
    for (size_t i = 0; c == HL_OK && i < N_ALL; i++) {
        (*out)->place[i] = i < N_NEEDED ? i : SIZE_MAX;
        want[i] = column[i];
    }
    for (size_t i = 0; c == HL_OK && i < hl_csv_n_columns(csv); i++)
        for (size_t k = N_NEEDED; k < N_ALL; k++)
            if ((*out)->place[k] == SIZE_MAX && hl_str_is(hl_csv_column(csv, i), column[k])) {
                want[n_want] = column[k]; /* one that stands there twice is refused below */
                (*out)->place[k] = n_want++;
            }
    hl_csv_close(&csv);
    if (c == HL_OK)
        c = hl_csv_open(path, want, n_want, &options, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, field, err)) == HL_OK)
        c = take_row(*out, csv, field, err);
    if (c == HL_END)
        c = HL_OK;
    if (c == HL_OK && (*out)->n == 0)
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "the map has no rows");
    hl_csv_close(&csv);
    if (c != HL_OK)
        hl_film_map_free(out);
    return c;
}

/* --- asking ----------------------------------------------------------------------------------- */

bool hl_film_map_find(const hl_film_map *map, hl_str patient_id, hl_str study_uid, hl_str sop_uid,
                      hl_film_pseudonym *out, bool *fits)
{
    int64_t i = hl_strmap_get(map->film, sop_uid);

    if (i < 0)
        return false;
    *out = map->at[i].is;
    *fits =
        hl_str_equal(map->at[i].patient, patient_id) && hl_str_equal(map->at[i].study, study_uid);
    return true;
}

/* n as decimal: 128 bits by repeated division of four 32-bit limbs. */
static void put_u128(const uint8_t bytes[16], char *out)
{
    uint32_t limb[4];
    char digit[40];
    size_t n = 0;

    for (size_t i = 0; i < 4; i++)
        limb[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
                  (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    do {
        uint64_t rest = 0;
        for (size_t i = 0; i < 4; i++) {
            uint64_t v = rest << 32 | limb[i];
            limb[i] = (uint32_t)(v / 10);
            rest = v % 10;
        }
        digit[n++] = (char)('0' + rest);
    } while (limb[0] | limb[1] | limb[2] | limb[3]);
    while (n)
        *out++ = digit[--n];
    *out = 0;
}

hl_code hl_film_map_uid(const hl_film_map *map, hl_str uid, char out[HL_UID_BYTES], hl_error *err)
{
    hl_sha256 *h = NULL;
    hl_digest digest;

    out[0] = 0;
    if (map->salt.n == 0)
        return HL_OK;
    h = hl_sha256_new();
    if (!h)
        return hl_fail_memory(err, "a UID", uid.n);
    hl_sha256_add(h, map->salt.at, map->salt.n);
    hl_sha256_add(h, "\0", 1);
    hl_sha256_add(h, uid.at, uid.n);
    hl_sha256_end(h, &digest);
    hl_sha256_free(&h);
    memcpy(out, "2.25.", 5);
    put_u128(digest.sha256, out + 5);
    return HL_OK;
}
