/*
 * look_rules.h - lines and pictures of tests/data/look/rules.txt.
 */
#ifndef HL_TESTS_LOOK_RULES_H
#define HL_TESTS_LOOK_RULES_H

#include "base/hash.h"
#include "base/rng.h"
#include "data/image.h"
#include "tap.h"

static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512, HL_CPU_NEON};
enum { N_LEVELS = sizeof levels / sizeof levels[0] };

/* Lines that begin with word go to take; how many there were. */
static inline int each_rule(const char *word, void (*take)(const char *line))
{
    FILE *f = fopen(fixture("look/rules.txt"), "r");
    char line[1024];
    int n = 0;

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, word, strlen(word)) == 0) {
            take(line);
            n++;
        }
    if (f)
        fclose(f);
    return n;
}

static inline hl_image new_grey(hl_arena *arena, int32_t w, int32_t h)
{
    hl_image image = {0};
    hl_error err = {0};

    if (hl_image_new(arena, w, h, 1, &image, &err) != HL_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return image;
}

/* MT19937 words mod 256, or the formula. */
static inline hl_image made_grey(hl_arena *arena, const char *seed, int32_t w, int32_t h)
{
    hl_image image = new_grey(arena, w, h);
    const bool formula = strcmp(seed, "formula") == 0;
    hl_mt19937 g;

    hl_mt19937_seed(&g, formula ? 0 : (uint32_t)strtoul(seed, NULL, 10));
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++) {
            const int32_t f = (x * 7 + y * 3) / 16 + x * y / 997;
            image.px[y * image.row_bytes + x] =
                (uint8_t)(formula ? (uint32_t)f : hl_mt19937_u32(&g));
        }
    return image;
}

static inline const char *rows_hex(const void *px, size_t row_bytes, size_t used, int32_t height,
                                   char hex[HL_HEX_CHARS])
{
    hl_sha256 *sha = hl_sha256_new();
    hl_digest digest;

    for (int32_t y = 0; y < height; y++)
        hl_sha256_add(sha, (const char *)px + (size_t)y * row_bytes, used);
    hl_sha256_end(sha, &digest);
    hl_sha256_free(&sha);
    return hl_digest_hex(&digest, hex);
}

static inline const char *grey_hex(const hl_image *image, char hex[HL_HEX_CHARS])
{
    return rows_hex(image->px, (size_t)image->row_bytes, (size_t)image->width, image->height, hex);
}

#endif
