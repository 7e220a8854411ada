/*
 * The events of three stays against the files that the public converter made of them, and the
 * numerics files of the database that was made from those.
 */
#include "tap.h"

#include "base/map.h"
#include "base/sort.h"
#include "monitor/events.h"
#include "monitor/export.h"

typedef struct {
    const char *id;      /* record */
    const char *patient; /* uuid */
    const char *from, *to;
    int64_t base;
} stay;

static const stay stays[] = {
    {"81000103", "9531985d-5d9d-c9f8-1818-e811892f902b", "2149-03-07 00:00:00.000 -05:00",
     "2149-03-08 00:00:00.000 -05:00", INT64_C(700000000777)},
    {"83000101", "6513270e-269e-0d37-f2a7-4de452e6b438", "2149-03-07 00:00:00.000 -05:00",
     "2149-03-07 03:40:00.000 -05:00", INT64_C(500000000123)},
    {"85000102", "6513270e-269e-0d37-f2a7-4de452e6b438", "2149-03-07 03:40:00.000 -05:00",
     "2149-03-08 00:00:00.000 -05:00", INT64_C(500004981123)},
};
enum { N_STAYS = sizeof stays / sizeof *stays };

/* The messages of a kind that belong to a stay, out of the whole export. */
typedef struct {
    hl_export *e;
    hl_message_kind kind;
    hl_export_reader *reader;
    hl_uuid patient;
    int64_t from_us, to_us;
} source;

static hl_code next(void *ctx, hl_message *out, hl_error *err)
{
    source *s = ctx;
    bool known;

    for (;;) {
        hl_code c = hl_export_next(s->reader, out, err);
        if (c != HL_OK)
            return c;
        hl_uuid id = hl_export_patient(s->e, out->mapping, &known);
        if (memcmp(&id, &s->patient, sizeof id) == 0 && out->time.us >= s->from_us &&
            out->time.us < s->to_us)
            return HL_OK;
    }
}

static hl_code begin(void *ctx, hl_error *err)
{
    source *s = ctx;

    hl_export_reader_close(&s->reader);
    return hl_export_read(s->e, s->kind, &s->reader, err);
}

static hl_stay_input input_of(const stay *x, hl_export *e, source s[HL_MESSAGE_KINDS])
{
    hl_stay_input input;
    hl_stamp from, to;
    hl_uuid patient;

    ok(hl_uuid_parse(hl_str_of(x->patient), &patient));
    ok(hl_stamp_parse(hl_str_of(x->from), &from) && hl_stamp_parse(hl_str_of(x->to), &to));
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        s[k] = (source){.e = e,
                        .kind = (hl_message_kind)k,
                        .patient = patient,
                        .from_us = from.us,
                        .to_us = to.us};
        input.source[k] = (hl_message_source){&s[k], next, begin};
    }
    return input;
}

static hl_clock *clock_of(const hl_stay_input *input, hl_error *err)
{
    hl_clock *clock = hl_clock_new();
    const hl_message_source *waves = &input->source[HL_MESSAGE_WAVE];
    hl_message m;

    ok(waves->rewind(waves->ctx, err) == HL_OK);
    while (waves->next(waves->ctx, &m, err) == HL_OK)
        ok(hl_clock_add(clock, m.sequence, m.time, NULL, err) == HL_OK);
    ok(hl_events_see(input, clock, err) == HL_OK);
    ok(hl_clock_resolve(clock, err) == HL_OK);
    return clock;
}

/* --- quality, from the converter's own list ----------------------------------------------------
 */

static hl_buf text_of(const char *path)
{
    hl_buf text = {0};
    hl_stream *s = NULL;
    hl_error err = {0};
    char *at;
    size_t n;

    if (path && hl_stream_open(path, HL_STREAM_PLAIN, NULL, &s, &err) == HL_OK)
        while (hl_stream_next(s, &at, &n, &err) == HL_OK)
            hl_buf_append(&text, at, n);
    hl_stream_close(&s);
    return text;
}

static int compare_quality(const void *a, const void *b, void *ctx)
{
    const hl_quality *x = a, *y = b;

    (void)ctx;
    if (x->signal != y->signal)
        return x->signal < y->signal ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

static hl_quality *quality_of(const stay *x, size_t *n)
{
    char name[200], *line, *rest;
    snprintf(name, sizeof name, "wfdb/export/golden/%s/waves_layout.hea", x->id);
    hl_buf layout = text_of(shared(name));
    snprintf(name, sizeof name, "wfdb/export/golden/%s/quality_events.txt", x->id);
    hl_buf events = text_of(shared(name));
    hl_quality *q = calloc(events.n + 1, sizeof *q);
    int32_t signal = -1;

    *n = 0;
    for (line = strtok_r(events.at, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        long long a, b;
        char kind;
        if (strncmp(line, "== ", 3) == 0) {
            char wanted[100];
            snprintf(wanted, sizeof wanted, " %s\r\n", line + 3);
            const char *at = strstr(layout.at, wanted);
            ok(at != NULL);
            signal = -1;
            for (const char *p = layout.at; at && p < at; p++)
                signal += *p == '\n';
        } else if (sscanf(line, "P%lld", &a) == 1) {
            q[(*n)++] = (hl_quality){HL_QUALITY_PACED, signal, a, a};
        } else if (sscanf(line, "%c%lld-%lld", &kind, &a, &b) == 3) {
            q[(*n)++] = (hl_quality){kind == 'I' ? HL_QUALITY_INVALID : HL_QUALITY_UNAVAILABLE,
                                     signal, a, b};
        }
    }
    ok(hl_sort_stable(q, *n, sizeof *q, compare_quality, NULL, NULL) == HL_OK);
    hl_buf_free(&layout);
    hl_buf_free(&events);
    return q;
}

/* --- the files ----------------------------------------------------------------------------------
 */

typedef struct {
    char text[400]; /* " name name" */
    const char *folder;
} file_list;

static hl_code add(void *ctx, const char *name, const hl_digest *digest, hl_error *err)
{
    file_list *list = ctx;
    char path[600];
    hl_buf bytes = {0};
    hl_digest is;

    snprintf(list->text + strlen(list->text), sizeof list->text - strlen(list->text), " %s", name);
    snprintf(path, sizeof path, "%s/%s", list->folder, name);
    ok(hl_read_file(path, SIZE_MAX, &bytes, &is, err) == HL_OK);
    ok(hl_digest_equal(digest, &is));
    hl_buf_free(&bytes);
    return HL_OK;
}

static void same_text(const char *folder, const char *name, const char *golden)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    hl_buf got = text_of(path), want = text_of(shared(golden));

    ok(want.n > 0);
    is_int(got.n, want.n);
    is_mem(got.at, want.at, got.n < want.n ? got.n : want.n);
    hl_buf_free(&got);
    hl_buf_free(&want);
}

static void same_bytes(const char *folder, const char *name, const char *golden)
{
    char path[600];
    hl_buf got = {0}, want = {0};

    snprintf(path, sizeof path, "%s/%s", folder, name);
    ok(hl_read_file(path, SIZE_MAX, &got, NULL, NULL) == HL_OK);
    ok(shared(golden) && hl_read_file(shared(golden), SIZE_MAX, &want, NULL, NULL) == HL_OK);
    is_int(got.n, want.n);
    is_mem(got.at, want.at, got.n < want.n ? got.n : want.n);
    hl_buf_free(&got);
    hl_buf_free(&want);
}

static void build(const stay *x, hl_stay_options *o, file_list *list, hl_stay_result *result)
{
    hl_error err = {0};
    hl_export *e = NULL;
    source s[HL_MESSAGE_KINDS];
    const char *folder = shared("wfdb/export/in");
    int64_t first;
    bool any;
    size_t n;

    ok(hl_export_open(&folder, 1, NULL, NULL, NULL, &e, &err) == HL_OK);
    if (!e)
        return;
    hl_stay_input input = input_of(x, e, s);
    hl_clock *clock = clock_of(&input, &err);
    ok(hl_events_first(&input, clock, &first, &any, &err) == HL_OK && any);
    is_int(first, x->base);
    hl_quality *q = quality_of(x, &n);
    hl_code c = hl_events_write(&input, o, clock, first, q, n, add, list, result, &err);
    is_int(c, HL_OK);
    is_str(err.message, "");
    free(q);
    hl_clock_free(&clock);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++)
        hl_export_reader_close(&s[k].reader);
    hl_export_close(&e);
}

static void the_converters_files_come_out_byte_for_byte(void)
{
    static const char *const inflated[] = {
        "numerics.csv.gz", "numerics.log.gz", "aperiodics.log.gz", "alerts.log.gz", "enums.log.gz",
        "time_map.csv",    "waves.beat",      "waves.alarm",       "waves.wq"};
    if (!shared("wfdb/export/in")) {
        skip("no reference data");
        return;
    }
    for (size_t i = 0; i < N_STAYS; i++) {
        char folder[300], scratch[300], golden[300];
        snprintf(folder, sizeof folder, "%s", temp_folder());
        snprintf(scratch, sizeof scratch, "%s", temp_folder());
        hl_stay_options o = {.style = HL_STAY_DOWNCAST,
                             .folder = folder,
                             .scratch = scratch,
                             .name = "waves",
                             .tick_hz = 999.56,
                             .annotations = true};
        file_list list = {.folder = folder};
        hl_stay_result result = {0};
        hl_names left = {0};

        build(&stays[i], &o, &list, &result);
        is_str(list.text, " numerics.csv.gz waves.beat waves.alarm waves.wq numerics.log.gz "
                          "aperiodics.log.gz enums.log.gz alerts.log.gz time_map.csv");
        for (size_t k = 0; k < sizeof inflated / sizeof *inflated; k++) {
            snprintf(golden, sizeof golden, "wfdb/export/golden/%s/%s", stays[i].id, inflated[k]);
            same_text(folder, inflated[k], golden);
        }
        ok(hl_list_folder(scratch, &left, NULL) == HL_OK);
        is_int(left.n, 0);
        hl_names_free(&left);
        hl_remove_tree(folder, NULL);
        hl_remove_tree(scratch, NULL);
    }
}

static void the_databases_numerics_come_out_byte_for_byte(void)
{
    static const char *const subject[N_STAYS] = {"p10999002", "p10999001", "p10999001"};

    if (!shared("wfdb/mimic4like")) {
        skip("no reference data");
        return;
    }
    for (size_t i = 0; i < N_STAYS; i++) {
        char folder[300], name[100], golden[300], want[400];
        const char *id = stays[i].id;
        snprintf(folder, sizeof folder, "%s", temp_folder());
        hl_stay_options o = {.style = HL_STAY_DATABASE,
                             .folder = folder,
                             .scratch = folder,
                             .name = id,
                             .tick_hz = 999.56,
                             .mtime = 1654041600,
                             .annotations = true};
        file_list list = {.folder = folder};
        hl_stay_result result = {0};

        build(&stays[i], &o, &list, &result);
        snprintf(want, sizeof want, " %sn.csv.gz %s.beat %s.alarm %s.wq", id, id, id, id);
        is_str(list.text, want);
        ok(result.n_numeric_rows > 50 && result.n_annotations > 50);
        snprintf(name, sizeof name, "%sn.csv.gz", id);
        snprintf(golden, sizeof golden, "wfdb/mimic4like/waves/p109/%s/%s/%s", subject[i], id,
                 name);
        same_bytes(folder, name, golden);
        hl_remove_tree(folder, NULL);
    }
}

int main(void)
{
    run(the_converters_files_come_out_byte_for_byte);
    run(the_databases_numerics_come_out_byte_for_byte);
    return done();
}
