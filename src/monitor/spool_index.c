#include "monitor/spool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 *      "hilum spool 1\n" | note | next number | 3 x definitions | mappings | patients | SHA-256
 *
 * Counts and numbers are i64, texts i64 length and bytes.
 */
static const char magic[] = "hilum spool 1\n";
#define MAX_INDEX_BYTES ((size_t)8 << 30)
#define COPY_BYTES ((size_t)1 << 20)

static const char *const kind_name[HL_MESSAGE_KINDS] = {"wave", "numeric", "enumeration", "alert"};

/* --- data files ------------------------------------------------------------------------------- */

static void data_name(const hl_spool_patient_files *p, int kind, int64_t generation, char out[64])
{
    snprintf(out, 64, "%03lld/%06lld-%s-%lld", (long long)(p->number / 1000), (long long)p->number,
             kind_name[kind], (long long)generation);
}

hl_code hl_spool_data_path(const hl_spool *s, const hl_spool_patient_files *p, int kind,
                           int64_t generation, char out[HL_PATH_BYTES], hl_error *err)
{
    char name[64];

    data_name(p, kind, generation, name);
    return hl_path_join(s->folder, name, out, err);
}

static hl_code open_to_write(const char *path, int flags, int *fd, hl_error *err)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (*fd < 0 && errno == ENOENT) { /* its folder is not there yet */
        char folder[HL_PATH_BYTES];
        snprintf(folder, sizeof folder, "%s", path);
        *strrchr(folder, '/') = 0;
        hl_code c = hl_make_folder(folder, err);
        if (c != HL_OK)
            return c;
        *fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    }
    return *fd < 0 ? hl_fail_errno(err, path, "open", errno) : HL_OK;
}

static hl_code write_at(int fd, const char *path, const char *at, size_t n, int64_t offset,
                        hl_error *err)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, at, n, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return hl_fail_errno(err, path, "write", done < 0 ? errno : EIO);
        at += done;
        n -= (size_t)done;
        offset += done;
    }
    return HL_OK;
}

static hl_code close_written(int fd, const char *path, hl_code c, hl_error *err)
{
    return close(fd) != 0 && c == HL_OK ? hl_fail_errno(err, path, "close", errno) : c;
}

static hl_code flush_one(hl_spool *s, hl_spool_patient_files *p, int kind, hl_error *err)
{
    hl_buf *from = &p->pending[kind];
    char path[HL_PATH_BYTES];
    int fd = -1;
    hl_code c = hl_spool_data_path(s, p, kind, p->generation, path, err);

    if (c == HL_OK)
        c = open_to_write(path, 0, &fd, err);
    if (c != HL_OK)
        return c;
    c = write_at(fd, path, from->at, from->n, p->size[kind] - (int64_t)from->n, err);
    c = close_written(fd, path, c, err);
    if (c == HL_OK) {
        p->unsynced[kind] = true;
        s->n_pending -= from->n;
        hl_buf_free(from);
    }
    return c;
}

hl_code hl_spool_flush(hl_spool *s, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && s->n_pending > 0 && i < s->n_patients; i++)
        for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++)
            if (s->patient[i].pending[k].n)
                c = flush_one(s, &s->patient[i], k, err);
    return c;
}

static hl_code sync_file(const char *path, hl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    hl_code c = HL_OK;

    if (fd < 0)
        return hl_fail_errno(err, path, "open", errno);
    if (fsync(fd) != 0 && errno != EINVAL)
        c = hl_fail_errno(err, path, "sync", errno);
    close(fd);
    return c;
}

/* --- dropping --------------------------------------------------------------------------------- */

static hl_code copy_range(hl_in *from, hl_spool_range *range, int fd, const char *path,
                          int64_t *size, char *block, hl_error *err)
{
    int64_t at = range->start, start = *size;
    hl_code c = HL_OK;

    while (c == HL_OK && at < range->end) {
        size_t want = (size_t)(range->end - at), got = 0;
        want = want < COPY_BYTES ? want : COPY_BYTES;
        c = hl_in_pread(from, block, want, at, &got, err);
        if (c == HL_OK && got != want)
            c = hl_fail(err, HL_E_INPUT, "the spool is damaged: a file is cut");
        if (c == HL_OK)
            c = write_at(fd, path, block, got, *size, err);
        at += (int64_t)got;
        *size += (int64_t)got;
    }
    range->start = start;
    range->end = *size;
    return c;
}

/* What the stretches of a patient still need of a kind, into a file of the next generation. */
static hl_code compact_kind(const hl_spool *s, hl_spool_patient_files *p, int kind, char *block,
                            hl_error *err)
{
    char old[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_in *from = NULL;
    int64_t live = 0, size = 0;
    int fd = -1;
    hl_code c = HL_OK;

    for (size_t i = 0; i < p->n; i++)
        live += p->stretch[i].range[kind].end - p->stretch[i].range[kind].start;
    if (live > 0) {
        c = hl_spool_data_path(s, p, kind, p->generation, old, err);
        if (c == HL_OK)
            c = hl_spool_data_path(s, p, kind, p->generation + 1, path, err);
        if (c == HL_OK)
            c = hl_in_open(old, &from, err);
        if (c == HL_OK)
            c = open_to_write(path, O_TRUNC, &fd, err);
        for (size_t i = 0; c == HL_OK && i < p->n; i++)
            c = copy_range(from, &p->stretch[i].range[kind], fd, path, &size, block, err);
        if (fd >= 0)
            c = close_written(fd, path, c, err);
    }
    p->size[kind] = size;
    p->unsynced[kind] = size > 0;
    hl_in_close(&from);
    return c;
}

static hl_code compact(const hl_spool *s, hl_spool_patient_files *p, hl_error *err)
{
    char *block = malloc(COPY_BYTES);
    hl_code c = block ? HL_OK : hl_fail_memory(err, "the spool", COPY_BYTES);

    for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++)
        c = compact_kind(s, p, k, block, err);
    if (c == HL_OK)
        p->generation++;
    free(block);
    return c;
}

static void remove_generation(const hl_spool *s, const hl_spool_patient_files *p,
                              int64_t generation)
{
    char path[HL_PATH_BYTES];

    for (int k = 0; k < HL_MESSAGE_KINDS; k++)
        if (hl_spool_data_path(s, p, k, generation, path, NULL) == HL_OK)
            unlink(path); /* what stays behind is removed when the spool is opened */
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put_i64(hl_buf *to, int64_t v)
{
    hl_buf_append(to, &v, sizeof v);
}

static void put_bytes(hl_buf *to, const void *at, size_t n)
{
    put_i64(to, (int64_t)n);
    hl_buf_append(to, at, n);
}

static void put_patient(const hl_spool_patient_files *p, hl_buf *to)
{
    hl_buf_append(to, p->id.byte, sizeof p->id.byte);
    put_i64(to, p->number);
    put_i64(to, p->generation);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        put_i64(to, p->size[k]);
        put_i64(to, p->newest_us[k]);
        put_i64(to, p->has_behind[k]);
    }
    put_bytes(to, p->stretch, p->n * sizeof *p->stretch);
}

static void put_index(const hl_spool *s, hl_buf *to)
{
    int64_t n_patients = 0;
    hl_digest digest;

    hl_buf_text(to, magic);
    put_bytes(to, s->note, strlen(s->note));
    put_i64(to, s->next_number);
    for (int k = 0; k < HL_MESSAGE_ALERT; k++) {
        put_i64(to, (int64_t)s->definition[k].n);
        for (size_t i = 0; i < s->definition[k].n; i++) {
            hl_str d = hl_strmap_key(s->definition[k].map, i);
            put_bytes(to, d.at, d.n);
        }
    }
    put_bytes(to, s->mapping, s->n_mappings * sizeof *s->mapping);
    for (size_t i = 0; i < s->n_patients; i++)
        n_patients += s->patient[i].n > 0;
    put_i64(to, n_patients);
    for (size_t i = 0; i < s->n_patients; i++)
        if (s->patient[i].n > 0)
            put_patient(&s->patient[i], to);
    if (!to->oom) {
        hl_sha256_of(to->at, to->n, &digest);
        hl_buf_append(to, digest.sha256, sizeof digest.sha256);
    }
}

static hl_code write_index(const hl_spool *s, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_out *out = NULL;
    hl_code c = hl_path_join(s->folder, HL_SPOOL_INDEX, path, err);

    put_index(s, &text);
    if (c == HL_OK)
        c = hl_buf_check(&text, "the spool's index", err);
    if (c == HL_OK)
        c = hl_out_create(path, &out, err);
    if (c == HL_OK)
        c = hl_out_make_private(out, err);
    if (c == HL_OK)
        c = hl_out_write(out, text.at, text.n, err);
    if (c == HL_OK)
        c = hl_out_commit(&out, NULL, err);
    hl_out_abort(&out);
    hl_buf_free(&text);
    return c;
}

static hl_code sync_patient(const hl_spool *s, hl_spool_patient_files *p, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++) {
        if (!p->unsynced[k])
            continue;
        c = hl_spool_data_path(s, p, k, p->generation, path, err);
        if (c == HL_OK)
            c = sync_file(path, err);
        p->unsynced[k] = c != HL_OK;
    }
    return c;
}

hl_code hl_spool_store(hl_spool *s, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < s->n_patients; i++) {
        hl_spool_patient_files *p = &s->patient[i];
        if (p->has_dropped && p->n > 0)
            c = compact(s, p, err);
        if (c == HL_OK)
            c = sync_patient(s, p, err);
    }
    if (c == HL_OK)
        c = write_index(s, err);
    for (size_t i = 0; c == HL_OK && i < s->n_patients; i++) {
        hl_spool_patient_files *p = &s->patient[i];
        if (p->has_dropped)
            remove_generation(s, p, p->n > 0 ? p->generation - 1 : p->generation);
        p->has_dropped = false;
    }
    return c;
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct {
    const char *at;
    size_t n;
    bool bad;
} reader;

static const char *take(reader *in, size_t n)
{
    if (in->bad || in->n < n) {
        in->bad = true;
        return NULL;
    }
    in->at += n;
    in->n -= n;
    return in->at - n;
}

static int64_t take_i64(reader *in)
{
    const char *at = take(in, sizeof(int64_t));
    int64_t v = 0;

    if (at)
        memcpy(&v, at, sizeof v);
    return v;
}

static hl_str take_bytes(reader *in)
{
    int64_t n = take_i64(in);

    if (n < 0)
        in->bad = true;
    const char *at = in->bad ? NULL : take(in, (size_t)n);
    return (hl_str){at, at ? (size_t)n : 0};
}

static hl_code take_definitions(hl_spool *s, hl_message_kind kind, reader *in, hl_error *err)
{
    int64_t n = take_i64(in);
    uint32_t index;
    hl_code c = HL_OK;

    for (int64_t i = 0; c == HL_OK && !in->bad && i < n; i++) {
        hl_str bytes = take_bytes(in);
        if (bytes.at)
            c = hl_spool_define(s, kind, bytes, &index, err);
    }
    return c;
}

static hl_code take_mappings(hl_spool *s, reader *in, hl_error *err)
{
    hl_str bytes = take_bytes(in);
    struct hl_spool_mapping m;
    uint32_t index;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i + sizeof m <= bytes.n; i += sizeof m) {
        memcpy(&m, bytes.at + i, sizeof m);
        c = hl_spool_map_at(s, m.mapping, m.patient, &index, err);
    }
    return c;
}

static hl_code take_patient(hl_spool *s, reader *in, hl_error *err)
{
    const char *id = take(in, sizeof(hl_uuid));
    hl_uuid uuid;

    if (!id)
        return HL_OK;
    memcpy(&uuid, id, sizeof uuid);
    int64_t at = hl_spool_patient_at(s, uuid, err);
    if (at < 0)
        return HL_E_LIMIT;
    hl_spool_patient_files *p = &s->patient[at];
    p->number = take_i64(in);
    p->generation = take_i64(in);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        p->size[k] = take_i64(in);
        p->newest_us[k] = take_i64(in);
        p->has_behind[k] = take_i64(in) != 0;
    }
    hl_str stretches = take_bytes(in);
    if (in->bad || stretches.n == 0 || stretches.n % sizeof *p->stretch) {
        in->bad = true;
        return HL_OK;
    }
    p->stretch = malloc(stretches.n);
    if (!p->stretch)
        return hl_fail_memory(err, "the spool", stretches.n);
    memcpy(p->stretch, stretches.at, stretches.n);
    p->n = p->cap = stretches.n / sizeof *p->stretch;
    return HL_OK;
}

static hl_code take_index(hl_spool *s, const hl_buf *text, const char *path, hl_error *err)
{
    reader in = {text->at, text->n, false};
    hl_digest digest;
    hl_code c = HL_OK;

    if (text->n < sizeof magic + sizeof digest.sha256 ||
        memcmp(text->at, magic, sizeof magic - 1) != 0)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "no index of a spool of this version");
    in.n -= sizeof digest.sha256;
    hl_sha256_of(in.at, in.n, &digest);
    if (memcmp(in.at + in.n, digest.sha256, sizeof digest.sha256) != 0)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "the index of the spool is damaged");
    take(&in, sizeof magic - 1);
    hl_str note = take_bytes(&in);
    char *copy = strndup(note.at ? note.at : "", note.n);
    if (!copy)
        return hl_fail_memory(err, "the spool", note.n);
    free(s->note);
    s->note = copy;
    int64_t next_number = take_i64(&in);
    for (int k = 0; c == HL_OK && k < HL_MESSAGE_ALERT; k++)
        c = take_definitions(s, (hl_message_kind)k, &in, err);
    if (c == HL_OK)
        c = take_mappings(s, &in, err);
    int64_t n = take_i64(&in);
    for (int64_t i = 0; c == HL_OK && !in.bad && i < n; i++)
        c = take_patient(s, &in, err);
    s->next_number = next_number;
    s->last_patient = -1;
    if (c == HL_OK && (in.bad || in.n))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "the index of the spool is damaged");
    return c;
}

/* Files of attempts that were killed, and of stays whose removal was. */
static hl_code remove_unknown(const hl_spool *s, hl_error *err)
{
    hl_strmap *known = hl_strmap_new(4 * s->n_patients + 1);
    hl_names names = {0};
    char name[64], path[HL_PATH_BYTES];
    hl_code c = known ? hl_list_tree(s->folder, &names, err) : hl_fail_memory(err, "the spool", 64);

    for (size_t i = 0; c == HL_OK && i < s->n_patients; i++)
        for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++) {
            data_name(&s->patient[i], k, s->patient[i].generation, name);
            if (s->patient[i].size[k])
                c = hl_strmap_add(known, hl_str_of(name), 1, NULL, err);
        }
    for (size_t i = 0; c == HL_OK && i < names.n; i++)
        if (strchr(names.name[i], '/') && hl_strmap_get(known, hl_str_of(names.name[i])) < 0 &&
            hl_path_join(s->folder, names.name[i], path, NULL) == HL_OK)
            unlink(path);
    hl_names_free(&names);
    hl_strmap_free(&known);
    return c;
}

hl_code hl_spool_load(hl_spool *s, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_code c = hl_path_join(s->folder, HL_SPOOL_INDEX, path, err);

    if (c == HL_OK && hl_file_exists(path)) {
        c = hl_read_file(path, MAX_INDEX_BYTES, &text, NULL, err);
        if (c == HL_OK)
            c = take_index(s, &text, path, err);
        hl_buf_free(&text);
    }
    return c == HL_OK ? remove_unknown(s, err) : c;
}
