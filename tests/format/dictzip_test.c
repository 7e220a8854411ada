#include "format/dictzip.h"

#include "base/inflate.h"
#include "base/rng.h"
#include "tap.h"

/* text as a dictzip file, written in pieces of step bytes, appended to *to. */
static void write_text(const void *text, size_t n, const char *name, uint32_t mtime, size_t step,
                       hl_buf *to)
{
    char path[HL_PATH_BYTES];
    hl_dictzip_writer *w = NULL;
    hl_out *out = NULL;
    hl_error err = {0};

    ok(hl_path_join(temp_folder(), "t.dz", path, &err) == HL_OK);
    ok(hl_dictzip_writer_new(name, mtime, &w, &err) == HL_OK);
    for (size_t i = 0; i < n; i += step)
        ok(hl_dictzip_writer_add(w, (const char *)text + i, n - i < step ? n - i : step, &err) ==
           HL_OK);
    ok(hl_out_create(path, &out, &err) == HL_OK);
    ok(hl_dictzip_writer_end(&w, out, &err) == HL_OK);
    ok(!w);
    ok(hl_out_commit(&out, NULL, &err) == HL_OK);
    ok(hl_read_file(path, 1 << 30, to, NULL, &err) == HL_OK);
    unlink(path);
    path[strlen(path) - strlen("/t.dz")] = 0;
    rmdir(path);
}

static hl_code open_bytes(const hl_buf *bytes, hl_in **in, hl_dictzip **d, hl_error *err)
{
    *d = NULL;
    ok(hl_in_memory(bytes->at, bytes->n, "r.csv.gz", in, err) == HL_OK);
    return hl_dictzip_open(*in, d, err);
}

static void read_whole(const hl_buf *bytes, hl_buf *text)
{
    hl_in *in = NULL;
    hl_dictzip *d = NULL;
    hl_error err = {0};
    size_t got = 0;

    ok(open_bytes(bytes, &in, &d, &err) == HL_OK);
    if (d) {
        const size_t n = (size_t)hl_dictzip_size(d);
        ok(hl_dictzip_prove(d, NULL, &err) == HL_OK);
        ok(hl_dictzip_pread(d, hl_buf_reserve(text, n), n, 0, &got, &err) == HL_OK);
        is_int(got, n);
        text->n += got;
        hl_buf_append(text, "", 0); /* a NUL behind it */
    }
    hl_dictzip_close(&d);
    hl_in_close(&in);
}

static uint32_t mtime_of(const hl_buf *gz)
{
    const uint8_t *p = (const uint8_t *)gz->at + 4;

    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* --- the bytes of the original ------------------------------------------------------------------
 */

static void compare_with(const char *path)
{
    hl_buf want = {0}, text = {0}, got = {0};
    hl_error err = {0};

    ok(hl_read_file(path, 1 << 30, &want, NULL, &err) == HL_OK);
    read_whole(&want, &text);
    const char *name = want.at + 12 + (uint8_t)want.at[10] + 256 * (uint8_t)want.at[11];
    write_text(text.at, text.n, name, mtime_of(&want), 1000, &got);
    is_int(got.n, want.n);
    is_mem(got.at, want.at, got.n < want.n ? got.n : want.n);
    hl_buf_free(&want);
    hl_buf_free(&text);
    hl_buf_free(&got);
}

static void a_file_that_dictzip_wrote_is_read_and_written_again_to_the_same_bytes(void)
{
    compare_with(fixture("dictzip/small.csv.gz"));
}

static void the_golden_files_come_out_again_to_the_byte(void)
{
    static const char *const name[] = {
        "wfdb/dictzip/bign.csv.gz",
        "wfdb/mimic4like/waves/p109/p10999002/81000103/81000103n.csv.gz",
        "wfdb/mimic4like/waves/p109/p10999001/85000102/85000102n.csv.gz",
        "wfdb/mimic4like/waves/p109/p10999001/83000101/83000101n.csv.gz",
    };

    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        const char *path = shared(name[i]);
        if (!path) {
            skip("no shared data");
            return;
        }
        compare_with(path);
    }
}

/* Random text of n bytes: numbers and commas, words, or noise. */
static void random_text(hl_rng *rng, size_t n, int kind, hl_buf *to)
{
    while (to->n < n) {
        const uint64_t r = hl_rng_u64(rng);
        if (kind == 0)
            hl_buf_printf(to, "%llu,%llu.%llu,\n", (unsigned long long)(r % 100000),
                          (unsigned long long)(r >> 20) % 200, (unsigned long long)(r >> 40) % 10);
        else if (kind == 1)
            hl_buf_text(to, (r & 7) == 0 ? "alarm\n" : (r & 1) ? "normal " : "beat ");
        else
            hl_buf_append(to, &r, sizeof r);
    }
    to->n = n;
}

static bool run_dictzip(const char *path)
{
    char line[HL_PATH_BYTES + 40];

    snprintf(line, sizeof line, "dictzip -k '%s' >/dev/null 2>&1", path);
    return system(line) == 0;
}

static void random_texts_give_the_bytes_of_the_dictzip_program(void)
{
    static const size_t sizes[] = {0,      1,      2,      100,    58314,   58315,  58316,
                                   116629, 116630, 116631, 200000, 1000000, 300007, 65536};
    hl_rng rng;
    hl_error err = {0};
    char path[HL_PATH_BYTES], dz[HL_PATH_BYTES + 4];

    if (system("command -v dictzip >/dev/null 2>&1") != 0) {
        skip("no dictzip program");
        return;
    }
    rng = hl_rng_of(20220601, "text", 0);
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof sizes[0]; i++) {
        hl_buf text = {0}, want = {0}, got = {0};
        const char *folder = temp_folder();
        random_text(&rng, sizes[i / 3], (int)(i % 3), &text);
        ok(hl_path_join(folder, "text.csv", path, &err) == HL_OK);
        snprintf(dz, sizeof dz, "%s.dz", path);
        ok(hl_write_file(path, text.n ? text.at : "", text.n, NULL, &err) == HL_OK);
        ok(run_dictzip(path));
        ok(hl_read_file(dz, 1 << 30, &want, NULL, &err) == HL_OK);
        write_text(text.at, text.n, "text.csv", mtime_of(&want), 1 + i * 7777, &got);
        is_int(got.n, want.n);
        is_mem(got.at, want.at, got.n < want.n ? got.n : want.n);
        hl_buf_free(&text);
        read_whole(&want, &text);
        is_int(text.n, sizes[i / 3]);
        unlink(path);
        unlink(dz);
        rmdir(folder);
        hl_buf_free(&text);
        hl_buf_free(&want);
        hl_buf_free(&got);
    }
}

static void the_size_of_the_pieces_does_not_show_in_the_bytes(void)
{
    static const size_t steps[] = {1, 7, 58314, 58315, 58316, 1000000};
    hl_buf text = {0}, first = {0};
    hl_rng rng;

    rng = hl_rng_of(5, "text", 0);
    random_text(&rng, 150000, 0, &text);
    write_text(text.at, text.n, "r.csv", 1, 4096, &first);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        hl_buf got = {0};
        write_text(text.at, text.n, "r.csv", 1, steps[i], &got);
        is_int(got.n, first.n);
        is_mem(got.at, first.at, first.n);
        hl_buf_free(&got);
    }
    hl_buf_free(&text);
    hl_buf_free(&first);
}

static void more_text_than_the_table_can_name_is_refused(void)
{
    const size_t n = 1 << 20;
    char *zeros = calloc(1, n);
    hl_dictzip_writer *w = NULL;
    hl_error err = {0};
    hl_code c = HL_OK;
    int64_t taken = 0;

    ok(hl_dictzip_writer_new("r.csv", 0, &w, &err) == HL_OK);
    while (c == HL_OK && (c = hl_dictzip_writer_add(w, zeros, n, &err)) == HL_OK)
        taken += (int64_t)n;
    is_int(c, HL_E_LIMIT);
    is_int(taken / (int64_t)n, 32762LL * 58315 / (int64_t)n);
    is_str(err.message, "r.csv: more text than a dictzip header can name (32762 chunks of 58315 "
                        "bytes)");
    hl_dictzip_writer_abort(&w);
    free(zeros);
}

/* --- reading -------------------------------------------------------------------------------------
 */

static void any_part_of_the_text_is_read_from_the_chunks_that_hold_it(void)
{
    hl_buf text = {0}, gz = {0};
    hl_in *in = NULL;
    hl_dictzip *d = NULL;
    hl_error err = {0};
    hl_rng rng;
    char *to = malloc(300000);
    size_t got;

    rng = hl_rng_of(9, "text", 0);
    random_text(&rng, 200000, 0, &text);
    write_text(text.at, text.n, "r.csv", 1, 4096, &gz);
    ok(open_bytes(&gz, &in, &d, &err) == HL_OK);
    is_int(hl_dictzip_size(d), 200000);
    is_int(hl_dictzip_n_chunks(d), 4);
    for (int i = 0; i < 200; i++) {
        const size_t at = (size_t)(hl_rng_u64(&rng) % 200010);
        const size_t n = (size_t)(hl_rng_u64(&rng) % (i % 2 ? 100 : 130000));
        const size_t left = at < text.n ? text.n - at : 0, want = n < left ? n : left;
        ok(hl_dictzip_pread(d, to, n, (int64_t)at, &got, &err) == HL_OK);
        is_int(got, want);
        if (got == want && want > 0)
            is_mem(to, text.at + at, want);
    }
    hl_dictzip_close(&d);
    hl_in_close(&in);
    free(to);
    hl_buf_free(&text);
    hl_buf_free(&gz);
}

/* A file of 150,000 bytes of text in 3 chunks. Layout: the table's LEN at 14, VER 16, CHLEN 18,
 * CHCNT 20, sizes 22..27, name 28. */
static void make_sound(hl_buf *gz)
{
    hl_buf text = {0};
    hl_rng rng;

    rng = hl_rng_of(3, "text", 0);
    random_text(&rng, 150000, 0, &text);
    write_text(text.at, text.n, "r.csv", 1, 4096, gz);
    hl_buf_free(&text);
}

static void set16(hl_buf *gz, size_t at, size_t v)
{
    gz->at[at] = (char)(v & 0xff);
    gz->at[at + 1] = (char)(v >> 8);
}

static size_t get16(const hl_buf *gz, size_t at)
{
    return (size_t)(uint8_t)gz->at[at] | (size_t)(uint8_t)gz->at[at + 1] << 8;
}

/* Opening (or, where that goes well, proving) gives HL_E_INPUT with exactly this message. */
static void fails(hl_buf *gz, const char *message)
{
    hl_in *in = NULL;
    hl_dictzip *d = NULL;
    hl_error err = {0};
    hl_code c = open_bytes(gz, &in, &d, &err);

    if (c == HL_OK)
        c = hl_dictzip_prove(d, NULL, &err);
    is_int(c, HL_E_INPUT);
    is_str(err.message, message);
    hl_dictzip_close(&d);
    hl_in_close(&in);
    hl_buf_free(gz);
}

static void each_damage_of_the_header_is_named(void)
{
    hl_buf gz = {0};

    hl_buf_text(&gz, "\"time\",\"HR [bpm]\"\n");
    fails(&gz, "r.csv.gz: no gzip data");
    fails(&gz, "r.csv.gz: no gzip data"); /* 0 bytes */
    make_sound(&gz);
    gz.n = 11;
    fails(&gz, "r.csv.gz: the file ends within its gzip header");
    make_sound(&gz);
    gz.n = 20;
    fails(&gz, "r.csv.gz: the file ends within its gzip header");
    make_sound(&gz);
    gz.n = 31;
    fails(&gz, "r.csv.gz: the file ends within its gzip header");
    make_sound(&gz);
    gz.at[2] = 7;
    fails(&gz, "r.csv.gz: gzip data of an unknown method or with unknown flags");
    make_sound(&gz);
    gz.at[3] = 0;
    fails(&gz, "r.csv.gz: no dictzip table in the gzip header: the text can be read from its start "
               "only");
    make_sound(&gz);
    gz.at[13] = 'B';
    fails(&gz, "r.csv.gz: no dictzip table in the gzip header: the text can be read from its start "
               "only");
    make_sound(&gz);
    set16(&gz, 10, 12);
    fails(&gz, "r.csv.gz: a field of the gzip header runs past its extra part (XLEN)");
    make_sound(&gz);
    set16(&gz, 10, 3);
    fails(&gz, "r.csv.gz: a field of the gzip header runs past its extra part (XLEN)");
    make_sound(&gz);
    set16(&gz, 14, 5);
    fails(&gz, "r.csv.gz: the dictzip table is cut: 5 bytes, at least 6 were expected");
    make_sound(&gz);
    set16(&gz, 14, 10);
    fails(&gz, "r.csv.gz: the dictzip table names 3 chunks and has the sizes of 2");
    make_sound(&gz);
    set16(&gz, 16, 2);
    fails(&gz, "r.csv.gz: dictzip table of version 2; only version 1 is known");
    make_sound(&gz);
    set16(&gz, 18, 0);
    fails(&gz, "r.csv.gz: the dictzip table has chunks of 0 bytes");
    make_sound(&gz);
    set16(&gz, 20, 4);
    fails(&gz, "r.csv.gz: the dictzip table names 4 chunks and has the sizes of 3");
}

static void a_table_that_does_not_fit_the_file_is_named(void)
{
    hl_buf gz = {0};
    char want[200];

    make_sound(&gz);
    set16(&gz, 18, 58314);
    fails(&gz, "r.csv.gz: chunk 0 at byte 34: it gives at least 58315 bytes of text, 58314 were "
               "expected");
    make_sound(&gz);
    set16(&gz, 18, 20000);
    fails(&gz, "r.csv.gz: the dictzip table has 3 chunks of 20000 bytes, the gzip trailer says "
               "150000 bytes of text");
    make_sound(&gz);
    set16(&gz, 22, get16(&gz, 22) + 1);
    set16(&gz, 24, get16(&gz, 24) - 1);
    snprintf(want, sizeof want, "r.csv.gz: chunk 1 at byte %zu: deflate data error",
             34 + get16(&gz, 22));
    fails(&gz, want);
    make_sound(&gz);
    set16(&gz, 26, get16(&gz, 26) + 100);
    snprintf(want, sizeof want,
             "r.csv.gz: by its dictzip table the chunks end at byte %zu, the file has %zu: it is "
             "cut, or the table is wrong",
             gz.n - 10 + 100, gz.n);
    fails(&gz, want);
    make_sound(&gz);
    snprintf(want, sizeof want,
             "r.csv.gz: by its dictzip table the chunks end at byte %zu, the file has %zu: it is "
             "cut, or the table is wrong",
             gz.n - 10, gz.n - 5);
    gz.n -= 5;
    fails(&gz, want);
    make_sound(&gz);
    set16(&gz, 26, get16(&gz, 26) - 1000);
    snprintf(
        want, sizeof want,
        "r.csv.gz: by its dictzip table the chunks end at byte %zu, long before the end of the "
        "file (%zu)",
        gz.n - 10 - 1000, gz.n);
    fails(&gz, want);
    make_sound(&gz);
    set16(&gz, 26, get16(&gz, 26) - 5); /* the flush marker is outside of the chunk */
    fails(&gz, "r.csv.gz: the deflate stream does not end behind the chunks of the dictzip table");
    make_sound(&gz);
    hl_buf_append(&gz, "\0\0\0\0", 4); /* ISIZE is looked for at the end */
    fails(&gz, "r.csv.gz: the dictzip table has 3 chunks of 58315 bytes, the gzip trailer says 0 "
               "bytes of text");
}

static void damaged_text_is_found_by_the_proof(void)
{
    hl_buf gz = {0};
    char want[200];

    make_sound(&gz);
    gz.at[gz.n - 8] = (char)(gz.at[gz.n - 8] ^ 1);
    hl_in *in = NULL;
    hl_dictzip *d = NULL;
    hl_error err = {0};
    ok(open_bytes(&gz, &in, &d, &err) == HL_OK);
    is_int(hl_dictzip_prove(d, NULL, &err), HL_E_INPUT);
    like(err.message, "r.csv.gz: the text has CRC-32 ");
    like(err.message, ": the file is damaged");
    is_int(err.offset, gz.n - 8);
    hl_dictzip_close(&d);
    hl_in_close(&in);
    hl_buf_free(&gz);

    make_sound(&gz);
    gz.at[gz.n - 4] = (char)(gz.at[gz.n - 4] - 1); /* ISIZE */
    snprintf(want, sizeof want,
             "r.csv.gz: chunk 2 at byte %zu: it gives at least 33370 bytes of text, 33369 were "
             "expected",
             34 + get16(&gz, 22) + get16(&gz, 24));
    fails(&gz, want);
    make_sound(&gz);
    memset(gz.at + 30000, 0x55, 200);
    hl_error any = {0};
    ok(open_bytes(&gz, &in, &d, &any) == HL_OK);
    is_int(hl_dictzip_prove(d, NULL, &any), HL_E_INPUT);
    like(any.message, "r.csv.gz: chunk 1 at byte ");
    char text[10];
    size_t got;
    ok(hl_dictzip_pread(d, text, sizeof text, 58310 - 5, &got, &any) == HL_OK);
    is_int(got, 10);
    ok(hl_dictzip_pread(d, text, sizeof text, 58310, &got, &any) == HL_E_INPUT);
    hl_dictzip_close(&d);
    hl_in_close(&in);
    hl_buf_free(&gz);
}

static void a_stream_that_ends_in_its_last_chunk_is_read(void)
{
    static const char text[] = "\"time\",\"HR [bpm]\"\n1024,80\n";
    hl_buf gz = {0}, body = {0}, got = {0};
    hl_error err = {0};
    const uint32_t crc = hl_crc32(0, text, sizeof text - 1), n = sizeof text - 1;

    ok(hl_deflate_raw(text, sizeof text - 1, 9, &body, &err) == HL_OK);
    hl_buf_append(&gz, "\x1f\x8b\x08\x04\0\0\0\0\x02\x03\x0c\0RA\x08\0\x01\0\x40\0\x01\0", 22);
    hl_buf_char(&gz, (char)body.n);
    hl_buf_char(&gz, 0);
    hl_buf_append(&gz, body.at, body.n);
    for (int i = 0; i < 32; i += 8)
        hl_buf_char(&gz, (char)(crc >> i));
    for (int i = 0; i < 32; i += 8)
        hl_buf_char(&gz, (char)(n >> i));
    read_whole(&gz, &got);
    is_str(got.at, text);
    hl_buf_free(&got);
    hl_buf_free(&body);
    hl_buf_free(&gz);
}

int main(void)
{
    run(a_file_that_dictzip_wrote_is_read_and_written_again_to_the_same_bytes);
    run(the_golden_files_come_out_again_to_the_byte);
    run(random_texts_give_the_bytes_of_the_dictzip_program);
    run(the_size_of_the_pieces_does_not_show_in_the_bytes);
    run(more_text_than_the_table_can_name_is_refused);
    run(any_part_of_the_text_is_read_from_the_chunks_that_hold_it);
    run(each_damage_of_the_header_is_named);
    run(a_table_that_does_not_fit_the_file_is_named);
    run(damaged_text_is_found_by_the_proof);
    run(a_stream_that_ends_in_its_last_chunk_is_read);
    return done();
}
