#include "base/str.h"

bool hl_str_starts(hl_str text, const char *head)
{
    size_t n = strlen(head);

    return text.n >= n && (n == 0 || memcmp(text.at, head, n) == 0);
}

bool hl_str_ends(hl_str text, const char *tail)
{
    size_t n = strlen(tail);

    return text.n >= n && (n == 0 || memcmp(text.at + text.n - n, tail, n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

hl_str hl_str_trim(hl_str text)
{
    while (text.n > 0 && is_blank(text.at[0])) {
        text.at++;
        text.n--;
    }
    while (text.n > 0 && is_blank(text.at[text.n - 1]))
        text.n--;
    return text;
}

int hl_str_compare(hl_str a, hl_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.at, b.at, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Length of the well-formed character at p, 0 if there is none. Unicode 15, table 3-7. */
static size_t character_bytes(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xBF; /* range of the second byte */
    size_t need;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        need = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        need = 3;
        if (p[0] == 0xE0)
            low = 0xA0; /* below: overlong */
        else if (p[0] == 0xED)
            high = 0x9F; /* above: surrogates */
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        need = 4;
        if (p[0] == 0xF0)
            low = 0x90; /* below: overlong */
        else if (p[0] == 0xF4)
            high = 0x8F; /* above: over U+10FFFF */
    } else {
        return 0;
    }
    if (n < need || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

static bool all_ascii_32(const unsigned char *p)
{
    uint64_t w[4];

    memcpy(w, p, sizeof w);
    return ((w[0] | w[1] | w[2] | w[3]) & UINT64_C(0x8080808080808080)) == 0;
}

int64_t hl_utf8_fault(const char *at, size_t n)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t i = 0;

    while (i < n) {
        while (n - i >= 32 && all_ascii_32(p + i))
            i += 32;
        /* At most 32 bytes by single characters, then words again. */
        for (size_t end = n - i > 32 ? i + 32 : n; i < end;) {
            size_t k = character_bytes(p + i, n - i);
            if (k == 0)
                return (int64_t)i;
            i += k;
        }
    }
    return -1;
}

const char *hl_show(hl_str text, char out[HL_SHOW_BYTES])
{
    enum { MOST = 60 };
    static const char digit[16] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)text.at;
    size_t i = 0, to = 0;

    while (i < text.n) {
        size_t k = character_bytes(p + i, text.n - i);
        /* C0, DEL and C1 (U+0080 to U+009F) would act on a terminal. */
        bool hidden = k == 0 || p[i] < 0x20 || p[i] == 0x7F || (p[i] == 0xC2 && p[i + 1] < 0xA0);
        if (i + (k ? k : 1) > MOST)
            break;
        if (!hidden) {
            memcpy(out + to, p + i, k);
            to += k;
            i += k;
            continue;
        }
        for (size_t end = i + (k ? k : 1); i < end; i++) {
            out[to++] = '\\';
            out[to++] = 'x';
            out[to++] = digit[p[i] >> 4];
            out[to++] = digit[p[i] & 15];
        }
    }
    if (i < text.n) {
        memcpy(out + to, "...", 3);
        to += 3;
    }
    out[to] = 0;
    return out;
}
