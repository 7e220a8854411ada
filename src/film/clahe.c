#include "film/clahe.h"

#include <math.h>

typedef struct {
    int32_t across, down;  /* tiles */
    int32_t width, height; /* of a tile, px */
    int32_t limit;         /* counts, 0 = none */
    uint8_t *lut;          /* [down][across][256] */
} tiling;

/* --- tables of the tiles ---------------------------------------------------------------------- */

/* Pixel i of a side of n, mirrored beyond it without repeating the last one. */
static int32_t mirrored(int32_t i, int32_t n)
{
    if (n == 1)
        return 0;
    i %= 2 * (n - 1);
    return i < n ? i : 2 * (n - 1) - i;
}

static void count_tile(const hl_image *image, const tiling *t, int32_t tx, int32_t ty,
                       int32_t histogram[256])
{
    int32_t part[4][256] = {{0}}; /* equal neighbours would wait for each other */
    const int32_t left = tx * t->width, right = left + t->width;
    const int32_t inside = right < image->width ? right : image->width;

    for (int32_t y = ty * t->height; y < (ty + 1) * t->height; y++) {
        const uint8_t *row = image->px + mirrored(y, image->height) * image->row_bytes;
        int32_t x = left;
        for (; x + 4 <= inside; x += 4) {
            part[0][row[x]]++;
            part[1][row[x + 1]]++;
            part[2][row[x + 2]]++;
            part[3][row[x + 3]]++;
        }
        for (; x < inside; x++)
            part[0][row[x]]++;
        for (; x < right; x++)
            part[0][row[mirrored(x, image->width)]]++;
    }
    for (int i = 0; i < 256; i++)
        histogram[i] = part[0][i] + part[1][i] + part[2][i] + part[3][i];
}

/* What is above the limit goes to all greys alike, the rest of that to every n-th from 0. */
static void clip_counts(int32_t histogram[256], int32_t limit)
{
    int32_t clipped = 0;

    for (int i = 0; i < 256; i++)
        if (histogram[i] > limit) {
            clipped += histogram[i] - limit;
            histogram[i] = limit;
        }
    const int32_t each = clipped / 256;
    int32_t rest = clipped % 256;
    for (int i = 0; i < 256; i++)
        histogram[i] += each;
    const int32_t step = rest && 256 / rest > 1 ? 256 / rest : 1;
    for (int32_t i = 0; i < 256 && rest > 0; i += step, rest--)
        histogram[i]++;
}

static void make_lut(const int32_t histogram[256], int32_t area, uint8_t lut[256])
{
    const float scale = 255.0f / (float)area;
    int32_t sum = 0;

    for (int i = 0; i < 256; i++) {
        sum += histogram[i];
        const long grey = lrintf((float)sum * scale);
        lut[i] = (uint8_t)(grey > 255 ? 255 : grey);
    }
}

static void make_luts(const hl_image *image, tiling *t)
{
    for (int32_t ty = 0; ty < t->down; ty++)
        for (int32_t tx = 0; tx < t->across; tx++) {
            int32_t histogram[256];
            count_tile(image, t, tx, ty, histogram);
            if (t->limit > 0)
                clip_counts(histogram, t->limit);
            make_lut(histogram, t->width * t->height, t->lut + (ty * t->across + tx) * 256);
        }
}

/* --- pixels --------------------------------------------------------------------------------- */

/* Between which two of n tiles pixel i lies, and how far from the first: float32 steps. */
static void place(int32_t i, float inverse, int32_t n, int32_t *first, int32_t *second, float *far)
{
    const float at = (float)i * inverse - 0.5f;
    const int32_t k = (int32_t)floorf(at);

    *far = at - (float)k;
    *first = k < 0 ? 0 : k;
    *second = k + 1 > n - 1 ? n - 1 : k + 1;
}

/* A run of columns between the same two tiles. */
typedef struct {
    int32_t end, first, second;
} stretch;

void hl_clahe_mix_c(const uint32_t *quad, const float *left, const float *right, float above,
                    float below, int32_t n, uint8_t *out)
{
    for (int32_t x = 0; x < n; x++) {
        const uint32_t q = quad[x];
        const float a = (float)(int32_t)(q & 255), b = (float)(int32_t)(q >> 8 & 255);
        const float c = (float)(int32_t)(q >> 16 & 255), d = (float)(int32_t)(q >> 24);
        const float grey =
            (a * left[x] + b * right[x]) * above + (c * left[x] + d * right[x]) * below;
        /* Adding 1.5 * 2^23 leaves the nearest integer, even in a tie, in the low bits. */
        const float shifted = grey + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        bits -= 0x4B400000;
        out[x] = (uint8_t)(bits > 255 ? 255 : bits);
    }
}

/* The tables of four tiles side by side, so that one load has what a pixel needs. */
static void join_luts(const tiling *t, const stretch *s, int32_t upper, int32_t lower,
                      uint32_t quad[256])
{
    const uint8_t *a = t->lut + (upper * t->across + s->first) * 256;
    const uint8_t *b = t->lut + (upper * t->across + s->second) * 256;
    const uint8_t *c = t->lut + (lower * t->across + s->first) * 256;
    const uint8_t *d = t->lut + (lower * t->across + s->second) * 256;

    for (int i = 0; i < 256; i++)
        quad[i] =
            (uint32_t)a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
}

static hl_code mix_tiles(hl_image *image, const tiling *t, hl_clahe_mix mix, hl_arena *arena,
                         hl_error *err)
{
    const size_t width = (size_t)image->width;
    const float inverse_x = 1.0f / (float)t->width, inverse_y = 1.0f / (float)t->height;
    float *left = hl_arena_alloc(arena, width * sizeof *left);
    float *right = hl_arena_alloc(arena, width * sizeof *right);
    uint32_t *quad = hl_arena_alloc(arena, width * sizeof *quad);
    stretch *s = hl_arena_calloc(arena, (size_t)t->across + 2, sizeof *s);
    uint32_t *joined = hl_arena_calloc(arena, (size_t)t->across + 2, 256 * sizeof *joined);
    int32_t n = 0, upper_now = -1, lower_now = -1;

    if (!left || !right || !quad || !s || !joined)
        return hl_fail_memory(err, "CLAHE", width * 20);
    for (int32_t x = 0; x < image->width; x++) {
        int32_t first, second;
        place(x, inverse_x, t->across, &first, &second, &right[x]);
        left[x] = 1.0f - right[x];
        if (n == 0 || s[n - 1].first != first || s[n - 1].second != second)
            s[n++] = (stretch){.first = first, .second = second};
        s[n - 1].end = x + 1;
    }
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *row = image->px + y * image->row_bytes;
        int32_t upper, lower, x = 0;
        float below;
        place(y, inverse_y, t->down, &upper, &lower, &below);
        for (int32_t i = 0; (upper != upper_now || lower != lower_now) && i < n; i++)
            join_luts(t, &s[i], upper, lower, joined + i * 256);
        upper_now = upper;
        lower_now = lower;
        for (int32_t i = 0; i < n; i++)
            for (const uint32_t *lut = joined + i * 256; x < s[i].end; x++)
                quad[x] = lut[row[x]];
        mix(quad, left, right, 1.0f - below, below, image->width, row);
    }
    return HL_OK;
}

hl_code hl_clahe(hl_image *image, double clip, int32_t across, int32_t down, hl_cpu cpu,
                 hl_arena *arena, hl_error *err)
{
    int32_t width = image->width, height = image->height;
    hl_clahe_mix mix = hl_clahe_mix_c;

    hl_assert(image->channels == 1 && across >= 1 && down >= 1 && across <= 64 && down <= 64);
    hl_assert(clip >= 0.0 && clip <= 1000.0);
    if (width % across != 0 || height % down != 0) {
        width += across - width % across;
        height += down - height % down;
    }
    tiling t = {.across = across, .down = down, .width = width / across, .height = height / down};
    const int32_t area = t.width * t.height;
    if (clip > 0.0) {
        const int32_t limit = (int32_t)(clip * area / 256);
        t.limit = limit > 1 ? limit : 1;
    }
    t.lut = hl_arena_alloc(arena, (size_t)across * (size_t)down * 256);
    if (!t.lut)
        return hl_fail_memory(err, "CLAHE", (size_t)across * (size_t)down * 256);
    make_luts(image, &t);
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        mix = hl_clahe_mix_avx2;
#else
    (void)cpu;
#endif
    return mix_tiles(image, &t, mix, arena, err);
}
