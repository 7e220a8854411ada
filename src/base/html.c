#include "base/html.h"

#include <math.h>

/* One character from at[0..n): its code point and length; U+FFFD and 1 for a byte that is none. */
static uint32_t take_utf8(const char *at, size_t n, size_t *length)
{
    const uint8_t *p = (const uint8_t *)at;
    size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;

    *length = 1;
    if (more == 0)
        return p[0];
    if (more + 1 > n || hl_utf8_fault(at, more + 1) >= 0)
        return 0xfffd;
    uint32_t c = p[0] & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3f);
    *length = more + 1;
    return c;
}

/* Characters that change how others are seen, or are not seen at all. */
static bool is_odd(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static void put_escaped(hl_buf *to, hl_str text, const char *odd_format)
{
    size_t length;

    for (size_t i = 0; i < text.n; i += length) {
        uint32_t c = take_utf8(text.at + i, text.n - i, &length);
        if (c == '&')
            hl_buf_text(to, "&amp;");
        else if (c == '<')
            hl_buf_text(to, "&lt;");
        else if (c == '>')
            hl_buf_text(to, "&gt;");
        else if (c == '"')
            hl_buf_text(to, "&quot;");
        else if (c == '\'')
            hl_buf_text(to, "&#39;");
        else if (c == 0xfffd)
            hl_buf_text(to, "\xef\xbf\xbd");
        else if (is_odd(c) && odd_format[0] == '<')
            hl_buf_printf(to, "<span class=\"cp\">U+%04X</span>", (unsigned)c);
        else if (is_odd(c))
            hl_buf_printf(to, "[U+%04X]", (unsigned)c);
        else
            hl_buf_append(to, text.at + i, length);
    }
}

void hl_html_text(hl_buf *to, hl_str text)
{
    put_escaped(to, text, "<");
}

void hl_html_attr(hl_buf *to, hl_str text)
{
    put_escaped(to, text, "[");
}

void hl_html_cstr(hl_buf *to, const char *text)
{
    hl_html_text(to, hl_str_of(text));
}

/* The digits of n (>= 0), thousands separated by commas. */
static void put_grouped(hl_buf *to, int64_t n)
{
    char digit[HL_F64_CHARS];
    size_t length = hl_print_i64(n, digit);

    for (size_t i = 0; i < length; i++) {
        hl_buf_char(to, digit[i]);
        if (i + 1 < length && (length - 1 - i) % 3 == 0)
            hl_buf_char(to, ',');
    }
}

void hl_html_count(hl_buf *to, int64_t n)
{
    hl_html_fixed(to, (double)n, 0);
}

static const int64_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

void hl_html_fixed(hl_buf *to, double v, int decimals)
{
    hl_assert(decimals >= 0 && decimals <= 6);
    if (!(fabs(v) < 1e15 / (double)power_of_ten[decimals])) {
        hl_buf_text(to, "–");
        return;
    }
    int64_t scaled = llround(fabs(v) * (double)power_of_ten[decimals]);
    if (v < 0 && scaled)
        hl_buf_text(to, "−");
    put_grouped(to, scaled / power_of_ten[decimals]);
    if (decimals)
        hl_buf_printf(to, ".%0*lld", decimals, (long long)(scaled % power_of_ten[decimals]));
}

void hl_html_number(hl_buf *to, double v)
{
    double size = fabs(v);
    int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;

    if (size < 1e9) {
        int64_t scaled = llround(size * (double)power_of_ten[decimals]);
        for (; decimals > 0 && scaled % 10 == 0; decimals--)
            scaled /= 10;
    }
    hl_html_fixed(to, v, decimals);
}

void hl_html_share(hl_buf *to, int64_t part, int64_t whole)
{
    if (whole <= 0) {
        hl_buf_text(to, "–");
        return;
    }
    double percent = 100.0 * (double)part / (double)whole;
    if (part > 0 && percent < 0.5)
        hl_buf_text(to, "&lt; 1");
    else if (part < whole && percent >= 99.5)
        hl_buf_text(to, "&gt; 99");
    else
        hl_html_fixed(to, percent, 0);
    hl_buf_text(to, "\xc2\xa0%");
}

void hl_svg_number(hl_buf *to, double v)
{
    int64_t scaled = fabs(v) < 1e12 ? llround(v * 100) : 0;

    if (scaled < 0)
        hl_buf_char(to, '-');
    scaled = scaled < 0 ? -scaled : scaled;
    hl_buf_i64(to, scaled / 100);
    if (scaled % 100)
        hl_buf_printf(to, scaled % 10 ? ".%02d" : ".%d",
                      (int)(scaled % 10 ? scaled % 100 : scaled % 100 / 10));
}
