#include "data_room/csv_plain.h"

/* --- borders --------------------------------------------------------------------------------- */

/* Records that are hard to cut: a border in front of each of their bytes, of 64 B, 16 KiB and 1
 * MiB. */
static const char hard[] = "1,\"a,\n\"\"b\"\"\r\n\",\xE2\x82\xAC\r\n\r\n\"\",5\"6,\"\"\"\"\n\n7,"
                           "8\r,9\r\n\"\xF0\x9F\x98\x80"
                           "\n\",\"\",\"x\"\n";

static void check_border(size_t border, const char *tail)
{
    size_t n_hard = sizeof hard - 1;
    char *text = malloc(border + 2 * n_hard + 100);

    for (size_t cut = 0; cut <= n_hard; cut++) {
        size_t n = 0, fill = border - cut;
        memcpy(text, "a,b,c\n", 6);
        n = 6;
        while (n < fill) { /* lines of 4000 bytes, the last one as long as is left */
            size_t left = fill - n, k = left < 8000 ? left : 4000;
            memset(text + n, '5', k);
            if (k < 6)
                memset(text + n, '\n', k);
            else
                memcpy(text + n, ",,", 2), text[n + k - 1] = '\n';
            n += k;
        }
        memcpy(text + n, hard, n_hard);
        n += n_hard;
        memcpy(text + n, tail, strlen(tail));
        check_text(text, n + strlen(tail));
    }
    free(text);
}

static void a_border_may_fall_anywhere(void)
{
    check_border(256, "1,2,3\n");
    check_border(16384, "1,2,3\n");
    check_border(16384, "");
    check_border(16384, "1,2,\xE2\x82");
    check_border(16384, "1,\"2,3");
    check_border(32768, "1,2,3,4\n");
}

static void a_border_between_blocks_may_fall_anywhere(void)
{
    check_border(1 << 20, "1,2,3\n4,5,6");
}

static void random_text_is_read_as_by_the_simplest_code(void)
{
    static const char *const piece[] = {",",    ",",  ",", "\n", "\n",       "\"",   "\"",  "\"\"",
                                        "\r\n", "\r", "a", "12", "\xC3\xA9", "xyzw", ",\"", "\","};
    uint64_t state = 11;
    char text[3000];

    for (int i = 0; i < 60000; i++) {
        size_t n = 0;
        unsigned columns = 1 + (unsigned)step(&state) % 4, want = (unsigned)step(&state) % 60;
        for (unsigned k = 0; k < columns; k++)
            n += (size_t)snprintf(text + n, 8, "%sc%u", k ? "," : "", k);
        text[n++] = '\n';
        for (unsigned k = 0; k < want; k++) {
            if (step(&state) % 300 == 0) {
                text[n++] = (char)step(&state);
                continue;
            }
            if (step(&state) % 4 == 0) { /* a good record, so that texts go on for a while */
                for (unsigned j = 0; j < columns; j++)
                    n += (size_t)snprintf(text + n, 16, j ? ",%u" : "%u",
                                          (unsigned)step(&state) % 1000);
                text[n++] = '\n';
                continue;
            }
            const char *p = piece[step(&state) % (sizeof piece / sizeof *piece)];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        check_text(text, n);
    }
}

static void check_long(size_t n_field, bool accepted)
{
    hl_buf text = {0};
    static const char *const want[] = {"b", "a"};
    hl_in *in = NULL;
    hl_csv *csv = NULL;
    hl_error err = {0};
    hl_field f[2];

    hl_buf_text(&text, "a,b\n1,\"");
    char *p = hl_buf_reserve(&text, n_field);
    for (size_t i = 0; i < n_field; i++)
        p[i] = i % 100 == 99 ? '\n' : i % 7 ? ',' : 'x';
    text.n += n_field;
    hl_buf_text(&text, "\"\n2,3\n");
    for (int i = 0; i < N_LEVELS; i++) {
        is_int(open_text(text.at, want, 2, levels[i], &in, &csv, &err), HL_OK);
        is_int(hl_csv_next(csv, f, &err), accepted ? HL_OK : HL_E_LIMIT);
        if (accepted) {
            is_int(f[0].n, n_field);
            is_mem(f[0].at, text.at + 7, n_field);
            is_int(hl_csv_line(csv), 2);
            is_int(hl_csv_next(csv, f, &err), HL_OK);
            is_int(hl_csv_line(csv), 3 + (int64_t)(n_field / 100));
            is_int(hl_csv_next(csv, f, &err), HL_END);
        } else {
            like(err.message,
                 "hosp/x.csv:2: the record is longer than 16 MiB\nPerhaps a quote is opened");
        }
        hl_csv_close(&csv);
        hl_in_close(&in);
    }
    hl_buf_free(&text);
}

static void a_record_may_have_16_mib_and_not_more(void)
{
    const size_t max = 16 << 20;

    check_long(60000, true);
    check_long(65400, true);
    check_long(65536, true);
    check_long(3 << 20, true);
    check_long(max - 4, true); /* 1,"..." */
    check_long(max - 3, false);
    check_long(20 << 20, false);
}

static void an_unquoted_line_that_never_ends_is_refused(void)
{
    size_t n = 40 << 20;
    char *text = malloc(n);
    hl_buf got = {0};

    memset(text, 'x', n);
    memcpy(text, "a,b\n", 4);
    for (int i = 0; i < N_LEVELS; i++) {
        dump(&got, text, n, levels[i]);
        like(got.at, "|a|b\nerror 5 line 2 offset -1: t:2: the record is longer than 16 MiB");
    }
    hl_buf_free(&got);
    free(text);
}

int main(void)
{
    run(a_border_may_fall_anywhere);
    run(a_border_between_blocks_may_fall_anywhere);
    run(random_text_is_read_as_by_the_simplest_code);
    run(a_record_may_have_16_mib_and_not_more);
    run(an_unquoted_line_that_never_ends_is_refused);
    return done();
}
