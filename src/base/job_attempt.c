#include "base/job_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

#define PENDING_BYTES ((size_t)256 << 10) /* small records go to the file together */
#define KICK_BYTES ((int64_t)8 << 20)
#define FLUSH_BYTES ((int64_t)64 << 20)
#define FLUSH_S 1.0

hl_code hl_attempt_open(const hl_job_place *place, hl_attempt *a, hl_error *err)
{
    char records[HL_JOB_NAME_BYTES];
    unsigned long long nonce = hl_nonce();
    hl_buf header = {0};
    hl_code c;

    memset(a, 0, sizeof *a);
    a->place = place;
    a->records_fd = a->journal_fd = -1;
    a->flushed_s = hl_job_now_s();
    snprintf(records, sizeof records, ".records-%05lld-%016llx", (long long)place->shard, nonce);
    snprintf(a->journal_name, sizeof a->journal_name, ".journal-%05lld-%016llx",
             (long long)place->shard, nonce);
    a->tree = hl_sha256_new();
    c = a->tree ? hl_path_join(place->folder, records, a->records_path, err)
                : hl_fail_memory(err, "SHA-256", 1);
    if (!c)
        c = hl_path_join(place->folder, a->journal_name, a->journal_path, err);
    if (!c)
        c = hl_job_create(a->records_path, &a->records_fd, err);
    if (!c)
        c = hl_job_create(a->journal_path, &a->journal_fd, err);
    hl_job_header_write(&header, &place->identity, place->shard);
    if (!c)
        c = hl_buf_check(&header, "journal", err);
    if (!c)
        c = hl_job_write_all(a->journal_fd, a->journal_path, header.at, header.n, err);
    hl_buf_free(&header);
    if (c)
        hl_attempt_close(a, true);
    return c;
}

void hl_attempt_close(hl_attempt *a, bool drop)
{
    if (a->records_fd >= 0)
        close(a->records_fd);
    if (a->journal_fd >= 0)
        close(a->journal_fd);
    if (drop && a->records_fd >= 0)
        unlink(a->records_path);
    if (drop && a->journal_fd >= 0)
        unlink(a->journal_path);
    a->records_fd = a->journal_fd = -1;
    hl_buf_free(&a->pending);
    hl_buf_free(&a->rows);
    hl_sha256_free(&a->tree);
}

static hl_code write_pending(hl_attempt *a, hl_error *err)
{
    hl_code c = hl_job_write_all(a->records_fd, a->records_path, a->pending.at, a->pending.n, err);

    hl_buf_clear(&a->pending);
    return c;
}

hl_code hl_attempt_add(hl_attempt *a, hl_job_row *row, const void *bytes, hl_error *err)
{
    size_t n = (size_t)row->bytes;
    hl_code c = HL_OK;

    row->offset = a->offset;
    if (a->pending.n + n > PENDING_BYTES)
        c = write_pending(a, err);
    if (!c && n > PENDING_BYTES)
        c = hl_job_write_all(a->records_fd, a->records_path, bytes, n, err);
    else if (!c && n)
        hl_buf_append(&a->pending, bytes, n);
    a->offset += row->bytes;
    a->n_rows++;
    a->n_failed += row->code != HL_OK;
    hl_sha256_add(a->tree, row->sha256, sizeof row->sha256);
    hl_job_row_write(&a->rows, row);
    if (!c)
        c = hl_buf_check(&a->pending, "records", err);
    if (!c)
        c = hl_buf_check(&a->rows, "journal", err);
    a->broken |= c != HL_OK;
    /* Start the disk early, so that the sync which the journal waits for is short. */
    if (!c && a->offset - (int64_t)a->pending.n - a->kicked >= KICK_BYTES) {
        int64_t end = a->offset - (int64_t)a->pending.n;
        (void)sync_file_range(a->records_fd, a->kicked, end - a->kicked, SYNC_FILE_RANGE_WRITE);
        a->kicked = end;
    }
    return c;
}

hl_code hl_attempt_flush(hl_attempt *a, hl_error *err)
{
    hl_code c = HL_OK;

    a->flushed_s = hl_job_now_s();
    if (a->rows.n == 0 || a->broken)
        return HL_OK;
    if (a->offset > a->synced) {
        c = write_pending(a, err);
        if (!c)
            c = hl_job_sync(a->records_fd, a->records_path, err);
    }
    if (!c)
        c = hl_job_write_all(a->journal_fd, a->journal_path, a->rows.at, a->rows.n, err);
    if (!c)
        c = hl_job_sync(a->journal_fd, a->journal_path, err);
    a->synced = a->offset;
    hl_buf_clear(&a->rows);
    a->broken |= c != HL_OK;
    return c;
}

hl_code hl_attempt_flush_if_due(hl_attempt *a, hl_error *err)
{
    if (a->rows.n == 0 ||
        (a->offset - a->synced < FLUSH_BYTES && hl_job_now_s() - a->flushed_s < FLUSH_S))
        return HL_OK;
    return hl_attempt_flush(a, err);
}

void hl_attempt_touch(const hl_attempt *a)
{
    (void)futimens(a->journal_fd, NULL);
}

/* The index is the finished journal under its own name. */
static hl_code publish_index(const hl_attempt *a, hl_digest *digest, hl_error *err)
{
    const hl_job_place *place = a->place;
    char name[HL_JOB_NAME_BYTES], path[HL_PATH_BYTES];
    size_t size = (size_t)1 << 20, got = size;
    char *block = malloc(size);
    hl_out *out = NULL;
    hl_code c = block ? HL_OK : hl_fail_memory(err, "index", size);

    hl_job_part_name(place->shard, place->identity.n_shards, "index", name);
    if (!c)
        c = hl_path_join(place->folder, name, path, err);
    if (!c)
        c = hl_out_create(path, &out, err);
    for (int64_t offset = 0; !c && got == size; offset += (int64_t)got) {
        c = hl_job_pread(a->journal_fd, a->journal_path, block, size, offset, &got, err);
        if (!c && got)
            c = hl_out_write(out, block, got, err);
    }
    if (!c)
        c = hl_out_commit(&out, digest, err);
    hl_out_abort(&out);
    free(block);
    return c;
}

hl_code hl_attempt_publish(hl_attempt *a, hl_job_ok *ok, hl_error *err)
{
    const hl_job_place *place = a->place;
    char name[HL_JOB_NAME_BYTES], path[HL_PATH_BYTES];
    hl_code c = hl_attempt_flush(a, err);

    ok->items = a->n_rows;
    ok->failed = a->n_failed;
    ok->records_bytes = a->offset;
    hl_sha256_end(a->tree, &ok->rows);
    hl_job_part_name(place->shard, place->identity.n_shards, "records", name);
    if (!c)
        c = hl_path_join(place->folder, name, path, err);
    if (!c)
        c = hl_job_sync(a->records_fd, a->records_path, err);
    if (!c)
        c = hl_job_rename(a->records_path, path, err);
    if (!c)
        c = hl_job_sync_folder(place->folder, err);
    if (!c)
        c = publish_index(a, &ok->index, err);
    if (!c)
        c = hl_job_ok_write(place, ok, err);
    if (!c)
        hl_job_clear_shard(place->folder, place->shard);
    return c;
}

void hl_job_clear_shard(const char *folder, int64_t shard)
{
    static const char *const kind[3] = {".journal-", ".records-", ".tmp-part-"};
    char head[3][HL_JOB_NAME_BYTES], path[HL_PATH_BYTES];
    hl_names names = {0};

    for (int k = 0; k < 3; k++)
        if (shard < 0)
            snprintf(head[k], sizeof head[k], "%s", kind[k]);
        else
            snprintf(head[k], sizeof head[k], "%s%05lld-", kind[k], (long long)shard);
    if (hl_list_folder(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.n; i++)
        for (int k = 0; k < 3; k++)
            if (strncmp(names.name[i], head[k], strlen(head[k])) == 0 &&
                !hl_path_join(folder, names.name[i], path, NULL))
                unlink(path); /* another attempt may have been faster */
    hl_names_free(&names);
}
