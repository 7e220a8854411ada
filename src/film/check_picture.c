/*
 * check_picture.c - one picture of an archive: does it decode, and does it carry anything besides
 * itself? JPEG: ITU-T T.81 annex B, JFIF 1.02; PNG: ISO/IEC 15948, clause 5.
 */
#include "base/io.h"
#include "film/check.h"
#include "format/jpeg.h"
#include "format/jpeg_marker.h"

/* --- JPEG --------------------------------------------------------------------------------------
 */

/* "JFIF", version, density, and no thumbnail. */
static bool is_plain_jfif(const uint8_t *bytes, const hl_jpeg_marker *m)
{
    const uint8_t *at = bytes + m->offset;
    return m->code == 0xE0 && m->n == 14 && memcmp(at, "JFIF\0\1", 6) == 0 && at[12] == 0 &&
           at[13] == 0;
}

/* A JPEG of ours has a JFIF header and nothing else besides the picture. */
static hl_code check_markers(hl_checking *check, const char *path, const hl_buf *bytes,
                             hl_arena *arena, hl_error *err)
{
    hl_jpeg_markers *list = hl_arena_alloc(arena, sizeof *list);
    hl_code c = HL_OK;

    if (!list)
        return hl_fail_memory(err, "markers", sizeof *list);
    hl_jpeg_list_markers((const uint8_t *)bytes->at, bytes->n, list);
    for (size_t i = 0; c == HL_OK && i < list->n_markers; i++) {
        const hl_jpeg_marker *m = &list->marker[i];
        bool application = m->code >= 0xE0 && m->code <= 0xEF;
        if (m->code == 0xFE || (application && !is_plain_jfif((const uint8_t *)bytes->at, m)))
            c = hl_findings_add(&check->found, HL_DEID_HIGH, path, hl_jpeg_marker_name(m->code),
                                err, "the JPEG carries %zu bytes besides the picture", m->n);
    }
    if (c == HL_OK && list->n_more)
        c = hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                            "the JPEG has %zu segments more than were looked at", list->n_more);
    if (c == HL_OK && list->trailing)
        c = hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                            "%zu bytes behind the end of the JPEG", list->trailing);
    return c;
}

static hl_code check_jpeg(hl_checking *check, const char *path, const hl_buf *bytes, bool intact,
                          hl_arena *arena, int32_t *width, int32_t *height, hl_error *err)
{
    hl_jpeg_info info;
    hl_image image;
    hl_error fault;
    hl_code c =
        hl_jpeg_decode(arena, bytes->at, bytes->n, path, 0, INT32_MAX, check->cpu, &image, &fault);

    if (c == HL_OK)
        c = hl_jpeg_read_info(bytes->at, bytes->n, path, &info, &fault);
    if (c != HL_OK && hl_error_is_memory(&fault))
        return hl_fail_memory(err, "a picture", bytes->n);
    if (c != HL_OK)
        return hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                               "the JPEG does not decode");
    *width = info.width;
    *height = info.height;
    if (!intact)
        c = hl_findings_add(&check->found, HL_DEID_LOW, path, "", err,
                            "the JPEG still decodes, whatever its bytes are");
    if (c == HL_OK)
        c = check_markers(check, path, bytes, arena, err);
    if (c == HL_OK && check->o->text && image.channels == 1)
        c = hl_check_text(check, path, &image, arena, err);
    return c;
}

/* --- PNG ---------------------------------------------------------------------------------------
 */

static uint32_t be32(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The chunks: IHDR, IDAT and IEND alone. The pixels are not inflated: SHA256SUMS.txt proves them.
 */
static hl_code check_png(hl_checking *check, const char *path, const hl_buf *bytes, int32_t *width,
                         int32_t *height, hl_error *err)
{
    static const char magic[8] = "\x89PNG\r\n\x1a\n";
    size_t at = sizeof magic;
    bool ended = false, known = bytes->n >= 33 && memcmp(bytes->at, magic, 8) == 0 &&
                                memcmp(bytes->at + 12, "IHDR", 4) == 0;
    hl_code c = HL_OK;

    while (c == HL_OK && known && !ended && bytes->n - at >= 12) {
        uint32_t n = be32(bytes->at + at);
        const char *type = bytes->at + at + 4;
        if (n > bytes->n - at - 12)
            break;
        ended = memcmp(type, "IEND", 4) == 0;
        if (!ended && memcmp(type, "IHDR", 4) != 0 && memcmp(type, "IDAT", 4) != 0)
            c = hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                                "the PNG carries %u bytes besides the picture", n);
        at += (size_t)n + 12;
    }
    if (c == HL_OK && !ended)
        return hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                               "is no whole PNG: a part of it is missing");
    if (c == HL_OK && at < bytes->n)
        c = hl_findings_add(&check->found, HL_DEID_HIGH, path, "", err,
                            "%zu bytes behind the end of the PNG", bytes->n - at);
    *width = (int32_t)(be32(bytes->at + 16) & INT32_MAX);
    *height = (int32_t)(be32(bytes->at + 20) & INT32_MAX);
    return c;
}

hl_code hl_check_picture(hl_checking *check, const char *path, const hl_buf *bytes, bool intact,
                         hl_arena *arena, int32_t *width, int32_t *height, hl_error *err)
{
    if (hl_str_ends(hl_str_of(path), ".jpg"))
        return check_jpeg(check, path, bytes, intact, arena, width, height, err);
    return check_png(check, path, bytes, width, height, err);
}
