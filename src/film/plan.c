#include "film/plan.h"

#include "base/ctl.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/sort.h"
#include "data/csv.h"
#include "film/deid.h"

#define MAX_FILMS ((size_t)100000000)

typedef struct {
    const char *in;
    const hl_film_options *o;
    const hl_film_recipe *r;
    const hl_film_map *map;
    hl_ctl *ctl;
    hl_arena *arena;
    pthread_mutex_t lock; /* of arena, while headers are read on several threads */
    hl_film_plan *plan;
    size_t cap;
    bool from_list;
} planning;

static hl_code add(planning *p, const hl_film_item *item, hl_error *err)
{
    if (p->plan->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 4096;
        hl_film_item *at = cap <= MAX_FILMS ? hl_arena_calloc(p->arena, cap, sizeof *at) : NULL;
        if (!at)
            return hl_fail_memory(err, "the list of films", cap * sizeof *at);
        if (p->plan->n)
            memcpy(at, p->plan->item, p->plan->n * sizeof *at);
        p->plan->item = at;
        p->cap = cap;
    }
    p->plan->item[p->plan->n++] = *item;
    return HL_OK;
}

/* --- ids of a path ---------------------------------------------------------------------------- */

/* The last part of path[0..*n) and what is left before it. */
static hl_str last_part(const char *path, size_t *n)
{
    size_t end = *n, start = end;

    while (start > 0 && path[start - 1] != '/')
        start--;
    *n = start > 0 ? start - 1 : 0;
    return (hl_str){path + start, end - start};
}

static bool numbered(hl_str part, char letter, int64_t *id)
{
    if (part.n < 2 || part.n > 13 || part.at[0] != letter || part.at[1] < '0' || part.at[1] > '9')
        return false;
    return hl_parse_i64((hl_str){part.at + 1, part.n - 1}, id) && *id >= 10;
}

bool hl_film_name_ok(hl_str name)
{
    if (name.n == 0 || name.n > 128 || name.at[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

static hl_str stem_of(hl_str name)
{
    if (hl_str_ends(name, ".gz"))
        name.n -= 3;
    if (hl_str_ends(name, ".dcm") || hl_str_ends(name, ".DCM"))
        name.n -= 4;
    return name;
}

bool hl_film_path_ids(const char *path, int64_t *subject_id, int64_t *study_id, hl_str *dicom_id)
{
    size_t n = strlen(path);

    *dicom_id = stem_of(last_part(path, &n));
    hl_str study = last_part(path, &n), subject = last_part(path, &n);
    return hl_film_name_ok(*dicom_id) && numbered(study, 's', study_id) &&
           numbered(subject, 'p', subject_id);
}

hl_code hl_film_place(const hl_film_item *item, const char *ending, char out[HL_PATH_BYTES],
                      hl_error *err)
{
    char digits[HL_F64_CHARS];

    hl_print_i64(item->subject_id, digits);
    int n = snprintf(out, HL_PATH_BYTES, "files/p%.2s/p%s/s%lld/%s%s", digits, digits,
                     (long long)item->study_id, item->dicom_id, ending);
    return n > 0 && n < HL_PATH_BYTES ? HL_OK : hl_fail(err, HL_E_LIMIT, "a path is too long");
}

/* --- a record list ---------------------------------------------------------------------------- */

enum { SUBJECT, STUDY, DICOM, PATH, N_LIST };

static bool take_id(hl_field field, int64_t *id)
{
    return hl_parse_i64(hl_field_str(field), id) && *id >= 10 && *id <= INT64_C(999999999999);
}

static hl_code take_listed(planning *p, const hl_csv *csv, const hl_field f[N_LIST], hl_error *err)
{
    hl_film_item item = {0};
    int64_t subject_id, study_id;
    hl_str dicom_id;

    if (!take_id(f[SUBJECT], &item.subject_id))
        return hl_csv_fail(csv, err, SUBJECT, "is no number of 2 to 12 digits");
    if (!take_id(f[STUDY], &item.study_id))
        return hl_csv_fail(csv, err, STUDY, "is no number of 2 to 12 digits");
    if (!hl_film_name_ok(hl_field_str(f[DICOM])))
        return hl_csv_fail(csv, err, DICOM, "may hold letters, digits, '.', '_' and '-' only");
    if (!hl_path_is_inside(hl_field_str(f[PATH])))
        return hl_csv_fail(csv, err, PATH, "must be a path below the archive");
    item.path = hl_arena_copy(p->arena, f[PATH].at, f[PATH].n);
    item.dicom_id = hl_arena_copy(p->arena, f[DICOM].at, f[DICOM].n);
    if (!item.path || !item.dicom_id)
        return hl_fail_memory(err, "the list of films", f[PATH].n);
    if (hl_film_path_ids(item.path, &subject_id, &study_id, &dicom_id) &&
        (subject_id != item.subject_id || study_id != item.study_id ||
         !hl_str_is(dicom_id, item.dicom_id)))
        item.refusal = "the path has other ids than the record list";
    return add(p, &item, err);
}

static hl_code read_list(planning *p, const char *path, hl_error *err)
{
    static const char *const want[N_LIST] = {"subject_id", "study_id", "dicom_id", "path"};
    hl_csv_options options = {.cpu = hl_cpu_level(p->ctl ? p->ctl->cpu : 0), .ctl = p->ctl};
    hl_csv *csv = NULL;
    hl_field field[N_LIST];
    hl_code c = hl_csv_open(path, want, N_LIST, &options, &csv, err);

    while (c == HL_OK && (c = hl_csv_next(csv, field, err)) == HL_OK)
        c = take_listed(p, csv, field, err);
    if (c == HL_END) {
        c = HL_OK;
        p->plan->records = *hl_csv_digest(csv);
    }
    hl_csv_close(&csv);
    return c;
}

/* --- a tree ------------------------------------------------------------------------------------
 */

hl_code hl_film_is_candidate(const char *in, const char *name, bool *is, hl_error *err)
{
    char path[HL_PATH_BYTES];
    uint8_t head[132];
    hl_in *file = NULL;
    size_t got = 0;
    hl_str s = hl_str_of(name);
    hl_error fault;

    *is = hl_str_ends(s, ".dcm") || hl_str_ends(s, ".dcm.gz") || hl_str_ends(s, ".DCM");
    if (*is)
        return HL_OK;
    hl_code c = hl_path_join(in, name, path, &fault);
    if (c == HL_OK)
        c = hl_in_open(path, &file, &fault);
    if (c == HL_OK)
        c = hl_in_pread(file, head, sizeof head, 0, &got, &fault);
    hl_in_close(&file);
    *is = c == HL_OK && got == sizeof head && memcmp(head + 128, "DICM", 4) == 0;
    if (c == HL_OK || !hl_error_is_memory(&fault))
        return HL_OK;
    if (err)
        *err = fault;
    return c;
}

/* The project's own lists stand in its trees and need no word. */
static bool is_list(const char *name)
{
    hl_str s = hl_str_of(name);
    return hl_str_starts(s, "cxr-record-list.csv") || hl_str_starts(s, "cxr-study-list.csv");
}

static hl_code take_tree(planning *p, const hl_names *names, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < names->n; i++) {
        hl_film_item item = {.subject_id = -1};
        hl_str dicom_id;
        bool is_film;
        c = hl_film_is_candidate(p->in, names->name[i], &is_film, err);
        if (c != HL_OK || !is_film) {
            p->plan->n_ignored += !is_list(names->name[i]);
            continue;
        }
        item.path = hl_arena_copy(p->arena, names->name[i], strlen(names->name[i]));
        if (!item.path)
            return hl_fail_memory(err, "the list of films", strlen(names->name[i]));
        if (p->r->ids == HL_IDS_PATH && !p->map) {
            if (hl_film_path_ids(item.path, &item.subject_id, &item.study_id, &dicom_id))
                item.dicom_id = hl_arena_copy(p->arena, dicom_id.at, dicom_id.n);
            else
                item.refusal = "the path gives no ids: it is not .../pSUBJECT/sSTUDY/ID.dcm";
        }
        c = add(p, &item, err);
    }
    return c;
}

/* Files of the tree that the list leaves out are said once, not silently passed over. */
static hl_code count_unlisted(planning *p, const hl_names *names, hl_error *err)
{
    hl_strmap *listed = hl_strmap_new(p->plan->n);
    hl_code c = listed ? HL_OK : hl_fail_memory(err, "the list of films", p->plan->n * 16);

    for (size_t i = 0; c == HL_OK && i < p->plan->n; i++)
        c = hl_strmap_add(listed, hl_str_of(p->plan->item[i].path), 1, NULL, err);
    for (size_t i = 0; c == HL_OK && i < names->n; i++) {
        hl_str name = hl_str_of(names->name[i]);
        bool film = hl_str_ends(name, ".dcm") || hl_str_ends(name, ".dcm.gz");
        if (hl_str_ends(name, ".gz"))
            name.n -= 3;
        p->plan->n_unlisted += film && hl_strmap_get(listed, name) < 0 &&
                               hl_strmap_get(listed, hl_str_of(names->name[i])) < 0;
    }
    hl_strmap_free(&listed);
    return c;
}

/* --- ids in the files ------------------------------------------------------------------------- */

static char *keep(planning *p, const char *at, size_t n)
{
    pthread_mutex_lock(&p->lock);
    char *copy = hl_arena_copy(p->arena, at, n);
    pthread_mutex_unlock(&p->lock);
    return copy;
}

static hl_code ids_of_map(planning *p, hl_dicom *d, hl_film_item *item)
{
    hl_film_pseudonym is;
    bool fits;
    /* PatientID is LO; a map written by this program holds the same bytes. */
    const hl_dicom_element *id = hl_dicom_get(d, HL_TAG_PatientID);

    if (!hl_film_map_find(p->map, hl_dicom_ascii(id, 0),
                          hl_dicom_get_ascii(d, HL_TAG_StudyInstanceUID),
                          hl_dicom_get_ascii(d, HL_TAG_SOPInstanceUID), &is, &fits)) {
        item->refusal = "the map does not have this film";
        return HL_OK;
    }
    if (!fits) {
        item->refusal = "the map has another patient or study for this film";
        return HL_OK;
    }
    item->subject_id = is.subject_id;
    item->study_id = is.study_id;
    item->shift_days = is.shift_days;
    item->dicom_id = is.dicom_id;
    return HL_OK;
}

/* 40 hex digits of the UID's SHA-256 in five groups, as the published names look. */
static void name_of_uid(hl_str uid, char out[45])
{
    char hex[HL_HEX_CHARS];
    hl_digest digest;

    hl_sha256_of(uid.at, uid.n, &digest);
    hl_digest_hex(&digest, hex);
    for (size_t i = 0; i < 5; i++) {
        memcpy(out + 9 * i, hex + 8 * i, 8);
        out[9 * i + 8] = i < 4 ? '-' : 0;
    }
}

static bool number_of(const hl_dicom *d, uint32_t tag, int64_t *out)
{
    return hl_parse_i64(hl_dicom_ascii(hl_dicom_get(d, tag), 0), out) && *out >= 10 &&
           *out <= INT64_C(999999999999);
}

static hl_code ids_of_tags(planning *p, hl_dicom *d, hl_film_item *item, hl_error *err)
{
    char name[45];
    hl_str removed = hl_dicom_get_ascii(d, HL_TAG(0x0012, 0x0062));
    hl_str id = hl_dicom_ascii(hl_dicom_get(d, p->r->dicom_tag), 0);

    if (!hl_str_is(removed, "YES") && !p->o->allow_identifying)
        item->refusal = "PatientIdentityRemoved is not YES, so its ids may be a hospital's; "
                        "give pseudonyms by --map";
    else if (!number_of(d, p->r->subject_tag, &item->subject_id))
        item->refusal = "the subject's attribute holds no number of 2 to 12 digits";
    else if (!number_of(d, p->r->study_tag, &item->study_id))
        item->refusal = "the study's attribute holds no number of 2 to 12 digits";
    else if (id.n == 0)
        item->refusal = "the film's attribute is empty";
    if (item->refusal) {
        item->subject_id = -1;
        return HL_OK;
    }
    if (!hl_film_name_ok(id) || memchr(id.at, '.', id.n)) {
        name_of_uid(id, name);
        id = hl_str_of(name);
    }
    item->dicom_id = keep(p, id.at, id.n);
    return item->dicom_id ? HL_OK : hl_fail_memory(err, "the list of films", id.n);
}

static hl_code read_ids(void *ctx, int64_t i, int thread, hl_error *err)
{
    planning *p = ctx;
    hl_film_item *item = &p->plan->item[i];
    char path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_dicom *d = NULL;
    hl_error fault;
    hl_code c = hl_path_join(p->in, item->path, path, &fault);

    (void)thread;
    if (c == HL_OK)
        c = hl_in_open(path, &in, &fault);
    if (c == HL_OK)
        c = hl_dicom_open(in, &d, &fault);
    if (c == HL_E_INPUT || (c == HL_E_LIMIT && !hl_error_is_memory(&fault))) {
        /* the film's own turn says why */
        item->subject_id = -1;
        c = HL_OK;
    } else if (c == HL_OK) {
        c = p->map ? ids_of_map(p, d, item) : ids_of_tags(p, d, item, &fault);
    }
    if (c != HL_OK && err)
        *err = fault;
    hl_dicom_close(&d);
    hl_in_close(&in);
    hl_ctl_done(p->ctl, 1);
    return c;
}

/* --- order, twins, identity --------------------------------------------------------------------
 */

static int compare(const void *a, const void *b, void *ctx)
{
    const hl_film_item *x = a, *y = b;
    bool x_known = x->dicom_id != NULL, y_known = y->dicom_id != NULL;
    int d;

    (void)ctx;
    if (x_known != y_known)
        return x_known ? -1 : 1;
    if (x_known && x->subject_id != y->subject_id)
        return x->subject_id < y->subject_id ? -1 : 1;
    if (x_known && x->study_id != y->study_id)
        return x->study_id < y->study_id ? -1 : 1;
    if (x_known && (d = strcmp(x->dicom_id, y->dicom_id)) != 0)
        return d;
    return strcmp(x->path, y->path);
}

/* Two files with one dicom_id: neither is taken, because nothing says which is right. Nor is a
 * study of two patients: one person's film would lie in another's folder. */
static hl_code refuse_twins(planning *p, hl_error *err)
{
    hl_strmap *film = hl_strmap_new(p->plan->n);
    hl_map *study = hl_map_new(p->plan->n), *mixed = hl_map_new(0);
    hl_code c =
        film && study && mixed ? HL_OK : hl_fail_memory(err, "the list of films", p->plan->n * 32);
    int64_t was;

    for (size_t i = 0; c == HL_OK && i < p->plan->n; i++) {
        hl_film_item *item = &p->plan->item[i];
        if (!item->dicom_id)
            continue;
        c = hl_strmap_add(film, hl_str_of(item->dicom_id), (int64_t)i, &was, err);
        if (c == HL_OK && was >= 0)
            item->refusal = p->plan->item[was].refusal =
                "another file has the same dicom_id; neither was taken";
        if (c == HL_OK)
            c = hl_map_add(study, item->study_id, (int64_t)i, &was, err);
        if (c == HL_OK && was >= 0 && p->plan->item[was].subject_id != item->subject_id)
            c = hl_map_add(mixed, item->study_id, 1, NULL, err);
    }
    for (size_t i = 0; c == HL_OK && i < p->plan->n && hl_map_count(mixed); i++) {
        hl_film_item *item = &p->plan->item[i];
        if (item->dicom_id && !item->refusal && hl_map_get(mixed, item->study_id) >= 0)
            item->refusal = "its study_id belongs to another patient too; no film of it was taken";
    }
    hl_strmap_free(&film);
    hl_map_free(&study);
    hl_map_free(&mixed);
    return c;
}

static hl_code digest_plan(hl_film_plan *plan, const hl_film_map *map, hl_error *err)
{
    char line[3 * HL_F64_CHARS + 8], uid[HL_UID_BYTES] = "";
    /* what a map makes of no UID stands for its salt */
    hl_code c = map ? hl_film_map_uid(map, (hl_str){0}, uid, err) : HL_OK;
    if (c != HL_OK)
        return c;
    hl_sha256 *h = hl_sha256_new();
    if (!h)
        return hl_fail_memory(err, "a digest", 0);
    hl_sha256_add(h, uid, strlen(uid));
    for (size_t i = 0; i < plan->n; i++) {
        const hl_film_item *item = &plan->item[i];
        int n = snprintf(line, sizeof line, "\n%lld,%lld,%lld,", (long long)item->subject_id,
                         (long long)item->study_id, (long long)item->shift_days);
        hl_sha256_add(h, line, (size_t)n);
        hl_sha256_add(h, item->path, strlen(item->path));
        if (item->dicom_id) {
            hl_sha256_add(h, ",", 1);
            hl_sha256_add(h, item->dicom_id, strlen(item->dicom_id));
        }
    }
    hl_sha256_end(h, &plan->inputs);
    hl_sha256_free(&h);
    return HL_OK;
}

/* One advice in place of a thousand refusals. */
static hl_code refuse_hopeless(const planning *p, hl_error *err)
{
    size_t n = 0;

    for (size_t i = 0; i < p->plan->n; i++)
        n += p->plan->item[i].dicom_id != NULL;
    if (p->plan->n == 0 && p->from_list)
        return hl_fail_at(err, HL_E_INPUT, p->plan->records_path, 0, -1, "the list has no rows");
    if (p->plan->n == 0)
        return hl_fail_at(err, HL_E_INPUT, p->in, 0, -1, "no DICOM files in it");
    if (n == 0 && p->r->ids == HL_IDS_PATH && !p->map && !p->from_list)
        return hl_fail_at(err, HL_E_INPUT, p->in, 0, -1,
                          "%zu DICOM files, but no path gives ids (.../pSUBJECT/sSTUDY/ID.dcm)\n"
                          "Give a list of ids by --records, pseudonyms by --map (hilum film map "
                          "makes one), or a recipe with ids from tags.",
                          p->plan->n);
    return HL_OK;
}

/* The list in the archive, or the one given. */
static hl_code find_list(const planning *p, char path[HL_PATH_BYTES], bool *found, hl_error *err)
{
    static const char *const name[] = {"cxr-record-list.csv.gz", "cxr-record-list.csv"};
    hl_code c = HL_OK;

    *found = p->o->records != NULL;
    if (*found) {
        snprintf(path, HL_PATH_BYTES, "%s", p->o->records);
        p->plan->records_path = p->o->records;
        return HL_OK;
    }
    for (size_t i = 0; c == HL_OK && !*found && !p->map && p->r->ids == HL_IDS_PATH && i < 2; i++) {
        c = hl_path_join(p->in, name[i], path, err);
        *found = c == HL_OK && hl_file_exists(path);
        p->plan->records_path = *found ? name[i] : NULL;
    }
    return c;
}

const char *hl_film_printable(hl_arena *arena, const char *path)
{
    static const char digit[] = "0123456789abcdef";
    size_t n = strlen(path), to = 0;
    bool ascii_only = hl_utf8_fault(path, n) >= 0, odd = ascii_only;

    for (size_t i = 0; i < n; i++)
        odd = odd || (unsigned char)path[i] < 0x20 || path[i] == 0x7F;
    if (!odd)
        return path;
    char *out = hl_arena_alloc(arena, 4 * n + 1);
    for (size_t i = 0; out && i < n; i++) {
        unsigned char c = (unsigned char)path[i];
        if (c >= 0x20 && c != 0x7F && (c < 0x80 || !ascii_only)) {
            out[to++] = path[i];
            continue;
        }
        out[to++] = '\\';
        out[to++] = 'x';
        out[to++] = digit[c >> 4];
        out[to++] = digit[c & 15];
    }
    if (out)
        out[to] = 0;
    return out;
}

static hl_code name_items(planning *p, hl_error *err)
{
    char place[HL_PATH_BYTES];
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < p->plan->n; i++) {
        hl_film_item *item = &p->plan->item[i];
        if (p->map && item->dicom_id)
            c = hl_film_place(item, ".dcm", place, err);
        else if (p->map) /* its path stays in the hospital */
            snprintf(place, sizeof place, "unmapped/%lld", (long long)++p->plan->n_unmapped);
        if (c == HL_OK && !(item->name = p->map ? hl_arena_copy(p->arena, place, strlen(place))
                                                : hl_film_printable(p->arena, item->path)))
            c = hl_fail_memory(err, "the list of films", strlen(item->path));
    }
    return c;
}

hl_code hl_film_plan_make(const char *in, const hl_film_options *o, const hl_film_recipe *r,
                          const hl_film_map *map, hl_ctl *ctl, hl_arena *arena, hl_film_plan *out,
                          hl_error *err)
{
    planning p = {.in = in, .o = o, .r = r, .map = map, .ctl = ctl, .arena = arena, .plan = out};
    char list[HL_PATH_BYTES];
    hl_names names = {0};

    *out = (hl_film_plan){.records.bytes = -1};
    pthread_mutex_init(&p.lock, NULL);
    hl_ctl_phase(ctl, "listing films", 0);
    hl_code c = find_list(&p, list, &p.from_list, err);
    if (c == HL_OK)
        c = hl_list_tree(in, &names, err);
    if (c == HL_OK && p.from_list)
        c = read_list(&p, list, err);
    if (c == HL_OK)
        c = p.from_list ? count_unlisted(&p, &names, err) : take_tree(&p, &names, err);
    hl_names_free(&names);
    if (c == HL_OK && !p.from_list && (map || r->ids == HL_IDS_TAGS)) {
        hl_ctl_phase(ctl, "reading ids", (int64_t)out->n);
        c = hl_parallel_for(hl_ctl_jobs(ctl), (int64_t)out->n, ctl, read_ids, &p, err);
    }
    if (c == HL_OK)
        c = refuse_hopeless(&p, err);
    if (c == HL_OK)
        c = hl_sort_stable(out->item, out->n, sizeof *out->item, compare, NULL, err);
    if (c == HL_OK)
        c = refuse_twins(&p, err);
    if (c == HL_OK)
        c = name_items(&p, err);
    if (c == HL_OK)
        c = digest_plan(out, map, err);
    pthread_mutex_destroy(&p.lock);
    return c;
}
