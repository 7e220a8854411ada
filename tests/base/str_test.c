#include "base/str.h"

#include "tap.h"

#define S(text) ((hl_str){text, sizeof(text) - 1})

static void heads_and_tails_are_found(void)
{
    ok(hl_str_starts(S("abc"), "ab"));
    ok(hl_str_starts(S("abc"), ""));
    ok(!hl_str_starts(S("a"), "ab"));
    ok(hl_str_ends(S("x.gz"), ".gz"));
    ok(!hl_str_ends(S("gz"), ".gz"));
    ok(hl_str_ends((hl_str){NULL, 0}, ""));
    ok(hl_str_is((hl_str){NULL, 0}, ""));
}

static void trim_takes_blanks_and_tabs_only(void)
{
    ok(hl_str_is(hl_str_trim(S(" \t a b\t ")), "a b"));
    ok(hl_str_is(hl_str_trim(S(" \t ")), ""));
    ok(hl_str_is(hl_str_trim(S("\n a")), "\n a"));
}

static void order_is_by_bytes_and_prefix_first(void)
{
    ok(hl_str_compare(S("a"), S("b")) < 0);
    ok(hl_str_compare(S("ab"), S("a")) > 0);
    ok(hl_str_compare(S("a"), S("\xC3\xA4")) < 0);
    ok(hl_str_compare(S("a\0b"), S("a\0c")) < 0);
    is_int(hl_str_compare(S(""), (hl_str){NULL, 0}), 0);
}

static void ill_formed_utf8_is_found_where_it_is(void)
{
    static const struct {
        const char *text;
        int64_t at;
    } table[] = {
        {"", -1},
        {"plain", -1},
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", -1},
        {"\x7F", -1},
        {"a\x80", 1},             /* a lone continuation */
        {"a\xC3", 1},             /* cut */
        {"ab\xE2\x82", 2},        /* cut */
        {"\xF0\x9F\x98", 0},      /* cut */
        {"\xC0\xAF", 0},          /* overlong */
        {"\xC1\xBF", 0},          /* overlong */
        {"\xE0\x9F\xBF", 0},      /* overlong */
        {"\xE0\xA0\x80", -1},     /* U+0800 */
        {"\xF0\x8F\xBF\xBF", 0},  /* overlong */
        {"\xF0\x90\x80\x80", -1}, /* U+10000 */
        {"\xED\x9F\xBF", -1},     /* U+D7FF */
        {"\xED\xA0\x80", 0},      /* a surrogate */
        {"\xF4\x8F\xBF\xBF", -1}, /* U+10FFFF */
        {"\xF4\x90\x80\x80", 0},  /* above */
        {"\xF5\x80\x80\x80", 0},  /* above */
        {"\xFF", 0},
        {"\xC3\xA4\xC3(", 2},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        is_int(hl_utf8_fault(table[i].text, strlen(table[i].text)), table[i].at);
}

static void a_fault_is_found_at_every_distance(void)
{
    char text[200];
    for (size_t n = 1; n <= sizeof text; n++)
        for (size_t at = 0; at < n; at++) {
            memset(text, 'a', n);
            text[at] = (char)0xE9; /* Latin-1 e with acute */
            if (!ok(hl_utf8_fault(text, n) == (int64_t)at))
                return;
            if (at + 1 < n) {
                text[at] = (char)0xC3;
                text[at + 1] = (char)0xA9;
                if (!ok(hl_utf8_fault(text, n) == -1))
                    return;
            }
        }
}

static void shown_text_has_no_control_bytes(void)
{
    char out[HL_SHOW_BYTES];
    is_str(hl_show(S("plain \xC3\xA4"), out), "plain \xC3\xA4");
    is_str(hl_show(S("a\nb\x1b[1m\x7f"), out), "a\\x0ab\\x1b[1m\\x7f");
    is_str(hl_show(S("\xC2\x9B"
                     "2J"),
                   out),
           "\\xc2\\x9b2J");
    is_str(hl_show(S("a\0b"), out), "a\\x00b");
    is_str(hl_show(S("x\xE9y\xC3"), out), "x\\xe9y\\xc3");
    is_str(hl_show((hl_str){NULL, 0}, out), "");
}

static void shown_text_is_cut_at_sixty_bytes(void)
{
    char text[100], out[HL_SHOW_BYTES], want[64] = {0};
    memset(text, 'a', sizeof text);
    memset(want, 'a', 60);
    is_str(hl_show((hl_str){text, 60}, out), want);
    memcpy(want + 60, "...", 4);
    is_str(hl_show((hl_str){text, 61}, out), want);
    memcpy(text + 59, "\xE2\x82\xAC", 3);
    want[59] = 0;
    hl_show((hl_str){text, 62}, out);
    is_int(strlen(out), 62);
    like(out, want);
    like(out, "a...");
    memset(text, 1, sizeof text);
    is_int(strlen(hl_show((hl_str){text, 100}, out)), 243);
}

int main(void)
{
    run(heads_and_tails_are_found);
    run(trim_takes_blanks_and_tabs_only);
    run(order_is_by_bytes_and_prefix_first);
    run(ill_formed_utf8_is_found_where_it_is);
    run(a_fault_is_found_at_every_distance);
    run(shown_text_has_no_control_bytes);
    run(shown_text_is_cut_at_sixty_bytes);
    return done();
}
