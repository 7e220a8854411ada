#include "format/jpeg_samples.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/rng.h"
#include "format/jpeg_lossless_write.h"
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
    const hl_code c = hl_jpeg_decode_lossless(arena, copy, n, "x.dcm", size, out, err);
    free(copy);
    return c;
}

static void has_digest(const hl_jpeg_samples *s, const char *want, const char *name)
{
    hl_digest d;
    char hex[HL_HEX_CHARS];

    hl_sha256_of(s->px, (size_t)s->width * (size_t)s->height * (size_t)s->components * 2, &d);
    if (strcmp(hl_digest_hex(&d, hex), want) != 0) {
        printf("# %s\n", name);
        is_str(hex, want);
    }
}

static void frames_of_dicom_files_have_the_samples_of_other_decoders(void)
{
    hl_buf csv = file_bytes(fixture("jpeg_lossless/expected.csv"));
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
        snprintf(path, sizeof path, "jpeg_lossless/%s", file);
        hl_buf b = file_bytes(fixture(path));
        if (!ok(decode(b.at, b.n, size, &s, &err) == HL_OK))
            printf("# %s: %s\n", file, err.message);
        else
            has_digest(&s, sha, file);
        is_int(s.precision, precision);
        ok(!s.no_eoi && !s.odd_scan);
        hl_buf_free(&b);
    }
    is_int(n, 19);
    hl_buf_free(&csv);
}

/* --- what the encoder wrote ------------------------------------------------------------------ */

typedef struct {
    int32_t width, height;
    uint16_t *px;
} picture;

typedef enum { SMOOTH, NOISE, EXTREME, CONSTANT, N_KINDS } kind;

static picture make_picture(int32_t w, int32_t h, int precision, kind of, hl_mt19937 *g)
{
    picture p = {w, h, malloc((size_t)w * (size_t)h * 2)};
    const unsigned mask = (1u << precision) - 1;

    for (int32_t i = 0; i < w * h; i++) {
        const unsigned r = hl_mt19937_u32(g);
        const unsigned wave = (unsigned)(i % w * 3 + i / w * 5) + r % 3;
        p.px[i] =
            (uint16_t)(of == SMOOTH    ? wave & mask
                       : of == NOISE   ? r & mask
                       : of == EXTREME ? (r & 1 ? mask : 0) ^ (r & 2 ? 1u << (precision - 1) : 0)
                                       : mask / 2);
    }
    return p;
}

static void comes_back(const picture *p, const hl_jpeg_lossless_plan *plan)
{
    hl_buf b = {0};
    hl_error err = {0};
    hl_jpeg_samples s;

    if (!ok(hl_jpeg_encode_lossless_as(p->px, plan, &b, &err) == HL_OK) ||
        !ok(decode(b.at, b.n, (hl_jpeg_size){p->width, p->height, 1}, &s, &err) == HL_OK)) {
        printf("# %d x %d, %d bits, predictor %d: %s\n", p->width, p->height, plan->precision,
               plan->predictor, err.message);
    } else {
        is_mem(s.px, p->px, (size_t)p->width * (size_t)p->height * 2);
        is_int(s.precision, plan->precision);
        ok(!s.no_eoi);
    }
    hl_buf_free(&b);
}

static void every_predictor_and_precision_comes_back(void)
{
    static const int32_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {13, 7}, {64, 40}};
    hl_mt19937 g;

    hl_mt19937_seed(&g, 7);
    for (int precision = 2; precision <= 16; precision++)
        for (size_t z = 0; z < sizeof sizes / sizeof sizes[0]; z++)
            for (kind of = SMOOTH; of < N_KINDS; of++) {
                picture p = make_picture(sizes[z][0], sizes[z][1], precision, of, &g);
                hl_jpeg_lossless_plan plan = {p.width, p.height, 16, precision, 1, 0};
                for (plan.predictor = 1; plan.predictor <= 7; plan.predictor++) {
                    plan.restart_lines = 0;
                    comes_back(&p, &plan);
                    plan.restart_lines = 1 + plan.predictor % 3;
                    comes_back(&p, &plan);
                }
                free(p.px);
            }
}

static void the_difference_32768_has_no_value_bits(void)
{
    static uint16_t px[64 * 3];
    const picture p = {64, 3, px};

    for (int i = 0; i < 64 * 3; i++)
        px[i] = (uint16_t)((i & 1) << 15);
    for (int predictor = 1; predictor <= 7; predictor++)
        comes_back(&p, &(hl_jpeg_lossless_plan){64, 3, 16, 16, predictor, 0});
}

static void large_pictures_cross_the_windows_of_the_bit_reader(void)
{
    hl_mt19937 g;

    hl_mt19937_seed(&g, 8);
    for (kind of = SMOOTH; of < N_KINDS; of++) {
        picture p = make_picture(301, 201, 16, of, &g);
        comes_back(&p, &(hl_jpeg_lossless_plan){301, 201, 16, 16, 1, 0});
        comes_back(&p, &(hl_jpeg_lossless_plan){301, 201, 16, 16, 7, 17});
        free(p.px);
    }
}

static void words_of_8_bits_are_encoded_alike(void)
{
    uint8_t bytes[40];
    uint16_t words[40];
    hl_buf a = {0}, b = {0};

    for (int i = 0; i < 40; i++)
        words[i] = bytes[i] = (uint8_t)(i * 37);
    ok(hl_jpeg_encode_lossless(bytes, 8, 5, 8, 8, 4, &a, NULL) == HL_OK);
    ok(hl_jpeg_encode_lossless(words, 8, 5, 16, 8, 4, &b, NULL) == HL_OK);
    ok(a.n == b.n && memcmp(a.at, b.at, a.n) == 0);
    hl_buf_free(&a);
    hl_buf_free(&b);
}

static void the_encoder_refuses_what_the_format_cannot_say(void)
{
    static const uint16_t px[4] = {0, 1, 2, 4096};
    hl_buf b = {0};
    hl_error err = {0};

    is_int(hl_jpeg_encode_lossless(px, 2, 2, 16, 12, 1, &b, &err), HL_E_INPUT);
    like(err.message, "more than 12 bits");
    is_int(hl_jpeg_encode_lossless(px, 0, 2, 16, 12, 1, &b, &err), HL_E_USAGE);
    is_int(hl_jpeg_encode_lossless(px, 2, 65536, 16, 12, 1, &b, &err), HL_E_USAGE);
    is_int(hl_jpeg_encode_lossless(px, 2, 2, 12, 12, 1, &b, &err), HL_E_USAGE);
    is_int(hl_jpeg_encode_lossless(px, 2, 2, 8, 12, 1, &b, &err), HL_E_USAGE);
    is_int(hl_jpeg_encode_lossless(px, 2, 2, 16, 1, 1, &b, &err), HL_E_USAGE);
    is_int(hl_jpeg_encode_lossless(px, 2, 2, 16, 13, 8, &b, &err), HL_E_USAGE);
    const hl_jpeg_lossless_plan plan = {2, 2, 16, 13, 1, 40000};
    is_int(hl_jpeg_encode_lossless_as(px, &plan, &b, &err), HL_E_USAGE);
    like(err.message, "restart interval");
    is_int(b.n, 0);
    hl_buf_free(&b);
}

/* --- streams put together by hand ------------------------------------------------------------ */

enum { W = 20, H = 12 };
static const hl_jpeg_size SIZE = {W, H, 1};

/* A 12-bit picture and its stream, with a restart marker every `restart` lines. */
static hl_buf good_stream(uint16_t px[W * H], int32_t restart, unsigned seed)
{
    hl_buf b = {0};
    hl_mt19937 g;

    hl_mt19937_seed(&g, seed);
    for (int i = 0; i < W * H; i++)
        px[i] = (uint16_t)(2000 + i * 3 + (int)(hl_mt19937_u32(&g) % 200));
    const hl_jpeg_lossless_plan plan = {W, H, 16, 12, 1, restart};
    ok(hl_jpeg_encode_lossless_as(px, &plan, &b, NULL) == HL_OK);
    return b;
}

/* Offset of a marker's second byte. */
static size_t find(const hl_buf *b, uint8_t marker)
{
    for (size_t i = 0; i + 1 < b->n; i++)
        if ((uint8_t)b->at[i] == 0xFF && (uint8_t)b->at[i + 1] == marker)
            return i + 1;
    ok(false);
    return 0;
}

/* First byte of the scan's data. */
static size_t scan_data(const hl_buf *b)
{
    return find(b, 0xDA) + 9;
}

static void put(hl_buf *b, size_t from, size_t remove, const char *bytes, size_t n)
{
    hl_buf out = {0};

    hl_buf_append(&out, b->at, from);
    hl_buf_append(&out, bytes, n);
    hl_buf_append(&out, b->at + from + remove, b->n - from - remove);
    hl_buf_free(b);
    *b = out;
}

static void refused(hl_buf *b, hl_code code, const char *part)
{
    hl_jpeg_samples s;
    hl_error err = {0};

    is_int(decode(b->at, b->n, SIZE, &s, &err), code);
    like(err.message, part);
    hl_buf_free(b);
}

static void another_size_is_refused_before_anything_is_allocated(void)
{
    uint16_t px[W * H];
    hl_buf b = good_stream(px, 0, 1);
    hl_jpeg_samples s;
    hl_error err = {0};

    is_int(decode(b.at, b.n, (hl_jpeg_size){W + 1, H, 1}, &s, &err), HL_E_INPUT);
    like(err.message, "has 20 x 12 pixels of 1 component, but 21 x 12 of 1 are announced");
    is_int(decode(b.at, b.n, (hl_jpeg_size){W, H, 3}, &s, &err), HL_E_INPUT);
    const size_t sof = find(&b, 0xC3);
    memcpy(b.at + sof + 4, "\xFF\xFF\xFF\xFF", 4);
    is_int(decode(b.at, b.n, (hl_jpeg_size){65535, 65535, 1}, &s, &err), HL_E_INPUT);
    like(err.message, "JPEG data ends early");
    ok(hl_arena_bytes(arena) < 1 << 20);
    hl_buf_free(&b);
}

static void other_kinds_are_refused_by_name(void)
{
    static const struct {
        uint8_t sof;
        const char *name;
    } kinds[] = {{0xC0, "baseline JPEG"},
                 {0xC1, "extended sequential JPEG"},
                 {0xC2, "progressive JPEG"},
                 {0xC7, "hierarchical lossless JPEG"},
                 {0xC9, "arithmetic-coded JPEG"},
                 {0xCB, "arithmetic-coded lossless JPEG"},
                 {0xCF, "arithmetic-coded hierarchical JPEG"}};
    uint16_t px[W * H];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        hl_buf b = good_stream(px, 0, 1);
        b.at[find(&b, 0xC3)] = (char)kinds[i].sof;
        refused(&b, HL_E_LIMIT, kinds[i].name);
    }
}

static void damaged_headers_are_refused(void)
{
    static const struct {
        uint8_t marker;
        int at; /* behind the marker's second byte */
        uint8_t value;
        hl_code code;
        const char *part;
    } cases[] = {
        {0xD8, 0, 0x00, HL_E_INPUT, "not a JPEG"},
        {0xC3, 3, 1, HL_E_INPUT, "1-bit samples"},
        {0xC3, 3, 17, HL_E_INPUT, "17-bit samples"},
        {0xC3, 5, 0, HL_E_LIMIT, "DNL"}, /* height */
        {0xC4, 3, 0x04, HL_E_INPUT, "bad Huffman table id"},
        {0xC4, 3, 0x20, HL_E_INPUT, "bad Huffman table id"},
        {0xC4, 3, 0x01, HL_E_INPUT, "a Huffman table that is not there"},
        {0xC4, 3, 0x10, HL_E_INPUT, "a Huffman table that is not there"},
        {0xC4, 4, 200, HL_E_INPUT, "bad Huffman table"},
        {0xC4, 20, 17, HL_E_INPUT, "category out of range"},
        {0xDA, 5, 0x40, HL_E_INPUT, "a Huffman table that is not there"},
        {0xDA, 4, 9, HL_E_INPUT, "components that the frame has not"},
        {0xDA, 6, 0, HL_E_INPUT, "predictor 0"},
        {0xDA, 6, 8, HL_E_INPUT, "predictor 8"},
        {0xDA, 8, 12, HL_E_INPUT, "point transform 12 of 12-bit"},
        {0xDD, 4, 21, HL_E_INPUT, "restart interval of 21 samples"},
    };
    uint16_t px[W * H];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl_buf b = good_stream(px, 1, 1);
        b.at[find(&b, cases[i].marker) + (size_t)cases[i].at] = (char)cases[i].value;
        refused(&b, cases[i].code, cases[i].part);
    }
    hl_buf b = good_stream(px, 0, 1); /* three codes of one bit */
    put(&b, find(&b, 0xC4) + 4, 3, "\3\0\0", 3);
    refused(&b, HL_E_INPUT, "bad Huffman table");
    b = good_stream(px, 0, 1);
    put(&b, find(&b, 0xDA) - 1, b.n - find(&b, 0xDA) + 1, "", 0);
    refused(&b, HL_E_INPUT, "the JPEG header ends early");
}

static void cut_data_end_early_wherever_they_are_cut(void)
{
    uint16_t px[W * H];

    for (int32_t restart = 0; restart < 2; restart++) {
        hl_buf whole = good_stream(px, restart, 2);
        for (size_t n = scan_data(&whole); n + 3 < whole.n; n++) {
            hl_buf b = {0};
            hl_buf_append(&b, whole.at, n);
            refused(&b, HL_E_INPUT, "JPEG data ends early");
            hl_buf_append(&b, whole.at, n);
            if ((uint8_t)b.at[n - 1] != 0xFF) { /* an end marker does not make it whole */
                hl_buf_append(&b, "\xFF\xD9", 2);
                refused(&b, HL_E_INPUT, "JPEG data ends early");
            }
            hl_buf_free(&b);
        }
        hl_buf_free(&whole);
    }
}

static void a_missing_end_marker_is_told_and_padding_is_fine(void)
{
    static const struct {
        const char *tail;
        size_t n;
        bool no_eoi;
    } cases[] = {{"", 0, true},
                 {"\0", 1, true},
                 {"\xFF", 1, true},
                 {"\0\0\0", 3, true},
                 {"\xFF\xD9\0", 3, false},
                 {"\xFF\xD9garbage", 9, false},
                 {"\xFF\xFF\xFF\xD9", 4, false},
                 {"\0\xFF\xD9", 3, false},
                 {"\xFF\0\xFF\0\xFF\xD9", 6, false},
                 {"\xFF\xFE\0\4hm\xFF\xD9", 8, false}};
    uint16_t px[W * H];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl_buf b = good_stream(px, 0, 3);
        hl_jpeg_samples s;
        hl_error err = {0};
        put(&b, b.n - 2, 2, cases[i].tail, cases[i].n);
        if (ok(decode(b.at, b.n, SIZE, &s, &err) == HL_OK))
            is_mem(s.px, px, sizeof px);
        else
            printf("# case %zu: %s\n", i, err.message);
        ok(s.no_eoi == cases[i].no_eoi);
        hl_buf_free(&b);
    }
}

static void bytes_left_over_are_corruption(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *part;
    } cases[] = {{"\x12", 1, ": 1 byte left over after the last sample"},
                 {"\0\xFF\0", 3, ": 2 bytes left over"},
                 {"\0\0\0\0", 4, ": 4 bytes left over"},
                 {"\xFF\0\xFF\0\xFF\0\xFF\0", 8, ": 4 bytes left over"}};
    uint16_t px[W * H];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl_buf b = good_stream(px, 0, 3);
        put(&b, b.n - 2, 0, cases[i].bytes, cases[i].n);
        refused(&b, HL_E_INPUT, cases[i].part);
    }
    char *many = calloc(1, 10000);
    hl_buf b = good_stream(px, 0, 3);
    put(&b, b.n - 2, 0, many, 10000);
    refused(&b, HL_E_INPUT, "JPEG entropy data corrupt: 10000 bytes left over");
    free(many);
}

static void codes_that_are_not_in_the_table_are_corruption(void)
{
    uint16_t px[W * H];
    hl_buf b = good_stream(px, 0, 4);

    memset(b.at + scan_data(&b) + 10, 0xFE, 20); /* the code of all ones is never used */
    b.at[scan_data(&b) + 20] = (char)0xFF;
    b.at[scan_data(&b) + 21] = 0;
    b.at[scan_data(&b) + 22] = (char)0xFF;
    b.at[scan_data(&b) + 23] = 0;
    b.at[scan_data(&b) + 24] = (char)0xFF;
    b.at[scan_data(&b) + 25] = 0;
    refused(&b, HL_E_INPUT, "JPEG entropy data corrupt");
    b = good_stream(px, 0, 4); /* a marker in the middle */
    memcpy(b.at + scan_data(&b) + 10, "\xFF\x3C", 2);
    refused(&b, HL_E_INPUT, "a marker (ff 3c) comes too early");
}

static void restart_markers_must_come_in_turn(void)
{
    uint16_t px[W * H];
    hl_buf b = good_stream(px, 2, 5);

    b.at[find(&b, 0xD1)] = (char)0xD2;
    refused(&b, HL_E_INPUT, "ff d2 instead of restart marker ff d1");
    b = good_stream(px, 2, 5);
    put(&b, find(&b, 0xD1) - 1, 2, "", 0);
    refused(&b, HL_E_INPUT, "JPEG entropy data corrupt");
    b = good_stream(px, 2, 5);
    put(&b, find(&b, 0xD1) - 9, 8, "", 0);
    refused(&b, HL_E_INPUT, "comes too early");
    b = good_stream(px, 2, 5);
    put(&b, find(&b, 0xD1) - 1, 0, "\xFF\xFF", 2); /* fill bytes: fine */
    hl_jpeg_samples s;
    is_int(decode(b.at, b.n, SIZE, &s, NULL), HL_OK);
    is_mem(s.px, px, sizeof px);
    hl_buf_free(&b);
}

/* Three one-component streams as three scans of one frame. */
static hl_buf three_scans(uint16_t px[3][W * H], int n_scans)
{
    hl_buf out = {0};

    hl_buf_append(&out, "\xFF\xD8\xFF\xC3\0\x11\x0C\0\x0C\0\x14\3\1\x11\0\2\x11\0\3\x11\0", 21);
    for (int k = 0; k < n_scans; k++) {
        hl_buf b = good_stream(px[k], k, (unsigned)k + 20);
        if (k == 0)
            hl_buf_append(&out, "\xFF\xDD\0\4\0\0", 6);
        b.at[find(&b, 0xDA) + 4] = (char)(k + 1); /* component id */
        const size_t from = find(&b, 0xC4) - 1;
        hl_buf_append(&out, b.at + from, b.n - 2 - from);
        hl_buf_free(&b);
    }
    hl_buf_append(&out, "\xFF\xD9", 2);
    return out;
}

static void components_may_come_in_scans_of_their_own(void)
{
    static uint16_t px[3][W * H];
    hl_buf b = three_scans(px, 3);
    const hl_jpeg_size size = {W, H, 3};
    hl_jpeg_samples s;
    hl_error err = {0};

    if (!ok(decode(b.at, b.n, size, &s, &err) == HL_OK))
        printf("# %s\n", err.message);
    for (int i = 0; s.px && i < 3 * W * H; i++)
        if (!ok(s.px[i] == px[i % 3][i / 3]))
            break;
    hl_buf_free(&b);

    b = three_scans(px, 2);
    is_int(decode(b.at, b.n, size, &s, &err), HL_E_INPUT);
    like(err.message, "a component has no scan");
    is_int(decode(b.at, b.n - 2, size, &s, &err), HL_E_INPUT);
    like(err.message, "JPEG data ends early");
    hl_buf_free(&b);

    b = three_scans(px, 3);
    const size_t second = find(&b, 0xDA) + 1;
    hl_buf tail = {0};
    hl_buf_append(&tail, b.at + second, b.n - second);
    b.at[second + find(&tail, 0xDA) + 4] = 1;
    is_int(decode(b.at, b.n, size, &s, &err), HL_E_INPUT);
    like(err.message, "a component has two scans");
    b.at[find(&b, 0xC3) + 10] = 0x21;
    is_int(decode(b.at, b.n, size, &s, &err), HL_E_LIMIT);
    like(err.message, "sampling 2 x 1 of component 1");
    hl_buf_free(&tail);
    hl_buf_free(&b);
}

/* --- DICOM files ----------------------------------------------------------------------------- */

/* The fragments of a file's only frame, joined: explicit little endian, undefined length. */
static hl_buf fragments_of(const char *path)
{
    static const char tag[] = "\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF";
    hl_buf b = file_bytes(path), out = {0};
    size_t at = 0;

    while (at + 12 < b.n && memcmp(b.at + at, tag, 12) != 0)
        at++;
    at += 12;
    for (int i = 0; at + 8 <= b.n && memcmp(b.at + at, "\xFE\xFF\0\xE0", 4) == 0; i++) {
        const uint8_t *p = (const uint8_t *)b.at + at + 4;
        const size_t n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
        if (!ok(n <= b.n - at - 8))
            break;
        if (i > 0) /* the first item is the offset table */
            hl_buf_append(&out, b.at + at + 8, n);
        at += 8 + n;
    }
    hl_buf_free(&b);
    return out;
}

static void larger_frames_have_the_samples_of_other_decoders(void)
{
    static const struct {
        const char *file;
        int32_t width, height;
        const char *sha256;
    } cases[] = {
        {"real/JPEG-LL.dcm", 256, 1024,
         "a6e9d32143339d3f5748b5520aa4e6c6ffb3550b6f71fdf17bdb2ebb44bc2611"},
        {"real/JPEGLosslessP14SV1_1s_1f_u_08_08.dcm", 1024, 768,
         "53e607880105df3b1991859fde98379e486f33ccb705e689296ab7583df325ae"},
        {"real/bad_sequence.dcm", 512, 512,
         "ef7120ddfc77c166ecdc5ffb99715deff8be9f3e7c0409021c0e06b962d2a61a"},
        {"synthetic/u14_m1_jpll_sv1.dcm", 170, 203,
         "f54da00533bf6b01e76dd0843ee916a3a8b21db423b1ef6cbc58d40455514f41"},
        {"synthetic/u16_jpll_sv1.dcm", 170, 203,
         "3b7458e6ad8523d51bf958bc4b4604ee4b6ba7de9ab7e9dfdaf4840187153282"},
    };

    if (!shared("dicom/real")) {
        skip("no shared data");
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[128];
        hl_jpeg_samples s;
        hl_error err = {0};
        snprintf(path, sizeof path, "dicom/%s", cases[i].file);
        hl_buf b = fragments_of(shared(path));
        const hl_jpeg_size size = {cases[i].width, cases[i].height, 1};
        if (ok(decode(b.at, b.n, size, &s, &err) == HL_OK))
            has_digest(&s, cases[i].sha256, cases[i].file);
        else
            printf("# %s: %s\n", cases[i].file, err.message);
        hl_buf_free(&b);
    }
}

static void faulty_dicom_frames_are_refused_with_their_reason(void)
{
    static const struct {
        const char *file;
        int32_t height;
        const char *part; /* NULL: taken, without an end marker */
    } cases[] = {{"jpll_truncated", 32, "JPEG data ends early"},
                 {"jpll_bad_huffman", 32, "JPEG entropy data corrupt"},
                 {"jpll_no_eoi", 32, NULL},
                 {"jpll_dims_differ", 30, "are announced"},
                 {"jpll_no_soi", 32, "not a JPEG"},
                 {"jpeg_dht_overflow", 32, "bad Huffman table id"}};

    if (!shared("dicom/faults")) {
        skip("no shared data");
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[128];
        hl_jpeg_samples s;
        hl_error err = {0};
        snprintf(path, sizeof path, "dicom/faults/%s.dcm", cases[i].file);
        hl_buf b = fragments_of(shared(path));
        const hl_code c = decode(b.at, b.n, (hl_jpeg_size){24, cases[i].height, 1}, &s, &err);
        is_int(c, cases[i].part ? HL_E_INPUT : HL_OK);
        if (cases[i].part)
            like(err.message, cases[i].part);
        else
            has_digest(&s, "55c16cf023916dee1624ba6bc23d64468af234c248d005697158623703c6006a", "");
        ok(s.no_eoi == !cases[i].part);
        hl_buf_free(&b);
    }
}

int main(void)
{
    arena = hl_arena_new(0);
    run(frames_of_dicom_files_have_the_samples_of_other_decoders);
    run(every_predictor_and_precision_comes_back);
    run(the_difference_32768_has_no_value_bits);
    run(large_pictures_cross_the_windows_of_the_bit_reader);
    run(words_of_8_bits_are_encoded_alike);
    run(the_encoder_refuses_what_the_format_cannot_say);
    run(another_size_is_refused_before_anything_is_allocated);
    run(other_kinds_are_refused_by_name);
    run(damaged_headers_are_refused);
    run(cut_data_end_early_wherever_they_are_cut);
    run(a_missing_end_marker_is_told_and_padding_is_fine);
    run(bytes_left_over_are_corruption);
    run(codes_that_are_not_in_the_table_are_corruption);
    run(restart_markers_must_come_in_turn);
    run(components_may_come_in_scans_of_their_own);
    run(larger_frames_have_the_samples_of_other_decoders);
    run(faulty_dicom_frames_are_refused_with_their_reason);
    hl_arena_free(&arena);
    return done();
}
