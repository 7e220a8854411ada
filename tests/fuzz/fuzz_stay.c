/*
 * Bytes -> definitions and messages of a stay -> hl_stay_build() in both styles -> our own reader.
 * Whatever the messages say, a stay that is built is a record: every header, signal file, table and
 * annotation file of it reads back, checksums hold, segments and gaps fill the record, gaps hold
 * nothing, and no file lies outside the record's folder.
 *
 * Unless byte 0 asks for messages that contradict each other, a sample is a function of its tick.
 * So each sample that comes back can be checked without a second builder: the value of its tick, or
 * not measured.
 */
#include "format/wfdb/annotation.h"
#include "format/wfdb/wfdb.h"
#include "hilum/wave.h"
#include "monitor/stay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_WAVES = 10,
    MAX_OTHERS = 4, /* definitions of numerics and of enumerations */
    MAX_OPS = 400,  /* messages */
    MAX_TEXT = 40,  /* bytes of a label or list */
    READ_FRAMES = 4096
};
#define MAX_SAMPLES ((int64_t)1 << 20) /* of an input */
#define FIRST_SEQUENCE INT64_C(500000000123)
#define FIRST_US INT64_C(4000000000000000)

/* --- bytes ------------------------------------------------------------------------------------ */

typedef struct {
    const uint8_t *at;
    size_t n;
} bytes;

static uint8_t byte(bytes *b)
{
    if (b->n == 0)
        return 0;
    b->n--;
    return *b->at++;
}

static int64_t whole(bytes *b, int n)
{
    uint64_t v = 0;

    for (int i = 0; i < n; i++)
        v |= (uint64_t)byte(b) << 8 * i;
    return n < 8 && v >> (8 * n - 1) ? (int64_t)(v - (UINT64_C(1) << 8 * n)) : (int64_t)v;
}

/* A text of the input; a length of 0xff is NULL. */
static hl_str text(bytes *b)
{
    size_t n = byte(b);
    hl_str s = {(const char *)b->at, 0};

    if (n == 0xff)
        return (hl_str){NULL, 0};
    n %= MAX_TEXT + 1;
    s.n = n < b->n ? n : b->n;
    b->at += s.n;
    b->n -= s.n;
    return s;
}

static hl_maybe number(bytes *b)
{
    static const double known[] = {0,    1,    200,   8092,       8292,  800,     4000,     2,
                                   4095, 0.5,  35,    -40,        1e308, -1e308,  4.9e-324, 1e-9,
                                   1e18, -0.0, 65535, 2147483647, 0.1,   1.0 / 3, 1e40,     -32768};
    uint8_t i = byte(b);
    double v;
    int64_t raw;

    if (i < sizeof known / sizeof *known)
        return (hl_maybe){known[i], true};
    if (i < 0x80)
        return (hl_maybe){0, false};
    raw = whole(b, i < 0xc0 ? 2 : 8);
    if (i < 0xc0)
        return (hl_maybe){(double)raw / 100, true};
    memcpy(&v, &raw, sizeof v);
    return v - v == 0 ? (hl_maybe){v, true} : (hl_maybe){0, false}; /* as the export reads them */
}

/* --- what the bytes say ----------------------------------------------------------------------- */

typedef struct {
    hl_message m; /* its texts lie in the input; definition and samples by number */
    uint8_t definition;
    int64_t salt; /* of its samples */
} op;

typedef struct {
    hl_wave_definition wave[MAX_WAVES];
    hl_numeric_definition numeric[MAX_OTHERS];
    hl_enumeration_definition enumeration[MAX_OTHERS];
    uint8_t n_waves;
    op op[MAX_OPS];
    size_t n;
    uint8_t flags;
    int64_t n_samples;
} script;

enum { CONTRADICTS = 1, ODD_TIME = 2, NO_ANNOTATIONS = 4, NO_VERSION = 8, HAS_IDS = 16, BEST = 32 };

static void read_wave(bytes *b, hl_wave_definition *w, int64_t id)
{
    static const int64_t base[] = {131328, 150016, 150452, 151562};
    static const int64_t period[] = {4, 8, 16, 4, 8, 16, 2, 1, 4, 8, 16, 4, 8, 16, 4, 8};
    uint8_t kind = byte(b), flags = byte(b);

    *w = (hl_wave_definition){.id = kind & 0x80 ? id % 3 : id,
                              .base_physio_id = base[kind & 3],
                              .physio_id = kind >> 2 & 7,
                              .channel = kind >> 5 & 3,
                              .sample_period = period[flags & 15],
                              .is_slow_wave = flags >> 4 & 1,
                              .is_derived = flags >> 5 & 1,
                              .missing = flags >> 6};
    if (flags == 0xff)
        w->sample_period = (int8_t)byte(b); /* most of these are refused */
    w->label = text(b);
    w->unit_label = text(b);
    w->low_edge_hz = number(b);
    w->high_edge_hz = number(b);
    w->scale_lower = number(b);
    w->scaled_lower = number(b);
    w->scaled_upper = number(b);
    w->absolute_lower = number(b);
    w->absolute_upper = number(b);
}

static hl_stamp stamp(bytes *b, int64_t sequence, int64_t *offset_us)
{
    uint8_t how = byte(b);
    hl_stamp t = {.zone_min = -300, .has = true};

    if (how == 0xff)
        return (hl_stamp){0};
    if (how >= 0xf8) {
        t.us = whole(b, 8); /* what a timestamp of the export can say */
        if (t.us < INT64_C(-62135596800000000) || t.us > INT64_C(253402300799999999))
            t.us = 0;
        t.zone_min = how & 4 ? 1439 : -1439;
        return t;
    }
    if (how >= 0xe0)
        *offset_us += whole(b, 3) * 1000; /* the clock is set */
    if (__builtin_sub_overflow(sequence, FIRST_SEQUENCE, &t.us) ||
        __builtin_mul_overflow(t.us, 1000, &t.us) ||
        __builtin_add_overflow(t.us, FIRST_US + *offset_us, &t.us) ||
        t.us < INT64_C(-62135596800000000) || t.us > INT64_C(253402300799999999))
        t.us = FIRST_US;
    if (how & 1)
        t.us += (int64_t)(how >> 1) * 1000;
    return t;
}

static int64_t next_sequence(bytes *b, int64_t last, int64_t end)
{
    uint8_t how = byte(b);
    int64_t v = how < 96 ? end : last;

    switch (how >> 4) {
    case 6:
    case 7: /* as the last one */
        return last;
    case 8:
    case 9:
        return (int64_t)((uint64_t)last + (uint64_t)(whole(b, 1) * 16));
    case 10:
        return (int64_t)((uint64_t)last + (uint64_t)whole(b, 2));
    case 11:
        return (int64_t)((uint64_t)last + (uint64_t)(whole(b, 2) * 16));
    case 12:
        return (int64_t)((uint64_t)last + (uint64_t)whole(b, 4));
    case 13:
        return whole(b, 8);
    case 14:
        return FIRST_SEQUENCE + (whole(b, 1) * (INT64_C(1) << 45));
    case 15:
        return how & 1 ? INT64_MAX : INT64_MIN;
    default:
        return v;
    }
}

static int64_t count_of(bytes *b, int64_t period)
{
    uint8_t how = byte(b);

    period = period > 0 ? period : 1;
    if (how < 0xc0) /* mostly short, so that there is time for many inputs */
        return (how < 0x80 ? 320 : 5120) / period;
    if (how < 0xe0)
        return byte(b);
    if (how < 0xf0)
        return 16 * byte(b) / period;
    if (how < 0xfe)
        return whole(b, 2) & 0x7fff;
    return whole(b, 3) & 0xfffff;
}

static bool read_op(script *s, bytes *b, int64_t *last, int64_t end[MAX_WAVES], int64_t *offset_us)
{
    op *o = &s->op[s->n];
    hl_message *m = &o->m;
    uint8_t kind = byte(b);

    *o = (op){0};
    m->kind = kind < 0xa0   ? HL_MESSAGE_WAVE
              : kind < 0xc0 ? HL_MESSAGE_NUMERIC
              : kind < 0xe0 ? HL_MESSAGE_ENUMERATION
                            : HL_MESSAGE_ALERT;
    o->definition = (uint8_t)(kind % (m->kind == HL_MESSAGE_WAVE ? s->n_waves : MAX_OTHERS));
    m->sequence = next_sequence(b, *last, m->kind == HL_MESSAGE_WAVE ? end[o->definition] : *last);
    m->time = stamp(b, m->sequence, offset_us);
    switch (m->kind) {
    case HL_MESSAGE_WAVE:
        m->n = count_of(b, s->wave[o->definition].sample_period);
        if (s->n_samples + m->n > MAX_SAMPLES)
            return false;
        s->n_samples += m->n;
        if (kind & 0x80) {
            m->unavailable = text(b);
            m->invalid = text(b);
            m->paced = text(b);
        }
        if (s->flags & CONTRADICTS)
            o->salt = byte(b);
        end[o->definition] = (int64_t)((uint64_t)m->sequence +
                                       (uint64_t)(m->n * s->wave[o->definition].sample_period));
        break;
    case HL_MESSAGE_NUMERIC:
        m->number = text(b);
        break;
    case HL_MESSAGE_ENUMERATION:
        m->value = text(b);
        break;
    case HL_MESSAGE_ALERT:
        m->alert.byte[0] = kind & 7;
        m->label = text(b);
        m->severity = (int64_t)byte(b) - 1;
        m->is_silenced = kind >> 3 & 1;
        m->announce = stamp(b, m->sequence, offset_us);
        m->onset = stamp(b, m->sequence, offset_us);
        m->end = stamp(b, m->sequence, offset_us);
        break;
    case HL_MESSAGE_KINDS:
        break;
    }
    *last = m->sequence;
    s->n++;
    return true;
}

static void read_script(script *s, bytes *b)
{
    static const int64_t codes[] = {148631, 148063, 147551, 5};
    int64_t last = FIRST_SEQUENCE, end[MAX_WAVES], offset_us = 0;

    s->flags = byte(b);
    s->n_waves = (uint8_t)(byte(b) % MAX_WAVES + 1);
    for (int i = 0; i < s->n_waves; i++) {
        read_wave(b, &s->wave[i], i);
        end[i] = FIRST_SEQUENCE;
    }
    for (int i = 0; i < MAX_OTHERS; i++) {
        hl_numeric_definition *d = &s->numeric[i];
        d->sub_label = text(b);
        d->unit_label = text(b);
        d->is_aperiodic = i == 1;
        s->enumeration[i].value_physio_id = codes[i];
        s->enumeration[i].label = i == 2 ? hl_str_of("RhySta") : hl_str_of("Annot");
    }
    while (b->n > 0 && s->n < MAX_OPS && read_op(s, b, &last, end, &offset_us)) {
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static uint16_t value_at(int64_t tick, int64_t salt)
{
    uint64_t x = (uint64_t)(tick + salt * 7919) * UINT64_C(0x9e3779b97f4a7c15);

    x ^= x >> 29;
    if (x % 61 == 0)
        return 0;
    return (uint16_t)(tick >> 9 & 8 ? 2000 + x % 300 : x >> 7);
}

/* Tick of a message's first sample; false: the builder leaves it out. */
static bool tick_of(const script *s, const op *o, int64_t *tick)
{
    const int64_t period = s->wave[o->definition].sample_period;
    int64_t first = 0, rest;

    for (size_t i = 0; i < s->n; i++)
        if (s->op[i].m.kind == HL_MESSAGE_WAVE) {
            first = s->op[i].m.sequence;
            break;
        }
    if (__builtin_sub_overflow(o->m.sequence, first, tick) || period <= 0)
        return false;
    rest = *tick % period;
    *tick -= rest < 0 ? rest + period : rest;
    return true;
}

/* Of one kind. What a message points at lies in memory of its own, gone with the next one. */
typedef struct {
    const script *s;
    hl_message_kind kind;
    size_t i;
    void *own[8];
    size_t n_own;
} feed;

static void forget(feed *f)
{
    while (f->n_own > 0)
        free(f->own[--f->n_own]);
}

static void *keep(feed *f, const void *at, size_t n)
{
    void *p = malloc(n ? n : 1);

    hl_assert(p != NULL && f->n_own < sizeof f->own / sizeof *f->own);
    if (n > 0 && at)
        memcpy(p, at, n);
    f->own[f->n_own++] = p;
    return p;
}

static hl_str keep_text(feed *f, hl_str t)
{
    return t.at ? (hl_str){keep(f, t.at, t.n), t.n} : t;
}

static void fill_wave(feed *f, const op *o, hl_message *m)
{
    hl_wave_definition w = f->s->wave[o->definition];
    int64_t tick;
    uint8_t *sample = keep(f, NULL, (size_t)m->n * 2);

    w.label = keep_text(f, w.label);
    w.unit_label = keep_text(f, w.unit_label);
    m->wave = keep(f, &w, sizeof w);
    m->unavailable = keep_text(f, m->unavailable);
    m->invalid = keep_text(f, m->invalid);
    m->paced = keep_text(f, m->paced);
    if (!tick_of(f->s, o, &tick))
        tick = 0;
    for (int64_t i = 0; i < m->n; i++) {
        uint16_t v = value_at((int64_t)((uint64_t)tick + (uint64_t)(i * w.sample_period)), o->salt);
        sample[2 * i] = (uint8_t)v;
        sample[2 * i + 1] = (uint8_t)(v >> 8);
    }
    m->sample = sample;
}

static hl_code feed_next(void *ctx, hl_message *out, hl_error *err)
{
    feed *f = ctx;
    const op *o;

    (void)err;
    forget(f);
    while (f->i < f->s->n && f->s->op[f->i].m.kind != f->kind)
        f->i++;
    if (f->i == f->s->n)
        return HL_END;
    o = &f->s->op[f->i++];
    *out = o->m;
    if (f->kind == HL_MESSAGE_WAVE) {
        fill_wave(f, o, out);
    } else if (f->kind == HL_MESSAGE_NUMERIC) {
        hl_numeric_definition d = f->s->numeric[o->definition];
        d.sub_label = keep_text(f, d.sub_label);
        d.unit_label = keep_text(f, d.unit_label);
        out->numeric = keep(f, &d, sizeof d);
        out->number = keep_text(f, out->number);
    } else if (f->kind == HL_MESSAGE_ENUMERATION) {
        out->enumeration = keep(f, &f->s->enumeration[o->definition], sizeof *out->enumeration);
        out->value = keep_text(f, out->value);
    } else {
        out->label = keep_text(f, out->label);
    }
    return HL_OK;
}

static hl_code feed_rewind(void *ctx, hl_error *err)
{
    feed *f = ctx;

    (void)err;
    forget(f);
    f->i = 0;
    return HL_OK;
}

/* --- what was built --------------------------------------------------------------------------- */

typedef struct {
    const script *s;
    const hl_stay_options *o;
    const hl_stay_result *r;
    hl_arena *arena;
} built;

/* Fail with the library's own words. */
static void must(hl_code c, const hl_error *err)
{
    if (c != HL_OK)
        fprintf(stderr, "code %d: %s %s\n", (int)c, err->path, err->message);
    hl_assert(c == HL_OK);
}

static const char *path_of(const built *b, const char *name)
{
    char *path = hl_arena_printf(b->arena, "%s/%s", b->o->folder, name);

    hl_assert(path != NULL);
    return path;
}

static void read_window(hl_wave *wave, hl_wave_kind kind, int64_t from, int64_t to,
                        void *const *sample)
{
    hl_wave_window w = {.from = from, .to = to, .kind = (int32_t)kind};
    hl_error err = {0};

    must(hl_wave_read(wave, &w, sample, &err), &err);
}

/* For READ_FRAMES of every signal, of either kind. */
static void **room_of(const built *b, const hl_wave_info *info)
{
    void **sample = hl_arena_calloc(b->arena, (size_t)info->n_signals + 1, sizeof *sample);

    hl_assert(sample != NULL);
    for (int32_t i = 0; i < info->n_signals; i++) {
        sample[i] = hl_arena_calloc(
            b->arena, (size_t)(READ_FRAMES * info->signal[i].samples_per_frame), sizeof(double));
        hl_assert(sample[i] != NULL);
    }
    return sample;
}

static void check_samples(const built *b, const hl_wave_signal *g, int64_t first_tick, int64_t n,
                          const int32_t *sample, uint32_t *sum)
{
    const int64_t period = 16 / g->samples_per_frame;

    for (int64_t i = 0; i < n; i++) {
        int32_t v = sample[i] == HL_WAVE_INVALID ? INT16_MIN : sample[i];
        uint16_t sent = value_at(first_tick + i * period, 0);
        hl_assert(v >= INT16_MIN && v <= INT16_MAX);
        *sum += (uint16_t)v;
        if (!(b->s->flags & CONTRADICTS) && v != INT16_MIN)
            hl_assert((uint16_t)v == sent);
        if (!(b->s->flags & CONTRADICTS) && v == INT16_MIN)
            hl_assert(sent == 0 || sent == 0x8000);
    }
}

/* A segment by itself, and the same frames through the record. */
static void check_segment(const built *b, hl_wave *record, const hl_wave_segment *segment)
{
    const hl_wave_info *all = hl_wave_about(record), *info;
    hl_wave *wave = NULL;
    hl_error err = {0};
    hl_wfdb_header h;
    hl_buf header = {0};
    int32_t place[HL_WFDB_MAX_SIGNALS];
    void **a, **r;
    uint32_t sum[HL_WFDB_MAX_SIGNALS] = {0};
    const char *path = path_of(b, segment->name);

    must(hl_wave_open(path, NULL, &wave, &err), &err);
    info = hl_wave_about(wave);
    hl_assert(info->n_frames == segment->to - segment->from);
    a = room_of(b, info);
    r = room_of(b, all);
    for (int32_t i = 0; i < info->n_signals; i++) {
        place[i] = 0;
        while (place[i] < all->n_signals &&
               strcmp(all->signal[place[i]].name, info->signal[i].name) != 0)
            place[i]++;
        hl_assert(place[i] < all->n_signals);
    }
    for (int64_t at = 0; at < info->n_frames; at += READ_FRAMES) {
        int64_t n = info->n_frames - at < READ_FRAMES ? info->n_frames - at : READ_FRAMES;
        read_window(wave, HL_WAVE_F64, at, at + n, a);
        read_window(record, HL_WAVE_F64, segment->from + at, segment->from + at + n, r);
        for (int32_t i = 0; i < info->n_signals; i++)
            hl_assert(memcmp(a[i], r[place[i]],
                             (size_t)(n * info->signal[i].samples_per_frame) * sizeof(double)) ==
                      0);
        read_window(wave, HL_WAVE_I32, at, at + n, a);
        for (int32_t i = 0; i < info->n_signals; i++)
            check_samples(b, &info->signal[i], (int64_t)info->base_counter + at * 16,
                          n * info->signal[i].samples_per_frame, a[i], &sum[i]);
    }
    must(hl_read_file(hl_arena_printf(b->arena, "%s.hea", path), 1 << 20, &header, NULL, &err),
         &err);
    must(hl_wfdb_parse_header(b->arena, header.at, header.n, segment->name, &h, &err), &err);
    hl_assert(h.n_signals == info->n_signals);
    /* The converter's checksum counts samples of a frame that was never completed. */
    for (int32_t i = 0; i < h.n_signals && b->o->style == HL_STAY_DATABASE; i++)
        hl_assert(((uint32_t)h.signal[i].checksum & 0xffff) == (sum[i] & 0xffff));
    hl_buf_free(&header);
    hl_wave_close(&wave);
}

static void check_gap(const built *b, hl_wave *record, const hl_wave_segment *gap)
{
    const hl_wave_info *info = hl_wave_about(record);
    void **sample = room_of(b, info);
    int64_t n = gap->to - gap->from < READ_FRAMES ? gap->to - gap->from : READ_FRAMES;
    const int64_t from[] = {gap->from, gap->to - n};

    for (int k = 0; k < 2; k++) {
        read_window(record, HL_WAVE_I32, from[k], from[k] + n, sample);
        for (int32_t i = 0; i < info->n_signals; i++)
            for (int64_t j = 0; j < n * info->signal[i].samples_per_frame; j++)
                hl_assert(((const int32_t *)sample[i])[j] == HL_WAVE_INVALID);
    }
}

static void check_waves(const built *b)
{
    const hl_wave_info *info;
    hl_wave *wave = NULL;
    hl_error err = {0};
    int64_t frames = 0, segments = 0, gaps = 0;

    must(hl_wave_open(path_of(b, b->o->name), NULL, &wave, &err), &err);
    info = hl_wave_about(wave);
    hl_assert(info->n_frames == b->r->n_frames && b->r->n_frames >= 0);
    for (int64_t i = 0; i < info->n_segments; i++) {
        const hl_wave_segment *segment = &info->segment[i];
        hl_assert(segment->from == frames && segment->to >= segment->from);
        frames = segment->to;
        if (segment->from == segment->to)
            continue; /* the layout, or a stretch too short for a frame */
        if (strcmp(segment->name, "~") == 0) {
            check_gap(b, wave, segment);
            gaps++;
        } else {
            check_segment(b, wave, segment);
            segments++;
        }
    }
    hl_assert(frames == b->r->n_frames && gaps == b->r->n_gaps && segments <= b->r->n_segments);
    hl_wave_close(&wave);
}

static void check_numerics(const built *b, const char *name)
{
    const hl_numerics_info *info;
    hl_numerics *n = NULL;
    hl_error err = {0};
    bool plain = true;

    must(hl_numerics_open(path_of(b, name), NULL, &n, &err), &err);
    info = hl_numerics_about(n);
    hl_assert(info->n_rows == b->r->n_numeric_rows && info->n_rows > 0 && info->n_columns > 0);
    for (int64_t i = 1; i < info->n_rows; i++)
        hl_assert(info->tick[i - 1] <= info->tick[i]);
    for (int64_t i = 0; i < info->n_columns; i++) /* "A [B] [C]" can be read in two ways */
        plain =
            plain && !strpbrk(info->column[i].name, "[]") && !strpbrk(info->column[i].units, "[]");
    for (int64_t i = 1; i < info->n_columns && plain; i++) {
        int order = strcmp(info->column[i - 1].name, info->column[i].name);
        hl_assert(order < 0 ||
                  (order == 0 && strcmp(info->column[i - 1].units, info->column[i].units) < 0));
    }
    hl_numerics_close(&n);
}

static int64_t check_annotations(const built *b, const char *name)
{
    hl_annotations a;
    hl_buf file = {0};
    hl_error err = {0};

    must(hl_read_file(path_of(b, name), (size_t)64 << 20, &file, NULL, &err), &err);
    must(hl_annotations_parse(b->arena, file.at, file.n, name, &a, &err), &err);
    hl_assert(a.n > 0 && a.n_surplus_bytes == 0 &&
              a.clock_hz == (b->o->style == HL_STAY_DOWNCAST ? 1000 : b->o->tick_hz));
    for (size_t i = 1; i < a.n; i++)
        hl_assert(a.annotation[i - 1].time <= a.annotation[i].time);
    hl_buf_free(&file);
    return (int64_t)a.n;
}

static void check_files(const built *b)
{
    hl_names names = {0};
    hl_error err = {0};
    int64_t annotations = 0;
    bool has_record = false;

    must(hl_list_folder(b->o->folder, &names, &err), &err);
    hl_assert(names.n == b->r->n_files);
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.name[i], *dot = strrchr(name, '.');
        hl_buf file = {0};
        hl_digest digest;
        hl_assert(strcmp(name, b->r->file[i].name) == 0);
        must(hl_read_file(path_of(b, name), (size_t)64 << 20, &file, &digest, &err), &err);
        hl_assert(hl_digest_equal(&digest, &b->r->file[i].digest));
        hl_buf_free(&file);
        if (strstr(name, "n.csv.gz") || strcmp(name, "numerics.csv.gz") == 0)
            check_numerics(b, name);
        if (strcmp(dot, ".beat") == 0 || strcmp(dot, ".alarm") == 0 || strcmp(dot, ".wq") == 0)
            annotations += check_annotations(b, name);
        has_record = has_record || (strncmp(name, b->o->name, strlen(b->o->name)) == 0 &&
                                    strcmp(name + strlen(b->o->name), ".hea") == 0);
    }
    hl_assert(annotations == b->r->n_annotations);
    hl_assert(has_record == (b->r->n_segments > 0));
    if (has_record)
        check_waves(b);
    hl_names_free(&names);
}

/* --- a stay ----------------------------------------------------------------------------------- */

static void build(const script *s, const char *folder, hl_stay_style style)
{
    feed f[HL_MESSAGE_KINDS];
    hl_stay_input input;
    hl_stay_result r;
    hl_error err = {0};
    hl_names names = {0};
    hl_arena *arena = hl_arena_new(0);
    const char *record, *scratch;

    hl_assert(arena != NULL);
    record = hl_arena_printf(arena, "%s/record", folder);
    scratch = hl_arena_printf(arena, "%s/scratch", folder);
    must(hl_make_folder(record, &err), &err);
    must(hl_make_folder(scratch, &err), &err);
    hl_stay_options o = {.style = style,
                         .folder = record,
                         .scratch = scratch,
                         .name = style == HL_STAY_DOWNCAST ? "waves" : "81234567",
                         .tick_hz = 999.56,
                         .shift_us = s->flags & ODD_TIME ? INT64_C(3650) * 86400000000 : 0,
                         .mtime = 1654041600,
                         .subject_id = s->flags & HAS_IDS ? "10999001" : NULL,
                         .hadm_id = s->flags & HAS_IDS ? "29999001" : NULL,
                         .effort = s->flags & BEST ? HL_FLAC_BEST : HL_FLAC_FAST,
                         .annotations = !(s->flags & NO_ANNOTATIONS),
                         .version_line = !(s->flags & NO_VERSION)};
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        f[k] = (feed){.s = s, .kind = (hl_message_kind)k};
        input.source[k] = (hl_message_source){&f[k], feed_next, feed_rewind};
    }
    hl_code c = hl_stay_build(&input, &o, arena, &r, &err);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++)
        forget(&f[k]);
    if (c == HL_OK) {
        const built b = {s, &o, &r, arena};
        check_files(&b);
    } else {
        if (c != HL_E_INPUT && c != HL_E_LIMIT)
            must(c, &err);
        hl_assert(err.message[0] != 0);
    }
    must(hl_list_folder(scratch, &names, &err), &err);
    hl_assert(names.n == 0);
    hl_names_free(&names);
    must(hl_list_folder(folder, &names, &err), &err);
    hl_assert(names.n == 2);
    hl_names_free(&names);
    must(hl_remove_tree(record, &err), &err);
    hl_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/dev/shm/fuzz-stay-XXXXXX", slow[] = "/tmp/fuzz-stay-XXXXXX";
    const char *at = mkdtemp(folder) ? folder : mkdtemp(slow);
    script *s = calloc(1, sizeof *s);
    bytes b = {data, size};

    hl_assert(at != NULL && s != NULL);
    read_script(s, &b);
    build(s, at, HL_STAY_DATABASE);
    build(s, at, HL_STAY_DOWNCAST);
    hl_assert(hl_remove_tree(at, NULL) == HL_OK);
    free(s);
    return 0;
}
