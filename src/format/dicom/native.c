#include "format/dicom/pixels_internal.h"

#include "base/inflate.h"

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { HOST_BIG_ENDIAN = 1 };
#else
enum { HOST_BIG_ENDIAN = 0 };
#endif

/* PS3.5 8.1.1, annex D; films.md 3.6. Where the file differs from what a caller gets:
 *
 *      1 bit               bit 0 of byte 0 is the first pixel; no padding, between frames neither
 *      OW in big endian    bytes of 8-bit (and 1-bit) pixels are swapped in pairs; not so with OB
 *      YBR_FULL_422        Y0 Y1 Cb Cr make two pixels
 *      planar              all of sample 0, then all of sample 1, ...
 */
typedef struct {
    const uint8_t *at; /* the byte that holds the frame's first bit */
    unsigned first_bit;
    bool big_endian;
} source;

bool hl_native_half_chroma(const hl_pixels *p)
{
    return strcmp(p->photometric, "YBR_FULL_422") == 0 ||
           strcmp(p->photometric, "YBR_PARTIAL_422") == 0;
}

int64_t hl_native_bits(const hl_pixels *p)
{
    const int64_t n_px = (int64_t)p->rows * p->columns;

    if (!hl_native_half_chroma(p))
        return n_px * p->samples * p->bits_allocated;
    return p->bits_allocated == 8 && p->columns % 2 == 0 && !p->planar ? n_px * 16 : 0;
}

static void unpack_bits(const source *s, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++) {
        const size_t bit = s->first_bit + i;
        to[i] = s->at[bit / 8] >> bit % 8 & 1;
    }
}

static void swap_words(const void *from, size_t n_words, int32_t bits, void *to)
{
    const uint8_t *f = from;

    if (bits == 16)
        for (size_t i = 0; i < n_words; i++) {
            uint16_t w;
            memcpy(&w, f + 2 * i, 2);
            ((uint16_t *)to)[i] = __builtin_bswap16(w);
        }
    else
        for (size_t i = 0; i < n_words; i++) {
            uint32_t w;
            memcpy(&w, f + 4 * i, 4);
            ((uint32_t *)to)[i] = __builtin_bswap32(w);
        }
}

static void widen_chroma(const uint8_t *from, size_t n_px, uint8_t *to)
{
    for (size_t i = 0; i + 1 < n_px; i += 2, from += 4, to += 6) {
        const uint8_t cb = from[2], cr = from[3];
        to[0] = from[0];
        to[3] = from[1];
        to[1] = to[4] = cb;
        to[2] = to[5] = cr;
    }
}

static void interleave(const void *from, size_t n_px, int32_t samples, int32_t bits, void *to)
{
    for (int32_t s = 0; s < samples; s++) {
        const size_t step = (size_t)samples, k = (size_t)s;
        if (bits == 8)
            for (size_t i = 0; i < n_px; i++)
                ((uint8_t *)to)[i * step + k] = ((const uint8_t *)from)[k * n_px + i];
        else if (bits == 16)
            for (size_t i = 0; i < n_px; i++)
                ((uint16_t *)to)[i * step + k] = ((const uint16_t *)from)[k * n_px + i];
        else
            for (size_t i = 0; i < n_px; i++)
                ((uint32_t *)to)[i * step + k] = ((const uint32_t *)from)[k * n_px + i];
    }
}

/* The file's words as words of this machine, still planar or with half the chroma: where they lie
 * if they are so already. */
static hl_code to_words(const hl_frame_task *t, const source *s, size_t n_words, const void **out,
                        hl_error *err)
{
    const int32_t bits = t->p->bits_allocated;
    const size_t bytes = bits == 1 ? 1 : (size_t)bits / 8;
    const bool swap = bytes > 1 && s->big_endian != HOST_BIG_ENDIAN;

    *out = s->at;
    if (bits != 1 && !swap && (uintptr_t)s->at % bytes == 0)
        return HL_OK;
    void *to = hl_arena_aligned(t->arena, n_words * bytes, 64);
    if (!to)
        return hl_fail_memory(err, "pixels", n_words * bytes);
    if (bits == 1)
        unpack_bits(s, n_words, to);
    else if (swap)
        swap_words(s->at, n_words, bits, to);
    else
        memcpy(to, s->at, n_words * bytes);
    *out = to;
    return HL_OK;
}

static hl_code unpack(const hl_frame_task *t, const source *s, hl_frame *out, hl_error *err)
{
    const hl_pixels *p = t->p;
    const size_t n_px = (size_t)p->rows * (size_t)p->columns;
    const int32_t bits = p->bits_allocated == 1 ? 8 : p->bits_allocated;
    const bool half = hl_native_half_chroma(p), planar = p->planar && p->samples > 1;
    const void *words = NULL;
    void *px = NULL;
    hl_code c = to_words(t, s, half ? 2 * n_px : n_px * (size_t)p->samples, &words, err);

    if (c == HL_OK && (half || planar)) {
        c = hl_frame_new(t, bits, out, &px, err);
        if (c == HL_OK && half)
            widen_chroma(words, n_px, px);
        else if (c == HL_OK)
            interleave(words, n_px, p->samples, bits, px);
        words = px;
    }
    if (c != HL_OK)
        return c;
    *out = (hl_frame){.width = p->columns,
                      .height = p->rows,
                      .samples = p->samples,
                      .bits = bits,
                      .stored = bits,
                      .is_signed = p->is_signed,
                      .exact = true,
                      .px = words};
    if (p->bits_allocated != 1)
        hl_frame_mask_rule(p, bits, out);
    return HL_OK;
}

/* Bytes [first, end) of the element with the bytes of each pair in the other order. */
static hl_code load_pairs(const hl_frame_task *t, const hl_dicom_element *e, int64_t first,
                          int64_t end, const uint8_t **out, hl_error *err)
{
    const int64_t low = first - first % 2;
    const int64_t high = end + end % 2 < e->length ? end + end % 2 : e->length;
    const uint8_t *at = NULL;
    hl_code c = hl_dicom_load_range(t->d, e->offset + low, high - low, t->arena, &at, err);

    if (c != HL_OK)
        return c;
    uint8_t *to = hl_arena_alloc(t->arena, (size_t)(end - first));
    if (!to)
        return hl_fail_memory(err, "pixels", (size_t)(end - first));
    for (int64_t i = first; i < end; i++) {
        const int64_t from = (i ^ 1) < high ? i ^ 1 : i; /* a last byte without its other half */
        to[i - first] = at[from - low];
    }
    *out = to;
    return HL_OK;
}

hl_code hl_native_frame(hl_frame_task *t, const hl_dicom_element *e, hl_frame *out, hl_error *err)
{
    /* describe has checked that all frames are there, so that nothing here overflows */
    const int64_t bits = hl_native_bits(t->p), bit = t->i * bits;
    const int64_t first = bit / 8, end = (bit + bits + 7) / 8;
    source s = {.first_bit = (unsigned)(bit % 8), .big_endian = e->big_endian};
    hl_code c;

    if (e->big_endian && t->p->bits_allocated <= 8 && strcmp(e->vr, "OW") == 0)
        c = load_pairs(t, e, first, end, &s.at, err);
    else
        c = hl_dicom_load_range(t->d, e->offset + first, end - first, t->arena, &s.at, err);
    return c == HL_OK ? unpack(t, &s, out, err) : c;
}

/* Bytes of a frame that has fragments of its own, so that it begins with a byte; 0: an error. */
static int64_t bytes_of_frame(const hl_frame_task *t, hl_code *c, hl_error *err)
{
    const int64_t need = (hl_native_bits(t->p) + 7) / 8;

    if (need == 0)
        *c = hl_frame_fail(t, HL_E_INPUT, err, "%d bits, %d columns%s do not go with %s",
                           t->p->bits_allocated, t->p->columns, t->p->planar ? ", planar" : "",
                           t->p->photometric);
    return need;
}

hl_code hl_native_raw(const hl_frame_task *t, hl_frame *out, hl_error *err)
{
    const source s = {.at = t->at};
    hl_code c = HL_OK;
    const int64_t need = bytes_of_frame(t, &c, err);

    if (c == HL_OK && (int64_t)t->n < need)
        c = hl_frame_fail(t, HL_E_INPUT, err, "%zu bytes, but its pixels take %lld", t->n,
                          (long long)need);
    return c == HL_OK ? unpack(t, &s, out, err) : c;
}

hl_code hl_native_inflate(hl_frame_task *t, hl_frame *out, hl_error *err)
{
    size_t got = 0;
    hl_error found = {0};
    hl_code c = HL_OK;
    const int64_t need = bytes_of_frame(t, &c, err);

    if (c != HL_OK)
        return c;
    if (need / HL_INFLATE_MAX_RATIO > (int64_t)t->n)
        return hl_frame_fail(t, HL_E_INPUT, err, "%zu deflated bytes, but its pixels take %lld",
                             t->n, (long long)need);
    const size_t n = (size_t)need + 1; /* one more: an odd number of bytes may be padded */
    uint8_t *at = hl_arena_aligned(t->arena, n, 64);
    if (!at)
        return hl_fail_memory(err, "pixels", n);
    c = hl_inflate_all(t->at, t->n, at, n, &got, NULL, &found);
    if (c != HL_OK && hl_error_is_memory(&found))
        return hl_frame_pass(t, c, &found, err);
    if (c != HL_OK)
        return hl_frame_fail(t, c, err, "%s", found.message);
    t->at = at;
    t->n = got;
    return hl_native_raw(t, out, err);
}
