/* What the proof finds, and what it must not take for a finding. */
#include "monitor/proof.h"

#include <time.h>

#include "format/wfdb/annotation.h"
#include "tap.h"

#define UUID "6513270E-269E-0D37-F2A7-4DE452E6B438"

static hl_proof *proof_of(const char *const *text)
{
    hl_proof *p = hl_proof_new();

    hl_proof_allow(p, hl_str_of("II"), NULL);
    for (; *text; text++)
        is_int(hl_proof_add(p, hl_str_of(*text), NULL), HL_OK);
    is_int(hl_proof_ready(p, NULL), HL_OK);
    return p;
}

static hl_proof *usual(void)
{
    static const char *const text[] = {UUID,     "Meier-Huber", "Chan",     "ICU-12",   "4711",
                                       "123456", "B7",          "II",       "M",        "host1",
                                       "none",   "complete",    "Ångström", "12345678", NULL};

    return proof_of(text);
}

static bool finds(const hl_proof *p, hl_proof_place place, const char *text)
{
    return hl_proof_text(p, place, hl_str_of(text), NULL) == HL_PROOF_TEXT;
}

static void a_uuid_is_found_in_every_form(void)
{
    hl_proof *p = usual();
    const hl_proof_place bytes = HL_PROOF_IN_BYTES;
    static const uint8_t raw[] = {0,    0x65, 0x13, 0x27, 0x0e, 0x26, 0x9e, 0x0d, 0x37,
                                  0xf2, 0xa7, 0x4d, 0xe4, 0x52, 0xe6, 0xb4, 0x38, 0};

    ok(finds(p, bytes, "x" UUID "x"));
    ok(finds(p, bytes, "6513270e-269e-0d37-f2a7-4de452e6b438"));
    ok(finds(p, bytes, "6513270E269E0D37F2A74DE452E6B438"));
    ok(finds(p, bytes, "ab6513270e269e0d37f2a74de452e6b438"));
    ok(!finds(p, bytes, "6513270e-269e-0d37-f2a7-4de452e6b439"));
    ok(!finds(p, bytes, "6513270e-269e0d37f2a74de452e6b438"));
    ok(!finds(p, bytes, "6513270e-269e-0d37-f2a7-4de452e6b43"));
    is_int(hl_proof_text(p, bytes, (hl_str){(const char *)raw, sizeof raw}, NULL), HL_PROOF_TEXT);
    is_int(hl_proof_text(p, bytes, (hl_str){(const char *)raw, sizeof raw - 2}, NULL),
           HL_PROOF_CLEAN);
    hl_proof_free(&p);
}

static void long_texts_are_found_anywhere_in_letters_of_either_case(void)
{
    hl_proof *p = usual();

    ok(finds(p, HL_PROOF_IN_BYTES, "xxMEIER-huberxx"));
    ok(finds(p, HL_PROOF_IN_TEXT, "of Meier-Huber, 1"));
    ok(!finds(p, HL_PROOF_IN_TEXT, "Meier-Hube"));
    ok(finds(p, HL_PROOF_IN_TEXT, "\xc3\x85ngstr\xc3\xb6m"));
    hl_proof_free(&p);
}

static void short_texts_are_found_as_words_of_texts(void)
{
    hl_proof *p = usual();

    ok(finds(p, HL_PROOF_IN_TEXT, "alarm of CHAN!"));
    ok(!finds(p, HL_PROOF_IN_TEXT, "# signal 0 (II): channel=0"));
    ok(!finds(p, HL_PROOF_IN_TEXT, "Chandler"));
    ok(!finds(p, HL_PROOF_IN_TEXT, "xChan"));
    ok(finds(p, HL_PROOF_IN_TEXT, "bed icu-12"));
    ok(!finds(p, HL_PROOF_IN_TEXT, "bed icu-123"));
    ok(finds(p, HL_PROOF_IN_TEXT, "(host1)"));
    ok(!finds(p, HL_PROOF_IN_BYTES, "a chan b")); /* chance, among samples */
    hl_proof_free(&p);
}

static void numbers_are_found_in_free_texts_alone(void)
{
    hl_proof *p = usual();

    ok(!finds(p, HL_PROOF_IN_TEXT, "123456,98.5\n12345678,4711\n"));
    ok(finds(p, HL_PROOF_IN_FIELD, "MRN 123456"));
    ok(finds(p, HL_PROOF_IN_FIELD, "12345678!"));
    ok(!finds(p, HL_PROOF_IN_FIELD, "1234567"));
    ok(finds(p, HL_PROOF_IN_FIELD, " 4711 "));
    ok(!finds(p, HL_PROOF_IN_FIELD, "HR 4711 > 120"));
    hl_proof_free(&p);
}

static void the_shortest_are_found_as_whole_fields_unless_they_are_labels(void)
{
    hl_proof *p = usual();

    ok(finds(p, HL_PROOF_IN_FIELD, "b7"));
    ok(!finds(p, HL_PROOF_IN_FIELD, "b7 alarm"));
    ok(!finds(p, HL_PROOF_IN_FIELD, "II")); /* a lead */
    ok(!finds(p, HL_PROOF_IN_FIELD, "M"));
    hl_proof_free(&p);
}

static void words_of_the_formats_are_not_looked_for(void)
{
    hl_proof *p = usual();

    ok(!finds(p, HL_PROOF_IN_TEXT, "\"name\": \"none\", \"complete\": true"));
    is_int(hl_proof_count(p), 10);
    hl_proof_free(&p);
}

static void dates_and_sequence_numbers_are_found_by_value(void)
{
    hl_proof *p = usual();
    /* 2149-03-07 is day 65444 */
    hl_proof_times t = {.first_day = 65444,
                        .last_day = 65445,
                        .shift_days = 3650,
                        .first_sequence = 500000000123,
                        .last_sequence = 500000500000};
    const struct {
        const char *text;
        hl_proof_finding want;
    } row[] = {{"03:00:12.345 07/03/2149", HL_PROOF_DATE},
               {"03:00:12.345 05/03/2159", HL_PROOF_CLEAN},
               {"2149-03-08 01:00", HL_PROOF_DATE},
               {"2149-03-09 01:00", HL_PROOF_CLEAN},
               {"2149-13-08", HL_PROOF_CLEAN},
               {"seq 500000000123", HL_PROOF_SEQUENCE},
               {"seq 500000000122", HL_PROOF_CLEAN},
               {"5000000001230", HL_PROOF_CLEAN},
               {"x500000300000,1", HL_PROOF_SEQUENCE}};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        is_int(hl_proof_text(p, HL_PROOF_IN_TEXT, hl_str_of(row[i].text), &t), row[i].want);
    t.shift_days = 1; /* the second day may stand: the first one moves there */
    is_int(hl_proof_text(p, HL_PROOF_IN_TEXT, hl_str_of("2149-03-08"), &t), HL_PROOF_CLEAN);
    is_int(hl_proof_text(p, HL_PROOF_IN_TEXT, hl_str_of("2149-03-07"), &t), HL_PROOF_DATE);
    t.shift_days = 0;
    is_int(hl_proof_text(p, HL_PROOF_IN_TEXT, hl_str_of("2149-03-07"), &t), HL_PROOF_CLEAN);
    t.no_shift = true;
    is_int(hl_proof_text(p, HL_PROOF_IN_TEXT, hl_str_of("2149-03-07"), &t), HL_PROOF_DATE);
    hl_proof_free(&p);
}

static const char *write_bytes(const char *name, const void *at, size_t n)
{
    static char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", temp_folder(), name);
    f = fopen(path, "w");
    fwrite(at, 1, n, f);
    fclose(f);
    return path;
}

static hl_code look_at(const hl_proof *p, const char *name, const void *at, size_t n, hl_error *err)
{
    *err = (hl_error){0};
    return hl_proof_file(p, write_bytes(name, at, n), name, NULL, err);
}

static void a_text_across_two_blocks_of_a_file_is_found(void)
{
    hl_proof *p = usual();
    size_t n = (3 << 20) + 100;
    char *at = malloc(n);
    hl_error err;

    for (int64_t d = -20; d < 20; d++) {
        memset(at, '.', n);
        memcpy(at + (1 << 20) + d, "meier-huber", 11);
        is_int(look_at(p, "a.dat", at, n, &err), HL_E_INPUT);
        memset(at, '.', n);
        memcpy(at + (2 << 20) + d, "chan", 4);
        is_int(look_at(p, "a.txt", at, n, &err), HL_E_INPUT);
        at[(2 << 20) + d - 1] = 'x';
        is_int(look_at(p, "a.txt", at, n, &err), HL_OK);
    }
    memset(at, '.', n);
    memcpy(at + n - 4, "chan", 4);
    is_int(look_at(p, "a.txt", at, n, &err), HL_E_INPUT);
    is_str(err.message, "a.txt: it would hold a text of the export that may identify somebody");
    is_int(look_at(p, "a.txt", at, 4096, &err), HL_OK);
    is_int(look_at(p, "a.txt", at, 0, &err), HL_OK);
    hl_proof_free(&p);
    free(at);
}

static void free_texts_of_each_kind_of_file_are_looked_at(void)
{
    static const char header[] = "r 1 62.4725/999.56 10\r\n"
                                 "r.dat 516x4 200/mV 14 8192 0 0 0 B7\r\n";
    static const char note[] = "r 1 62.4725/999.56 10\r\n"
                               "r.dat 516x4 200/mV 14 8192 0 0 0 II\r\n# signal 0: MRN 123456\r\n";
    static const char ids[] = "r/2 1 62.4725/999.56 10\r\nr_0000 0\r\nr_0001 10\r\n"
                              "#subject_id 12345678\r\n#hadm_id 123456\r\n";
    static const char csv[] = "\"time\",\"B7 [bpm]\"\n123456,4711\n";
    hl_annotation one = {.time = 5, .type = 22, .aux = {"B7", 2}};
    hl_annotations list = {.annotation = &one, .n = 1};
    hl_proof *p = usual();
    hl_buf bytes = {0};
    hl_error err;

    is_int(look_at(p, "r.hea", header, sizeof header - 1, &err), HL_E_INPUT);
    is_int(look_at(p, "r.hea", note, sizeof note - 1, &err), HL_E_INPUT);
    is_int(look_at(p, "r.hea", ids, sizeof ids - 1, &err), HL_OK);
    is_int(look_at(p, "rn.csv.gz", "", 0, &err), HL_OK);
    char path[512];
    hl_gzip *gz = NULL;
    snprintf(path, sizeof path, "%s/rn.csv.gz", temp_folder());
    hl_gzip_create(path, 1, &gz, NULL);
    hl_gzip_write(gz, csv, sizeof csv - 1, NULL);
    hl_gzip_commit(&gz, NULL, NULL);
    is_int(hl_proof_file(p, path, "rn.csv.gz", NULL, &err), HL_E_INPUT);
    hl_annotations_put(&bytes, &list, NULL);
    is_int(look_at(p, "r.alarm", bytes.at, bytes.n, &err), HL_E_INPUT);
    hl_buf_clear(&bytes);
    one.aux = hl_str_of("**HR 123 > 120");
    hl_annotations_put(&bytes, &list, NULL);
    is_int(look_at(p, "r.alarm", bytes.at, bytes.n, &err), HL_OK);
    is_int(look_at(p, "chan.dat", "", 0, &err), HL_E_INPUT); /* names count too */
    hl_buf_free(&bytes);
    hl_proof_free(&p);
}

static void texts_go_through_a_file_and_come_back(void)
{
    hl_proof *p = usual(), *q = hl_proof_new();
    char path[512];

    snprintf(path, sizeof path, "%s/texts", temp_folder());
    is_int(hl_proof_load(q, path, NULL), HL_OK); /* none yet */
    is_int(hl_proof_save(p, path, NULL), HL_OK);
    is_int(hl_proof_load(q, path, NULL), HL_OK);
    is_int(hl_proof_load(q, path, NULL), HL_OK);
    is_int(hl_proof_count(q), hl_proof_count(p));
    is_int(hl_proof_ready(q, NULL), HL_OK);
    ok(finds(q, HL_PROOF_IN_BYTES, UUID) && finds(q, HL_PROOF_IN_TEXT, "a chan"));
    struct stat st;
    stat(path, &st);
    is_int(st.st_mode & 0777, 0600);
    hl_proof_free(&p);
    hl_proof_free(&q);
    is_int(truncate(path, 7), 0);
    q = hl_proof_new();
    is_int(hl_proof_load(q, path, NULL), HL_E_INPUT);
    hl_proof_free(&q);
}

/* Against the plainest search there is. */
static void random_texts_are_found_where_a_plain_search_finds_them(void)
{
    uint64_t random = 7;
    char bytes[400];

    for (int round = 0; round < 300; round++) {
        char text[6][16];
        const char *list[7] = {NULL};
        for (int i = 0; i < 6; i++) {
            for (int k = 0; k < 8; k++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
                text[i][k] = (char)('a' + (random >> 60) % 3);
            }
            text[i][8] = 0;
            list[i] = text[i];
        }
        hl_proof *p = proof_of(list);
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            bytes[i] = (char)('a' + (random >> 60) % 3);
        }
        bytes[sizeof bytes - 1] = 0;
        bool want = false;
        for (int i = 0; i < 6; i++)
            want = want || strstr(bytes, text[i]);
        ok(finds(p, HL_PROOF_IN_BYTES, bytes) == want);
        hl_proof_free(&p);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        size_t n = 64 << 20;
        char *at = malloc(n);
        hl_proof *p = usual();
        for (int place = 0; place < 2; place++) {
            for (size_t i = 0; i < n; i++)
                at[i] = place ? "0123456789.,\n 123456789"[(i * 2654435761u >> 7) % 23]
                              : (char)(i * 2654435761u >> 13);
            clock_t begun = clock();
            int found = (int)hl_proof_text(p, (hl_proof_place)place, (hl_str){at, n}, NULL);
            printf("# place %d: %.0f MB/s (%d)\n", place,
                   (double)n / 1e6 / ((double)(clock() - begun) / CLOCKS_PER_SEC), found);
        }
        hl_proof_free(&p);
        free(at);
        return 0;
    }
    run(a_uuid_is_found_in_every_form);
    run(long_texts_are_found_anywhere_in_letters_of_either_case);
    run(short_texts_are_found_as_words_of_texts);
    run(numbers_are_found_in_free_texts_alone);
    run(the_shortest_are_found_as_whole_fields_unless_they_are_labels);
    run(words_of_the_formats_are_not_looked_for);
    run(dates_and_sequence_numbers_are_found_by_value);
    run(a_text_across_two_blocks_of_a_file_is_found);
    run(free_texts_of_each_kind_of_file_are_looked_at);
    run(texts_go_through_a_file_and_come_back);
    run(random_texts_are_found_where_a_plain_search_finds_them);
    return done();
}
