/*
 * flac_maker.h - FLAC streams bit by bit, with everything that the format allows and no encoder in
 * use writes: any block sizes, partitions, parameters, escapes, predictors, wasted bits, metadata.
 * The samples are known, and libFLAC can be asked too. Written after RFC 9639 alone.
 */
#ifndef HL_TESTS_FORMAT_FLAC_MAKER_H
#define HL_TESTS_FORMAT_FLAC_MAKER_H

#include "base/rng.h"
#include "format/flac/flac.h"
#include "tap.h"

typedef struct {
    hl_buf b;
    uint64_t bits; /* not written yet: the last n */
    uint32_t n;
} maker;

static inline void put(maker *m, uint64_t v, uint32_t n)
{
    for (uint32_t i = n; i-- > 0;) {
        m->bits = m->bits << 1 | (v >> i & 1);
        if (++m->n == 8) {
            hl_buf_char(&m->b, (char)m->bits);
            m->n = 0;
        }
    }
}

static inline void put_signed(maker *m, int64_t v, uint32_t n)
{
    put(m, (uint64_t)v, n);
}

static inline uint32_t crc_of(const char *p, size_t n, uint32_t width, uint32_t polynomial)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)(uint8_t)p[i] << (width - 8);
        for (int k = 0; k < 8; k++)
            crc = crc << 1 ^ (crc >> (width - 1) & 1 ? polynomial : 0);
        crc &= (1U << width) - 1;
    }
    return crc;
}

/* --- metadata --------------------------------------------------------------------------------- */

static inline void put_marker(maker *m)
{
    hl_buf_text(&m->b, "fLaC");
}

static inline void put_info(maker *m, const hl_flac_info *info, bool last)
{
    put(m, last, 1);
    put(m, 0, 7);
    put(m, 34, 24);
    put(m, (uint64_t)info->min_block, 16);
    put(m, (uint64_t)info->max_block, 16);
    put(m, (uint64_t)info->min_frame, 24);
    put(m, (uint64_t)info->max_frame, 24);
    put(m, 96000, 20);
    put(m, (uint64_t)info->n_channels - 1, 3);
    put(m, (uint64_t)info->bits - 1, 5);
    put(m, (uint64_t)info->n_samples, 36);
    for (int i = 0; i < 16; i++)
        put(m, info->md5[i], 8);
}

static inline void put_block(maker *m, uint32_t type, const void *bytes, size_t n, bool last)
{
    put(m, last, 1);
    put(m, type, 7);
    put(m, n, 24);
    hl_buf_append(&m->b, bytes, n);
}

/* --- frames ----------------------------------------------------------------------------------- */

static inline void put_number(maker *m, uint64_t v)
{
    int more = 0;

    if (v < 0x80) {
        put(m, v, 8);
        return;
    }
    for (more = 1; v >> (6 * more + (6 - more)) && more < 6; more++)
        ;
    put(m, (0xff00U >> (more + 1) & 0xff) | v >> 6 * more, 8);
    while (more-- > 0)
        put(m, 0x80 | (v >> 6 * more & 63), 8);
}

/* Sizes of up to 65536; number of the frame, or of its first sample (by_sample). */
static inline void put_header(maker *m, int32_t n, int32_t channels_code, int32_t bits_code,
                              bool by_sample, uint64_t number)
{
    const size_t start = m->b.n;

    put(m, 0x7ffc, 15);
    put(m, by_sample, 1);
    put(m, n == 4096 ? 12 : n <= 256 ? 6 : 7, 4);
    put(m, number % 3 == 0 ? 0 : number % 3 == 1 ? 11 : 12, 4); /* rate: unknown, 96000, 8 bits */
    put(m, (uint64_t)channels_code, 4);
    put(m, (uint64_t)bits_code << 1, 4);
    put_number(m, number);
    if (n != 4096)
        put(m, (uint64_t)n - 1, n <= 256 ? 8 : 16);
    if (number % 3 == 2)
        put(m, 96, 8);
    put(m, crc_of(m->b.at + start, m->b.n - start, 8, 7), 8);
}

static inline void put_footer(maker *m, size_t start)
{
    if (m->n)
        put(m, 0, 8 - m->n);
    put(m, crc_of(m->b.at + start, m->b.n - start, 16, 0x8005), 16);
}

static inline uint32_t zigzag(int32_t v)
{
    return (uint32_t)v << 1 ^ (uint32_t)(v >> 31);
}

/* One partition of residuals with a parameter that is good, or some steps beside, or escaped. */
static inline void put_partition(maker *m, const int32_t *r, int32_t n, uint32_t method,
                                 hl_rng *rng)
{
    const uint32_t most = method ? 30 : 14, width = method ? 5 : 4;
    uint64_t sum = 0;
    uint32_t k = 0, all = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += zigzag(r[i]);
        all |= (uint32_t)(r[i] ^ r[i] >> 31);
    }
    if (all < 1U << 30 && hl_rng_below(rng, 10) == 0) {
        uint32_t bits = all ? 33 - (uint32_t)__builtin_clz(all) : (uint32_t)hl_rng_below(rng, 2);
        put(m, most + 1, width);
        put(m, bits, 5);
        for (int32_t i = 0; i < n; i++)
            put_signed(m, r[i], bits);
        return;
    }
    while (n > 0 && k < most && sum / (uint64_t)n >> k > 1)
        k++;
    if (hl_rng_below(rng, 4) == 0 && k < most)
        k++;
    if (hl_rng_below(rng, 6) == 0 && k > 0)
        k--;
    put(m, k, width);
    for (int32_t i = 0; i < n; i++) {
        const uint32_t u = zigzag(r[i]);
        for (uint32_t q = u >> k; q > 0;) {
            const uint32_t some = q < 32 ? q : 32;
            put(m, 0, some);
            q -= some;
        }
        put(m, 1, 1);
        put(m, u, k);
    }
}

/* Residuals r[order .. n) of a block of n samples. */
static inline void put_residual(maker *m, const int32_t *r, int32_t n, int32_t order, hl_rng *rng)
{
    uint32_t parts = 0, method = hl_rng_below(rng, 3) == 0;
    uint32_t all = 0;

    for (int32_t i = order; i < n; i++)
        all |= zigzag(r[i]);
    if (all >> 20)
        method = 1; /* parameters of up to 14 bits would make codes of thousands */
    while (parts < 15 && n % (2 << parts) == 0 && n >> (parts + 1) >= order &&
           hl_rng_below(rng, 5) > 0)
        parts++;
    put(m, method, 2);
    put(m, parts, 4);
    for (int32_t i = 0, size = n >> parts; i < 1 << parts; i++) {
        const int32_t from = i == 0 ? order : 0;
        put_partition(m, r + i * size + from, size - from, method, rng);
    }
}

typedef struct {
    int32_t order, shift, precision;
    int32_t coef[32];
} prediction;

static inline bool residual_of(const int32_t *x, int32_t n, const prediction *p, int32_t *r)
{
    for (int32_t i = p->order; i < n; i++) {
        int64_t sum = 0;
        for (int32_t j = 0; j < p->order; j++)
            sum += (int64_t)p->coef[j] * x[i - 1 - j];
        sum = x[i] - (sum >> p->shift);
        if (sum > INT32_MAX || sum <= INT32_MIN)
            return false;
        r[i] = (int32_t)sum;
    }
    return true;
}

/* A predictor of any order that is not too bad: an extrapolation with some noise. */
static inline prediction any_prediction(hl_rng *rng, int32_t n)
{
    prediction p = {.order = 1 + (int32_t)hl_rng_below(rng, 32)};

    if (hl_rng_below(rng, 2))
        p.order = 1 + p.order % 12;
    p.precision = 5 + (int32_t)hl_rng_below(rng, 11);
    p.shift = (int32_t)hl_rng_below(rng, (uint64_t)p.precision - 2);
    if (p.order >= n)
        p.order = n - 1;
    p.coef[0] = 1 << p.shift;
    for (int32_t i = 0; i < p.order; i++) {
        const int32_t room = (1 << (p.precision - 1)) - 1;
        p.coef[i] += (int32_t)hl_rng_below(rng, 1 + (1U << p.shift) / 4) - (1 << p.shift) / 8;
        if (p.coef[i] > room)
            p.coef[i] = room;
    }
    return p;
}

/* n samples of so many bits; room = int32_t[n] for scratch. */
static inline void put_subframe(maker *m, const int32_t *sample, int32_t n, int32_t bits,
                                int32_t *x, int32_t *r, hl_rng *rng)
{
    static const prediction fixed[5] = {{.order = 0},
                                        {.order = 1, .coef = {1}},
                                        {.order = 2, .coef = {2, -1}},
                                        {.order = 3, .coef = {3, -3, 1}},
                                        {.order = 4, .coef = {4, -6, 4, -1}}};
    const uint64_t kind = hl_rng_below(rng, 10);
    uint32_t all = 0, wasted = 0;
    bool constant = true;
    prediction p;

    for (int32_t i = 0; i < n; i++) {
        all |= (uint32_t)sample[i];
        constant = constant && sample[i] == sample[0];
    }
    if (all)
        while (!(all >> wasted & 1))
            wasted++;
    if (wasted >= (uint32_t)bits)
        wasted = (uint32_t)bits - 1;
    if (hl_rng_below(rng, 3) == 0)
        wasted = 0;
    for (int32_t i = 0; i < n; i++)
        x[i] = sample[i] >> wasted;
    bits -= (int32_t)wasted;
    p = kind < 4 ? fixed[hl_rng_below(rng, n > 4 ? 5 : (uint64_t)n)] : any_prediction(rng, n);
    constant = constant && kind > 1;
    put(m, 0, 1);
    if (constant || kind == 9 || (n == 1 && kind >= 4) || !residual_of(x, n, &p, r)) {
        put(m, constant ? 0 : 1, 6);
        put(m, wasted > 0, 1);
        if (wasted)
            put(m, 1, wasted);
        for (int32_t i = 0; i < (constant ? 1 : n); i++)
            put_signed(m, x[i], (uint32_t)bits);
        return;
    }
    put(m, kind < 4 ? 8 + (uint64_t)p.order : 31 + (uint64_t)p.order, 6);
    put(m, wasted > 0, 1);
    if (wasted)
        put(m, 1, wasted);
    for (int32_t i = 0; i < p.order; i++)
        put_signed(m, x[i], (uint32_t)bits);
    if (kind >= 4) {
        put(m, (uint64_t)p.precision - 1, 4);
        put_signed(m, p.shift, 5);
        for (int32_t i = 0; i < p.order; i++)
            put_signed(m, p.coef[i], (uint32_t)p.precision);
    }
    put_residual(m, r, n, p.order, rng);
}

static inline int32_t bits_code(int32_t bits, hl_rng *rng)
{
    static const int32_t code[25] = {[8] = 1, [12] = 2, [16] = 4, [20] = 5, [24] = 6};
    return hl_rng_below(rng, 2) ? code[bits] : 0;
}

/* A whole frame of sample[c][at .. at + n). */
static inline void put_frame(maker *m, const hl_flac_info *info, int32_t *const *sample, int64_t at,
                             int32_t n, bool by_sample, uint64_t number, hl_rng *rng)
{
    const size_t start = m->b.n;
    const uint64_t stereo = info->n_channels == 2 ? hl_rng_below(rng, 4) : 0;
    int32_t *work = malloc((size_t)n * 4 * sizeof *work);
    int32_t *const side = work + 2 * n, *const mid = work + 3 * n;

    put_header(m, n, stereo ? 7 + (int32_t)stereo : info->n_channels - 1,
               bits_code(info->bits, rng), by_sample, number);
    for (int32_t i = 0; stereo && i < n; i++) {
        side[i] = sample[0][at + i] - sample[1][at + i];
        mid[i] = (sample[0][at + i] + sample[1][at + i]) >> 1;
    }
    for (int32_t c = 0; c < info->n_channels; c++) {
        const bool is_side =
            (stereo == 1 && c == 1) || (stereo == 2 && c == 0) || (stereo == 3 && c == 1);
        const int32_t *x = is_side ? side : stereo == 3 ? mid : sample[c] + at;
        put_subframe(m, x, n, info->bits + is_side, work, work + n, rng);
    }
    put_footer(m, start);
    free(work);
}

/* A signal of n samples of so many bits: noise of some size on a slow wave, jumps, multiples. */
static inline void make_signal(int32_t *x, int64_t n, int32_t bits, hl_rng *rng)
{
    const int32_t most = (int32_t)((1U << (bits - 1)) - 1), least = -most - 1;
    const uint64_t kind = hl_rng_below(rng, 6), multiple = 1U << hl_rng_below(rng, 4);
    const uint64_t noise = 1 + hl_rng_below(rng, kind == 0 ? 1ULL << bits : 16);
    double v = 0, step = hl_rng_f64(rng) * 0.1;

    for (int64_t i = 0; i < n; i++) {
        double wave = kind == 1 ? 0 : 0.4 * most * sin((double)i * step);
        int64_t s;
        v = kind == 2 ? wave : v * 0.9 + wave * 0.1;
        if (kind == 3 && i % 700 > 350)
            v = least;
        s = (int64_t)v + (kind == 1 ? 5 : (int64_t)(hl_rng_below(rng, noise)) - (int64_t)noise / 2);
        if (kind == 4)
            s = s / (int64_t)multiple * (int64_t)multiple;
        if (kind == 5 && hl_rng_below(rng, 50) == 0)
            s = hl_rng_below(rng, 2) ? most : least;
        x[i] = s > most ? most : s < least ? least : (int32_t)s;
    }
}

#endif
