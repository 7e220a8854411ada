#include "format/jpeg_marker.h"

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, RST0 = 0xd0, RST7 = 0xd7, TEM = 0x01 };

static void add(hl_jpeg_markers *list, uint8_t code, size_t offset, size_t n)
{
    if (list->n_markers == HL_JPEG_MAX_MARKERS)
        list->n_more++;
    else
        list->marker[list->n_markers++] = (hl_jpeg_marker){code, offset, n};
}

/* Offset of the next marker's 0xFF at or behind at. In a scan 0xFF00 is data, RSTn part of it. */
static size_t find_marker(const uint8_t *bytes, size_t n, size_t at)
{
    while (at + 1 < n) {
        const uint8_t *p = memchr(bytes + at, 0xff, n - 1 - at);
        if (!p)
            break;
        at = (size_t)(p - bytes);
        uint8_t code = bytes[at + 1];
        if (code != 0 && code != 0xff && !(code >= RST0 && code <= RST7))
            return at;
        at += code == 0xff ? 1 : 2;
    }
    return n;
}

void hl_jpeg_list_markers(const uint8_t *bytes, size_t n, hl_jpeg_markers *out)
{
    size_t at = 0;

    *out = (hl_jpeg_markers){.ended = false};
    while ((at = find_marker(bytes, n, at)) < n) {
        uint8_t code = bytes[at + 1];
        at += 2;
        if (code == EOI) {
            out->ended = true;
            out->trailing = n - at;
            return;
        }
        if (code == SOI || code == TEM)
            continue;
        if (n - at < 2)
            return;
        size_t length = (size_t)bytes[at] << 8 | bytes[at + 1];
        if (length < 2 || length > n - at)
            return;
        add(out, code, at + 2, length - 2);
        out->n_scans += code == SOS;
        at += length;
    }
}

const char *hl_jpeg_marker_name(uint8_t code)
{
    static const char *const sof[] = {"SOF0", "SOF1",  "SOF2",  "SOF3", "DHT",   "SOF5",
                                      "SOF6", "SOF7",  "JPG",   "SOF9", "SOF10", "SOF11",
                                      "DAC",  "SOF13", "SOF14", "SOF15"};
    static const char *const d8[] = {"SOI", "EOI", "SOS", "DQT", "DNL", "DRI", "DHP", "EXP"};
    static const char *const app[] = {"APP0",  "APP1",  "APP2",  "APP3", "APP4",  "APP5",
                                      "APP6",  "APP7",  "APP8",  "APP9", "APP10", "APP11",
                                      "APP12", "APP13", "APP14", "APP15"};

    if (code >= 0xc0 && code <= 0xcf)
        return sof[code - 0xc0];
    if (code >= 0xd8 && code <= 0xdf)
        return d8[code - 0xd8];
    if (code >= 0xe0 && code <= 0xef)
        return app[code - 0xe0];
    return code == 0xfe ? "COM" : "reserved";
}

/* ITU-T T.81 table K.1, the luminance table that libjpeg scales. */
static const uint8_t luminance[64] = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
};

int hl_jpeg_quality_of(const uint16_t step[64], bool *exact)
{
    long best_distance = -1;
    int best = 1;

    for (int quality = 1; quality <= 100; quality++) {
        int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality; /* jpeg_quality_scaling() */
        long distance = 0;
        for (int i = 0; i < 64; i++) {
            int v = (luminance[i] * scale + 50) / 100;
            v = v < 1 ? 1 : v > 255 ? 255 : v;
            distance += v > step[i] ? v - step[i] : step[i] - v;
        }
        if (best_distance < 0 || distance < best_distance) {
            best_distance = distance;
            best = quality;
        }
    }
    *exact = best_distance == 0;
    return best;
}
