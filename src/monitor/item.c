#include "monitor/item.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "data/csv.h"
#include "format/wfdb/wfdb.h"
#include "monitor/stay.h"

#define DEFAULT_TICK_HZ 999.56 /* waveform.md 4.2 */
#define TICKS_A_FRAME 16
#define SECOND_US INT64_C(1000000)
#define MAX_HEADER_BYTES ((size_t)64 << 20)

const char *const hl_wave_list_head =
    "subject_id,hadm_id,record_id,path,start,end,duration_s,n_segments,n_gaps,n_signals,signals,"
    "n_numeric_rows\n";

/* One item's turn. */
typedef struct {
    const hl_wave_job *job;
    const hl_wave_item *item;
    hl_arena *scratch;
    bool is_stage_a; /* the converter's own files */
    char name[32];   /* of the record */
    char folder[HL_PATH_BYTES], record[HL_PATH_BYTES], sorted[HL_PATH_BYTES];
    hl_stay_result result;
} turn;

/* --- places ----------------------------------------------------------------------------------- */

static bool is_stage_a(const hl_wave_job *job)
{
    return job->o->compat != NULL;
}

void hl_wave_place(const hl_wave_job *job, const hl_wave_item *item, char out[HL_WAVE_PLACE_BYTES])
{
    if (is_stage_a(job))
        snprintf(out, HL_WAVE_PLACE_BYTES, "%08lld", (long long)item->record_id);
    else
        snprintf(out, HL_WAVE_PLACE_BYTES, "waves/p%03lld/p%08lld/%08lld",
                 (long long)item->subject_id / 100000, (long long)item->subject_id,
                 (long long)item->record_id);
}

/* A folder of this attempt alone, with "record" and "sorted" in it. */
static hl_code make_folders(turn *t, hl_error *err)
{
    char name[64];

    snprintf(name, sizeof name, ".tmp-build-%016llx", (unsigned long long)hl_nonce());
    hl_code c = hl_path_join(t->job->folder, name, t->folder, err);
    if (c == HL_OK)
        c = hl_path_join(t->folder, "record", t->record, err);
    if (c == HL_OK)
        c = hl_path_join(t->folder, "sorted", t->sorted, err);
    if (c == HL_OK)
        c = hl_make_folder(t->folder, err);
    if (c == HL_OK && chmod(t->folder, 0700) != 0) /* nothing in it is proved yet */
        c = hl_fail_errno(err, t->folder, "make private", errno);
    if (c == HL_OK)
        c = hl_make_folder(t->record, err);
    return c == HL_OK ? hl_make_folder(t->sorted, err) : c;
}

static hl_code set_time(const char *path, int64_t mtime, hl_error *err)
{
    struct timespec t[2] = {{.tv_sec = (time_t)mtime}, {.tv_sec = (time_t)mtime}};

    return utimensat(AT_FDCWD, path, t, 0) != 0 ? hl_fail_errno(err, path, "set the time of", errno)
                                                : HL_OK;
}

static hl_code sync_folder(const char *path, hl_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    hl_code c = HL_OK;

    if (fd < 0)
        return hl_fail_errno(err, path, "open", errno);
    if (fsync(fd) != 0 && errno != EINVAL)
        c = hl_fail_errno(err, path, "sync", errno);
    close(fd);
    return c;
}

/*
 * The record into its place. What lies there is of an attempt that was killed before its journal
 * said so, or of another attempt at this moment: equal bytes, so the last one may win. It is moved
 * out of the way, because a folder cannot replace one with files.
 */
static hl_code publish(const turn *t, hl_error *err)
{
    char place[HL_WAVE_PLACE_BYTES], path[HL_PATH_BYTES], old[HL_PATH_BYTES];
    hl_code c;

    hl_wave_place(t->job, t->item, place);
    c = hl_path_join(t->job->o->out, place, path, err);
    if (c == HL_OK)
        c = hl_path_join(t->folder, "old", old, err);
    if (c != HL_OK)
        return c;
    char *slash = strrchr(path, '/');
    *slash = 0;
    c = hl_make_folder(path, err);
    *slash = '/';
    for (int tries = 0; c == HL_OK && rename(t->record, path) != 0; tries++) {
        if ((errno != EEXIST && errno != ENOTEMPTY) || tries > 20)
            return hl_fail_errno(err, path, "rename to", errno);
        if (rename(path, old) != 0 && errno != ENOENT && errno != EEXIST && errno != ENOTEMPTY)
            return hl_fail_errno(err, path, "rename", errno);
        c = hl_remove_tree(old, err);
    }
    *slash = 0;
    return c == HL_OK ? sync_folder(path, err) : c;
}

/* --- building --------------------------------------------------------------------------------- */

static hl_code build(turn *t, hl_error *err)
{
    const hl_wave_build_options *o = t->job->o;
    const hl_wave_item *item = t->item;
    hl_spool_reader *reader = NULL;
    hl_stay_input input;
    hl_stay_options so = {.style = t->is_stage_a ? HL_STAY_DOWNCAST : HL_STAY_DATABASE,
                          .folder = t->record,
                          .scratch = t->sorted,
                          .name = t->is_stage_a ? "waves" : t->name,
                          .tick_hz = o->tick_hz > 0 ? o->tick_hz : DEFAULT_TICK_HZ,
                          .shift_us = t->is_stage_a ? 0 : item->shift_days * HL_DAY_S * SECOND_US,
                          .mtime = t->job->mtime,
                          .effort = o->fast ? HL_FLAC_FAST : HL_FLAC_BEST,
                          .annotations = o->annotations || t->is_stage_a,
                          .version_line = !o->no_version_line,
                          .ctl = t->job->ctl};
    hl_code c = hl_spool_read(t->job->spool, &item->stay, &reader, &input, err);

    if (c == HL_OK && !t->is_stage_a) {
        so.subject_id = hl_arena_printf(t->scratch, "%lld", (long long)item->subject_id);
        so.hadm_id = hl_arena_printf(t->scratch, "%lld", (long long)item->hadm_id);
        if (!so.subject_id || !so.hadm_id)
            c = hl_fail_memory(err, "a record", 64);
        if (item->hadm_id == 0)
            so.hadm_id = NULL;
    }
    if (c == HL_OK)
        c = hl_stay_build(&input, &so, t->scratch, &t->result, err);
    hl_spool_reader_close(&reader);
    return c == HL_OK ? set_time(t->record, t->job->mtime, err) : c;
}

/* --- the row ---------------------------------------------------------------------------------- */

static void put_time(const hl_wave_item *item, int64_t us, hl_buf *to)
{
    int64_t local_us = hl_wave_item_local_us(item, us);
    int64_t s = local_us / SECOND_US - (local_us % SECOND_US < 0);

    hl_buf_time(to, s);
    hl_buf_printf(to, ".%03lld,", (long long)((local_us - s * SECOND_US) / 1000));
}

/* Descriptions of the layout's signals, in its order, with ';' between them. */
static hl_code put_signals(const turn *t, hl_buf *to, hl_error *err)
{
    char name[48], path[HL_PATH_BYTES];
    hl_buf text = {0}, list = {0};
    hl_wfdb_header h = {0};
    hl_code c;

    snprintf(name, sizeof name, t->is_stage_a ? "waves_layout.hea" : "%s_0000.hea", t->name);
    c = hl_path_join(t->record, name, path, err);
    if (c == HL_OK && hl_file_exists(path)) {
        c = hl_read_file(path, MAX_HEADER_BYTES, &text, NULL, err);
        if (c == HL_OK)
            c = hl_wfdb_parse_header(t->scratch, text.at, text.n, name, &h, err);
    }
    for (int32_t i = 0; c == HL_OK && i < h.n_signals; i++) {
        if (i)
            hl_buf_char(&list, ';');
        hl_buf_text(&list, h.signal[i].description);
    }
    hl_buf_printf(to, "%d,", h.n_signals);
    if (list.n)
        hl_csv_put(to, (hl_str){list.at, list.n});
    if (list.oom)
        to->oom = true;
    hl_buf_free(&list);
    hl_buf_free(&text);
    return c;
}

static hl_code put_row(const turn *t, hl_buf *to, hl_error *err)
{
    const hl_wave_item *item = t->item;
    const hl_stay_result *r = &t->result;
    double tick_hz = t->job->o->tick_hz > 0 ? t->job->o->tick_hz : DEFAULT_TICK_HZ;
    char place[HL_WAVE_PLACE_BYTES];

    hl_wave_place(t->job, item, place);
    hl_buf_printf(to, "%lld,", (long long)item->subject_id);
    if (item->hadm_id)
        hl_buf_i64(to, item->hadm_id);
    hl_buf_printf(to, ",%lld,%s/%s,", (long long)item->record_id, place,
                  t->is_stage_a ? "waves" : t->name);
    put_time(item, r->start.has ? r->start.us : item->stay.from_us, to);
    put_time(item, r->end.has ? r->end.us : item->stay.to_us, to);
    hl_buf_printf(to, "%.3f,%lld,%lld,",
                  (double)r->n_frames * TICKS_A_FRAME / (t->is_stage_a ? 1000 : tick_hz),
                  (long long)r->n_segments, (long long)r->n_gaps);
    hl_code c = put_signals(t, to, err);
    hl_buf_printf(to, ",%lld", (long long)r->n_numeric_rows);
    return c;
}

/* "row\ncounts\nbytes sha256 name\n...": read back by hl_wave_record_look(). */
static hl_code put_record(const turn *t, hl_buf *to, hl_error *err)
{
    const hl_stay_result *r = &t->result;
    char hex[HL_HEX_CHARS];
    hl_code c = put_row(t, to, err);

    hl_buf_printf(to, "\n%lld %lld %lld %lld %lld %lld %lld\n", (long long)r->n_samples,
                  (long long)r->n_numeric_rows, (long long)r->n_annotations,
                  (long long)r->n_overlap_ticks, (long long)r->n_clock_conflicts,
                  (long long)r->n_bad_lists, (long long)r->n_out_of_range);
    for (size_t i = 0; i < r->n_files; i++)
        hl_buf_printf(to, "%lld %s %s\n", (long long)r->file[i].digest.bytes,
                      hl_digest_hex(&r->file[i].digest, hex), r->file[i].name);
    return c == HL_OK ? hl_buf_check(to, "a record", err) : c;
}

/* --- the proof -------------------------------------------------------------------------------- */

static int64_t day_of(const hl_spool_stay *stay, int64_t us)
{
    int64_t local_us = us + (int64_t)stay->zone_min * 60 * SECOND_US;
    int64_t day_us = HL_DAY_S * SECOND_US;

    return local_us / day_us - (local_us % day_us < 0);
}

/*
 * Sequence numbers are looked for where they cannot be taken for the record's own ticks, which
 * begin at 0: those of a real network count from its start years ago.
 */
static hl_proof_times times_of(const turn *t)
{
    const hl_spool_stay *stay = &t->item->stay;
    int64_t ticks = (stay->to_us - stay->from_us) / 1000 + 60000, first = t->result.base_sequence;
    hl_proof_times times = {.first_day = day_of(stay, stay->from_us),
                            .last_day = day_of(stay, stay->to_us),
                            .shift_days = t->item->shift_days,
                            .first_sequence = 1,
                            .last_sequence = 0};

    ticks += ticks / 50; /* a network's clock may be 2 % fast */
    if (first >= 100000000 && first > 2 * ticks) {
        times.first_sequence = first - 60000;
        times.last_sequence = first + ticks;
    }
    return times;
}

static hl_code prove(const turn *t, const hl_buf *record, hl_error *err)
{
    hl_proof_times times = times_of(t);
    const char *end = memchr(record->at, '\n', record->n);
    char place[HL_WAVE_PLACE_BYTES];

    if (!t->job->proof)
        return HL_OK;
    hl_wave_place(t->job, t->item, place);
    hl_proof_finding found = hl_proof_text(
        t->job->proof, HL_PROOF_IN_TEXT, (hl_str){record->at, (size_t)(end - record->at)}, &times);
    if (found == HL_PROOF_CLEAN)
        found = hl_proof_text(t->job->proof, HL_PROOF_IN_TEXT, hl_str_of(place), &times);
    if (found != HL_PROOF_CLEAN)
        return hl_proof_fail(found, "record_list.csv", err);
    return hl_proof_folder(t->job->proof, t->record, t->job->mtime, &times, err);
}

/* A message goes into errors.csv: nothing of the place where the record was built, which differs
 * from attempt to attempt, and nothing that names. */
static void clean_message(const turn *t, hl_code c, hl_error *err)
{
    if (!err)
        return;
    hl_error_below(err, t->record);
    hl_error_below(err, t->folder);
    if (t->job->proof && hl_proof_text(t->job->proof, HL_PROOF_IN_TEXT, hl_str_of(err->message),
                                       NULL) != HL_PROOF_CLEAN)
        hl_fail(err, c, "the stay cannot be built (the reason would name somebody)");
}

/* --- the turn --------------------------------------------------------------------------------- */

hl_code hl_wave_work(const hl_wave_job *job, int64_t i, hl_arena *scratch, hl_buf *record,
                     hl_error *err)
{
    turn t = {
        .job = job, .item = &job->plan->item[i], .scratch = scratch, .is_stage_a = is_stage_a(job)};

    if (t.item->refusal)
        return hl_fail(err, HL_E_INPUT, "%s", t.item->refusal);
    if (!job->spool)
        return hl_fail(err, HL_E_INPUT,
                       "record %lld is not there\nRun its shard again in a new folder.",
                       (long long)t.item->record_id);
    snprintf(t.name, sizeof t.name, "%08lld", (long long)t.item->record_id);
    hl_code c = make_folders(&t, err);
    if (c == HL_OK)
        c = build(&t, err);
    if (c == HL_OK)
        c = put_record(&t, record, err);
    if (c == HL_OK)
        c = prove(&t, record, err);
    if (c == HL_OK)
        c = publish(&t, err);
    else if (c != HL_E_IO && c != HL_E_STOPPED)
        clean_message(&t, c, err);
    if (t.folder[0]) {
        hl_code removed = hl_remove_tree(t.folder, c == HL_OK ? err : NULL);
        c = c == HL_OK ? removed : c;
    }
    return c;
}

/* --- the record, taken apart ------------------------------------------------------------------ */

/* The text up to end, which is taken off too. False: there is none. */
static bool take_part(hl_str *text, char end, hl_str *out)
{
    const char *at = text->n ? memchr(text->at, end, text->n) : NULL;

    if (!at)
        return false;
    *out = (hl_str){text->at, (size_t)(at - text->at)};
    *text = (hl_str){at + 1, text->n - out->n - 1};
    return true;
}

static bool take_number(hl_str *text, char end, int64_t *out)
{
    hl_str part;

    return take_part(text, end, &part) && hl_parse_i64(part, out);
}

static bool take_file(hl_str *text, hl_arena *arena, struct hl_wave_file *f)
{
    hl_str hex, name;

    if (!take_number(text, ' ', &f->digest.bytes) || !take_part(text, ' ', &hex) ||
        !hl_digest_parse(hex, &f->digest) || !take_part(text, '\n', &name))
        return false;
    f->name = hl_arena_copy(arena, name.at, name.n);
    return f->name != NULL;
}

hl_code hl_wave_record_look(const void *record, size_t n, hl_arena *arena, hl_wave_record *out,
                            hl_error *err)
{
    hl_str text = {record, n};
    size_t n_lines = 0;

    *out = (hl_wave_record){0};
    for (size_t i = 0; i < n; i++)
        n_lines += text.at[i] == '\n';
    bool good = take_part(&text, '\n', &out->row) && take_number(&text, ' ', &out->n_samples) &&
                take_number(&text, ' ', &out->n_numeric_rows) &&
                take_number(&text, ' ', &out->n_annotations) &&
                take_number(&text, ' ', &out->n_overlap_ticks) &&
                take_number(&text, ' ', &out->n_clock_conflicts) &&
                take_number(&text, ' ', &out->n_bad_lists) &&
                take_number(&text, '\n', &out->n_out_of_range);
    out->n_files = good ? n_lines - 2 : 0;
    out->file = hl_arena_calloc(arena, out->n_files + 1, sizeof *out->file);
    if (!out->file)
        return hl_fail_memory(err, "a record", n);
    for (size_t i = 0; good && i < out->n_files; i++)
        good = take_file(&text, arena, &out->file[i]);
    return good && text.n == 0 ? HL_OK : hl_fail(err, HL_E_BUG, "a record of %zu bytes", n);
}
