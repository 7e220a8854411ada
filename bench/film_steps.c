/*
 * film_steps - time the steps of `hilum film render` and `hilum film check --text` one by one, on
 * one thread and in memory.
 *
 *      film_steps decode|steps LIST PASSES VALUES
 *
 * LIST has a DICOM film on each line, that lies in the page cache. decode: reads and decodes all
 * films and writes their words to VALUES ("-": not at all), then does so PASSES times without
 * writing and prints a line for each pass: CPU ms and wall ms a film. steps: prints a JSON object
 * for each pass with the CPU ms a film of each step; it writes no VALUES. Encoding is done by our
 * encoder and by libjpeg from the same picture, and must give the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "film/burned.h"
#include "film/look.h"
#include "format/dicom/pixels.h"
#include "format/jpeg_engine.h"

enum {
    MAX_PATH = 4096,
    MAX_FILM_BYTES = 256 << 20,
};

/* The recipe of MIMIC-CXR-JPG. films.md 1.1 */
static const hl_look published = {.range = HL_RANGE_MINMAX,
                                  .rounding = HL_ROUND_TRUNCATE,
                                  .invert = HL_INVERT_MONOCHROME1,
                                  .equalise = HL_EQUALISE_HISTOGRAM,
                                  .format = HL_FILM_JPEG,
                                  .quality = 95};

enum { READ, HASH, COUNT, PAINT, ENCODE, PAINT_ENCODE, LIBJPEG, HASH_JPEG, TEXT, N_STEPS };
static const char *const step_name[N_STEPS] = {
    [READ] = "read",       [HASH] = "hash",           [COUNT] = "count",
    [PAINT] = "paint",     [ENCODE] = "encode",       [PAINT_ENCODE] = "paint_encode",
    [LIBJPEG] = "libjpeg", [HASH_JPEG] = "hash_jpeg", [TEXT] = "text",
};

/* Memory is kept from film to film, as a thread of the job keeps it. */
typedef struct {
    hl_arena *arena;
    hl_cpu cpu;
    hl_buf file, jpeg, other;
    FILE *values; /* NULL: nowhere */
    double spent[N_STEPS];
} bench;

typedef hl_code work(bench *b, const char *path, hl_error *err);

static double clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void lap(bench *b, int step, double *since)
{
    const double now = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    b->spent[step] += now - *since;
    *since = clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static hl_code load(bench *b, const char *path, hl_error *err)
{
    hl_buf_clear(&b->file);
    return hl_read_file(path, MAX_FILM_BYTES, &b->file, NULL, err);
}

/* --- decode ---------------------------------------------------------------------------------- */

static hl_code decode(bench *b, const char *path, hl_error *err)
{
    hl_dicom *d = NULL;
    hl_pixels pixels;
    hl_frame frame = {0};
    hl_code c = load(b, path, err);

    if (c == HL_OK)
        c = hl_dicom_memory(b->file.at, b->file.n, path, &d, err);
    if (c == HL_OK)
        c = hl_pixels_describe(d, &pixels, err);
    if (c == HL_OK)
        c = hl_pixels_frame(d, &pixels, 0, b->arena, b->cpu, &frame, err);
    if (c == HL_OK && b->values) {
        const size_t n = (size_t)frame.width * (size_t)frame.height;
        if (frame.bits != 16 || fwrite(frame.px, 2, n, b->values) != n)
            c = hl_fail(err, HL_E_IO, "%s: its words could not be written", path);
    }
    hl_dicom_close(&d);
    return c;
}

/* --- steps ----------------------------------------------------------------------------------- */

/* The picture by our encoder from memory, row by row as a job does it, and by libjpeg. */
static hl_code encode(bench *b, const char *path, const hl_picture *picture, double *since,
                      hl_error *err)
{
    hl_image image;
    hl_code c = hl_picture_grey(picture, b->arena, &image, err);

    lap(b, PAINT, since);
    hl_buf_clear(&b->jpeg);
    if (c == HL_OK)
        c = hl_jpeg_encode(&image, (int)published.quality, b->cpu, &b->jpeg, err);
    lap(b, ENCODE, since);
    hl_buf_clear(&b->other);
    if (c == HL_OK)
        c = hl_picture_encode(&published, picture, b->cpu, &b->other, err);
    lap(b, PAINT_ENCODE, since);
    hl_buf_clear(&b->other);
    if (c == HL_OK)
        c = hl_jpeg_encode_library(&image, (int)published.quality, &b->other, err);
    lap(b, LIBJPEG, since);
    if (c == HL_OK && (b->jpeg.n != b->other.n || memcmp(b->jpeg.at, b->other.at, b->jpeg.n) != 0))
        return hl_fail(err, HL_E_BUG, "%s: our encoder and libjpeg differ", path);
    return c;
}

static hl_code find_text(bench *b, hl_dicom *d, const hl_pixels *pixels, const hl_frame *frame,
                         double *since, hl_error *err)
{
    hl_image plain;
    hl_burned found;
    hl_code c = hl_look_plain(d, pixels, frame, b->cpu, b->arena, &plain, err);

    *since = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    if (c == HL_OK)
        c = hl_burned_find(&plain, b->cpu, b->arena, &found, err);
    lap(b, TEXT, since);
    return c;
}

static hl_code steps(bench *b, const char *path, hl_error *err)
{
    double since = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    hl_dicom *d = NULL;
    hl_pixels pixels;
    hl_frame frame;
    hl_picture picture;
    hl_look_stats stats;
    hl_digest digest;
    hl_code c = load(b, path, err);

    lap(b, READ, &since);
    hl_sha256_of(b->file.at, b->file.n, &digest);
    lap(b, HASH, &since);
    if (c == HL_OK)
        c = hl_dicom_memory(b->file.at, b->file.n, path, &d, err);
    if (c == HL_OK)
        c = hl_pixels_describe(d, &pixels, err);
    if (c == HL_OK)
        c = hl_pixels_frame(d, &pixels, 0, b->arena, b->cpu, &frame, err);
    if (c == HL_OK)
        c = hl_look_apply(&published, d, &pixels, &frame, b->cpu, b->arena, &picture, &stats, err);
    lap(b, COUNT, &since);
    if (c == HL_OK)
        c = encode(b, path, &picture, &since, err);
    if (c == HL_OK) {
        since = clock_ms(CLOCK_THREAD_CPUTIME_ID);
        hl_sha256_of(b->jpeg.at, b->jpeg.n, &digest);
        lap(b, HASH_JPEG, &since);
        c = find_text(b, d, &pixels, &frame, &since, err);
    }
    hl_dicom_close(&d);
    return c;
}

/* --- passes ---------------------------------------------------------------------------------- */

/* Once through the list; returns the number of films, -1 after a failure. */
static long run_pass(bench *b, work *make, FILE *list)
{
    char path[MAX_PATH];
    hl_error err = {0};
    long n = 0;

    rewind(list);
    memset(b->spent, 0, sizeof b->spent);
    for (; fgets(path, sizeof path, list); n++) {
        path[strcspn(path, "\n")] = 0;
        hl_arena_reset(b->arena);
        if (make(b, path, &err) != HL_OK) {
            fprintf(stderr, "%s\n", err.message);
            return -1;
        }
    }
    return n;
}

static void print_steps(const bench *b, long n)
{
    for (int k = 0; k < N_STEPS; k++)
        printf("%s\"%s\": %.4f", k ? ", " : "{", step_name[k], b->spent[k] / (double)n);
    printf("}\n");
}

static int run_passes(bench *b, work *make, FILE *list, int64_t passes)
{
    for (int64_t pass = 0; pass < passes; pass++) {
        const double cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ms(CLOCK_MONOTONIC);
        const long n = run_pass(b, make, list);
        if (n < 1)
            return 1;
        if (make == steps)
            print_steps(b, n);
        else
            printf("%.4f %.4f\n", (clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)n,
                   (clock_ms(CLOCK_MONOTONIC) - wall) / (double)n);
    }
    return 0;
}

/* The pass that writes values. */
static int write_values(bench *b, const char *path, FILE *list)
{
    b->values = fopen(path, "wb");
    if (!b->values) {
        perror(path);
        return 1;
    }
    const long n = run_pass(b, decode, list);
    const int closed = fclose(b->values);
    b->values = NULL;
    return n < 1 || closed != 0;
}

int main(int argc, char **argv)
{
    bench b = {.arena = hl_arena_new(0), .cpu = hl_cpu_level(HL_CPU_BEST)};
    const bool decodes = argc == 5 && strcmp(argv[1], "decode") == 0;
    FILE *list = argc == 5 ? fopen(argv[2], "r") : NULL;
    int64_t passes = 0;
    int result = 0;

    if (!b.arena || !list || (!decodes && strcmp(argv[1], "steps") != 0) ||
        !hl_parse_i64(hl_str_of(argv[3]), &passes)) {
        fprintf(stderr, "usage: film_steps decode|steps LIST PASSES VALUES\n");
        return 2;
    }
    if (decodes && strcmp(argv[4], "-") != 0)
        result = write_values(&b, argv[4], list);
    if (result == 0)
        result = run_passes(&b, decodes ? decode : steps, list, passes);
    fclose(list);
    hl_buf_free(&b.file);
    hl_buf_free(&b.jpeg);
    hl_buf_free(&b.other);
    hl_arena_free(&b.arena);
    return result;
}
