#include "format/wfdb/annotation.h"

#include "base/io.h"
#include "tap.h"

static hl_arena *arena;
static hl_error err;
static hl_annotations a;

static hl_code parse(const void *bytes, size_t n)
{
    hl_arena_reset(arena);
    err = (hl_error){0};
    /* Exactly as long as the file: a sanitizer sees a byte too many. */
    void *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    hl_code c = hl_annotations_parse(arena, copy, n, "r.atr", &a, &err);
    free(copy);
    return c;
}

#define parse_words(...) parse_le((const uint16_t[]){__VA_ARGS__}, sizeof(uint16_t[]){__VA_ARGS__})
static hl_code parse_le(const uint16_t *word, size_t n_bytes)
{
    uint8_t bytes[200];

    for (size_t i = 0; i < n_bytes / 2; i++) {
        bytes[2 * i] = (uint8_t)word[i];
        bytes[2 * i + 1] = (uint8_t)(word[i] >> 8);
    }
    return parse(bytes, n_bytes);
}

#define WORD(type, i) ((type) << 10 | ((i)&1023))
#define SKIP WORD(59, 0)

static void is_annotation(size_t i, int64_t time, int type, int subtype, int chan, int num,
                          const char *aux, size_t n_aux)
{
    if (!ok(i < a.n))
        return;
    const hl_annotation *x = &a.annotation[i];
    is_int(x->time, time);
    is_int(x->type, type);
    is_int(x->subtype, subtype);
    is_int(x->chan, chan);
    is_int(x->num, num);
    is_int(x->aux.n, n_aux);
    if (x->aux.n == n_aux && n_aux)
        is_mem(x->aux.at, aux, n_aux);
}

/* --- MIT, read --- */

static void an_annotation_is_a_word_and_its_modifiers_follow(void)
{
    is_int(parse_words(WORD(1, 18), WORD(5, 1023), WORD(61, 3), WORD(62, 1), WORD(60, -2),
                       WORD(63, 3), 0x4e28, 0x0056, WORD(8, 0), 0),
           HL_OK);
    is_int(a.kind, HL_ANNOTATION_MIT);
    is_int(a.n, 3);
    is_int(a.n_surplus_bytes, 0);
    ok(a.clock_hz == 0 && a.n_definitions == 0);
    is_annotation(0, 18, 1, 0, 0, 0, "", 0);
    is_annotation(1, 1041, 5, 3, 1, -2, "(NV", 3);
    is_annotation(2, 1041, 8, 0, 1, -2, "", 0); /* channel and num stay, the subtype does not */
}

static void skips_have_the_high_word_first_and_may_be_negative(void)
{
    is_int(parse_words(SKIP, 0xffff, 0xfffb, WORD(1, 0), SKIP, 0x7fff, 0xffff, SKIP, 1, 5,
                       WORD(2, 7), WORD(3, 1), 0),
           HL_OK);
    is_int(a.n, 3);
    is_annotation(0, -5, 1, 0, 0, 0, "", 0);
    is_annotation(1, -5 + 0x7fffffffLL + 65541 + 7, 2, 0, 0, 0, "", 0);
    is_annotation(2, -5 + 0x7fffffffLL + 65541 + 8, 3, 0, 0, 0, "", 0);
    /* A skip before a modifier moves the annotation that comes. */
    is_int(parse_words(WORD(1, 1), SKIP, 0, 10, WORD(61, -128), WORD(1, 1), 0), HL_OK);
    is_annotation(0, 1, 1, -128, 0, 0, "", 0);
    is_annotation(1, 12, 1, 0, 0, 0, "", 0);
}

static void modifiers_take_eight_bits_and_the_last_of_a_kind_counts(void)
{
    is_int(parse_words(WORD(1, 1), WORD(62, 0x3ff), WORD(60, 0x80), WORD(61, 0x17f), WORD(61, 5),
                       WORD(63, 1), 0x6161, WORD(63, 2), 0x6362, 0),
           HL_OK);
    is_int(a.n, 1);
    is_annotation(0, 1, 1, 5, 255, -128, "bc", 2);
}

static void texts_keep_their_nuls_and_an_empty_one_is_none(void)
{
    is_int(parse_words(WORD(28, 5), WORD(63, 3), 0x4e28, 0, WORD(22, 0), WORD(63, 0), WORD(1, 1),
                       WORD(63, 1), 0, 0),
           HL_OK);
    is_annotation(0, 5, 28, 0, 0, 0, "(N\0", 3);
    is_annotation(1, 5, 22, 0, 0, 0, "", 0);
    is_annotation(2, 6, 1, 0, 0, 0, "\0", 1);
}

static void null_annotations_count_unless_they_lead(void)
{
    is_int(parse_words(WORD(0, 5), WORD(1, 1), WORD(0, 9), WORD(1, 1), 0), HL_OK);
    is_int(a.n, 3);
    is_annotation(0, 6, 1, 0, 0, 0, "", 0);
    is_annotation(1, 15, 0, 0, 0, 0, "", 0);
    is_int(parse_words(WORD(0, 5), 0), HL_OK);
    is_int(a.n, 0);
    is_int(parse_words(0), HL_OK);
    is_int(a.n, 0);
    is_int(parse_words(WORD(58, 5), WORD(1, 1), 0), HL_OK); /* of nobody, but annotations */
    is_int(a.n, 2);
    is_int(a.annotation[0].type, 58);
}

/* The bytes of annotations with texts: "TYPE TIME TEXT". */
static void put(hl_buf *to, int type, int time, const char *text)
{
    hl_annotation one = {.time = time, .type = type, .aux = hl_str_of(text)};
    hl_annotations file = {.annotation = &one, .n = 1};

    to->n -= to->n ? 2 : 0; /* the end mark before */
    ok(hl_annotations_put(to, &file, &err) == HL_OK);
}

static void the_header_block_is_taken_out(void)
{
    hl_buf b = {0};

    put(&b, 22, 0, "## time resolution: 999.56");
    put(&b, 22, 0, "## annotation type definitions");
    put(&b, 22, 0, "42 Zz custom  type ");
    put(&b, 22, 0, " 43\t Y\tother");
    put(&b, 22, 0, "44 bare");
    put(&b, 22, 0, "45");
    put(&b, 22, 0, "50 X too large");
    put(&b, 22, 0, "-1 X too small");
    put(&b, 22, 0, "x1 X no number");
    put(&b, 22, 0, "42 Zy again");
    put(&b, 22, 0, "## end of definitions");
    put(&b, 0, 0, "");
    put(&b, 22, 0, "# a note at time 0");
    put(&b, 1, 7, "");
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.n, 2);
    ok(a.clock_hz == 999.56);
    is_int(a.n_definitions, 3);
    is_int(a.definition[0].type, 42);
    is_str(a.definition[0].mnemonic, "Zy");
    is_str(a.definition[0].description, "again");
    is_int(a.definition[1].type, 43);
    is_str(a.definition[1].mnemonic, "Y");
    is_str(a.definition[1].description, "other");
    is_str(a.definition[2].mnemonic, "bare");
    is_str(a.definition[2].description, "");
    is_annotation(0, 0, 22, 0, 0, 0, "# a note at time 0", 18);
    hl_buf_clear(&b);
    put(&b, 22, 0, "## time resolution: fast");
    put(&b, 22, 0, "a note that nobody will see");
    put(&b, 22, 1, "## time resolution: 5");
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.n, 1);
    ok(a.clock_hz == 0);
    hl_buf_free(&b);
}

static void what_follows_the_end_mark_is_counted(void)
{
    is_int(parse_words(WORD(1, 1), 0, 0, 5), HL_OK);
    is_int(a.n, 1);
    is_int(a.n_surplus_bytes, 4);
    is_int(parse("\1\4\0\0x", 5), HL_OK);
    is_int(a.n_surplus_bytes, 1);
}

static void cut_files_are_refused_with_what_came_before(void)
{
    static const struct {
        const char *bytes;
        size_t n, n_annotations;
        int64_t offset;
        const char *message;
    } row[] = {
        {"", 0, 0, 0, "r.atr: the file ends without an end mark (byte 0 of 0)"},
        {"\1", 1, 0, 0, "r.atr: the file ends within a word (byte 0 of 1)"},
        {"\1\4", 2, 1, 2, "the file ends without an end mark (byte 2 of 2)"},
        {"\1\4\2\4\0", 5, 2, 4, "the file ends within a word (byte 4 of 5)"},
        {"\1\4\2\4\0\xec\0\0\0", 9, 1, 4, "the file ends within a time (byte 4 of 9)"},
        {"\0\xec\0\0\0", 5, 0, 0, "the file ends within a time (byte 0 of 5)"},
        {"\1\4\2\4\3\xfc"
         "abc",
         9, 1, 4, "the file ends within the text of an annotation (byte 4 of 9)"},
        {"\1\xf4\1\4\0\0", 6, 0, 0, "a modifier without an annotation in front (byte 0 of 6)"},
        {"\0\xec\0\0\1\0\1\xfc", 8, 0, 6, "a modifier without an annotation in front"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        is_int(parse(row[i].bytes, row[i].n), HL_E_INPUT);
        like(err.message, row[i].message);
        is_int(err.offset, row[i].offset);
        is_int(a.n, row[i].n_annotations);
    }
}

/* --- MIT, written --- */

static void is_put(const hl_annotation *x, const void *want, size_t n_want)
{
    static hl_annotation two[2];
    hl_annotations file = {.annotation = two, .n = 2};
    hl_buf b = {0};

    two[0] = x[0];
    two[1] = x[1];
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(b.n, n_want);
    if (b.n == n_want)
        is_mem(b.at, want, n_want);
    hl_buf_free(&b);
}

static void annotations_are_written_as_the_wfdb_library_writes_them(void)
{
    /* time in the word up to 1023, a skip beyond and backwards */
    is_put((hl_annotation[]){{.time = 1023, .type = 1}, {.time = 2047, .type = 2}},
           "\xff\x07\0\xec\0\0\0\4\0\x08\0\0", 12);
    is_put((hl_annotation[]){{.time = 5, .type = 1}, {.time = 4, .type = 1}},
           "\5\4\0\xec\xff\xff\xff\xff\0\4\0\0", 12);
    /* a null annotation never is the end mark */
    is_put((hl_annotation[]){{.time = 0, .type = 0}, {.time = 9, .type = 0}},
           "\0\xec\xff\xff\xff\xff\1\0\0\xec\0\0\x08\0\1\0\0\0", 18);
    /* subtype, channel, num, text in this order, the sticky ones when they change */
    is_put(
        (hl_annotation[]){
            {.time = 1, .type = 1, .subtype = -3, .chan = 2, .num = -1, .aux = {"abc", 3}},
            {.time = 1, .type = 1, .chan = 2, .num = 0}},
        "\1\4\xfd\xf7\2\xf8\xff\xf3\3\xfc"
        "abc\0\0\4\0\xf0\0\0",
        20);
    /* more than 2^31 - 1 ticks take several skips */
    is_put((hl_annotation[]){{.time = 0x80000000, .type = 1}, {.time = 0, .type = 1}},
           "\0\xec\xff\x7f\xff\xff\1\4"
           "\0\xec\0\x80\1\0\0\xec\xff\xff\xff\xff\0\4\0\0",
           24);
}

static void a_first_word_that_would_make_it_an_aha_file_is_avoided(void)
{
    static const int16_t at[][2] = {{20, 0}, {19, 512}, {19, 768}, {21, 256}, {21, 512}, {17, 256}};

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        hl_annotation x = {.time = at[i][1], .type = at[i][0]};
        hl_annotations file = {.annotation = &x, .n = 1};
        hl_buf b = {0};
        is_int(hl_annotations_put(&b, &file, &err), HL_OK);
        is_int(b.n, 10);
        is_int(parse(b.at, b.n), HL_OK);
        is_int(a.kind, HL_ANNOTATION_MIT);
        is_annotation(0, at[i][1], at[i][0], 0, 0, 0, "", 0);
        hl_buf_free(&b);
    }
    is_put((hl_annotation[]){{.time = 511, .type = 19}, {.time = 1023, .type = 19}},
           "\xff\x4d\0\x4e\0\0", 6);
}

static void the_header_block_is_written_with_a_null_annotation_behind(void)
{
    static const hl_annotation_definition d[] = {{42, "Zz", "custom type"}, {43, "Y", NULL}};
    static const char want[] = "\0X\x17\xfc## time resolution: 250\0\0\xec\xff\xff\xff\xff\1\0\0";
    hl_annotations file = {.clock_hz = 250};
    hl_buf b = {0};

    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(b.n, sizeof want);
    is_mem(b.at, want, sizeof want);
    file = (hl_annotations){.clock_hz = 1.0 / 3,
                            .definition = (hl_annotation_definition *)(uintptr_t)d,
                            .n_definitions = 2};
    hl_buf_clear(&b);
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.n, 0);
    ok(a.clock_hz == 0.333333333333);
    is_int(a.n_definitions, 2);
    is_str(a.definition[0].description, "custom type");
    is_str(a.definition[1].description, "");
    /* a text that would be too long is cut */
    char longer[300];
    memset(longer, 'x', sizeof longer);
    longer[299] = 0;
    file.definition = &(hl_annotation_definition){1, "N", longer};
    file.n_definitions = 1;
    hl_buf_clear(&b);
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(parse(b.at, b.n), HL_OK);
    is_int(strlen(a.definition[0].description), 251);
    file.definition = &(hl_annotation_definition){1, "a b", ""};
    is_int(hl_annotations_put(&b, &file, &err), HL_E_INPUT);
    like(err.message, "annotation type 1 cannot be defined so");
    hl_buf_free(&b);
}

static void what_does_not_fit_is_refused(void)
{
    static const struct {
        hl_annotation x;
        const char *message;
    } row[] = {
        {{.type = 50}, "annotation at 0: type 50 is not within 0 to 49"},
        {{.type = -1}, "type -1 is not within"},
        {{.type = 1, .subtype = 128}, "subtype 128 is not within -128 to 127"},
        {{.type = 1, .subtype = -129}, "subtype -129"},
        {{.type = 1, .chan = 256}, "channel 256 is not within 0 to 255"},
        {{.type = 1, .chan = -1}, "channel -1"},
        {{.type = 1, .num = 128}, "num 128"},
        {{.type = 1, .num = -129}, "num -129"},
        {{.type = 1, .aux = {"", 256}}, "a text of 256 bytes; at most 255 can be stored"},
        {{.time = INT64_MAX, .type = 1}, "annotation at 9223372036854775807: too far from"},
        {{.time = INT64_MIN, .type = 1}, "too far from the one before, at 0"},
        {{.time = INT64_C(1) << 52, .type = 1}, "too far from"},
    };
    hl_buf b = {0};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        hl_annotation x = row[i].x;
        hl_annotations file = {.annotation = &x, .n = 1};
        is_int(hl_annotations_put(&b, &file, &err), HL_E_INPUT);
        like(err.message, row[i].message);
    }
    hl_annotation far = {.time = INT64_MIN / 2, .type = 1}, x = {.time = INT32_MAX + INT64_C(1)};
    hl_annotations file = {.kind = HL_ANNOTATION_AHA, .annotation = &x, .n = 1};
    is_int(hl_annotations_put(&b, &file, &err), HL_E_INPUT);
    like(err.message, "annotation at 2147483648: the time 2147483648 is not within -2147483648 to");
    file = (hl_annotations){.annotation = &far, .n = 1};
    is_int(hl_annotations_put(&b, &file, &err), HL_E_INPUT);
    hl_buf_free(&b);
}

static void what_was_written_reads_back_equal(void)
{
    enum { N = 3000 };
    static hl_annotation x[N];
    static char text[256];
    hl_annotations file = {.annotation = x, .n = N};
    hl_buf b = {0};
    uint32_t r = 1;
    int64_t time = 1;

    for (int i = 0; i < 256; i++)
        text[i] = (char)(i * 7);
    for (int i = 0; i < N; i++) {
        static const int64_t step[] = {0,
                                       1,
                                       1023,
                                       1024,
                                       -1,
                                       -1024,
                                       1 << 30,
                                       INT64_C(5) << 31,
                                       -(INT64_C(7) << 31),
                                       0x7fffffff,
                                       -0x7fffffff,
                                       -0x80000000LL};
        r = r * 1664525 + 1013904223;
        time += step[(r >> 8) % 12];
        x[i] = (hl_annotation){.time = time,
                               .type = (int32_t)(r >> 12) % 50,
                               .subtype = r >> 31 ? (int8_t)(r >> 20) : 0,
                               .chan = r >> 30 ? 0 : (uint8_t)(r >> 9),
                               .num = r >> 29 ? 3 : (int8_t)(r >> 7),
                               .aux = {text, r >> 30 ? 0 : (r >> 13) % 256}};
        x[i].type += i == 0 && x[i].type == 0;
    }
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.n, N);
    for (size_t i = 0; i < a.n && i < N; i++)
        is_annotation(i, x[i].time, x[i].type, x[i].subtype, x[i].chan, x[i].num, text, x[i].aux.n);
    hl_buf_free(&b);
}

/* --- AHA --- */

static void aha_files_are_records_of_sixteen_bytes(void)
{
    static const char codes[] = "NVFEPQOR[]UXU";
    static const int types[] = {1, 5, 6, 10, 12, 13, 22, 41, 32, 33, 14, 0, 14};
    hl_buf b = {0}, again = {0};

    for (int i = 0; codes[i]; i++) {
        hl_buf_append(&b, (const char[]){0, codes[i], 1, 0, 5, (char)i, (char)(i + 1), 0}, 8);
        hl_buf_append(&b, (const char[]){i == 12 ? 7 : 0, (char)(i + 20)}, 2);
        hl_buf_append(&b, i == 3 ? "(N\0ab" : "\0\0\0\0\0", 6);
    }
    hl_buf_append(&b, "\xff\xff\xff\xff", 4);
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.kind, HL_ANNOTATION_AHA);
    is_int(a.n, 13);
    is_int(a.n_surplus_bytes, 0);
    for (size_t i = 0; i < a.n && i < 13; i++)
        is_annotation(i, 65541 + 256 * (int)i, types[i],
                      i == 10   ? -1
                      : i == 12 ? 7
                                : 0,
                      (int)i + 20, 0, "(N\0ab\0", i == 3 ? 6 : 0);
    is_int(hl_annotations_put(&again, &a, &err), HL_OK);
    is_int(again.n, 1024);
    is_mem(again.at, b.at, 8); /* X, which is none, is written as a note, U with a subtype also */
    is_int(again.at[11 * 16 + 1], 'O');
    is_int(again.at[12 * 16 + 1], 'O');
    is_int(again.at[10 * 16 + 1], 'U');
    is_int((unsigned char)again.at[13 * 16], 0xff);
    hl_buf_append(&b, "x\xff", 2);
    is_int(parse(b.at, b.n), HL_OK);
    is_int(a.n_surplus_bytes, 5);
    is_int(parse(b.at, 13 * 16), HL_E_INPUT);
    like(err.message, "the file ends without an end mark (byte 208 of 208)");
    is_int(a.n, 13);
    is_int(parse(b.at, 13 * 16 - 1), HL_E_INPUT);
    like(err.message, "the file ends within an annotation (byte 192 of 207)");
    is_int(a.n, 12);
    hl_buf_free(&b);
    hl_buf_free(&again);
}

static void full_aha_blocks_get_another_one_with_the_end_mark(void)
{
    static hl_annotation x[64];
    hl_annotations file = {.kind = HL_ANNOTATION_AHA, .annotation = x, .n = 64};
    hl_buf b = {0};

    for (int i = 0; i < 64; i++)
        x[i].type = 1;
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(b.n, 2048);
    hl_buf_clear(&b);
    file.n = 0;
    is_int(hl_annotations_put(&b, &file, &err), HL_OK);
    is_int(b.n, 1024);
    hl_buf_free(&b);
}

/* --- types --- */

static void types_have_names_classes_and_aha_codes(void)
{
    is_str(hl_annotation_type_of(0)->mnemonic, "");
    is_str(hl_annotation_type_of(15)->mnemonic, "[15]");
    is_str(hl_annotation_type_of(22)->mnemonic, "\"");
    is_str(hl_annotation_type_of(49)->mnemonic, "[49]");
    ok(!hl_annotation_type_of(50) && !hl_annotation_type_of(-1));
    is_int(hl_annotation_type_find(hl_str_of("N")), 1);
    is_int(hl_annotation_type_find(hl_str_of("n")), 35);
    is_int(hl_annotation_type_find(hl_str_of("[42]")), 42);
    is_int(hl_annotation_type_find(hl_str_of("NN")), -1);
    for (int i = 0; i < 50; i++)
        is_int(hl_annotation_type_of(i)->type, i);
}

static void the_table_of_types_is_that_of_the_wfdb_library(void)
{
    const char *path = shared("wfdb/golden/annotation_types.tsv");
    hl_buf text = {0};
    int rows = 0;

    if (!path) {
        skip("no reference data");
        return;
    }
    ok(hl_read_file(path, 1 << 20, &text, NULL, &err) == HL_OK);
    /* behind the names of the columns and type 0, whose mnemonic is a blank there */
    for (char *line = strstr(text.at, "\n1\t") + 1, *next; line && *line; line = next) {
        char mnemonic[20] = "", description[100] = "", aha;
        int type, qrs;
        if ((next = strchr(line, '\n')))
            *next++ = 0;
        ok(sscanf(line, "%d\t%19[^\t]\t%d\t%*d\t%c\t%99[^\t]", &type, mnemonic, &qrs, &aha,
                  description) >= 4);
        const hl_annotation_type *t = hl_annotation_type_of(type);
        is_str(t->mnemonic, mnemonic);
        is_int(t->is_qrs, qrs);
        is_int(t->aha, aha);
        is_str(t->description, description);
        rows++;
    }
    is_int(rows, 49);
    hl_buf_free(&text);
}

/* --- files of others --- */

static const struct {
    const char *file;
    double hz;       /* frames of its record, where the file has a clock of its own */
    const char *why; /* it is not written with the same bytes */
} files[] = {
    {"ann/1003.atr", 0, NULL},
    {"ann/12726.anI", 0, "channel -1 in ten bits, as old writers had it; we have eight"},
    {"ann/12726.wabp", 0, "a definition without the marks of a header block"},
    {"ann/huge.qrs", 0, NULL},
    {"mixed/100.atr", 0, NULL},
    {"mixed/100.qrs", 0, "a note at time 0 in front, which is taken for a header"},
    {"mixed/100s.atr", 0, NULL},
    {"mixed/100s.aha", 0, NULL},
    {"mixed/100s.stress", 360, NULL},
    {"mixed/03700181.gqrsh", 125, NULL},
    {"mixed/03700181.gqrsl", 0, "a note at time 0 in front, which is taken for a header"},
    {"mixed/03700181.sqrs", 125, NULL},
    {"mixed/mixedsignals.fa", 0, NULL},
    {"mixed/mixedsignals.fb", 62.4725, NULL},
    {"mixed/test01_00s_frame.fa", 0, NULL},
};
enum { N_FILES = sizeof files / sizeof *files };

static bool load(const char *name, hl_buf *out)
{
    const char *path = shared(name);

    hl_buf_clear(out);
    return path && hl_read_file(path, 1 << 24, out, NULL, &err) == HL_OK;
}

static void files_are_written_again_to_the_byte(void)
{
    hl_buf file = {0}, again = {0};

    if (!shared("wfdb/records/ann")) {
        skip("no reference data");
        return;
    }
    for (int i = 0; i < N_FILES; i++) {
        char name[200];
        snprintf(name, sizeof name, "wfdb/records/%s", files[i].file);
        ok(load(name, &file));
        is_int(parse(file.at, file.n), HL_OK);
        is_int(a.n_surplus_bytes, 0);
        hl_buf_clear(&again);
        is_int(hl_annotations_put(&again, &a, &err), HL_OK);
        bool equal = again.n == file.n && memcmp(again.at, file.at, file.n) == 0;
        tap_check(equal == !files[i].why, __FILE__, __LINE__, "%s: %s", files[i].file,
                  equal ? "the same bytes" : "other bytes");
        size_t n = a.n;
        is_int(parse(again.at, again.n), HL_OK);
        is_int(a.n, n);
    }
    hl_buf_free(&file);
    hl_buf_free(&again);
}

/* The beats, alarms and quality notes that the public converter wrote for made monitor exports. */
static void annotations_of_monitor_exports_are_written_again_to_the_byte(void)
{
    static const char *const record[] = {"81000103", "83000101", "85000102"};
    static const char *const kind[] = {"beat", "alarm", "wq"};
    hl_buf file = {0}, again = {0};

    if (!shared("wfdb/export/golden")) {
        skip("no reference data");
        return;
    }
    for (int i = 0; i < 9; i++) {
        char name[200];
        snprintf(name, sizeof name, "wfdb/export/golden/%s/waves.%s", record[i / 3], kind[i % 3]);
        ok(load(name, &file));
        is_int(parse(file.at, file.n), HL_OK);
        ok(a.clock_hz == 1000);
        hl_buf_clear(&again);
        is_int(hl_annotations_put(&again, &a, &err), HL_OK);
        is_int(again.n, file.n);
        is_mem(again.at, file.at, again.n < file.n ? again.n : file.n);
    }
    hl_buf_free(&file);
    hl_buf_free(&again);
}

static void load_gz(const char *path, hl_buf *out)
{
    hl_stream *in = NULL;
    char *at;
    size_t n;

    hl_buf_clear(out);
    ok(hl_stream_open(path, HL_STREAM_PLAIN, NULL, &in, &err) == HL_OK);
    while (in && hl_stream_next(in, &at, &n, &err) == HL_OK)
        hl_buf_append(out, at, n);
    hl_stream_close(&in);
}

/* In frames, as the library rounds. */
static int64_t in_frames(const hl_annotation *x, double hz)
{
    return a.clock_hz > 0 ? (int64_t)round((double)x->time * (hz / a.clock_hz)) : x->time;
}

static const char *mnemonic_of(int32_t type)
{
    for (size_t i = 0; i < a.n_definitions; i++)
        if (a.definition[i].type == type)
            return a.definition[i].mnemonic;
    return hl_annotation_type_of(type)->mnemonic;
}

/* A line of rdann: time, sample, type, subtype, channel, num, and a tab and the text if any. */
static void line_is(const char *line, const hl_annotation *x, double hz)
{
    char want[600];
    const char *p = line + strspn(line, " ");

    p = *p == '[' ? strchr(p, ']') + 1 : p + strcspn(p, " ");
    snprintf(want, sizeof want, "  %7lld%6s%5d%5d%5d%s%.*s", (long long)in_frames(x, hz),
             mnemonic_of(x->type), (int)x->subtype, (int)x->chan, (int)x->num, x->aux.n ? "\t" : "",
             (int)x->aux.n, x->aux.n ? x->aux.at : "");
    is_str(p, want);
}

static void annotations_equal_those_of_the_wfdb_library(void)
{
    hl_buf file = {0}, text = {0};
    int compared = 0;

    if (!shared("wfdb/golden")) {
        skip("no reference data");
        return;
    }
    for (int i = 0; i < N_FILES; i++) {
        char name[200];
        snprintf(name, sizeof name, "wfdb/records/%s", files[i].file);
        ok(load(name, &file));
        is_int(parse(file.at, file.n), HL_OK);
        const char *slash = strchr(files[i].file, '/');
        snprintf(name, sizeof name, "wfdb/golden/%.*s__%s.rdann.txt.gz",
                 (int)(slash - files[i].file), files[i].file, slash + 1);
        if (!shared(name))
            continue;
        load_gz(shared(name), &text);
        size_t at = 0;
        for (char *line = text.at, *next; *line; line = next) {
            next = strchr(line, '\n');
            *next++ = 0;
            if (strncmp(line, "--stderr--", 10) == 0)
                break;
            if (strcmp(line, "... omitted ...") == 0) {
                at = a.n;
                for (const char *p = next; (p = strchr(p, '\n')); p++)
                    at--;
                continue;
            }
            if (!ok(at < a.n))
                break;
            line_is(line, &a.annotation[at++], files[i].hz);
            compared++;
        }
        is_int(at, a.n);
    }
    printf("# %d annotations\n", compared);
    ok(compared > 10000);
    hl_buf_free(&file);
    hl_buf_free(&text);
}

static void times_go_beyond_32_bits(void)
{
    hl_buf file = {0};

    if (!shared("wfdb/records/ann")) {
        skip("no reference data");
        return;
    }
    ok(load("wfdb/records/ann/huge.qrs", &file));
    is_int(parse(file.at, file.n), HL_OK);
    is_int(a.n, 1);
    is_annotation(0, 10000000000, 1, 0, 0, 0, "", 0);
    hl_buf_free(&file);
}

/* A small file of everything, cut at every byte. */
static void a_file_cut_anywhere_is_refused(void)
{
    hl_buf b = {0};

    put(&b, 22, 0, "## time resolution: 250");
    put(&b, 0, 0, "");
    put(&b, 1, 5000, "text");
    put(&b, 5, 5001, "x");
    for (size_t n = 0; n < b.n; n++) {
        is_int(parse(b.at, n), HL_E_INPUT);
        ok(*err.message != 0 && err.offset <= (int64_t)n);
    }
    is_int(parse(b.at, b.n), HL_OK);
    hl_buf_free(&b);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(an_annotation_is_a_word_and_its_modifiers_follow);
    run(skips_have_the_high_word_first_and_may_be_negative);
    run(modifiers_take_eight_bits_and_the_last_of_a_kind_counts);
    run(texts_keep_their_nuls_and_an_empty_one_is_none);
    run(null_annotations_count_unless_they_lead);
    run(the_header_block_is_taken_out);
    run(what_follows_the_end_mark_is_counted);
    run(cut_files_are_refused_with_what_came_before);
    run(annotations_are_written_as_the_wfdb_library_writes_them);
    run(a_first_word_that_would_make_it_an_aha_file_is_avoided);
    run(the_header_block_is_written_with_a_null_annotation_behind);
    run(what_does_not_fit_is_refused);
    run(what_was_written_reads_back_equal);
    run(aha_files_are_records_of_sixteen_bytes);
    run(full_aha_blocks_get_another_one_with_the_end_mark);
    run(types_have_names_classes_and_aha_codes);
    run(the_table_of_types_is_that_of_the_wfdb_library);
    run(files_are_written_again_to_the_byte);
    run(annotations_of_monitor_exports_are_written_again_to_the_byte);
    run(annotations_equal_those_of_the_wfdb_library);
    run(times_go_beyond_32_bits);
    run(a_file_cut_anywhere_is_refused);
    hl_arena_free(&arena);
    return done();
}
