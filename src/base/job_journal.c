/*
 * A journal or index is text, one line an item, in item order:
 *
 *   hilum-rows-1 \t identity (SHA-256 of what was started, hex) \t I/N \n
 *   item \t code \t offset \t bytes \t sha256 \t message \t crc \n
 *
 * offset and bytes say where the record stands in the records file, sha256 (hex) is its digest; the
 * records of a file follow each other without a gap. message is "" unless the item failed; '\', tab
 * and line ends in it are \\ \t \n \r. crc is the CRC-32C, 8 hex digits, of the line up to and with
 * the tab before it. Nothing of the attempt is in a line, so that two attempts at a shard write
 * equal bytes.
 */
#include "base/job_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/ctl.h"
#include "base/log.h"
#include "base/sort.h"

#define DEAD_AFTER_S 600 /* living attempts touch their journal every 30 s */
#define LIVELY_S 60

/* --- lines ------------------------------------------------------------------------------------ */

void hl_job_header_write(hl_buf *to, const hl_job_identity *identity, int64_t shard)
{
    hl_buf_printf(to, "hilum-rows-1\t%s\t%lld/%lld\n", identity->digest, (long long)shard,
                  (long long)identity->n_shards);
}

void hl_job_row_write(hl_buf *to, const hl_job_row *row)
{
    size_t start = to->n;

    hl_buf_i64(to, row->item);
    hl_buf_char(to, '\t');
    hl_buf_i64(to, row->code);
    hl_buf_char(to, '\t');
    hl_buf_i64(to, row->offset);
    hl_buf_char(to, '\t');
    hl_buf_i64(to, row->bytes);
    hl_buf_char(to, '\t');
    hl_buf_hex(to, row->sha256, sizeof row->sha256);
    hl_buf_char(to, '\t');
    for (const char *p = row->message; *p; p++) {
        const char *name = *p == '\\' ? "\\\\" : *p == '\t' ? "\\t" : *p == '\n' ? "\\n" : "\\r";
        if (*p == '\\' || *p == '\t' || *p == '\n' || *p == '\r')
            hl_buf_text(to, name);
        else
            hl_buf_char(to, *p);
    }
    hl_buf_char(to, '\t');
    if (!to->oom)
        hl_buf_printf(to, "%08x\n", (unsigned)hl_crc32c(0, to->at + start, to->n - start));
}

static bool take_field(hl_str *line, hl_str *field)
{
    const char *tab = memchr(line->at, '\t', line->n);

    if (!tab)
        return false;
    *field = (hl_str){line->at, (size_t)(tab - line->at)};
    line->n -= field->n + 1;
    line->at = tab + 1;
    return true;
}

static bool take_number(hl_str *line, int64_t *out)
{
    hl_str field;

    return take_field(line, &field) && hl_parse_i64(field, out) && *out >= 0;
}

static bool unescape(hl_str text, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i];
        if (c == '\\') {
            if (++i == text.n)
                return false;
            c = text.at[i] == 't'   ? '\t'
                : text.at[i] == 'n' ? '\n'
                : text.at[i] == 'r' ? '\r'
                                    : '\\';
        }
        if (!c || n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = 0;
    return true;
}

bool hl_job_row_parse(hl_str line, hl_job_row *row)
{
    char crc[9];
    hl_str hex, message;
    hl_digest digest;
    int64_t code;

    if (line.n < 10)
        return false;
    snprintf(crc, sizeof crc, "%08x", (unsigned)hl_crc32c(0, line.at, line.n - 8));
    if (memcmp(crc, line.at + line.n - 8, 8) != 0)
        return false;
    if (!take_number(&line, &row->item) || !take_number(&line, &code) ||
        !take_number(&line, &row->offset) || !take_number(&line, &row->bytes) ||
        !take_field(&line, &hex) || !hl_digest_parse(hex, &digest) ||
        !take_field(&line, &message) || line.n != 8 ||
        !unescape(message, row->message, sizeof row->message))
        return false;
    if (code > HL_E_STOPPED || row->bytes > INT64_MAX - row->offset)
        return false;
    row->code = (hl_code)code;
    memcpy(row->sha256, digest.sha256, sizeof row->sha256);
    return true;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool next_line(hl_job_rows *r, hl_str *line)
{
    for (;;) {
        char *end = r->end > r->start ? memchr(r->at + r->start, '\n', r->end - r->start) : NULL;
        size_t got;

        if (end) {
            *line = (hl_str){r->at + r->start, (size_t)(end - r->at) - r->start};
            r->start += line->n + 1;
            return true;
        }
        if (r->end - r->start > HL_JOB_ROW_BYTES)
            return false;
        if (r->start)
            memmove(r->at, r->at + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
        if (hl_job_pread(r->fd, "", r->at + r->end, sizeof r->at - r->end, r->offset, &got, NULL) ||
            got == 0)
            return false;
        r->end += got;
        r->offset += (int64_t)got;
    }
}

bool hl_job_rows_begin(hl_job_rows *rows, int fd, const hl_job_identity *identity, int64_t shard)
{
    hl_buf want = {0};
    hl_str line;
    bool good;

    rows->fd = fd;
    rows->offset = 0;
    rows->start = rows->end = 0;
    hl_job_header_write(&want, identity, shard);
    rows->oom = want.oom;
    good = !want.oom && next_line(rows, &line) && hl_str_equal(line, (hl_str){want.at, want.n - 1});
    hl_buf_free(&want);
    return good;
}

bool hl_job_rows_next(hl_job_rows *rows, hl_job_row *row)
{
    hl_str line;

    return next_line(rows, &line) && hl_job_row_parse(line, row);
}

/* --- what former attempts left ---------------------------------------------------------------- */

typedef struct {
    char journal[HL_PATH_BYTES], records[HL_PATH_BYTES];
    struct stat st; /* of the journal */
    bool finished;  /* a part without a good .ok: replaced by publishing, never removed */
} former;

/* More rows first; equal ones by name, so that two attempts look in the same order. */
static int compare_formers(const void *a, const void *b, void *ctx)
{
    const former *x = a, *y = b;

    (void)ctx;
    if (x->st.st_size != y->st.st_size)
        return x->st.st_size < y->st.st_size ? 1 : -1;
    return strcmp(x->journal, y->journal);
}

static hl_code add_former(former **list, size_t *n, const hl_attempt *a, const char *journal,
                          const char *records, bool finished, hl_error *err)
{
    former *more = realloc(*list, (*n + 1) * sizeof **list);
    former *f;
    hl_code c;

    if (!more)
        return hl_fail_memory(err, "journals", (*n + 1) * sizeof **list);
    *list = more;
    f = &more[*n];
    f->finished = finished;
    c = hl_path_join(a->place->folder, journal, f->journal, err);
    if (!c)
        c = hl_path_join(a->place->folder, records, f->records, err);
    if (!c && stat(f->journal, &f->st) == 0) /* gone meanwhile: not taken */
        (*n)++;
    return c;
}

static hl_code list_formers(const hl_attempt *a, former **list, size_t *n, hl_error *err)
{
    const hl_job_place *place = a->place;
    char head[32], index[HL_JOB_NAME_BYTES], records[HL_JOB_NAME_BYTES];
    hl_names names = {0};
    hl_code c = hl_list_folder(place->folder, &names, err);

    *list = NULL;
    *n = 0;
    snprintf(head, sizeof head, ".journal-%05lld-", (long long)place->shard);
    hl_job_part_name(place->shard, place->identity.n_shards, "index", index);
    hl_job_part_name(place->shard, place->identity.n_shards, "records", records);
    for (size_t i = 0; !c && i < names.n; i++) {
        const char *name = names.name[i];
        char beside[HL_JOB_NAME_BYTES];
        if (strcmp(name, index) == 0)
            c = add_former(list, n, a, name, records, true, err);
        if (strncmp(name, head, strlen(head)) != 0 || strcmp(name, a->journal_name) == 0 ||
            strlen(name) >= sizeof beside)
            continue;
        snprintf(beside, sizeof beside, ".records%s", name + strlen(".journal"));
        c = add_former(list, n, a, name, beside, false, err);
    }
    hl_names_free(&names);
    return c ? c : hl_sort_stable(*list, *n, sizeof **list, compare_formers, NULL, err);
}

bool hl_job_row_proves(int fd, int64_t size, const hl_job_row *row, hl_buf *record, hl_sha256 *sha)
{
    hl_digest digest;
    size_t got = 0;

    hl_buf_clear(record);
    hl_buf_char(record, 0); /* something to point at, for a record without bytes */
    hl_buf_clear(record);
    if (record->oom || row->offset + row->bytes > size || (row->code && row->bytes))
        return false;
    if (row->bytes) {
        char *to = hl_buf_reserve(record, (size_t)row->bytes);
        if (!to || hl_job_pread(fd, "", to, (size_t)row->bytes, row->offset, &got, NULL))
            return false;
    }
    if (got != (size_t)row->bytes)
        return false;
    hl_sha256_add(sha, record->at, got);
    hl_sha256_end(sha, &digest);
    record->n = got;
    return memcmp(digest.sha256, row->sha256, sizeof digest.sha256) == 0;
}

/* A failed item of a job that needs every item: done again, here, one by one, for there are few. */
static hl_code redo(const hl_attempt *a, hl_job_row *row, hl_buf *record, hl_sha256 *sha,
                    hl_error *err)
{
    const hl_job *job = a->place->job;
    hl_arena *scratch = hl_arena_new(0);
    hl_error why = {0};
    hl_digest digest;

    if (!scratch)
        return hl_fail_memory(err, "an item", 1 << 16);
    hl_buf_clear(record);
    row->code = job->work(job->ctx, row->item, 0, scratch, record, &why);
    hl_arena_free(&scratch);
    if (!row->code)
        row->code = hl_buf_check(record, "record", &why);
    if (row->code)
        hl_buf_clear(record);
    if (hl_job_is_over(row->code, &why)) {
        if (err)
            *err = why;
        return row->code;
    }
    snprintf(row->message, sizeof row->message, "%s", row->code ? why.message : "");
    row->bytes = (int64_t)record->n;
    hl_sha256_add(sha, record->at ? record->at : "", record->n);
    hl_sha256_end(sha, &digest);
    memcpy(row->sha256, digest.sha256, sizeof row->sha256);
    return HL_OK;
}

/* Take the rows of f from a's n_rows on, as far as they prove themselves. */
static hl_code adopt_one(hl_attempt *a, const former *f, const hl_job_list *list, hl_buf *record,
                         hl_sha256 *sha, hl_error *err)
{
    const hl_job_place *place = a->place;
    hl_job_rows *rows = malloc(sizeof *rows);
    hl_job_row row;
    struct stat st = {0};
    char part[HL_JOB_NAME_BYTES], part_path[HL_PATH_BYTES];
    int journal = -1, records = -1;
    hl_code c = rows ? HL_OK : hl_fail_memory(err, "journal", sizeof *rows);

    hl_job_part_name(place->shard, place->identity.n_shards, "records", part);
    if (!c)
        c = hl_path_join(place->folder, part, part_path, err);
    if (c)
        goto done;
    /* What cannot be opened (removed by an attempt that came through, stale) is not there. An
     * attempt killed while publishing has its records under the part's name already. */
    if (hl_job_open(f->journal, false, place->ctl, &journal, NULL) || journal < 0)
        goto done;
    if (hl_job_open(f->records, false, place->ctl, &records, NULL) || records < 0)
        if (hl_job_open(part_path, false, place->ctl, &records, NULL))
            goto done;
    if (records < 0 || fstat(records, &st) ||
        !hl_job_rows_begin(rows, journal, &place->identity, place->shard))
        goto done;
    for (int64_t k = 0; !c && k < list->n && hl_job_rows_next(rows, &row); k++) {
        if (row.item != hl_job_list_at(list, k) || (row.code && place->options->strict))
            break;
        if (k < a->n_rows)
            continue;
        if (!hl_job_row_proves(records, st.st_size, &row, record, sha))
            break;
        if (row.code && place->job->every_item)
            c = redo(a, &row, record, sha, err);
        if (!c)
            c = hl_attempt_add(a, &row, record->at ? record->at : "", err);
        if (!c)
            c = hl_attempt_flush_if_due(a, err);
        if (!c)
            c = hl_ctl_check(place->ctl, err);
        hl_ctl_done(place->ctl, 1);
        if (row.code)
            hl_ctl_failed(place->ctl, 1);
    }
done:
    if (journal >= 0)
        close(journal);
    if (records >= 0)
        close(records);
    free(rows);
    return c;
}

/* Times of the file system are compared with each other, never with this machine's clock. */
static double age_s(const former *f, const struct stat *now)
{
    return difftime(now->st_mtim.tv_sec, f->st.st_mtim.tv_sec);
}

static void remove_dead(const former *f)
{
    unlink(f->records);
    unlink(f->journal);
}

hl_code hl_attempt_adopt(hl_attempt *a, const hl_job_list *list, hl_error *err)
{
    former *formers = NULL;
    size_t n = 0;
    int lively = 0;
    struct stat now;
    hl_buf record = {0};
    hl_sha256 *sha = hl_sha256_new();
    hl_code c = sha ? list_formers(a, &formers, &n, err) : hl_fail_memory(err, "SHA-256", 1);

    if (c)
        goto done;
    if (fstat(a->journal_fd, &now))
        c = hl_fail_errno(err, a->journal_path, "look at", errno);
    for (size_t i = 0; !c && i < n; i++) {
        if (!formers[i].finished && age_s(&formers[i], &now) < LIVELY_S)
            lively++;
        c = adopt_one(a, &formers[i], list, &record, sha, err);
    }
    if (!c)
        c = hl_attempt_flush(a, err);
    /* All that was worth keeping is in a now, and on the disk. */
    for (size_t i = 0; !c && i < n; i++)
        if (!formers[i].finished && age_s(&formers[i], &now) > DEAD_AFTER_S)
            remove_dead(&formers[i]);
    if (lively && !c)
        hl_info(
            a->place->ctl,
            "another attempt at shard %lld/%lld wrote within the last minute; if it still runs, "
            "both go on and come to equal bytes",
            (long long)a->place->shard, (long long)a->place->identity.n_shards);
done:
    hl_sha256_free(&sha);
    hl_buf_free(&record);
    free(formers);
    return c;
}
