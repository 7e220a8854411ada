#include "base/io.h"

#include "base/ctl.h"
#include "base/gzip.h"
#include "tap.h"

typedef struct {
    hl_code code;
    hl_buf text;
    hl_digest digest;
    hl_error err;
} result;

static void result_free(result *r)
{
    hl_buf_free(&r->text);
}

static result drain_in(hl_in *in, hl_stream_mode mode)
{
    result r = {0};
    hl_stream *s = NULL;
    char *at;
    size_t n;

    r.code = hl_stream_in(in, mode, NULL, &s, &r.err);
    while (r.code == HL_OK && (r.code = hl_stream_next(s, &at, &n, &r.err)) == HL_OK) {
        ok(n > 0);
        hl_buf_append(&r.text, at, n);
        memset(at - HL_STREAM_HEADROOM, 1, HL_STREAM_HEADROOM); /* the reader may write there */
        memset(at, 2, n);
        memset(at + n, 3, HL_STREAM_SLACK);
    }
    if (r.code == HL_END)
        r.digest = *hl_stream_digest(s);
    if (s) {
        hl_error again = {0};
        is_int(hl_stream_next(s, &at, &n, &again), r.code);
        is_str(again.message, r.err.message);
    }
    hl_stream_close(&s);
    ok(s == NULL);
    return r;
}

static result drain(const void *bytes, size_t n, const char *name, hl_stream_mode mode)
{
    hl_in *in = NULL;
    ok(hl_in_memory(bytes, n, name, &in, NULL) == HL_OK);
    result r = drain_in(in, mode);
    hl_in_close(&in);
    return r;
}

static uint64_t step(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Text that packs about 4 : 1; with noise it does not pack at all. */
static char *make_text(size_t n, bool noise)
{
    char *p = malloc(n ? n : 1);
    uint64_t state = 7;
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(noise ? step(&state) : 'a' + step(&state) % 3);
    return p;
}

static void gzip_to(hl_buf *out, const void *bytes, size_t n, int threads)
{
    char path[300];
    hl_gzip *gz = NULL;
    hl_digest written, read;
    const char *folder = temp_folder();

    snprintf(path, sizeof path, "%s/a.gz", folder);
    ok(hl_gzip_create(path, threads, &gz, NULL) == HL_OK);
    for (size_t at = 0, k = 1; at < n; at += k, k = k * 3 % 1000003 + 1) {
        k = k < n - at ? k : n - at;
        ok(hl_gzip_write(gz, (const char *)bytes + at, k, NULL) == HL_OK);
    }
    ok(hl_gzip_commit(&gz, &written, NULL) == HL_OK);
    ok(gz == NULL);
    ok(hl_read_file(path, SIZE_MAX, out, &read, NULL) == HL_OK);
    ok(hl_digest_equal(&written, &read));
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void check_round_trip(size_t n, bool noise)
{
    char *text = make_text(n, noise);
    hl_buf packed = {0}, packed3 = {0};
    hl_digest want;

    gzip_to(&packed, text, n, 1);
    gzip_to(&packed3, text, n, 3);
    is_int(packed3.n, packed.n);
    is_mem(packed3.at, packed.at, packed.n);
    hl_sha256_of(packed.at, packed.n, &want);
    for (int mode = HL_STREAM_PLAIN; mode <= HL_STREAM_THREAD; mode++) {
        result r = drain(packed.at, packed.n, "a.gz", (hl_stream_mode)mode);
        is_int(r.code, HL_END);
        is_int(r.text.n, n);
        is_mem(r.text.at, text, n < r.text.n ? n : r.text.n);
        ok(hl_digest_equal(&r.digest, &want));
        result_free(&r);
        r = drain(text, n, "a.txt", (hl_stream_mode)mode); /* as it is */
        is_int(r.code, HL_END);
        is_int(r.text.n, n);
        is_mem(r.text.at, text, n < r.text.n ? n : r.text.n);
        hl_digest plain;
        hl_sha256_of(text, n, &plain);
        ok(hl_digest_equal(&r.digest, &plain));
        result_free(&r);
    }
    hl_buf_free(&packed);
    hl_buf_free(&packed3);
    free(text);
}

static void what_is_written_is_read_for_any_size_and_thread_count(void)
{
    static const size_t size[] = {1, 2, 100, 65535, 1 << 20, (1 << 20) + 1, 3 << 20, 5000000};
    check_round_trip(0, false);
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        check_round_trip(size[i], false);
        check_round_trip(size[i], true);
    }
}

/* A member of a few bytes by hand-made repetition: many members in one file, empty ones too. */
static void many_small_and_empty_members_are_one_text(void)
{
    hl_buf one = {0}, none = {0}, file = {0}, want = {0};

    gzip_to(&one, "ab\n", 3, 1);
    gzip_to(&none, "", 0, 1);
    for (int i = 0; i < 20000; i++) {
        hl_buf_append(&file, i % 3 ? one.at : none.at, i % 3 ? one.n : none.n);
        if (i % 3)
            hl_buf_text(&want, "ab\n");
    }
    for (int mode = 0; mode < 2; mode++) {
        result r = drain(file.at, file.n, "m.gz", (hl_stream_mode)mode);
        is_int(r.code, HL_END);
        is_int(r.text.n, want.n);
        is_mem(r.text.at, want.at, want.n);
        result_free(&r);
    }
    hl_buf_free(&one);
    hl_buf_free(&none);
    hl_buf_free(&file);
    hl_buf_free(&want);
}

static void a_file_cut_anywhere_is_an_error_that_says_where(void)
{
    hl_buf packed = {0};
    char *text = make_text(3000, false), want[100];

    gzip_to(&packed, text, 3000, 1);
    for (size_t n = 2; n < packed.n; n++) {
        result r = drain(packed.at, n, "hosp/labevents.csv.gz", HL_STREAM_PLAIN);
        is_int(r.code, HL_E_INPUT);
        snprintf(want, sizeof want,
                 "hosp/labevents.csv.gz: gzip data ends in mid-member (byte %zu of "
                 "the file)\n",
                 n);
        like(r.err.message, want);
        like(r.err.message,
             "The file is cut. Download it again and check it against SHA256SUMS.txt.");
        is_int(r.err.offset, (int64_t)n);
        result_free(&r);
    }
    hl_buf_free(&packed);
    free(text);
}

static void a_large_cut_file_gives_its_blocks_first(void)
{
    hl_buf packed = {0};
    char *text = make_text(6 << 20, false);

    gzip_to(&packed, text, 6 << 20, 1);
    for (int mode = 0; mode < 2; mode++) {
        result r = drain(packed.at, packed.n - 5, "a.gz", (hl_stream_mode)mode);
        is_int(r.code, HL_E_INPUT);
        is_int(r.text.n, 6 << 20);
        like(r.err.message, "ends in mid-member");
        result_free(&r);
    }
    hl_buf_free(&packed);
    free(text);
}

static void a_wrong_crc_or_length_is_an_error(void)
{
    hl_buf packed = {0};

    gzip_to(&packed, "hello hello hello", 17, 1);
    for (size_t i = packed.n - 8; i < packed.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            packed.at[i] = (char)(packed.at[i] ^ (1 << bit));
            result r = drain(packed.at, packed.n, "a.gz", HL_STREAM_PLAIN);
            is_int(r.code, HL_E_INPUT);
            like(r.err.message, "a.gz: gzip data is damaged: the CRC or length does not agree");
            result_free(&r);
            packed.at[i] = (char)(packed.at[i] ^ (1 << bit));
        }
    hl_buf_free(&packed);
}

static void zero_bytes_behind_the_end_are_padding_and_others_are_not(void)
{
    hl_buf packed = {0};
    size_t n;
    result r;

    gzip_to(&packed, "hello", 5, 1);
    n = packed.n;
    for (int i = 0; i < 700; i++)
        hl_buf_append(&packed, "\0", 1);
    r = drain(packed.at, packed.n, "a.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_END);
    is_int(r.text.n, 5);
    result_free(&r);

    packed.at[n + 600] = 'x';
    r = drain(packed.at, packed.n, "a.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_E_INPUT);
    like(r.err.message, "bytes that are no gzip data stand behind the last gzip member (byte");
    is_int(r.err.offset, (int64_t)n + 600);
    result_free(&r);

    memcpy(packed.at + n, "garbage", 7);
    r = drain(packed.at, packed.n, "a.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_E_INPUT);
    is_int(r.err.offset, (int64_t)n);
    result_free(&r);

    memcpy(packed.at + n, "\x1F garbage", 9); /* begins like a member */
    r = drain(packed.at, packed.n, "a.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_E_INPUT);
    like(r.err.message, "behind the last gzip member");
    is_int(r.err.offset, (int64_t)n);
    result_free(&r);
    hl_buf_free(&packed);
}

static void the_magic_bytes_decide_and_a_gz_name_must_not_lie(void)
{
    hl_buf packed = {0};
    result r = drain("a,b\n", 4, "x.csv.gz", HL_STREAM_PLAIN);

    is_int(r.code, HL_E_INPUT);
    like(r.err.message, "x.csv.gz: is named .gz but holds no gzip data");
    result_free(&r);
    gzip_to(&packed, "a,b\n", 4, 1);
    r = drain(packed.at, packed.n, "x.csv", HL_STREAM_PLAIN);
    is_int(r.code, HL_END);
    is_int(r.text.n, 4);
    result_free(&r);
    r = drain("", 0, "x.csv.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_END);
    is_int(r.text.n, 0);
    result_free(&r);
    r = drain("\x1F", 1, "x", HL_STREAM_PLAIN);
    is_int(r.code, HL_END);
    result_free(&r);
    hl_buf_free(&packed);
}

/* A member with every part that a header can have; crc_off breaks the header's own CRC. */
static void full_member(hl_buf *out, const char *text, size_t n, int crc_off)
{
    static const char head[] = "\x1F\x8B\x08\x1F"
                               "time\x02\x03"
                               "\x05\0"
                               "extra"
                               "name\0"
                               "a comment";
    hl_buf plain = {0};

    gzip_to(&plain, text, n, 1);
    hl_buf_append(out, head, sizeof head);
    uint32_t crc = 0xFFFFFFFF; /* CRC-32 of the header, bit by bit */
    for (size_t i = 0; i < sizeof head; i++) {
        crc ^= (unsigned char)head[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    crc = ~crc + (uint32_t)crc_off;
    hl_buf_char(out, (char)(crc & 255));
    hl_buf_char(out, (char)(crc >> 8 & 255));
    hl_buf_append(out, plain.at + 10, plain.n - 10);
    hl_buf_free(&plain);
}

/* Input in pieces of `step_in` bytes, output in pieces of `step_out`. */
static void check_pieces(const hl_buf *file, const char *want, size_t n_want, size_t step_in,
                         size_t step_out)
{
    hl_gunzip *g = hl_gunzip_new();
    char *out = malloc(n_want + step_out);
    size_t at = 0, n = 0;
    hl_error err = {0};

    for (;;) {
        size_t used = file->n - at < step_in ? file->n - at : step_in;
        size_t gave = n_want + step_out - n < step_out ? n_want + step_out - n : step_out;
        ok(hl_gunzip_run(g, "a", (int64_t)at, file->at + at, &used, out + n, &gave, &err) == HL_OK);
        at += used;
        n += gave;
        if (used == 0 && gave == 0)
            break;
    }
    is_int(at, file->n);
    is_int(n, n_want);
    is_mem(out, want, n < n_want ? n : n_want);
    ok(hl_gunzip_end(g, "a", (int64_t)file->n, &err) == HL_OK);
    free(out);
    hl_gunzip_free(&g);
}

static void a_seam_between_pieces_may_fall_anywhere(void)
{
    static const size_t steps[] = {1, 2, 3, 5, 7, 8, 9, 17, 64, 1000, 100000};
    hl_buf file = {0};
    char *text = make_text(70000, false);

    full_member(&file, text, 300, 0);
    full_member(&file, text + 300, 0, 0);
    gzip_to(&file, text + 300, 69700, 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
            check_pieces(&file, text, 70000, steps[i], steps[k]);
    hl_buf_free(&file);
    free(text);
}

static void a_wrong_header_is_an_error(void)
{
    static const struct {
        size_t at;
        char byte;
    } k[] = {{2, 7}, {3, 0x20}, {3, (char)0x80}};
    hl_buf file = {0};
    result r;

    full_member(&file, "hello", 5, 1);
    r = drain(file.at, file.n, "a.gz", HL_STREAM_PLAIN);
    is_int(r.code, HL_E_INPUT);
    like(r.err.message, "a.gz: no valid gzip header (byte 0 of the file)");
    result_free(&r);
    for (size_t i = 0; i < 3; i++) {
        hl_buf_clear(&file);
        full_member(&file, "hello", 5, 0);
        file.at[k[i].at] = k[i].byte;
        r = drain(file.at, file.n, "a.gz", HL_STREAM_PLAIN);
        is_int(r.code, HL_E_INPUT);
        like(r.err.message, "no valid gzip header");
        result_free(&r);
    }
    hl_buf_free(&file);
}

/* A look-back before the first byte: the inflating library counts its input below zero there. */
static void a_fault_that_confuses_the_library_is_an_error(void)
{
    static const char file[] =
        "\x1F\x8B\x08\0\xE8\xFF\xE3\xFF\xFFJ[@\xE6\xE6\xE6\xE6\xE6\xE6\0\xE4\0\0"
        "\xE4\0\0\0A";
    result r = drain(file, sizeof file - 1, "a.gz", HL_STREAM_PLAIN);

    is_int(r.code, HL_E_INPUT);
    like(r.err.message, "a.gz: gzip data is damaged (byte ");
    ok(r.err.offset >= 0 && r.err.offset <= 27);
    result_free(&r);
}

static void damage_anywhere_is_found_or_harmless(void)
{
    hl_buf packed = {0};
    char *text = make_text(20000, false);
    uint64_t state = 3;

    gzip_to(&packed, text, 20000, 1);
    for (int i = 0; i < 3000; i++) {
        size_t at = step(&state) % packed.n;
        char was = packed.at[at];
        packed.at[at] = (char)(was ^ (char)(1 << step(&state) % 8));
        result r = drain(packed.at, packed.n, "a", HL_STREAM_PLAIN);
        if (r.code == HL_END && at >= 10) { /* the header has bytes without meaning */
            is_int(r.text.n, 20000);
            is_mem(r.text.at, text, 20000);
        }
        result_free(&r);
        packed.at[at] = was;
    }
    hl_buf_free(&packed);
    free(text);
}

static void a_stream_can_be_closed_before_its_end(void)
{
    hl_buf packed = {0};
    char *text = make_text(8 << 20, false);
    hl_in *in = NULL;

    gzip_to(&packed, text, 8 << 20, 1);
    ok(hl_in_memory(packed.at, packed.n, "a.gz", &in, NULL) == HL_OK);
    for (int blocks = 0; blocks < 4; blocks++) {
        hl_stream *s = NULL;
        char *at;
        size_t n;
        ok(hl_stream_in(in, HL_STREAM_THREAD, NULL, &s, NULL) == HL_OK);
        ok(hl_stream_is_gzip(s));
        is_int(hl_stream_size_in(s), (int64_t)packed.n);
        for (int i = 0; i < blocks; i++)
            ok(hl_stream_next(s, &at, &n, NULL) == HL_OK);
        hl_stream_close(&s);
    }
    hl_in_close(&in);
    hl_buf_free(&packed);
    free(text);
}

static void the_control_block_counts_bytes_and_stops_the_stream(void)
{
    hl_ctl ctl = {0};
    char *text = make_text(4 << 20, true), *at;
    hl_in *in = NULL;
    hl_stream *s = NULL;
    hl_error err = {0};
    size_t n;

    ok(hl_in_memory(text, 4 << 20, "a", &in, NULL) == HL_OK);
    ok(hl_stream_in(in, HL_STREAM_PLAIN, &ctl, &s, NULL) == HL_OK);
    ok(hl_stream_next(s, &at, &n, NULL) == HL_OK);
    is_int(ctl.bytes, (int64_t)n);
    is_int(hl_stream_bytes_in(s), (int64_t)n);
    ctl.cancel = 1;
    is_int(hl_stream_next(s, &at, &n, &err), HL_E_STOPPED);
    hl_stream_close(&s);
    hl_in_close(&in);
    free(text);
}

static int64_t source_size(void *user)
{
    (void)user;
    return 3000000;
}
static int64_t source_pread(void *user, void *to, int64_t offset, int64_t n)
{
    int64_t *calls = user;
    if (++*calls > 100)
        return -1;
    n = n > 50000 ? 50000 : n; /* short answers are allowed */
    memset(to, 'x', (size_t)n);
    (void)offset;
    return n;
}

static void a_failing_source_is_an_error(void)
{
    int64_t calls = 0;
    hl_source source = {&calls, source_size, source_pread};
    hl_in *in = NULL;

    ok(hl_in_source(&source, "thing", &in, NULL) == HL_OK);
    result r = drain_in(in, HL_STREAM_THREAD);
    is_int(r.code, HL_END);
    is_int(r.text.n, 3000000);
    result_free(&r);
    r = drain_in(in, HL_STREAM_THREAD);
    is_int(r.code, HL_E_IO);
    like(r.err.message, "thing: reading failed");
    result_free(&r);
    hl_in_close(&in);
}

int main(void)
{
    run(what_is_written_is_read_for_any_size_and_thread_count);
    run(many_small_and_empty_members_are_one_text);
    run(a_file_cut_anywhere_is_an_error_that_says_where);
    run(a_large_cut_file_gives_its_blocks_first);
    run(a_wrong_crc_or_length_is_an_error);
    run(zero_bytes_behind_the_end_are_padding_and_others_are_not);
    run(the_magic_bytes_decide_and_a_gz_name_must_not_lie);
    run(a_seam_between_pieces_may_fall_anywhere);
    run(a_wrong_header_is_an_error);
    run(a_fault_that_confuses_the_library_is_an_error);
    run(damage_anywhere_is_found_or_harmless);
    run(a_stream_can_be_closed_before_its_end);
    run(the_control_block_counts_bytes_and_stops_the_stream);
    run(a_failing_source_is_an_error);
    return done();
}
