#include "format/flac/flac.h"

#include <FLAC/stream_encoder.h>

#include "base/cpu.h"
#include "flac_maker.h"
#include "format/flac/crc.h"
#include "format/flac/frame.h"
#include "tap.h"

/* The level that the tests run at; run_all() goes over what the machine has. */
static hl_cpu level;

static const char *const names[] = {"mixedsignals_r.dat", "const_r.dat",  "stereo_p.dat",
                                    "deep_e.dat",         "narrow_r.dat", "flac8_r.dat",
                                    "flac8_p.dat"};
#define N_NAMES (sizeof names / sizeof names[0])

/* --- a stream and what it should give --------------------------------------------------------- */

typedef struct {
    hl_buf bytes, want; /* want: interleaved int32 */
    hl_flac_info info;
    int64_t n;
    hl_in *in;
    hl_flac *f;
    hl_error err;
} stream;

static bool open_stream(stream *s)
{
    return ok(hl_in_memory(s->bytes.at, s->bytes.n, "test.flac", &s->in, &s->err) == HL_OK) &&
           ok(hl_flac_open(s->in, level, &s->f, &s->err) == HL_OK);
}

static void close_stream(stream *s)
{
    hl_flac_close(&s->f);
    hl_in_close(&s->in);
    hl_buf_free(&s->bytes);
    hl_buf_free(&s->want);
}

/* bytes are there: ask libFLAC what they mean. */
static bool ask_library(stream *s)
{
    hl_code c = hl_flac_decode_by_library(s->bytes.at, s->bytes.n, &s->want, &s->info, &s->err);

    if (c == HL_OK && s->info.n_channels > 0)
        s->n = (int64_t)(s->want.n / sizeof(int32_t)) / s->info.n_channels;
    return c == HL_OK;
}

static bool read_stream(stream *s, const char *path)
{
    *s = (stream){0};
    return ok(hl_read_file(path, 1 << 28, &s->bytes, NULL, &s->err) == HL_OK) &&
           ok(ask_library(s)) && open_stream(s);
}

static bool fixture_stream(stream *s, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "flac/%s", name);
    return read_stream(s, fixture(path));
}

/* Whether samples [from, from + n) of the channels in mask are read as they should be. */
static bool window_is_right(stream *s, int64_t from, int64_t n, uint32_t mask)
{
    const int32_t *want = (const int32_t *)(const void *)s->want.at;
    const int32_t n_channels = s->info.n_channels;
    const int64_t expected = from >= s->n ? 0 : n < s->n - from ? n : s->n - from;
    int32_t *to[HL_FLAC_CHANNELS] = {0};
    int64_t got = -1;
    bool right = true;

    for (int32_t c = 0; c < n_channels; c++)
        if (mask >> c & 1)
            to[c] = malloc((size_t)(n + 1) * sizeof(int32_t));
    if (hl_flac_read(s->f, from, n, to, &got, &s->err) != HL_OK || got != expected) {
        printf("# window %lld + %lld: got %lld; %s\n", (long long)from, (long long)n,
               (long long)got, s->err.message);
        right = false;
    }
    for (int32_t c = 0; c < n_channels; c++)
        for (int64_t i = 0; right && to[c] && i < got; i++)
            if (to[c][i] != want[(from + i) * n_channels + c]) {
                printf("# window %lld + %lld, channel %d: sample %lld is %d, not %d\n",
                       (long long)from, (long long)n, (int)c, (long long)(from + i), (int)to[c][i],
                       (int)want[(from + i) * n_channels + c]);
                right = false;
            }
    for (int32_t c = 0; c < n_channels; c++)
        free(to[c]);
    return right;
}

static bool all_is_right(stream *s)
{
    int64_t n = -1;

    return ok(hl_flac_length(s->f, &n, &s->err) == HL_OK) && ok(n == s->n) &&
           ok(window_is_right(s, 0, s->n, 255));
}

static void windows_are_right(stream *s, int32_t times, hl_rng *rng)
{
    for (int32_t i = 0; i < times; i++) {
        const int64_t from = (int64_t)hl_rng_below(rng, (uint64_t)s->n + 2);
        const int64_t n = (int64_t)hl_rng_below(rng, i % 3 ? 1500 : (uint64_t)s->n + 2);
        const uint32_t mask = i % 2 ? 255 : (uint32_t)hl_rng_below(rng, 256);
        if (!ok(window_is_right(s, from, n, mask)))
            return;
    }
}

/* A stream of samples that are known, from the maker. */
static bool made_stream(stream *s, maker *m, const hl_flac_info *info, int32_t *const *x, int64_t n)
{
    *s = (stream){.bytes = m->b, .info = *info, .n = n};
    *m = (maker){0};
    for (int64_t i = 0; i < n; i++)
        for (int32_t c = 0; c < info->n_channels; c++)
            hl_buf_append(&s->want, &x[c][i], sizeof(int32_t));
    return open_stream(s);
}

/* --- real files ------------------------------------------------------------------------------- */

static void fixtures_decode_as_libflac_decodes_them(void)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        stream s;
        hl_rng rng = hl_rng_of(1, "windows", i);
        if (fixture_stream(&s, names[i]) && all_is_right(&s))
            windows_are_right(&s, 60, &rng);
        close_stream(&s);
    }
}

/* Every .dat below shared("wfdb") that libFLAC decodes. */
static void for_all_shared(void (*check)(stream *s, const char *name))
{
    const char *root = shared("wfdb");
    hl_names tree = {0};
    hl_error err;
    int32_t n = 0;

    if (!root) {
        skip("no shared data");
        return;
    }
    ok(hl_list_tree(root, &tree, &err) == HL_OK);
    for (size_t i = 0; i < tree.n; i++) {
        char path[HL_PATH_BYTES];
        stream s = {0};
        if (!strstr(tree.name[i], ".d") || strstr(tree.name[i], "malformed/") ||
            hl_path_join(root, tree.name[i], path, &err) != HL_OK ||
            hl_read_file(path, 1 << 28, &s.bytes, NULL, &err) != HL_OK)
            continue;
        if (s.bytes.n > 4 && memcmp(s.bytes.at, "fLaC", 4) == 0) {
            n++;
            if (ok(ask_library(&s)) && open_stream(&s))
                check(&s, tree.name[i]);
        }
        close_stream(&s);
    }
    ok(n >= 40);
    hl_names_free(&tree);
}

static void check_reads(stream *s, const char *name)
{
    hl_rng rng = hl_rng_of(2, name, 0);

    if (s->n > 1000000) /* one long constant file: its windows alone */
        ok(window_is_right(s, s->n - 5000, 6000, 255));
    else if (all_is_right(s))
        windows_are_right(s, 30, &rng);
}

static void shared_files_decode_as_libflac_decodes_them(void)
{
    for_all_shared(check_reads);
}

/* libFLAC 1.4.2 fails some seeks. Each starts with a stream that was opened afresh. */
static void check_seeks(stream *s, const char *name)
{
    const hl_flac_frame *frame = NULL;
    size_t n = 0;
    int64_t *first;

    (void)name;
    if (!ok(hl_flac_frames(s->f, &frame, &n, &s->err) == HL_OK))
        return;
    first = malloc((n + 1) * sizeof *first);
    for (size_t i = 0; i < n; i++)
        first[i] = frame[i].first;
    for (size_t i = 0; i < n && i < 400; i++)
        for (int64_t d = -1; d <= 1; d++) {
            if (first[i] + d < 0)
                continue;
            hl_flac_close(&s->f);
            if (!ok(hl_flac_open(s->in, level, &s->f, &s->err) == HL_OK) ||
                !ok(window_is_right(s, first[i] + d, 40, 255)))
                goto done;
        }
done:
    free(first);
}

static void a_window_at_every_frame_border_is_right(void)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        stream s;
        if (fixture_stream(&s, names[i]))
            check_seeks(&s, names[i]);
        close_stream(&s);
    }
}

static void shared_a_window_at_every_frame_border_is_right(void)
{
    for_all_shared(check_seeks);
}

static void check_proof(stream *s, const char *name)
{
    hl_flac_findings out;

    ok(hl_flac_prove(s->f, NULL, &out, &s->err) == HL_OK);
    if (!ok(!out.damaged && out.md5_ok && out.surplus_bytes == 0 && out.n_samples == s->n))
        printf("# %s: %s\n", name, out.message);
}

static void a_sound_stream_is_proven(void)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        stream s;
        if (fixture_stream(&s, names[i]))
            check_proof(&s, names[i]);
        close_stream(&s);
    }
}

static void shared_files_are_proven(void)
{
    for_all_shared(check_proof);
}

/* Rows: file, frame, offset, bits, block size. */
static void check_frame_table(const char *table, const char *folder)
{
    hl_buf text = {0};
    hl_error err;
    stream s = {0};
    char file[256] = "", now[256], path[4096];
    const hl_flac_frame *frame = NULL;
    size_t n_frames = 0, rows = 0, expected = 0;
    long long index, offset, bits, block;

    if (!ok(hl_read_file(table, 1 << 20, &text, NULL, &err) == HL_OK))
        return;
    for (char *line = strchr(text.at, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        if (sscanf(line + 1, "%255s %lld %lld %lld %lld", now, &index, &offset, &bits, &block) != 5)
            continue;
        if (strcmp(now, file) != 0) {
            ok(n_frames == expected);
            close_stream(&s);
            snprintf(file, sizeof file, "%s", now);
            snprintf(path, sizeof path, "%s/%s", folder, now);
            if (!read_stream(&s, path))
                break;
            ok(hl_flac_frames(s.f, &frame, &n_frames, &s.err) == HL_OK);
            expected = 0;
        }
        rows++;
        expected++;
        if (!ok((size_t)index < n_frames))
            break;
        is_int(frame[index].offset, offset);
        is_int(frame[index].bytes, bits / 8);
        is_int(frame[index].n, block);
    }
    ok(n_frames == expected);
    ok(rows > 10);
    close_stream(&s);
    hl_buf_free(&text);
}

static void the_frame_index_is_that_of_flac(void)
{
    char folder[4096];

    snprintf(folder, sizeof folder, "%s", fixture("flac"));
    check_frame_table(fixture("flac/frames.tsv"), folder);
}

static void shared_the_frame_index_is_that_of_flac(void)
{
    char folder[4096];

    if (!shared("wfdb")) {
        skip("no shared data");
        return;
    }
    snprintf(folder, sizeof folder, "%s", shared("wfdb"));
    check_frame_table(shared("wfdb/golden/flac_frames.tsv"), folder);
}

/* --- streams of other kinds ------------------------------------------------------------------- */

static FLAC__StreamEncoderWriteStatus keep(const FLAC__StreamEncoder *e, const FLAC__byte bytes[],
                                           size_t n, uint32_t samples, uint32_t frame, void *user)
{
    (void)e;
    (void)samples;
    (void)frame;
    hl_buf_append(user, bytes, n);
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

/* libFLAC with settings by chance. Without seeking STREAMINFO stays without count, sizes and MD5.
 */
static void any_settings_of_libflac_decode(void)
{
    for (uint64_t k = 0; k < 150; k++) {
        hl_rng rng = hl_rng_of(3, "encoder", k);
        stream s = {0};
        FLAC__StreamEncoder *e = FLAC__stream_encoder_new();
        const int32_t n_channels = 1 + (int32_t)hl_rng_below(&rng, k % 3 ? 2 : 8);
        const int32_t bits =
            k % 4 ? 8 * (1 + (int32_t)(k % 3)) : 4 + (int32_t)hl_rng_below(&rng, 21);
        const uint32_t block = k % 5 ? 16 + (uint32_t)hl_rng_below(&rng, 5000)
                                     : 16 + (uint32_t)hl_rng_below(&rng, 65520);
        const int64_t n = (int64_t)block + (int64_t)hl_rng_below(&rng, 30000);
        int32_t *all = malloc((size_t)(n * n_channels) * sizeof *all), *x = malloc((size_t)n * 4);
        bool good;

        for (int32_t c = 0; c < n_channels; c++) {
            make_signal(x, n, bits, &rng);
            for (int64_t i = 0; i < n; i++)
                all[i * n_channels + c] = x[i];
        }
        FLAC__stream_encoder_set_streamable_subset(e, false);
        FLAC__stream_encoder_set_channels(e, (uint32_t)n_channels);
        FLAC__stream_encoder_set_bits_per_sample(e, (uint32_t)bits);
        FLAC__stream_encoder_set_sample_rate(e, k % 7 ? 96000 : 12345);
        FLAC__stream_encoder_set_compression_level(e, (uint32_t)hl_rng_below(&rng, 9));
        FLAC__stream_encoder_set_blocksize(e, block);
        if (k % 4 == 1 && block > 32)
            FLAC__stream_encoder_set_max_lpc_order(e, (uint32_t)hl_rng_below(&rng, 33));
        if (k % 4 == 2)
            FLAC__stream_encoder_set_max_residual_partition_order(e,
                                                                  (uint32_t)hl_rng_below(&rng, 16));
        good = FLAC__stream_encoder_init_stream(e, keep, NULL, NULL, NULL, &s.bytes) ==
                   FLAC__STREAM_ENCODER_INIT_STATUS_OK &&
               FLAC__stream_encoder_process_interleaved(e, all, (uint32_t)n) &&
               FLAC__stream_encoder_finish(e);
        FLAC__stream_encoder_delete(e);
        if (ok(good) && ok(ask_library(&s)) && open_stream(&s)) {
            is_int(s.n, n);
            is_mem(s.want.at, all, (size_t)(n * n_channels) * sizeof *all);
            if (all_is_right(&s))
                windows_are_right(&s, 10, &rng);
        }
        close_stream(&s);
        free(all);
        free(x);
    }
}

/* Blocks of one size or of any sizes, from the maker. */
typedef struct {
    bool by_sample, old_way; /* old_way: sample numbers without the bit that says so */
    bool no_count;
    size_t garbage; /* between frames, every third one */
} made_kind;

static void made_streams(uint64_t seed, int32_t times, made_kind kind)
{
    for (int32_t k = 0; k < times; k++) {
        hl_rng rng = hl_rng_of(seed, "made", (uint64_t)k);
        const int32_t block = 16 + (int32_t)hl_rng_below(&rng, k % 2 ? 600 : 6000);
        hl_flac_info info = {.min_block = kind.by_sample ? 1 : block,
                             .max_block = block,
                             .n_channels = 1 + (int32_t)hl_rng_below(&rng, k % 3 ? 2 : 8),
                             .bits = k % 3 ? 16 : 4 + (int32_t)hl_rng_below(&rng, 21)};
        const int64_t n = block * 3 + (int64_t)hl_rng_below(&rng, (uint64_t)block * 12);
        int32_t *x[HL_FLAC_CHANNELS] = {0};
        maker m = {0};
        stream s = {0};
        uint64_t number = 0;
        hl_buf library = {0};
        hl_flac_info found;

        if (kind.by_sample && !kind.old_way)
            info.min_block = k % 2 ? block : 1;
        info.n_samples = kind.no_count ? 0 : n;
        for (int32_t c = 0; c < info.n_channels; c++) {
            x[c] = malloc((size_t)n * sizeof *x[c]);
            make_signal(x[c], n, info.bits, &rng);
        }
        put_marker(&m);
        put_info(&m, &info, true);
        for (int64_t at = 0; at < n;) {
            int64_t size =
                kind.by_sample ? 1 + (int64_t)hl_rng_below(&rng, (uint64_t)block) : block;
            if (size > n - at)
                size = n - at;
            put_frame(&m, &info, x, at, (int32_t)size, kind.by_sample && !kind.old_way,
                      kind.by_sample ? (uint64_t)at : number, &rng);
            at += size;
            if (kind.garbage && ++number % 3 == 0)
                for (size_t i = 0; i < kind.garbage; i++)
                    put(&m, i % 5 == 0 ? 0xff : i % 5 == 1 ? 0xf8 : hl_rng_u64(&rng), 8);
            else if (!kind.garbage)
                number++;
        }
        if (!kind.garbage) {
            ok(hl_flac_decode_by_library(m.b.at, m.b.n, &library, &found, &s.err) == HL_OK);
            is_int(library.n, n * info.n_channels * 4);
        }
        if (made_stream(&s, &m, &info, x, n)) {
            if (!kind.garbage)
                is_mem(library.at, s.want.at, s.want.n);
            if (all_is_right(&s))
                windows_are_right(&s, 12, &rng);
        }
        hl_buf_free(&library);
        close_stream(&s);
        for (int32_t c = 0; c < info.n_channels; c++)
            free(x[c]);
    }
}

static void everything_the_format_allows_is_decoded(void)
{
    made_streams(10, 120, (made_kind){0});
}

static void blocks_of_any_sizes_are_found_by_sample_number(void)
{
    made_streams(11, 60, (made_kind){.by_sample = true});
    made_streams(12, 20, (made_kind){.by_sample = true, .old_way = true});
}

static void a_stream_that_does_not_state_its_length_is_counted(void)
{
    made_streams(13, 30, (made_kind){.no_count = true});
    made_streams(14, 30, (made_kind){.no_count = true, .by_sample = true});
}

static void bytes_between_frames_are_passed_over(void)
{
    made_streams(15, 20, (made_kind){.garbage = 7});
    made_streams(16, 20, (made_kind){.garbage = 300});
    made_streams(17, 10, (made_kind){.garbage = 70000});
}

static void bytes_behind_the_last_frame_are_surplus(void)
{
    static const size_t surplus[] = {1, 128, 5000, 90000};

    for (size_t i = 0; i < sizeof surplus / sizeof surplus[0]; i++) {
        stream s;
        hl_flac_findings out;
        hl_in *in = NULL;
        if (!fixture_stream(&s, names[i]))
            return;
        for (size_t k = 0; k < surplus[i]; k++)
            hl_buf_char(&s.bytes, (char)(k % 7 ? k * k : 0xff));
        hl_flac_close(&s.f);
        ok(hl_in_memory(s.bytes.at, s.bytes.n, "longer.flac", &in, &s.err) == HL_OK);
        ok(hl_flac_open(in, level, &s.f, &s.err) == HL_OK);
        all_is_right(&s);
        ok(hl_flac_prove(s.f, NULL, &out, &s.err) == HL_OK);
        ok(!out.damaged && out.md5_ok);
        is_int(out.surplus_bytes, surplus[i]);
        hl_flac_close(&s.f);
        hl_in_close(&in);
        close_stream(&s);
    }
}

static void other_metadata_blocks_are_passed_over(void)
{
    const char comment[] = "\x05\0\0\0maker\0\0\0\0";
    char *large = calloc(1, 70000);
    hl_flac_info info = {.min_block = 64, .max_block = 64, .n_channels = 1, .bits = 8};
    hl_rng rng = hl_rng_of(20, "metadata", 0);
    int32_t x[200], *const planes[1] = {x};
    maker m = {0};
    stream s;

    make_signal(x, 200, 8, &rng);
    info.n_samples = 200;
    hl_buf_append(&m.b, "ID3\4\0\0\0\0\1\x10", 10); /* 144 bytes of tags */
    hl_buf_append(&m.b, large, 144);
    put_marker(&m);
    put_info(&m, &info, false);
    put_block(&m, 3, large, 18 * 3, false);    /* seek table */
    put_block(&m, 1, large, 70000, false);     /* padding */
    put_block(&m, 4, comment, 13, false);      /* who wrote it */
    put_block(&m, 126, large, 0, false);       /* of the future */
    put_block(&m, 2, "hilm\xff\xf8", 6, true); /* an application's */
    for (int32_t i = 0; i < 4; i++)
        put_frame(&m, &info, planes, i * 64, i < 3 ? 64 : 8, false, (uint64_t)i, &rng);
    if (made_stream(&s, &m, &info, planes, 200)) {
        all_is_right(&s);
        is_str(hl_flac_info_of(s.f)->vendor, "maker");
        is_int(hl_flac_info_of(s.f)->first_frame, 154 + 4 + 38 + 58 + 70004 + 17 + 4 + 10);
    }
    close_stream(&s);
    free(large);
}

/* Sample numbers of 36 bits, in 7 bytes: a million frames, three days at 250 kHz. */
static void a_stream_of_the_longest_length_is_read_at_any_place(void)
{
    const int64_t total = (INT64_C(1) << 36) - 1;
    hl_flac_info info = {
        .min_block = 16, .max_block = 65535, .n_channels = 1, .bits = 16, .n_samples = total};
    hl_rng rng = hl_rng_of(21, "long", 0);
    maker m = {0};
    stream s = {0};

    put_marker(&m);
    put_info(&m, &info, true);
    for (int64_t at = 0; at < total; at += 65535) {
        const size_t start = m.b.n;
        put_header(&m, (int32_t)(total - at < 65535 ? total - at : 65535), 0, 4, true,
                   (uint64_t)at);
        put(&m, 0, 8);
        put_signed(&m, at / 65535 % 30011, 16);
        put_footer(&m, start);
    }
    s.bytes = m.b;
    for (int32_t k = 0; k < 3 && open_stream(&s); k++) {
        for (int32_t i = 0; i < 100; i++) {
            const int64_t from = i ? (int64_t)hl_rng_below(&rng, (uint64_t)total - 2) : total - 2;
            int32_t v[2], *const to[HL_FLAC_CHANNELS] = {v};
            int64_t got = 0;
            ok(hl_flac_read(s.f, from, 2, to, &got, &s.err) == HL_OK);
            is_int(got, 2);
            is_int(v[0], from / 65535 % 30011);
            is_int(v[1], (from + 1) / 65535 % 30011);
        }
        hl_flac_close(&s.f);
        hl_in_close(&s.in);
    }
    close_stream(&s);
}

/* A frame of verbatim samples that look like the header of the next frame. */
static void a_header_among_the_samples_is_not_taken(void)
{
    hl_flac_info info = {
        .min_block = 256, .max_block = 256, .n_channels = 1, .bits = 16, .n_samples = 256 * 40};
    hl_rng rng = hl_rng_of(22, "false", 0);
    int32_t *x = malloc(256 * 40 * sizeof *x), *const planes[1] = {x};
    maker m = {0};
    stream s;

    make_signal(x, 256 * 40, 16, &rng);
    put_marker(&m);
    put_info(&m, &info, true);
    for (int32_t i = 0; i < 40; i++) {
        maker fake = {0};
        const size_t start = m.b.n;
        if (i % 4 != 1) {
            put_frame(&m, &info, planes, i * 256, 256, false, (uint64_t)i, &rng);
            continue;
        }
        while (fake.b.n < 512) /* numbers of the next frame and of later ones */
            put_header(&fake, 256, 0, 4, false, (uint64_t)i + 1 + hl_rng_below(&rng, 3));
        for (int32_t k = 0; k < 256; k++)
            x[i * 256 + k] =
                (int16_t)((uint8_t)fake.b.at[2 * k] << 8 | (uint8_t)fake.b.at[2 * k + 1]);
        put_header(&m, 256, 0, 4, false, (uint64_t)i);
        put(&m, 2, 8); /* verbatim */
        for (int32_t k = 0; k < 256; k++)
            put_signed(&m, x[i * 256 + k], 16);
        put_footer(&m, start);
        hl_buf_free(&fake.b);
    }
    if (made_stream(&s, &m, &info, planes, 256 * 40)) {
        const hl_flac_frame *frame = NULL;
        size_t n = 0;
        all_is_right(&s);
        windows_are_right(&s, 40, &rng);
        ok(hl_flac_frames(s.f, &frame, &n, &s.err) == HL_OK);
        is_int(n, 40);
    }
    close_stream(&s);
    free(x);
}

static void header_numbers_are_read_up_to_36_bits(void)
{
    const hl_flac_info info = {.min_block = 16, .max_block = 65535, .n_channels = 1, .bits = 16};

    for (uint32_t k = 0; k < 36; k++)
        for (uint64_t v = (1ULL << k) - 1; v <= (1ULL << k) + 1; v++) {
            maker m = {0};
            hl_flac_header h = {0};
            put_header(&m, 300, 0, 4, true, v);
            is_int(crc_of(m.b.at, m.b.n, 8, 7), 0);
            is_int(hl_flac_crc8((const uint8_t *)m.b.at, m.b.n), 0);
            is_int(hl_flac_crc16(0, (const uint8_t *)m.b.at, m.b.n),
                   crc_of(m.b.at, m.b.n, 16, 0x8005));
            hl_buf_append(&m.b, "0123456789abcdef", 16);
            ok(hl_flac_header_read((const uint8_t *)m.b.at, m.b.n, &info, &h));
            is_int(h.first, v);
            is_int(h.n, 300);
            hl_buf_free(&m.b);
        }
}

/* --- reading in other ways -------------------------------------------------------------------- */

/* A file that counts how it is read. */
typedef struct {
    const hl_buf *bytes;
    int64_t reads, read_bytes;
} counted;

static int64_t counted_size(void *user)
{
    const counted *c = user;
    return (int64_t)c->bytes->n;
}

static int64_t counted_read(void *user, void *to, int64_t offset, int64_t n)
{
    counted *c = user;
    if (n > (int64_t)c->bytes->n - offset)
        n = (int64_t)c->bytes->n - offset;
    memcpy(to, c->bytes->at + offset, (size_t)n);
    c->reads++;
    c->read_bytes += n;
    return n;
}

/* n samples of three channels, in turn constant, quiet and loud, encoded by our writer. */
static bool long_file(stream *s, int64_t n)
{
    const char *folder = temp_folder();
    char path[512];
    hl_rng rng = hl_rng_of(30, "long file", 0);
    int32_t *x = malloc((size_t)n * 3 * sizeof *x);
    hl_out *out = NULL;
    hl_flac_writer *w = NULL;
    bool good;

    *s = (stream){0};
    for (int64_t i = 0; i < n; i++)
        for (int32_t c = 0; c < 3; c++) {
            const int32_t size = i % 200000 < 60000 ? 1 : i % 200000 < 140000 ? 12 : 900;
            x[i * 3 + c] = (int32_t)(3000 * sin((double)i * 0.03)) * (size > 1) +
                           (int32_t)hl_rng_below(&rng, (uint64_t)size);
        }
    snprintf(path, sizeof path, "%s/long.flac", folder);
    good = ok(hl_out_create(path, &out, &s->err) == HL_OK) &&
           ok(hl_flac_writer_new(out, 3, 16, HL_FLAC_FAST, &w, &s->err) == HL_OK) &&
           ok(hl_flac_writer_add(w, x, n, &s->err) == HL_OK) &&
           ok(hl_flac_writer_end(&w, &s->err) == HL_OK) &&
           ok(hl_out_commit(&out, NULL, &s->err) == HL_OK) && read_stream(s, path);
    if (good)
        is_mem(s->want.at, x, (size_t)n * 3 * sizeof *x);
    hl_remove_tree(folder, &s->err);
    free(x);
    return good;
}

static void a_window_costs_a_few_small_reads(void)
{
    stream s;
    counted count = {0};
    const hl_source source = {.user = &count, .size = counted_size, .pread = counted_read};
    hl_rng rng = hl_rng_of(31, "reads", 0);
    int64_t all_reads = 0, most = 0;
    const int32_t times = 60;

    if (!long_file(&s, 1000000))
        return;
    count.bytes = &s.bytes;
    hl_in_close(&s.in);
    ok(hl_in_source(&source, "counted", &s.in, &s.err) == HL_OK);
    for (int32_t i = 0; i < times; i++) {
        const int64_t from = (int64_t)hl_rng_below(&rng, (uint64_t)s.n - 1250);
        hl_flac_close(&s.f);
        ok(hl_flac_open(s.in, level, &s.f, &s.err) == HL_OK);
        count.reads = count.read_bytes = 0;
        ok(window_is_right(&s, from, 1250, 255));
        ok(count.read_bytes < 700000);
        all_reads += count.reads;
        most = count.reads > most ? count.reads : most;
    }
    printf("# reads a window: %.2f, at most %lld\n", (double)all_reads / times, (long long)most);
    ok(all_reads <= 5 * times);
    ok(most <= 12);
    close_stream(&s);
}

static void reading_on_reads_each_byte_once(void)
{
    stream s;
    counted count = {0};
    const hl_source source = {.user = &count, .size = counted_size, .pread = counted_read};

    if (!long_file(&s, 300000))
        return;
    count.bytes = &s.bytes;
    hl_in_close(&s.in);
    hl_flac_close(&s.f);
    ok(hl_in_source(&source, "counted", &s.in, &s.err) == HL_OK);
    ok(hl_flac_open(s.in, level, &s.f, &s.err) == HL_OK);
    for (int64_t at = 0; at < s.n; at += 312)
        if (!ok(window_is_right(&s, at, 312, 255)))
            break;
    ok(count.read_bytes < (int64_t)s.bytes.n + 4096);
    close_stream(&s);
}

static void channels_are_read_one_after_the_other(void)
{
    stream s;

    if (!fixture_stream(&s, "stereo_p.dat"))
        return;
    for (uint32_t mask = 0; mask < 4; mask++) {
        ok(window_is_right(&s, 100, 30, mask));
        ok(window_is_right(&s, 4000, 300, 3 - mask));
        ok(window_is_right(&s, 90, 4000, mask));
    }
    ok(window_is_right(&s, s.n, 5, 3));
    ok(window_is_right(&s, s.n - 1, 5, 3));
    ok(window_is_right(&s, s.n + 100000, 5, 3));
    ok(window_is_right(&s, 5, 0, 3));
    close_stream(&s);
}

/* --- damage ----------------------------------------------------------------------------------- */

/* Samples in front of the damage are right, and the damage is an error. */
static void read_damaged(const stream *s, const char *bytes, size_t n, bool must_fail,
                         const char *what, size_t where)
{
    const int32_t *want = (const int32_t *)(const void *)s->want.at;
    hl_in *in = NULL;
    hl_flac *f = NULL;
    hl_error err = {0};
    hl_flac_findings out;
    int32_t *to[HL_FLAC_CHANNELS] = {0};
    int64_t got = 0, differs = -1;
    hl_code c;

    ok(hl_in_memory(bytes, n, "damaged.flac", &in, &err) == HL_OK);
    c = hl_flac_open(in, level, &f, &err);
    if (c == HL_OK && hl_flac_info_of(f)->n_channels == s->info.n_channels) {
        for (int32_t i = 0; i < s->info.n_channels; i++)
            to[i] = malloc((size_t)s->n * sizeof(int32_t));
        c = hl_flac_read(f, 0, s->n, to, &got, &err);
        if (must_fail)
            for (int64_t i = 0; i < got * s->info.n_channels && differs < 0; i++)
                if (to[i % s->info.n_channels][i / s->info.n_channels] != want[i])
                    differs = i;
        for (int32_t i = 0; i < s->info.n_channels; i++)
            free(to[i]);
        /* A window alone, far from the start, must not fail the process either. */
        for (int64_t at = 0; at < s->n; at += s->n / 5 + 1) {
            int32_t v[8];
            int32_t *const one[HL_FLAC_CHANNELS] = {[0] = v};
            hl_flac_read(f, at, 8, one, &got, NULL);
        }
        ok(hl_flac_prove(f, NULL, &out, &err) == HL_OK);
        ok(!must_fail || out.damaged || !out.md5_ok);
    }
    if (differs >= 0 || (must_fail && c == HL_OK) ||
        (c != HL_OK && c != HL_E_INPUT && c != HL_E_LIMIT))
        tap_check(false, __FILE__, __LINE__, "%s at %zu: code %d, differs at %lld", what, where,
                  (int)c, (long long)differs);
    hl_flac_close(&f);
    hl_in_close(&in);
}

static void a_changed_bit_anywhere_is_an_error_and_the_rest_is_right(void)
{
    static const char *const small[] = {"flac8_r.dat", "flac8_p.dat", "const_r.dat"};

    for (size_t k = 0; k < 3; k++) {
        stream s;
        if (!fixture_stream(&s, small[k]))
            return;
        for (size_t i = 0; i < s.bytes.n; i++) {
            const char before = s.bytes.at[i];
            s.bytes.at[i] = (char)(before ^ 1 << i % 8);
            read_damaged(&s, s.bytes.at, s.bytes.n, i >= 86, "bit", i);
            s.bytes.at[i] = before;
        }
        close_stream(&s);
    }
}

static void a_file_cut_anywhere_is_an_error_and_the_rest_is_right(void)
{
    static const char *const small[] = {"flac8_r.dat", "flac8_p.dat", "const_r.dat"};

    for (size_t k = 0; k < 3; k++) {
        stream s;
        if (!fixture_stream(&s, small[k]))
            return;
        for (size_t n = 0; n < s.bytes.n; n++) {
            char *copy = malloc(n + 1); /* so that a read behind the end shows */
            memcpy(copy, s.bytes.at, n);
            read_damaged(&s, copy, n, true, "cut", n);
            free(copy);
        }
        close_stream(&s);
    }
}

static void blocks_behind_a_damaged_one_can_be_read(void)
{
    stream s;
    int64_t got = -1;
    int32_t v[4096];
    int32_t *const to[HL_FLAC_CHANNELS] = {v};

    if (!fixture_stream(&s, "mixedsignals_r.dat"))
        return;
    s.bytes.at[2500] ^= 4; /* in the second block */
    ok(window_is_right(&s, 0, 4096, 255));
    ok(hl_flac_read(s.f, 4000, 200, to, &got, &s.err) == HL_E_INPUT);
    is_int(got, 96);
    is_int(s.err.offset, 1822);
    like(s.err.message, "test.flac: the FLAC frame of sample 4096 at byte 1822 is damaged: ");
    ok(window_is_right(&s, 8192, 4096, 255));
    ok(hl_flac_read(s.f, 5000, 10, to, &got, &s.err) == HL_E_INPUT);
    is_int(got, 0);
    ok(window_is_right(&s, 9000, 5000, 255));
    memmove(s.bytes.at + 1822, s.bytes.at + 3613, s.bytes.n - 3613); /* now it is missing */
    hl_flac_close(&s.f);
    hl_in_close(&s.in);
    s.bytes.n -= 3613 - 1822;
    if (open_stream(&s)) {
        hl_flac_findings out;
        ok(hl_flac_read(s.f, 4000, 200, to, &got, &s.err) == HL_E_INPUT);
        is_int(got, 96);
        like(s.err.message, "no FLAC frame holds sample 4096");
        ok(window_is_right(&s, 8192, 4096, 255));
        ok(hl_flac_prove(s.f, NULL, &out, &s.err) == HL_OK);
        ok(out.damaged && out.n_samples == 4096 && out.offset == 1822);
    }
    close_stream(&s);
}

/* One frame with a fault that no check sum shows: libFLAC refuses it, and so do we. */
static void expect_bad_frame(maker *m, const char *why)
{
    hl_flac_info info = {
        .min_block = 16, .max_block = 16, .n_channels = 1, .bits = 8, .n_samples = 16};
    maker all = {0};
    hl_in *in = NULL;
    hl_flac *f = NULL;
    hl_error err = {0};
    hl_buf library = {0};
    int32_t v[16];
    int32_t *const to[HL_FLAC_CHANNELS] = {v};
    int64_t got;

    put_marker(&all);
    put_info(&all, &info, true);
    put_footer(m, 0);
    hl_buf_append(&all.b, m->b.at, m->b.n);
    ok(hl_flac_decode_by_library(all.b.at, all.b.n, &library, &info, &err) == HL_E_INPUT);
    ok(hl_in_memory(all.b.at, all.b.n, "bad.flac", &in, &err) == HL_OK);
    ok(hl_flac_open(in, level, &f, &err) == HL_OK);
    ok(hl_flac_read(f, 0, 16, to, &got, &err) == HL_E_INPUT);
    like(err.message, why);
    hl_flac_close(&f);
    hl_in_close(&in);
    hl_buf_free(&library);
    hl_buf_free(&all.b);
    hl_buf_free(&m->b);
    *m = (maker){0};
}

/* A frame header and n bits of v. */
static void begin_frame(maker *m, uint64_t v, uint32_t n)
{
    put_header(m, 16, 0, 1, false, 0);
    put(m, v, n);
}

static void what_no_encoder_writes_is_refused(void)
{
    maker m = {0};

    begin_frame(&m, 0x80, 8);
    put(&m, 0, 8);
    expect_bad_frame(&m, "a subframe does not start with 0");
    begin_frame(&m, 2 << 1, 8);
    put(&m, 0, 8);
    expect_bad_frame(&m, "a reserved kind of subframe");
    begin_frame(&m, 13 << 1, 8);
    expect_bad_frame(&m, "a reserved kind of subframe");
    begin_frame(&m, 31 << 1, 8);
    expect_bad_frame(&m, "a reserved kind of subframe");
    begin_frame(&m, 63 << 1, 8); /* order 32 in a block of 16 */
    expect_bad_frame(&m, "a predictor longer than the block");
    begin_frame(&m, 1, 8); /* constant with 8 wasted bits of 8 */
    put(&m, 1, 8);
    expect_bad_frame(&m, "more wasted bits than a sample has");
    begin_frame(&m, 8 << 1, 8);
    put(&m, 2, 2);
    expect_bad_frame(&m, "a reserved residual coding");
    begin_frame(&m, 8 << 1, 8);
    put(&m, 5, 6); /* 32 partitions */
    expect_bad_frame(&m, "its partitions do not fit the block");
    begin_frame(&m, 11 << 1, 8); /* order 3, partitions of 2 */
    put(&m, 0, 24);
    put(&m, 3, 6);
    expect_bad_frame(&m, "its partitions do not fit the block");
    begin_frame(&m, 32 << 1, 8); /* precision 16 */
    put(&m, 0, 8);
    put(&m, 15, 4);
    put(&m, 0, 5);
    expect_bad_frame(&m, "a reserved precision or shift");
    begin_frame(&m, 32 << 1, 8); /* shift -1 */
    put(&m, 0, 8);
    put(&m, 3, 4);
    put(&m, 31, 5);
    expect_bad_frame(&m, "a reserved precision or shift");
    begin_frame(&m, 8 << 1, 8); /* parameter 30 and four zeros: 2^32 */
    put(&m, 1, 2);
    put(&m, 0, 4);
    put(&m, 30, 5);
    put(&m, 1, 5);
    put(&m, 0, 30);
    put(&m, 0, 60);
    expect_bad_frame(&m, "a residual of more than 32 bits");
    begin_frame(&m, 8 << 1, 8); /* a sample of 128 in 8 bits */
    put(&m, 0, 6);
    put(&m, 15, 4);
    put(&m, 9, 5);
    for (int32_t i = 0; i < 16; i++)
        put(&m, i == 9 ? 128 : 0, 9);
    expect_bad_frame(&m, "a sample is out of range");
    begin_frame(&m, 0, 8); /* constant, then padding: a byte too many is no padding */
    put(&m, 5, 8);
    put(&m, 0, 8);
    expect_bad_frame(&m, "CRC-16");
    begin_frame(&m, 8 << 1, 8); /* escape of 0 bits: all 0, then bits that are not zero */
    put(&m, 0, 6);
    put(&m, 15, 4);
    put(&m, 0, 5);
    put(&m, 1, 1);
    expect_bad_frame(&m, "padding that is not zero");
}

/* Bits changed at random in a frame that gets its check sum again. */
static void a_frame_with_a_right_check_sum_is_taken_or_refused_as_by_libflac(void)
{
    int32_t taken = 0, refused = 0;

    for (uint64_t k = 0; k < 6000; k++) {
        hl_rng rng = hl_rng_of(40, "changed frames", k);
        const int32_t n = 16 + (int32_t)hl_rng_below(&rng, 200);
        hl_flac_info info = {.min_block = n,
                             .max_block = n,
                             .n_channels = 1 + (int32_t)hl_rng_below(&rng, 2),
                             .bits = 8 * (1 + (int32_t)(k % 3)),
                             .n_samples = n};
        int32_t *x[HL_FLAC_CHANNELS] = {0};
        maker m = {0};
        stream s = {0};
        size_t start;
        bool good;

        for (int32_t c = 0; c < info.n_channels; c++) {
            x[c] = malloc((size_t)n * sizeof *x[c]);
            make_signal(x[c], n, info.bits, &rng);
        }
        put_marker(&m);
        put_info(&m, &info, true);
        start = m.b.n;
        put_frame(&m, &info, x, 0, n, false, 0, &rng);
        for (uint64_t i = 0, times = hl_rng_below(&rng, 4); i < times; i++) {
            const uint64_t room = i % 2 ? 40 : m.b.n - start - 10;
            const size_t at = start + 8 + (size_t)hl_rng_below(&rng, room);
            if (at < m.b.n - 2)
                m.b.at[at] = (char)(m.b.at[at] ^ 1 << hl_rng_below(&rng, 8));
        }
        m.b.n -= 2;
        put(&m, crc_of(m.b.at + start, m.b.n - start, 16, 0x8005), 16);
        s.bytes = m.b;
        good = ask_library(&s) && s.n == n;
        if (open_stream(&s)) {
            int32_t *to[HL_FLAC_CHANNELS] = {0};
            int64_t got = 0;
            for (int32_t c = 0; c < info.n_channels; c++)
                to[c] = malloc((size_t)n * sizeof *to[c]);
            if (!ok((hl_flac_read(s.f, 0, n, to, &got, &s.err) == HL_OK) == good))
                printf("# stream %d: %s\n", (int)k, s.err.message);
            if (good)
                ok(window_is_right(&s, 0, n, 255));
            for (int32_t c = 0; c < info.n_channels; c++)
                free(to[c]);
        }
        taken += good;
        refused += !good;
        close_stream(&s);
        for (int32_t c = 0; c < info.n_channels; c++)
            free(x[c]);
    }
    ok(taken > 1000 && refused > 1000);
}

static void what_is_no_flac_is_refused(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        hl_code code;
        const char *why;
    } bad[] = {
        {"", 0, HL_E_INPUT, "no FLAC stream"},
        {"fLa", 3, HL_E_INPUT, "no FLAC stream"},
        {"OggS............", 16, HL_E_INPUT, "no FLAC stream"},
        {"fLaC", 4, HL_E_INPUT, "damaged at byte 4: the file ends there"},
        {"fLaC\x80\0\0\x22", 8, HL_E_INPUT, "a block that cannot be"},
        {"fLaC\x81\0\0\0", 8, HL_E_INPUT, "STREAMINFO is missing"},
        {"fLaC\x80\0\0\4....", 12, HL_E_INPUT, "STREAMINFO is too short"},
    };
    hl_flac_info info = {.min_block = 16, .max_block = 16, .n_channels = 1, .bits = 32};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hl_in *in = NULL;
        hl_flac *f = NULL;
        hl_error err = {0};
        ok(hl_in_memory(bad[i].bytes, bad[i].n, "bad", &in, &err) == HL_OK);
        is_int(hl_flac_open(in, level, &f, &err), bad[i].code);
        ok(f == NULL);
        like(err.message, bad[i].why);
        hl_in_close(&in);
    }
    for (int32_t k = 0; k < 3; k++) {
        maker m = {0};
        hl_in *in = NULL;
        hl_flac *f = NULL;
        hl_error err = {0};
        info.bits = k == 0 ? 32 : k == 1 ? 3 : 16;
        info.max_block = k == 2 ? 8 : 16;
        put_marker(&m);
        put_info(&m, &info, true);
        ok(hl_in_memory(m.b.at, m.b.n, "bad", &in, &err) == HL_OK);
        is_int(hl_flac_open(in, level, &f, &err), k == 0 ? HL_E_LIMIT : HL_E_INPUT);
        like(err.message, k == 0   ? "32 bits is not supported"
                          : k == 1 ? "less than 4 bits"
                                   : "block sizes make no sense");
        hl_in_close(&in);
        hl_buf_free(&m.b);
    }
}

/* --- encoding --------------------------------------------------------------------------------- */

/* Encode what s holds; the file's bytes to out. pieces: how many samples a call. */
static bool encode(const stream *s, int32_t bits, hl_flac_effort effort, int64_t pieces,
                   hl_buf *out)
{
    const int32_t *x = (const int32_t *)(const void *)s->want.at;
    const char *folder = temp_folder();
    char path[512];
    hl_out *file = NULL;
    hl_flac_writer *w = NULL;
    hl_error err = {0};
    hl_digest told, read;
    bool good;

    snprintf(path, sizeof path, "%s/out.flac", folder);
    good = ok(hl_out_create(path, &file, &err) == HL_OK) &&
           ok(hl_flac_writer_new(file, s->info.n_channels, bits, effort, &w, &err) == HL_OK);
    for (int64_t at = 0; good && at < s->n; at += pieces)
        good = ok(hl_flac_writer_add(w, x + at * s->info.n_channels,
                                     s->n - at < pieces ? s->n - at : pieces, &err) == HL_OK);
    good = good && ok(hl_flac_writer_end(&w, &err) == HL_OK) && ok(w == NULL) &&
           ok(hl_out_commit(&file, &told, &err) == HL_OK) &&
           ok(hl_read_file(path, 1 << 28, out, &read, &err) == HL_OK) &&
           ok(hl_digest_equal(&told, &read));
    hl_remove_tree(folder, &err);
    return good;
}

static void check_encoding(stream *s, const char *name)
{
    hl_buf out = {0};

    if (strncmp(name, "mimic4like/", 11) == 0 && encode(s, 16, HL_FLAC_BEST, 1000, &out)) {
        is_int(out.n, s->bytes.n);
        is_mem(out.at, s->bytes.at, out.n < s->bytes.n ? out.n : s->bytes.n);
    }
    hl_buf_free(&out);
}

static void the_best_encoding_is_that_of_flac_8_to_the_byte(void)
{
    static const char *const of_flac[] = {"flac8_r.dat", "flac8_p.dat"};

    for (size_t i = 0; i < 2; i++) {
        stream s;
        if (fixture_stream(&s, of_flac[i]))
            check_encoding(&s, "mimic4like/");
        close_stream(&s);
    }
}

static void shared_the_best_encoding_is_that_of_flac_8_to_the_byte(void)
{
    for_all_shared(check_encoding);
}

static void what_is_encoded_decodes_to_the_same(void)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        stream s, again = {0};
        if (!fixture_stream(&s, names[i]))
            return;
        if (encode(&s, s.info.bits, HL_FLAC_FAST, 777, &again.bytes) && ok(ask_library(&again)) &&
            open_stream(&again)) {
            is_int(again.n, s.n);
            is_mem(again.want.at, s.want.at, s.want.n);
            all_is_right(&again);
            check_proof(&again, names[i]);
            is_int(hl_flac_info_of(again.f)->n_samples, s.n);
            is_int(hl_flac_info_of(again.f)->rate_hz, 96000);
            is_int(hl_flac_info_of(again.f)->max_block, 4096);
        }
        close_stream(&again);
        close_stream(&s);
    }
}

static void an_encoder_refuses_what_does_not_fit(void)
{
    static const int32_t bad[2] = {32768, -32769}, good[2] = {32767, -32768};
    const char *folder = temp_folder();
    char path[512];
    hl_out *out = NULL;
    hl_flac_writer *w = NULL;
    hl_error err = {0};

    snprintf(path, sizeof path, "%s/out.flac", folder);
    ok(hl_out_create(path, &out, &err) == HL_OK);
    is_int(hl_flac_writer_new(out, 9, 16, HL_FLAC_BEST, &w, &err), HL_E_BUG);
    is_int(hl_flac_writer_new(out, 1, 17, HL_FLAC_BEST, &w, &err), HL_E_BUG);
    ok(hl_flac_writer_new(out, 1, 16, HL_FLAC_BEST, &w, &err) == HL_OK);
    ok(hl_flac_writer_add(w, good, 2, &err) == HL_OK);
    is_int(hl_flac_writer_add(w, bad, 1, &err), HL_E_BUG);
    is_int(hl_flac_writer_add(w, bad + 1, 1, &err), HL_E_BUG);
    like(err.message, "a sample of -32769 does not fit in 16 bits");
    hl_flac_writer_abort(&w);
    ok(w == NULL);
    hl_out_abort(&out);
    ok(!hl_file_exists(path));
    hl_remove_tree(folder, &err);
}

static void bytes_that_were_written_can_be_changed(void)
{
    const char *folder = temp_folder();
    char path[512], *bytes = calloc(1, 400000);
    hl_out *out = NULL;
    hl_buf read = {0};
    hl_digest told, found;
    hl_error err = {0};

    snprintf(path, sizeof path, "%s/patched", folder);
    ok(hl_out_create(path, &out, &err) == HL_OK);
    for (int32_t i = 0; i < 40; i++)
        ok(hl_out_write(out, bytes + i * 10000, 10000, &err) == HL_OK);
    for (int32_t i = 0; i < 40; i++) {
        const int64_t at = i == 0 ? 0 : i == 1 ? 399997 : i * 9973;
        memcpy(bytes + at, "abc", 3);
        ok(hl_out_patch(out, at, "abc", 3, &err) == HL_OK);
    }
    for (int64_t at = 131070; at < 131074; at++) {
        memcpy(bytes + at, "xyz", 3);
        ok(hl_out_patch(out, at, "xyz", 3, &err) == HL_OK);
    }
    is_int(hl_out_patch(out, 399998, "abc", 3, &err), HL_E_BUG);
    is_int(hl_out_patch(out, -1, "abc", 3, &err), HL_E_BUG);
    is_int(hl_out_bytes(out), 400000);
    ok(hl_out_commit(&out, &told, &err) == HL_OK);
    ok(hl_read_file(path, 1 << 20, &read, &found, &err) == HL_OK);
    is_int(read.n, 400000);
    is_mem(read.at, bytes, 400000);
    ok(hl_digest_equal(&told, &found));
    hl_buf_free(&read);
    hl_remove_tree(folder, &err);
    free(bytes);
}

static void md5_is_that_of_rfc_1321(void)
{
    hl_md5 *h = hl_md5_new();
    uint8_t sum[16];

    for (int32_t i = 0; i < 2; i++) {
        hl_md5_add(h, "message ", 8);
        hl_md5_add(h, "digest", 6);
        hl_md5_end(h, sum);
        is_mem(sum, "\xf9\x6b\x69\x7d\x7c\xb7\x93\x8d\x52\x5a\x2f\x31\xaa\xf1\x61\xd0", 16);
    }
    hl_md5_free(&h);
    ok(h == NULL);
}

static void run_all(void)
{
    printf("# level %s\n", hl_cpu_name(level));
    run(fixtures_decode_as_libflac_decodes_them);
    run(shared_files_decode_as_libflac_decodes_them);
    run(a_window_at_every_frame_border_is_right);
    run(shared_a_window_at_every_frame_border_is_right);
    run(a_sound_stream_is_proven);
    run(shared_files_are_proven);
    run(any_settings_of_libflac_decode);
    run(everything_the_format_allows_is_decoded);
    run(blocks_of_any_sizes_are_found_by_sample_number);
    run(a_stream_that_does_not_state_its_length_is_counted);
    run(bytes_between_frames_are_passed_over);
    run(bytes_behind_the_last_frame_are_surplus);
    run(channels_are_read_one_after_the_other);
    run(a_changed_bit_anywhere_is_an_error_and_the_rest_is_right);
    run(a_file_cut_anywhere_is_an_error_and_the_rest_is_right);
    run(blocks_behind_a_damaged_one_can_be_read);
    run(what_no_encoder_writes_is_refused);
    run(a_frame_with_a_right_check_sum_is_taken_or_refused_as_by_libflac);
}

int main(void)
{
    const hl_cpu best = hl_cpu_level(HL_CPU_BEST);

    level = HL_CPU_C;
    run_all();
    level = best;
    if (best != HL_CPU_C)
        run_all();
    run(the_frame_index_is_that_of_flac);
    run(shared_the_frame_index_is_that_of_flac);
    run(other_metadata_blocks_are_passed_over);
    run(a_stream_of_the_longest_length_is_read_at_any_place);
    run(a_header_among_the_samples_is_not_taken);
    run(header_numbers_are_read_up_to_36_bits);
    run(a_window_costs_a_few_small_reads);
    run(reading_on_reads_each_byte_once);
    run(what_is_no_flac_is_refused);
    run(the_best_encoding_is_that_of_flac_8_to_the_byte);
    run(shared_the_best_encoding_is_that_of_flac_8_to_the_byte);
    run(what_is_encoded_decodes_to_the_same);
    run(an_encoder_refuses_what_does_not_fit);
    run(bytes_that_were_written_can_be_changed);
    run(md5_is_that_of_rfc_1321);
    return done();
}
