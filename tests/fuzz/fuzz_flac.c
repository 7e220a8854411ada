/*
 * Bytes -> FLAC stream. What libFLAC decodes without complaint is read alike, as long as the stream
 * keeps its own numbers; every CPU level reads the same; a window gives what the whole gave.
 */
#include "format/flac/flac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More is no longer quick: constant blocks of 65535 samples take 12 bytes. */
#define SAMPLES_MOST ((int64_t)1 << 18)

typedef struct {
    int32_t *sample[HL_FLAC_CHANNELS];
    int64_t got;
    hl_code code;
} whole;

static void free_whole(whole *w)
{
    for (int32_t c = 0; c < HL_FLAC_CHANNELS; c++)
        free(w->sample[c]);
}

static void read_whole(hl_flac *f, int64_t n, whole *w)
{
    hl_error err;

    *w = (whole){0};
    for (int32_t c = 0; c < hl_flac_info_of(f)->n_channels; c++) {
        w->sample[c] = malloc((size_t)(n + 1) * sizeof *w->sample[c]);
        hl_assert(w->sample[c]);
    }
    w->code = hl_flac_read(f, 0, n, w->sample, &w->got, &err);
    hl_assert(w->got >= 0 && w->got <= n && (w->code == HL_OK || w->code == HL_E_INPUT));
}

/* Windows of the last channel alone, in a stream that was read already. */
static void check_windows(hl_flac *f, const whole *w, int64_t n)
{
    const int32_t last = hl_flac_info_of(f)->n_channels - 1;
    int32_t v[64];
    int32_t *to[HL_FLAC_CHANNELS] = {0};
    hl_error err;

    to[last] = v;
    for (int64_t at = 0; at < n; at += n / 7 + 1) {
        int64_t got = 0;
        hl_flac_read(f, at, 64, to, &got, &err);
        hl_assert(got >= 0 && got <= 64);
        for (int64_t i = 0; i < got && at + i < w->got; i++)
            hl_assert(v[i] == w->sample[last][at + i]);
    }
}

static void compare_with_library(const uint8_t *data, size_t size, const hl_flac_info *info,
                                 const whole *w)
{
    hl_buf out = {0};
    hl_flac_info found;
    hl_error err;

    if (hl_flac_decode_by_library(data, size, &out, &found, &err) == HL_OK &&
        found.n_channels == info->n_channels && found.bits == info->bits) {
        const int32_t *x = (const int32_t *)(const void *)out.at;
        const int64_t n = (int64_t)(out.n / sizeof *x) / info->n_channels;
        for (int64_t i = 0; i < n && i < w->got; i++)
            for (int32_t c = 0; c < info->n_channels; c++)
                hl_assert(w->sample[c][i] == x[i * info->n_channels + c]);
    }
    hl_buf_free(&out);
}

static bool read_at(hl_in *in, hl_cpu cpu, hl_flac **f, whole *w)
{
    hl_error err;
    int64_t n = 0;

    if (hl_flac_open(in, cpu, f, &err) != HL_OK || hl_flac_length(*f, &n, &err) != HL_OK)
        return false;
    hl_assert(n >= 0);
    read_whole(*f, n < SAMPLES_MOST ? n : SAMPLES_MOST, w);
    check_windows(*f, w, n);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_in *in = NULL;
    hl_flac *f = NULL, *plain = NULL;
    whole w = {0}, p = {0};
    hl_error err;
    hl_flac_findings found;
    const hl_flac_frame *frame;
    size_t n_frames;

    hl_assert(hl_in_memory(data, size, "fuzz.flac", &in, &err) == HL_OK);
    if (read_at(in, hl_cpu_level(HL_CPU_BEST), &f, &w) && read_at(in, HL_CPU_C, &plain, &p)) {
        hl_assert(w.got == p.got && w.code == p.code);
        for (int32_t c = 0; c < hl_flac_info_of(f)->n_channels; c++)
            hl_assert(memcmp(w.sample[c], p.sample[c], (size_t)w.got * sizeof **w.sample) == 0);
        compare_with_library(data, size, hl_flac_info_of(f), &w);
        hl_assert(hl_flac_frames(f, &frame, &n_frames, &err) == HL_OK);
        if (hl_flac_info_of(f)->n_samples < SAMPLES_MOST)
            hl_assert(hl_flac_prove(f, NULL, &found, &err) == HL_OK);
    }
    free_whole(&w);
    free_whole(&p);
    hl_flac_close(&f);
    hl_flac_close(&plain);
    hl_in_close(&in);
    return 0;
}
