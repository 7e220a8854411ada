/* One element's header: PS3.5 7.1; VRs of PS3.5 6.2. films.md 3.3, 3.4 */
#include "format/dicom/dicom_internal.h"

typedef enum { VR_BYTES, VR_NUMBERS, VR_TEXT, VR_SEQUENCE } vr_class;

typedef struct {
    char vr[3];
    bool long_form; /* two reserved bytes, then a length of 4 bytes */
    vr_class class;
} vr_info;

static const vr_info vrs[] = {
    {"AE", false, VR_TEXT},    {"AS", false, VR_TEXT},    {"AT", false, VR_NUMBERS},
    {"CS", false, VR_TEXT},    {"DA", false, VR_TEXT},    {"DS", false, VR_TEXT},
    {"DT", false, VR_TEXT},    {"FD", false, VR_NUMBERS}, {"FL", false, VR_NUMBERS},
    {"IS", false, VR_TEXT},    {"LO", false, VR_TEXT},    {"LT", false, VR_TEXT},
    {"OB", true, VR_BYTES},    {"OD", true, VR_BYTES},    {"OF", true, VR_BYTES},
    {"OL", true, VR_BYTES},    {"OV", true, VR_BYTES},    {"OW", true, VR_BYTES},
    {"PN", false, VR_TEXT},    {"SH", false, VR_TEXT},    {"SL", false, VR_NUMBERS},
    {"SQ", true, VR_SEQUENCE}, {"SS", false, VR_NUMBERS}, {"ST", false, VR_TEXT},
    {"SV", true, VR_NUMBERS},  {"TM", false, VR_TEXT},    {"UC", true, VR_TEXT},
    {"UI", false, VR_TEXT},    {"UL", false, VR_NUMBERS}, {"UN", true, VR_BYTES},
    {"UR", true, VR_TEXT},     {"US", false, VR_NUMBERS}, {"UT", true, VR_TEXT},
    {"UV", true, VR_NUMBERS},
};

static const vr_info *vr_of(const char *at)
{
    size_t low = 0, n = sizeof vrs / sizeof vrs[0];

    while (n > 1) {
        const size_t half = n / 2;
        low += memcmp(vrs[low + half].vr, at, 2) <= 0 ? half : 0;
        n -= half;
    }
    return memcmp(vrs[low].vr, at, 2) == 0 ? &vrs[low] : NULL;
}

bool hl_dicom_is_vr(const uint8_t *at)
{
    return vr_of((const char *)at) != NULL;
}

bool hl_dicom_vr_is_bytes(const char *vr)
{
    const vr_info *v = vr_of(vr);
    return v && v->class == VR_BYTES;
}

bool hl_dicom_vr_is_text(const char *vr)
{
    const vr_info *v = vr_of(vr);
    return v && v->class == VR_TEXT;
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool fits(int64_t length, int n_header, int64_t left)
{
    return length < 0 || length <= left - n_header;
}

static int64_t length_of(uint32_t length)
{
    return length == UINT32_MAX ? -1 : (int64_t)length;
}

/* The VR that the standard gives a tag, for where the file does not say. */
static const char *known_vr(uint32_t tag)
{
    const uint32_t element = tag & 0xFFFF;

    if (element == 0)
        return "UL"; /* group length */
    if (tag & 0x00010000)
        return element >= 0x0010 && element <= 0x00FF ? "LO" : "UN"; /* private creator */
    const hl_dicom_entry *e = hl_dicom_entry_of(tag);
    if (!e || strcmp(e->vr, "NONE") == 0)
        return "UN";
    if (strcmp(e->vr, "US or SS") == 0)
        return HL_DICOM_VR_US_OR_SS;
    return strlen(e->vr) > 2 ? "OW" : e->vr; /* "OB or OW", "US or OW", "US or SS or OW" */
}

static void read_implicit(const uint8_t *at, hl_dicom_header *h)
{
    h->length = length_of(hl_dicom_u32(at + 4, h->encoding.big));
    h->n_bytes = 8;
    h->encoding.implicit = true;
    memcpy(h->vr, known_vr(h->tag), 2);
}

/* UN in an explicit data set: written by somebody who did not know the tag, or could not write so
 * long a value. What is inside is implicit little endian (PS3.5 6.2.2). */
static void read_un(hl_dicom_header *h)
{
    h->encoding = (hl_dicom_encoding){.implicit = true};
    if (h->length >= 0) {
        memcpy(h->vr, known_vr(h->tag), 2);
        h->from_un = memcmp(h->vr, "UN", 2) != 0;
    }
}

/* Two letters that are no VR: the standard says that a VR still to come has the long form. */
static hl_dicom_header_result read_unknown_vr(hl_dicom *d, const uint8_t *at, size_t avail,
                                              int64_t left, int64_t offset, hl_dicom_header *h)
{
    const bool big = h->encoding.big;

    if (avail >= 12 && at[6] == 0 && at[7] == 0 &&
        fits(length_of(hl_dicom_u32(at + 8, big)), 12, left)) {
        h->length = length_of(hl_dicom_u32(at + 8, big));
        h->n_bytes = 12;
    } else {
        h->length = hl_dicom_u16(at + 6, big);
        h->n_bytes = 8;
    }
    memcpy(h->vr, known_vr(h->tag), 2);
    hl_dicom_warn(d, h->tag, offset, "a VR that the standard does not know");
    return HEADER_OK;
}

hl_dicom_header_result hl_dicom_header_read(hl_dicom *d, hl_dicom_encoding encoding,
                                            const uint8_t *at, size_t avail, int64_t left,
                                            int64_t offset, hl_dicom_header *h)
{
    if (avail < 8)
        return HEADER_CUT;
    h->encoding = encoding;
    h->from_un = h->without_vr = false;
    h->tag = hl_dicom_tag_at(at, encoding.big);
    if (h->tag >> 16 == 0xFFFE) { /* items and delimiters have no VR */
        h->length = length_of(hl_dicom_u32(at + 4, encoding.big));
        h->n_bytes = 8;
        memcpy(h->vr, "UN", 2);
        return HEADER_OK;
    }
    if (encoding.implicit) {
        read_implicit(at, h);
        return HEADER_OK;
    }
    const vr_info *v = vr_of((const char *)at + 4);
    if (v) {
        memcpy(h->vr, v->vr, 2);
        if (v->long_form && avail < 12)
            return HEADER_CUT;
        h->n_bytes = v->long_form ? 12 : 8;
        h->length = v->long_form ? length_of(hl_dicom_u32(at + 8, encoding.big))
                                 : hl_dicom_u16(at + 6, encoding.big);
        if (memcmp(v->vr, "UN", 2) == 0)
            read_un(h);
        return HEADER_OK;
    }
    if (is_upper(at[4]) && is_upper(at[5]))
        return read_unknown_vr(d, at, avail, left, offset, h);
    const bool tag_is_possible = h->tag & 0x00010000 || hl_dicom_entry_of(h->tag);
    if (!tag_is_possible || !fits(length_of(hl_dicom_u32(at + 4, encoding.big)), 8, left))
        return HEADER_NO_VR;
    read_implicit(at, h);
    h->without_vr = true;
    hl_dicom_warn(d, h->tag, offset, "an element without VR among elements with VR");
    return HEADER_OK;
}

hl_dicom_encoding hl_dicom_encoding_seen(hl_dicom_encoding declared, const uint8_t *at,
                                         size_t avail, int64_t left, bool root)
{
    hl_dicom_encoding seen = declared;

    if (avail < 8 || hl_dicom_u16(at, declared.big) == 0xFFFE)
        return declared;
    const int64_t as_implicit = length_of(hl_dicom_u32(at + 4, declared.big));
    if (declared.implicit && !root && fits(as_implicit, 8, left)) {
        /* an item may begin with a long value whose length looks like letters */
    } else if (declared.implicit) {
        const vr_info *v = vr_of((const char *)at + 4);
        if (v && v->long_form && avail >= 12)
            seen.implicit = !(at[6] == 0 && at[7] == 0 &&
                              fits(length_of(hl_dicom_u32(at + 8, declared.big)), 12, left));
        else if (v && !v->long_form)
            seen.implicit = !fits(hl_dicom_u16(at + 6, declared.big), 8, left);
    } else if (!is_upper(at[4]) || !is_upper(at[5])) {
        seen.implicit = fits(as_implicit, 8, left);
    }
    return seen;
}
