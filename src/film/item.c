#include "film/item.h"

#include <unistd.h>

#include "base/ctl.h"

#define MAX_FILE_BYTES ((size_t)4 << 30)
#define MAX_PAIRED_BYTES ((size_t)128 << 20) /* of a film that is read before its turn */
#define WARNING_BYTES 600

void hl_film_ending(const hl_look *look, int64_t frame, char out[HL_ENDING_BYTES])
{
    const char *kind = look->format == HL_FILM_JPEG ? ".jpg" : ".png";

    if (frame > 0)
        snprintf(out, HL_ENDING_BYTES, "_f%03lld%s", (long long)frame, kind);
    else
        snprintf(out, HL_ENDING_BYTES, "%s", kind);
}

/* --- one file, opened ------------------------------------------------------------------------- */

typedef struct {
    const hl_film_job *job;
    hl_film_worker *worker;
    hl_arena *scratch;
    hl_dicom *d;
    hl_pixels pixels;
    hl_metadata metadata;
    hl_film_record r;
    hl_look_stats stats;
    char warning[WARNING_BYTES];
} turn;

/* The file, or the same name with .gz behind it: the project's own list says .dcm for both. */
static hl_code find_file(const hl_film_job *job, const hl_film_item *item, char path[HL_PATH_BYTES],
                         bool *gz, hl_error *err)
{
    hl_code c = hl_path_join(job->in, item->path, path, err);
    size_t n = c == HL_OK ? strlen(path) : 0;

    *gz = false;
    if (c != HL_OK || hl_file_exists(path))
        return c;
    if (n + 4 > HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "a path is too long");
    memcpy(path + n, ".gz", 4);
    *gz = hl_file_exists(path);
    if (!*gz)
        path[n] = 0; /* opening it says that it is absent */
    return HL_OK;
}

/* digest = NULL: hashed later, together with another. */
static hl_code load(const hl_film_job *job, const char *path, size_t limit, hl_buf *file,
                    hl_digest *digest, hl_error *err)
{
    hl_buf_clear(file);
    hl_code c = hl_read_file(path, limit, file, digest, err);
    if (c == HL_OK)
        hl_ctl_bytes(job->ctl, (int64_t)file->n);
    else
        hl_buf_free(file);
    return c;
}

/* Hash the film at hand, and if the one that comes soon can be read, both at once. */
static void hash_with_next(const hl_film_job *job, int thread, hl_film_worker *w, hl_digest *digest)
{
    hl_shelf_place *place = NULL;
    char path[HL_PATH_BYTES];
    bool ok = false;

    if (job->shelf && w->soon >= 0 && w->file.n <= MAX_PAIRED_BYTES &&
        !job->plan->item[w->soon].refusal)
        place = hl_shelf_begin(job->shelf, thread, w->soon);
    if (place)
        ok = find_file(job, &job->plan->item[w->soon], path, &place->gz, NULL) == HL_OK &&
             load(job, path, MAX_PAIRED_BYTES, &place->file, NULL, NULL) == HL_OK;
    if (ok)
        hl_sha256_pair(w->file.at, w->file.n, place->file.at, place->file.n, job->cpu, digest,
                       &place->digest);
    else
        hl_sha256_of(w->file.at, w->file.n, digest);
    if (place)
        hl_shelf_put(job->shelf, place, ok);
    w->soon = -1;
}

/* Says anew what hl_read_file() said: that message holds the whole path. */
static hl_code say_unreadable(const hl_film_item *item, const char *path, const hl_error *fault,
                              hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, item->name, 0, -1, "%s",
                      !hl_file_exists(path)     ? "the file is not there"
                      : access(path, R_OK) != 0 ? "the file may not be read"
                      : fault->offset >= 0      ? "the file became shorter while it was read"
                                                : "no regular file");
}

static hl_code read_file(turn *t, int64_t i, int thread, hl_error *err)
{
    const hl_film_job *job = t->job;
    const hl_film_item *item = &job->plan->item[i];
    char path[HL_PATH_BYTES];
    hl_error fault;
    bool gz;

    if (job->shelf && hl_shelf_take(job->shelf, i, &t->worker->file, &t->r.input, &gz)) {
        t->worker->soon = -1;
        t->r.gz = hl_str_of(gz ? ".gz" : "");
        return HL_OK;
    }
    hl_code c = find_file(job, item, path, &gz, err);
    if (c != HL_OK)
        return c;
    t->r.gz = hl_str_of(gz ? ".gz" : "");
    c = load(job, path, MAX_FILE_BYTES, &t->worker->file, NULL, &fault);
    if (c == HL_E_INPUT || (c == HL_E_IO && access(path, R_OK) != 0))
        return say_unreadable(item, path, &fault, err);
    if (c != HL_OK && err)
        *err = fault;
    if (c == HL_OK)
        hash_with_next(job, thread, t->worker, &t->r.input);
    return c;
}

static hl_code open_film(turn *t, const char *name, hl_error *err)
{
    hl_code c = hl_dicom_memory(t->worker->file.at, t->worker->file.n, name, &t->d, err);

    if (c == HL_OK)
        c = hl_pixels_describe(t->d, &t->pixels, err);
    return c;
}

/* --- what must not leave -----------------------------------------------------------------------
 */

static hl_code check_burned_in(turn *t, hl_error *err)
{
    if (!hl_str_is(hl_dicom_get_ascii(t->d, HL_TAG_BurnedInAnnotation), "YES"))
        return HL_OK;
    return hl_dicom_fail(t->d, HL_E_INPUT, HL_TAG_BurnedInAnnotation, err,
                         "is YES: text in the picture would leave with it\n"
                         "Clean the pixels, or give --allow-identifying.");
}

static hl_metadata_rule rule_of(const hl_film_job *job, const hl_film_item *item)
{
    return (hl_metadata_rule){.as_published = job->o->as_published,
                              .view_from_code = job->o->view_from_code,
                              .allow_identifying = job->o->allow_identifying,
                              .shift_days = item->shift_days,
                              .map = job->map};
}

/* --- pictures --------------------------------------------------------------------------------- */

static hl_code render(turn *t, const hl_look *look, int64_t frame, hl_error *err)
{
    hl_frame words;
    hl_picture picture;
    hl_look_stats stats = {0};
    hl_code c = hl_pixels_frame(t->d, &t->pixels, frame, t->scratch, t->job->cpu, &words, err);

    if (c == HL_OK)
        c = hl_look_apply(look, t->d, &t->pixels, &words, t->job->cpu, t->scratch, &picture, &stats,
                          err);
    hl_buf_clear(&t->worker->picture);
    if (c == HL_OK)
        c = hl_picture_encode(look, &picture, t->job->cpu, &t->worker->picture, err);
    if (t->r.n_pictures == 0)
        t->stats = stats;
    return c;
}

static hl_code write_picture(const turn *t, const char *relative, hl_digest *digest, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(t->job->out, relative, path, err);

    if (c != HL_OK)
        return c;
    char *slash = strrchr(path, '/');
    *slash = 0;
    c = hl_make_folder(path, err);
    *slash = '/';
    return c == HL_OK
               ? hl_write_file(path, t->worker->picture.at, t->worker->picture.n, digest, err)
               : c;
}

static hl_code one_frame_only(const turn *t, hl_error *err)
{
    return hl_dicom_fail(
        t->d, HL_E_INPUT, HL_TAG_NumberOfFrames, err,
        "%lld frames: a film has one\nGive --every-frame to have a picture of each.",
        (long long)t->pixels.n_frames);
}

static hl_code render_all(turn *t, const hl_film_item *item, hl_error *err)
{
    const hl_film_job *job = t->job;
    char ending[HL_ENDING_BYTES], relative[HL_PATH_BYTES];
    int64_t n = t->pixels.n_frames;

    if (n > 1 && !job->o->every_frame)
        return one_frame_only(t, err);
    t->r.picture = hl_arena_calloc(t->scratch, (size_t)n, sizeof *t->r.picture);
    if (!t->r.picture || n > INT32_MAX)
        return hl_fail_memory(err, "a film's frames", (size_t)n * sizeof *t->r.picture);
    hl_code c = HL_OK;
    for (int64_t f = 0; c == HL_OK && f < n; f++) {
        t->r.picture[f].frame = n > 1 ? f + 1 : 0;
        hl_film_ending(&job->r->look, t->r.picture[f].frame, ending);
        c = hl_film_place(item, ending, relative, err);
        if (c == HL_OK)
            c = render(t, &job->r->look, f, err);
        if (c == HL_OK)
            c = write_picture(t, relative, &t->r.picture[f].digest, err);
        t->r.n_pictures += c == HL_OK;
        if (c == HL_OK && hl_ctl_cancelled(job->ctl) && f + 1 < n)
            c = hl_ctl_check(job->ctl, err);
    }
    return c;
}

/* --- the record ------------------------------------------------------------------------------- */

static void add_warning(turn *t, const char *text)
{
    size_t n = strlen(t->warning);

    if (n + strlen(text) + 4 < sizeof t->warning)
        snprintf(t->warning + n, sizeof t->warning - n, "%s%s", n ? "; " : "", text);
}

static void gather_warnings(turn *t)
{
    for (size_t i = 0; i < hl_dicom_n_warnings(t->d); i++)
        add_warning(t, hl_dicom_warning_at(t->d, i).text);
    if (t->metadata.bad_time)
        add_warning(t, "a date or time is none and was left empty");
    if (t->metadata.view_filled)
        add_warning(t, "ViewPosition was filled from the view code");
    if (t->stats.constant)
        add_warning(t, "all pixels are equal");
    if (t->stats.wrapped)
        add_warning(t, "the signed range does not fit its type; kept as published");
    if (t->stats.no_voi)
        add_warning(t, "no window in the file; its whole range was used");
}

static void fill_record(turn *t)
{
    const hl_pixels *p = &t->pixels;

    gather_warnings(t);
    t->r.rows = p->rows;
    t->r.columns = p->columns;
    t->r.bits_stored = p->bits_stored;
    t->r.is_signed = p->is_signed;
    t->r.inverted = t->stats.inverted;
    t->r.min = t->stats.min;
    t->r.max = t->stats.max;
    t->r.mean = t->stats.mean;
    t->r.grey_mean = t->stats.grey_mean;
    t->r.syntax = hl_str_of(hl_dicom_syntax_of(t->d)->uid);
    t->r.photometric = hl_str_of(p->photometric);
    t->r.warnings = hl_str_of(t->warning);
    t->r.cell = t->metadata.cell;
}

static void put_str(hl_buf *to, hl_str s)
{
    uint32_t n = (uint32_t)s.n;
    hl_buf_append(to, &n, sizeof n);
    hl_buf_append(to, s.at, s.n);
}

/* Head, pictures, texts. Two attempts at a film must leave equal bytes: so no pointers, and nothing
 * between the fields. */
static void put_record(const hl_film_record *r, size_t n_columns, hl_buf *to)
{
    hl_film_record head;

    memset(&head, 0, sizeof head);
    head.input = r->input;
    head.rows = r->rows;
    head.columns = r->columns;
    head.bits_stored = r->bits_stored;
    head.is_signed = r->is_signed;
    head.n_pictures = r->n_pictures;
    head.inverted = r->inverted;
    head.min = r->min;
    head.max = r->max;
    head.mean = r->mean;
    head.grey_mean = r->grey_mean;
    hl_buf_append(to, &head, sizeof head);
    hl_buf_append(to, r->picture, (size_t)r->n_pictures * sizeof *r->picture);
    put_str(to, r->syntax);
    put_str(to, r->photometric);
    put_str(to, r->warnings);
    put_str(to, r->gz);
    for (size_t i = 0; i < n_columns; i++)
        put_str(to, r->cell[i]);
}

typedef struct {
    const char *at;
    size_t n;
    bool bad;
} reader;

static void take(reader *in, void *to, size_t n)
{
    if (in->n < n) {
        in->bad = true;
        return;
    }
    memcpy(to, in->at, n);
    in->at += n;
    in->n -= n;
}

static hl_str take_str(reader *in)
{
    uint32_t n = 0;

    take(in, &n, sizeof n);
    if (in->bad || in->n < n) {
        in->bad = true;
        return (hl_str){0};
    }
    hl_str s = {in->at, n};
    in->at += n;
    in->n -= n;
    return s;
}

hl_code hl_film_record_look(const void *record, size_t n, size_t n_columns, hl_arena *arena,
                            hl_film_record *out, hl_error *err)
{
    reader in = {record, n, false};

    *out = (hl_film_record){0};
    take(&in, out, sizeof *out);
    if (in.bad || out->n_pictures < 0 || (size_t)out->n_pictures > in.n / sizeof *out->picture)
        return hl_fail(err, HL_E_BUG, "a film's record of %zu bytes", n);
    out->picture = hl_arena_calloc(arena, (size_t)out->n_pictures, sizeof *out->picture);
    out->cell = hl_arena_calloc(arena, n_columns, sizeof *out->cell);
    if (!out->picture || !out->cell)
        return hl_fail_memory(err, "a film's record", n);
    take(&in, out->picture, (size_t)out->n_pictures * sizeof *out->picture);
    out->syntax = take_str(&in);
    out->photometric = take_str(&in);
    out->warnings = take_str(&in);
    out->gz = take_str(&in);
    for (size_t i = 0; i < n_columns; i++)
        out->cell[i] = take_str(&in);
    return in.bad || in.n ? hl_fail(err, HL_E_BUG, "a film's record of %zu bytes", n) : HL_OK;
}

/* --- the turn --------------------------------------------------------------------------------- */

hl_code hl_film_work(const hl_film_job *job, int64_t i, int thread, hl_arena *scratch,
                     hl_buf *record, hl_error *err)
{
    const hl_film_item *item = &job->plan->item[i];
    turn t = {.job = job, .worker = &job->worker[thread], .scratch = scratch};
    hl_metadata_rule rule = rule_of(job, item);

    if (item->refusal)
        return hl_fail_at(err, HL_E_INPUT, item->name, 0, -1, "%s", item->refusal);
    hl_code c = read_file(&t, i, thread, err);
    if (c == HL_OK)
        c = open_film(&t, item->name, err);
    if (c == HL_OK && !item->dicom_id)
        c = hl_dicom_fail(t.d, HL_E_INPUT, 0, err, "it changed while the archive was read");
    if (c == HL_OK && !job->o->allow_identifying)
        c = check_burned_in(&t, err);
    if (c == HL_OK)
        c = hl_film_metadata(t.d, job->r, &rule, scratch, &t.metadata, err);
    if (c == HL_OK)
        c = render_all(&t, item, err);
    if (c == HL_OK) {
        fill_record(&t);
        put_record(&t.r, job->r->n_columns, record);
        c = hl_buf_check(record, "a film's record", err);
    }
    hl_dicom_close(&t.d);
    return c;
}

hl_code hl_film_refused_row(const hl_film_job *job, int64_t i, hl_arena *arena, hl_str **cell,
                            hl_error *err)
{
    const hl_film_item *item = &job->plan->item[i];
    hl_film_worker worker = {0};
    turn t = {.job = job, .worker = &worker, .scratch = arena};
    hl_metadata_rule rule = rule_of(job, item);
    char path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_error fault;

    *cell = NULL;
    if (item->refusal || !item->dicom_id)
        return HL_OK;
    hl_code c = hl_path_join(job->in, item->path, path, &fault);
    if (c == HL_OK)
        c = hl_in_open(path, &in, &fault);
    if (c == HL_OK)
        c = hl_dicom_open(in, &t.d, &fault);
    if (c == HL_OK)
        c = hl_film_metadata(t.d, job->r, &rule, arena, &t.metadata, &fault);
    hl_dicom_close(&t.d);
    hl_in_close(&in);
    if (c == HL_OK) {
        *cell = t.metadata.cell;
    } else if (hl_error_is_memory(&fault)) {
        if (err)
            *err = fault;
        return c;
    }
    return HL_OK;
}

hl_code hl_film_single(const hl_film_job *job, const char *path, const char *picture_path,
                       hl_film_record *out, hl_arena *arena, hl_digest *digest, hl_error *err)
{
    turn t = {.job = job, .worker = &job->worker[0], .scratch = arena};
    hl_code c = load(job, path, MAX_FILE_BYTES, &t.worker->file, &t.r.input, err);

    if (c == HL_OK)
        c = open_film(&t, path, err);
    if (c == HL_OK && t.pixels.n_frames > 1 && job->o->frame == 0)
        c = hl_dicom_fail(t.d, HL_E_INPUT, HL_TAG_NumberOfFrames, err,
                          "%lld frames: a film has one\nGive --frame to say which one is wanted.",
                          (long long)t.pixels.n_frames);
    if (c == HL_OK && job->o->frame > t.pixels.n_frames)
        c = hl_dicom_fail(t.d, HL_E_USAGE, HL_TAG_NumberOfFrames, err, "--frame %lld: it has %lld",
                          (long long)job->o->frame, (long long)t.pixels.n_frames);
    if (c == HL_OK)
        c = render(&t, &job->r->look, job->o->frame ? job->o->frame - 1 : 0, err);
    if (c == HL_OK)
        c = hl_write_file(picture_path, t.worker->picture.at, t.worker->picture.n, digest, err);
    if (c == HL_OK) {
        if (check_burned_in(&t, NULL) != HL_OK)
            add_warning(&t, "BurnedInAnnotation is YES: there may be text in the picture");
        fill_record(&t);
        *out = t.r;
        out->syntax = hl_str_of(hl_arena_copy(arena, t.r.syntax.at, t.r.syntax.n));
        out->photometric = hl_str_of(hl_arena_copy(arena, t.r.photometric.at, t.r.photometric.n));
        out->warnings = hl_str_of(hl_arena_copy(arena, t.r.warnings.at, t.r.warnings.n));
    }
    hl_dicom_close(&t.d);
    return c;
}
