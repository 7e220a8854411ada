#include "monitor/gather.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sort.h"
#include "monitor/repair.h"

#define CHECK_ROWS 4096 /* between two looks at the request to stop */
#define SHOWN_FINDINGS 3
#define MINUTE_US INT64_C(60000000)

/* --- identity --------------------------------------------------------------------------------- */

static hl_code add_folder(hl_buf *text, const char *folder, hl_error *err)
{
    hl_names names = {0};
    char path[HL_PATH_BYTES];
    struct stat st;
    hl_code c = hl_list_folder(folder, &names, err);

    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        c = hl_path_join(folder, names.name[i], path, err);
        if (c == HL_OK && stat(path, &st) != 0)
            c = hl_fail_errno(err, path, "look at", errno);
        if (c == HL_OK && S_ISREG(st.st_mode))
            hl_buf_printf(text, "%s %lld %lld.%09ld\n", names.name[i], (long long)st.st_size,
                          (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    }
    hl_names_free(&names);
    return c;
}

hl_code hl_gather_identity(const hl_gather_options *o, const char *version, const hl_digest *map,
                           hl_digest *out, hl_error *err)
{
    hl_buf text = {0};
    char hex[HL_HEX_CHARS];
    hl_code c = HL_OK;

    hl_buf_printf(&text, "%s %lld %lld %d\n", version, (long long)o->since_us,
                  (long long)o->until_us, o->repair_dst);
    if (o->n_shards) /* whose patients a shard's are stands in the map */
        hl_buf_printf(&text, "%lld %s\n", (long long)o->n_shards, hl_digest_hex(map, hex));
    for (size_t i = 0; c == HL_OK && i < o->n_folders; i++)
        c = add_folder(&text, o->folder[i], err);
    if (c == HL_OK)
        c = hl_buf_check(&text, "the list of the export", err);
    if (c == HL_OK)
        hl_sha256_of(text.at, text.n, out);
    hl_buf_free(&text);
    return c;
}

/* --- findings --------------------------------------------------------------------------------- */

typedef struct {
    const hl_gather_options *o;
    hl_gathered *out;
    hl_spool *spool;
    hl_export *export;
    hl_repair repair;
} gathering;

/* The first few of each kind in words, the rest as a number at the end. */
static void take_finding(void *ctx, hl_export_finding what, const char *text)
{
    gathering *g = ctx;

    if (g->out->n_findings[what]++ < SHOWN_FINDINGS)
        hl_warn(g->o->ctl, "%s", text);
}

static void sum_findings(const gathering *g)
{
    static const char *const name[HL_EXPORT_FINDINGS] = {
        "rows with a damaged field were left out",
        "damaged fields were taken as missing",
        "rows older than one before them were left out",
        "rows that came twice were left out",
        "places were damaged; the reader went on at the next row",
        "rows have an id that no definition has and were left out"};
    char n[32];

    for (int i = 0; i < HL_EXPORT_FINDINGS; i++)
        if (g->out->n_findings[i] > SHOWN_FINDINGS)
            hl_warn(g->o->ctl, "%s %s", hl_count_text(g->out->n_findings[i], n), name[i]);
    if (g->out->n_early)
        hl_info(g->o->ctl, "%s rows before the former --until were skipped: they are taken already",
                hl_count_text(g->out->n_early, n));
    if (g->out->n_late)
        hl_info(g->o->ctl, "%s rows from --until on were left to the next run",
                hl_count_text(g->out->n_late, n));
    if (g->out->n_strangers)
        hl_warn(g->o->ctl, "%s rows are of a mapping that PatientMapping does not have",
                hl_count_text(g->out->n_strangers, n));
    if (g->out->n_moved)
        hl_info(g->o->ctl, "%s timestamps of the autumn hour were moved to summer time",
                hl_count_text(g->out->n_moved, n));
    if (g->out->n_doubts)
        hl_warn(g->o->ctl, "%s timestamps of the autumn hour were left: their mapping has no time",
                hl_count_text(g->out->n_doubts, n));
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool is_own(const hl_gather_options *o, hl_uuid patient)
{
    char text[HL_F64_CHARS];
    size_t n;

    if (o->times_only)
        return false;
    if (!o->n_shards)
        return true;
    const hl_monitor_map_row *row = hl_monitor_map_rows(o->map, patient, &n);
    for (size_t i = 0; i < n; i++) {
        size_t length = hl_print_i64(row[i].subject_id, text);
        if ((int64_t)(hl_fnv1a64(text, length) % (uint64_t)o->n_shards) == o->shard)
            return true;
    }
    return false; /* of nobody in the map: refused without a look at the messages */
}

static int64_t day_of(int64_t local_us)
{
    int64_t day_us = HL_DAY_S * 1000000;

    return local_us / day_us - (local_us % day_us < 0);
}

static void note_time(hl_gathered *out, const hl_message *m, int64_t local_us)
{
    int64_t day = day_of(local_us);

    if (!out->has_zone || m->time.zone_min > out->zone_min)
        out->zone_min = m->time.zone_min;
    out->has_zone = true;
    if (out->first_day > out->last_day)
        out->first_day = out->last_day = day;
    out->first_day = day < out->first_day ? day : out->first_day;
    out->last_day = day > out->last_day ? day : out->last_day;
}

static hl_code take_message(gathering *g, hl_message *m, hl_error *err)
{
    bool known;
    hl_uuid patient = hl_export_patient(g->export, m->mapping, &known);

    /* A mapping may have been made on a day that this export no longer has. */
    if (!known && (!hl_spool_patient(g->spool, m->mapping, &patient) ||
                   memcmp(&patient, &m->mapping, sizeof patient) == 0))
        g->out->n_strangers++;
    if (g->o->repair_dst)
        hl_repair_message(&g->repair, m, hl_export_mapping_time(g->export, m->mapping));
    g->out->n_rows[m->kind]++;
    return is_own(g->o, patient) ? hl_spool_add(g->spool, patient, m, err)
                                 : hl_spool_see(g->spool, patient, m->time, err);
}

/*
 * Rows of a table are in the order of time, and local time goes back by an hour in autumn: so the
 * first row that reaches a limit settles it for all behind it. The same in the run of the next
 * days, so that no row is taken twice or never.
 */
static hl_code take_table(gathering *g, hl_message_kind kind, hl_error *err)
{
    hl_export_reader *reader = NULL;
    bool begun = g->o->since_us == INT64_MIN, over = false;
    int64_t n = 0;
    hl_message m;
    hl_code c = hl_export_read(g->export, kind, &reader, err);

    hl_repair_begin(&g->repair);
    while (c == HL_OK && (c = hl_export_next(reader, &m, err)) == HL_OK) {
        int64_t local_us = m.time.us + (int64_t)m.time.zone_min * MINUTE_US;
        begun = begun || local_us >= g->o->since_us;
        over = over || local_us >= g->o->until_us;
        note_time(g->out, &m, local_us);
        if (!begun)
            g->out->n_early++;
        else if (over)
            g->out->n_late++;
        else
            c = take_message(g, &m, err);
        if (c == HL_OK && ++n % CHECK_ROWS == 0)
            c = hl_ctl_check(g->o->ctl, err);
    }
    hl_export_reader_close(&reader);
    return c == HL_END ? HL_OK : c;
}

/* --- texts and files -------------------------------------------------------------------------- */

static hl_code allow_labels(const hl_export *e, hl_proof *proof, hl_error *err)
{
    size_t n_waves, n_numerics;
    const hl_wave_definition *wave = hl_export_waves(e, &n_waves);
    const hl_numeric_definition *numeric = hl_export_numerics(e, &n_numerics);
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < n_waves; i++) {
        c = hl_proof_allow(proof, wave[i].label, err);
        if (c == HL_OK)
            c = hl_proof_allow(proof, wave[i].unit_label, err);
    }
    for (size_t i = 0; c == HL_OK && i < n_numerics; i++) {
        c = hl_proof_allow(proof, numeric[i].sub_label, err);
        if (c == HL_OK)
            c = hl_proof_allow(proof, numeric[i].unit_label, err);
    }
    return c;
}

static int by_name(const void *a, const void *b, void *ctx)
{
    const struct hl_gathered_file *x = a, *y = b;

    (void)ctx;
    return strcmp(x->name, y->name);
}

/* "day1/WaveSample.21490307_21490308.gz" -> "WaveSample.1f0c4e5a9b21"; day folders often hold equal
 * files of definitions: those stand once. */
static hl_code take_files(const hl_export *e, hl_arena *arena, hl_gathered *out, hl_error *err)
{
    char hex[HL_HEX_CHARS];
    size_t n;
    const hl_export_file *file = hl_export_files(e, &n);
    hl_code c = HL_OK;

    out->n_files = 0;
    out->file = hl_arena_calloc(arena, n + 1, sizeof *out->file);
    for (size_t i = 0; out->file && c == HL_OK && i < n; i++) {
        const char *slash = strrchr(file[i].path, '/'), *name = slash ? slash + 1 : file[i].path;
        const char *ending = hl_str_ends(hl_str_of(name), ".fmt") ? ".fmt" : "";
        if (!file[i].was_read)
            continue;
        struct hl_gathered_file *f = &out->file[out->n_files++];
        f->digest = file[i].digest;
        f->name = hl_arena_printf(arena, "%.*s%s.%.12s", (int)strcspn(name, "."), name, ending,
                                  hl_digest_hex(&f->digest, hex));
        if (!f->name)
            c = hl_fail_memory(err, "the export's files", 64);
    }
    if (!out->file)
        c = hl_fail_memory(err, "the export's files", n * sizeof *out->file);
    if (c == HL_OK)
        c = hl_sort_stable(out->file, out->n_files, sizeof *out->file, by_name, NULL, err);
    size_t n_kept = 0;
    for (size_t i = 0; c == HL_OK && i < out->n_files; i++)
        if (i == 0 || strcmp(out->file[i].name, out->file[i - 1].name) != 0)
            out->file[n_kept++] = out->file[i];
    out->n_files = n_kept;
    return c;
}

/* --- the pass --------------------------------------------------------------------------------- */

hl_code hl_gather(const hl_gather_options *o, hl_spool *spool, hl_proof *proof, hl_arena *arena,
                  hl_gathered *out, hl_error *err)
{
    gathering g = {.o = o, .out = out, .spool = spool};
    int64_t first_day = out->first_day, last_day = out->last_day, bytes = 0;
    size_t n_files = 0;

    *out = (hl_gathered){.first_day = first_day, .last_day = last_day};
    hl_ctl_phase(o->ctl, "reading the export", 0);
    hl_code c = hl_export_open(o->folder, o->n_folders, o->ctl, take_finding, &g, &g.export, err);
    if (c == HL_OK) {
        const hl_export_file *file = hl_export_files(g.export, &n_files);
        for (size_t i = 0; i < n_files; i++)
            bytes += file[i].was_read ? 0 : file[i].bytes;
        hl_ctl_expect_bytes(o->ctl, bytes);
    }
    for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++)
        c = take_table(&g, (hl_message_kind)k, err);
    if (c == HL_OK)
        c = allow_labels(g.export, proof, err);
    if (c == HL_OK)
        c = hl_export_identifying(g.export, hl_proof_add, proof, err);
    if (c == HL_OK)
        c = take_files(g.export, arena, out, err);
    out->n_moved = g.repair.n_moved;
    out->n_doubts = g.repair.n_doubts;
    if (c == HL_OK)
        sum_findings(&g);
    hl_export_close(&g.export);
    return c;
}
