#include "format/dicom/write.h"

#include "base/inflate.h"
#include "format/dicom/write_codecs.h"
#include "format/dicom/write_rle.h"
#include "format/jpeg_lossless_write.h"

/* Names this writer in group 0002; PS3.5 B.2 makes a UID of a UUID's decimal form. */
#define IMPLEMENTATION_UID "2.25.53139980036562417441661462829287568422"
#define IMPLEMENTATION_NAME "HILUM"

enum { PREAMBLE_BYTES = 128, DEFLATE_LEVEL = 6 };
#define UNDEFINED UINT32_MAX

#define TAG_ITEM HL_TAG(0xFFFE, 0xE000)
#define TAG_ITEM_END HL_TAG(0xFFFE, 0xE00D)
#define TAG_SEQUENCE_END HL_TAG(0xFFFE, 0xE0DD)

/* --- numbers and headers -------------------------------------------------------------------- */

static void put_number(hl_dicom_writer *w, uint32_t v, int n_bytes)
{
    char byte[4];
    for (int i = 0; i < n_bytes; i++)
        byte[i] = (char)(v >> (w->syntax->big_endian ? n_bytes - 1 - i : i) * 8);
    hl_buf_append(w->to, byte, (size_t)n_bytes);
}

static void put_tag(hl_dicom_writer *w, uint32_t tag)
{
    put_number(w, tag >> 16, 2);
    put_number(w, tag & 0xFFFF, 2);
}

/* VRs with two reserved bytes and a length of four. films.md 3.3 */
static bool is_long(const char vr[2])
{
    static const char list[] = "OBODOFOLOVOWSQSVUCUNURUTUV";
    for (size_t i = 0; list[i]; i += 2)
        if (vr[0] == list[i] && vr[1] == list[i + 1])
            return true;
    return false;
}

/* Tag, VR and length. A value too long for the short form goes as UN, PS3.5 6.2.2 note. */
static void put_header(hl_dicom_writer *w, uint32_t tag, const char vr[2], uint32_t length)
{
    put_tag(w, tag);
    if (w->syntax->implicit_vr) {
        put_number(w, length, 4);
        return;
    }
    if (!is_long(vr) && length <= UINT16_MAX) {
        hl_buf_append(w->to, vr, 2);
        put_number(w, length, 2);
        return;
    }
    hl_buf_append(w->to, is_long(vr) ? vr : "UN", 2);
    put_number(w, 0, 2);
    put_number(w, length, 4);
}

static bool pads_with_blank(const char vr[2])
{
    static const char list[] = "AEASCSDADSDTISLOLTPNSHSTTMUCURUT";
    for (size_t i = 0; list[i]; i += 2)
        if (vr[0] == list[i] && vr[1] == list[i + 1])
            return true;
    return false;
}

/* --- elements ------------------------------------------------------------------------------- */

void hl_dicom_put(hl_dicom_writer *w, uint32_t tag, const char vr[2], const void *value, size_t n)
{
    hl_assert(n < UINT32_MAX - 1);
    put_header(w, tag, vr, (uint32_t)(n + n % 2));
    hl_buf_append(w->to, value, n);
    if (n % 2)
        hl_buf_char(w->to, pads_with_blank(vr) ? ' ' : 0);
}

void hl_dicom_put_text(hl_dicom_writer *w, uint32_t tag, const char vr[2], const char *text)
{
    hl_dicom_put(w, tag, vr, text, strlen(text));
}

void hl_dicom_put_u16(hl_dicom_writer *w, uint32_t tag, const char vr[2], uint16_t v)
{
    put_header(w, tag, vr, 2);
    put_number(w, v, 2);
}

void hl_dicom_put_sequence(hl_dicom_writer *w, uint32_t tag)
{
    put_header(w, tag, "SQ", UNDEFINED);
    w->depth++;
}

/* Items and delimiters have no VR in any syntax. */
static void put_mark(hl_dicom_writer *w, uint32_t tag, uint32_t length)
{
    put_tag(w, tag);
    put_number(w, length, 4);
}

void hl_dicom_put_item(hl_dicom_writer *w)
{
    hl_assert(w->depth > 0);
    put_mark(w, TAG_ITEM, UNDEFINED);
}

void hl_dicom_put_item_end(hl_dicom_writer *w)
{
    put_mark(w, TAG_ITEM_END, 0);
}

void hl_dicom_put_sequence_end(hl_dicom_writer *w)
{
    hl_assert(w->depth > 0);
    put_mark(w, TAG_SEQUENCE_END, 0);
    w->depth--;
}

/* --- pixel data ----------------------------------------------------------------------------- */

/* The words themselves, in the byte order asked for. */
static void put_words(const void *px, size_t n, int32_t bits, bool big_endian, hl_buf *out)
{
    const uint16_t *word = px;
    if (bits == 8) {
        hl_buf_append(out, px, n);
        return;
    }
    char *to = hl_buf_reserve(out, 2 * n);
    if (!to)
        return;
    for (size_t i = 0; i < n; i++) {
        to[2 * i + big_endian] = (char)word[i];
        to[2 * i + !big_endian] = (char)(word[i] >> 8);
    }
    out->n += 2 * n;
    out->at[out->n] = 0;
}

/* OW in implicit VR (PS3.5 A.1); bytes are OB elsewhere, so that no byte order touches them. */
static void put_native(hl_dicom_writer *w, const void *px, size_t n, int32_t bits)
{
    const size_t bytes = n * (size_t)(bits / 8);
    const char *vr = bits == 16 || w->syntax->implicit_vr ? "OW" : "OB";
    put_header(w, HL_TAG_PixelData, vr, (uint32_t)(bytes + bytes % 2));
    put_words(px, n, bits, w->syntax->big_endian, w->to);
    if (bytes % 2)
        hl_buf_char(w->to, 0);
}

static hl_code deflate_frame(const void *px, size_t n, int32_t bits, hl_buf *out, hl_error *err)
{
    hl_buf words = {0};
    put_words(px, n, bits, false, &words);
    hl_code c = hl_buf_check(&words, "pixel data", err);
    if (c == HL_OK)
        c = hl_deflate_raw(words.at, words.n, DEFLATE_LEVEL, out, err);
    hl_buf_free(&words);
    return c;
}

static hl_code encode(const hl_dicom_syntax *syntax, const void *px, int32_t width, int32_t height,
                      int32_t bits, int32_t stored, hl_buf *out, hl_error *err)
{
    switch (syntax->codec) {
    case HL_CODEC_RAW:
        put_words(px, (size_t)width * (size_t)height, bits, false, out);
        return HL_OK;
    case HL_CODEC_RLE:
        hl_rle_encode(px, width, height, bits, out);
        return HL_OK;
    case HL_CODEC_JPEG_LOSSLESS: /* the left neighbour predicts, for SV1 as for the other */
        return hl_jpeg_encode_lossless(px, width, height, bits, stored, 1, out, err);
    case HL_CODEC_JPEG_LS:
        return hl_jpeg_ls_encode(px, width, height, bits, stored, out, err);
    case HL_CODEC_JPEG_2000:
        return hl_jpeg_2000_encode(px, width, height, bits, stored, out, err);
    case HL_CODEC_DEFLATED_FRAME:
        return deflate_frame(px, (size_t)width * (size_t)height, bits, out, err);
    case HL_CODEC_NATIVE:
    case HL_CODEC_JPEG:
    case HL_CODEC_UNSUPPORTED:
    case HL_CODEC_UNKNOWN:
        break;
    }
    return hl_fail(err, HL_E_LIMIT, "pixel data in transfer syntax %s (%s) cannot be written",
                   syntax->uid, syntax->name);
}

/* An empty offset table and one fragment. */
static hl_code put_encapsulated(hl_dicom_writer *w, const void *px, int32_t width, int32_t height,
                                int32_t bits, int32_t stored, hl_error *err)
{
    hl_buf frame = {0};
    hl_code c = encode(w->syntax, px, width, height, bits, stored, &frame, err);
    if (c == HL_OK)
        c = hl_buf_check(&frame, "pixel data", err);
    if (c == HL_OK && frame.n > UINT32_MAX - 2)
        c = hl_fail(err, HL_E_LIMIT, "an encoded frame of %zu bytes fits no DICOM file", frame.n);
    if (c == HL_OK) {
        put_header(w, HL_TAG_PixelData, "OB", UNDEFINED);
        put_mark(w, TAG_ITEM, 0);
        put_mark(w, TAG_ITEM, (uint32_t)(frame.n + frame.n % 2));
        hl_buf_append(w->to, frame.at, frame.n);
        if (frame.n % 2)
            hl_buf_char(w->to, 0);
        put_mark(w, TAG_SEQUENCE_END, 0);
        c = hl_buf_check(w->to, "pixel data", err);
    }
    hl_buf_free(&frame);
    return c;
}

hl_code hl_dicom_put_pixels(hl_dicom_writer *w, const void *px, int32_t width, int32_t height,
                            int32_t bits, int32_t stored, hl_error *err)
{
    size_t n, bytes;
    hl_assert((bits == 8 || bits == 16) && stored >= 1 && stored <= bits);
    if (width < 1 || height < 1 || width > UINT16_MAX)
        return hl_fail(err, HL_E_LIMIT, "a picture of %d x %d px fits no DICOM file", (int)width,
                       (int)height);
    if (!hl_mul_size((size_t)width, (size_t)height, &n) ||
        !hl_mul_size(n, (size_t)(bits / 8), &bytes) || bytes >= UINT32_MAX - 1)
        return hl_fail(err, HL_E_LIMIT, "a picture of %d x %d px is too large for a DICOM file",
                       (int)width, (int)height);
    if (w->syntax->encapsulated)
        return put_encapsulated(w, px, width, height, bits, stored, err);
    put_native(w, px, n, bits);
    return hl_buf_check(w->to, "pixel data", err);
}

/* --- files ---------------------------------------------------------------------------------- */

static void put_group_0002(const hl_dicom_syntax *syntax, const char *sop_class_uid,
                           const char *sop_instance_uid, hl_buf *out)
{
    static const hl_dicom_syntax explicit_little = {.uid = "1.2.840.10008.1.2.1",
                                                    .name = "Explicit VR Little Endian"};
    hl_buf group = {0};
    hl_dicom_writer w = {.to = &group, .syntax = &explicit_little};
    const char version[2] = {0, 1};
    hl_dicom_put(&w, HL_TAG(0x0002, 0x0001), "OB", version, sizeof version);
    hl_dicom_put_text(&w, HL_TAG(0x0002, 0x0002), "UI", sop_class_uid);
    hl_dicom_put_text(&w, HL_TAG(0x0002, 0x0003), "UI", sop_instance_uid);
    hl_dicom_put_text(&w, HL_TAG_TransferSyntaxUID, "UI", syntax->uid);
    hl_dicom_put_text(&w, HL_TAG(0x0002, 0x0012), "UI", IMPLEMENTATION_UID);
    hl_dicom_put_text(&w, HL_TAG(0x0002, 0x0013), "SH", IMPLEMENTATION_NAME);
    w.to = out;
    put_header(&w, HL_TAG(0x0002, 0x0000), "UL", 4);
    put_number(&w, (uint32_t)group.n, 4);
    hl_buf_append(out, group.at, group.n);
    out->oom |= group.oom;
    hl_buf_free(&group);
}

hl_code hl_dicom_put_file(const hl_dicom_syntax *syntax, const char *sop_class_uid,
                          const char *sop_instance_uid, const hl_buf *data_set, hl_buf *out,
                          hl_error *err)
{
    static const char preamble[PREAMBLE_BYTES] = {0};
    hl_code c = hl_buf_check(data_set, "data set", err);
    if (c != HL_OK)
        return c;
    hl_buf_append(out, preamble, sizeof preamble);
    hl_buf_text(out, "DICM");
    put_group_0002(syntax, sop_class_uid, sop_instance_uid, out);
    if (syntax->deflated) {
        const size_t start = out->n;
        c = hl_deflate_raw(data_set->at, data_set->n, DEFLATE_LEVEL, out, err);
        if ((out->n - start) % 2) /* PS3.5 A.5 */
            hl_buf_char(out, 0);
    } else {
        hl_buf_append(out, data_set->at, data_set->n);
    }
    return c == HL_OK ? hl_buf_check(out, "DICOM file", err) : c;
}
