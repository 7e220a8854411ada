#include "monitor/message.h"

#include "base/rng.h"
#include "tap.h"

static hl_stamp parse(const char *text)
{
    hl_stamp t = {0};
    /* A copy without a NUL behind it: a sanitizer sees the first byte read too many. */
    size_t n = strlen(text);
    char *copy = malloc(n ? n : 1);
    if (n)
        memcpy(copy, text, n);
    bool good = hl_stamp_parse((hl_str){copy, n}, &t);
    ok(good == t.has);
    free(copy);
    return t;
}

static void every_form_of_a_stamp_is_read(void)
{
    static const struct {
        const char *text;
        int64_t us;
        int32_t zone;
    } cases[] = {
        {"1970-01-01 00:00:00.000 +00:00", 0, 0},
        {"1970-01-01 00:00:00.001 -00:00", 1000, 0},
        {"1970-01-01 00:00:00+00:00", 0, 0},
        {"1970-01-01 00:00:00 +00:00", 0, 0},
        {"1969-12-31 19:00:00.000 -05:00", 0, -300},
        {"1970-01-01 05:45:00.000 +05:45", 0, 345},
        {"1970-01-01 00:00:00.123456+00:00", 123456, 0},
        {"1970-01-01 00:00:00.5 +00:00", 500000, 0},
        {"1970-01-01 00:00:00.1234564 +00:00", 123456, 0},
        {"1970-01-01 00:00:00.1234565999999999999999 +00:00", 123457, 0},
        {"1970-01-01 00:00:00.9999999 +00:00", 1000000, 0},
        {"1969-12-31 23:59:59.999 +00:00", -1000, 0},
        {"2149-03-07 03:00:12.345 -05:00", INT64_C(5654390412345000), -300},
        {"2000-02-29 12:00:00.000 +00:00", INT64_C(951825600000000), 0},
        {"2400-02-29 00:00:00.000 +00:00", INT64_C(13574563200000000), 0},
        {"0001-01-01 00:00:00.000 +00:00", INT64_C(-62135596800000000), 0},
        {"9999-12-31 23:59:59.999 -23:59", INT64_C(253402387139999000), -1439},
        /* A leap second lies in the last millisecond of the second before it. */
        {"1970-01-01 00:00:60.000 +00:00", 59999000, 0},
        {"1970-01-01 00:00:60.500 +00:00", 59999500, 0},
        {"1970-01-01 00:00:60.9999999 +00:00", 59999999, 0},
        {"1970-01-01 00:00:60 +00:00", 59999000, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_stamp t = parse(cases[i].text);
        tap_check(t.has && t.us == cases[i].us && t.zone_min == cases[i].zone, __FILE__, __LINE__,
                  "%s gives %d %" PRId64 " %d", cases[i].text, t.has, t.us, t.zone_min);
    }
}

static void what_is_no_stamp_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "2149",
        "2149-03-07",
        "2149-03-07 03:00:12.345",
        "2149-03-07 03:00:12.345 -05:0",
        "2149-03-07 03:00:12.345 -05:000",
        "2149-03-07 03:00:12.345  -05:00",
        "2149-03-07 03:00:12.345 05:00",
        "2149-03-07 03:00:12.345 -0500",
        "2149-03-07 03:00:12.345 -5:00",
        "2149-03-07 03:00:12.345 -05:60",
        "2149-03-07 03:00:12.345 -24:00",
        "2149-03-07 03:00:12. -05:00",
        "2149-03-07 03:00:12,345 -05:00",
        "2149-03-07T03:00:12.345 -05:00",
        "2149-03-07 24:00:00.000 -05:00",
        "2149-03-07 23:60:00.000 -05:00",
        "2149-03-07 23:00:61.000 -05:00",
        "2149-02-29 00:00:00.000 -05:00",
        "2100-02-29 00:00:00.000 -05:00",
        "2149-13-01 00:00:00.000 -05:00",
        "2149-00-01 00:00:00.000 -05:00",
        "2149-01-00 00:00:00.000 -05:00",
        "2149-04-31 00:00:00.000 -05:00",
        "0000-01-01 00:00:00.000 +00:00",
        "21490-3-07 03:00:12.345 -05:00",
        "2149-3-007 03:00:12.345 -05:00",
        "+149-03-07 03:00:12.345 -05:00",
        "2149-03-07 03:00:12.345 -05:00 ",
        " 2149-03-07 03:00:12.345 -05:00",
        "2149-03-07 03:00:12.345 -05:00\n",
        "2149-03-07 03:00:-1.345 -05:00",
        "NULL",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_check(!parse(bad[i]).has, __FILE__, __LINE__, "taken: '%s'", bad[i]);
}

static void a_stamp_is_printed_in_its_zone(void)
{
    char text[HL_STAMP_CHARS];
    is_int(hl_stamp_print(INT64_C(5654390412345678), -300, text), 30);
    is_str(text, "2149-03-07 03:00:12.345 -05:00");
    hl_stamp_print(-1, 345, text);
    is_str(text, "1970-01-01 05:44:59.999 +05:45");
    hl_stamp_print(0, -30, text);
    is_str(text, "1969-12-31 23:30:00.000 -00:30");
    hl_stamp_print(INT64_MAX, INT32_MAX, text); /* out of all calendars: some text, no more */
    ok(strlen(text) < HL_STAMP_CHARS);
    hl_stamp_print(INT64_MIN, INT32_MIN + 1, text);
    ok(strlen(text) < HL_STAMP_CHARS);
}

static void printed_and_read_again_a_stamp_is_the_same(void)
{
    hl_rng rng = hl_rng_of(7, "stamp", 0);
    char text[HL_STAMP_CHARS];
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)hl_rng_below(&rng, UINT64_C(8000) * 365 * 86400 * 1000) -
                     INT64_C(1900) * 365 * 86400 * 1000;
        int32_t zone = (int32_t)hl_rng_below(&rng, 2 * 1439 + 1) - 1439;
        size_t n = hl_stamp_print(ms * 1000, zone, text);
        hl_stamp t = {0};
        bool same =
            hl_stamp_parse((hl_str){text, n}, &t) && t.us == ms * 1000 && t.zone_min == zone;
        if (!tap_check(same, __FILE__, __LINE__, "%s", text))
            break;
    }
}

static void a_uuid_is_read_in_any_case_and_written_small(void)
{
    hl_uuid id;
    char text[HL_UUID_CHARS];
    ok(hl_uuid_parse(hl_str_of("D23F0824-128b-2F33-0c5C-7FD0A6A3A450"), &id));
    is_mem(id.byte, "\xd2\x3f\x08\x24\x12\x8b\x2f\x33\x0c\x5c\x7f\xd0\xa6\xa3\xa4\x50", 16);
    hl_uuid_print(id, text);
    is_str(text, "d23f0824-128b-2f33-0c5c-7fd0a6a3a450");
    static const char *const bad[] = {
        "",
        "D23F0824-128B-2F33-0C5C-7FD0A6A3A45",
        "D23F0824-128B-2F33-0C5C-7FD0A6A3A4500",
        "D23F0824-128B-2F33-0C5C7-FD0A6A3A450",
        "D23F0824-128B-2F33-0C5C-7FD0A6A3A45G",
        "D23F0824-128B-2F33-0C5C-7FD0A6A3A4 0",
        "D23F0824 128B-2F33-0C5C-7FD0A6A3A450",
        "{23F0824-128B-2F33-0C5C-7FD0A6A3A45}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!hl_uuid_parse(hl_str_of(bad[i]), &id));
}

int main(void)
{
    run(every_form_of_a_stamp_is_read);
    run(what_is_no_stamp_is_refused);
    run(a_stamp_is_printed_in_its_zone);
    run(printed_and_read_again_a_stamp_is_the_same);
    run(a_uuid_is_read_in_any_case_and_written_small);
    return done();
}
