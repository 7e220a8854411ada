/*
 * kernels - time what `hilum pack` does to a film and to an ECG, on one thread.
 *
 *      kernels films|ecgs LIST PASSES VALUES
 *
 * LIST has a path on each line (of an ECG without extension). All are read, decoded, scaled, cropped
 * and normalised to the published f32 tensor PASSES times after a first pass that is not counted;
 * the first pass writes its values to VALUES ("-": nowhere). Prints one line for each pass: CPU ms and
 * wall ms an item. pack_peer.py does the same with Pillow, torchvision and wfdb-python.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "data/image.h"
#include "format/jpeg.h"
#include "format/wfdb/wfdb.h"
#include "pack/crop.h"
#include "pack/expand.h"

enum {
    SIDE = 320,
    MAX_PATH = 4096,
    MAX_FILM_BYTES = 256 << 20,
    SAMPLES = 5000,
    LEADS = 12
};

static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};

typedef struct {
    hl_arena *arena;
    hl_cpu cpu;
    float level[3][256];
    float *values; /* of one item */
    size_t n_values;
} bench;

typedef hl_code work(bench *b, const char *path, hl_error *err);

static hl_code film(bench *b, const char *path, hl_error *err)
{
    hl_buf file = {0};
    hl_digest digest;
    hl_jpeg_info info;
    hl_image image, cut;
    int32_t width = 0, height = 0, first = 0, end = 0;
    hl_rect window = {.width = SIDE, .height = SIDE};
    hl_code c = hl_read_file(path, MAX_FILM_BYTES, &file, &digest, err);

    if (c == HL_OK)
        c = hl_jpeg_read_info(file.at, file.n, path, &info, err);
    if (c == HL_OK) {
        hl_resize_smaller_edge(info.width, info.height, SIDE, &width, &height);
        window.left = hl_crop_centre(width, SIDE);
        window.top = hl_crop_centre(height, SIDE);
        hl_resize_source_rows(info.height, height, window.top, SIDE, &first, &end);
        c = hl_jpeg_decode(b->arena, file.at, file.n, path, first, end, b->cpu, &image, err);
    }
    if (c == HL_OK)
        c = hl_image_resize(b->arena, &image, width, height, window, b->cpu, &cut, err);
    hl_buf_free(&file);
    if (c != HL_OK)
        return c;
    for (int k = 0; k < 3; k++)
        for (int32_t y = 0; y < SIDE; y++)
            hl_lut_f32(b->level[k], cut.px + y * cut.row_bytes, b->values + (k * SIDE + y) * SIDE, SIDE,
                       b->cpu);
    return HL_OK;
}

static hl_code ecg(bench *b, const char *path, hl_error *err)
{
    hl_wfdb_record record;
    double scale[LEADS][2]; /* gain, baseline */
    hl_code c = hl_wfdb_read(b->arena, path, &record, err);

    if (c != HL_OK)
        return c;
    if (record.header.n_signals != LEADS || record.n_samples != SAMPLES) {
        fprintf(stderr, "%s: %d leads of %lld samples\n", path, record.header.n_signals,
                (long long)record.n_samples);
        return HL_E_INPUT;
    }
    for (int k = 0; k < LEADS; k++) {
        scale[k][0] = record.header.signal[k].gain;
        scale[k][1] = record.header.signal[k].baseline;
    }
    return hl_ecg_scale(record.sample, scale[0], SAMPLES, LEADS, true, b->values, err);
}

static double clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Once through the list; returns the number of items, -1 after a failure. */
static long run_pass(bench *b, work *make, FILE *list, FILE *out)
{
    char path[MAX_PATH];
    hl_error err = {0};
    long n = 0;

    rewind(list);
    for (; fgets(path, sizeof path, list); n++) {
        path[strcspn(path, "\n")] = 0;
        hl_arena_reset(b->arena);
        if (make(b, path, &err) != HL_OK) {
            fprintf(stderr, "%s\n", err.message);
            return -1;
        }
        if (out && fwrite(b->values, sizeof *b->values, b->n_values, out) != b->n_values) {
            perror("values");
            return -1;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    bench b = {.arena = hl_arena_new(0), .cpu = hl_cpu_level(HL_CPU_BEST)};
    bool films = argc == 5 && strcmp(argv[1], "films") == 0;
    FILE *list = argc == 5 ? fopen(argv[2], "r") : NULL, *out = NULL;
    int64_t passes = 0;
    int result = 1;

    if (!list || (!films && strcmp(argv[1], "ecgs") != 0) ||
        !hl_parse_i64(hl_str_of(argv[3]), &passes)) {
        fprintf(stderr, "usage: kernels films|ecgs LIST PASSES VALUES\n");
        return 2;
    }
    b.n_values = films ? (size_t)3 * SIDE * SIDE : (size_t)SAMPLES * LEADS;
    b.values = malloc(b.n_values * sizeof *b.values);
    if (strcmp(argv[4], "-") != 0)
        out = fopen(argv[4], "wb");
    if (!b.arena || !b.values || (!out && strcmp(argv[4], "-") != 0)) {
        perror(argv[4]);
        goto done;
    }
    for (int k = 0; k < 3; k++)
        hl_film_levels(mean[k], deviation[k], b.level[k]);
    if (run_pass(&b, films ? film : ecg, list, out) < 0)
        goto done;
    for (int64_t pass = 0; pass < passes; pass++) {
        double cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ms(CLOCK_MONOTONIC);
        long n = run_pass(&b, films ? film : ecg, list, NULL);
        if (n < 1)
            goto done;
        printf("%.4f %.4f\n", (clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)n,
               (clock_ms(CLOCK_MONOTONIC) - wall) / (double)n);
    }
    result = 0;
done:
    if (out && fclose(out) != 0)
        result = 1;
    fclose(list);
    free(b.values);
    hl_arena_free(&b.arena);
    return result;
}
