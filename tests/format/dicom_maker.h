/*
 * dicom_maker.h - DICOM files of a few elements, made byte by byte, for the tests of the parser.
 *
 *   maker m;
 *   begin(&m, EXPLICIT);            preamble and group 0002
 *   put_us(&m, HL_TAG_Rows, 300);   elements
 *   hl_dicom *d = open_good(&m);
 *   end(&m, &d);
 */
#ifndef HL_TESTS_FORMAT_DICOM_MAKER_H
#define HL_TESTS_FORMAT_DICOM_MAKER_H

#include "format/dicom/dicom.h"
#include "tap.h"

/* --- making files -------------------------------------------------------------------------------
 */

typedef struct {
    hl_buf b;
    bool implicit, big;
} maker;

static inline void put_bytes(maker *m, const void *at, size_t n)
{
    hl_buf_append(&m->b, at, n);
}

static inline void put_16(maker *m, unsigned v)
{
    const char le[2] = {(char)v, (char)(v >> 8)}, be[2] = {(char)(v >> 8), (char)v};
    put_bytes(m, m->big ? be : le, 2);
}

static inline void put_32(maker *m, uint32_t v)
{
    put_16(m, m->big ? v >> 16 : v & 0xFFFF);
    put_16(m, m->big ? v & 0xFFFF : v >> 16);
}

static inline void put_tag(maker *m, uint32_t tag)
{
    put_16(m, tag >> 16);
    put_16(m, tag & 0xFFFF);
}

/* Header of an element. */
static inline void put_head(maker *m, uint32_t tag, const char *vr, uint32_t length)
{
    put_tag(m, tag);
    if (m->implicit) {
        put_32(m, length);
        return;
    }
    put_bytes(m, vr, 2);
    if (strstr("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr)) {
        put_16(m, 0);
        put_32(m, length);
    } else {
        put_16(m, length);
    }
}

static inline void put(maker *m, uint32_t tag, const char *vr, const void *value, size_t n)
{
    put_head(m, tag, vr, (uint32_t)n);
    put_bytes(m, value, n);
}

static inline void put_text(maker *m, uint32_t tag, const char *vr, const char *text)
{
    put(m, tag, vr, text, strlen(text));
}

static inline void put_us(maker *m, uint32_t tag, unsigned v)
{
    put_head(m, tag, "US", 2);
    put_16(m, v);
}

/* Item or delimiter. */
static inline void put_mark(maker *m, uint32_t tag, uint32_t length)
{
    put_tag(m, tag);
    put_32(m, length);
}

#define UNDEFINED UINT32_MAX
#define ITEM 0xFFFEE000u
#define ITEM_END 0xFFFEE00Du
#define SEQUENCE_END 0xFFFEE0DDu
#define PIXEL_DATA HL_TAG(0x7FE0, 0x0010)
#define EXPLICIT "1.2.840.10008.1.2.1"
#define IMPLICIT "1.2.840.10008.1.2"
#define BIG_ENDIAN_UID "1.2.840.10008.1.2.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"

/* Preamble and group 0002; then m is set to what the syntax says. */
static inline void begin(maker *m, const char *uid)
{
    static const char zeros[128];
    const size_t n = strlen(uid) + (strlen(uid) & 1);
    char padded[66] = "";

    *m = (maker){0};
    put_bytes(m, zeros, 128);
    put_bytes(m, "DICM", 4);
    put_head(m, HL_TAG(2, 0), "UL", 4);
    put_32(m, (uint32_t)(8 + n));
    snprintf(padded, sizeof padded, "%s", uid);
    put(m, HL_TAG_TransferSyntaxUID, "UI", padded, n);
    m->implicit = strcmp(uid, IMPLICIT) == 0;
    m->big = strcmp(uid, BIG_ENDIAN_UID) == 0;
}

static inline hl_buf gzipped(const hl_buf *b)
{
    hl_buf out = {0};
    const char *path = "hilum-dicom-test.gz";
    char file[400];
    hl_gzip *gz = NULL;
    hl_error err = {0};

    snprintf(file, sizeof file, "%s/%s", temp_folder(), path);
    ok(hl_gzip_create(file, 1, &gz, &err) == HL_OK &&
       hl_gzip_write(gz, b->at, b->n, &err) == HL_OK && hl_gzip_commit(&gz, NULL, &err) == HL_OK);
    ok(hl_read_file(file, 1 << 28, &out, NULL, &err) == HL_OK);
    unlink(file);
    return out;
}

/* Raw deflate, of stored blocks. */
static inline hl_buf deflated(const hl_buf *b)
{
    hl_buf out = {0};

    for (size_t at = 0; at < b->n;) {
        const size_t n = b->n - at < 65535 ? b->n - at : 65535;
        const char head[5] = {at + n == b->n, (char)n, (char)(n >> 8), (char)~n, (char)(~n >> 8)};
        hl_buf_append(&out, head, 5);
        hl_buf_append(&out, b->at + at, n);
        at += n;
    }
    return out;
}

/* --- opening -------------------------------------------------------------------------------------
 */

static hl_error last;

static inline hl_dicom *open_bytes(const hl_buf *b)
{
    hl_dicom *d = NULL;

    memset(&last, 0, sizeof last);
    if (hl_dicom_memory(b->at ? b->at : "", b->n, "x.dcm", &d, &last) == HL_OK)
        ok(last.message[0] == 0); /* untouched on success */
    return d;
}

/* The data set so far; NULL: last says why. */
static inline hl_dicom *open_maker(maker *m)
{
    return open_bytes(&m->b);
}

static inline hl_dicom *open_good(maker *m)
{
    hl_dicom *d = open_maker(m);
    if (!ok(d != NULL)) {
        printf("# %s\n", last.message);
        exit(1);
    }
    return d;
}

static inline void end(maker *m, hl_dicom **d)
{
    hl_dicom_close(d);
    hl_buf_free(&m->b);
}

static inline bool warned(const hl_dicom *d, const char *part)
{
    for (size_t i = 0; i < hl_dicom_n_warnings(d); i++)
        if (strstr(hl_dicom_warning_at(d, i).text, part))
            return true;
    return false;
}

static inline hl_dicom *open_file(const char *name)
{
    hl_buf b = {0};
    hl_dicom *d = NULL;
    hl_error err = {0};
    char path[300];
    static hl_buf kept[4];
    static int turn;

    snprintf(path, sizeof path, "dicom/parse/%s", name);
    ok(hl_read_file(fixture(path), 1 << 28, &b, NULL, &err) == HL_OK);
    d = open_bytes(&b);
    hl_buf_free(&kept[turn]);
    kept[turn] = b;
    turn = (turn + 1) % 4;
    return d;
}

static inline const hl_dicom_element *find(const hl_dicom *d, uint32_t tag)
{
    return hl_dicom_find(hl_dicom_root(d), tag);
}

static inline bool text_is(hl_str s, const char *want)
{
    const bool same = hl_str_is(s, want);
    if (!same)
        printf("# '%.*s' is not '%s'\n", (int)s.n, s.at ? s.at : "", want);
    return same;
}

#endif
