#include "base/job_internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/ctl.h"
#include "base/pool.h"

#define SMALL_FILE_BYTES ((size_t)4 << 20) /* of an .ok: options and a few digests */
#define BLOCK_BYTES ((size_t)65536)

/* --- .ok -------------------------------------------------------------------------------------- */

const char *hl_job_part_name(int64_t shard, int64_t n, const char *kind,
                             char out[HL_JOB_NAME_BYTES])
{
    snprintf(out, HL_JOB_NAME_BYTES, "part-%05lld-of-%05lld.%s", (long long)shard, (long long)n,
             kind);
    return out;
}

static void write_digest(hl_json_writer *w, const char *key, int64_t bytes, const char *name,
                         const hl_digest *digest)
{
    char hex[HL_HEX_CHARS];

    hl_json_put_key(w, key);
    hl_json_open(w, '{');
    hl_json_member_int(w, "bytes", bytes);
    hl_json_member_cstr(w, name, hl_digest_hex(digest, hex));
    hl_json_close(w, '}');
}

hl_code hl_job_ok_write(const hl_job_place *place, const hl_job_ok *ok, hl_error *err)
{
    char name[HL_JOB_NAME_BYTES], path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 2);
    hl_code c;

    hl_json_open(&w, '{');
    hl_json_member_int(&w, "shard", place->shard);
    hl_job_identity_write(&w, &place->identity);
    hl_json_member_int(&w, "shard_items", ok->items);
    hl_json_member_int(&w, "failed", ok->failed);
    write_digest(&w, "records", ok->records_bytes, "rows_sha256", &ok->rows);
    write_digest(&w, "index", ok->index.bytes, "sha256", &ok->index);
    hl_json_close(&w, '}');
    hl_buf_char(&text, '\n');
    hl_job_part_name(place->shard, place->identity.n_shards, "ok", name);
    c = hl_path_join(place->folder, name, path, err);
    if (!c)
        c = hl_buf_check(&text, name, err);
    if (!c)
        c = hl_write_file(path, text.at, text.n, NULL, err);
    hl_buf_free(&text);
    return c;
}

/* false: not the .ok of this shard of this job; why says if only memory was lacking. */
static bool parse_ok(const char *text, size_t n, const char *path, const hl_job_identity *identity,
                     int64_t shard, hl_job_ok *ok, hl_error *why)
{
    hl_arena *arena = hl_arena_new(0);
    hl_json *json = NULL;
    hl_job_identity is;
    bool good = false;

    if (!arena)
        hl_fail_memory(why, path, n);
    else if (!hl_json_parse(text, n, path, &json, why)) {
        const hl_json_value *v = hl_json_root(json);
        const hl_json_value *records = hl_json_get(v, "records"), *index = hl_json_get(v, "index");
        ok->items = hl_json_int(hl_json_get(v, "shard_items"));
        ok->failed = hl_json_int(hl_json_get(v, "failed"));
        ok->records_bytes = hl_json_int(hl_json_get(records, "bytes"));
        ok->index.bytes = hl_json_int(hl_json_get(index, "bytes"));
        good = !hl_job_identity_parse(path, v, arena, &is, why) &&
               strcmp(is.digest, identity->digest) == 0 &&
               hl_json_type_of(hl_json_get(v, "shard")) == HL_JSON_INT &&
               hl_json_int(hl_json_get(v, "shard")) == shard && ok->items >= 0 && ok->failed >= 0 &&
               ok->failed <= ok->items &&
               hl_digest_parse(hl_json_text(hl_json_get(records, "rows_sha256")), &ok->rows) &&
               hl_digest_parse(hl_json_text(hl_json_get(index, "sha256")), &ok->index);
    }
    hl_json_free(&json);
    hl_arena_free(&arena);
    return good;
}

/* --- the state of a shard --------------------------------------------------------------------- */

/* Whether fd holds the bytes of digest. */
static bool holds(int fd, const hl_digest *want, hl_sha256 *sha, hl_buf *block)
{
    hl_digest is;
    int64_t n = 0;
    size_t got = 1;

    hl_buf_clear(block);
    if (!hl_buf_reserve(block, BLOCK_BYTES))
        return false;
    while (got && n <= want->bytes) {
        if (hl_job_pread(fd, "", block->at, BLOCK_BYTES, n, &got, NULL))
            return false;
        hl_sha256_add(sha, block->at, got);
        n += (int64_t)got;
    }
    hl_sha256_end(sha, &is);
    return n == want->bytes && memcmp(is.sha256, want->sha256, sizeof is.sha256) == 0;
}

/* Read every record of the part and prove it by its row. why as in parse_ok(). */
static bool rows_prove(int index, int records, const hl_job_identity *identity, int64_t shard,
                       const hl_job_ok *ok, hl_buf *record, hl_sha256 *sha, const hl_ctl *ctl,
                       hl_error *why)
{
    hl_job_rows *rows = malloc(sizeof *rows);
    hl_sha256 *tree = hl_sha256_new();
    hl_digest digest = {0};
    hl_job_row row;
    int64_t n = 0, failed = 0, end = 0, before = -1;
    bool good = rows && tree && hl_job_rows_begin(rows, index, identity, shard);

    while (good && hl_job_rows_next(rows, &row)) {
        good = row.offset == end && row.item > before && !hl_ctl_cancelled(ctl) &&
               hl_job_row_proves(records, ok->records_bytes, &row, record, sha);
        hl_sha256_add(tree, row.sha256, sizeof row.sha256);
        end += row.bytes;
        before = row.item;
        failed += row.code != HL_OK;
        n++;
    }
    if (!rows || !tree || rows->oom || record->oom)
        hl_fail_memory(why, "records", sizeof *rows);
    if (tree)
        hl_sha256_end(tree, &digest);
    good = good && n == ok->items && failed == ok->failed && end == ok->records_bytes &&
           memcmp(digest.sha256, ok->rows.sha256, sizeof digest.sha256) == 0;
    hl_sha256_free(&tree);
    free(rows);
    return good;
}

static hl_code open_part(const char *folder, const hl_job_identity *identity, int64_t shard,
                         const char *kind, bool promised, const hl_ctl *ctl, int *fd,
                         struct stat *st, char path[HL_PATH_BYTES], hl_error *err)
{
    char name[HL_JOB_NAME_BYTES];
    hl_code c =
        hl_path_join(folder, hl_job_part_name(shard, identity->n_shards, kind, name), path, err);

    *fd = -1;
    if (!c)
        c = hl_job_open(path, promised, ctl, fd, err);
    if (!c && *fd >= 0 && fstat(*fd, st))
        c = hl_fail_errno(err, path, "look at", errno);
    return c;
}

hl_code hl_job_shard_state(const char *folder, const hl_job_identity *identity, int64_t shard,
                           hl_job_care care, hl_ctl *ctl, hl_shard_state *state, hl_job_ok *ok,
                           hl_error *err)
{
    char path[HL_PATH_BYTES];
    int fd = -1, index = -1, records = -1;
    struct stat st, st_index, st_records;
    size_t got = 0;
    hl_buf block = {0};
    hl_error why = {0};
    hl_sha256 *sha = hl_sha256_new();
    hl_code c = open_part(folder, identity, shard, "ok", false, ctl, &fd, &st, path, err);

    *state = HL_SHARD_MISSING;
    if (!c && !sha)
        c = hl_fail_memory(err, "SHA-256", 1);
    if (c || fd < 0)
        goto done;
    *state = HL_SHARD_DIFFERS;
    if (st.st_size > (int64_t)SMALL_FILE_BYTES)
        goto done;
    if (!hl_buf_reserve(&block, (size_t)st.st_size + BLOCK_BYTES)) {
        c = hl_fail_memory(err, path, (size_t)st.st_size);
        goto done;
    }
    c = hl_job_pread(fd, path, block.at, (size_t)st.st_size, 0, &got, err);
    if (c || !parse_ok(block.at, got, path, identity, shard, ok, &why))
        goto done;
    c = open_part(folder, identity, shard, "records", true, ctl, &records, &st_records, path, err);
    if (!c)
        c = open_part(folder, identity, shard, "index", true, ctl, &index, &st_index, path, err);
    if (c || records < 0 || index < 0 || st_records.st_size != ok->records_bytes ||
        st_index.st_size != ok->index.bytes || !holds(index, &ok->index, sha, &block))
        goto done;
    if (care == HL_JOB_QUICK ||
        rows_prove(index, records, identity, shard, ok, &block, sha, ctl, &why))
        *state = HL_SHARD_COMPLETE;
    else
        c = hl_ctl_check(ctl, err);
done:
    /* A whole shard must not count as a damaged one. */
    if (!c && hl_error_is_memory(&why)) {
        c = HL_E_LIMIT;
        if (err)
            *err = why;
    }
    if (fd >= 0)
        close(fd);
    if (index >= 0)
        close(index);
    if (records >= 0)
        close(records);
    hl_sha256_free(&sha);
    hl_buf_free(&block);
    return c;
}

typedef struct {
    const char *folder;
    const hl_job_identity *identity;
    hl_job_care care;
    hl_ctl *ctl;
    uint8_t *state;
} state_loop;

static hl_code one_state(void *ctx, int64_t i, int thread, hl_error *err)
{
    state_loop *loop = ctx;
    hl_shard_state state;
    hl_job_ok ok;
    hl_code c = hl_job_shard_state(loop->folder, loop->identity, i, loop->care, loop->ctl, &state,
                                   &ok, err);

    (void)thread;
    loop->state[i] = (uint8_t)state;
    hl_ctl_done(loop->ctl, 1);
    return c;
}

hl_code hl_job_all_states(const char *folder, const hl_job_identity *identity, hl_job_care care,
                          hl_ctl *ctl, uint8_t *state, hl_error *err)
{
    state_loop loop = {
        .folder = folder, .identity = identity, .care = care, .ctl = ctl, .state = state};

    hl_ctl_phase(ctl, "checking shards", identity->n_shards);
    return hl_parallel_for(hl_ctl_jobs(ctl), identity->n_shards, ctl, one_state, &loop, err);
}

hl_code hl_job_states(const char *out, hl_job_care care, hl_ctl *ctl, uint8_t **state, int64_t *n,
                      hl_error *err)
{
    char folder[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_arena *arena = hl_arena_new(0);
    hl_job_identity identity;
    hl_code c = arena ? hl_path_join(out, HL_JOB_FOLDER, folder, err)
                      : hl_fail_memory(err, "shards", 65536);

    *state = NULL;
    *n = 0;
    if (!c)
        c = hl_path_join(folder, HL_JOB_SHARDS_FILE, path, err);
    if (!c && !hl_file_exists(path))
        c = hl_job_no_shards(out, err);
    if (!c)
        c = hl_job_identity_read(folder, arena, &identity, err);
    if (!c) {
        *state = calloc((size_t)identity.n_shards, 1);
        c = *state ? hl_job_all_states(folder, &identity, care, ctl, *state, err)
                   : hl_fail_memory(err, "shards", (size_t)identity.n_shards);
    }
    if (c) {
        free(*state);
        *state = NULL;
    } else {
        *n = identity.n_shards;
    }
    hl_arena_free(&arena);
    return c;
}

hl_code hl_job_missing(const char *out, int64_t **missing, size_t *n, hl_error *err)
{
    uint8_t *state = NULL;
    int64_t n_shards = 0;
    hl_code c = hl_job_states(out, HL_JOB_PROVE, NULL, &state, &n_shards, err);

    *missing = NULL;
    *n = 0;
    if (!c) {
        *missing = malloc((size_t)n_shards * sizeof **missing);
        if (!*missing)
            c = hl_fail_memory(err, "shards", (size_t)n_shards * sizeof **missing);
    }
    for (int64_t i = 0; !c && i < n_shards; i++)
        if (state[i] != HL_SHARD_COMPLETE)
            (*missing)[(*n)++] = i;
    free(state);
    return c;
}

/* --- the output folder ------------------------------------------------------------------------ */

/* NFS keeps removed files that are open under such names. */
static bool is_nothing(const char *name)
{
    return strncmp(name, ".tmp-", 5) == 0 || strncmp(name, ".nfs", 4) == 0;
}

/* The first name in folder that keeps it from being started, copied to other if that is empty. */
static hl_code look_for_others(const char *folder, char *other, size_t size, size_t *n_other,
                               hl_error *err)
{
    hl_names names = {0};
    hl_code c = hl_list_folder(folder, &names, err);

    for (size_t i = 0; !c && i < names.n; i++) {
        if (strcmp(names.name[i], HL_JOB_FOLDER) == 0 || is_nothing(names.name[i]))
            continue;
        if (!other[0])
            snprintf(other, size, "%s", names.name[i]);
        ++*n_other;
    }
    hl_names_free(&names);
    return c;
}

hl_code hl_job_check_out(const hl_job_options *options, hl_error *err)
{
    const char *out = options->out;
    char path[HL_PATH_BYTES], shards[HL_PATH_BYTES], other[256] = "";
    size_t n_other = 0;
    hl_code c;

    if (!hl_file_exists(out))
        return HL_OK;
    if (!hl_is_folder(out))
        return hl_fail_at(err, HL_E_USAGE, out, 0, -1, "not a folder\nGive another --out.");
    c = hl_path_join(out, HL_JOB_FOLDER "/" HL_JOB_SHARDS_FILE, shards, err);
    if (!c && !hl_file_exists(shards)) {
        c = look_for_others(out, other, sizeof other, &n_other, err);
        if (!c)
            c = hl_path_join(out, HL_JOB_FOLDER, path, err);
        if (!c && hl_file_exists(path))
            c = look_for_others(path, other, sizeof other, &n_other, err);
        if (!c && !n_other)
            return HL_OK;
    }
    /* A shard makes shards.json before anything else: what was found may be of one that has begun
     * since the first look. */
    if (!c && hl_file_exists(shards))
        return options->mode == HL_JOB_RUN && !options->resume ? hl_job_refuse_unfinished(out, err)
                                                               : HL_OK;
    if (!c)
        c = hl_path_join(out, "manifest.json", path, err);
    if (!c && hl_file_exists(path))
        c = hl_fail(err, HL_E_USAGE, "%s holds a finished run; give another --out", out);
    if (!c)
        c = hl_fail(err, HL_E_USAGE,
                    "%s holds something else: %s%s; give a new or empty folder as --out", out,
                    other, n_other > 1 ? ", ..." : "");
    return c;
}
