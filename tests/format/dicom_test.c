/* Whole files: shapes, encodings, inflated ones, collections. */
#include "format/dicom/dicom.h"

#include "base/inflate.h"
#include "format/dicom/dicom_internal.h"
#include "format/dicom_maker.h"

/* --- the shapes of files --------------------------------------------------------------------- */

static void an_explicit_file_is_read(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_text(&m, HL_TAG_SOPInstanceUID, "UI", "2.25.42");
    put_us(&m, HL_TAG_Rows, 513);
    put_text(&m, HL_TAG(0x0040, 0xA160), "UT", "long form");
    hl_dicom *d = open_good(&m);
    int64_t rows = 0;

    ok(hl_dicom_has_preamble(d));
    ok(!hl_dicom_preamble_used(d));
    is_int(hl_dicom_root(d)->n, 3);
    is_int(hl_dicom_meta(d)->n, 2);
    is_str(hl_dicom_syntax_of(d)->uid, EXPLICIT);
    ok(hl_dicom_get_int(d, HL_TAG_Rows, &rows));
    is_int(rows, 513);
    ok(text_is(hl_dicom_get_ascii(d, HL_TAG_SOPInstanceUID), "2.25.42"));
    const hl_dicom_element *e = find(d, HL_TAG(0x0040, 0xA160));
    is_str(e->vr, "UT");
    is_int(e->length, 9);
    is_mem(m.b.at + e->offset, "long form", 9);
    ok(e->value == (const uint8_t *)m.b.at + e->offset); /* no copy */
    ok(warned(d, "odd length"));
    is_int(hl_dicom_trailing_bytes(d), 0);
    end(&m, &d);
}

static void an_implicit_file_takes_its_vrs_from_the_dictionary(void)
{
    maker m;
    begin(&m, IMPLICIT);
    put_text(&m, HL_TAG(0x0009, 0x0010), "LO", "MAKER ");
    put_text(&m, HL_TAG(0x0009, 0x1001), "UN", "ab");
    put(&m, HL_TAG(0x0010, 0), "UL", "\2\0\0\0", 4);
    put_text(&m, HL_TAG_PatientID, "LO", "1234");
    put_us(&m, HL_TAG_PixelRepresentation, 1);
    put_us(&m, HL_TAG(0x0028, 0x0106), 0xFFFE);
    put_text(&m, HL_TAG(0x6002, 0x3000), "OW", "ab");
    put_text(&m, PIXEL_DATA, "OW", "ab");
    hl_dicom *d = open_good(&m);
    int64_t v = 0;

    is_str(find(d, HL_TAG(0x0009, 0x0010))->vr, "LO");
    is_str(find(d, HL_TAG(0x0009, 0x1001))->vr, "UN");
    is_str(find(d, HL_TAG(0x0010, 0))->vr, "UL");
    is_str(find(d, HL_TAG_PatientID)->vr, "LO");
    is_str(find(d, HL_TAG(0x0028, 0x0106))->vr, "SS");
    is_str(find(d, HL_TAG(0x6002, 0x3000))->vr, "OW");
    is_str(find(d, PIXEL_DATA)->vr, "OW");
    ok(hl_dicom_get_int(d, HL_TAG(0x0028, 0x0106), &v));
    is_int(v, -2);
    is_int(hl_dicom_n_warnings(d), 0);
    end(&m, &d);
}

static void pixel_representation_decides_in_items_too(void)
{
    for (unsigned r = 0; r < 2; r++) {
        maker m;
        begin(&m, IMPLICIT);
        put_us(&m, HL_TAG_PixelRepresentation, r);
        put_head(&m, HL_TAG_ModalityLUTSequence, "SQ", UNDEFINED);
        put_mark(&m, ITEM, UNDEFINED);
        put(&m, HL_TAG_LUTDescriptor, "US", "\1\0\2\0\x10\0", 6);
        put_mark(&m, ITEM_END, 0);
        put_mark(&m, SEQUENCE_END, 0);
        hl_dicom *d = open_good(&m);
        const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ModalityLUTSequence);
        is_str(hl_dicom_find(i, HL_TAG_LUTDescriptor)->vr, r ? "SS" : "US");
        end(&m, &d);
    }
}

static void values_of_big_endian_files_come_out_right(void)
{
    maker m;
    int64_t v = 0;
    double f = 0;
    begin(&m, BIG_ENDIAN_UID);
    put_us(&m, HL_TAG_Rows, 0x0102);
    put(&m, HL_TAG(0x0028, 0x0009), "AT", "\x00\x18\x10\x63", 4);
    put(&m, HL_TAG(0x0028, 0x0106), "SS", "\xFF\xFE", 2);
    put(&m, HL_TAG(0x0040, 0x0000), "UL", "\x01\x02\x03\x04", 4);
    put(&m, HL_TAG(0x0040, 0x9224), "FD", "\x3F\xF8\0\0\0\0\0\0", 8);
    hl_dicom *d = open_good(&m);

    is_str(hl_dicom_syntax_of(d)->uid, BIG_ENDIAN_UID);
    ok(hl_dicom_get_int(d, HL_TAG_Rows, &v) && v == 0x0102);
    ok(hl_dicom_get_int(d, HL_TAG(0x0028, 0x0009), &v) && v == 0x00181063);
    ok(hl_dicom_get_int(d, HL_TAG(0x0028, 0x0106), &v) && v == -2);
    ok(hl_dicom_get_int(d, HL_TAG(0x0040, 0), &v) && v == 0x01020304);
    ok(hl_dicom_real(find(d, HL_TAG(0x0040, 0x9224)), 0, &f) && f == 1.5);
    end(&m, &d);
}

static void files_without_preamble_or_group_2_are_recognised(void)
{
    static const char *const name[] = {EXPLICIT, IMPLICIT, BIG_ENDIAN_UID};
    for (int shape = 0; shape < 3; shape++)
        for (int skip_meta = 0; skip_meta < 2; skip_meta++) {
            maker m;
            int64_t rows = 0;
            begin(&m, name[shape]);
            const size_t from = skip_meta ? m.b.n : 132;
            put_text(&m, HL_TAG_SpecificCharacterSet, "CS", "ISO_IR 100");
            put_us(&m, HL_TAG_Rows, 300);
            const hl_buf part = {.at = m.b.at + from, .n = m.b.n - from};
            hl_dicom *d = open_bytes(&part);
            ok(d && !hl_dicom_has_preamble(d));
            ok(d && hl_dicom_get_int(d, HL_TAG_Rows, &rows) && rows == 300);
            is_str(d ? hl_dicom_syntax_of(d)->uid : "", name[shape]);
            is_int(d ? hl_dicom_n_warnings(d) : 9, 0);
            end(&m, &d);
        }
}

static void dicm_may_stand_at_the_very_start(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG_Rows, 300);
    const hl_buf part = {.at = m.b.at + 128, .n = m.b.n - 128};
    hl_dicom *d = open_bytes(&part);
    ok(d && find(d, HL_TAG_Rows));
    end(&m, &d);
}

static void something_in_the_preamble_is_told(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG_Rows, 300);
    m.b.at[127] = 'x';
    hl_dicom *d = open_good(&m);
    ok(hl_dicom_preamble_used(d));
    end(&m, &d);
}

static void the_length_of_group_2_is_but_a_hint(void)
{
    hl_dicom *d = open_file("meta_group_length_wrong.dcm");
    ok(d && warned(d, "length of group 0002 is wrong"));
    hl_dicom_close(&d);
    d = open_file("no_meta_group_length.dcm");
    ok(d && hl_dicom_n_warnings(d) == 0 && hl_dicom_root(d)->n > 0);
    hl_dicom_close(&d);
}

static void a_missing_transfer_syntax_is_guessed_with_a_warning(void)
{
    hl_dicom *d = open_file("meta_missing_tsyntax.dcm");
    ok(d && warned(d, "no transfer syntax"));
    is_str(d ? hl_dicom_syntax_of(d)->uid : "", IMPLICIT);
    hl_dicom_close(&d);
}

static void a_wrongly_declared_encoding_is_noticed(void)
{
    static const struct {
        const char *declared, *real, *warning;
    } cases[] = {{IMPLICIT, EXPLICIT, "declared implicit VR"},
                 {EXPLICIT, IMPLICIT, "declared explicit VR"},
                 {EXPLICIT, BIG_ENDIAN_UID, "byte order"},
                 {BIG_ENDIAN_UID, EXPLICIT, "byte order"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        maker m;
        int64_t rows = 0;
        begin(&m, cases[i].declared);
        m.implicit = strcmp(cases[i].real, IMPLICIT) == 0;
        m.big = strcmp(cases[i].real, BIG_ENDIAN_UID) == 0;
        put_text(&m, HL_TAG_SpecificCharacterSet, "CS", "ISO_IR 100");
        put_us(&m, HL_TAG_Rows, 300);
        hl_dicom *d = open_good(&m);
        ok(warned(d, cases[i].warning));
        is_str(hl_dicom_syntax_of(d)->uid, cases[i].real);
        ok(hl_dicom_get_int(d, HL_TAG_Rows, &rows) && rows == 300);
        end(&m, &d);
    }
}

static void an_unknown_transfer_syntax_is_walked_and_named(void)
{
    maker m;
    begin(&m, "1.2.3.4.5");
    put_us(&m, HL_TAG_Rows, 300);
    hl_dicom *d = open_good(&m);
    is_int(hl_dicom_syntax_of(d)->codec, HL_CODEC_UNKNOWN);
    is_str(hl_dicom_syntax_of(d)->uid, "1.2.3.4.5");
    end(&m, &d);
    begin(&m, "SMITH^JOHN"); /* no UID: it might be anything */
    put_us(&m, HL_TAG_Rows, 300);
    d = open_good(&m);
    is_str(hl_dicom_syntax_of(d)->uid, "");
    end(&m, &d);
}

static void what_is_no_dicom_is_refused(void)
{
    static const char *const text[] = {"", "GIF89a and more", "\x89PNG\r\n\x1a\n0000IHDR",
                                       "subject_id,study_id\n"};
    for (size_t i = 0; i < 4; i++) {
        hl_buf b = {.at = (char *)(uintptr_t)text[i], .n = strlen(text[i])};
        hl_dicom *d = open_bytes(&b);
        ok(!d && last.code == HL_E_INPUT);
        like(last.message, i == 0 ? "x.dcm: empty file" : "no DICOM file");
    }
    const hl_dicom *none = open_file("short.dcm");
    ok(!none);
    like(last.message, "no DICOM file");
    none = open_file("not_dicom.dcm");
    ok(!none);
    like(last.message, "no DICOM file");
    none = open_file("magic_only.dcm");
    ok(!none);
    like(last.message, "no data set");
}

/* --- inflated files -------------------------------------------------------------------------- */

static void gzip_is_undone(void)
{
    maker m;
    char *big = calloc(1, 300000);
    hl_arena *arena = hl_arena_new(0);
    const uint8_t *at;
    hl_error err = {0};
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG_Rows, 300);
    put(&m, HL_TAG(0x0029, 0x1010), "OB", big, 70000);
    big[299999] = 'e';
    put(&m, PIXEL_DATA, "OW", big, 300000);
    hl_buf z = gzipped(&m.b);
    hl_dicom *d = open_bytes(&z);
    if (ok(d != NULL)) {
        const hl_dicom_element *px = find(d, PIXEL_DATA);
        is_int(px->offset, m.b.n - 300000);
        ok(hl_dicom_load(d, px, arena, &at, &err) == HL_OK && memcmp(at, big, 300000) == 0);
        ok(hl_dicom_load_range(d, px->offset + 299998, 2, arena, &at, &err) == HL_OK &&
           at[1] == 'e');
        ok(hl_dicom_load_range(d, px->offset + 299998, 3, arena, &at, &err) != HL_OK);
        const hl_dicom_element *blob = find(d, HL_TAG(0x0029, 0x1010)); /* up to 1 MiB is kept */
        ok(hl_dicom_load(d, blob, arena, &at, &err) == HL_OK && at[0] == 0);
    }
    hl_dicom_close(&d);
    z.n -= 20;
    ok(!open_bytes(&z));
    like(last.message, "gzip data ends in mid-member");
    hl_buf_free(&z);
    hl_arena_free(&arena);
    free(big);
    hl_buf_free(&m.b);
}

/* A deflated file: what body holds, and n_extra bytes behind the stream. */
static hl_buf deflated_file(const maker *body, const char *extra, size_t n_extra)
{
    maker m;
    begin(&m, DEFLATED);
    hl_buf z = deflated(&body->b);
    put_bytes(&m, z.at, z.n);
    put_bytes(&m, extra, n_extra);
    hl_buf_free(&z);
    return m.b;
}

static void a_deflated_data_set_is_inflated(void)
{
    maker body = {0};
    char *zeros = calloc(1, 3 << 20);
    hl_arena *arena = hl_arena_new(0);
    hl_error err = {0};
    const uint8_t *at = NULL;
    put_us(&body, HL_TAG_Rows, 300);
    put(&body, HL_TAG(0x0029, 0x1010), "OB", zeros, 3 << 20);
    put_text(&body, PIXEL_DATA, "OW", "pixels");

    hl_buf file = deflated_file(&body, "\0", 1); /* padding to an even length */
    hl_dicom *d = open_bytes(&file);
    if (ok(d != NULL)) {
        is_str(hl_dicom_syntax_of(d)->uid, DEFLATED);
        is_int(hl_dicom_n_warnings(d), 0);
        const hl_dicom_element *px = find(d, PIXEL_DATA), *blob = find(d, HL_TAG(0x0029, 0x1010));
        is_int(px->offset, body.b.n - 6);
        ok(hl_dicom_load_range(d, px->offset, 6, arena, &at, &err) == HL_OK &&
           memcmp(at, "pixels", 6) == 0);
        is_int(blob->length, 3 << 20);
        is_int(hl_dicom_load(d, blob, arena, &at, &err), HL_E_LIMIT);
        like(err.message, "were not kept");
    }
    hl_dicom_close(&d);
    hl_buf_free(&file);
    file = deflated_file(&body, "abcd", 4);
    d = open_bytes(&file);
    ok(d && warned(d, "behind the deflate stream"));
    is_int(d ? hl_dicom_trailing_bytes(d) : 0, 4);
    hl_dicom_close(&d);
    hl_buf_free(&file);
    free(zeros);
    hl_arena_free(&arena);
    hl_buf_free(&body.b);
}

static void a_damaged_deflate_stream_is_an_error(void)
{
    ok(!open_file("deflate_truncated.dcm"));
    like(last.message, "x.dcm: deflate stream ends early at byte 1737");
    ok(!open_file("deflate_corrupt.dcm"));
    like(last.message, "deflate data error");
    maker m;
    begin(&m, DEFLATED);
    put_bytes(&m, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    ok(!open_maker(&m));
    like(last.message, "x.dcm: deflate data error");
    hl_buf_free(&m.b);
}

static void a_file_that_only_says_deflated_is_read(void)
{
    maker m;
    begin(&m, DEFLATED);
    put_us(&m, HL_TAG_Rows, 300);
    hl_dicom *d = open_good(&m);
    ok(warned(d, "declared deflated"));
    is_str(hl_dicom_syntax_of(d)->uid, EXPLICIT);
    end(&m, &d);
}

static void a_bomb_is_skipped_while_it_streams(void)
{
    hl_dicom *d = open_file("deflate_64MiB.dcm");
    int64_t rows = 0;
    ok(d && hl_dicom_get_int(d, HL_TAG_Rows, &rows) && rows == 32);
    ok(d && hl_arena_bytes(d->arena) < 1 << 20);
    hl_dicom_close(&d);
}

/* 70 values of 1 MiB: 64 of them are kept, the others can be had from an uncompressed file only. */
static void inflated_values_are_kept_up_to_64_mib(void)
{
    maker m;
    const size_t size = 1 << 20;
    char *zeros = calloc(1, size);
    hl_arena *arena = hl_arena_new(0);
    hl_error err = {0};
    const uint8_t *at = NULL;
    begin(&m, EXPLICIT);
    for (unsigned i = 0; i < 70; i++)
        put(&m, HL_TAG(0x0029, 0x1000 + i), "OB", zeros, size);
    put_us(&m, HL_TAG(0x0030, 0x1001), 7);
    hl_buf z = gzipped(&m.b);
    hl_buf_free(&m.b);
    hl_dicom *d = open_bytes(&z);
    if (ok(d && hl_dicom_root(d)->n == 71)) {
        const hl_dicom_element *e = hl_dicom_root(d)->element;
        is_int(hl_dicom_load(d, &e[63], arena, &at, &err), HL_OK);
        is_int(hl_dicom_load(d, &e[64], arena, &at, &err), HL_E_LIMIT);
        ok(e[70].value != NULL);
        ok(hl_arena_bytes(d->arena) < 80 << 20);
    }
    hl_dicom_close(&d);
    hl_buf_free(&z);
    hl_arena_free(&arena);
    free(zeros);
}

static void inflate_all_tells_each_fault(void)
{
    maker m = {0};
    char out[100];
    size_t got = 0, used = 0;
    hl_error err = {0};
    put_bytes(&m, "abcabcabcabcabcabcabcabcabc", 27);
    hl_buf z = deflated(&m.b);
    is_int(hl_inflate_all(z.at, z.n, out, sizeof out, &got, &used, &err), HL_OK);
    is_int(got, 27);
    is_int(used, z.n);
    is_mem(out, m.b.at, 27);
    is_int(hl_inflate_all(z.at, z.n, out, 27, &got, NULL, &err), HL_OK);
    is_int(hl_inflate_all(z.at, z.n, out, 26, &got, NULL, &err), HL_E_INPUT);
    like(err.message, "deflate stream is longer than 26 bytes");
    is_int(hl_inflate_all(z.at, z.n - 1, out, sizeof out, &got, NULL, &err), HL_E_INPUT);
    like(err.message, "deflate stream ends early at byte");
    is_int(hl_inflate_all("\xFF\xFF", 2, out, sizeof out, &got, NULL, &err), HL_E_INPUT);
    like(err.message, "deflate data error");
    is_int(hl_inflate_all(NULL, 0, out, sizeof out, &got, NULL, &err), HL_E_INPUT);
    hl_buf_free(&z);
    hl_buf_free(&m.b);
}

/* --- whole collections ----------------------------------------------------------------------- */

/* Faults that lie in the data set, not in the pixels: these must be refused here. */
static bool is_refused_here(const char *name)
{
    static const char *const names[] = {"empty.dcm",
                                        "short.dcm",
                                        "not_dicom.dcm",
                                        "magic_only.dcm",
                                        "trunc_in_meta.dcm",
                                        "trunc_in_header.dcm",
                                        "trunc_in_pixels.dcm",
                                        "lying_len_text.dcm",
                                        "lying_len_pixels.dcm",
                                        "sq_len_past_eof.dcm",
                                        "nesting_bomb.dcm",
                                        "sq_no_delimiter.dcm",
                                        "frag_len_past_eof.dcm",
                                        "deflate_truncated.dcm",
                                        "deflate_corrupt.dcm"};
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void every_file_of_the_collection_opens_or_is_refused(void)
{
    static const char *const folders[] = {"structure", "synthetic", "real",   "charset",
                                          "faults",    "burned",    "archive"};
    int opened = 0;
    for (size_t k = 0; k < sizeof folders / sizeof folders[0]; k++) {
        char name[100];
        hl_names names = {0};
        hl_error err = {0};
        snprintf(name, sizeof name, "dicom/%s", folders[k]);
        const char *folder = shared(name);
        if (!folder) {
            skip("the collection is not here");
            return;
        }
        char base[HL_PATH_BYTES];
        snprintf(base, sizeof base, "%s", folder);
        ok(hl_list_tree(base, &names, &err) == HL_OK);
        for (size_t i = 0; i < names.n; i++) {
            char path[HL_PATH_BYTES];
            hl_in *in = NULL;
            hl_dicom *d = NULL;
            if (!strstr(names.name[i], ".dcm"))
                continue;
            ok(hl_path_join(base, names.name[i], path, &err) == HL_OK);
            ok(hl_in_open(path, &in, &err) == HL_OK);
            const hl_code c = hl_dicom_open(in, &d, &err);
            if (!ok((c != HL_OK) == is_refused_here(names.name[i])))
                printf("# %s: %d %s\n", names.name[i], (int)c, c != HL_OK ? err.message : "");
            opened += c == HL_OK;
            hl_dicom_close(&d);
            hl_in_close(&in);
        }
        hl_names_free(&names);
    }
    ok(opened >= 200);
}

static void a_cut_file_never_crashes(void)
{
    static const char *const names[] = {"nested_private_undef.dcm",
                                        "nested_private_undef_implicit.dcm",
                                        "no_meta_bigendian.dcm",
                                        "test-SR.dcm",
                                        "rtplan.dcm",
                                        "deflate_corrupt.dcm",
                                        "no_seq_delimiter.dcm"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[200];
        hl_buf b = {0};
        hl_error err = {0};
        int refused = 0;
        snprintf(path, sizeof path, "dicom/parse/%s", names[k]);
        ok(hl_read_file(fixture(path), 1 << 20, &b, NULL, &err) == HL_OK);
        for (size_t n = 0; n < b.n; n += 97) {
            char *cut = malloc(n ? n : 1); /* a sanitizer sees the first byte too many */
            hl_dicom *d = NULL;
            hl_in *in = NULL;
            memcpy(cut, b.at, n);
            const hl_code c = hl_dicom_memory(cut, n, "x.dcm", &d, &err);
            refused += c != HL_OK;
            hl_dicom_close(&d);
            ok(hl_in_memory(cut, n, "x.dcm", &in, &err) == HL_OK);
            is_int(hl_dicom_open_window(in, NULL, 0, "x.dcm", HL_DICOM_MIN_WINDOW, &d, &err), c);
            hl_dicom_close(&d);
            hl_in_close(&in);
            free(cut);
        }
        ok(refused > 0);
        hl_buf_free(&b);
    }
}

int main(void)
{
    run(an_explicit_file_is_read);
    run(an_implicit_file_takes_its_vrs_from_the_dictionary);
    run(pixel_representation_decides_in_items_too);
    run(values_of_big_endian_files_come_out_right);
    run(files_without_preamble_or_group_2_are_recognised);
    run(dicm_may_stand_at_the_very_start);
    run(something_in_the_preamble_is_told);
    run(the_length_of_group_2_is_but_a_hint);
    run(a_missing_transfer_syntax_is_guessed_with_a_warning);
    run(a_wrongly_declared_encoding_is_noticed);
    run(an_unknown_transfer_syntax_is_walked_and_named);
    run(what_is_no_dicom_is_refused);
    run(gzip_is_undone);
    run(a_deflated_data_set_is_inflated);
    run(a_damaged_deflate_stream_is_an_error);
    run(a_file_that_only_says_deflated_is_read);
    run(a_bomb_is_skipped_while_it_streams);
    run(inflated_values_are_kept_up_to_64_mib);
    run(inflate_all_tells_each_fault);
    run(every_file_of_the_collection_opens_or_is_refused);
    run(a_cut_file_never_crashes);
    return done();
}
