/*
 * Bytes -> the files of a record -> windows of every kind. Opening and reading never read past
 * anything, a window gives what the whole gave, and every level of the processor reads the same.
 *
 * The input is a row of files, the record's own header first:
 *
 *      NAME '\n' SIZE '\n' bytes        SIZE as decimal digits; the last file takes what is left
 */
#include <math.h>

#include "base/buf.h"
#include "base/str.h"
#include "wave/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MOST = 16, FRAMES_MOST = 1000, SAMPLES_MOST = 1 << 13 };

typedef struct {
    hl_place_file file[FILES_MOST];
    char name[FILES_MOST][64];
    size_t n;
} files;

/* The text up to the next line end, at most n - 1 bytes of it. */
static bool take_line(const uint8_t **at, const uint8_t *end, char *line, size_t n)
{
    const uint8_t *lf = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    const size_t length = lf ? (size_t)(lf - *at) : 0;

    if (!lf || length >= n)
        return false;
    memcpy(line, *at, length);
    line[length] = 0;
    *at = lf + 1;
    return strlen(line) == length;
}

static void unpack(const uint8_t *at, const uint8_t *end, files *out)
{
    char size[24];
    int64_t n;

    while (out->n < FILES_MOST && take_line(&at, end, out->name[out->n], sizeof *out->name) &&
           take_line(&at, end, size, sizeof size) && hl_parse_i64(hl_str_of(size), &n) && n >= 0) {
        if (n > end - at)
            n = end - at;
        out->file[out->n] = (hl_place_file){out->name[out->n], at, (size_t)n};
        out->n++;
        at += n;
    }
}

static hl_wave *open_at(const files *f, int32_t cpu)
{
    const hl_ctl ctl = {.cpu = cpu};
    hl_place *place = NULL;
    hl_wave *w = NULL;
    hl_error err;

    hl_assert(hl_place_memory(f->file, f->n, &place, &err) == HL_OK);
    (void)hl_wave_open_in(&place, f->name[0], &ctl, &w, &err);
    hl_place_close(&place);
    return w;
}

/* A window's values, one behind the other, and how many frames of it are good. */
typedef struct {
    void *block, **to;
    int64_t *count, got;
    hl_code code;
} values;

static size_t width_of(const hl_wave_window *q)
{
    return q->kind == HL_WAVE_F64 ? 8 : 4;
}

static bool read_window(hl_wave *w, const hl_wave_window *q, values *out)
{
    const int32_t n = q->signal ? q->n_signals : hl_wave_about(w)->n_signals;
    size_t all = 0, at = 0;
    hl_error err;

    *out = (values){.to = calloc((size_t)n + 1, sizeof *out->to),
                    .count = calloc((size_t)n + 1, sizeof *out->count)};
    hl_assert(out->to && out->count);
    for (int32_t k = 0; k < n && all <= SAMPLES_MOST; k++) {
        out->count[k] = hl_wave_count(w, q, q->signal ? q->signal[k] : k);
        hl_assert(out->count[k] >= 0);
        all += out->count[k] > SAMPLES_MOST ? SAMPLES_MOST + 1 : (size_t)out->count[k];
    }
    if (all > SAMPLES_MOST)
        return false;
    out->block = malloc(all * width_of(q) + 1);
    hl_assert(out->block);
    for (int32_t k = 0; k < n; k++) {
        out->to[k] = (char *)out->block + at;
        at += (size_t)out->count[k] * width_of(q);
    }
    out->code = hl_wave_read_some(w, q, out->to, &out->got, &err);
    hl_assert(out->got >= 0 && out->got <= q->to - q->from);
    hl_assert((out->code == HL_OK) == (out->got == q->to - q->from));
    return true;
}

static void free_values(values *v)
{
    free(v->block);
    free(v->to);
    free(v->count);
}

/* Samples of n frames from frame `at` of a's window on are those of b's from its start. */
static void compare(const hl_wave *w, const hl_wave_window *q, const values *a, int64_t at,
                    const values *b, int64_t n)
{
    const int32_t n_signals = hl_wave_about(w)->n_signals;
    const hl_wave_window one = {.from = 0, .to = 1, .rate = q->rate, .kind = q->kind};

    for (int32_t s = 0; s < n_signals; s++) {
        const size_t frame = (size_t)hl_wave_count(w, &one, s) * width_of(q);
        hl_assert(memcmp((char *)a->to[s] + (size_t)at * frame, b->to[s], (size_t)n * frame) == 0);
    }
}

/* The record from its start, as far as it is not too much, against its pieces and another level. */
static void check_reading(hl_wave *w, hl_wave *plain, hl_wave_window q)
{
    const hl_wave_info *info = hl_wave_about(w);
    values whole, other, part;

    q.to = info->n_frames < FRAMES_MOST ? info->n_frames : FRAMES_MOST;
    if (read_window(w, &q, &whole)) {
        hl_assert(read_window(plain, &q, &other));
        hl_assert(whole.got == other.got && whole.code == other.code);
        compare(w, &q, &whole, 0, &other, whole.got);
        free_values(&other);
        for (int64_t i = 0; i < 4 && q.to > 0; i++) {
            hl_wave_window p = q;
            p.from = q.to * (3 - i) / 4;
            p.to = p.from + q.to / 3 < q.to ? p.from + q.to / 3 : q.to;
            hl_assert(read_window(w, &p, &part));
            int64_t n = whole.got - p.from < part.got ? whole.got - p.from : part.got;
            if (n > 0)
                compare(w, &q, &whole, p.from, &part, n);
            free_values(&part);
        }
    }
    free_values(&whole);
}

/* The last frames, of a signal that is asked for twice. */
static void check_end(hl_wave *w)
{
    const hl_wave_info *info = hl_wave_about(w);
    const int32_t last = info->n_signals - 1, twice[2] = {last, last};
    const hl_wave_window q = {.from = info->n_frames > 3 ? info->n_frames - 3 : 0,
                              .to = info->n_frames,
                              .signal = twice,
                              .n_signals = last < 0 ? 0 : 2,
                              .damaged_is_gap = 1};
    values v;

    if (read_window(w, &q, &v) && q.n_signals == 2)
        hl_assert(memcmp(v.to[0], v.to[1],
                         (size_t)(v.got * info->signal[last].samples_per_frame) * 4) == 0);
    free_values(&v);
}

static void check_info(hl_wave *w)
{
    const hl_wave_info *info = hl_wave_about(w);
    uint8_t *present = malloc((size_t)info->n_signals + 1);
    int64_t at = 0;
    hl_error err;

    hl_assert(present && info->frame_hz > 0 && info->n_frames >= 0);
    for (int64_t i = 0; i < info->n_segments; i++) {
        hl_assert(info->segment[i].from == at && info->segment[i].to >= at);
        at = info->segment[i].to;
        if (i < 20)
            (void)hl_wave_present(w, i, present, &err);
    }
    hl_assert(at == info->n_frames);
    for (int32_t s = 0; s < info->n_signals; s++)
        hl_assert(info->signal[s].samples_per_frame >= 1 && info->signal[s].gain != 0 &&
                  hl_wave_find(w, info->signal[s].name) != -1);
    free(present);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    files f = {0};
    hl_wave *w, *plain;

    unpack(data, data + size, &f);
    if (f.n == 0)
        return 0;
    w = open_at(&f, 0);
    plain = open_at(&f, HL_CPU_C);
    hl_assert((w != NULL) == (plain != NULL));
    if (w) {
        check_info(w);
        check_end(w);
        for (int32_t i = 0; i < 9; i++)
            check_reading(w, plain,
                          (hl_wave_window){.rate = i % 3,
                                           .kind = i / 3,
                                           .truncate = i % 2,
                                           .layout_values = i == 3,
                                           .damaged_is_gap = i % 4 == 1});
        hl_wave_pad_skew(w);
        check_end(w);
    }
    hl_wave_close(&w);
    hl_wave_close(&plain);
    return 0;
}
