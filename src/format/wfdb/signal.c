/*
 * signal.c - the signal formats of fixed size: stored bytes <-> samples.
 *
 * Sources: signal(5); waveform.md 1.2.
 */
#include "format/wfdb/signal.h"

enum { BLOCK = HL_WFDB_BLOCK_SAMPLES };

/* --- words in the order of the file ---------------------------------------------------------- */

static inline uint16_t load_le16(const uint8_t *at)
{
    uint16_t v;

    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap16(v);
#endif
    return v;
}

static inline uint32_t load_le32(const uint8_t *at)
{
    return load_le16(at) | (uint32_t)load_le16(at + 2) << 16;
}

static inline void store_le16(uint8_t *at, uint32_t word)
{
    uint16_t v = (uint16_t)word;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap16(v);
#endif
    memcpy(at, &v, sizeof v);
}

/* The value of the low `bits` bits of v, two's complement. */
static inline int32_t sign_extend(uint32_t v, int bits)
{
    uint32_t sign = UINT32_C(1) << (bits - 1), low = v & (2 * sign - 1);

    return (int32_t)(low ^ sign) - (int32_t)sign;
}

/* --- 8: differences, a byte each -------------------------------------------------------------- */

static void unpack_8(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int8_t)stored[i];
}

static void pack_8(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        stored[i] = (uint8_t)code[i];
}

/* --- 16, 24, 32: two's complement, low byte first; 61: high byte first ------------------------ */

static void unpack_16(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int16_t)load_le16(stored + 2 * i);
}

static void pack_16(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        store_le16(stored + 2 * i, (uint32_t)code[i]);
}

static void unpack_16_short(const uint8_t *stored, int64_t n, int16_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int16_t)load_le16(stored + 2 * i);
}

static void pack_16_short(const int16_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        store_le16(stored + 2 * i, (uint16_t)code[i]);
}

static void unpack_24(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++, stored += 3)
        code[i] = sign_extend(load_le16(stored) | (uint32_t)stored[2] << 16, 24);
}

static void pack_24(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++, stored += 3) {
        store_le16(stored, (uint32_t)code[i]);
        stored[2] = (uint8_t)((uint32_t)code[i] >> 16);
    }
}

static void unpack_32(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int32_t)load_le32(stored + 4 * i);
}

static void pack_32(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++) {
        store_le16(stored + 4 * i, (uint32_t)code[i]);
        store_le16(stored + 4 * i + 2, (uint32_t)code[i] >> 16);
    }
}

static void unpack_61(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int16_t)__builtin_bswap16(load_le16(stored + 2 * i));
}

static void pack_61(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        store_le16(stored + 2 * i, __builtin_bswap16((uint16_t)code[i]));
}

/* --- 80, 160: offset binary ------------------------------------------------------------------- */

static void unpack_80(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = stored[i] - 0x80;
}

static void pack_80(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        stored[i] = (uint8_t)(code[i] + 0x80);
}

static void unpack_160(const uint8_t *stored, int64_t n, int32_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = load_le16(stored + 2 * i) - 0x8000;
}

static void pack_160(const int32_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++)
        store_le16(stored + 2 * i, (uint32_t)code[i] + 0x8000);
}

/* --- 212: two 12-bit samples in three bytes ----------------------------------------------------
 *
 *   byte 0      s0 bits 7..0
 *   byte 1      s1 bits 11..8 | s0 bits 11..8
 *   byte 2      s1 bits 7..0
 *
 * A last single sample takes bytes 0 and 1. */

static inline int32_t first_212(const uint8_t *stored)
{
    return sign_extend(load_le16(stored), 12);
}

static inline int32_t second_212(const uint8_t *stored)
{
    return sign_extend(stored[2] | (stored[1] & 0xf0u) << 4, 12);
}

static void unpack_212(const uint8_t *stored, int64_t n, int32_t *code)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3) {
        code[i] = first_212(stored);
        code[i + 1] = second_212(stored);
    }
    if (i < n)
        code[i] = first_212(stored);
}

static void unpack_212_short(const uint8_t *stored, int64_t n, int16_t *code)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3) {
        code[i] = (int16_t)first_212(stored);
        code[i + 1] = (int16_t)second_212(stored);
    }
    if (i < n)
        code[i] = (int16_t)first_212(stored);
}

static inline void put_pair_212(uint32_t a, uint32_t b, uint8_t *stored)
{
    store_le16(stored, (a & 0xfff) | (b << 4 & 0xf000));
    stored[2] = (uint8_t)b;
}

static void pack_212(const int32_t *code, int64_t n, uint8_t *stored)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3)
        put_pair_212((uint32_t)code[i], (uint32_t)code[i + 1], stored);
    if (i < n)
        store_le16(stored, (uint32_t)code[i] & 0xfff);
}

static void pack_212_short(const int16_t *code, int64_t n, uint8_t *stored)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3)
        put_pair_212((uint16_t)code[i], (uint16_t)code[i + 1], stored);
    if (i < n)
        store_le16(stored, (uint32_t)code[i] & 0xfff);
}

/* --- 310: three 10-bit samples in two words ----------------------------------------------------
 *
 *   word 0      s2 bits 4..0 | s0 (10 bits) | unused
 *   word 1      s2 bits 9..5 | s1 (10 bits) | unused
 *
 * Of a last group of one sample only word 0 is stored. */

static void unpack_310(const uint8_t *stored, int64_t n, int32_t *code)
{
    int64_t i = 0;

    for (; i + 3 <= n; i += 3, stored += 4) {
        uint32_t w0 = load_le16(stored), w1 = load_le16(stored + 2);
        code[i] = sign_extend(w0 >> 1, 10);
        code[i + 1] = sign_extend(w1 >> 1, 10);
        code[i + 2] = sign_extend(w0 >> 11 | w1 >> 11 << 5, 10);
    }
    for (; i < n; i++, stored += 2)
        code[i] = sign_extend((uint32_t)load_le16(stored) >> 1, 10);
}

static void pack_310(const int32_t *code, int64_t n, uint8_t *stored)
{
    int64_t i = 0;

    for (; i + 3 <= n; i += 3, stored += 4) {
        uint32_t c = (uint32_t)code[i + 2];
        store_le16(stored, ((uint32_t)code[i] << 1 & 0x7fe) | c << 11);
        store_le16(stored + 2, ((uint32_t)code[i + 1] << 1 & 0x7fe) | (c >> 5) << 11);
    }
    for (; i < n; i++, stored += 2)
        store_le16(stored, (uint32_t)code[i] << 1 & 0x7fe);
}

/* --- 311: three 10-bit samples in the low 30 bits of a word of 32 -------------------------------
 *
 * A last group of one sample takes two bytes, one of two samples is written as all four (libwfdb's
 * old readers could not do with three) and read from three (wfdb-python leaves the fourth out). */

static void unpack_311(const uint8_t *stored, int64_t n, int32_t *code)
{
    int64_t i = 0;

    for (; i + 3 <= n; i += 3, stored += 4) {
        uint32_t w = load_le32(stored);
        code[i] = sign_extend(w, 10);
        code[i + 1] = sign_extend(w >> 10, 10);
        code[i + 2] = sign_extend(w >> 20, 10);
    }
    if (i < n) {
        uint32_t w = load_le16(stored);
        code[i++] = sign_extend(w, 10);
        if (i < n)
            code[i] = sign_extend((w | (uint32_t)stored[2] << 16) >> 10, 10);
    }
}

static void pack_311(const int32_t *code, int64_t n, uint8_t *stored)
{
    int64_t i = 0;

    for (; i + 3 <= n; i += 3, stored += 4) {
        uint32_t w = ((uint32_t)code[i] & 0x3ff) | ((uint32_t)code[i + 1] & 0x3ff) << 10 |
                     ((uint32_t)code[i + 2] & 0x3ff) << 20;
        store_le16(stored, w);
        store_le16(stored + 2, w >> 16);
    }
    if (n - i == 1) {
        store_le16(stored, (uint32_t)code[i] & 0x3ff);
    } else if (n - i == 2) {
        uint32_t w = ((uint32_t)code[i] & 0x3ff) | ((uint32_t)code[i + 1] & 0x3ff) << 10;
        store_le16(stored, w);
        store_le16(stored + 2, w >> 16);
    }
}

/* --- the table ------------------------------------------------------------------------------- */

#define LEAST_24 (-(1 << 23))

/* clang-format off */
static const hl_wfdb_format formats[] = {
    {.format = 16, .adc_bits = 12, .group_samples = 1, .group_bytes = 2,
     .has_invalid = true, .invalid = INT16_MIN, .least = -INT16_MAX, .most = INT16_MAX,
     .unpack = unpack_16, .pack = pack_16, .is_short = true,
     .unpack_short = unpack_16_short, .pack_short = pack_16_short},
    {.format = 212, .adc_bits = 12, .group_samples = 2, .group_bytes = 3,
     .tail_bytes = {0, 2}, .needed_bytes = {0, 2},
     .has_invalid = true, .invalid = -2048, .least = -2047, .most = 2047,
     .unpack = unpack_212, .pack = pack_212, .is_short = true,
     .unpack_short = unpack_212_short, .pack_short = pack_212_short},
    {.format = 8, .adc_bits = 12, .group_samples = 1, .group_bytes = 1,
     .least = -INT32_MAX, .most = INT32_MAX,
     .unpack = unpack_8, .pack = pack_8},
    {.format = 24, .adc_bits = 12, .group_samples = 1, .group_bytes = 3,
     .has_invalid = true, .invalid = LEAST_24, .least = LEAST_24 + 1, .most = -LEAST_24 - 1,
     .unpack = unpack_24, .pack = pack_24},
    {.format = 32, .adc_bits = 12, .group_samples = 1, .group_bytes = 4,
     .has_invalid = true, .invalid = INT32_MIN, .least = -INT32_MAX, .most = INT32_MAX,
     .unpack = unpack_32, .pack = pack_32},
    {.format = 61, .adc_bits = 12, .group_samples = 1, .group_bytes = 2,
     .has_invalid = true, .invalid = INT16_MIN, .least = -INT16_MAX, .most = INT16_MAX,
     .unpack = unpack_61, .pack = pack_61, .is_short = true},
    {.format = 80, .adc_bits = 8, .group_samples = 1, .group_bytes = 1,
     .has_invalid = true, .invalid = -128, .least = -127, .most = 127,
     .unpack = unpack_80, .pack = pack_80, .is_short = true},
    {.format = 160, .adc_bits = 16, .group_samples = 1, .group_bytes = 2,
     .has_invalid = true, .invalid = INT16_MIN, .least = -INT16_MAX, .most = INT16_MAX,
     .unpack = unpack_160, .pack = pack_160, .is_short = true},
    {.format = 310, .adc_bits = 10, .group_samples = 3, .group_bytes = 4,
     .tail_bytes = {0, 2, 4}, .needed_bytes = {0, 2, 4},
     .has_invalid = true, .invalid = -512, .least = -511, .most = 511,
     .unpack = unpack_310, .pack = pack_310, .is_short = true},
    {.format = 311, .adc_bits = 10, .group_samples = 3, .group_bytes = 4,
     .tail_bytes = {0, 2, 4}, .needed_bytes = {0, 2, 3},
     .has_invalid = true, .invalid = -512, .least = -511, .most = 511,
     .unpack = unpack_311, .pack = pack_311, .is_short = true},
    {.format = 0, .adc_bits = 12},
    {.format = 508, .adc_bits = 12,
     .has_invalid = true, .invalid = -128, .least = -127, .most = 127},
    {.format = 516, .adc_bits = 12,
     .has_invalid = true, .invalid = INT16_MIN, .least = -INT16_MAX, .most = INT16_MAX},
    {.format = 524, .adc_bits = 12,
     .has_invalid = true, .invalid = LEAST_24, .least = LEAST_24 + 1, .most = -LEAST_24 - 1},
};
/* clang-format on */

const hl_wfdb_format *hl_wfdb_format_find(int32_t format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].format == format)
            return &formats[i];
    return NULL;
}

/* Bytes of n samples, the last group of which takes what tail says. */
static bool bytes_of(const hl_wfdb_format *f, int64_t n, const int32_t *tail, int64_t *out)
{
    int64_t whole;

    if (n < 0 || f->group_samples == 0)
        return false;
    if (__builtin_mul_overflow(n / f->group_samples, (int64_t)f->group_bytes, &whole))
        return false;
    return !__builtin_add_overflow(whole, (int64_t)tail[n % f->group_samples], out);
}

bool hl_wfdb_stored_bytes(const hl_wfdb_format *f, int64_t n, int64_t *out)
{
    return bytes_of(f, n, f->tail_bytes, out);
}

bool hl_wfdb_needed_bytes(const hl_wfdb_format *f, int64_t n, int64_t *out)
{
    return bytes_of(f, n, f->needed_bytes, out);
}

int64_t hl_wfdb_stored_samples(const hl_wfdb_format *f, int64_t n_bytes)
{
    if (f->group_bytes == 0 || n_bytes <= 0)
        return 0;
    int64_t n = n_bytes / f->group_bytes * f->group_samples, rest = n_bytes % f->group_bytes;
    int32_t tail = 0;

    while (tail + 1 < f->group_samples && f->needed_bytes[tail + 1] <= rest)
        tail++;
    return n + tail;
}

/* --- samples of 32 bits ------------------------------------------------------------------------
 */

/* Where the group begins that starts with sample at. */
static int64_t bytes_before(const hl_wfdb_format *f, int64_t at)
{
    return at / f->group_samples * f->group_bytes;
}

void hl_wfdb_unpack_samples(const hl_wfdb_format *f, const uint8_t *stored, int64_t n, int32_t *out)
{
    int32_t invalid = f->has_invalid ? f->invalid : HL_WFDB_INVALID;

    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t part = n - at < BLOCK ? n - at : BLOCK;
        int32_t *to = out + at;
        f->unpack(stored + bytes_before(f, at), part, to);
        if (invalid != HL_WFDB_INVALID)
            for (int64_t i = 0; i < part; i++)
                to[i] = to[i] == invalid ? HL_WFDB_INVALID : to[i];
    }
}

/* The step from *last to v, as large as a byte can hold; what is left is caught up with the next
 * samples. */
static int32_t next_step(int32_t v, int32_t *last)
{
    int64_t step = (int64_t)v - *last;

    step = step < INT8_MIN ? INT8_MIN : step > INT8_MAX ? INT8_MAX : step;
    *last += (int32_t)step;
    return (int32_t)step;
}

/* Codes of n samples; the index of the first that has none, or -1. */
static int64_t codes_of(const hl_wfdb_format *f, const int32_t *sample, int64_t n, int32_t *last,
                        int32_t *code)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t v = sample[i];
        if (v == HL_WFDB_INVALID) {
            if (!f->has_invalid)
                return i;
            v = f->invalid;
        } else if (v < f->least || v > f->most) {
            return i;
        }
        code[i] = f->format == 8 ? next_step(v, last) : v;
    }
    return -1;
}

hl_code hl_wfdb_pack_samples(const hl_wfdb_format *f, const int32_t *sample, int64_t n,
                             int32_t *last, uint8_t *stored, int64_t *n_stored, hl_error *err)
{
    int32_t code[BLOCK];
    int64_t bytes = 0;

    hl_assert(f->pack && hl_wfdb_stored_bytes(f, n, &bytes) && (last || f->format != 8));
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t part = n - at < BLOCK ? n - at : BLOCK;
        int64_t bad = codes_of(f, sample + at, part, last, code);
        if (bad >= 0 && sample[at + bad] == HL_WFDB_INVALID)
            return hl_fail(err, HL_E_INPUT,
                           "sample %lld was not measured; format %d has no code for that",
                           (long long)(at + bad), (int)f->format);
        if (bad >= 0)
            return hl_fail(err, HL_E_INPUT,
                           "sample %lld: %d does not fit into format %d (%d to %d)",
                           (long long)(at + bad), (int)sample[at + bad], (int)f->format,
                           (int)f->least, (int)f->most);
        f->pack(code, part, stored + bytes_before(f, at));
    }
    *n_stored = bytes;
    return HL_OK;
}
