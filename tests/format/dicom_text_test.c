#include "format/dicom/text.h"

#include "tap.h"

static hl_arena *arena;
static hl_error err;
static hl_str *value;
static size_t n;
static unsigned flags;

/* Decode bytes (a literal, so that NUL and what follows count). */
#define TEXT(charset, vr, bytes)                                                                   \
    is_int(                                                                                        \
        (flags = 0, hl_text_values(arena, hl_str_of(charset), vr,                                  \
                                   (hl_str){bytes, sizeof bytes - 1}, &value, &n, &flags, &err)),  \
        HL_OK)

static void is_value(size_t i, const char *want, int line)
{
    tap_check(i < n && hl_str_is(value[i], want), __FILE__, line,
              "value %zu of %zu is '%.*s', not '%s'", i, n, i < n ? (int)value[i].n : 0,
              i < n && value[i].at ? value[i].at : "", want);
}
#define IS(i, want) is_value(i, want, __LINE__)

static void values_are_cut_at_backslashes_and_padding_goes(void)
{
    TEXT("", "LO", "eggs \\ spam\\\\x ");
    is_int(n, 4);
    IS(0, "eggs");
    IS(1, "spam");
    IS(2, "");
    IS(3, "x");
    TEXT("", "UI", "1.2.840\0");
    is_int(n, 1);
    IS(0, "1.2.840");
    TEXT("", "LO", "   ");
    is_int(n, 1);
    IS(0, "");
    TEXT("", "LO", "");
    is_int(n, 0);
    ok(value == NULL);
    TEXT("", "LO", "\\");
    is_int(n, 2);
    is_int(flags, 0);
}

static void no_charset_at_all_is_ascii(void)
{
    is_int(hl_text_values(arena, (hl_str){NULL, 0}, "LO", hl_str_of("a\\b\xe9"), &value, &n, NULL,
                          &err),
           HL_OK);
    is_int(n, 2);
    IS(1, "b\xef\xbf\xbd");
}

static void long_texts_are_one_value_and_keep_their_left_blanks(void)
{
    TEXT("ISO_IR 100", "LT", "  a\\b\r\n ");
    is_int(n, 1);
    IS(0, "  a\\b\r\n");
    TEXT("ISO_IR 100", "ST", " \\ ");
    IS(0, " \\");
    TEXT("ISO_IR 100", "UT", " \xe9\\");
    IS(0, " \xc3\xa9\\");
    TEXT("", "UR", "http://h/a\\b ");
    is_int(n, 1);
    TEXT("", "UC", "a\\b");
    is_int(n, 2);
}

/* One letter of each register, from the tables of ISO 8859 and TIS 620. */
static void every_single_byte_set_is_known_by_both_its_names(void)
{
    static const struct {
        int number;
        const char *bytes, *want;
    } set[] = {
        {100, "\xe9\x80\xff", "\xc3\xa9\xc2\x80\xc3\xbf"},
        {101, "\xb3", "\xc5\x82"},     /* l with stroke */
        {109, "\xa1", "\xc4\xa6"},     /* H with stroke */
        {110, "\xa6", "\xc4\xbb"},     /* L with cedilla */
        {144, "\xbb", "\xd0\x9b"},     /* Cyrillic EL */
        {127, "\xe2", "\xd9\x82"},     /* Arabic QAF */
        {126, "\xc4", "\xce\x94"},     /* Greek DELTA */
        {138, "\xf9", "\xd7\xa9"},     /* Hebrew SHIN */
        {148, "\xfd", "\xc4\xb1"},     /* dotless i */
        {203, "\xa4", "\xe2\x82\xac"}, /* euro */
        {166, "\xa1", "\xe0\xb8\x81"}, /* Thai KO KAI */
        {13, "\xb1", "\xef\xbd\xb1"},  /* half-width katakana A */
    };

    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        char name[40];
        hl_str bytes = hl_str_of(set[i].bytes);
        for (int f = 0; f < 3; f++) {
            const char *head = f == 0 ? "ISO_IR " : f == 1 ? "ISO 2022 IR " : "iso-ir_";
            flags = 0;
            snprintf(name, sizeof name, "%s%d%s", head, set[i].number, f == 1 ? "\\" : " ");
            is_int(hl_text_values(arena, hl_str_of(name), "SH", bytes, &value, &n, &flags, &err),
                   HL_OK);
            IS(0, set[i].want);
            is_int(flags, 0);
        }
    }
}

static void bytes_that_are_none_of_the_set_are_replaced_and_flagged(void)
{
    TEXT("", "LO", "a\xe9z");
    IS(0, "a\xef\xbf\xbdz");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("ISO_IR 6", "LO", "\xe9");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("ISO_IR 13", "LO", "\xa0\xe0");
    IS(0, "\xef\xbf\xbd\xef\xbf\xbd");
    TEXT("ISO_IR 126", "LO", "\xc1\xff\xc2"); /* FF is no Greek letter */
    IS(0, "\xce\x91\xef\xbf\xbd\xce\x92");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("ISO_IR 100", "CS", "\xe9"); /* charset is for text alone */
    IS(0, "\xef\xbf\xbd");
    TEXT("ISO_IR 192", "LO", "\xc3\xa9\xc3\\\xff\xe2\x82");
    is_int(n, 2);
    IS(0, "\xc3\xa9\xef\xbf\xbd");
    IS(1, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("GBK", "LO", "\xcd\xf5\xff\xcd");
    IS(0, "\xe7\x8e\x8b\xef\xbf\xbd\xef\xbf\xbd");
    is_int(flags, HL_TEXT_REPLACED);
}

static void an_unknown_set_is_read_as_latin_1_and_flagged(void)
{
    TEXT("KLINGON", "LO", "\xe9");
    IS(0, "\xc3\xa9");
    is_int(flags, HL_TEXT_UNKNOWN_SET);
    TEXT("ISO_IR 999999999999999999999", "LO", "a");
    IS(0, "a");
    is_int(flags, HL_TEXT_UNKNOWN_SET);
    TEXT("100", "LO", "\xe9");
    is_int(flags, HL_TEXT_UNKNOWN_SET);
    TEXT("ISO_IR 100\\WHAT", "LO", "\xe9");
    IS(0, "\xc3\xa9");
    is_int(flags, HL_TEXT_UNKNOWN_SET);
    TEXT("KLINGON", "CS", "A");
    is_int(flags, 0);
}

/* PS3.5 annexes H, I and J. */
static void the_examples_of_the_standard_are_read(void)
{
    TEXT("\\ISO 2022 IR 87", "PN",
         "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B");
    IS(0, "Yamada^Tarou=\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e="
          "\xe3\x82\x84\xe3\x81\xbe\xe3\x81\xa0^\xe3\x81\x9f\xe3\x82\x8d\xe3\x81\x86");
    is_int(flags, 0);
    TEXT("ISO 2022 IR 13\\ISO 2022 IR 87", "PN",
         "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J");
    IS(0, "\xef\xbe\x94\xef\xbe\x8f\xef\xbe\x80\xef\xbe\x9e^\xef\xbe\x80\xef\xbe\x9b\xef\xbd\xb3="
          "\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e");
    is_int(flags, 0);
    TEXT("\\ISO 2022 IR 149", "PN",
         "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)"
         "C\xb1\xe6\xb5\xbf");
    IS(0,
       "Hong^Gildong=\xe6\xb4\xaa^\xe5\x90\x89\xe6\xb4\x9e=\xed\x99\x8d^\xea\xb8\xb8\xeb\x8f\x99");
    is_int(flags, 0);
    TEXT("\\ISO 2022 IR 58", "PN", "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=");
    IS(0, "Zhang^XiaoDong=\xe5\xbc\xa0^\xe5\xb0\x8f\xe4\xb8\x9c=");
    is_int(flags, 0);
    TEXT("GB18030", "PN", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=");
    IS(0, "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe4\xb8\x9c=");
    TEXT("ISO_IR 192", "PN", "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1= ");
    IS(0, "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=");
    is_int(flags, 0);
}

static void jis_x_0212_and_sets_side_by_side_are_read(void)
{
    /* 0212 30 21 is U+4E02; back to ASCII; then 0208; a blank in between stays one. */
    TEXT("\\ISO 2022 IR 159\\ISO 2022 IR 87", "LO", "\x1b$(D0! 0!\x1b(Bx\x1b$B;3");
    IS(0, "\xe4\xb8\x82 \xe4\xb8\x82x\xe5\xb1\xb1");
    is_int(flags, 0);
    /* Greek in G1 stays through an escape of G0. */
    TEXT("\\ISO 2022 IR 126\\ISO 2022 IR 87", "LO", "\x1b-F\xc4\x1b$B;3\x1b(B\xc4");
    IS(0, "\xce\x94\xe5\xb1\xb1\xce\x94");
    is_int(flags, 0);
    /* More than what one piece of the conversion holds. */
    hl_buf many = {0};
    hl_buf_text(&many, "\x1b$B");
    for (int i = 0; i < 500; i++)
        hl_buf_text(&many, ";3");
    flags = 0;
    is_int(hl_text_values(arena, hl_str_of("\\ISO 2022 IR 87"), "LT", (hl_str){many.at, many.n},
                          &value, &n, &flags, &err),
           HL_OK);
    is_int(value[0].n, 1500);
    is_mem(value[0].at + 1497, "\xe5\xb1\xb1", 3);
    hl_buf_free(&many);
}

static void delimiters_put_back_what_value_1_says(void)
{
    const char *greek = "ISO 2022 IR 144\\ISO 2022 IR 126";

    TEXT(greek, "LO", "\xbb\x1b-F\xc4\\\xbb");
    is_int(n, 2);
    IS(0, "\xd0\x9b\xce\x94");
    IS(1, "\xd0\x9b");
    TEXT(greek, "PN", "\x1b-F\xc4^\xbb=\x1b-F\xc4=\xbb");
    IS(0, "\xce\x94^\xd0\x9b=\xce\x94=\xd0\x9b");
    TEXT(greek, "LO", "\x1b-F\xc4^\xc4=\xc4"); /* delimiters of names alone */
    IS(0, "\xce\x94^\xce\x94=\xce\x94");
    TEXT(greek, "LT", "\x1b-F\xc4\r\n\xbb\x1b-F\xc4\t\xbb\x1b-F\xc4\f\xbb\x1b-F\xc4\\\xc4");
    IS(0, "\xce\x94\r\n\xd0\x9b\xce\x94\t\xd0\x9b\xce\x94\f\xd0\x9b\xce\x94\\\xce\x94");
    is_int(flags, 0);
}

static void a_delimiter_inside_a_pair_is_no_delimiter(void)
{
    /* 3B5C is U+6A2A in JIS X 0208 (0x5C second), 3D5E U+65EC, 5C3B first. */
    TEXT("\\ISO 2022 IR 87", "PN", "\x1b$B;\\=^\\;\x1b(B\\x");
    is_int(n, 2);
    is_int(value[0].n, 9);
    IS(1, "x");
    is_int(flags, 0);
    TEXT("GBK", "LO", "\x81\x5c\\\x81\x5c"); /* U+4E57 twice */
    is_int(n, 2);
    IS(0, "\xe4\xb9\x97");
    IS(1, "\xe4\xb9\x97");
    TEXT("GB18030", "LO", "\x81\x30\x81\x30\\\xfe\x5c");
    is_int(n, 2);
    IS(0, "\xc2\x80");
    is_int(flags, 0);
    /* Writers forget to escape back before a delimiter that pairs with nothing. */
    TEXT("\\ISO 2022 IR 87", "PN", "\x1b$B;3ED^\x1b$BB@O:");
    IS(0, "\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e");
    is_int(flags, 0);
}

static void romaji_has_yen_and_overline_where_ascii_has_not(void)
{
    TEXT("ISO_IR 13", "ST", "5\\ ~");
    IS(0, "5\xc2\xa5 \xe2\x80\xbe");
    TEXT("ISO_IR 13", "SH", "5\\6"); /* still what separates values */
    is_int(n, 2);
    TEXT("\\ISO 2022 IR 13", "ST", "~\x1b(J~\x1b(B~\x1b)I\xb1");
    IS(0, "~\xe2\x80\xbe~\xef\xbd\xb1");
    is_int(flags, 0);
}

static void an_escape_that_is_not_listed_is_followed_and_flagged(void)
{
    TEXT("ISO_IR 100", "LO", "\xe9\x1b-F\xc4");
    IS(0, "\xc3\xa9\xce\x94");
    is_int(flags, HL_TEXT_UNDECLARED);
    TEXT("", "LO", "\x1b$B;3\x1b(B");
    IS(0, "\xe5\xb1\xb1");
    is_int(flags, HL_TEXT_UNDECLARED);
    TEXT("", "LO", "a\x1b(Bz"); /* ASCII is always there */
    IS(0, "az");
    is_int(flags, 0);
}

static void escapes_that_mean_nothing_are_replaced(void)
{
    TEXT("", "LO", "a\x1b(Zz");
    IS(0, "a\xef\xbf\xbdz");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("", "LO", "a\x1b");
    IS(0, "a\xef\xbf\xbd");
    TEXT("", "LO", "a\x1b$(");
    IS(0, "a\xef\xbf\xbd$(");
    TEXT("", "LO", "a\x1bZ");
    IS(0, "a\xef\xbf\xbdZ");
    TEXT("\\ISO 2022 IR 87", "LO", "\x1b$B;"); /* half a pair */
    IS(0, "\xef\xbf\xbd");
    TEXT("\\ISO 2022 IR 87", "LO", "\x1b$B\x7e\x7e"); /* a pair that is no character */
    IS(0, "\xef\xbf\xbd");
    is_int(flags, HL_TEXT_REPLACED);
    TEXT("\\ISO 2022 IR 149", "LO", "\x1b$)C\xb0"); /* half a pair */
    IS(0, "\xef\xbf\xbd");
}

static void a_korean_file_without_escapes_is_read_by_its_only_set(void)
{
    TEXT("ISO 2022 IR 149", "PN", "\xb1\xe8\xc8\xf1\xc1\xdf");
    IS(0, "\xea\xb9\x80\xed\x9d\xac\xec\xa4\x91");
    is_int(flags, 0);
}

static void any_bytes_in_any_set_give_utf_8(void)
{
    static const char *const sets[] = {"",
                                       "ISO_IR 13",
                                       "ISO_IR 192",
                                       "GBK",
                                       "GB18030",
                                       "X",
                                       "\\ISO 2022 IR 87\\ISO 2022 IR 159\\ISO 2022 IR 149"};
    static const char vrs[][3] = {"PN", "LT", "LO", "UI"};
    uint32_t seed = 1;

    for (int round = 0; round < 4000; round++) {
        char bytes[40];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (char)(seed >> 24);
            if ((seed >> 8 & 15) == 0)
                bytes[i] = '\x1b';
            if ((seed >> 8 & 15) == 1 && i > 0 && bytes[i - 1] == '\x1b')
                bytes[i] = '$';
        }
        flags = 0;
        if (hl_text_values(arena, hl_str_of(sets[round % 7]), vrs[round % 4],
                           (hl_str){bytes, sizeof bytes}, &value, &n, &flags, &err) != HL_OK) {
            ok(false);
            break;
        }
        for (size_t i = 0; i < n; i++)
            if (!ok(hl_utf8_fault(value[i].at, value[i].n) < 0))
                return;
        hl_arena_reset(arena);
    }
}

int main(void)
{
    arena = hl_arena_new(0);
    run(values_are_cut_at_backslashes_and_padding_goes);
    run(no_charset_at_all_is_ascii);
    run(long_texts_are_one_value_and_keep_their_left_blanks);
    run(every_single_byte_set_is_known_by_both_its_names);
    run(bytes_that_are_none_of_the_set_are_replaced_and_flagged);
    run(an_unknown_set_is_read_as_latin_1_and_flagged);
    run(the_examples_of_the_standard_are_read);
    run(jis_x_0212_and_sets_side_by_side_are_read);
    run(delimiters_put_back_what_value_1_says);
    run(a_delimiter_inside_a_pair_is_no_delimiter);
    run(romaji_has_yen_and_overline_where_ascii_has_not);
    run(an_escape_that_is_not_listed_is_followed_and_flagged);
    run(escapes_that_mean_nothing_are_replaced);
    run(a_korean_file_without_escapes_is_read_by_its_only_set);
    run(any_bytes_in_any_set_give_utf_8);
    hl_arena_free(&arena);
    return done();
}
