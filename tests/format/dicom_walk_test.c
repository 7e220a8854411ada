/* Elements, sequences, items, fragments, VRs, lengths. */
#include "format/dicom/dicom.h"

#include "format/dicom_maker.h"

/* --- sequences ------------------------------------------------------------------------------- */

static void sequences_of_both_kinds_mix(void)
{
    for (int kind = 0; kind < 8; kind++) { /* outer, item, inner: defined or not */
        maker m;
        begin(&m, kind & 1 ? EXPLICIT : IMPLICIT);
        const unsigned h = m.implicit ? 8 : 12, inner = h + 8 + 8 + 4, us = 10;
        const bool sq = kind & 2, item = kind & 4;
        const uint32_t item_n = us + inner;
        put_head(&m, HL_TAG_ViewCodeSequence, "SQ", sq ? 8 + item_n + (item ? 0 : 8) : UNDEFINED);
        put_mark(&m, ITEM, item ? item_n : UNDEFINED);
        put_us(&m, HL_TAG_Rows, 300);
        put_head(&m, HL_TAG_ViewCodeSequence, "SQ", 8 + 12);
        put_mark(&m, ITEM, 12);
        put_text(&m, HL_TAG_CodeMeaning, "LO", "fine");
        if (!item)
            put_mark(&m, ITEM_END, 0);
        if (!sq)
            put_mark(&m, SEQUENCE_END, 0);
        put_us(&m, HL_TAG(0x0054, 0x1001), 7);
        hl_dicom *d = open_good(&m);
        const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ViewCodeSequence);
        is_int(i ? i->n : 0, 2);
        i = hl_dicom_first_item(i, HL_TAG_ViewCodeSequence);
        ok(i && text_is(hl_dicom_ascii(hl_dicom_find(i, HL_TAG_CodeMeaning), 0), "fine"));
        is_int(hl_dicom_root(d)->n, 2);
        is_int(hl_dicom_n_warnings(d), 0);
        const hl_dicom_element *e = find(d, HL_TAG_ViewCodeSequence);
        is_int(e->length, 8 + item_n + (item ? 0 : 8));
        is_int(e->undefined_length, !sq);
        end(&m, &d);
    }
}

static void empty_sequences_and_items_are_fine(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG(0x0008, 0x1032), "SQ", 0);
    put_head(&m, HL_TAG(0x0054, 0x0220), "SQ", UNDEFINED);
    put_mark(&m, SEQUENCE_END, 0);
    put_head(&m, HL_TAG(0x0070, 0x0001), "SQ", UNDEFINED);
    put_mark(&m, ITEM, 0);
    put_mark(&m, ITEM, UNDEFINED);
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, SEQUENCE_END, 0);
    hl_dicom *d = open_good(&m);
    is_int(find(d, HL_TAG(0x0008, 0x1032))->n_items, 0);
    is_int(find(d, HL_TAG(0x0054, 0x0220))->n_items, 0);
    is_int(find(d, HL_TAG(0x0070, 0x0001))->n_items, 2);
    is_int(find(d, HL_TAG(0x0070, 0x0001))->item[1].n, 0);
    ok(!hl_dicom_first_item(hl_dicom_root(d), HL_TAG(0x0054, 0x0220)));
    ok(!hl_dicom_get(d, HL_TAG(0x0008, 0x1032)));
    is_int(hl_dicom_n_warnings(d), 0);
    end(&m, &d);
}

static void an_item_is_clipped_at_the_end_of_its_sequence(void)
{
    hl_dicom *d = open_file("item_len_past_sq.dcm");
    ok(d && warned(d, "an item's length goes beyond"));
    const hl_dicom_item *i =
        d ? hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ProcedureCodeSequence) : NULL;
    ok(i && hl_dicom_find(i, HL_TAG_CodeMeaning));
    hl_dicom_close(&d);
}

static void a_value_is_clipped_at_the_end_of_its_item(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "SQ", UNDEFINED);
    put_mark(&m, ITEM, 12);
    put_head(&m, HL_TAG_CodeMeaning, "LO", 40);
    put_bytes(&m, "fine", 4);
    put_mark(&m, SEQUENCE_END, 0);
    put_us(&m, HL_TAG(0x0054, 0x1001), 7);
    hl_dicom *d = open_good(&m);
    const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ViewCodeSequence);
    ok(text_is(hl_dicom_ascii(hl_dicom_find(i, HL_TAG_CodeMeaning), 0), "fine"));
    ok(warned(d, "clipped"));
    is_int(hl_dicom_root(d)->n, 2);
    end(&m, &d);
}

static void delimiters_too_many_or_too_few_are_told(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "SQ", 8 + 10 + 8 + 8); /* both ended twice */
    put_mark(&m, ITEM, 18);
    put_us(&m, HL_TAG_Rows, 300);
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, SEQUENCE_END, 0);
    put_us(&m, HL_TAG(0x0054, 0x1001), 7);
    hl_dicom *d = open_good(&m);
    ok(warned(d, "delimits nothing"));
    is_int(hl_dicom_root(d)->n, 2);
    end(&m, &d);

    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "SQ", UNDEFINED); /* items never end */
    put_mark(&m, ITEM, UNDEFINED);
    put_us(&m, HL_TAG_Rows, 300);
    put_mark(&m, ITEM, UNDEFINED);
    put_us(&m, HL_TAG_Rows, 301);
    put_mark(&m, SEQUENCE_END, 0);
    put_us(&m, HL_TAG(0x0054, 0x1001), 7);
    put_mark(&m, ITEM_END, 0);
    d = open_good(&m);
    ok(warned(d, "without delimiter"));
    ok(warned(d, "delimits nothing"));
    is_int(find(d, HL_TAG_ViewCodeSequence)->n_items, 2);
    is_int(hl_dicom_root(d)->n, 2);
    end(&m, &d);
}

static void a_sequence_that_never_ends_is_an_error(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "SQ", UNDEFINED);
    ok(!open_maker(&m));
    like(last.message, "x.dcm: (0054,0220) ViewCodeSequence at byte ");
    like(last.message, "a sequence without delimiter");
    put_mark(&m, ITEM, UNDEFINED);
    put_us(&m, HL_TAG_Rows, 300);
    ok(!open_maker(&m));
    like(last.message, "ends within an item");
    put_mark(&m, ITEM_END, 0);
    ok(!open_maker(&m));
    like(last.message, "a sequence without delimiter");
    hl_buf_free(&m.b);
    ok(!open_file("sq_no_delimiter.dcm"));
    like(last.message, "a sequence without delimiter");
    ok(!open_file("sq_len_past_eof.dcm"));
    like(last.message, "beyond the end of the file");
}

static void nest(maker *m, int levels)
{
    begin(m, EXPLICIT);
    for (int i = 0; i < levels; i++) {
        put_head(m, HL_TAG_ViewCodeSequence, "SQ", UNDEFINED);
        put_mark(m, ITEM, UNDEFINED);
    }
    for (int i = 0; i < levels; i++) {
        put_mark(m, ITEM_END, 0);
        put_mark(m, SEQUENCE_END, 0);
    }
}

static void nesting_has_a_limit(void)
{
    maker m;
    nest(&m, 64);
    hl_dicom *d = open_good(&m);
    end(&m, &d);
    nest(&m, 65);
    ok(!open_maker(&m));
    is_int(last.code, HL_E_LIMIT);
    like(last.message, "sequence nesting deeper than 64 levels");
    hl_buf_free(&m.b);
    nest(&m, 100000);
    ok(!open_maker(&m));
    is_int(last.code, HL_E_LIMIT);
    hl_buf_free(&m.b);
    d = open_file("nesting_30_ok.dcm");
    ok(d && hl_dicom_n_warnings(d) == 0);
    hl_dicom_close(&d);
}

static void the_charset_goes_down_into_items(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG(0x0008, 0x0006), "SQ", UNDEFINED); /* before the character set */
    put_mark(&m, ITEM, UNDEFINED);
    put_text(&m, HL_TAG_SpecificCharacterSet, "CS", "ISO_IR 101");
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, ITEM, UNDEFINED);
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, SEQUENCE_END, 0);
    put_text(&m, HL_TAG_SpecificCharacterSet, "CS", "ISO_IR 100");
    hl_dicom *d = open_good(&m);
    const hl_dicom_element *e = find(d, HL_TAG(0x0008, 0x0006));
    ok(text_is(hl_dicom_root(d)->charset, "ISO_IR 100"));
    ok(text_is(e->item[0].charset, "ISO_IR 101"));
    ok(text_is(e->item[1].charset, "ISO_IR 100"));
    end(&m, &d);
}

/* --- VRs
 * --------------------------------------------------------------------------------------------------
 */

static void un_of_undefined_length_is_an_implicit_sequence(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG(0x0029, 0x1010), "UN", UNDEFINED);
    put_mark(&m, ITEM, UNDEFINED);
    m.implicit = true;
    put_text(&m, HL_TAG_CodeMeaning, "LO", "fine");
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, SEQUENCE_END, 0);
    m.implicit = false;
    put_us(&m, HL_TAG(0x0054, 0x1001), 7);
    hl_dicom *d = open_good(&m);
    const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG(0x0029, 0x1010));
    is_str(find(d, HL_TAG(0x0029, 0x1010))->vr, "SQ");
    is_str(hl_dicom_find(i, HL_TAG_CodeMeaning)->vr, "LO");
    is_int(hl_dicom_n_warnings(d), 0);
    end(&m, &d);
}

static void un_of_a_public_tag_takes_the_dictionarys_vr(void)
{
    maker m;
    int64_t v = 0;
    begin(&m, BIG_ENDIAN_UID);
    put_head(&m, HL_TAG_Rows, "UN", 2);
    put_bytes(&m, "\x2C\x01", 2); /* little endian in every syntax */
    put_head(&m, HL_TAG_ViewCodeSequence, "UN", 8 + 12);
    m = (maker){m.b, .implicit = true};
    put_mark(&m, ITEM, 12);
    put_text(&m, HL_TAG_CodeMeaning, "LO", "fine");
    m.implicit = false;
    m.big = true;
    put_head(&m, HL_TAG(0x0055, 0x0010), "UN", 6); /* a private creator is LO */
    put_bytes(&m, "MAKER ", 6);
    put_head(&m, HL_TAG(0x0055, 0x1001), "UN", 8);
    put_bytes(&m, "\xFE\xFF\x00\xE0\0\0\0\0",
              8); /* private: bytes, even when they look like items */
    hl_dicom *d = open_good(&m);
    is_str(find(d, HL_TAG_Rows)->vr, "US");
    ok(hl_dicom_get_int(d, HL_TAG_Rows, &v) && v == 300);
    const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ViewCodeSequence);
    ok(i && text_is(hl_dicom_ascii(hl_dicom_find(i, HL_TAG_CodeMeaning), 0), "fine"));
    is_str(find(d, HL_TAG(0x0055, 0x0010))->vr, "LO");
    is_str(find(d, HL_TAG(0x0055, 0x1001))->vr, "UN");
    is_int(find(d, HL_TAG(0x0055, 0x1001))->n_items, 0);
    end(&m, &d);
}

/* In memory, from a file, and inflated: where there is no way back. */
static void un_that_is_no_sequence_stays_bytes(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "UN", 8 + 8 + 4);
    put_mark(&m, ITEM, UNDEFINED);
    put_bytes(&m, "\x08\0\x04\1\xF0\0\0\0fine", 12);
    put_us(&m, HL_TAG(0x0054, 0x1001), 7);
    hl_buf z = gzipped(&m.b);
    hl_in *in = NULL;
    hl_error err = {0};
    for (int mode = 0; mode < 3; mode++) {
        hl_dicom *d = mode == 0 ? open_good(&m) : mode == 1 ? open_bytes(&z) : NULL;
        if (mode == 2)
            ok(hl_in_memory(m.b.at, m.b.n, "x.dcm", &in, &err) == HL_OK &&
               hl_dicom_open(in, &d, &err) == HL_OK);
        const hl_dicom_element *e = d ? find(d, HL_TAG_ViewCodeSequence) : NULL;
        if (ok(e != NULL)) {
            /* its one element is clipped, so it can be read; make it impossible */
            is_int(e->n_items, 1);
            is_int(hl_dicom_root(d)->n, 2);
        }
        hl_dicom_close(&d);
    }
    hl_in_close(&in);
    hl_buf_free(&z);
    memcpy(m.b.at + m.b.n - 10 - 20, "no item!", 8);
    z = gzipped(&m.b);
    for (int mode = 0; mode < 3; mode++) {
        hl_dicom *d = mode == 0 ? open_good(&m) : mode == 1 ? open_bytes(&z) : NULL;
        if (mode == 2)
            ok(hl_in_memory(m.b.at, m.b.n, "x.dcm", &in, &err) == HL_OK &&
               hl_dicom_open(in, &d, &err) == HL_OK);
        const hl_dicom_element *e = d ? find(d, HL_TAG_ViewCodeSequence) : NULL;
        if (ok(e != NULL)) {
            is_str(e->vr, "UN");
            is_int(e->length, 20);
            is_mem(e->value, "no item!", 8);
            ok(warned(d, "(UN)"));
            is_int(hl_dicom_root(d)->n, 2);
        }
        hl_dicom_close(&d);
    }
    hl_in_close(&in);
    hl_buf_free(&z);
    hl_buf_free(&m.b);
}

static void private_sequences_of_real_files_are_read(void)
{
    hl_dicom *d = open_file("priv_SQ.dcm");
    const hl_dicom_element *e = d ? find(d, HL_TAG(0x3F03, 0x1001)) : NULL;
    ok(e && strcmp(e->vr, "UN") == 0 && e->length == 166);
    hl_dicom_close(&d);
    d = open_file("nested_priv_SQ.dcm");
    const hl_dicom_item *i = d ? hl_dicom_first_item(hl_dicom_root(d), HL_TAG(1, 1)) : NULL;
    i = hl_dicom_first_item(i, HL_TAG(1, 1));
    ok(i && i->n == 1 && strcmp(i->element[0].vr, "UN") == 0);
    hl_dicom_close(&d);
    d = open_file("UN_sequence.dcm");
    i = d ? hl_dicom_first_item(hl_dicom_root(d), HL_TAG(0x4453, 0x100C)) : NULL;
    ok(i && hl_dicom_first_item(i, HL_TAG(0x0008, 0x1115)));
    hl_dicom_close(&d);
}

static void a_vr_that_nobody_knows_has_the_long_form_or_the_short(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_tag(&m, HL_TAG(0x0010, 0x1001));
    put_bytes(&m, "ZZ\0\0\4\0\0\0long", 12);
    put_tag(&m, HL_TAG(0x0010, 0x1002));
    put_bytes(&m, "ZQ\6\0short ", 10);
    put_us(&m, HL_TAG_Rows, 300);
    hl_dicom *d = open_good(&m);
    ok(warned(d, "a VR that the standard does not know"));
    is_int(find(d, HL_TAG(0x0010, 0x1001))->length, 4);
    is_str(find(d, HL_TAG(0x0010, 0x1001))->vr, "PN");
    is_int(find(d, HL_TAG_Rows)->length, 2);
    end(&m, &d);
}

static void an_element_without_vr_is_read_where_it_fits(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG(0x0028, 0x0002), 1);
    m.implicit = true;
    put_us(&m, HL_TAG_Rows, 300);
    m.implicit = false;
    put_us(&m, HL_TAG_Columns, 200);
    hl_dicom *d = open_good(&m);
    int64_t v = 0;
    ok(warned(d, "an element without VR"));
    ok(hl_dicom_get_int(d, HL_TAG_Rows, &v) && v == 300);
    ok(hl_dicom_get_int(d, HL_TAG_Columns, &v) && v == 200);
    hl_dicom_close(&d);
    put_bytes(&m, "\x28\0\x28\0\1\2\3\4\5\6\7\x8", 12);
    ok(!open_maker(&m));
    like(last.message, "it has no VR");
    hl_buf_free(&m.b);
}

static void items_may_be_implicit_in_an_explicit_file(void)
{
    maker m;
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_ViewCodeSequence, "SQ", UNDEFINED);
    put_mark(&m, ITEM, UNDEFINED);
    m.implicit = true;
    put_text(&m, HL_TAG_CodeMeaning, "LO", "fine");
    put_text(&m, HL_TAG_PatientID, "LO", "1234");
    m.implicit = false;
    put_mark(&m, ITEM_END, 0);
    put_mark(&m, SEQUENCE_END, 0);
    hl_dicom *d = open_good(&m);
    const hl_dicom_item *i = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ViewCodeSequence);
    is_int(i->n, 2);
    ok(warned(d, "declared explicit VR"));
    end(&m, &d);
}

/* --- order, lengths, ends -------------------------------------------------------------------- */

static void of_a_repeated_tag_the_last_one_wins(void)
{
    hl_dicom *d = open_file("duplicate_rows.dcm");
    int64_t rows = 0;
    ok(d && hl_dicom_get_int(d, HL_TAG_Rows, &rows) && rows == 1);
    ok(d && warned(d, "not in the order"));
    ok(d && warned(d, "stands there twice"));
    is_int(d ? hl_dicom_root(d)->n : 0, 19);
    hl_dicom_close(&d);
    d = open_file("odd_length_text.dcm");
    ok(d && warned(d, "odd length"));
    hl_dicom_close(&d);
}

static void bytes_behind_the_pixel_data_are_told(void)
{
    maker m;
    hl_dicom *d = open_file("trailing_garbage.dcm");
    ok(d && warned(d, "bytes behind the last element"));
    is_int(d ? hl_dicom_trailing_bytes(d) : 0, 29);
    hl_dicom_close(&d);
    begin(&m, IMPLICIT);
    put_text(&m, PIXEL_DATA, "OW", "ab");
    put_text(&m, HL_TAG(0xFFFC, 0xFFFC), "OB", "pad ");
    d = open_good(&m);
    is_int(hl_dicom_n_warnings(d), 0);
    is_int(hl_dicom_trailing_bytes(d), 0);
    hl_dicom_close(&d);
    put_bytes(&m, "\0\0\0\0\0\0\0\0\0\0\0\0", 12); /* zeros are no element (0000,0000) */
    d = open_good(&m);
    is_int(hl_dicom_trailing_bytes(d), 12);
    end(&m, &d);
    begin(&m, EXPLICIT); /* without pixel data nobody can say where the data set ends */
    put_us(&m, HL_TAG_Rows, 300);
    put_bytes(&m, "garbage", 7);
    ok(!open_maker(&m));
    like(last.message, "x.dcm: byte ");
    hl_buf_free(&m.b);
}

static void a_length_beyond_the_end_is_an_error(void)
{
    maker m;
    ok(!open_file("lying_len_text.dcm"));
    like(last.message, "x.dcm: (0008,0070) Manufacturer at byte 392: its length of 65534 bytes");
    is_int(last.offset, 392);
    ok(!open_file("lying_len_pixels.dcm"));
    like(last.message, "(7FE0,0010) PixelData at byte 530");
    ok(!open_file("trunc_in_pixels.dcm"));
    like(last.message, "(7FE0,0010) PixelData");
    ok(!open_file("trunc_in_header.dcm"));
    like(last.message, "ends within the header of an element");
    ok(!open_file("trunc_in_meta.dcm"));
    like(last.message, "(0002,0002) MediaStorageSOPClassUID");
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG_PatientName, "PN", 200);
    put_bytes(&m, "SMITH^JOHN", 10);
    ok(!open_maker(&m));
    ok(strstr(last.message, "SMITH") == NULL); /* never a value */
    hl_buf_free(&m.b);
    begin(&m, EXPLICIT);
    put_head(&m, HL_TAG(0x0029, 0x1010), "OB", 0xFFFFFFF0u);
    hl_buf z = gzipped(&m.b); /* no end is known there */
    ok(!open_bytes(&z));
    like(last.message, "(0029,1010) at byte ");
    like(last.message, "beyond the end of the data");
    hl_buf_free(&z);
    hl_buf_free(&m.b);
}

static void too_many_elements_are_a_limit(void)
{
    maker m;
    begin(&m, IMPLICIT);
    for (unsigned i = 0; i < HL_DICOM_MAX_ELEMENTS + 1; i++)
        put_head(&m, HL_TAG(0x0009 + 2 * (i >> 16), i & 0xFFFF), "UN", 0);
    ok(!open_maker(&m));
    is_int(last.code, HL_E_LIMIT);
    like(last.message, "more than 1000000 elements");
    m.b.n -= 8;
    hl_dicom *d = open_good(&m);
    is_int(hl_dicom_root(d)->n, HL_DICOM_MAX_ELEMENTS);
    end(&m, &d);
}

/* --- encapsulated pixel data ----------------------------------------------------------------- */

static void fragments_are_listed_without_being_read(void)
{
    maker m;
    hl_arena *arena = hl_arena_new(0);
    const uint8_t *at;
    hl_error err = {0};
    begin(&m, "1.2.840.10008.1.2.4.70");
    put_head(&m, PIXEL_DATA, "OB", UNDEFINED);
    const size_t start = m.b.n;
    put_mark(&m, ITEM, 4);
    put_32(&m, 0);
    put_mark(&m, ITEM, 6);
    put_bytes(&m, "first ", 6);
    put_mark(&m, ITEM, 0);
    put_mark(&m, ITEM, 2);
    put_bytes(&m, "at", 2);
    const size_t stop = m.b.n;
    put_mark(&m, SEQUENCE_END, 0);
    put_text(&m, HL_TAG(0xFFFC, 0xFFFC), "OB", "pad ");
    hl_buf z = gzipped(&m.b);
    for (int mode = 0; mode < 2; mode++) {
        hl_dicom *d = mode ? open_bytes(&z) : open_good(&m);
        const hl_dicom_element *e = d ? find(d, PIXEL_DATA) : NULL;
        if (ok(e && e->n_fragments == 4)) {
            is_int(e->offset, start);
            is_int(e->length, stop - start);
            ok(e->undefined_length && !e->value && e->n_items == 0);
            is_int(e->fragment[0].offset, start + 8);
            is_int(e->fragment[1].length, 6);
            is_int(e->fragment[2].length, 0);
            ok(hl_dicom_load_range(d, e->fragment[1].offset, 6, arena, &at, &err) == HL_OK &&
               memcmp(at, "first ", 6) == 0);
            ok(hl_dicom_load_range(d, e->fragment[2].offset, 0, arena, &at, &err) == HL_OK);
            is_int(hl_dicom_load(d, e, arena, &at, &err), HL_E_INPUT);
            like(err.message, "x.dcm: (7FE0,0010) PixelData: its value is in fragments");
            is_int(hl_dicom_n_warnings(d), 0);
        }
        hl_dicom_close(&d);
    }
    hl_buf_free(&z);
    hl_buf_free(&m.b);
    hl_arena_free(&arena);
}

static void pixel_data_may_lack_its_delimiter_at_the_end(void)
{
    hl_dicom *d = open_file("no_seq_delimiter.dcm");
    ok(d && warned(d, "without sequence delimiter"));
    is_int(d ? find(d, PIXEL_DATA)->n_fragments : 0, 2);
    hl_dicom_close(&d);
    ok(!open_file("frag_len_past_eof.dcm"));
    like(last.message, "a fragment of 942 bytes goes beyond the end of the file");
    maker m;
    begin(&m, "1.2.840.10008.1.2.4.70");
    put_head(&m, PIXEL_DATA, "OB", UNDEFINED);
    put_mark(&m, ITEM, 0);
    ok(!open_maker(&m));
    like(last.message, "before its first fragment");
    put_us(&m, HL_TAG_Rows, 1);
    ok(!open_maker(&m));
    like(last.message, "neither a fragment nor the end");
    hl_buf_free(&m.b);
}

int main(void)
{
    run(sequences_of_both_kinds_mix);
    run(empty_sequences_and_items_are_fine);
    run(an_item_is_clipped_at_the_end_of_its_sequence);
    run(a_value_is_clipped_at_the_end_of_its_item);
    run(delimiters_too_many_or_too_few_are_told);
    run(a_sequence_that_never_ends_is_an_error);
    run(nesting_has_a_limit);
    run(the_charset_goes_down_into_items);
    run(un_of_undefined_length_is_an_implicit_sequence);
    run(un_of_a_public_tag_takes_the_dictionarys_vr);
    run(un_that_is_no_sequence_stays_bytes);
    run(private_sequences_of_real_files_are_read);
    run(a_vr_that_nobody_knows_has_the_long_form_or_the_short);
    run(an_element_without_vr_is_read_where_it_fits);
    run(items_may_be_implicit_in_an_explicit_file);
    run(of_a_repeated_tag_the_last_one_wins);
    run(bytes_behind_the_pixel_data_are_told);
    run(a_length_beyond_the_end_is_an_error);
    run(too_many_elements_are_a_limit);
    run(fragments_are_listed_without_being_read);
    run(pixel_data_may_lack_its_delimiter_at_the_end);
    return done();
}
