/*
 * Frames are found wherever their headers stand in what is read at a time: also across its end.
 */
#include "format/flac_maker.h"

enum { FRAMES = 5 };

/* A stream of frames of n samples that stand as they are: 2 n + 11 bytes each. */
static void make_stream(maker *m, int32_t n, uint64_t first_number)
{
    const hl_flac_info info = {.min_block = n,
                               .max_block = n,
                               .n_channels = 1,
                               .bits = 16,
                               .n_samples = (int64_t)n * FRAMES};

    put_marker(m);
    put_info(m, &info, true);
    for (int32_t k = 0; k < FRAMES; k++) {
        const size_t start = m->b.n;
        put_header(m, n, 0, 4, false, (uint64_t)k + (k > 2 ? first_number : 0));
        put(m, 1, 7);
        put(m, 0, 1);
        for (int32_t i = 0; i < n; i++)
            put(m, (uint64_t)(i % 251), 16); /* nothing like a header */
        put_footer(m, start);
    }
}

static void check_frames(int32_t n)
{
    maker m = {0};
    hl_in *in = NULL;
    hl_flac *f = NULL;
    const hl_flac_frame *frame;
    hl_error err = {0};
    size_t n_frames = 0;
    int64_t got = 0;
    int32_t *v = malloc((size_t)n * FRAMES * sizeof *v);
    int32_t *to[HL_FLAC_CHANNELS] = {v};

    make_stream(&m, n, 0);
    ok(hl_in_memory(m.b.at, m.b.n, "made.flac", &in, &err) == HL_OK);
    ok(hl_flac_open(in, HL_CPU_BEST, &f, &err) == HL_OK);
    hl_code c = hl_flac_read(f, 0, (int64_t)n * FRAMES, to, &got, &err);
    tap_check(c == HL_OK && got == (int64_t)n * FRAMES, __FILE__, __LINE__,
              "blocks of %d: %" PRId64 " samples, %s", (int)n, got, err.message);
    for (int64_t i = 0; i < got; i++)
        if (!tap_check(v[i] == i % n % 251, __FILE__, __LINE__, "blocks of %d: sample %" PRId64,
                       (int)n, i))
            break;
    ok(hl_flac_frames(f, &frame, &n_frames, &err) == HL_OK);
    tap_check(n_frames == FRAMES, __FILE__, __LINE__, "blocks of %d: %zu frames", (int)n, n_frames);
    hl_flac_close(&f);
    hl_in_close(&in);
    hl_buf_free(&m.b);
    free(v);
}

/* What is read at a time ends at powers of two; headers begin and end on both sides of that. */
static void a_header_across_the_end_of_what_was_read_is_found(void)
{
    for (int32_t bytes = 2048; bytes <= 65536; bytes *= 2)
        for (int32_t n = bytes / 2 - 34; n <= bytes / 2 + 2; n++)
            check_frames(n);
}

/* Frames 3 and 4 call themselves 4 and 5: frame 2 does not take them for its own end, though the
 * CRC-16 of all three in a row is as right as that of one. */
static void frames_with_other_numbers_are_not_part_of_the_one_in_front(void)
{
    enum { N = 500 };
    maker m = {0};
    hl_in *in = NULL;
    hl_flac *f = NULL;
    const hl_flac_frame *frame;
    hl_error err = {0};
    size_t n_frames = 0;

    make_stream(&m, N, 1);
    ok(hl_in_memory(m.b.at, m.b.n, "made.flac", &in, &err) == HL_OK);
    ok(hl_flac_open(in, HL_CPU_BEST, &f, &err) == HL_OK);
    ok(hl_flac_frames(f, &frame, &n_frames, &err) == HL_OK);
    is_int(n_frames, FRAMES);
    for (size_t i = 0; i + 1 < n_frames; i++)
        is_int(frame[i].bytes, frame[i + 1].offset - frame[i].offset);
    if (n_frames == FRAMES)
        is_int(frame[3].first, 4 * N);
    hl_flac_close(&f);
    hl_in_close(&in);
    hl_buf_free(&m.b);
}

int main(void)
{
    run(a_header_across_the_end_of_what_was_read_is_found);
    run(frames_with_other_numbers_are_not_part_of_the_one_in_front);
    return done();
}
