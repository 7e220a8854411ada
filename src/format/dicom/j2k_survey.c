#include "format/dicom/pixels_internal.h"

/*
 * The headers of a JPEG 2000 codestream, read before OpenJPEG sees them: it allocates for every
 * tile, precinct and quality layer that they claim. ITU-T T.800 annex A.
 *
 *      SOC SIZ COD QCD ... | SOT ... SOD data | SOT ... SOD data | ... EOC
 *      main header           tile-part          tile-part
 *
 * The limits are far above what encoders write, and keep OpenJPEG below about 300 MiB beyond the
 * samples themselves. CHOICE.
 */
enum {
    SOC_SIZ = 0xFF4FFF51,
    COD = 0xFF52,
    COC = 0xFF53,
    SOT = 0xFF90,
    SOD = 0xFF93,
    EOC = 0xFFD9,
    MAX_TILES = 4096,
    MAX_PRECINCTS = 1 << 17, /* of one tile, all components; 128 x 128: of a film about 1400 */
    MAX_PACKETS = 1 << 25    /* layers * components * resolutions * most precincts */
};

typedef struct {
    const hl_frame_task *t;
    const uint8_t *at;
    size_t n;
    uint32_t tile_width, tile_height, n_tiles, n_tiles_seen;
    uint32_t components;
    uint32_t layers;
    bool high_throughput;
    uint8_t seen[MAX_TILES / 8];
} survey;

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static hl_code fail(const survey *s, const char *what, hl_error *err)
{
    return hl_frame_fail(s->t, HL_E_INPUT, err,
                         "damaged JPEG 2000 header: %s\n"
                         "The file is damaged. Get it again from its source.",
                         what);
}

/* A JP2 file (non-conformant in DICOM, but seen): its codestream is what counts; colour boxes say
 * what the DICOM header says. Boxes: length, name, [long length,] content; T.800 annex I. */
static bool open_box_file(survey *s)
{
    static const uint8_t magic[8] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
    size_t at = 0;

    if (s->n < sizeof magic || memcmp(s->at, magic, sizeof magic) != 0)
        return true;
    while (s->n - at >= 8) {
        uint64_t length = be32(s->at + at);
        size_t head = 8;
        if (length == 1) {
            if (s->n - at < 16)
                return false;
            length = (uint64_t)be32(s->at + at + 8) << 32 | be32(s->at + at + 12);
            head = 16;
        }
        if (length == 0)
            length = s->n - at;
        if (length < head || length > s->n - at)
            return false;
        if (memcmp(s->at + at + 4, "jp2c", 4) == 0) {
            s->at += at + head;
            s->n = (size_t)length - head;
            return true;
        }
        at += (size_t)length;
    }
    return false;
}

/* SIZ: marker, Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz, Csiz, then
 * Ssiz, XRsiz, YRsiz of each component. */
static hl_code read_size(survey *s, hl_j2k *out, hl_error *err)
{
    const hl_pixels *p = s->t->p;
    const uint8_t *q = s->at + 6; /* Rsiz */

    if (s->n < 42 + 3 || be32(s->at) != SOC_SIZ)
        return hl_frame_fail(s->t, HL_E_INPUT, err,
                             "no JPEG 2000 data (no SOC and SIZ markers at its beginning)");
    const uint32_t x1 = be32(q + 2), y1 = be32(q + 6), x0 = be32(q + 10), y0 = be32(q + 14);
    const uint32_t tx0 = be32(q + 26), ty0 = be32(q + 30);
    s->tile_width = be32(q + 18);
    s->tile_height = be32(q + 22);
    s->components = be16(q + 34);
    if (be16(s->at + 4) != 38 + 3 * s->components || s->n < 4 + 38 + 3 * (size_t)s->components)
        return fail(s, "SIZ of a wrong length", err);
    if (x1 <= x0 || y1 <= y0 || x1 - x0 != (uint32_t)p->columns || y1 - y0 != (uint32_t)p->rows ||
        s->components != (uint32_t)p->samples)
        return hl_frame_fail(s->t, HL_E_INPUT, err,
                             "the JPEG 2000 data hold %u x %u pixels of %u samples, the header "
                             "says %d x %d of %d",
                             x1 > x0 ? x1 - x0 : 0, y1 > y0 ? y1 - y0 : 0, s->components,
                             p->columns, p->rows, p->samples);
    if (s->tile_width == 0 || s->tile_height == 0 || tx0 > x0 || ty0 > y0 ||
        (uint64_t)tx0 + s->tile_width <= x0 || (uint64_t)ty0 + s->tile_height <= y0)
        return fail(s, "tiles that do not cover the picture", err);
    const uint64_t across = ((uint64_t)x1 - tx0 + s->tile_width - 1) / s->tile_width;
    const uint64_t down = ((uint64_t)y1 - ty0 + s->tile_height - 1) / s->tile_height;
    if (across * down > MAX_TILES)
        return hl_frame_fail(s->t, HL_E_LIMIT, err, "JPEG 2000 data of more than %d tiles",
                             MAX_TILES);
    s->n_tiles = (uint32_t)(across * down);
    /* A tile larger than the picture has the picture's precincts. */
    s->tile_width = s->tile_width < x1 - x0 ? s->tile_width : x1 - x0;
    s->tile_height = s->tile_height < y1 - y0 ? s->tile_height : y1 - y0;
    const uint8_t depth = q[36];
    for (uint32_t k = 0; k < s->components; k++) {
        const uint8_t *component = q + 36 + 3 * k;
        if (component[1] != 1 || component[2] != 1)
            return hl_frame_fail(s->t, HL_E_LIMIT, err,
                                 "JPEG 2000 data with subsampled components are not supported");
        if (component[0] != depth)
            return hl_frame_fail(s->t, HL_E_LIMIT, err,
                                 "JPEG 2000 components of different depths are not supported");
    }
    out->precision = (depth & 0x7F) + 1;
    out->is_signed = depth >> 7;
    if (out->precision > (p->bits_allocated == 1 ? 8 : p->bits_allocated))
        return hl_frame_fail(s->t, HL_E_INPUT, err,
                             "JPEG 2000 samples of %d bits, but BitsAllocated is %d",
                             out->precision, p->bits_allocated);
    return HL_OK;
}

/* SPcod, SPcoc: levels, code-block width and height, style, transform, then, if they are not all
 * 2^15, the log2 sizes of the precincts of each resolution. */
static hl_code check_coding(survey *s, const uint8_t *sp, size_t n, bool has_precincts,
                            hl_error *err)
{
    uint64_t sum = 0, most = 1;

    if (n < 5 || sp[0] > 32 || (has_precincts && n < 6 + (size_t)sp[0]))
        return fail(s, "COD or COC of a wrong length", err);
    s->high_throughput |= (sp[3] & 0x40) != 0;
    for (unsigned r = 0; r <= sp[0]; r++) {
        const unsigned down = sp[0] - r, size = has_precincts ? sp[5 + r] : 0xFF;
        const uint64_t w = ((uint64_t)s->tile_width >> down) + 1;
        const uint64_t h = ((uint64_t)s->tile_height >> down) + 1;
        /* two more in each direction: the first and the last may be parts */
        const uint64_t k = ((w >> (size & 15)) + 2) * ((h >> (size >> 4)) + 2);
        sum += k;
        most = k > most ? k : most;
    }
    if (sum * s->components > MAX_PRECINCTS ||
        most * s->components * (sp[0] + 1u) * s->layers > MAX_PACKETS)
        return hl_frame_fail(s->t, HL_E_LIMIT, err,
                             "JPEG 2000 data of so many precincts and layers are not supported");
    return HL_OK;
}

static hl_code take_segment(survey *s, uint32_t marker, const uint8_t *at, size_t n, hl_error *err)
{
    if (marker == COD) {
        if (n < 10)
            return fail(s, "COD is cut", err);
        s->layers = be16(at + 2);
        return check_coding(s, at + 5, n - 5, at[0] & 1, err);
    }
    if (marker == COC) {
        const size_t id = s->components < 257 ? 1 : 2;
        if (n < id + 6)
            return fail(s, "COC is cut", err);
        return check_coding(s, at + id + 1, n - id - 1, at[id] & 1, err);
    }
    return HL_OK;
}

/* Marker segments from `at` up to `stop` (SOT or SOD), whose position is *end. */
static hl_code walk_header(survey *s, size_t at, uint32_t stop, size_t *end, hl_error *err)
{
    while (s->n - at >= 4) {
        const uint32_t marker = be16(s->at + at), length = be16(s->at + at + 2);
        if (marker == stop) {
            *end = at;
            return HL_OK;
        }
        if (marker < 0xFF00 || length < 2 || length > s->n - at - 2)
            return fail(s, "a marker segment is damaged", err);
        hl_code c = take_segment(s, marker, s->at + at + 4, length - 2, err);
        if (c != HL_OK)
            return c;
        at += 2 + (size_t)length;
    }
    if (stop == SOD && s->n - at >= 2 && be16(s->at + at) == SOD) {
        *end = at;
        return HL_OK;
    }
    return fail(s, "it is cut", err);
}

/*
 * Coded data never hold FF before a byte above 8F, and never end with FF (T.800 B.10.1, T.814):
 * such a pair is damage. OpenJPEG 2.5.0 takes that for granted in HT code-blocks and aborts the
 * process, so it must not see one. The markers SOP and EPH between packets are not told from it:
 * refused.
 */
static bool is_clean(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (at = memchr(at, 0xFF, (size_t)(end - at)))) {
        if (end - at < 2 || at[1] > 0x8F)
            return false;
        at++;
    }
    return true;
}

/* The data of the tile-part at `at`; length: its Psot. The last one may go on up to EOC, behind
 * which a byte of padding may stand. */
static hl_code check_data(const survey *s, size_t at, size_t data, uint32_t length, hl_error *err)
{
    const uint8_t *from = s->at + data + 2, *end = s->at + s->n;

    if (!s->high_throughput)
        return HL_OK;
    if (length > 0 && length <= s->n - at)
        end = s->at + at + length;
    else if (end - from >= 2 && be16(end - 2) == EOC)
        end -= 2;
    else if (end - from >= 3 && be16(end - 3) == EOC)
        end -= 3;
    if (is_clean(from, end))
        return HL_OK;
    return hl_frame_fail(
        s->t, HL_E_INPUT, err,
        "damaged HTJ2K data: a marker within a tile-part\n"
        "The file is damaged, or has SOP or EPH markers, which are not supported.");
}

/* Tile-parts: SOT, Lsot = 10, Isot, Psot, TPsot, TNsot, segments, SOD, data. Psot counts from SOT;
 * 0: up to EOC. Every tile must be there: OpenJPEG leaves what is missing black. */
static hl_code walk_tiles(survey *s, size_t at, hl_error *err)
{
    while (s->n - at >= 12 && be16(s->at + at) == SOT) {
        const uint32_t tile = be16(s->at + at + 4), length = be32(s->at + at + 6);
        size_t data = 0;
        if (tile >= s->n_tiles)
            return fail(s, "a tile that is not in the picture", err);
        if (!(s->seen[tile / 8] >> tile % 8 & 1)) {
            s->seen[tile / 8] |= (uint8_t)(1 << tile % 8);
            s->n_tiles_seen++;
        }
        hl_code c = walk_header(s, at + 12, SOD, &data, err);
        if (c == HL_OK && length != 0 && length < data + 2 - at)
            c = fail(s, "a tile-part shorter than its header", err);
        if (c == HL_OK)
            c = check_data(s, at, data, length, err);
        if (c != HL_OK)
            return c;
        if (length == 0 || length > s->n - at) /* the last one; OpenJPEG knows if it is cut */
            break;
        at += length;
    }
    if (s->n_tiles_seen != s->n_tiles)
        return hl_frame_fail(s->t, HL_E_INPUT, err,
                             "JPEG 2000 data end early: %u of %u tiles are there\n"
                             "The file is cut or damaged. Get it again from its source.",
                             s->n_tiles_seen, s->n_tiles);
    return HL_OK;
}

hl_code hl_j2k_survey(const hl_frame_task *t, hl_j2k *out, hl_error *err)
{
    survey s = {.t = t, .at = t->at, .n = t->n};
    size_t first_tile = 0;
    hl_code c;

    if (!open_box_file(&s))
        return fail(&s, "a JP2 file without codestream", err);
    out->at = s.at;
    out->n = s.n;
    c = read_size(&s, out, err);
    if (c == HL_OK)
        c = hl_frame_check_ratio(t, err);
    if (c == HL_OK)
        c = walk_header(&s, 4 + be16(s.at + 4), SOT, &first_tile, err);
    if (c == HL_OK && s.layers == 0)
        c = fail(&s, "no COD", err);
    const bool known = s.high_throughput;
    if (c == HL_OK)
        c = walk_tiles(&s, first_tile, err);
    if (c == HL_OK && s.high_throughput && !known) /* only a tile-part said so: earlier ones, too */
        c = walk_tiles(&s, first_tile, err);
    return c;
}
