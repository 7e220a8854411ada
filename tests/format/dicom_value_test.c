/* Values loaded and read; warnings, messages; the tables. */
#include "format/dicom/dicom.h"

#include "format/dicom/dicom_internal.h"
#include "format/dicom_maker.h"

/* --- reading little -------------------------------------------------------------------------- */

typedef struct {
    const hl_buf *b;
    int64_t n_read;
} counter;

static int64_t counter_size(void *user)
{
    return (int64_t)((counter *)user)->b->n;
}

static int64_t counter_pread(void *user, void *to, int64_t offset, int64_t n)
{
    counter *c = user;
    memcpy(to, c->b->at + offset, (size_t)n);
    c->n_read += n;
    return n;
}

static void opening_a_film_reads_its_header_alone(void)
{
    maker m;
    const size_t size = 15 << 20;
    char *px = calloc(1, size);
    hl_in *in = NULL;
    hl_dicom *d = NULL;
    hl_error err = {0};
    hl_arena *arena = hl_arena_new(0);
    const uint8_t *at;
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG_Rows, 300);
    put(&m, HL_TAG(0x0029, 0x1010), "OB", px, 100000);
    px[size - 1] = 'e';
    put(&m, PIXEL_DATA, "OW", px, size);
    put_text(&m, HL_TAG(0xFFFC, 0xFFFC), "OB", "pad ");
    counter count = {&m.b, 0};
    const hl_source source = {&count, counter_size, counter_pread};
    ok(hl_in_source(&source, "x.dcm", &in, &err) == HL_OK);
    ok(hl_dicom_open(in, &d, &err) == HL_OK);
    ok(count.n_read <= 20000);
    const hl_dicom_element *e = d ? find(d, PIXEL_DATA) : NULL;
    ok(e && !e->value && hl_dicom_count(e) == 0 && e->length == (int64_t)size);
    ok(e && hl_dicom_load(d, e, arena, &at, &err) == HL_OK && at[size - 1] == 'e');
    e = d ? find(d, HL_TAG(0x0029, 0x1010)) : NULL;
    ok(e && !e->value && hl_dicom_load(d, e, arena, &at, &err) == HL_OK && at[99999] == 0);
    is_int(hl_dicom_load_range(d, (int64_t)m.b.n - 4, 5, arena, &at, &err), HL_E_INPUT);
    is_int(hl_dicom_load_range(d, -1, 5, arena, &at, &err), HL_E_INPUT);
    hl_dicom_close(&d);
    hl_in_close(&in);
    hl_arena_free(&arena);
    free(px);
    hl_buf_free(&m.b);
}

/* --- values
 * --------------------------------------------------------------------------------------------------
 */

static hl_dicom_element value_of(const char *vr, const void *bytes, size_t n)
{
    hl_dicom_element e = {.length = (int64_t)n, .value = bytes};
    memcpy(e.vr, vr, 2);
    return e;
}

static void numbers_are_read_by_their_vr(void)
{
    static const struct {
        const char *vr, *bytes;
        size_t n, count;
        bool is_int, is_real;
        int64_t whole;
        double real;
    } cases[] = {
        {"US", "\xFE\xFF\1\0", 4, 2, true, true, 65534, 65534},
        {"SS", "\xFE\xFF", 2, 1, true, true, -2, -2},
        {"SS", "\xFE", 1, 0, false, false, 0, 0},
        {"UL", "\xFE\xFF\xFF\xFF", 4, 1, true, true, 4294967294, 4294967294.0},
        {"SL", "\xFE\xFF\xFF\xFF", 4, 1, true, true, -2, -2},
        {"SV", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, 1, true, true, -2, -2},
        {"UV", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, 1, false, true, 0, 18446744073709551616.0},
        {"AT", "\x28\0\x10\0", 4, 1, true, true, 0x00280010, 0x00280010},
        {"FL", "\0\0\xC0\xBF", 4, 1, false, true, 0, -1.5},
        {"FD", "\0\0\0\0\0\0\xF8\x3F", 8, 1, false, true, 0, 1.5},
        {"OW", "\1\0\2\0\3\0", 6, 3, true, true, 1, 1},
        {"OB", "\7\1", 2, 2, true, true, 7, 7},
        {"UN", "\7\1", 2, 2, false, false, 0, 0},
        {"IS", " 12 ", 4, 1, true, true, 12, 12},
        {"IS", "+7", 2, 1, true, true, 7, 7},
        {"IS", "1.0\\3 ", 6, 2, true, true, 1, 1},
        {"IS", "1.5 ", 4, 1, false, true, 0, 1.5},
        {"IS", "    ", 4, 1, false, false, 0, 0},
        {"DS", " -1.5E1 ", 8, 1, true, true, -15, -15},
        {"DS", "0.25\0", 5, 1, false, true, 0, 0.25},
        {"DS", "nan ", 4, 1, false, false, 0, 0},
        {"DS", "1e999 ", 6, 1, false, true, 0, INFINITY},
        {"DS", "\\5", 2, 2, false, false, 0, 0},
        {"CS", "12", 2, 1, false, false, 0, 0},
        {"LO", "12", 2, 1, false, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const hl_dicom_element e = value_of(cases[i].vr, cases[i].bytes, cases[i].n);
        int64_t whole = 0;
        double real = 0;
        const bool a = hl_dicom_int(&e, 0, &whole), b = hl_dicom_real(&e, 0, &real);
        if (!ok(a == cases[i].is_int && b == cases[i].is_real && whole == cases[i].whole &&
                (real == cases[i].real || cases[i].real == INFINITY)) ||
            !ok(hl_dicom_count(&e) == cases[i].count))
            printf("# case %zu: %s\n", i, cases[i].vr);
        ok(!hl_dicom_int(&e, cases[i].count, &whole) && !hl_dicom_real(&e, SIZE_MAX, &real));
    }
    ok(hl_dicom_count(NULL) == 0 && !hl_dicom_int(NULL, 0, &(int64_t){0}));
}

static void text_is_split_and_trimmed(void)
{
    hl_dicom_element e = value_of("CS", "DERIVED\\ PRIMARY \\\\X", 20);
    is_int(hl_dicom_count(&e), 4);
    ok(text_is(hl_dicom_ascii(&e, 0), "DERIVED"));
    ok(text_is(hl_dicom_ascii(&e, 1), "PRIMARY"));
    ok(hl_dicom_ascii(&e, 2).at && hl_dicom_ascii(&e, 2).n == 0);
    ok(text_is(hl_dicom_ascii(&e, 3), "X"));
    ok(!hl_dicom_ascii(&e, 4).at);
    e = value_of("UI", "1.2.3\0", 6);
    ok(text_is(hl_dicom_ascii(&e, 0), "1.2.3"));
    e = value_of("UR", "a\\b ", 4);
    is_int(hl_dicom_count(&e), 1);
    ok(text_is(hl_dicom_ascii(&e, 0), "a\\b"));
    e = value_of("LO", "plain ", 6); /* needs no character set */
    ok(text_is(hl_dicom_ascii(&e, 0), "plain"));
    e = value_of("LO", "\xE9t\xE9", 3);
    ok(!hl_dicom_ascii(&e, 0).at);
    e = value_of("US", "AB", 2);
    ok(!hl_dicom_ascii(&e, 0).at);
}

static void a_warning_is_kept_once(void)
{
    maker m;
    begin(&m, EXPLICIT);
    for (unsigned i = 0; i < 300; i++)
        put_text(&m, HL_TAG(0x0009, 0x1000 + i), "LO", "odd");
    hl_dicom *d = open_good(&m);
    is_int(hl_dicom_n_warnings(d), 1);
    is_int(hl_dicom_warning_at(d, 0).tag, HL_TAG(0x0009, 0x1000));
    ok(hl_dicom_warning_at(d, 0).offset > 0);
    for (int i = 0; i < 1000; i++)
        hl_dicom_warn(d, 0, -1, "number %d", i);
    is_int(hl_dicom_n_warnings(d), HL_DICOM_MAX_WARNINGS);
    end(&m, &d);
}

static void messages_name_file_and_tag(void)
{
    maker m;
    hl_error err = {0};
    begin(&m, EXPLICIT);
    put_us(&m, HL_TAG_Rows, 0);
    hl_dicom *d = open_good(&m);
    is_int(hl_dicom_fail(d, HL_E_INPUT, HL_TAG_Rows, &err, "is %d", 0), HL_E_INPUT);
    is_str(err.message, "x.dcm: (0028,0010) Rows: is 0");
    is_str(err.path, "x.dcm");
    hl_dicom_fail(d, HL_E_LIMIT, 0, &err, "too much");
    is_str(err.message, "x.dcm: too much");
    is_int(hl_dicom_fail(d, HL_E_LIMIT, 0, NULL, "too much"), HL_E_LIMIT);
    is_str(hl_dicom_name(d), "x.dcm");
    end(&m, &d);
}

/* --- tables
 * -----------------------------------------------------------------------------------------------------
 */

static void the_dictionary_knows_tags_and_keywords(void)
{
    is_str(hl_dicom_entry_of(HL_TAG_Rows)->keyword, "Rows");
    is_str(hl_dicom_entry_of(HL_TAG(0, 0))->keyword, "CommandGroupLength");
    is_str(hl_dicom_entry_of(PIXEL_DATA)->vr, "OB or OW");
    is_str(hl_dicom_entry_of(HL_TAG(0xFFFE, 0xE0DD))->vr, "NONE");
    is_str(hl_dicom_entry_of(HL_TAG(0x6012, 0x3000))->keyword, "OverlayData");
    is_str(hl_dicom_entry_of(HL_TAG(0x0020, 0x3142))->keyword, "SourceImageIDs");
    is_str(hl_dicom_entry_of(HL_TAG(0x7F22, 0x0010))->keyword, "VariablePixelData");
    ok(!hl_dicom_entry_of(HL_TAG(0x6011, 0x3000)));
    ok(!hl_dicom_entry_of(HL_TAG(0x0009, 0x0010)));
    ok(!hl_dicom_entry_of(HL_TAG(0xFFFF, 0xFFFF)));
    is_int(hl_dicom_entry_named("PatientName")->tag, HL_TAG_PatientName);
    is_int(hl_dicom_entry_named("OverlayData")->tag, HL_TAG(0x6000, 0x3000));
    ok(hl_dicom_entry_named("ZoneOfZones") == NULL);
    ok(!hl_dicom_entry_named("") && !hl_dicom_entry_named("rows") && !hl_dicom_entry_named("Row"));
    char text[HL_DICOM_TAG_CHARS];
    is_str(hl_dicom_tag_text(PIXEL_DATA, text), "(7FE0,0010)");
}

static void every_entry_of_the_dictionary_is_found(void)
{
    hl_buf b = {0};
    hl_error err = {0};
    const char *path = shared("dicom/dictionary.tsv");
    if (!path) {
        skip("the dictionary's source is not here");
        return;
    }
    ok(hl_read_file(path, 1 << 24, &b, NULL, &err) == HL_OK);
    int seen = 0;
    for (char *line = strchr(b.at, '\n') + 1, *next; *line; line = next) {
        next = strchr(line, '\n') + 1;
        char tag[9] = "", *field[4] = {line};
        for (int i = 1; i < 4; i++)
            field[i] = strchr(field[i - 1], '\t') + 1;
        memcpy(tag, line, 8);
        for (char *x; (x = strchr(tag, 'x'));)
            *x = '2';
        char *keyword = field[3];
        keyword[strcspn(keyword, "\t")] = 0;
        const hl_dicom_entry *e = hl_dicom_entry_of((uint32_t)strtoul(tag, NULL, 16));
        if (!ok(e != NULL))
            printf("# %s %s\n", tag, keyword);
        ok(!keyword[0] || (hl_dicom_entry_named(keyword) != NULL));
        seen++;
    }
    is_int(seen, 5179);
    hl_buf_free(&b);
}

static void transfer_syntaxes_are_known_by_name(void)
{
    const hl_dicom_syntax *s = hl_dicom_syntax_find(hl_str_of("1.2.840.10008.1.2.4.70"));
    ok(s && s->codec == HL_CODEC_JPEG_LOSSLESS && s->encapsulated && !s->implicit_vr);
    s = hl_dicom_syntax_find(hl_str_of("1.2.840.10008.1.2.4.102"));
    ok(s && s->codec == HL_CODEC_UNSUPPORTED);
    like(s->name, "MPEG-4");
    s = hl_dicom_syntax_find(hl_str_of(DEFLATED));
    ok(s && s->codec == HL_CODEC_NATIVE && s->deflated && !s->encapsulated);
    s = hl_dicom_syntax_find(hl_str_of("1.2.840.10008.1.2.8.1"));
    ok(s && s->codec == HL_CODEC_DEFLATED_FRAME && s->encapsulated);
    ok(!hl_dicom_syntax_find(hl_str_of("1.2.840.10008.1.2.4")));
    ok(!hl_dicom_syntax_find((hl_str){NULL, 0}));
}

int main(void)
{
    run(opening_a_film_reads_its_header_alone);
    run(numbers_are_read_by_their_vr);
    run(text_is_split_and_trimmed);
    run(a_warning_is_kept_once);
    run(messages_name_file_and_tag);
    run(the_dictionary_knows_tags_and_keywords);
    run(every_entry_of_the_dictionary_is_found);
    run(transfer_syntaxes_are_known_by_name);
    return done();
}
