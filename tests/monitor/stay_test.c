/*
 * The stays of the made export, built in both styles, against what the originals made of them.
 * Golden files: shared/data/wfdb/export/golden (the public converter), shared/data/wfdb/mimic4like.
 */
#include "monitor/stay.h"

#include <sys/stat.h>

#include "format/wfdb/wfdb.h"
#include "monitor/export.h"
#include "tap.h"

#define HOUR_US INT64_C(3600000000)
#define MTIME 1654041600 /* of the golden database: it stands inside its .csv.gz files */

/* --- an export, cut into stays ---------------------------------------------------------------- */

typedef struct {
    hl_uuid patient;
    int64_t from_us, to_us;
} stay;

typedef struct {
    hl_export *export;
    const stay *stay;
    hl_message_kind kind;
    hl_export_reader *reader;
} feed;

static void ignore(void *ctx, hl_export_finding what, const char *text)
{
    (void)ctx;
    (void)what;
    (void)text;
}

static hl_code feed_next(void *ctx, hl_message *m, hl_error *err)
{
    feed *f = ctx;
    hl_code c;

    while ((c = hl_export_next(f->reader, m, err)) == HL_OK) {
        bool known;
        hl_uuid patient = hl_export_patient(f->export, m->mapping, &known);
        if (memcmp(&patient, &f->stay->patient, sizeof patient) == 0 &&
            m->time.us >= f->stay->from_us && m->time.us <= f->stay->to_us)
            return HL_OK;
    }
    return c;
}

static hl_code feed_rewind(void *ctx, hl_error *err)
{
    feed *f = ctx;

    hl_export_reader_close(&f->reader);
    return hl_export_read(f->export, f->kind, &f->reader, err);
}

typedef struct {
    hl_uuid patient;
    int64_t us;
} moment;

static int by_moment(const void *a, const void *b)
{
    const moment *x = a, *y = b;
    int c = memcmp(&x->patient, &y->patient, sizeof x->patient);

    return c ? c : (x->us > y->us) - (x->us < y->us);
}

#undef qsort /* a full key */

/* Messages of a patient without an hour between two of them are a stay. */
static size_t find_stays(hl_export *e, stay *to, size_t most)
{
    moment *m = NULL;
    size_t n = 0, cap = 0, k = 0;

    for (int kind = 0; kind < HL_MESSAGE_KINDS; kind++) {
        hl_export_reader *r = NULL;
        hl_message msg;
        if (!ok(hl_export_read(e, (hl_message_kind)kind, &r, NULL) == HL_OK))
            break;
        while (hl_export_next(r, &msg, NULL) == HL_OK) {
            bool known;
            if (n == cap)
                m = realloc(m, (cap = cap ? 2 * cap : 1024) * sizeof *m);
            m[n++] = (moment){hl_export_patient(e, msg.mapping, &known), msg.time.us};
        }
        hl_export_reader_close(&r);
    }
    if (n > 0)
        qsort(m, n, sizeof *m, by_moment);
    for (size_t i = 0; i < n; i++) {
        if (k > 0 && memcmp(&to[k - 1].patient, &m[i].patient, sizeof m[i].patient) == 0 &&
            m[i].us - to[k - 1].to_us <= HOUR_US)
            to[k - 1].to_us = m[i].us;
        else if (k < most)
            to[k++] = (stay){m[i].patient, m[i].us, m[i].us};
    }
    free(m);
    return k;
}

/* --- golden files ----------------------------------------------------------------------------- */

typedef struct {
    const char *record, *subject_id, *hadm_id;
    int64_t base_sequence;
    int64_t shift_days; /* export's time to the record's */
    int n_files;        /* DATABASE */
} golden;

static const golden stays[] = {
    {"81000103", "10999002", "29999002", 700000000777, 3650, 6},
    {"83000101", "10999001", "29999001", 500000000123, 3650, 34},
    {"85000102", "10999001", "29999001", 500004981123, 3650, 6},
};

static bool read_file(const char *folder, const char *name, hl_buf *to)
{
    char path[HL_PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    hl_buf_clear(to);
    return hl_read_file(path, (size_t)64 << 20, to, NULL, NULL) == HL_OK;
}

/* A file of one folder equals that of another. */
static void same_file(const char *got_folder, const char *got_name, const char *want_folder,
                      const char *want_name)
{
    hl_buf got = {0}, want = {0};

    if (!tap_check(read_file(want_folder, want_name, &want), __FILE__, __LINE__, "no golden %s",
                   want_name)) {
    } else if (tap_check(read_file(got_folder, got_name, &got), __FILE__, __LINE__, "no %s",
                         got_name)) {
        size_t i = 0;
        while (i < got.n && i < want.n && got.at[i] == want.at[i])
            i++;
        tap_check(got.n == want.n && i == got.n, __FILE__, __LINE__,
                  "%s: %zu bytes, not %zu; differs at %zu", want_name, got.n, want.n, i);
    }
    hl_buf_free(&got);
    hl_buf_free(&want);
}

static void build(const golden *g, hl_stay_style style, const char *folder, hl_stay_result *result,
                  hl_arena *arena)
{
    const char *in = shared("wfdb/export/in");
    const char *scratch = temp_folder();
    hl_error err = {0};
    hl_export *e = NULL;
    stay found[8];
    size_t n;
    hl_code c = hl_export_open(&in, 1, NULL, ignore, NULL, &e, &err);

    tap_check(c == HL_OK, __FILE__, __LINE__, "%s", err.message);
    n = c == HL_OK ? find_stays(e, found, 8) : 0;
    is_int(n, 3);
    for (size_t i = 0; i < n; i++) {
        feed f[HL_MESSAGE_KINDS];
        hl_stay_input input;
        hl_stay_options o = {.style = style,
                             .folder = folder,
                             .scratch = scratch,
                             .name = style == HL_STAY_DOWNCAST ? "waves" : g->record,
                             .tick_hz = 999.56,
                             .shift_us = g->shift_days * 86400 * 1000000,
                             .mtime = MTIME,
                             .subject_id = g->subject_id,
                             .hadm_id = g->hadm_id,
                             .annotations = style == HL_STAY_DOWNCAST,
                             .version_line = true};
        bool mine = false;
        hl_message m;
        for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
            f[k] = (feed){e, &found[i], (hl_message_kind)k, NULL};
            input.source[k] = (hl_message_source){&f[k], feed_next, feed_rewind};
        }
        if (feed_rewind(&f[0], &err) == HL_OK && feed_next(&f[0], &m, &err) == HL_OK)
            mine = m.sequence == g->base_sequence;
        if (mine) {
            c = hl_stay_build(&input, &o, arena, result, &err);
            tap_check(c == HL_OK, __FILE__, __LINE__, "%s: %d %s", g->record, (int)c, err.message);
        }
        for (int k = 0; k < HL_MESSAGE_KINDS; k++)
            hl_export_reader_close(&f[k].reader);
    }
    hl_export_close(&e);
    rmdir(scratch);
}

static void check_sha256(const char *folder, const char *list_folder)
{
    hl_buf list = {0}, file = {0};
    hl_digest want, got;

    ok(read_file(list_folder, "dat.sha256", &list));
    for (char *p = list.at; p && p < list.at + list.n; p = strchr(p, '\n') + 1) {
        char name[64];
        ok(sscanf(p, "%*64s %63s", name) == 1);
        ok(hl_digest_parse((hl_str){p, 64}, &want));
        ok(read_file(folder, name, &file));
        hl_sha256_of(file.at, file.n, &got);
        tap_check(memcmp(want.sha256, got.sha256, 32) == 0, __FILE__, __LINE__, "%s differs", name);
    }
    hl_buf_free(&list);
    hl_buf_free(&file);
}

/* Both sides without gzip: the goldens were packed by another program. */
static void same_text(const char *got_folder, const char *got_name, const char *want_folder,
                      const char *want_name)
{
    hl_buf text[2] = {{0}, {0}};
    const char *folder[2] = {got_folder, want_folder}, *name[2] = {got_name, want_name};

    for (int i = 0; i < 2; i++) {
        char path[HL_PATH_BYTES];
        hl_stream *s = NULL;
        char *at;
        size_t n;
        snprintf(path, sizeof path, "%s/%s", folder[i], name[i]);
        if (!tap_check(hl_stream_open(path, HL_STREAM_PLAIN, NULL, &s, NULL) == HL_OK, __FILE__,
                       __LINE__, "no %s", path))
            break;
        while (hl_stream_next(s, &at, &n, NULL) == HL_OK)
            hl_buf_append(&text[i], at, n);
        hl_stream_close(&s);
    }
    tap_check(text[0].n == text[1].n && text[0].n > 0 &&
                  memcmp(text[0].at, text[1].at, text[0].n) == 0,
              __FILE__, __LINE__, "%s differs", got_name);
    hl_buf_free(&text[0]);
    hl_buf_free(&text[1]);
}

static bool has_file(const hl_stay_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_files; i++)
        if (strcmp(r->file[i].name, name) == 0)
            return true;
    return false;
}

static void stage_a(const golden *g)
{
    const char *folder = temp_folder();
    hl_arena *arena = hl_arena_new(0);
    hl_stay_result r = {0};
    hl_names names = {0};
    char path[256];
    const char *want;

    snprintf(path, sizeof path, "wfdb/export/golden/%s", g->record);
    want = shared(path);
    build(g, HL_STAY_DOWNCAST, folder, &r, arena);
    is_int(r.base_sequence, g->base_sequence);
    ok(hl_list_folder(want, &names, NULL) == HL_OK);
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.name[i];
        char plain[256];
        if (strcmp(name, "dat.sha256") == 0)
            check_sha256(folder, want);
        else if (strstr(name, ".log") || strstr(name, ".csv.gz")) {
            snprintf(plain, sizeof plain, "%s", name);
            if (!has_file(&r, plain))
                *strstr(plain, ".gz") = 0;
            same_text(folder, plain, want, name);
        } else if (!strstr(name, ".txt"))
            same_file(folder, name, want, name);
    }
    hl_names_free(&names);
    hl_arena_free(&arena);
    hl_remove_tree(folder, NULL);
}

static void database(const golden *g)
{
    const char *folder = temp_folder();
    hl_arena *arena = hl_arena_new(0);
    hl_stay_result r = {0};
    hl_names names = {0};
    struct stat st;
    char path[256];
    const char *want;

    snprintf(path, sizeof path, "wfdb/mimic4like/waves/p109/p%s/%s", g->subject_id, g->record);
    want = shared(path);
    build(g, HL_STAY_DATABASE, folder, &r, arena);
    ok(hl_list_folder(want, &names, NULL) == HL_OK);
    is_int(r.n_files, names.n);
    for (size_t i = 0; i < names.n && i < r.n_files; i++) {
        is_str(r.file[i].name, names.name[i]);
        same_file(folder, r.file[i].name, want, names.name[i]);
    }
    ok(stat(folder, &st) == 0 && st.st_mtime == MTIME);
    hl_names_free(&names);
    hl_arena_free(&arena);
    hl_remove_tree(folder, NULL);
}

static void stays_become_what_the_public_converter_makes_of_them(void)
{
    if (!shared("wfdb/export/golden"))
        skip("no shared data");
    for (size_t i = 0; i < sizeof stays / sizeof *stays && shared("wfdb/export/golden"); i++)
        stage_a(&stays[i]);
}

static void stays_become_records_of_the_database(void)
{
    if (!shared("wfdb/mimic4like"))
        skip("no shared data");
    for (size_t i = 0; i < sizeof stays / sizeof *stays && shared("wfdb/mimic4like"); i++)
        database(&stays[i]);
}

int main(void)
{
    run(stays_become_what_the_public_converter_makes_of_them);
    run(stays_become_records_of_the_database);
    return done();
}
