/*
 * pixels_test.c - pixel data to integers: reference hashes, frames, native layouts, RLE, refusals.
 */
#include "tap.h"

#include "base/hash.h"
#include "base/inflate.h"
#include "format/dicom/pixels_internal.h"

/* --- data sets made here ------------------------------------------------------------------------
 */

#define LE_EXPLICIT "1.2.840.10008.1.2.1"
#define BE_EXPLICIT "1.2.840.10008.1.2.2"
#define RAW_FRAMES "1.2.840.10008.1.2.1.98"
#define DEFLATED_FRAMES "1.2.840.10008.1.2.8.1"
#define JPEG_BASELINE "1.2.840.10008.1.2.4.50"
#define JPEG_2000 "1.2.840.10008.1.2.4.90"

/* The image module of a file; UNSET: leave the element out. */
enum { UNSET = -1 };
typedef struct {
    const char *syntax, *photometric, *n_frames;
    int rows, columns, samples, allocated, stored, high_bit, sign, planar;
} header;

static const header grey16 = {.syntax = LE_EXPLICIT,
                              .photometric = "MONOCHROME2 ",
                              .rows = 2,
                              .columns = 3,
                              .samples = 1,
                              .allocated = 16,
                              .stored = 12,
                              .high_bit = 11,
                              .planar = UNSET};

static bool is_big(const header *h)
{
    return strcmp(h->syntax, BE_EXPLICIT) == 0;
}

static void put_int(hl_buf *b, uint32_t v, int bytes, bool big)
{
    for (int i = 0; i < bytes; i++)
        hl_buf_char(b, (char)(v >> 8 * (big ? bytes - 1 - i : i)));
}

static void put_tag(hl_buf *b, uint32_t tag, bool big)
{
    put_int(b, tag >> 16, 2, big);
    put_int(b, tag & 0xFFFF, 2, big);
}

static void put_text(hl_buf *b, uint32_t tag, const char *vr, const char *text, bool big)
{
    const size_t n = strlen(text);

    put_tag(b, tag, big);
    hl_buf_append(b, vr, 2);
    put_int(b, (uint32_t)(n + n % 2), 2, big);
    hl_buf_append(b, text, n);
    if (n % 2)
        hl_buf_char(b, strcmp(vr, "UI") ? ' ' : 0);
}

static void put_short(hl_buf *b, uint32_t tag, int v, bool big)
{
    if (v == UNSET)
        return;
    put_tag(b, tag, big);
    hl_buf_append(b, "US", 2);
    put_int(b, 2, 2, big);
    put_int(b, (uint32_t)v, 2, big);
}

static void put_header(hl_buf *b, const header *h)
{
    const bool big = is_big(h);
    hl_buf meta = {0};

    put_text(&meta, HL_TAG_TransferSyntaxUID, "UI", h->syntax, false);
    for (int i = 0; i < 128; i++)
        hl_buf_char(b, 0);
    hl_buf_text(b, "DICM");
    put_tag(b, HL_TAG(2, 0), false);
    hl_buf_text(b, "UL");
    put_int(b, 4, 2, false);
    put_int(b, (uint32_t)meta.n, 4, false);
    hl_buf_append(b, meta.at, meta.n);
    hl_buf_free(&meta);
    put_short(b, HL_TAG_SamplesPerPixel, h->samples, big);
    if (h->photometric)
        put_text(b, HL_TAG_PhotometricInterpretation, "CS", h->photometric, big);
    put_short(b, HL_TAG_PlanarConfiguration, h->planar, big);
    if (h->n_frames)
        put_text(b, HL_TAG_NumberOfFrames, "IS", h->n_frames, big);
    put_short(b, HL_TAG_Rows, h->rows, big);
    put_short(b, HL_TAG_Columns, h->columns, big);
    put_short(b, HL_TAG_BitsAllocated, h->allocated, big);
    put_short(b, HL_TAG_BitsStored, h->stored, big);
    put_short(b, HL_TAG_HighBit, h->high_bit, big);
    put_short(b, HL_TAG_PixelRepresentation, h->sign, big);
}

static void put_pixels(hl_buf *b, const header *h, const char *vr, const void *px, size_t n)
{
    put_tag(b, HL_TAG_PixelData, is_big(h));
    hl_buf_append(b, vr, 2);
    put_int(b, 0, 2, false);
    put_int(b, (uint32_t)n, 4, is_big(h));
    hl_buf_append(b, px, n);
}

/* Encapsulated: item 0 is the offset table. */
typedef struct {
    const void *at;
    size_t n;
} item;

static void put_items(hl_buf *b, const item *items, size_t n_items)
{
    put_tag(b, HL_TAG_PixelData, false);
    hl_buf_append(b, "OB\0\0\xFF\xFF\xFF\xFF", 8);
    for (size_t i = 0; i < n_items; i++) {
        put_tag(b, 0xFFFEE000u, false);
        put_int(b, (uint32_t)items[i].n, 4, false);
        hl_buf_append(b, items[i].at, items[i].n);
    }
    put_tag(b, 0xFFFEE0DDu, false);
    put_int(b, 0, 4, false);
}

typedef struct {
    hl_buf bytes;
    hl_arena *arena;
    hl_dicom *d;
    hl_pixels p;
    hl_error err;
} fixture_file;

static hl_code describe(fixture_file *f)
{
    memset(&f->err, 0, sizeof f->err);
    f->arena = hl_arena_new(0);
    hl_code c = hl_dicom_memory(f->bytes.at, f->bytes.n, "x.dcm", &f->d, &f->err);
    return c == HL_OK ? hl_pixels_describe(f->d, &f->p, &f->err) : c;
}

static fixture_file native(const header *h, const char *vr, const void *px, size_t n)
{
    fixture_file f = {0};

    put_header(&f.bytes, h);
    put_pixels(&f.bytes, h, vr, px, n);
    return f;
}

static fixture_file encapsulated(const header *h, const item *items, size_t n_items)
{
    fixture_file f = {0};

    put_header(&f.bytes, h);
    put_items(&f.bytes, items, n_items);
    return f;
}

static hl_frame frame(fixture_file *f, int64_t i)
{
    hl_frame out = {0};

    is_int(hl_pixels_frame(f->d, &f->p, i, f->arena, HL_CPU_C, &out, &f->err), HL_OK);
    if (f->err.message[0])
        printf("# %s\n", f->err.message);
    return out;
}

static hl_frame values(fixture_file *f, int64_t i)
{
    const hl_frame raw = frame(f, i);
    hl_frame out = {0};

    if (raw.px)
        is_int(hl_frame_values(&raw, f->arena, &out, &f->err), HL_OK);
    return out;
}

static void end(fixture_file *f)
{
    hl_dicom_close(&f->d);
    hl_arena_free(&f->arena);
    hl_buf_free(&f->bytes);
}

/* The file is refused with this message; decoded frame 0 when describe lets it through. */
static void refused(fixture_file f, hl_code code, const char *message)
{
    hl_frame out;
    hl_code c = describe(&f);

    if (c == HL_OK)
        c = hl_pixels_frame(f.d, &f.p, 0, f.arena, HL_CPU_C, &out, &f.err);
    is_int(c, code);
    like(f.err.message, message);
    if (f.arena)
        ok(hl_arena_bytes(f.arena) < 1 << 20);
    end(&f);
}

static bool warned(const fixture_file *f, const char *text)
{
    for (size_t i = 0; i < hl_dicom_n_warnings(f->d); i++)
        if (strstr(hl_dicom_warning_at(f->d, i).text, text))
            return true;
    return false;
}

/* --- native -------------------------------------------------------------------------------------
 */

static const uint8_t words16[12] = {0x01, 0xF2, 0x02, 0x00, 0xFF, 0x0F,
                                    0x00, 0x08, 0x34, 0x12, 0x00, 0x00};

static void native_words_lie_in_the_file_and_are_masked_on_demand(void)
{
    static const uint16_t want[6] = {0x201, 2, 0xFFF, 0x800, 0x234, 0};
    fixture_file f = native(&grey16, "OW", words16, sizeof words16);

    is_int(describe(&f), HL_OK);
    is_int(f.p.n_frames, 1);
    is_str(f.p.photometric, "MONOCHROME2");
    const hl_frame raw = frame(&f, 0);
    const char *px = raw.px;
    const bool inside = px >= f.bytes.at && px < f.bytes.at + f.bytes.n;
    const size_t at = (size_t)(f.bytes.n - sizeof words16);
    is_int(inside, (uintptr_t)(f.bytes.at + at) % 2 == 0);
    ok(!raw.exact && raw.shift == 0 && raw.stored == 12 && raw.bits == 16);
    const hl_frame v = values(&f, 0);
    ok(v.exact);
    is_mem(v.px, want, sizeof want);
    end(&f);
}

static void words_at_an_odd_address_are_copied(void)
{
    fixture_file f = native(&grey16, "OW", words16, sizeof words16);
    hl_buf moved = {0};

    hl_buf_reserve(&moved, f.bytes.n + 2);
    for (size_t shift = 0; shift < 2; shift++) {
        fixture_file g = {.arena = hl_arena_new(0)};
        memcpy(moved.at + shift, f.bytes.at, f.bytes.n);
        is_int(hl_dicom_memory(moved.at + shift, f.bytes.n, "x.dcm", &g.d, &g.err), HL_OK);
        is_int(hl_pixels_describe(g.d, &g.p, &g.err), HL_OK);
        const hl_frame raw = frame(&g, 0);
        is_int((uintptr_t)raw.px % 2, 0);
        is_mem(raw.px, words16, sizeof words16);
        end(&g);
    }
    hl_buf_free(&moved);
    end(&f);
}

static void signed_words_are_extended_from_bits_stored(void)
{
    static const int16_t want[6] = {0x201, 2, -1, -2048, 0x234, 0};
    header h = grey16;
    h.sign = 1;
    fixture_file f = native(&h, "OW", words16, sizeof words16);

    is_int(describe(&f), HL_OK);
    const hl_frame v = values(&f, 0);
    ok(v.is_signed);
    is_mem(v.px, want, sizeof want);
    end(&f);
}

static void a_high_bit_above_bits_stored_shifts(void)
{
    static const uint16_t want[6] = {0xF20, 0, 0xFF, 0x80, 0x123, 0};
    header h = grey16;
    h.high_bit = 15;
    fixture_file f = native(&h, "OW", words16, sizeof words16);

    is_int(describe(&f), HL_OK);
    is_int(frame(&f, 0).shift, 4);
    is_mem(values(&f, 0).px, want, sizeof want);
    end(&f);
}

static void full_words_are_exact_and_32_bits_pass(void)
{
    header h = grey16;
    h.stored = 16;
    h.high_bit = 15;
    fixture_file f = native(&h, "OW", words16, sizeof words16);
    is_int(describe(&f), HL_OK);
    ok(frame(&f, 0).exact);
    end(&f);

    static const uint32_t words[2] = {0x80000001u, 7};
    h.rows = 1;
    h.columns = 2;
    h.allocated = 32;
    h.stored = 31;
    h.high_bit = 31; /* shift 1 */
    h.sign = 1;
    f = native(&h, "OW", words, sizeof words);
    is_int(describe(&f), HL_OK);
    const int32_t *v = values(&f, 0).px;
    is_int(v[0], -0x40000000);
    is_int(v[1], 3);
    end(&f);
}

static void big_endian_words_are_turned_and_bytes_of_ow_swapped_in_pairs(void)
{
    static const uint16_t want[6] = {0x01F2, 0x0200, 0xFF0F, 0x0008, 0x3412, 0};
    static const uint8_t bytes[10] = {2, 1, 4, 3, 6, 5, 8, 7, 10, 9};
    header h = grey16;
    h.syntax = BE_EXPLICIT;
    h.stored = 16;
    h.high_bit = 15;
    fixture_file f = native(&h, "OW", words16, sizeof words16);
    is_int(describe(&f), HL_OK);
    is_mem(frame(&f, 0).px, want, sizeof want);
    end(&f);

    h.allocated = h.stored = 8;
    h.high_bit = 7;
    h.rows = 1;
    h.columns = 3;
    h.n_frames = "3";
    f = native(&h, "OW", bytes, sizeof bytes);
    is_int(describe(&f), HL_OK);
    is_mem(frame(&f, 0).px, "\1\2\3", 3);
    is_mem(frame(&f, 1).px, "\4\5\6", 3);
    is_mem(frame(&f, 2).px, "\7\10\11", 3);
    end(&f);

    f = native(&h, "OB", bytes, sizeof bytes);
    is_int(describe(&f), HL_OK);
    is_mem(frame(&f, 1).px, "\3\6\5", 3);
    end(&f);
}

static void one_bit_frames_follow_without_padding(void)
{
    header h = grey16;
    h.allocated = h.stored = 1;
    h.high_bit = 0;
    h.n_frames = "3";
    /* 18 bits, first bit lowest: 110100 011010 101101 */
    static const uint8_t bits[4] = {0x8B, 0x55, 0x03, 0};
    static const uint8_t want[3][6] = {{1, 1, 0, 1, 0, 0}, {0, 1, 1, 0, 1, 0}, {1, 0, 1, 0, 1, 1}};
    fixture_file f = native(&h, "OB", bits, sizeof bits);

    is_int(describe(&f), HL_OK);
    for (int i = 0; i < 3; i++) {
        const hl_frame x = frame(&f, i);
        ok(x.bits == 8 && x.exact);
        is_mem(x.px, want[i], 6);
    }
    end(&f);
}

static void planes_and_half_chroma_become_pixels(void)
{
    static const uint8_t planes[12] = {1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24};
    static const uint8_t pixels[12] = {1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24};
    static const uint8_t wide[12] = {1, 3, 4, 2, 3, 4, 11, 12, 13, 12, 12, 13};
    static const uint8_t half[8] = {1, 2, 3, 4, 11, 12, 12, 13};
    header h = grey16;
    h.rows = h.columns = 2;
    h.samples = 3;
    h.allocated = h.stored = 8;
    h.high_bit = 7;
    h.planar = 1;
    h.photometric = "RGB";
    fixture_file f = native(&h, "OB", planes, sizeof planes);
    is_int(describe(&f), HL_OK);
    is_mem(frame(&f, 0).px, pixels, sizeof pixels);
    end(&f);

    h.planar = 0;
    h.photometric = "YBR_FULL_422";
    f = native(&h, "OB", half, sizeof half);
    is_int(describe(&f), HL_OK);
    is_mem(frame(&f, 0).px, wide, sizeof wide);
    end(&f);

    h.columns = 1;
    refused(native(&h, "OB", half, sizeof half), HL_E_INPUT, "even number of columns");
}

static void excess_bytes_are_left_out_with_a_warning(void)
{
    uint8_t more[16] = {0};
    memcpy(more, words16, sizeof words16);
    fixture_file f = native(&grey16, "OW", more, sizeof more);

    is_int(describe(&f), HL_OK);
    is_int(f.p.excess_bytes, 4);
    ok(warned(&f, "4 bytes behind the last frame"));
    end(&f);
}

static void the_pad_byte_is_no_excess_and_may_be_missing(void)
{
    header h = grey16;
    h.allocated = h.stored = 8;
    h.high_bit = 7;
    h.rows = 1;
    for (size_t n = 3; n <= 4; n++) {
        fixture_file f = native(&h, "OB", "\1\2\3\0", n);
        is_int(describe(&f), HL_OK);
        is_int(f.p.excess_bytes, 0);
        is_mem(frame(&f, 0).px, "\1\2\3", 3);
        end(&f);
    }
    refused(native(&h, "OB", "\1\2", 2), HL_E_INPUT,
            "x.dcm: (7FE0,0010) PixelData: 2 bytes, but 3 x 1 pixels of 1 x 8 bits in 1 frame "
            "take 3");
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static fixture_file changed(size_t field, int v)
{
    header h = grey16;

    memcpy((char *)&h + field, &v, sizeof v);
    return native(&h, "OW", words16, sizeof words16);
}
#define CHANGED(field, v) changed(offsetof(header, field), v)

static void a_faulty_image_module_is_refused_by_name(void)
{
    refused(CHANGED(rows, UNSET), HL_E_INPUT, "x.dcm: (0028,0010) Rows: missing");
    refused(CHANGED(rows, 0), HL_E_INPUT, "(0028,0010) Rows: is 0, must be from 1 to 65535");
    refused(CHANGED(columns, 0), HL_E_INPUT, "(0028,0011) Columns: is 0");
    refused(CHANGED(samples, 2), HL_E_INPUT, "SamplesPerPixel: is 2, must be 1 or 3");
    refused(CHANGED(samples, 3), HL_E_INPUT, "does not go with SamplesPerPixel 3");
    refused(CHANGED(allocated, 12), HL_E_LIMIT, "BitsAllocated: is 12; only 1, 8, 16 and 32");
    refused(CHANGED(allocated, 64), HL_E_LIMIT, "BitsAllocated: is 64; only 1, 8, 16 and 32");
    refused(CHANGED(stored, 0), HL_E_INPUT,
            "BitsStored: is 0, must be from 1 to BitsAllocated, 16");
    refused(CHANGED(stored, 17), HL_E_INPUT, "BitsStored: is 17");
    refused(CHANGED(high_bit, 16), HL_E_INPUT, "HighBit: is 16, must be below BitsAllocated");
    refused(CHANGED(sign, UNSET), HL_E_INPUT, "PixelRepresentation: missing");
    refused(CHANGED(sign, 2), HL_E_INPUT, "PixelRepresentation: is 2, must be 0 or 1");
    refused(CHANGED(rows, 65535), HL_E_INPUT, "12 bytes, but 3 x 65535 pixels");

    header h = grey16;
    h.photometric = NULL;
    refused(native(&h, "OW", words16, 12), HL_E_INPUT, "PhotometricInterpretation: missing");
    h = grey16;
    h.n_frames = "-1";
    refused(native(&h, "OW", words16, 12), HL_E_INPUT, "NumberOfFrames: is -1");
    h.n_frames = "2";
    refused(native(&h, "OW", words16, 12), HL_E_INPUT, "in 2 frames take 24");
    h.n_frames = "2147483647";
    h.rows = h.columns = 65535;
    refused(native(&h, "OW", words16, 12), HL_E_INPUT, "12 bytes, but 65535 x 65535");
}

static void a_missing_high_bit_and_zero_frames_are_taken_with_a_warning(void)
{
    header h = grey16;
    h.high_bit = UNSET;
    h.n_frames = "0";
    fixture_file f = native(&h, "OW", words16, sizeof words16);

    is_int(describe(&f), HL_OK);
    is_int(f.p.high_bit, 11);
    is_int(f.p.n_frames, 1);
    ok(warned(&f, "HighBit is missing"));
    ok(warned(&f, "NumberOfFrames is 0"));
    end(&f);
}

static void syntaxes_without_a_decoder_are_named(void)
{
    header h = grey16;
    h.syntax = "1.2.840.10008.1.2.4.100";
    const item items[2] = {{"", 0}, {"abcd", 4}};

    refused(encapsulated(&h, items, 2), HL_E_LIMIT, "(1.2.840.10008.1.2.4.100) is not supported");
    h.syntax = "1.2.3.4";
    refused(native(&h, "OW", words16, 12), HL_E_LIMIT, "unknown transfer syntax (1.2.3.4): ");
    h.syntax = "Doe, Jane";
    refused(native(&h, "OW", words16, 12), HL_E_LIMIT, "unknown transfer syntax: ");
}

static void plain_pixels_under_a_compressed_syntax_need_the_exact_length(void)
{
    header h = grey16;
    h.syntax = JPEG_BASELINE;
    h.stored = 16;
    h.high_bit = 15;
    fixture_file f = native(&h, "OW", words16, 12);

    is_int(describe(&f), HL_OK);
    ok(warned(&f, "uncompressed pixels"));
    is_mem(frame(&f, 0).px, words16, 12);
    end(&f);
    uint8_t more[14] = {0};
    refused(native(&h, "OW", more, 14), HL_E_INPUT, "not encapsulated");
    h.syntax = LE_EXPLICIT;
    const item items[2] = {{"", 0}, {words16, 12}};
    refused(encapsulated(&h, items, 2), HL_E_INPUT, "encapsulated, which the transfer syntax");
}

static void a_lying_header_takes_no_memory(void)
{
    static const uint8_t siz[] = {0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0,  0, 0, 0, 0xFF, 0xFF,
                                  0,    0,    0xFF, 0xFF, 0, 0,  0,  0, 0, 0, 0,    0,
                                  0,    0,    0,    1,    0, 0,  0,  1, 0, 0, 0,    0,
                                  0,    0,    0,    0,    0, 1,  15, 1, 1, 0};
    static const char *const syntaxes[] = {RAW_FRAMES,
                                           DEFLATED_FRAMES,
                                           "1.2.840.10008.1.2.5",
                                           JPEG_BASELINE,
                                           "1.2.840.10008.1.2.4.51",
                                           "1.2.840.10008.1.2.4.70",
                                           "1.2.840.10008.1.2.4.80",
                                           JPEG_2000};
    header h = grey16;
    h.rows = h.columns = 65535;
    h.allocated = 8;
    h.stored = 8;
    h.high_bit = 7;
    for (size_t i = 0; i < sizeof syntaxes / sizeof *syntaxes; i++) {
        const item items[2] = {{"", 0}, {words16, 12}};
        h.syntax = syntaxes[i];
        refused(encapsulated(&h, items, 2), HL_E_INPUT, "(7FE0,0010) PixelData: ");
    }
    const item items[2] = {{"", 0}, {siz, sizeof siz}};
    h.allocated = 16;
    refused(encapsulated(&h, items, 2), HL_E_LIMIT, "larger than 4 GiB");
    h.allocated = 8;
    refused(encapsulated(&h, items, 2), HL_E_LIMIT, "more than 4096 tiles");
    h.allocated = 16;
    h.columns = 32767;
    refused(encapsulated(&h, items, 2), HL_E_INPUT, "hold 65535 x 65535 pixels");
}

/* --- frames -------------------------------------------------------------------------------------
 */

static const header two_raw = {.syntax = RAW_FRAMES,
                               .photometric = "MONOCHROME2",
                               .n_frames = "2",
                               .rows = 2,
                               .columns = 2,
                               .samples = 1,
                               .allocated = 8,
                               .stored = 8,
                               .high_bit = 7,
                               .planar = UNSET};

static void offsets_must_lead_to_items_in_order(void)
{
    /* table of 4 bytes at 100; items at 104, 114, 126 */
    static const hl_dicom_fragment f[4] = {{100, 4}, {112, 2}, {122, 4}, {134, 6}};
    hl_frame_place p[3];

    ok(hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 10, 22}, 3, p));
    is_int(p[0].first, 1);
    is_int(p[2].first, 3);
    is_int(p[2].n, 1);
    ok(hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 22}, 2, p));
    is_int(p[0].n, 2);
    ok(hl_frames_from_offsets(f, 4, (const uint64_t[]){0}, 1, p));
    is_int(p[0].n, 3);
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){10, 22}, 2, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 11}, 2, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 22, 10}, 3, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 0}, 2, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, 40}, 2, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, UINT64_MAX}, 2, p));
    ok(!hl_frames_from_offsets(f, 4, (const uint64_t[]){0, UINT64_MAX / 2 - 3}, 2, p));
}

static void check_two(fixture_file f, const char *warning)
{
    is_int(describe(&f), HL_OK);
    if (f.err.message[0])
        printf("# %s\n", f.err.message);
    is_int(f.p.n_frames, 2);
    if (f.d && f.p.place) {
        is_mem(frame(&f, 0).px, "abcd", 4);
        is_mem(frame(&f, 1).px, "efgh", 4);
        is_int(warned(&f, warning ? warning : "offset table"), warning != NULL);
    }
    end(&f);
}

static void frames_are_found_by_the_offset_table(void)
{
    const item items[4] = {{"\0\0\0\0\24\0\0\0", 8}, {"ab", 2}, {"cd", 2}, {"efgh", 4}};

    check_two(encapsulated(&two_raw, items, 4), NULL);
}

static void frames_are_found_by_the_extended_offset_table(void)
{
    const item items[4] = {{"", 0}, {"ab", 2}, {"cd", 2}, {"efgh", 4}};
    fixture_file f = {0};

    put_header(&f.bytes, &two_raw);
    put_tag(&f.bytes, HL_TAG_ExtendedOffsetTable, false);
    hl_buf_append(&f.bytes, "OV\0\0\20\0\0\0\0\0\0\0\0\0\0\0\24\0\0\0\0\0\0\0", 24);
    put_items(&f.bytes, items, 4);
    check_two(f, NULL);
}

static void without_a_usable_table_a_fragment_is_a_frame(void)
{
    const item empty[3] = {{"", 0}, {"abcd", 4}, {"efgh", 4}};
    const item lies[3] = {{"\0\0\0\0\1\0\0\0", 8}, {"abcd", 4}, {"efgh", 4}};
    const item odd[3] = {{"\0\0\0", 3}, {"abcd", 4}, {"efgh", 4}};

    check_two(encapsulated(&two_raw, empty, 3), NULL);
    check_two(encapsulated(&two_raw, lies, 3), "offset table does not lead to the frames");
    check_two(encapsulated(&two_raw, odd, 3), "offset table does not lead to the frames");
}

static void end_markers_cut_frames_when_nothing_else_does(void)
{
    const item items[5] = {
        {"", 0}, {"12345678", 8}, {"12\xFF\xD9\0\0\0\0", 8}, {"1234", 4}, {"1\xFF\xD9\0", 4}};
    header h = two_raw;
    h.syntax = JPEG_BASELINE;
    fixture_file f = encapsulated(&h, items, 5);

    is_int(describe(&f), HL_OK);
    if (f.p.place) {
        is_int(f.p.place[0].first, 1);
        is_int(f.p.place[0].n, 2);
        is_int(f.p.place[1].first, 3);
        is_int(f.p.place[1].n, 2);
    }
    end(&f);
    h.n_frames = "3";
    refused(encapsulated(&h, items, 5), HL_E_INPUT,
            "NumberOfFrames is 3, but 2 frames were found in 4 fragments");
    h.n_frames = "9";
    refused(encapsulated(&h, items, 5), HL_E_INPUT,
            "NumberOfFrames is 9, but only 4 fragments were found");
    h.n_frames = "1";
    refused(encapsulated(&h, items, 1), HL_E_INPUT, "has no fragments");
}

static void one_frame_takes_all_fragments(void)
{
    const item items[4] = {{"", 0}, {"a", 1}, {"", 0}, {"bcd", 3}};
    header h = two_raw;
    h.n_frames = NULL;
    fixture_file f = encapsulated(&h, items, 4);

    is_int(describe(&f), HL_OK);
    if (f.p.place)
        is_mem(frame(&f, 0).px, "abcd", 4);
    end(&f);
    const item empty[2] = {{"", 0}, {"", 0}};
    refused(encapsulated(&h, empty, 2), HL_E_INPUT, "frame 1: it is empty");
    refused(encapsulated(&h, items, 2), HL_E_INPUT, "frame 1: 1 bytes, but its pixels take 4");
}

static void deflated_frames_are_inflated(void)
{
    hl_buf z = {0};
    hl_error err;
    header h = two_raw;
    h.syntax = DEFLATED_FRAMES;
    h.n_frames = NULL;

    is_int(hl_deflate_raw("abcd", 4, 6, &z, &err), HL_OK);
    const item items[2] = {{"", 0}, {z.at, z.n}};
    fixture_file f = encapsulated(&h, items, 2);
    is_int(describe(&f), HL_OK);
    if (f.p.place)
        is_mem(frame(&f, 0).px, "abcd", 4);
    end(&f);
    const item cut[2] = {{"", 0}, {z.at, z.n - 2}};
    refused(encapsulated(&h, cut, 2), HL_E_INPUT, "frame 1: deflate stream ends early");
    hl_buf_free(&z);
}

/* --- RLE ----------------------------------------------------------------------------------------
 */

static hl_code rle(const char *segments, size_t n, const uint32_t *offsets, uint32_t count,
                   size_t n_px, int samples, int bits, void *out, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf b = {0};

    put_int(&b, count, 4, false);
    for (uint32_t i = 0; i < 15; i++)
        put_int(&b, i < (count < 15 ? count : 15) ? offsets[i] : 0, 4, false);
    hl_buf_append(&b, segments, n);
    /* a copy of the exact size, so that a sanitizer sees what reads over its end */
    uint8_t *exact = malloc(b.n);
    memcpy(exact, b.at, b.n);
    const hl_code c = hl_rle_decode(arena, exact, b.n, "frame 1", n_px, samples, bits, out, err);
    free(exact);
    hl_buf_free(&b);
    hl_arena_free(&arena);
    return c;
}

static void rle_runs_copies_and_pauses(void)
{
    hl_error err = {0};
    uint8_t out[8];
    const uint32_t at = 64;

    /* copy 3, pause, repeat 4 times, copy 1 and a pad byte */
    is_int(rle("\2abc\200\375d\0e", 9, &at, 1, 8, 1, 8, out, &err), HL_OK);
    is_mem(out, "abcdddde", 8);
    /* runs over the end are cut there */
    is_int(rle("\2abc\200\360d", 7, &at, 1, 8, 1, 8, out, &err), HL_OK);
    is_mem(out, "abcddddd", 8);
    is_int(rle("\11abcdefgh", 9, &at, 1, 8, 1, 8, out, &err), HL_OK);
    is_mem(out, "abcdefgh", 8);
    is_int(rle("\2abc\375d", 6, &at, 1, 8, 1, 8, out, &err), HL_E_INPUT);
    like(err.message, "frame 1: RLE segment 1 of 1 ends early");
    is_int(rle("\2abc\375", 5, &at, 1, 8, 1, 8, out, &err), HL_E_INPUT);
    is_int(rle("\7abcdefg", 8, &at, 1, 8, 1, 8, out, &err), HL_E_INPUT);
    is_int(rle("", 0, &at, 1, 8, 1, 8, out, &err), HL_E_INPUT);
}

static void rle_long_runs_stay_within_the_picture(void)
{
    enum { N = 1000 };
    char segment[4 * N];
    uint8_t want[N], *out = malloc(N); /* exactly: no canary needed under a sanitizer */
    const uint32_t at = 64;
    hl_error err;

    for (uint32_t seed = 1; seed <= 200; seed++) {
        uint32_t r = seed;
        size_t n = 0, made = 0;
        while (made < N) {
            r = r * 1664525 + 1013904223;
            size_t run = 1 + (r >> 16) % 128;
            run = run < N - made ? run : N - made;
            if (run > 1 && r >> 31) {
                segment[n++] = (char)(257 - run);
                segment[n++] = (char)(r >> 8);
                memset(want + made, (int)(r >> 8 & 255), run);
            } else {
                segment[n++] = (char)(run - 1);
                for (size_t i = 0; i < run; i++)
                    segment[n++] = (char)(want[made + i] = (uint8_t)(r >> 8) ^ (uint8_t)(i * 7));
            }
            made += run;
        }
        is_int(rle(segment, n, &at, 1, N, 1, 8, out, &err), HL_OK);
        is_mem(out, want, N);
        is_int(rle(segment, n - 1, &at, 1, N, 1, 8, out, &err), HL_E_INPUT);
    }
    free(out);
}

static void rle_segments_are_the_bytes_of_words_from_the_top(void)
{
    hl_error err = {0};
    uint16_t h[2];
    uint8_t rgb[6];
    uint32_t w[1];

    is_int(rle("\1\1\2\0\1\3\4\0", 8, (const uint32_t[]){64, 68}, 2, 2, 1, 16, h, &err), HL_OK);
    is_int(h[0], 0x103);
    is_int(h[1], 0x204);
    is_int(rle("\1rR\0\1gG\0\1bB\0", 12, (const uint32_t[]){64, 68, 72}, 3, 2, 3, 8, rgb, &err),
           HL_OK);
    is_mem(rgb, "rgbRGB", 6);
    is_int(rle("\0\1\0\2\0\3\0\4", 8, (const uint32_t[]){64, 66, 68, 70}, 4, 1, 1, 32, w, &err),
           HL_OK);
    is_int(w[0], 0x01020304);
}

static void rle_headers_are_checked(void)
{
    hl_error err = {0};
    uint16_t h[2];
    const uint32_t good[15] = {64, 68}, low[2] = {60, 68}, back[2] = {68, 64}, out[2] = {64, 1000};
    hl_arena *arena = hl_arena_new(0);

    is_int(rle("\1\1\2\0\1\3\4\0", 8, good, 1, 2, 1, 16, h, &err), HL_E_INPUT);
    like(err.message, "1 RLE segment, but SamplesPerPixel and BitsAllocated ask for 2");
    is_int(rle("\1\1\2\0\1\3\4\0", 8, good, 99, 2, 1, 16, h, &err), HL_E_INPUT);
    like(err.message, "99 RLE segments, more than 15");
    is_int(rle("\1\1\2\0\1\3\4\0", 8, low, 2, 2, 1, 16, h, &err), HL_E_INPUT);
    like(err.message, "RLE segment 1 of 2 lies outside of the frame's 72 bytes");
    is_int(rle("\1\1\2\0\1\3\4\0", 8, back, 2, 2, 1, 16, h, &err), HL_E_INPUT);
    is_int(rle("\1\1\2\0\1\3\4\0", 8, out, 2, 2, 1, 16, h, &err), HL_E_INPUT);
    is_int(hl_rle_decode(arena, (const uint8_t *)"\2\0\0", 3, "frame 1", 2, 1, 16, h, &err),
           HL_E_INPUT);
    like(err.message, "the RLE header is cut (3 of 64 bytes)");
    hl_arena_free(&arena);
}

/* --- colour -------------------------------------------------------------------------------------
 */

static void ybr_becomes_rgb_as_the_reference_rounds(void)
{
    /* 0, 178, 78: green is 18.50000024, which two separately rounded steps would lose */
    static const uint8_t ybr[15] = {0, 178, 78, 255, 255, 255, 0, 0, 0, 128, 128, 128, 76, 85, 255};
    static const uint8_t want[15] = {0, 19, 89, 255, 121, 255, 0, 135, 0, 128, 128, 128, 254, 0, 0};
    hl_arena *arena = hl_arena_new(0);
    const hl_frame f = {
        .width = 5, .height = 1, .samples = 3, .bits = 8, .stored = 8, .exact = true, .px = ybr};
    hl_pixels p = {.photometric = "YBR_FULL_422"};
    hl_frame out;
    hl_error err;

    is_int(hl_frame_rgb(&f, &p, arena, &out, &err), HL_OK);
    is_mem(out.px, want, sizeof want);
    snprintf(p.photometric, sizeof p.photometric, "RGB");
    is_int(hl_frame_rgb(&f, &p, arena, &out, &err), HL_OK);
    ok(out.px == ybr);
    hl_arena_free(&arena);
}

/* --- compressed frames, cut ---------------------------------------------------------------------
 */

static hl_str text_of(const char *path, hl_buf *b)
{
    hl_error err = {0};

    if (hl_read_file(path, 1 << 24, b, NULL, &err) != HL_OK)
        printf("# %s\n", err.message);
    return (hl_str){b->at, b->n};
}

/* The file with its one frame replaced by n bytes. */
static fixture_file with_frame(const fixture_file *from, const char *syntax, const void *px,
                               size_t n)
{
    const hl_pixels *p = &from->p;
    const header h = {.syntax = syntax,
                      .photometric = p->photometric,
                      .rows = p->rows,
                      .columns = p->columns,
                      .samples = p->samples,
                      .allocated = p->bits_allocated,
                      .stored = p->bits_stored,
                      .high_bit = p->high_bit,
                      .sign = p->is_signed,
                      .planar = p->samples == 3 ? 0 : UNSET};
    const item items[2] = {{"", 0}, {px, n}};

    return encapsulated(&h, items, 2);
}

static void read_frame(fixture_file *f, const char *name, hl_frame_task *t)
{
    text_of(fixture(name), &f->bytes);
    is_int(describe(f), HL_OK);
    *t = (hl_frame_task){.d = f->d, .p = &f->p, .arena = f->arena};
    if (f->p.place)
        is_int(hl_frames_join(t, hl_dicom_get(f->d, HL_TAG_PixelData), &f->err), HL_OK);
}

static void cut_compressed_frames_are_refused(void)
{
    static const char *const names[] = {
        "dicom/synthetic/u8_jpeg_baseline.dcm", "dicom/synthetic/u12_jpeg_extended.dcm",
        "dicom/synthetic/u12_jpll_p12_rst.dcm", "dicom/real/JLSL_16_15_1_1F.dcm",
        "dicom/real/JPEGLSNearLossless_08.dcm", "dicom/real/SC_rgb_jls_lossy_line.dcm",
        "dicom/real/MR_small_jp2klossless.dcm", "dicom/synthetic/u12_htj2k_lossless.dcm",
        "dicom/synthetic/u12_htj2k_lossy.dcm",  "dicom/real/GDCMJ2K_TextGBR.dcm",
        "dicom/real/MR_small_RLE.dcm",          "dicom/real/SC_rgb_small_odd_jpeg.dcm",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture_file f = {0};
        hl_frame_task t;
        read_frame(&f, names[i], &t);
        const char *syntax = f.d ? hl_dicom_syntax_of(f.d)->uid : "";
        for (size_t part = 0; part < 16; part++) {
            const size_t n = t.n * part / 16 & ~(size_t)1;
            fixture_file cut = with_frame(&f, syntax, t.at, n);
            hl_frame out;
            hl_code c = describe(&cut);
            if (c == HL_OK)
                c = hl_pixels_frame(cut.d, &cut.p, 0, cut.arena, HL_CPU_C, &out, &cut.err);
            tap_check(c == HL_E_INPUT, __FILE__, __LINE__, "%s cut to %zu: %d %s", names[i], n,
                      (int)c, cut.err.message);
            like(cut.err.message, "(7FE0,0010) PixelData: ");
            end(&cut);
        }
        end(&f);
    }
}

static void a_jpeg_without_end_marker_is_taken_with_a_warning(void)
{
    fixture_file f = {0};
    hl_frame_task t;

    read_frame(&f, "dicom/synthetic/u8_jpeg_baseline.dcm", &t);
    const uint8_t *want = frame(&f, 0).px;
    size_t n = t.n;
    while (n > 2 && !(t.at[n - 2] == 0xFF && t.at[n - 1] == 0xD9))
        n--;
    fixture_file open = with_frame(&f, JPEG_BASELINE, t.at, n - 2);
    is_int(describe(&open), HL_OK);
    is_mem(frame(&open, 0).px, want, (size_t)f.p.rows * (size_t)f.p.columns);
    ok(warned(&open, "frame 1: the JPEG end marker is missing"));
    end(&open);
    end(&f);
}

/* OpenJPEG 2.5.0 aborts at such bytes in some places. */
static void a_marker_within_ht_data_is_refused(void)
{
    fixture_file f = {0};
    hl_frame_task t;

    read_frame(&f, "dicom/synthetic/u12_htj2k_lossless.dcm", &t);
    uint8_t *px = malloc(t.n);
    for (size_t at = 400; at + 8 < t.n; at += 500) {
        memcpy(px, t.at, t.n);
        memcpy(px + at, "\xFF\x90", 2);
        refused(with_frame(&f, hl_dicom_syntax_of(f.d)->uid, px, t.n), HL_E_INPUT,
                "damaged HTJ2K data: a marker within a tile-part");
    }
    free(px);
    end(&f);
}

static void codestreams_of_another_size_are_refused(void)
{
    static const char *const names[] = {
        "dicom/synthetic/u8_jpeg_baseline.dcm", "dicom/synthetic/u12_jpeg_extended.dcm",
        "dicom/synthetic/u12_jpll_p12_rst.dcm", "dicom/real/JLSL_16_15_1_1F.dcm",
        "dicom/real/MR_small_jp2klossless.dcm"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture_file f = {0};
        hl_frame_task t;
        read_frame(&f, names[i], &t);
        f.p.rows++;
        refused(with_frame(&f, hl_dicom_syntax_of(f.d)->uid, t.at, t.n), HL_E_INPUT,
                "frame 1: the JPEG");
        f.p.rows--;
        f.p.samples = 3;
        snprintf(f.p.photometric, sizeof f.p.photometric, "RGB");
        refused(with_frame(&f, hl_dicom_syntax_of(f.d)->uid, t.at, t.n), HL_E_INPUT, "of 3");
        end(&f);
    }
}

/* --- reference.csv ------------------------------------------------------------------------------
 */

enum { FILE_, FRAME, DTYPE, SHAPE, MIN, MAX, PIXELS, RGB, N_COLUMNS, MAX_FIELDS = 40 };
static const char *const column_names[N_COLUMNS] = {"file", "frame", "dtype",         "shape",
                                                    "min",  "max",   "sha256_pixels", "sha256_rgb"};

typedef struct {
    hl_str field[N_COLUMNS];
} row;

/* Split a line at commas; quotes only occur behind the columns that are read. */
static size_t split(hl_str line, hl_str field[MAX_FIELDS])
{
    size_t n = 0;

    while (n < MAX_FIELDS) {
        const char *comma = line.n ? memchr(line.at, ',', line.n) : NULL;
        const size_t len = comma ? (size_t)(comma - line.at) : line.n;
        field[n++] = (hl_str){line.at, len};
        if (!comma)
            break;
        line = (hl_str){comma + 1, line.n - len - 1};
    }
    return n;
}

static hl_str next_line(hl_str *text)
{
    const char *end_of_line = text->n ? memchr(text->at, '\n', text->n) : NULL;
    const size_t n = end_of_line ? (size_t)(end_of_line - text->at) : text->n;
    const hl_str line = {text->at, n};

    text->at += n + (end_of_line != NULL);
    text->n -= n + (end_of_line != NULL);
    return line;
}

/* OpenJPEG's irreversible wavelet is in floats. Compilers for other processors fuse its products
 * and sums, so that the last bits differ from the reference's. */
static bool as_on_x86(const hl_dicom *d)
{
#if defined(__x86_64__)
    (void)d;
    return true;
#else
    const char *uid = hl_dicom_syntax_of(d)->uid;
    return strcmp(uid, "1.2.840.10008.1.2.4.91") != 0 &&
           strcmp(uid, "1.2.840.10008.1.2.4.203") != 0;
#endif
}

static void sha_is(const void *px, const hl_frame *f, hl_str want, const char *what)
{
    hl_digest d;
    char hex[HL_HEX_CHARS];

    hl_sha256_of(
        px, (size_t)f->width * (size_t)f->height * (size_t)f->samples * (size_t)f->bits / 8, &d);
    tap_check(hl_str_is(want, hl_digest_hex(&d, hex)), __FILE__, __LINE__, "%s: hash %s", what,
              hex);
}

static int64_t value_at(const hl_frame *f, size_t i)
{
    if (f->bits == 8)
        return f->is_signed ? ((const int8_t *)f->px)[i] : ((const uint8_t *)f->px)[i];
    if (f->bits == 16)
        return f->is_signed ? ((const int16_t *)f->px)[i] : ((const uint16_t *)f->px)[i];
    if (f->is_signed)
        return ((const int32_t *)f->px)[i];
    return ((const uint32_t *)f->px)[i];
}

static void check_values(const hl_frame *f, const row *r, const char *what)
{
    char dtype[16], shape[48];
    int64_t low = INT64_MAX, high = INT64_MIN, want = 0;

    snprintf(dtype, sizeof dtype, "%sint%d", f->is_signed ? "" : "u", f->bits);
    tap_check(hl_str_is(r->field[DTYPE], dtype), __FILE__, __LINE__, "%s: %s", what, dtype);
    snprintf(shape, sizeof shape, "%dx%d%s", f->height, f->width, f->samples == 3 ? "x3" : "");
    tap_check(hl_str_is(r->field[SHAPE], shape), __FILE__, __LINE__, "%s: %s", what, shape);
    for (size_t i = 0; i < (size_t)f->width * (size_t)f->height * (size_t)f->samples; i++) {
        const int64_t v = value_at(f, i);
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    tap_check(hl_parse_i64(r->field[MIN], &want) && want == low, __FILE__, __LINE__,
              "%s: min %" PRId64, what, low);
    tap_check(hl_parse_i64(r->field[MAX], &want) && want == high, __FILE__, __LINE__,
              "%s: max %" PRId64, what, high);
}

static void check_frame(fixture_file *f, int64_t i, const row *r, const char *what)
{
    hl_frame raw = {0}, exact = {0}, rgb = {0};

    hl_code c = hl_pixels_frame(f->d, &f->p, i, f->arena, HL_CPU_C, &raw, &f->err);
    if (!tap_check(c == HL_OK, __FILE__, __LINE__, "%s: %s", what, f->err.message))
        return;
    if (hl_frame_values(&raw, f->arena, &exact, &f->err) != HL_OK ||
        hl_frame_rgb(&exact, &f->p, f->arena, &rgb, &f->err) != HL_OK) {
        tap_check(false, __FILE__, __LINE__, "%s: %s", what, f->err.message);
        return;
    }
    check_values(&exact, r, what);
    if (!as_on_x86(f->d))
        return;
    sha_is(exact.px, &exact, r->field[PIXELS], what);
    if (r->field[RGB].n)
        sha_is(rgb.px, &rgb, r->field[RGB], what);
}

/* One row, from a file opened by name or from one in memory. */
static void check_row(const char *folder, const row *r, bool in_memory)
{
    char what[512];
    fixture_file f = {.arena = hl_arena_new(0)};
    hl_in *in = NULL;
    int64_t i = 0;
    hl_code c;

    snprintf(what, sizeof what, "%s/%.*s", folder, (int)r->field[FILE_].n, r->field[FILE_].at);
    if (in_memory) {
        text_of(what, &f.bytes);
        c = hl_dicom_memory(f.bytes.at, f.bytes.n, what, &f.d, &f.err);
    } else {
        c = hl_in_open(what, &in, &f.err);
        if (c == HL_OK)
            c = hl_dicom_open(in, &f.d, &f.err);
    }
    tap_check(c == HL_OK, __FILE__, __LINE__, "%s: %s", what, f.err.message);
    if (c == HL_OK)
        c = hl_pixels_describe(f.d, &f.p, &f.err);
    if (r->field[FRAME].n == 0 || hl_str_is(r->field[DTYPE], "float32")) {
        tap_check(c == HL_E_INPUT || c == HL_E_LIMIT, __FILE__, __LINE__, "%s: described", what);
    } else {
        tap_check(c == HL_OK, __FILE__, __LINE__, "%s: %s", what, f.err.message);
        if (c == HL_OK && hl_parse_i64(r->field[FRAME], &i) && i < f.p.n_frames)
            check_frame(&f, i, r, what);
    }
    end(&f);
    hl_in_close(&in);
}

/* Every row from its file; small ones from memory too. */
static int check_table(const char *folder, const char *path, bool small)
{
    hl_buf b = {0};
    hl_str text = text_of(path, &b), field[MAX_FIELDS];
    size_t place[N_COLUMNS];
    int n_rows = 0;
    const size_t n = split(next_line(&text), field);

    for (size_t k = 0; k < N_COLUMNS; k++) {
        place[k] = MAX_FIELDS - 1; /* absent: an empty field */
        for (size_t i = 0; i < n; i++)
            if (hl_str_is(field[i], column_names[k]))
                place[k] = i;
    }
    while (text.n) {
        row r;
        memset(field, 0, sizeof field);
        split(next_line(&text), field);
        for (size_t k = 0; k < N_COLUMNS; k++)
            r.field[k] = field[place[k]];
        if (small)
            check_row(folder, &r, true);
        check_row(folder, &r, false);
        n_rows++;
    }
    hl_buf_free(&b);
    return n_rows;
}

static void small_files_of_every_syntax_have_the_reference_values(void)
{
    ok(check_table(fixture("dicom"), fixture("dicom/reference.csv"), true) >= 80);
}

static void all_reference_rows_have_their_values(void)
{
    const char *path = shared("dicom/reference.csv");

    if (!path) {
        skip("no shared data");
        return;
    }
    is_int(check_table(shared("dicom"), path, false), 225);
}

/* --- faults/expected.csv ------------------------------------------------------------------------
 */

/* What the message must say; files that fail before their pixels are looked at are not here. */
static const struct {
    const char *file, *message;
} messages[] = {
    {"trunc_in_pixels.dcm", ""},
    {"zero_rows.dcm", "(0028,0010) Rows: is 0"},
    {"zero_cols.dcm", "(0028,0011) Columns: is 0"},
    {"rows_missing.dcm", "(0028,0010) Rows: missing"},
    {"huge_dims.dcm", "but 65535 x 65535 pixels"},
    {"alloc_12.dcm", "BitsAllocated: is 12"},
    {"stored_gt_alloc.dcm", "BitsStored: is "},
    {"stored_0.dcm", "BitsStored: is 0"},
    {"pixrep_missing.dcm", "PixelRepresentation: missing"},
    {"pixrep_2.dcm", "PixelRepresentation: is 2"},
    {"photometric_missing.dcm", "PhotometricInterpretation: missing"},
    {"no_pixeldata.dcm", "no pixel data"},
    {"float_pixels.dcm", "(7FE0,0008) FloatPixelData: not supported"},
    {"unknown_ts.dcm", "unknown transfer syntax"},
    {"video_ts.dcm", "MPEG-4"},
    {"jpll_truncated.dcm", "PixelData: frame 1: "},
    {"jpll_bad_huffman.dcm", "PixelData: frame 1: "},
    {"jpll_dims_differ.dcm", "the JPEG data hold "},
    {"jpll_no_soi.dcm", "no SOI marker"},
    {"jpeg_dht_overflow.dcm", "bad Huffman table"},
    {"frames_lie.dcm", "NumberOfFrames is 9, but only 3 fragments were found"},
    {"rle_header_short.dcm", "the RLE header is cut"},
    {"rle_segments_1.dcm", "1 RLE segment, but"},
    {"rle_offset_out.dcm", "lies outside of the frame"},
    {"rle_truncated.dcm", "ends early"},
    {"rle_segments_99.dcm", "99 RLE segments, more than 15"},
    {"j2k_garbage.dcm", "damaged JPEG 2000 header: "},
    {"says_j2k_is_raw.dcm", "no JPEG 2000 data (no SOC and SIZ markers"},
};

static void check_fault(const char *folder, hl_str file, bool accept, hl_str want)
{
    char path[512], hex[HL_HEX_CHARS];
    fixture_file f = {0};
    hl_sha256 *sha = hl_sha256_new();
    hl_digest digest;

    snprintf(path, sizeof path, "%s/%.*s", folder, (int)file.n, file.at);
    text_of(path, &f.bytes);
    hl_code c = describe(&f);
    for (int64_t i = 0; c == HL_OK && i < f.p.n_frames; i++) {
        hl_frame x = {0};
        c = hl_pixels_frame(f.d, &f.p, i, f.arena, HL_CPU_C, &x, &f.err);
        if (c == HL_OK && hl_frame_values(&x, f.arena, &x, &f.err) == HL_OK)
            hl_sha256_add(sha, x.px,
                          (size_t)x.width * (size_t)x.height * (size_t)x.samples * (size_t)x.bits /
                              8);
    }
    hl_sha256_end(sha, &digest);
    hl_sha256_free(&sha);
    tap_check((c == HL_OK) == accept, __FILE__, __LINE__, "%s: code %d %s", path, (int)c,
              f.err.message);
    if (accept)
        tap_check(hl_str_is(want, hl_digest_hex(&digest, hex)), __FILE__, __LINE__, "%s: %s", path,
                  hex);
    for (size_t i = 0; c != HL_OK && i < sizeof messages / sizeof *messages; i++)
        if (hl_str_is(file, messages[i].file))
            tap_check(strstr(f.err.message, messages[i].message) != NULL, __FILE__, __LINE__,
                      "%s without '%s'", f.err.message, messages[i].message);
    if (hl_str_is(file, "bot_lies.dcm"))
        ok(warned(&f, "offset table does not lead"));
    if (hl_str_is(file, "jpll_no_eoi.dcm"))
        ok(warned(&f, "JPEG end marker is missing"));
    if (hl_str_is(file, "duplicate_rows.dcm"))
        ok(warned(&f, "behind the last frame"));
    end(&f);
}

static void faulty_pixels_are_refused_with_their_reason(void)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        check_fault(fixture("dicom/faults"), hl_str_of(messages[i].file), false, (hl_str){0});
}

static void faulty_files_end_as_expected(void)
{
    const char *path = shared("dicom/faults/expected.csv");
    hl_buf b = {0};
    int n = 0;

    if (!path) {
        skip("no shared data");
        return;
    }
    hl_str text = text_of(path, &b);
    next_line(&text);
    while (text.n) {
        const hl_str line = next_line(&text);
        const char *comma = memchr(line.at, ',', line.n);
        const hl_str file = {line.at, comma ? (size_t)(comma - line.at) : 0};
        /* film pipeline only: their pixels can be decoded */
        if (hl_str_is(file, "colour_rgb.dcm") || hl_str_is(file, "palette.dcm"))
            continue;
        const bool accept = line.n > file.n + 7 && memcmp(line.at + file.n, ",accept", 7) == 0;
        hl_str want = {NULL, 0}; /* the only field of 64 hex digits */
        for (size_t i = 0; i + 65 < line.n; i++)
            if (line.at[i] == ',' && line.at[i + 65] == ',' &&
                strspn(line.at + i + 1, "0123456789abcdef") == 64)
                want = (hl_str){line.at + i + 1, 64};
        check_fault(shared("dicom/faults"), file, accept, want);
        n++;
    }
    is_int(n, 54);
    hl_buf_free(&b);
}

int main(void)
{
    run(native_words_lie_in_the_file_and_are_masked_on_demand);
    run(words_at_an_odd_address_are_copied);
    run(signed_words_are_extended_from_bits_stored);
    run(a_high_bit_above_bits_stored_shifts);
    run(full_words_are_exact_and_32_bits_pass);
    run(big_endian_words_are_turned_and_bytes_of_ow_swapped_in_pairs);
    run(one_bit_frames_follow_without_padding);
    run(planes_and_half_chroma_become_pixels);
    run(excess_bytes_are_left_out_with_a_warning);
    run(the_pad_byte_is_no_excess_and_may_be_missing);
    run(a_faulty_image_module_is_refused_by_name);
    run(a_missing_high_bit_and_zero_frames_are_taken_with_a_warning);
    run(syntaxes_without_a_decoder_are_named);
    run(plain_pixels_under_a_compressed_syntax_need_the_exact_length);
    run(a_lying_header_takes_no_memory);
    run(offsets_must_lead_to_items_in_order);
    run(frames_are_found_by_the_offset_table);
    run(frames_are_found_by_the_extended_offset_table);
    run(without_a_usable_table_a_fragment_is_a_frame);
    run(end_markers_cut_frames_when_nothing_else_does);
    run(one_frame_takes_all_fragments);
    run(deflated_frames_are_inflated);
    run(rle_runs_copies_and_pauses);
    run(rle_long_runs_stay_within_the_picture);
    run(rle_segments_are_the_bytes_of_words_from_the_top);
    run(rle_headers_are_checked);
    run(ybr_becomes_rgb_as_the_reference_rounds);
    run(cut_compressed_frames_are_refused);
    run(a_jpeg_without_end_marker_is_taken_with_a_warning);
    run(a_marker_within_ht_data_is_refused);
    run(codestreams_of_another_size_are_refused);
    run(small_files_of_every_syntax_have_the_reference_values);
    run(all_reference_rows_have_their_values);
    run(faulty_pixels_are_refused_with_their_reason);
    run(faulty_files_end_as_expected);
    return done();
}
