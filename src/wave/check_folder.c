/*
 * check_folder.c - which records a folder has, and what is wrong with the folders themselves.
 *
 *      RECORDS                             waves/p100/p10014354/
 *      waves/p100/p10014354/RECORDS        81739927/81739927
 *      waves/p100/p10014354/81739927/      81739927.hea, segments, signal files, numerics
 *
 * Where a RECORDS list stands, it says which records there are below its folder; what it leaves out
 * is a finding, and is checked all the same. Elsewhere, every header that is no segment of another
 * one in its folder is a record.
 * Source: waveform.md 4.1.
 */
#include "wave/check.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/map.h"

enum {
    MAX_HEADER_BYTES = 64 << 20,
    MAX_LIST_BYTES = 64 << 20,
    MOST_DEPTH = 32, /* of folders in one another */
    ARENA_BYTES = 16384,
    SUBJECT_DIGITS = 8,
    GROUP_DIGITS = 3 /* of a subject, in the name of the folder above */
};

/* --- targets ---------------------------------------------------------------------------------- */

hl_code hl_wave_targets_add(hl_wave_targets *t, const char *folder, const char *name,
                            const char *shown, hl_error *err)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 16;
        hl_wave_target *at = realloc(t->at, cap * sizeof *at);
        if (!at)
            return hl_fail_memory(err, "records", cap * sizeof *at);
        t->at = at;
        t->cap = cap;
    }
    hl_wave_target *to = &t->at[t->n];
    *to = (hl_wave_target){
        .folder = strdup(folder), .name = strdup(name), .shown = strdup(shown), .in_folder = true};
    t->n++;
    return to->folder && to->name && to->shown ? HL_OK
                                               : hl_fail_memory(err, "records", strlen(folder));
}

void hl_wave_targets_free(hl_wave_targets *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->at[i].folder);
        free(t->at[i].name);
        free(t->at[i].shown);
    }
    free(t->at);
    *t = (hl_wave_targets){0};
}

/* --- what the headers of one folder name ------------------------------------------------------ */

typedef struct {
    hl_names names;
    hl_strmap *segment; /* names of segments */
    hl_strmap *file;    /* signal files */
    bool all_known;     /* every header could be read */
} inventory;

static bool ends_in(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);

    return n > m && strcasecmp(text + n - m, ending) == 0;
}

static bool is_header(const char *file)
{
    return hl_str_ends(hl_str_of(file), ".hea") && strlen(file) > 4;
}

static hl_code take_header(inventory *v, hl_arena *arena, const char *path, hl_error *err)
{
    hl_wfdb_header h;
    hl_buf text = {0};
    hl_code c = hl_read_file(path, MAX_HEADER_BYTES, &text, NULL, NULL);

    hl_arena_reset(arena);
    if (c == HL_OK)
        c = hl_wfdb_parse_header(arena, text.n ? text.at : "", text.n, path, &h, NULL);
    hl_buf_free(&text);
    v->all_known &= c == HL_OK;
    if (c != HL_OK)
        return HL_OK; /* the check of the record says why */
    for (int32_t i = 0; i < h.n_segments && c == HL_OK; i++)
        if (!hl_wfdb_is_gap(&h.segment[i]))
            c = hl_strmap_add(v->segment, hl_str_of(h.segment[i].name), 1, NULL, err);
    for (int32_t i = 0; h.n_segments == 0 && i < h.n_signals && c == HL_OK; i++)
        c = hl_strmap_add(v->file, hl_str_of(h.signal[i].file), 1, NULL, err);
    return c;
}

static void inventory_free(inventory *v)
{
    hl_names_free(&v->names);
    hl_strmap_free(&v->segment);
    hl_strmap_free(&v->file);
}

static hl_code take_inventory(const char *folder, inventory *v, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_arena *arena = hl_arena_new(ARENA_BYTES);
    hl_code c = hl_list_folder(folder, &v->names, err);

    v->all_known = true;
    v->segment = hl_strmap_new(0);
    v->file = hl_strmap_new(0);
    if (c == HL_OK && (!arena || !v->segment || !v->file))
        c = hl_fail_memory(err, "folder", ARENA_BYTES);
    for (size_t i = 0; i < v->names.n && c == HL_OK; i++) {
        if (!is_header(v->names.name[i]))
            continue;
        c = hl_path_join(folder, v->names.name[i], path, err);
        if (c == HL_OK)
            c = take_header(v, arena, path, err);
    }
    hl_arena_free(&arena);
    return c;
}

static bool has(const inventory *v, hl_str file)
{
    size_t low = 0, high = v->names.n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = hl_str_compare(hl_str_of(v->names.name[middle]), file);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool has_record(const inventory *v, hl_str name)
{
    char file[HL_PATH_BYTES];
    const int n = snprintf(file, sizeof file, "%.*s.hea", (int)name.n, name.at);

    return n > 0 && n < (int)sizeof file && has(v, (hl_str){file, (size_t)n});
}

/* The records of a folder: headers that are no segments, EDF files that are no signal files. */
static bool is_record_file(const inventory *v, const char *file, size_t *n_name)
{
    const size_t n = strlen(file);

    *n_name = is_header(file) ? n - 4 : n;
    if (is_header(file))
        return hl_strmap_get(v->segment, (hl_str){file, n - 4}) < 0 &&
               hl_strmap_get(v->segment, hl_str_of(file)) < 0;
    return (ends_in(file, ".edf") || ends_in(file, ".bdf")) &&
           hl_strmap_get(v->file, hl_str_of(file)) < 0;
}

/* --- stray files ------------------------------------------------------------------------------ */

/* A file that belongs to a database and not to a record. */
static bool is_of_database(const char *file)
{
    static const char *const name[] = {"RECORDS",    "ANNOTATORS", "DBS",     "README", "LICENSE",
                                       "SHA256SUMS", "MD5SUMS",    "HEADER.", "index.", "wfdbcal"};

    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (strncasecmp(file, name[i], strlen(name[i])) == 0)
            return true;
    return false;
}

static bool is_known(const inventory *v, const char *file)
{
    static const char *const numerics[] = {"n.csv.gz", "n.csv"};
    const hl_str text = hl_str_of(file);
    size_t n_name;

    if (is_header(file) || hl_strmap_get(v->file, text) >= 0 || is_of_database(file) ||
        is_record_file(v, file, &n_name))
        return true;
    for (int i = 0; i < 2; i++)
        if (hl_str_ends(text, numerics[i]) &&
            has_record(v, (hl_str){text.at, text.n - strlen(numerics[i])}))
            return true;
    const char *dot = strrchr(file, '.');
    return dot && dot > file && has_record(v, (hl_str){file, (size_t)(dot - file)}) &&
           (hl_wave_check_is_annotator(dot + 1) || strcmp(dot, ".info") == 0);
}

static bool is_plain_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* own: the folder holds one record and nothing else; in others only signal files are looked for. */
static hl_code find_strays(const inventory *v, const char *folder, bool own, const hl_found_at *at,
                           hl_wave_findings *found, hl_error *err)
{
    char path[HL_PATH_BYTES], show[HL_SHOW_BYTES];
    hl_code c = HL_OK;

    for (size_t i = 0; i < v->names.n && c == HL_OK && v->all_known; i++) {
        const char *file = v->names.name[i];
        if (is_known(v, file) || !(own || ends_in(file, ".dat")))
            continue;
        c = hl_path_join(folder, file, path, err);
        if (c == HL_OK && is_plain_file(path))
            hl_wave_found(found, HL_FOUND_WARNING, at, "%s: no header names this file",
                          hl_show(hl_str_of(file), show));
    }
    return c;
}

/* --- walking ---------------------------------------------------------------------------------- */

typedef struct {
    const char *root;
    hl_wave_targets *out;
    hl_wave_findings *found;
    hl_strmap *taken;   /* records that are targets, below root */
    hl_strmap *visited; /* folders, links followed: lists may lead in circles */
} walk;

static hl_code visit(walk *w, const char *below, bool listed, int depth, hl_error *err);

/* *added: it was none yet. */
static hl_code add_target(walk *w, const char *shown, bool *added, hl_error *err)
{
    char path[HL_PATH_BYTES], folder[HL_PATH_BYTES], name[HL_PATH_BYTES];
    int64_t was;
    hl_code c = hl_strmap_add(w->taken, hl_str_of(shown), 1, &was, err);

    *added = was < 0;
    if (c != HL_OK || was >= 0)
        return c;
    c = hl_path_join(w->root, shown, path, err);
    if (c == HL_OK)
        c = hl_place_split(path, folder, name, err);
    return c == HL_OK ? hl_wave_targets_add(w->out, folder, name, shown, err) : c;
}

static hl_code take_entry(walk *w, const char *below, hl_str entry, int depth, hl_error *err)
{
    const hl_found_at at = {.record = *below ? below : ".", .signal = -1};
    char name[HL_PATH_BYTES], shown[HL_PATH_BYTES], path[HL_PATH_BYTES], file[HL_PATH_BYTES];
    char show[HL_SHOW_BYTES];
    bool is_folder = hl_str_ends(entry, "/"), added = true;

    while (hl_str_ends(entry, "/"))
        entry.n--;
    if (!hl_path_is_inside(entry)) {
        hl_wave_found(w->found, HL_FOUND_ERROR, &at, "RECORDS names '%s', which leads out of it",
                      hl_show(entry, show));
        return HL_OK;
    }
    snprintf(name, sizeof name, "%.*s", (int)entry.n, entry.at);
    hl_code c = hl_path_join(below, name, shown, err);
    if (c == HL_OK)
        c = hl_path_join(w->root, shown, path, err);
    if (c != HL_OK)
        return c;
    const bool is_edf = ends_in(name, ".edf") || ends_in(name, ".bdf");
    if (snprintf(file, sizeof file, "%s%s", path, is_edf ? "" : ".hea") >= (int)sizeof file)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the name is too long", path);
    if (!is_folder && hl_file_exists(file))
        c = add_target(w, shown, &added, err);
    else if (hl_is_folder(path))
        c = visit(w, shown, true, depth + 1, err);
    else
        hl_wave_found(w->found, HL_FOUND_ERROR, &at, "RECORDS names '%s', which is not there",
                      hl_show(entry, show));
    if (!added)
        hl_wave_found(w->found, HL_FOUND_WARNING, &at, "RECORDS names '%s' twice",
                      hl_show(entry, show));
    return c;
}

static hl_code take_list(walk *w, const char *below, const char *folder, int depth, hl_error *err)
{
    const hl_found_at at = {.record = *below ? below : ".", .signal = -1};
    char path[HL_PATH_BYTES];
    hl_error local = {0};
    hl_buf text = {0};
    hl_code c = hl_path_join(folder, "RECORDS", path, err);

    if (c != HL_OK)
        return c;
    c = hl_read_file(path, MAX_LIST_BYTES, &text, NULL, &local);
    if (c != HL_OK && hl_wave_is_finding(c, &local)) {
        hl_error_below(&local, w->root);
        hl_wave_found(w->found, HL_FOUND_ERROR, &at, "%s", local.message);
        c = HL_OK;
    } else if (c != HL_OK && err) {
        *err = local;
    }
    for (size_t i = 0; i < text.n && c == HL_OK;) {
        const char *line = text.at + i, *end = memchr(line, '\n', text.n - i);
        size_t n = end ? (size_t)(end - line) : text.n - i;
        i += n + 1;
        n -= n > 0 && line[n - 1] == '\r';
        const hl_str entry = hl_str_trim((hl_str){line, n});
        if (entry.n > 0)
            c = take_entry(w, below, entry, depth, err);
    }
    hl_buf_free(&text);
    return c;
}

/* Records of this very folder; listed: a list should have named them. */
static hl_code take_headers(walk *w, const char *below, const inventory *v, bool listed, bool *own,
                            hl_error *err)
{
    const hl_found_at at = {.record = *below ? below : ".", .signal = -1};
    const char *slash = strrchr(below, '/'), *last = slash ? slash + 1 : below;
    char name[HL_PATH_BYTES], shown[HL_PATH_BYTES], show[HL_SHOW_BYTES];
    hl_code c = HL_OK;

    for (size_t i = 0; i < v->names.n && c == HL_OK; i++) {
        size_t n;
        bool added;
        if (!is_record_file(v, v->names.name[i], &n))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)n, v->names.name[i]);
        *own |= strcmp(name, last) == 0;
        c = hl_path_join(below, name, shown, err);
        if (c == HL_OK)
            c = add_target(w, shown, &added, err);
        if (c == HL_OK && added && listed)
            hl_wave_found(w->found, HL_FOUND_WARNING, &at, "no RECORDS list names record '%s'",
                          hl_show(hl_str_of(name), show));
    }
    return c;
}

static bool is_real_folder(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static hl_code visit_folders(walk *w, const char *below, const char *folder, const inventory *v,
                             bool listed, int depth, hl_error *err)
{
    char path[HL_PATH_BYTES], shown[HL_PATH_BYTES];
    hl_code c = HL_OK;

    for (size_t i = 0; i < v->names.n && c == HL_OK; i++) {
        c = hl_path_join(folder, v->names.name[i], path, err);
        if (c != HL_OK || !is_real_folder(path))
            continue;
        c = hl_path_join(below, v->names.name[i], shown, err);
        if (c == HL_OK)
            c = visit(w, shown, listed, depth + 1, err);
    }
    return c;
}

/* folder is that of below; nobody was there before. */
static hl_code look_around(walk *w, const char *below, const char *folder, bool listed, int depth,
                           hl_error *err)
{
    const hl_found_at at = {.record = *below ? below : ".", .signal = -1};
    inventory v = {0};
    bool own = false;
    hl_code c = take_inventory(folder, &v, err);

    if (c == HL_OK && has(&v, hl_str_of("RECORDS"))) {
        listed = true;
        c = take_list(w, below, folder, depth, err);
    }
    if (c == HL_OK)
        c = take_headers(w, below, &v, listed, &own, err);
    if (c == HL_OK)
        c = find_strays(&v, folder, own, &at, w->found, err);
    if (c == HL_OK)
        c = visit_folders(w, below, folder, &v, listed, depth, err);
    inventory_free(&v);
    return c;
}

static hl_code visit(walk *w, const char *below, bool listed, int depth, hl_error *err)
{
    const hl_found_at at = {.record = *below ? below : ".", .signal = -1};
    char *folder = malloc(HL_PATH_BYTES), *real = NULL;
    int64_t was = -1;
    hl_code c = folder ? hl_path_join(w->root, below, folder, err)
                       : hl_fail_memory(err, "folder", HL_PATH_BYTES);

    if (c == HL_OK) {
        real = realpath(folder, NULL);
        c = hl_strmap_add(w->visited, hl_str_of(real ? real : folder), 1, &was, err);
    }
    if (c == HL_OK && was < 0 && depth > MOST_DEPTH)
        hl_wave_found(w->found, HL_FOUND_ERROR, &at, "more than %d folders in one another",
                      MOST_DEPTH);
    else if (c == HL_OK && was < 0)
        c = look_around(w, below, folder, listed, depth, err);
    free(real);
    free(folder);
    return c;
}

hl_code hl_wave_check_folder(const char *folder, hl_wave_targets *out, hl_wave_findings *found,
                             hl_error *err)
{
    walk w = {.root = folder,
              .out = out,
              .found = found,
              .taken = hl_strmap_new(0),
              .visited = hl_strmap_new(0)};
    hl_code c =
        w.taken && w.visited ? visit(&w, "", false, 0, err) : hl_fail_memory(err, "records", 0);

    hl_strmap_free(&w.taken);
    hl_strmap_free(&w.visited);
    return c == HL_OK ? hl_wave_findings_check(found, err) : c;
}

/* --- around a record -------------------------------------------------------------------------- */

static bool is_digits(hl_str text, size_t n)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.n == n;
}

/* The last part of a path, which is cut off. */
static hl_str last_part(hl_str *path)
{
    size_t n = path->n;

    while (n > 0 && path->at[n - 1] != '/')
        n--;
    const hl_str part = {path->at + n, path->n - n};
    path->n = n > 0 ? n - 1 : 0;
    return part;
}

static bool is_subject(hl_str part)
{
    return part.n > 0 && *part.at == 'p' &&
           is_digits((hl_str){part.at + 1, part.n - 1}, SUBJECT_DIGITS);
}

/* "subject_id 10014354" among the comments; .n == 0: it is not stated. */
static hl_str stated_subject(const hl_wfdb_header *h)
{
    static const char key[] = "subject_id";

    for (size_t i = 0; i < h->n_comments; i++) {
        hl_str text = hl_str_trim(hl_str_of(h->comment[i]));
        if (!hl_str_starts(text, key))
            continue;
        text = (hl_str){text.at + strlen(key), text.n - strlen(key)};
        while (text.n > 0 && (*text.at == ' ' || *text.at == ':' || *text.at == '='))
            text = (hl_str){text.at + 1, text.n - 1};
        return text;
    }
    return (hl_str){"", 0};
}

/* waves/p100/p10014354/81739927/81739927.hea */
static void check_names_above(hl_record_check *k, const char *path)
{
    char a[HL_SHOW_BYTES], b[HL_SHOW_BYTES];
    hl_str left = hl_str_of(path), own = last_part(&left), subject = own, group;
    const hl_str stated = stated_subject(&k->header);

    if (!is_subject(own))
        subject = last_part(&left);
    group = last_part(&left);
    /* A segment may be named alone. */
    if (is_digits(own, SUBJECT_DIGITS) && strncmp(k->target->name, own.at, own.n) != 0)
        hl_wave_found(k->found, HL_FOUND_WARNING, &k->here,
                      "the record lies in folder '%s' and not in one of its name", hl_show(own, a));
    if (!is_subject(subject))
        return;
    if (group.n != 1 + GROUP_DIGITS || memcmp(group.at, subject.at, group.n) != 0)
        hl_wave_found(k->found, HL_FOUND_WARNING, &k->here,
                      "subject folder '%s' lies in '%s' and not in '%.*s'", hl_show(subject, a),
                      hl_show(group, b), 1 + GROUP_DIGITS, subject.at);
    if (stated.n > 0 && !hl_str_equal(stated, (hl_str){subject.at + 1, subject.n - 1}))
        hl_wave_found(k->found, HL_FOUND_WARNING, &k->here,
                      "the header is of subject '%s', the folder of '%s'", hl_show(stated, a),
                      hl_show(subject, b));
}

hl_code hl_wave_check_surroundings(hl_record_check *k, hl_error *err)
{
    const char *folder = k->target->folder;
    char *real = k->is_remote ? NULL : realpath(folder, NULL);
    const char *path = real ? real : folder, *slash = strrchr(path, '/');
    inventory v = {0};
    hl_code c = HL_OK;

    if (k->header.name) /* it could be read */
        check_names_above(k, path);
    if (k->target->alone && !k->is_remote && strcmp(slash ? slash + 1 : path, k->target->name) == 0)
        c = take_inventory(folder, &v, err);
    if (c == HL_OK)
        c = find_strays(&v, folder, true, &k->here, k->found, err);
    inventory_free(&v);
    free(real);
    return c;
}
