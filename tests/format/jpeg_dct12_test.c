#include "format/jpeg_samples.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/rng.h"
#include "tap.h"

static hl_arena *arena;

static hl_buf file_bytes(const char *path)
{
    hl_buf b = {0};
    hl_error err = {0};

    if (!ok(hl_read_file(path, 1 << 28, &b, NULL, &err) == HL_OK))
        printf("# %s\n", err.message);
    return b;
}

/* An exact copy in memory of its own, so that a sanitizer sees a byte read too many. */
static hl_code decode(const void *bytes, size_t n, hl_jpeg_size size, hl_jpeg_samples *out,
                      hl_error *err)
{
    uint8_t *copy = malloc(n + 1);

    memcpy(copy, bytes, n);
    hl_arena_reset(arena);
    *out = (hl_jpeg_samples){0};
    const hl_code c = hl_jpeg_decode_dct12(arena, copy, n, "x.dcm", size, out, err);
    free(copy);
    return c;
}

static void has_digest(const hl_jpeg_samples *s, const char *want)
{
    hl_digest d;
    char hex[HL_HEX_CHARS];

    hl_sha256_of(s->px, (size_t)s->width * (size_t)s->height * (size_t)s->components * 2, &d);
    is_str(hl_digest_hex(&d, hex), want);
}

static void frames_of_dicom_files_have_the_samples_of_dcmtk(void)
{
    hl_buf csv = file_bytes(fixture("jpeg_dct12/expected.csv"));
    const char *line = csv.at ? strchr(csv.at, '\n') : NULL;
    int n = 0;

    for (; line && line[1]; line = strchr(line + 1, '\n'), n++) {
        char file[64], sha[65], path[128];
        hl_jpeg_size size;
        int precision;
        hl_error err = {0};
        hl_jpeg_samples s;
        if (!ok(sscanf(line + 1, "%63[^,],%d,%d,%d,%d,%64s", file, &size.width, &size.height,
                       &size.components, &precision, sha) == 6))
            break;
        snprintf(path, sizeof path, "jpeg_dct12/%s", file);
        hl_buf b = file_bytes(fixture(path));
        if (!ok(decode(b.at, b.n, size, &s, &err) == HL_OK))
            printf("# %s: %s\n", file, err.message);
        else
            has_digest(&s, sha);
        is_int(s.precision, 12);
        ok(!s.no_eoi);
        ok(s.odd_scan == (strcmp(file, "JPEG-lossy.jpg") == 0)); /* its Se is 0 */
        hl_buf_free(&b);
    }
    is_int(n, 3);
    hl_buf_free(&csv);
}

/* --- streams put together by hand: constant blocks ------------------------------------------- */

/* DC differences of 0, 1 and 12 bits: 0, 10, 110; AC: end of block 0, 16 zeros 10, (0, 1) 110,
 * (0, 15) 1110. All quantiser steps are 8, so that the level of a block is 2048 + DC. */
#define DC_TABLE "\xFF\xC4\0\x16\0\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x0C"
#define AC_TABLE "\xFF\xC4\0\x17\x10\1\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\xF0\1\x0F"
#define UP_1 "1010"   /* + 1, end of block */
#define DOWN_1 "1000" /* - 1, end of block */
#define SAME "00"

typedef struct {
    hl_buf b;
    unsigned byte, n_bits;
} stream;

static void bytes(stream *s, const char *at, size_t n)
{
    hl_buf_append(&s->b, at, n);
}

static void bits(stream *s, const char *text)
{
    for (; *text; text++) {
        s->byte = s->byte << 1 | (*text == '1');
        if (++s->n_bits < 8)
            continue;
        hl_buf_char(&s->b, (char)s->byte);
        if ((s->byte & 255) == 255)
            hl_buf_char(&s->b, 0);
        s->n_bits = 0;
    }
}

static void marker(stream *s, const char *at, size_t n)
{
    while (s->n_bits > 0)
        bits(s, "1");
    bytes(s, at, n);
}

static void begin(stream *s, const char *frame, size_t n)
{
    *s = (stream){0};
    bytes(s, "\xFF\xD8\xFF\xDB\0\x83\x10", 7); /* 16-bit steps */
    for (int i = 0; i < 64; i++)
        bytes(s, "\0\x8", 2);
    bytes(s, frame, n);
    bytes(s, DC_TABLE, sizeof DC_TABLE - 1);
    bytes(s, AC_TABLE, sizeof AC_TABLE - 1);
}

#define GREY_10X9 "\xFF\xC1\0\x0B\x0C\0\x9\0\xA\1\1\x22\0"
#define COLOUR_10X9 "\xFF\xC1\0\x11\x0C\0\x9\0\xA\3\1\x11\0\2\x11\0\3\x11\0"
#define GREY_SCAN "\xFF\xDA\0\x8\1\1\0\0\x3F\0"
#define END "\xFF\xD9"
#define PUT(s, text) bytes(s, text, sizeof(text) - 1)
static const hl_jpeg_size GREY = {10, 9, 1}, COLOUR = {10, 9, 3};

static void grey(stream *s, const char *blocks)
{
    begin(s, GREY_10X9, sizeof GREY_10X9 - 1);
    PUT(s, GREY_SCAN);
    bits(s, blocks);
    marker(s, END, 2);
}

static void refused(stream *s, hl_jpeg_size size, hl_code code, const char *part)
{
    hl_jpeg_samples out;
    hl_error err = {0};

    is_int(decode(s->b.at, s->b.n, size, &out, &err), code);
    like(err.message, part);
    hl_buf_free(&s->b);
}

/* Levels of the four blocks of component k, as differences from 2048. */
static void has_levels(const hl_jpeg_samples *s, int k, int a, int b, int c, int d)
{
    const int level[4] = {a, b, c, d};

    for (int32_t y = 0; s->px && y < s->height; y++)
        for (int32_t x = 0; x < s->width; x++) {
            const int32_t at = (y * s->width + x) * s->components + k;
            if (!ok(s->px[at] == 2048 + level[y / 8 * 2 + x / 8])) {
                printf("# component %d at %d, %d: %d\n", k, x, y, s->px[at]);
                return;
            }
        }
}

static void constant_blocks_have_the_level_of_their_dc(void)
{
    stream s;
    hl_jpeg_samples out;
    hl_error err = {0};

    grey(&s, UP_1 UP_1 SAME DOWN_1);
    if (!ok(decode(s.b.at, s.b.n, GREY, &out, &err) == HL_OK))
        printf("# %s\n", err.message);
    has_levels(&out, 0, 1, 2, 2, 1);
    hl_buf_free(&s.b);

    /* 12 bits: far beyond the range, which clamps */
    grey(&s, "1101111111111110"
             "1100000000000000"
             "1100000000000000" SAME);
    is_int(decode(s.b.at, s.b.n, GREY, &out, &err), HL_OK);
    has_levels(&out, 0, 2047, 0, -2048, -2048);
    hl_buf_free(&s.b);
}

static void restart_markers_reset_the_prediction(void)
{
    stream s;
    hl_jpeg_samples out;
    hl_error err = {0};

    for (int fault = 0; fault < 4; fault++) {
        begin(&s, GREY_10X9, sizeof GREY_10X9 - 1);
        PUT(&s, "\xFF\xDD\0\4\0\1");
        PUT(&s, GREY_SCAN);
        bits(&s, UP_1);
        marker(&s, fault == 1 ? "\xFF\xD1" : "\xFF\xD0", fault == 2 ? 0 : 2);
        bits(&s, UP_1);
        marker(&s, "\xFF\xD1", 2);
        bits(&s, fault == 3 ? "10" : SAME);
        marker(&s, "\xFF\xD2", 2);
        bits(&s, DOWN_1);
        marker(&s, END, 2);
        if (fault == 1)
            refused(&s, GREY, HL_E_INPUT, "ff d1 instead of restart marker ff d0");
        if (fault == 2)
            refused(&s, GREY, HL_E_INPUT, "1 byte left over after a restart interval");
        if (fault == 3)
            refused(&s, GREY, HL_E_INPUT, "a marker (ff d2) comes too early");
        if (fault)
            continue;
        if (!ok(decode(s.b.at, s.b.n, GREY, &out, &err) == HL_OK))
            printf("# %s\n", err.message);
        has_levels(&out, 0, 1, 1, 0, -1);
        hl_buf_free(&s.b);
    }
}

static void three_components_come_interleaved_or_one_by_one(void)
{
    stream s;
    hl_jpeg_samples out;
    hl_error err = {0};

    begin(&s, COLOUR_10X9, sizeof COLOUR_10X9 - 1);
    PUT(&s, "\xFF\xDA\0\x0C\3\1\0\2\0\3\0\0\x3F\0");
    for (int i = 0; i < 4; i++)
        bits(&s, UP_1 DOWN_1 SAME);
    marker(&s, END, 2);
    if (!ok(decode(s.b.at, s.b.n, COLOUR, &out, &err) == HL_OK))
        printf("# %s\n", err.message);
    has_levels(&out, 0, 1, 2, 3, 4);
    has_levels(&out, 1, -1, -2, -3, -4);
    has_levels(&out, 2, 0, 0, 0, 0);
    s.b.at[7 + 128 + 11] = 0x21; /* sampling of the first component */
    refused(&s, COLOUR, HL_E_LIMIT, "sampling 2 x 1 of component 1 is not supported");

    for (int n = 2; n <= 4; n++) {
        begin(&s, COLOUR_10X9, sizeof COLOUR_10X9 - 1);
        for (int k = n; k >= 1; k--) {
            const char scan[] = {'\xFF', '\xDA', 0, 8, 1, (char)(k > 3 ? 3 : k), 0, 0, 63, 0};
            bytes(&s, scan, sizeof scan);
            bits(&s, k == 1 ? UP_1 SAME SAME SAME : DOWN_1 SAME SAME UP_1);
            marker(&s, "", 0);
        }
        bytes(&s, END, 2);
        if (n == 2)
            refused(&s, COLOUR, HL_E_INPUT, "a component has no scan");
        if (n == 4)
            refused(&s, COLOUR, HL_E_INPUT, "a component has two scans");
        if (n != 3)
            continue;
        is_int(decode(s.b.at, s.b.n, COLOUR, &out, &err), HL_OK);
        has_levels(&out, 0, 1, 1, 1, 1);
        has_levels(&out, 2, -1, -1, -1, 0);
        hl_buf_free(&s.b);
    }
}

/* The transform by its definition (T.81 A.3.3), in double. */
static double cosine_sum(const int coef[64], int x, int y)
{
    double sum = 0;

    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++)
            sum += coef[8 * v + u] * (u ? 1 : sqrt(0.5)) * (v ? 1 : sqrt(0.5)) *
                   cos((2 * x + 1) * u * M_PI / 16) * cos((2 * y + 1) * v * M_PI / 16);
    return sum / 4;
}

static void coefficients_become_samples_as_the_standard_defines(void)
{
    static const int zigzag_12[12] = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25};
    hl_mt19937 g;

    hl_mt19937_seed(&g, 3);
    for (int round = 0; round < 20; round++) {
        stream s;
        hl_jpeg_samples out;
        hl_error err = {0};
        int coef[64] = {0};
        begin(&s, "\xFF\xC1\0\x0B\x0C\0\x8\0\x8\1\1\x11\0", 13);
        PUT(&s, GREY_SCAN);
        bits(&s, "0"); /* DC */
        for (int k = 1; k < 12; k++) {
            const bool up = hl_mt19937_u32(&g) & 1;
            coef[zigzag_12[k]] = up ? 8 : -8;
            bits(&s, up ? "1101" : "1100");
        }
        bits(&s, "10"
                 "10"
                 "1101"
                 "0"); /* 32 zeros, then coefficient 44 in zigzag order */
        coef[30] = 8;
        marker(&s, END, 2);
        if (!ok(decode(s.b.at, s.b.n, (hl_jpeg_size){8, 8, 1}, &out, &err) == HL_OK))
            printf("# %s\n", err.message);
        for (int i = 0; out.px && i < 64; i++)
            ok(fabs(out.px[i] - 2048 - cosine_sum(coef, i % 8, i / 8)) < 1);
        hl_buf_free(&s.b);
    }
}

static void corrupt_data_are_refused(void)
{
    stream s;

    grey(&s, UP_1 "111111111111111111111111" UP_1 SAME DOWN_1 "01010101010101010101");
    refused(&s, GREY, HL_E_INPUT, "JPEG entropy data corrupt: no valid code");
    grey(&s, UP_1 "01110" UP_1 SAME DOWN_1 "0101010101010101"); /* a coefficient of 15 bits */
    refused(&s, GREY, HL_E_INPUT, "JPEG entropy data corrupt: no valid code");
    grey(&s, "010101010" SAME SAME "0101010101010101"); /* 64 zeros */
    refused(&s, GREY, HL_E_INPUT, "JPEG entropy data corrupt: no valid code");
    grey(&s, UP_1 SAME SAME);
    refused(&s, GREY, HL_E_INPUT, "JPEG data ends early (in line 9 of 9");
    grey(&s, UP_1 SAME SAME SAME "0110010101100101011001");
    refused(&s, GREY, HL_E_INPUT, "2 bytes left over after the last sample");
    grey(&s, UP_1 SAME SAME);
    s.b.n -= 3;
    refused(&s, GREY, HL_E_INPUT, "JPEG data ends early");
}

static void unusual_headers_are_taken_or_refused_by_name(void)
{
    static const size_t frame = 7 + 128, tables = 7 + 128 + 13;
    static const size_t scan = 7 + 128 + 13 + sizeof DC_TABLE + sizeof AC_TABLE - 2;
    static const struct {
        size_t at;
        uint8_t value;
        hl_code code;
        const char *part;
    } cases[] = {
        {frame + 1, 0xC2, HL_E_LIMIT, "progressive JPEG"},
        {frame + 1, 0xC3, HL_E_LIMIT, "lossless JPEG"},
        {frame + 1, 0xC5, HL_E_LIMIT, "hierarchical JPEG"},
        {frame + 1, 0xC9, HL_E_LIMIT, "arithmetic-coded JPEG"},
        {frame + 4, 8, HL_E_LIMIT, "8-bit JPEG is not supported here"},
        {frame + 6, 0, HL_E_LIMIT, "DNL"},
        {frame + 6, 8, HL_E_INPUT, "has 10 x 8 pixels of 1 component, but 10 x 9 of 1"},
        {frame + 12, 1, HL_E_INPUT, "quantisation table 1 is not there"},
        {frame + 12, 4, HL_E_INPUT, "quantisation table 4 is not there"},
        {tables + 4, 4, HL_E_INPUT, "bad Huffman table id"},
        {tables + 4, 1, HL_E_INPUT, "a Huffman table that is not there"},
        {tables + 23, 16, HL_E_INPUT, "category out of range"},
        {tables + 24 + 4, 0x11, HL_E_INPUT, "a Huffman table that is not there"},
        {tables + 24 + 5, 3, HL_E_INPUT, "bad Huffman table"},
        {scan + 5, 7, HL_E_INPUT, "components that the frame has not"},
    };

    stream s;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        grey(&s, UP_1 SAME SAME DOWN_1);
        s.b.at[cases[i].at] = (char)cases[i].value;
        refused(&s, GREY, cases[i].code, cases[i].part);
    }
    for (int i = 0; i < 4; i++) { /* Ss, Se, Ah and Al mean nothing here; no end marker */
        static const char odd[4][3] = {{0, 0, 0}, {1, 63, 0}, {0, 63, 0x10}, {0, 63, 1}};
        hl_jpeg_samples out;
        hl_error err = {0};
        grey(&s, UP_1 SAME SAME DOWN_1);
        memcpy(s.b.at + scan + 7, odd[i], 3);
        s.b.n -= 2;
        if (!ok(decode(s.b.at, s.b.n, GREY, &out, &err) == HL_OK))
            printf("# %s\n", err.message);
        ok(out.odd_scan && out.no_eoi);
        has_levels(&out, 0, 1, 1, 1, 0);
        hl_buf_free(&s.b);
    }
    grey(&s, SAME SAME SAME SAME);
    memcpy(s.b.at + frame + 5, "\xFF\xFF\xFF\xFF", 4);
    refused(&s, (hl_jpeg_size){65535, 65535, 1}, HL_E_INPUT, "JPEG data ends early");
    ok(hl_arena_bytes(arena) < 1 << 20);
}

static void a_larger_film_has_the_samples_of_dcmtk(void)
{
    static const char tag[] = "\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF";
    const char *path = shared("dicom/real/RG2_JPLY_fixed.dcm");
    hl_jpeg_samples s;
    hl_error err = {0};

    if (!path) {
        skip("no shared data");
        return;
    }
    hl_buf b = file_bytes(path), jpeg = {0};
    size_t at = 0;
    while (at + 20 < b.n && memcmp(b.at + at, tag, 12) != 0)
        at++;
    at += 12;
    while (at + 8 <= b.n && memcmp(b.at + at, "\xFE\xFF\0\xE0", 4) == 0) { /* join the fragments */
        const uint8_t *p = (const uint8_t *)b.at + at + 4;
        const size_t n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
        if (!ok(n <= b.n - at - 8))
            break;
        hl_buf_append(&jpeg, b.at + at + 8, n); /* the first, the offset table, is empty */
        at += 8 + n;
    }
    if (!ok(decode(jpeg.at, jpeg.n, (hl_jpeg_size){1760, 2140, 1}, &s, &err) == HL_OK))
        printf("# %s\n", err.message);
    else
        has_digest(&s, "a0dca087f2176a3c8e90714e16de749cda6b7b74a40ec73b8ff7db91297bffb5");
    hl_buf_free(&b);
    hl_buf_free(&jpeg);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(frames_of_dicom_files_have_the_samples_of_dcmtk);
    run(constant_blocks_have_the_level_of_their_dc);
    run(restart_markers_reset_the_prediction);
    run(three_components_come_interleaved_or_one_by_one);
    run(coefficients_become_samples_as_the_standard_defines);
    run(corrupt_data_are_refused);
    run(unusual_headers_are_taken_or_refused_by_name);
    run(a_larger_film_has_the_samples_of_dcmtk);
    hl_arena_free(&arena);
    return done();
}
