#include "format/dicom/write.h"

#include "base/inflate.h"
#include "base/rng.h"
#include "format/dicom/pixels.h"
#include "format/dicom/write_rle.h"
#include "tap.h"

#define ROOT "1.2.840.10008.1.2"
#define SOP_CLASS "1.2.840.10008.5.1.4.1.1.1"
#define SOP_INSTANCE "2.25.1"

static const hl_dicom_syntax *syntax_of(const char *uid)
{
    const hl_dicom_syntax *s = hl_dicom_syntax_find(hl_str_of(uid));
    if (!s) {
        printf("# no syntax %s\n", uid);
        exit(1);
    }
    return s;
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void elements_have_the_bytes_of_their_syntax(void)
{
    static const struct {
        const char *uid, *bytes;
        size_t n;
    } cases[] = {
        {ROOT,
         "\x28\0\x10\0\2\0\0\0\x34\x12"
         "\x10\0\x10\0\4\0\0\0ABC "
         "\x09\0\x01\x10\2\0\0\0\7\0",
         32},
        {ROOT ".1",
         "\x28\0\x10\0US\2\0\x34\x12"
         "\x10\0\x10\0PN\4\0ABC "
         "\x09\0\x01\x10OB\0\0\2\0\0\0\7\0",
         36},
        {ROOT ".2",
         "\0\x28\0\x10US\0\2\x12\x34"
         "\0\x10\0\x10PN\0\4ABC "
         "\0\x09\x10\x01OB\0\0\0\0\0\2\7\0",
         36},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_buf b = {0};
        hl_dicom_writer w = {.to = &b, .syntax = syntax_of(cases[i].uid)};
        hl_dicom_put_u16(&w, HL_TAG_Rows, "US", 0x1234);
        hl_dicom_put_text(&w, HL_TAG_PatientName, "PN", "ABC");
        hl_dicom_put(&w, HL_TAG(0x0009, 0x1001), "OB", "\7", 1);
        is_int(b.n, cases[i].n);
        is_mem(b.at, cases[i].bytes, cases[i].n);
        hl_buf_free(&b);
    }
}

static void an_odd_uid_is_padded_with_a_nul_and_a_text_with_a_blank(void)
{
    hl_buf b = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".1")};
    hl_dicom_put_text(&w, HL_TAG_SOPInstanceUID, "UI", "1.2");
    hl_dicom_put_text(&w, HL_TAG_Modality, "CS", "ABC");
    hl_dicom_put_text(&w, HL_TAG_PatientID, "LO", "");
    is_int(b.n, 12 + 12 + 8);
    is_mem(b.at + 8, "1.2\0", 4);
    is_mem(b.at + 20, "ABC ", 4);
    hl_buf_free(&b);
}

static void a_value_too_long_for_its_vr_goes_as_unknown(void)
{
    static char text[70001];
    hl_buf b = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".1")};
    memset(text, 'x', sizeof text - 1);
    hl_dicom_put_text(&w, HL_TAG(0x0010, 0x4000), "LT", text);
    is_int(b.n, 12 + 70000);
    is_mem(b.at, "\x10\0\0\x40UN\0\0\x70\x11\x01\0", 12);
    hl_buf_free(&b);
}

static void sequences_and_items_of_undefined_length_are_closed(void)
{
    static const char want[] = "\x08\0\x32\x10SQ\0\0\xff\xff\xff\xff"
                               "\xfe\xff\x00\xe0\xff\xff\xff\xff"
                               "\xfe\xff\x0d\xe0\0\0\0\0"
                               "\xfe\xff\xdd\xe0\0\0\0\0";
    hl_buf b = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".1")};
    hl_dicom_put_sequence(&w, HL_TAG_ProcedureCodeSequence);
    hl_dicom_put_item(&w);
    hl_dicom_put_item_end(&w);
    hl_dicom_put_sequence_end(&w);
    is_int(w.depth, 0);
    is_int(b.n, sizeof want - 1);
    is_mem(b.at, want, sizeof want - 1);
    hl_buf_free(&b);
}

static void a_file_begins_with_a_preamble_and_a_group_of_known_length(void)
{
    hl_buf set = {0}, file = {0};
    ok(hl_dicom_put_file(syntax_of(ROOT), SOP_CLASS, SOP_INSTANCE, &set, &file, NULL) == HL_OK);
    for (size_t i = 0; i < 128; i++)
        ok(file.at[i] == 0);
    is_mem(file.at + 128, "DICM\2\0\0\0UL\4\0", 12);
    is_int((uint8_t)file.at[140] | (uint8_t)file.at[141] << 8, file.n - 144);
    hl_buf_free(&file);
    hl_buf_free(&set);
}

static void a_deflated_data_set_inflates_to_itself_and_ends_even(void)
{
    for (size_t n = 0; n < 300000; n = n * 3 + 2) {
        hl_buf set = {0}, file = {0};
        hl_rng rng = hl_rng_of(1, "deflate", n);
        size_t got, used;
        for (size_t i = 0; i < n; i++)
            hl_buf_char(&set, (char)hl_rng_below(&rng, i % 1000 < 500 ? 256 : 3));
        uint8_t *back = malloc(n + 1);
        ok(hl_dicom_put_file(syntax_of(ROOT ".1.99"), SOP_CLASS, SOP_INSTANCE, &set, &file, NULL) ==
           HL_OK);
        const size_t start = 144 + ((uint8_t)file.at[140] | (size_t)(uint8_t)file.at[141] << 8);
        is_int(file.n % 2, 0);
        ok(hl_inflate_all(file.at + start, file.n - start, back, n + 1, &got, &used, NULL) ==
           HL_OK);
        is_int(got, n);
        ok(file.n - start - used <= 1);
        is_mem(back, set.at, n);
        free(back);
        hl_buf_free(&file);
        hl_buf_free(&set);
    }
}

static void rle_has_the_bytes_of_packbits(void)
{
    /* A run of two stays in the literal; a row ends a run. PS3.5 G.3 */
    static const uint8_t px[2][9] = {{1, 2, 2, 3, 7, 7, 7, 7, 9}, {9, 9, 9, 9, 9, 9, 9, 9, 8}};
    static const char want[] = "\3\1\2\2\3\xfd\7\0\x09"
                               "\xf9\x09\0\x08";
    hl_buf b = {0};
    hl_rle_encode(px, 9, 2, 8, &b);
    is_int(b.n, 64 + 14);
    is_mem(b.at, "\1\0\0\0\x40\0\0\0\0\0\0\0", 12);
    is_mem(b.at + 64, want, 13);
    is_int(b.at[64 + 13], 0);
    hl_buf_free(&b);
}

static void rle_puts_the_high_bytes_first(void)
{
    static const uint16_t px[4] = {0x0102, 0x0102, 0x0102, 0x0103};
    hl_buf b = {0};
    hl_rle_encode(px, 4, 1, 16, &b);
    is_mem(b.at, "\2\0\0\0\x40\0\0\0\x42\0\0\0", 12);
    is_mem(b.at + 64, "\xfd\1\xfe\2\0\3", 6);
    is_int(b.n, 64 + 6);
    hl_buf_free(&b);
}

static void jpeg_2000_carries_no_comment(void)
{
    static const uint16_t px[64] = {0, 1, 2, 3};
    hl_buf b = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".4.90")};
    ok(hl_dicom_put_pixels(&w, px, 8, 8, 16, 12, NULL) == HL_OK);
    for (size_t i = 0; i + 1 < b.n; i++)
        ok((uint8_t)b.at[i] != 0xff || (uint8_t)b.at[i + 1] != 0x64);
    hl_buf_free(&b);
}

/* --- write, then read ----------------------------------------------------------------------- */

typedef struct {
    int32_t width, height, stored;
    int kind; /* 0 noise, 1 smooth, 2 constant */
} picture;

static void *draw(const picture *p, int32_t bits)
{
    const size_t n = (size_t)p->width * (size_t)p->height;
    const uint64_t values = UINT64_C(1) << p->stored;
    hl_rng rng = hl_rng_of(7, "picture", n);
    uint8_t *byte = malloc(n * (size_t)(bits / 8));
    uint16_t *word = (void *)byte;
    for (size_t i = 0; i < n; i++) {
        const uint64_t noise = hl_rng_below(&rng, p->kind == 0 ? values : 3);
        const uint64_t v = (p->kind == 2 ? values - 1 : i / 3 + noise) % values;
        if (bits == 8)
            byte[i] = (uint8_t)v;
        else
            word[i] = (uint16_t)v;
    }
    return byte;
}

static hl_code write_picture(const hl_dicom_syntax *syntax, const picture *p, const void *px,
                             int32_t bits, hl_buf *file, hl_error *err)
{
    hl_buf set = {0};
    hl_dicom_writer w = {.to = &set, .syntax = syntax};
    hl_dicom_put_text(&w, HL_TAG_SOPInstanceUID, "UI", SOP_INSTANCE);
    hl_dicom_put_text(&w, HL_TAG_PatientID, "LO", "10000032");
    hl_dicom_put_u16(&w, HL_TAG_SamplesPerPixel, "US", 1);
    hl_dicom_put_text(&w, HL_TAG_PhotometricInterpretation, "CS", "MONOCHROME2");
    hl_dicom_put_u16(&w, HL_TAG_Rows, "US", (uint16_t)p->height);
    hl_dicom_put_u16(&w, HL_TAG_Columns, "US", (uint16_t)p->width);
    hl_dicom_put_u16(&w, HL_TAG_BitsAllocated, "US", (uint16_t)bits);
    hl_dicom_put_u16(&w, HL_TAG_BitsStored, "US", (uint16_t)p->stored);
    hl_dicom_put_u16(&w, HL_TAG_HighBit, "US", (uint16_t)(p->stored - 1));
    hl_dicom_put_u16(&w, HL_TAG_PixelRepresentation, "US", 0);
    hl_code c = hl_dicom_put_pixels(&w, px, p->width, p->height, bits, p->stored, err);
    if (c == HL_OK)
        c = hl_dicom_put_file(syntax, SOP_CLASS, SOP_INSTANCE, &set, file, err);
    hl_buf_free(&set);
    return c;
}

static void check_picture(const char *uid, const picture *p)
{
    const hl_dicom_syntax *syntax = syntax_of(uid);
    const int32_t bits = p->stored <= 8 ? 8 : 16;
    void *px = draw(p, bits);
    hl_buf file = {0};
    hl_dicom *d = NULL;
    hl_arena *arena = hl_arena_new(0);
    hl_pixels pixels;
    hl_frame frame;
    hl_error err = {0};
    hl_code c = write_picture(syntax, p, px, bits, &file, &err);
    if (c == HL_OK)
        c = hl_dicom_memory(file.at, file.n, "picture.dcm", &d, &err);
    if (c == HL_OK)
        c = hl_pixels_describe(d, &pixels, &err);
    if (c == HL_OK)
        c = hl_pixels_frame(d, &pixels, 0, arena, hl_cpu_level(0), &frame, &err);
    if (c == HL_OK)
        c = hl_frame_values(&frame, arena, &frame, &err);
    if (c != HL_OK)
        printf("# %s, %d x %d, %d bits: %s\n", syntax->name, p->width, p->height, p->stored,
               err.message);
    is_int(c, HL_OK);
    if (c == HL_OK) {
        ok(hl_dicom_syntax_of(d) == syntax);
        is_int(hl_dicom_n_warnings(d), 0);
        is_int(hl_dicom_trailing_bytes(d), 0);
        is_int(frame.bits, bits);
        is_mem(frame.px, px, (size_t)p->width * (size_t)p->height * (size_t)(bits / 8));
    }
    hl_dicom_close(&d);
    hl_arena_free(&arena);
    hl_buf_free(&file);
    free(px);
}

static const char *const written[] = {
    ROOT,         ROOT ".1",    ROOT ".2",    ROOT ".1.99", ROOT ".1.98", ROOT ".5",
    ROOT ".4.57", ROOT ".4.70", ROOT ".4.80", ROOT ".4.90", ROOT ".8.1",
};

static void every_syntax_reads_back_at_every_depth(void)
{
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        for (int32_t stored = 2; stored <= 16; stored++)
            for (int kind = 0; kind < 3; kind++)
                check_picture(written[i], &(picture){37, 29, stored, kind});
}

static void every_syntax_reads_back_at_odd_sizes(void)
{
    static const int32_t sizes[][2] = {{1, 1},   {1, 2},   {3, 1},    {1, 300},  {300, 1},
                                       {7, 5},   {2, 2},   {128, 3},  {129, 3},  {130, 3},
                                       {131, 4}, {64, 65}, {257, 33}, {640, 481}};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            for (int32_t stored = 8; stored <= 12; stored += 4)
                check_picture(written[i],
                              &(picture){sizes[k][0], sizes[k][1], stored, (int)((k + i) % 3)});
}

static void nested_sequences_read_back_in_every_syntax(void)
{
    static const char *const uids[] = {ROOT, ROOT ".1", ROOT ".2", ROOT ".1.99"};
    for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
        const hl_dicom_syntax *syntax = syntax_of(uids[i]);
        hl_buf set = {0}, file = {0};
        hl_dicom *d = NULL;
        hl_error err = {0};
        hl_dicom_writer w = {.to = &set, .syntax = syntax};
        hl_dicom_put_sequence(&w, HL_TAG_ProcedureCodeSequence);
        for (int item = 0; item < 3; item++) {
            hl_dicom_put_item(&w);
            hl_dicom_put_text(&w, HL_TAG(0x0008, 0x0100), "SH", "C1");
            if (item == 1) {
                hl_dicom_put_sequence(&w, HL_TAG(0x0008, 0x2218));
                hl_dicom_put_item(&w);
                hl_dicom_put_u16(&w, HL_TAG_Rows, "US", 77);
                hl_dicom_put_item_end(&w);
                hl_dicom_put_sequence_end(&w);
            }
            hl_dicom_put_item_end(&w);
        }
        hl_dicom_put_sequence_end(&w);
        hl_dicom_put_u16(&w, HL_TAG_Columns, "US", 88);
        ok(hl_dicom_put_file(syntax, SOP_CLASS, SOP_INSTANCE, &set, &file, &err) == HL_OK);
        is_int(hl_dicom_memory(file.at, file.n, "nested.dcm", &d, &err), HL_OK);
        const hl_dicom_element *e =
            d ? hl_dicom_find(hl_dicom_root(d), HL_TAG_ProcedureCodeSequence) : NULL;
        int64_t columns = 0, rows = 0;
        ok(e && e->n_items == 3);
        if (e && e->n_items == 3) {
            const hl_dicom_item *inner = hl_dicom_first_item(&e->item[1], HL_TAG(0x0008, 0x2218));
            ok(inner && hl_dicom_int(hl_dicom_find(inner, HL_TAG_Rows), 0, &rows));
            is_int(rows, 77);
            ok(hl_dicom_get_int(d, HL_TAG_Columns, &columns));
            is_int(columns, 88);
            is_int(hl_dicom_n_warnings(d), 0);
        }
        hl_dicom_close(&d);
        hl_buf_free(&file);
        hl_buf_free(&set);
    }
}

/* --- what cannot be written ----------------------------------------------------------------- */

static void a_syntax_without_an_encoder_is_named(void)
{
    static const uint8_t px[4] = {1, 2, 3, 4};
    hl_buf b = {0};
    hl_error err = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".4.50")};
    is_int(hl_dicom_put_pixels(&w, px, 2, 2, 8, 8, &err), HL_E_LIMIT);
    like(err.message, "transfer syntax 1.2.840.10008.1.2.4.50 (JPEG Baseline");
    is_int(b.n, 0);
    hl_buf_free(&b);
}

static void a_picture_that_is_too_large_is_refused(void)
{
    static const uint8_t px[4] = {0};
    hl_buf b = {0};
    hl_error err = {0};
    hl_dicom_writer w = {.to = &b, .syntax = syntax_of(ROOT ".1")};
    is_int(hl_dicom_put_pixels(&w, px, 70000, 1, 8, 8, &err), HL_E_LIMIT);
    like(err.message, "70000 x 1 px");
    is_int(hl_dicom_put_pixels(&w, px, 0, 1, 8, 8, &err), HL_E_LIMIT);
    is_int(hl_dicom_put_pixels(&w, px, 65535, 65535, 16, 12, &err), HL_E_LIMIT);
    like(err.message, "65535 x 65535 px is too large");
    is_int(b.n, 0);
    hl_buf_free(&b);
}

int main(void)
{
    run(elements_have_the_bytes_of_their_syntax);
    run(an_odd_uid_is_padded_with_a_nul_and_a_text_with_a_blank);
    run(a_value_too_long_for_its_vr_goes_as_unknown);
    run(sequences_and_items_of_undefined_length_are_closed);
    run(a_file_begins_with_a_preamble_and_a_group_of_known_length);
    run(a_deflated_data_set_inflates_to_itself_and_ends_even);
    run(rle_has_the_bytes_of_packbits);
    run(rle_puts_the_high_bytes_first);
    run(jpeg_2000_carries_no_comment);
    run(every_syntax_reads_back_at_every_depth);
    run(every_syntax_reads_back_at_odd_sizes);
    run(nested_sequences_read_back_in_every_syntax);
    run(a_syntax_without_an_encoder_is_named);
    run(a_picture_that_is_too_large_is_refused);
    return done();
}
