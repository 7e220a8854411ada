#include "base/job_internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/ctl.h"

#define OPEN_PARTS 128 /* records files open at a time; the usual limit is 1,024 descriptors */

/* Where an item's record is. 32 bytes: the whole list is in memory while parts are put together. */
typedef struct {
    int64_t offset, bytes;
    int64_t message; /* offset in messages, -1 = none */
    int32_t shard;   /* -1: no row seen */
    int32_t code;
} record_entry;

typedef struct {
    const hl_job_place *place;
    record_entry *entry; /* [n_items] */
    hl_buf messages;     /* NUL-terminated texts */
    int fd[OPEN_PARTS];  /* records of shard s in fd[s % OPEN_PARTS] */
    int64_t shard[OPEN_PARTS];
} join;

static hl_code part_path(const hl_job_place *place, int64_t shard, const char *kind,
                         char path[HL_PATH_BYTES], hl_error *err)
{
    char name[HL_JOB_NAME_BYTES];

    return hl_path_join(place->folder,
                        hl_job_part_name(shard, place->identity.n_shards, kind, name), path, err);
}

static hl_code open_part(const hl_job_place *place, int64_t shard, const char *kind, int *fd,
                         char path[HL_PATH_BYTES], hl_error *err)
{
    hl_code c = part_path(place, shard, kind, path, err);

    if (!c)
        c = hl_job_open(path, true, place->ctl, fd, err);
    if (!c && *fd < 0)
        c = hl_fail_errno(err, path, "open", ENOENT);
    return c;
}

static hl_code take_row(join *j, int64_t shard, const hl_job_row *row, const char *path,
                        hl_error *err)
{
    const hl_job *job = j->place->job;
    record_entry *e;

    if (row->item >= job->n_items || j->entry[row->item].shard >= 0 ||
        hl_job_shard_of(job, row->item, j->place->identity.n_shards) != shard)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "item %lld does not belong here",
                          (long long)row->item);
    e = &j->entry[row->item];
    *e = (record_entry){.offset = row->offset,
                        .bytes = row->bytes,
                        .message = -1,
                        .shard = (int32_t)shard,
                        .code = (int32_t)row->code};
    if (row->code) {
        e->message = (int64_t)j->messages.n;
        hl_buf_append(&j->messages, row->message, strlen(row->message) + 1);
    }
    return hl_buf_check(&j->messages, "messages", err);
}

static hl_code load_index(join *j, int64_t shard, hl_error *err)
{
    char path[HL_PATH_BYTES];
    int fd = -1;
    hl_job_row row;
    hl_job_rows *rows = malloc(sizeof *rows);
    hl_code c = rows ? open_part(j->place, shard, "index", &fd, path, err)
                     : hl_fail_memory(err, "index", sizeof *rows);

    if (!c && !hl_job_rows_begin(rows, fd, &j->place->identity, shard))
        c = rows->oom ? hl_fail_memory(err, "index", sizeof *rows)
                      : hl_fail_at(err, HL_E_INPUT, path, 1, -1, "not the index of this job");
    while (!c && hl_job_rows_next(rows, &row))
        c = take_row(j, shard, &row, path, err);
    if (fd >= 0)
        close(fd);
    free(rows);
    return c;
}

static hl_code load_indexes(join *j, hl_error *err)
{
    int64_t n = j->place->job->n_items;
    size_t size;
    hl_code c = HL_OK;

    if (!hl_mul_size((size_t)n, sizeof *j->entry, &size))
        return hl_fail(err, HL_E_LIMIT, "%lld items are too many", (long long)n);
    j->entry = malloc(size ? size : 1);
    if (!j->entry)
        return hl_fail_memory(err, "index", size);
    for (int64_t i = 0; i < n; i++)
        j->entry[i].shard = -1;
    for (int64_t s = 0; !c && s < j->place->identity.n_shards; s++)
        c = load_index(j, s, err);
    for (int64_t i = 0; !c && i < n; i++)
        if (j->entry[i].shard < 0)
            c = hl_fail_at(err, HL_E_INPUT, j->place->folder, 0, -1, "item %lld is in no part",
                           (long long)i);
    return c;
}

static hl_code read_record(join *j, const record_entry *e, hl_buf *record, hl_error *err)
{
    char path[HL_PATH_BYTES];
    int slot = e->shard % OPEN_PARTS;
    size_t got = 0;
    hl_code c = HL_OK;

    hl_buf_clear(record);
    if (e->bytes == 0)
        return HL_OK;
    if (j->fd[slot] < 0 || j->shard[slot] != e->shard) {
        if (j->fd[slot] >= 0)
            close(j->fd[slot]);
        j->fd[slot] = -1;
        j->shard[slot] = e->shard;
        c = open_part(j->place, e->shard, "records", &j->fd[slot], path, err);
    } else {
        c = part_path(j->place, e->shard, "records", path, err);
    }
    if (!c && !hl_buf_reserve(record, (size_t)e->bytes))
        c = hl_fail_memory(err, "record", (size_t)e->bytes);
    if (!c)
        c = hl_job_pread(j->fd[slot], path, record->at, (size_t)e->bytes, e->offset, &got, err);
    if (!c && got != (size_t)e->bytes)
        c = hl_fail_at(err, HL_E_INPUT, path, 0, e->offset, "the file is cut");
    record->n = got;
    return c;
}

/* RFC 4180; line ends inside a message become blanks, so that a row is a line. */
static void put_field(hl_buf *to, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (quoted)
        hl_buf_char(to, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            hl_buf_char(to, '"');
        hl_buf_char(to, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
    if (quoted)
        hl_buf_char(to, '"');
}

static hl_code write_errors(const join *j, hl_digest *digest, hl_error *err)
{
    const hl_job_place *place = j->place;
    char path[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_buf line = {0};
    hl_out *out = NULL;
    hl_code c = hl_path_join(place->options->out, "errors.csv", path, err);

    if (!c)
        c = hl_out_create(path, &out, err);
    hl_buf_text(&line, "item,code,message\n");
    for (int64_t i = 0; !c && i < place->job->n_items; i++) {
        const record_entry *e = &j->entry[i];
        if (!e->code)
            continue;
        name[0] = 0;
        place->job->item_name(place->job->ctx, i, name, sizeof name);
        put_field(&line, name);
        hl_buf_char(&line, ',');
        hl_buf_i64(&line, e->code);
        hl_buf_char(&line, ',');
        put_field(&line, j->messages.at + e->message);
        hl_buf_char(&line, '\n');
        if (line.n > 65536) {
            c = hl_buf_check(&line, "errors.csv", err);
            if (!c)
                c = hl_out_write(out, line.at, line.n, err);
            hl_buf_clear(&line);
        }
    }
    if (!c)
        c = hl_buf_check(&line, "errors.csv", err);
    if (!c)
        c = hl_out_write(out, line.at, line.n, err);
    if (!c)
        c = hl_out_commit(&out, digest, err);
    hl_out_abort(&out);
    hl_buf_free(&line);
    return c;
}

/* --strict in a merge: the first failed item of the parts is the error. */
static hl_code refuse_failed(const join *j, int64_t i, hl_error *err)
{
    char name[512] = "";

    j->place->job->item_name(j->place->job->ctx, i, name, sizeof name);
    hl_fail(err, (hl_code)j->entry[i].code, "%s", j->messages.at + j->entry[i].message);
    return hl_error_context(err, "%s", name);
}

hl_code hl_job_join(const hl_job_place *place, hl_job_result *result, hl_error *err)
{
    const hl_job *job = place->job;
    join j = {.place = place};
    hl_buf record = {0};
    hl_code c;

    for (int i = 0; i < OPEN_PARTS; i++)
        j.fd[i] = -1;
    hl_ctl_phase(place->ctl, "putting together", job->n_items);
    result->items = job->n_items;
    result->failed = result->done = 0;
    c = load_indexes(&j, err);
    for (int64_t i = 0; !c && i < job->n_items; i++)
        if (j.entry[i].code && place->options->strict)
            c = refuse_failed(&j, i, err);
    for (int64_t i = 0; !c && i < job->n_items; i++) {
        const record_entry *e = &j.entry[i];
        c = hl_ctl_check(place->ctl, err);
        if (!c)
            c = read_record(&j, e, &record, err);
        if (!c)
            c = job->sink(job->ctx, i, (hl_code)e->code, record.at ? record.at : "", record.n, err);
        if (c)
            break;
        result->done += e->code == HL_OK;
        result->failed += e->code != HL_OK;
        hl_ctl_done(place->ctl, 1);
        if (e->code)
            hl_ctl_failed(place->ctl, 1);
    }
    if (!c)
        c = write_errors(&j, &result->errors_digest, err);
    for (int i = 0; i < OPEN_PARTS; i++)
        if (j.fd[i] >= 0)
            close(j.fd[i]);
    hl_buf_free(&record);
    hl_buf_free(&j.messages);
    free(j.entry);
    return c;
}
