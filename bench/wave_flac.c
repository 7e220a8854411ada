/*
 * wave_flac - time our side of FLAC: encoding as `hilum wave` does, and the decoder.
 *
 *      wave_flac best|fast RAW CHANNELS FLAC PASSES
 *      wave_flac decode FLAC PASSES VALUES
 *
 * RAW has interleaved samples of 16 bits, in the machine's order. Encodes RAW to FLAC, or decodes
 * FLAC (VALUES: where the samples go as 16 bits, "-": nowhere), PASSES times after a first pass
 * that is not counted, and prints a line for each pass: CPU ms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/flac/flac.h"

enum { BLOCK = 4096 };

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static hl_code encode(FILE *raw, int32_t n_channels, hl_flac_effort effort, const char *path,
                      hl_error *err)
{
    int16_t stored[BLOCK * HL_FLAC_CHANNELS];
    int32_t sample[BLOCK * HL_FLAC_CHANNELS];
    const size_t frame = sizeof *stored * (size_t)n_channels;
    hl_flac_writer *w = NULL;
    hl_out *out = NULL;
    hl_code c = hl_out_create(path, &out, err);

    if (c == HL_OK)
        c = hl_flac_writer_new(out, n_channels, 16, effort, &w, err);
    rewind(raw);
    for (size_t n; c == HL_OK && (n = fread(stored, frame, BLOCK, raw)) > 0;) {
        for (size_t i = 0; i < n * (size_t)n_channels; i++)
            sample[i] = stored[i];
        c = hl_flac_writer_add(w, sample, (int64_t)n, err);
    }
    if (c == HL_OK)
        c = hl_flac_writer_end(&w, err);
    hl_flac_writer_abort(&w);
    if (c == HL_OK)
        return hl_out_commit(&out, NULL, err);
    hl_out_abort(&out);
    return c;
}

static hl_code decode(const char *path, FILE *values, hl_error *err)
{
    static int32_t room[HL_FLAC_CHANNELS][BLOCK];
    int32_t *to[HL_FLAC_CHANNELS];
    hl_in *in = NULL;
    hl_flac *f = NULL;
    int64_t got = BLOCK;
    hl_code c = hl_in_open(path, &in, err);

    if (c == HL_OK)
        c = hl_flac_open(in, hl_cpu_level(HL_CPU_BEST), &f, err);
    for (int i = 0; i < HL_FLAC_CHANNELS && c == HL_OK; i++)
        to[i] = i < hl_flac_info_of(f)->n_channels ? room[i] : NULL;
    for (int64_t at = 0; c == HL_OK && got == BLOCK; at += got) {
        c = hl_flac_read(f, at, BLOCK, to, &got, err);
        for (int64_t i = 0; values && i < got; i++)
            for (int k = 0; k < HL_FLAC_CHANNELS && to[k]; k++)
                fwrite(&room[k][i], 2, 1, values); /* the low half */
    }
    hl_flac_close(&f);
    hl_in_close(&in);
    return c;
}

static int fault(const hl_error *err)
{
    fprintf(stderr, "%s\n", err->message);
    return 1;
}

static int run_encode(char **argv)
{
    const int32_t n_channels = (int32_t)strtol(argv[3], NULL, 10);
    const hl_flac_effort effort = strcmp(argv[1], "fast") == 0 ? HL_FLAC_FAST : HL_FLAC_BEST;
    FILE *raw = fopen(argv[2], "rb");
    hl_error err = {0};
    hl_code c = HL_OK;

    if (!raw || n_channels < 1 || n_channels > HL_FLAC_CHANNELS) {
        fprintf(stderr, "%s: cannot be read, or not with %s channels\n", argv[2], argv[3]);
        return 1;
    }
    for (long pass = 0; c == HL_OK && pass <= strtol(argv[5], NULL, 10); pass++) {
        const double since = cpu_ms();
        remove(argv[4]);
        c = encode(raw, n_channels, effort, argv[4], &err);
        if (pass > 0)
            printf("%.4f\n", cpu_ms() - since);
    }
    fclose(raw);
    return c == HL_OK ? 0 : fault(&err);
}

static int run_decode(char **argv)
{
    FILE *values = strcmp(argv[4], "-") != 0 ? fopen(argv[4], "wb") : NULL;
    hl_error err = {0};
    hl_code c = decode(argv[2], values, &err);

    if (values && fclose(values) != 0)
        return 1;
    for (long pass = 0; c == HL_OK && pass < strtol(argv[3], NULL, 10); pass++) {
        const double since = cpu_ms();
        c = decode(argv[2], NULL, &err);
        printf("%.4f\n", cpu_ms() - since);
    }
    return c == HL_OK ? 0 : fault(&err);
}

int main(int argc, char **argv)
{
    if (argc == 6 && (strcmp(argv[1], "best") == 0 || strcmp(argv[1], "fast") == 0))
        return run_encode(argv);
    if (argc == 5 && strcmp(argv[1], "decode") == 0)
        return run_decode(argv);
    fprintf(stderr, "usage: wave_flac best|fast RAW CHANNELS FLAC PASSES\n"
                    "       wave_flac decode FLAC PASSES VALUES\n");
    return 2;
}
