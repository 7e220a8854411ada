#include "film/look.h"

#include "film/voi.h"
#include "format/dicom/write.h"
#include "look_rules.h"

static hl_arena *arena;

/* --- frames and files made by hand
 * ---------------------------------------------------------------- */

static const hl_look plain8 = {
    .rounding = HL_ROUND_TRUNCATE, .invert = HL_INVERT_MONOCHROME1, .format = HL_FILM_PNG8};

/* A file that has only what a test puts into it. */
typedef struct {
    hl_buf set, file;
    hl_dicom_writer w;
    hl_dicom *d;
} made_file;

static made_file file_begin(const char *syntax)
{
    return (made_file){.w = {.syntax = hl_dicom_syntax_find(hl_str_of(syntax))}};
}

static hl_dicom *file_end(made_file *f)
{
    hl_error err = {0};

    if (f->set.n == 0) { /* no data set is no DICOM */
        f->w.to = &f->set;
        hl_dicom_put_text(&f->w, HL_TAG_Modality, "CS", "DX");
    }
    hl_code c = hl_dicom_put_file(f->w.syntax, "1.2.840.10008.5.1.4.1.1.1.1", "2.25.1", &f->set,
                                  &f->file, &err);
    if (c == HL_OK)
        c = hl_dicom_memory(f->file.at, f->file.n, "made.dcm", &f->d, &err);
    if (c != HL_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return f->d;
}

static void file_free(made_file *f)
{
    hl_dicom_close(&f->d);
    hl_buf_free(&f->set);
    hl_buf_free(&f->file);
}

static hl_dicom_writer *put(made_file *f)
{
    f->w.to = &f->set;
    return &f->w;
}

static hl_dicom *empty;
static made_file empty_file;

static hl_pixels pixels_of(const hl_frame *f, const char *photometric)
{
    hl_pixels p = {.rows = f->height,
                   .columns = f->width,
                   .samples = f->samples,
                   .bits_allocated = f->bits,
                   .bits_stored = f->exact ? f->bits : f->stored,
                   .is_signed = f->is_signed,
                   .n_frames = 1};

    snprintf(p.photometric, sizeof p.photometric, "%s", photometric);
    return p;
}

static hl_frame frame_of(const void *px, int32_t bits, bool is_signed, int32_t w, int32_t h)
{
    return (hl_frame){.width = w,
                      .height = h,
                      .samples = 1,
                      .bits = bits,
                      .stored = bits,
                      .is_signed = is_signed,
                      .exact = true,
                      .px = px};
}

/* One row of 16-bit words. */
static hl_frame row_of(const void *words, int32_t n, bool is_signed)
{
    return frame_of(words, 16, is_signed, n, 1);
}

static hl_code apply(const hl_look *look, hl_dicom *d, const char *photometric,
                     const hl_frame *frame, hl_picture *out, hl_look_stats *stats, hl_error *err)
{
    const hl_pixels p = pixels_of(frame, photometric);

    *err = (hl_error){0};
    return hl_look_apply(look, d, &p, frame, hl_cpu_level(0), arena, out, stats, err);
}

/* The grey row that a look makes of a row of words; fails the test when it makes none. */
static const uint8_t *greys(const hl_look *look, hl_dicom *d, const char *photometric,
                            const hl_frame *frame, hl_look_stats *stats)
{
    hl_picture picture = {0};
    hl_image image = {0};
    hl_error err;
    static const uint8_t none[64];

    if (!ok(apply(look, d, photometric, frame, &picture, stats, &err) == HL_OK)) {
        printf("# %s\n", err.message);
        return none;
    }
    is_int(hl_picture_grey(&picture, arena, &image, &err), HL_OK);
    return image.px;
}

/* --- published arithmetic ------------------------------------------------------------------------
 */

typedef struct {
    int bits, is_signed, seed, w, h;
    long long span, offset;
} made_words;

/* Values as words of the machine; films.md: BitsStored = BitsAllocated. */
static hl_frame made_frame(const made_words *m)
{
    const size_t n = (size_t)(m->w * m->h);
    char *px = hl_arena_calloc(arena, n, 4);
    hl_mt19937 g;

    hl_mt19937_seed(&g, (uint32_t)m->seed);
    for (size_t i = 0; i < n; i++) {
        const int64_t v = (int64_t)hl_mt19937_u32(&g) % m->span + m->offset;
        const uint32_t word = (uint32_t)v;
        const uint16_t half = (uint16_t)v;
        if (m->bits == 32)
            memcpy(px + 4 * i, &word, 4);
        else if (m->bits == 16)
            memcpy(px + 2 * i, &half, 2);
        else
            px[i] = (char)v;
    }
    return frame_of(px, m->bits, m->is_signed != 0, m->w, m->h);
}

static const char *look_hex(const hl_look *look, const char *photometric, const hl_frame *frame,
                            char hex[HL_HEX_CHARS])
{
    hl_picture picture = {0};
    hl_look_stats stats;
    hl_error err;

    if (!ok(apply(look, empty, photometric, frame, &picture, &stats, &err) == HL_OK)) {
        printf("# %s\n", err.message);
        return "";
    }
    if (picture.wide) {
        const size_t n = (size_t)(picture.width * picture.height);
        uint8_t *little = hl_arena_alloc(arena, 2 * n);
        for (size_t i = 0; i < n; i++) {
            little[2 * i] = (uint8_t)picture.wide[i];
            little[2 * i + 1] = (uint8_t)(picture.wide[i] >> 8);
        }
        return rows_hex(little, 2 * n, 2 * n, 1, hex);
    }
    return grey_hex(&picture.grey, hex);
}

static void take_published(const char *line)
{
    made_words m;
    char norm[80], inverted[80], equalised[80], got[HL_HEX_CHARS];

    if (!ok(sscanf(line, "published %d %d %lld %lld %d %d %d %79s %79s %79s", &m.bits, &m.is_signed,
                   &m.span, &m.offset, &m.seed, &m.w, &m.h, norm, inverted, equalised) == 10))
        return;
    const hl_frame frame = made_frame(&m);
    hl_look equal = plain8, never = plain8;
    equal.equalise = HL_EQUALISE_HISTOGRAM;
    never.invert = HL_INVERT_NEVER;
    is_str(look_hex(&plain8, "MONOCHROME2", &frame, got), norm);
    is_str(look_hex(&plain8, "MONOCHROME1", &frame, got), inverted);
    is_str(look_hex(&never, "MONOCHROME1", &frame, got), norm);
    is_str(look_hex(&equal, "MONOCHROME2", &frame, got), equalised);
    hl_arena_reset(arena);
}

static void published_arithmetic_is_numpys_and_opencvs(void)
{
    is_int(each_rule("published ", take_published), 19);
}

static void take_ours(const char *line)
{
    made_words m;
    char rounding[16], want[80], got[HL_HEX_CHARS];
    double low, high;
    int white;

    if (!ok(sscanf(line, "ours %d %d %lld %lld %d %d %d %d %15s %lf %lf %79s", &m.bits,
                   &m.is_signed, &m.span, &m.offset, &m.seed, &m.w, &m.h, &white, rounding, &low,
                   &high, want) == 12))
        return;
    const hl_frame frame = made_frame(&m);
    hl_look look = {.range = HL_RANGE_PERCENTILE,
                    .percentile = {low, high},
                    .rounding = rounding[0] == 't' ? HL_ROUND_TRUNCATE : HL_ROUND_NEAREST,
                    .format = white == 255 ? HL_FILM_PNG8 : HL_FILM_PNG16};
    is_str(look_hex(&look, "MONOCHROME2", &frame, got), want);
    look.range = HL_RANGE_MINMAX;
    if (low <= 0.0)
        is_str(look_hex(&look, "MONOCHROME2", &frame, got), want);
    hl_arena_reset(arena);
}

static void percentiles_are_numpys(void)
{
    is_int(each_rule("ours ", take_ours), 88);
}

static void the_steps_of_the_published_function(void)
{
    const uint16_t words[] = {100, 100, 101, 350, 4195, 2000};
    const uint8_t norm[] = {0, 0, 0, 15, 255, 118}, inverted[] = {255, 255, 255, 240, 0, 137};
    const hl_frame frame = row_of(words, 6, false);
    hl_look_stats s;

    is_mem(greys(&plain8, empty, "MONOCHROME2", &frame, &s), norm, 6);
    is_int(s.min, 100);
    is_int(s.max, 4195);
    ok(s.mean == 6846.0 / 6.0 && !s.inverted && !s.constant && !s.wrapped);
    ok(fabs(s.grey_mean - (15 + 255 + 118) / 6.0 / 255.0) < 1e-15);
    is_mem(greys(&plain8, empty, "MONOCHROME1", &frame, &s), inverted, 6);
    ok(s.inverted);
    hl_arena_reset(arena);
}

static void only_the_exact_string_inverts(void)
{
    static const char *const others[] = {"MONOCHROME", "MONOCHROME12", "monochrome1", "", "RGB"};
    const uint16_t words[] = {0, 255};
    const hl_frame frame = row_of(words, 2, false);
    hl_look_stats s;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        is_int(greys(&plain8, empty, others[i], &frame, &s)[1], 255);
        ok(!s.inverted);
    }
    hl_arena_reset(arena);
}

static void a_signed_range_that_does_not_fit_wraps_only_as_published(void)
{
    const int16_t words[] = {-32768, 0, 32767, -1};
    const hl_frame frame = row_of(words, 4, true);
    hl_look_stats s;
    /* S = 0, -32768, -1, 32767 */
    const uint8_t wrapped[] = {0, 0, 0, 255}, straight[] = {0, 128, 255, 127};
    hl_look nearest = plain8;

    nearest.rounding = HL_ROUND_NEAREST;
    const uint8_t *got = greys(&plain8, empty, "MONOCHROME2", &frame, &s);
    ok(got[0] == wrapped[0] && got[2] == wrapped[2] && got[3] == wrapped[3]);
    is_int(got[1], (uint8_t)(int8_t)(-255)); /* -32768/32767*255 = -255.007 */
    ok(s.wrapped);
    is_mem(greys(&nearest, empty, "MONOCHROME2", &frame, &s), straight, 4);
    ok(!s.wrapped);
    hl_arena_reset(arena);
}

static void a_constant_film_is_black_before_inversion(void)
{
    const uint16_t words[] = {77, 77, 77, 77};
    const hl_frame frame = row_of(words, 4, false);
    hl_look look = plain8;
    hl_look_stats s;

    for (int i = 0; i < 8; i++) {
        look.rounding = i & 1 ? HL_ROUND_NEAREST : HL_ROUND_TRUNCATE;
        look.range = i & 2 ? HL_RANGE_PERCENTILE : HL_RANGE_MINMAX;
        look.percentile[1] = 100.0;
        look.equalise = i & 4 ? HL_EQUALISE_HISTOGRAM : HL_EQUALISE_NONE;
        is_mem(greys(&look, empty, "MONOCHROME2", &frame, &s), "\0\0\0\0", 4);
        ok(s.constant);
        is_mem(greys(&look, empty, "MONOCHROME1", &frame, &s), "\377\377\377\377", 4);
    }
    hl_arena_reset(arena);
}

static void equalise_counts_as_opencv_does(void)
{
    const uint8_t in[] = {10, 10, 10, 20, 20, 30, 40, 40, 250, 250};
    const uint8_t want[] = {0, 0, 0, 73, 73, 109, 182, 182, 255, 255};
    int64_t histogram[256] = {0};
    uint8_t lut[256];

    for (size_t i = 0; i < sizeof in; i++)
        histogram[in[i]]++;
    hl_equalise_lut(histogram, 10, lut);
    for (size_t i = 0; i < sizeof in; i++)
        is_int(lut[in[i]], want[i]);
    memset(histogram, 0, sizeof histogram);
    histogram[17] = 5;
    hl_equalise_lut(histogram, 5, lut);
    is_int(lut[17], 17);
}

/* --- words ---------------------------------------------------------------------------------- */

static void masks_and_shifts_are_folded_into_the_table(void)
{
    enum { N = 4000 };
    static const struct {
        int32_t bits, shift, stored;
    } cases[] = {{16, 0, 12}, {16, 4, 12}, {16, 3, 10}, {8, 1, 7}, {8, 0, 1},
                 {32, 5, 20}, {32, 0, 31}, {16, 0, 16}, {8, 2, 5}};
    hl_look nearest = plain8; /* does not wrap, whatever the words' type */

    nearest.rounding = HL_ROUND_NEAREST;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const int32_t bits = cases[i / 2].bits, shift = cases[i / 2].shift;
        const int32_t stored = cases[i / 2].stored;
        const bool is_signed = i % 2;
        char *raw = hl_arena_calloc(arena, N, 4);
        uint32_t *value = hl_arena_calloc(arena, N, 4);
        hl_look_stats a, b;
        hl_mt19937 g;
        hl_mt19937_seed(&g, (uint32_t)i);
        for (size_t k = 0; k < N; k++) {
            const uint32_t word = hl_mt19937_u32(&g); /* junk around the value */
            memcpy(raw + k * (size_t)bits / 8, &word, (size_t)bits / 8);
            const uint32_t low = word & (bits == 32 ? UINT32_MAX : (1u << bits) - 1);
            const uint32_t left = 32 - (uint32_t)stored;
            const uint32_t top = low >> shift << left;
            value[k] = is_signed ? (uint32_t)((int32_t)top >> left) : top >> left;
        }
        hl_frame rough = frame_of(raw, bits, is_signed, 80, 49), exact;
        rough.exact = false;
        rough.shift = shift;
        rough.stored = stored;
        exact = frame_of(value, 32, is_signed, 80, 49);
        const uint8_t *x = greys(&nearest, empty, "MONOCHROME1", &rough, &a);
        const uint8_t *y = greys(&nearest, empty, "MONOCHROME1", &exact, &b);
        for (int32_t row = 0; row < 49; row++)
            is_mem(x + row * 128, y + row * 128, 80);
        is_int(a.min, b.min);
        is_int(a.max, b.max);
        ok(a.mean == b.mean && a.grey_mean == b.grey_mean);
        hl_arena_reset(arena);
    }
}

static void words_may_lie_at_any_byte(void)
{
    char bytes[64] = {0};
    uint16_t words[20];
    hl_look wide = plain8;
    hl_look_stats s;
    hl_picture a, b;
    hl_error err;

    for (uint16_t i = 0; i < 20; i++)
        words[i] = (uint16_t)(i * 1000);
    memcpy(bytes + 1, words, sizeof words);
    const hl_frame even = row_of(words, 20, false), odd = row_of(bytes + 1, 20, false);
    const uint8_t *x = greys(&plain8, empty, "MONOCHROME2", &even, &s);
    is_mem(greys(&plain8, empty, "MONOCHROME2", &odd, &s), x, 20);
    wide.format = HL_FILM_PNG16;
    is_int(apply(&wide, empty, "MONOCHROME2", &even, &a, &s, &err), HL_OK);
    is_int(apply(&wide, empty, "MONOCHROME2", &odd, &b, &s, &err), HL_OK);
    is_mem(a.wide, b.wide, 40);
    hl_arena_reset(arena);
}

static void what_is_no_film_is_refused(void)
{
    const uint16_t words[] = {1, 2, 3};
    hl_frame frame = row_of(words, 1, false);
    hl_picture picture;
    hl_look_stats s;
    hl_error err;

    is_int(apply(&plain8, empty, "PALETTE COLOR", &frame, &picture, &s, &err), HL_E_INPUT);
    like(err.message, "PALETTE COLOR is no film");
    frame.samples = 3;
    is_int(apply(&plain8, empty, "RGB", &frame, &picture, &s, &err), HL_E_INPUT);
    like(err.message, "3 samples a pixel; a film has one");
    frame.samples = 1;
    frame.width = frame.height = 65535;
    is_int(apply(&plain8, empty, "MONOCHROME2", &frame, &picture, &s, &err), HL_E_LIMIT);
    hl_arena_reset(arena);
}

/* --- windows and tables ------------------------------------------------------------------------
 */

static const hl_look window8 = {.modality = HL_MODALITY_APPLY,
                                .range = HL_RANGE_VOI,
                                .rounding = HL_ROUND_NEAREST,
                                .invert = HL_INVERT_MONOCHROME1,
                                .format = HL_FILM_PNG8};

static void put_window(made_file *f, const char *centre, const char *width, const char *function)
{
    if (centre)
        hl_dicom_put_text(put(f), HL_TAG_WindowCenter, "DS", centre);
    if (width)
        hl_dicom_put_text(put(f), HL_TAG_WindowWidth, "DS", width);
    if (function)
        hl_dicom_put_text(put(f), HL_TAG_VOILUTFunction, "CS", function);
}

static void windows_follow_the_standard(void)
{
    static const int16_t words[] = {-200, -51, -50, -49, -1, 0, 1, 49, 50, 51, 200};
    /* Computed by hand from PS3.3 C.11.2.1.2 and C.11.2.1.3. */
    static const struct {
        const char *centre, *width, *function;
        uint8_t want[11];
    } cases[] = {
        /* (x + 0.5) / 99 + 0.5 */
        {"0", "100", NULL, {0, 0, 0, 3, 126, 129, 131, 255, 255, 255, 255}},
        {"0\\40", "100\\400", "LINEAR", {0, 0, 0, 3, 126, 129, 131, 255, 255, 255, 255}},
        /* x / 100 + 0.5 */
        {"0", "100", "LINEAR_EXACT", {0, 0, 0, 3, 125, 128, 130, 252, 255, 255, 255}},
        {"0.5", "1", "LINEAR", {0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255}},
        {"0", ".5", "LINEAR_EXACT", {0, 0, 0, 0, 0, 128, 255, 255, 255, 255, 255}},
        /* 255 / (1 + exp(-4 x / 100)) */
        {"0", "100", "SIGMOID", {0, 29, 30, 31, 125, 128, 130, 224, 225, 226, 255}},
    };
    const hl_frame frame = row_of(words, 11, true);
    hl_look_stats s;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        made_file f = file_begin("1.2.840.10008.1.2.1");
        put_window(&f, cases[i].centre, cases[i].width, cases[i].function);
        is_mem(greys(&window8, file_end(&f), "MONOCHROME2", &frame, &s), cases[i].want, 11);
        ok(!s.no_voi);
        file_free(&f);
        hl_arena_reset(arena);
    }
}

static void a_window_that_means_nothing_is_an_error(void)
{
    static const struct {
        const char *centre, *width, *function, *message;
    } cases[] = {
        {"0", "0.99", NULL, "WindowWidth: is less than 1"},
        {"0", "0", "LINEAR_EXACT", "WindowWidth: is not above 0"},
        {"0", "-3", "SIGMOID", "WindowWidth: is not above 0"},
        {"0", NULL, NULL, "WindowWidth: is missing"},
        {NULL, "5", NULL, "WindowCenter: is missing"},
        {"x", "5", NULL, "WindowCenter: is no number"},
        {"0", "5", "CUBIC", "VOILUTFunction: is none of LINEAR"},
    };
    const uint16_t words[] = {1, 2};
    const hl_frame frame = row_of(words, 2, false);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        made_file f = file_begin("1.2.840.10008.1.2.1");
        hl_picture picture;
        hl_look_stats s;
        hl_error err;
        put_window(&f, cases[i].centre, cases[i].width, cases[i].function);
        is_int(apply(&window8, file_end(&f), "MONOCHROME2", &frame, &picture, &s, &err),
               HL_E_INPUT);
        like(err.message, cases[i].message);
        file_free(&f);
        hl_arena_reset(arena);
    }
}

static void without_a_window_it_is_darkest_to_brightest(void)
{
    const uint16_t words[] = {10, 20, 30};
    const hl_frame frame = row_of(words, 3, false);
    hl_look_stats s;

    is_mem(greys(&window8, empty, "MONOCHROME2", &frame, &s), "\0\200\377", 3);
    ok(s.no_voi);
    hl_arena_reset(arena);
}

static void a_negative_slope_turns_the_picture(void)
{
    made_file f = file_begin("1.2.840.10008.1.2");
    const uint16_t words[] = {10, 20, 30};
    const hl_frame frame = row_of(words, 3, false);
    hl_look look = window8;
    hl_look_stats s;

    hl_dicom_put_text(put(&f), HL_TAG_RescaleIntercept, "DS", "1000");
    hl_dicom_put_text(put(&f), HL_TAG_RescaleSlope, "DS", "-2.5");
    file_end(&f);
    look.range = HL_RANGE_MINMAX;
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), "\377\200\0", 3);
    is_int(s.min, 10);
    look.range = HL_RANGE_PERCENTILE;
    look.percentile[0] = 0.0;
    look.percentile[1] = 50.0; /* 925 to 950 */
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), "\377\377\0", 3);
    look.modality = HL_MODALITY_IGNORE;
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), "\0\377\377", 3);
    file_free(&f);
    hl_arena_reset(arena);
}

static void a_slope_of_zero_is_an_error(void)
{
    made_file f = file_begin("1.2.840.10008.1.2");
    const uint16_t words[] = {10, 20};
    const hl_frame frame = row_of(words, 2, false);
    hl_picture picture;
    hl_look_stats s;
    hl_error err;

    hl_dicom_put_text(put(&f), HL_TAG_RescaleSlope, "DS", "0.0");
    is_int(apply(&window8, file_end(&f), "MONOCHROME2", &frame, &picture, &s, &err), HL_E_INPUT);
    like(err.message, "RescaleSlope: is 0");
    file_free(&f);
    hl_arena_reset(arena);
}

/* The whole range of BitsStored, through the modality transform. */
static void the_stored_range_is_that_of_the_bits(void)
{
    const int16_t words[] = {-2048, 0, 2047};
    hl_frame frame = row_of(words, 3, true);
    hl_look look = {.range = HL_RANGE_STORED, .rounding = HL_ROUND_NEAREST, .format = HL_FILM_PNG8};
    hl_look_stats s;

    frame.exact = false;
    frame.stored = 12;
    is_mem(greys(&look, empty, "MONOCHROME2", &frame, &s), "\0\200\377", 3);
    const uint16_t positive[] = {0, 1024, 4095};
    frame.px = positive;
    frame.is_signed = false;
    is_mem(greys(&look, empty, "MONOCHROME2", &frame, &s), "\0\100\377", 3);
    hl_arena_reset(arena);
}

static void put_lut(made_file *f, uint32_t sequence, uint16_t n, uint16_t first, uint16_t bits,
                    const char *vr, const void *data, size_t bytes)
{
    const bool big = f->w.syntax->big_endian;
    const uint16_t number[3] = {n, first, bits};
    char descriptor[6];

    for (int i = 0; i < 3; i++) {
        descriptor[2 * i + big] = (char)number[i];
        descriptor[2 * i + !big] = (char)(number[i] >> 8);
    }
    hl_dicom_put_sequence(put(f), sequence);
    hl_dicom_put_item(put(f));
    hl_dicom_put(put(f), HL_TAG_LUTDescriptor, "US", descriptor, 6);
    if (data)
        hl_dicom_put(put(f), HL_TAG_LUTData, vr, data, bytes);
    hl_dicom_put_item_end(put(f));
    hl_dicom_put_sequence_end(put(f));
}

static void a_voi_table_goes_before_a_window(void)
{
    static const uint8_t words8[] = {0, 0, 0, 4, 0, 2, 255, 15, 255, 15}; /* 0 1024 512 4095 */
    static const uint8_t big8[] = {0, 0, 4, 0, 2, 0, 15, 255, 15, 255};
    static const uint8_t bytes8[] = {0, 64, 32, 255, 255, 0};
    static const uint8_t swapped8[] = {64, 0, 255, 32, 0, 255};
    static const struct {
        const char *syntax, *vr;
        uint16_t bits;
        const void *data;
        size_t n;
    } cases[] = {
        {"1.2.840.10008.1.2.1", "US", 12, words8, sizeof words8},
        {"1.2.840.10008.1.2.1", "OW", 12, words8, sizeof words8},
        {"1.2.840.10008.1.2.2", "OW", 12, big8, sizeof big8},
        {"1.2.840.10008.1.2.1", "OW", 8, bytes8, sizeof bytes8},
        {"1.2.840.10008.1.2.2", "OW", 8, swapped8, sizeof swapped8},
    };
    const uint16_t stored[] = {0, 100, 101, 102, 103, 104, 5000};
    const hl_frame frame = row_of(stored, 7, false);
    hl_look_stats s;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        made_file f = file_begin(cases[i].syntax);
        put_window(&f, "0", "100", NULL);
        put_lut(&f, HL_TAG_VOILUTSequence, 5, 100, cases[i].bits, cases[i].vr, cases[i].data,
                cases[i].n);
        is_mem(greys(&window8, file_end(&f), "MONOCHROME2", &frame, &s),
               ((const uint8_t[]){0, 0, 64, 32, 255, 255, 255}), 7);
        file_free(&f);
        hl_arena_reset(arena);
    }
}

/* PS3.3 C.11.2.1.1. Without VRs the first input was read with the sign of the stored values. */
static void a_voi_table_begins_with_the_sign_of_what_a_rescale_gives(void)
{
    static const uint8_t data[] = {10, 0, 20, 0, 30, 0};
    const int16_t stored[] = {-3, 23, 24, 25, 26, 5000};
    static const struct {
        const char *syntax, *intercept;
        uint16_t first;
        bool is_signed;
        uint8_t want[6];
    } cases[] = {
        {"1.2.840.10008.1.2", "-1024", (uint16_t)-1000, false, {30, 10, 10, 20, 30, 30}},
        {"1.2.840.10008.1.2.1", "-1024", (uint16_t)-1000, false, {30, 10, 10, 20, 30, 30}},
        {"1.2.840.10008.1.2", "32768", 32792, true, {10, 10, 10, 20, 30, 30}},
        {"1.2.840.10008.1.2.1", "32768", 32792, true, {10, 10, 10, 20, 30, 30}},
    };
    hl_look_stats s;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const hl_frame frame = row_of(stored, 6, cases[i].is_signed);
        made_file f = file_begin(cases[i].syntax);
        hl_dicom_put_u16(put(&f), HL_TAG_PixelRepresentation, "US", cases[i].is_signed);
        hl_dicom_put_text(put(&f), HL_TAG_RescaleIntercept, "DS", cases[i].intercept);
        hl_dicom_put_text(put(&f), HL_TAG_RescaleSlope, "DS", "1");
        put_lut(&f, HL_TAG_VOILUTSequence, 3, cases[i].first, 8, "US", data, sizeof data);
        is_mem(greys(&window8, file_end(&f), "MONOCHROME2", &frame, &s), cases[i].want, 6);
        file_free(&f);
        hl_arena_reset(arena);
    }
}

static void a_modality_table_is_looked_up_by_stored_value(void)
{
    static const uint8_t data[] = {100, 0, 50, 0, 200, 0};
    const int16_t stored[] = {-300, -2, -1, 0, 7};
    const hl_frame frame = row_of(stored, 5, true);
    hl_look look = window8;
    hl_look_stats s;
    made_file f = file_begin("1.2.840.10008.1.2.1");

    put_lut(&f, HL_TAG_ModalityLUTSequence, 3, (uint16_t)-2, 8, "US", data, sizeof data);
    file_end(&f);
    look.range = HL_RANGE_MINMAX; /* 50 to 200 */
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), ((const uint8_t[]){85, 85, 0, 255, 255}),
           5);
    look.range = HL_RANGE_STORED; /* 0 to 255 */
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s),
           ((const uint8_t[]){100, 100, 50, 200, 200}), 5);
    look.range = HL_RANGE_PERCENTILE; /* of 50 100 100 200 200: 100 to 200 */
    look.percentile[0] = 25.0;
    look.percentile[1] = 75.0;
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), ((const uint8_t[]){0, 0, 0, 255, 255}), 5);
    file_free(&f);
    hl_arena_reset(arena);
}

static void a_table_that_contradicts_itself_is_an_error(void)
{
    static const uint8_t data[12];
    static const struct {
        uint16_t n, bits;
        size_t bytes;
        const char *message;
    } cases[] = {
        {5, 12, 8, "LUTData: 8 bytes for 5 entries of 12 bits"},
        {5, 8, 4, "LUTData: 4 bytes for 5 entries of 8 bits"},
        {5, 8, 8, "LUTData: 8 bytes for 5 entries"},
        {0, 16, 12, "for 65536 entries"},
        {5, 17, 10, "LUTDescriptor: 17 bits an entry"},
        {5, 0, 10, "LUTDescriptor: 0 bits an entry"},
        {5, 16, 0, "LUTData: 0 bytes"},
    };
    const uint16_t words[] = {10, 20};
    const hl_frame frame = row_of(words, 2, false);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        made_file f = file_begin("1.2.840.10008.1.2.1");
        hl_picture picture;
        hl_look_stats s;
        hl_error err;
        put_lut(&f, HL_TAG_VOILUTSequence, cases[i].n, 0, cases[i].bits, "OW",
                cases[i].bytes ? data : NULL, cases[i].bytes);
        is_int(apply(&window8, file_end(&f), "MONOCHROME2", &frame, &picture, &s, &err),
               HL_E_INPUT);
        like(err.message, cases[i].message);
        file_free(&f);
        hl_arena_reset(arena);
    }
}

/* --- padding -------------------------------------------------------------------------------- */

static void put_padding(made_file *f, uint16_t value, int32_t limit)
{
    hl_dicom_put_u16(put(f), HL_TAG_PixelPaddingValue, "US", value);
    if (limit >= 0)
        hl_dicom_put_u16(put(f), HL_TAG(0x0028, 0x0121), "US", (uint16_t)limit);
}

static void padding_is_black_and_counts_in_no_statistic(void)
{
    static const uint16_t words[] = {0, 100, 150, 200, 4000, 0};
    static const uint32_t longs[] = {0, 100, 150, 200, 4000, 0};
    const hl_frame frames[] = {row_of(words, 6, false), frame_of(longs, 32, false, 6, 1)};
    hl_look look = {.skip_padding = true, .rounding = HL_ROUND_NEAREST, .format = HL_FILM_PNG8};
    hl_look_stats s;

    for (int i = 0; i < 2; i++) {
        made_file f = file_begin("1.2.840.10008.1.2.1"), range = file_begin("1.2.840.10008.1.2.1");
        put_padding(&f, 0, -1);
        put_padding(&range, 5000, 3000); /* either way round */
        file_end(&f);
        file_end(&range);
        look.invert = HL_INVERT_MONOCHROME1;
        look.equalise = HL_EQUALISE_NONE;
        is_mem(greys(&look, f.d, "MONOCHROME2", &frames[i], &s), "\0\0\3\7\377\0", 6);
        is_int(s.min, 100);
        is_int(s.max, 4000);
        ok(s.mean == 4450.0 / 4.0);
        ok(fabs(s.grey_mean - 265.0 / 6 / 255) < 1e-15);
        is_mem(greys(&look, f.d, "MONOCHROME1", &frames[i], &s), "\0\377\374\370\0\0", 6);
        is_mem(greys(&look, range.d, "MONOCHROME2", &frames[i], &s), "\0\200\277\377\0\0", 6);
        look.equalise = HL_EQUALISE_HISTOGRAM; /* of four pixels: 0 85 170 255 */
        is_mem(greys(&look, f.d, "MONOCHROME2", &frames[i], &s), "\0\0\125\252\377\0", 6);
        is_mem(greys(&look, f.d, "MONOCHROME1", &frames[i], &s), "\0\377\252\125\0\0", 6);
        look.skip_padding = false;
        look.equalise = HL_EQUALISE_NONE;
        is_int(greys(&look, f.d, "MONOCHROME2", &frames[i], &s)[1], 6);
        look.skip_padding = true;
        file_free(&f);
        file_free(&range);
        hl_arena_reset(arena);
    }
}

static void a_padding_value_is_read_with_the_pixels_sign(void)
{
    static const int16_t words[] = {-2000, 5, 10};
    made_file f = file_begin("1.2.840.10008.1.2.1");
    hl_look look = {.skip_padding = true, .rounding = HL_ROUND_NEAREST, .format = HL_FILM_PNG8};
    hl_look_stats s;
    hl_frame frame = row_of(words, 3, true);

    put_padding(&f, (uint16_t)-2000, -1);
    file_end(&f);
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), "\0\0\377", 3);
    is_int(s.min, 5);
    frame.is_signed = false; /* 63536 */
    is_mem(greys(&look, f.d, "MONOCHROME2", &frame, &s), "\0\0\377", 3);
    is_int(s.max, 10);
    file_free(&f);
    hl_arena_reset(arena);
}

static void a_film_of_padding_alone_is_black(void)
{
    static const uint16_t words[] = {7, 7};
    static const uint32_t longs[] = {7, 7};
    const hl_frame frames[] = {row_of(words, 2, false), frame_of(longs, 32, false, 2, 1)};
    made_file f = file_begin("1.2.840.10008.1.2.1");
    hl_look_stats s;

    put_padding(&f, 7, -1);
    file_end(&f);
    for (int i = 0; i < 32; i++) {
        hl_look look = {.skip_padding = true,
                        .range = i & 1   ? HL_RANGE_PERCENTILE
                                 : i & 2 ? HL_RANGE_VOI
                                         : HL_RANGE_MINMAX,
                        .modality = HL_MODALITY_APPLY,
                        .percentile = {1.0, 99.0},
                        .equalise = i & 4 ? HL_EQUALISE_HISTOGRAM : HL_EQUALISE_NONE,
                        .rounding = i & 8 ? HL_ROUND_NEAREST : HL_ROUND_TRUNCATE,
                        .format = HL_FILM_PNG8};
        is_mem(greys(&look, f.d, "MONOCHROME1", &frames[i / 16], &s), "\0\0", 2);
        ok(s.constant && s.grey_mean == 0.0);
    }
    file_free(&f);
    hl_arena_reset(arena);
}

/* --- pictures ------------------------------------------------------------------------------- */

static void a_jpeg_is_the_same_made_row_by_row_or_at_once(void)
{
    const made_words m = {.bits = 16, .seed = 5, .w = 77, .h = 53, .span = 4096};
    const hl_frame frame = made_frame(&m);
    hl_look jpeg = plain8;
    hl_look_stats s;
    hl_picture lazy, whole;
    hl_buf a = {0}, b = {0};
    hl_error err;

    jpeg.format = HL_FILM_JPEG;
    jpeg.quality = 95;
    jpeg.equalise = HL_EQUALISE_HISTOGRAM;
    is_int(apply(&jpeg, empty, "MONOCHROME1", &frame, &lazy, &s, &err), HL_OK);
    ok(lazy.paint && !lazy.grey.px && !lazy.wide);
    is_int(lazy.width, 77);
    whole = lazy;
    whole.paint = NULL;
    is_int(hl_picture_grey(&lazy, arena, &whole.grey, &err), HL_OK);
    for (int i = 0; i < N_LEVELS; i++) {
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        hl_buf_clear(&a);
        hl_buf_clear(&b);
        is_int(hl_picture_encode(&jpeg, &lazy, cpu, &a, &err), HL_OK);
        is_int(hl_picture_encode(&jpeg, &whole, cpu, &b, &err), HL_OK);
        is_int(a.n, b.n);
        is_mem(a.at, b.at, b.n);
    }
    hl_buf_free(&a);
    hl_buf_free(&b);
    hl_arena_reset(arena);
}

static void films_are_shrunk_and_never_enlarged(void)
{
    const made_words m = {.bits = 16, .seed = 6, .w = 60, .h = 91, .span = 4096};
    const hl_frame frame = made_frame(&m);
    hl_look look = plain8;
    hl_look_stats s;
    hl_picture picture;
    hl_error err;

    for (int i = 0; i < 2; i++) {
        look.resize = i ? HL_RESIZE_AREA : HL_RESIZE_PILLOW_BILINEAR;
        look.shorter_edge = 40;
        is_int(apply(&look, empty, "MONOCHROME2", &frame, &picture, &s, &err), HL_OK);
        is_int(picture.width, 40);
        is_int(picture.height, 60); /* 91 * 40 / 60 = 60.67 */
        is_int(picture.grey.height, 60);
        ok(fabs(s.grey_mean - 0.5) < 0.05);
        for (look.shorter_edge = 60; look.shorter_edge < 63; look.shorter_edge++) {
            is_int(apply(&look, empty, "MONOCHROME2", &frame, &picture, &s, &err), HL_OK);
            is_int(picture.width, 60);
            is_int(picture.height, 91);
        }
    }
    hl_arena_reset(arena);
}

static void a_plain_picture_is_neither_turned_nor_equalised(void)
{
    const uint16_t words[] = {100, 350, 4195, 2000};
    const hl_frame frame = row_of(words, 4, false);
    const hl_pixels p = pixels_of(&frame, "MONOCHROME1");
    hl_image image = {0};
    hl_error err = {0};

    is_int(hl_look_plain(empty, &p, &frame, hl_cpu_level(0), arena, &image, &err), HL_OK);
    is_mem(image.px, "\0\17\377\166", 4);
    hl_arena_reset(arena);
}

int main(void)
{
    arena = hl_arena_new(0);
    empty_file = file_begin("1.2.840.10008.1.2.1");
    empty = file_end(&empty_file);
    run(published_arithmetic_is_numpys_and_opencvs);
    run(percentiles_are_numpys);
    run(the_steps_of_the_published_function);
    run(only_the_exact_string_inverts);
    run(a_signed_range_that_does_not_fit_wraps_only_as_published);
    run(a_constant_film_is_black_before_inversion);
    run(equalise_counts_as_opencv_does);
    run(masks_and_shifts_are_folded_into_the_table);
    run(words_may_lie_at_any_byte);
    run(what_is_no_film_is_refused);
    run(windows_follow_the_standard);
    run(a_window_that_means_nothing_is_an_error);
    run(without_a_window_it_is_darkest_to_brightest);
    run(a_negative_slope_turns_the_picture);
    run(a_slope_of_zero_is_an_error);
    run(the_stored_range_is_that_of_the_bits);
    run(a_voi_table_goes_before_a_window);
    run(a_voi_table_begins_with_the_sign_of_what_a_rescale_gives);
    run(a_modality_table_is_looked_up_by_stored_value);
    run(a_table_that_contradicts_itself_is_an_error);
    run(padding_is_black_and_counts_in_no_statistic);
    run(a_padding_value_is_read_with_the_pixels_sign);
    run(a_film_of_padding_alone_is_black);
    run(a_jpeg_is_the_same_made_row_by_row_or_at_once);
    run(films_are_shrunk_and_never_enlarged);
    run(a_plain_picture_is_neither_turned_nor_equalised);
    file_free(&empty_file);
    hl_arena_free(&arena);
    return done();
}
