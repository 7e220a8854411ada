#include "monitor/events_internal.h"

/* Signs of the monitors that have a name in ASCII. A.9 */
static const struct {
    const char *sign, *ascii;
} signs[] = {
    {"\xE2\x9C\xB1", "*"}, /* U+2731 heavy asterisk */
    {"\xC2\xB5", "u"},     /* U+00B5 micro */
    {"\xC2\xB0", "deg"},   /* U+00B0 degree */
    {"\xE2\x82\x82", "2"}, /* U+2082 subscript two */
    {"\xC2\xB2", "^2"},    /* U+00B2 superscript two */
    {"\xCE\x94", "Delta"}, /* U+0394 */
};

/* Bytes of the well-formed character at at, 0 = none. */
static size_t character(const char *at, size_t n)
{
    unsigned char head = (unsigned char)*at;
    size_t length = head < 0x80 ? 1 : head < 0xE0 ? 2 : head < 0xF0 ? 3 : 4;

    return length <= n && hl_utf8_fault(at, length) < 0 ? length : 0;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

static const char *ascii_of(const char *at, size_t n)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strlen(signs[i].sign) == n && memcmp(signs[i].sign, at, n) == 0)
            return signs[i].ascii;
    return NULL;
}

/* Plain text with control characters as blanks and broken UTF-8 as '_'; the monitors' signs by
 * their names if wanted. Characters without a name stay: the converter keeps them. */
static void put_clean(hl_buf *to, hl_str text, bool by_name)
{
    for (size_t i = 0; i < text.n;) {
        const char *at = text.at + i;
        size_t n = character(at, text.n - i);
        const char *ascii = by_name && n > 1 ? ascii_of(at, n) : NULL;
        if (n == 0)
            hl_buf_char(to, '_');
        else if (ascii)
            hl_buf_text(to, ascii);
        else if (is_control(*at))
            hl_buf_char(to, ' ');
        else
            hl_buf_append(to, at, n);
        i += n ? n : 1;
    }
}

hl_code hl_label_ascii(hl_buf *to, hl_str label, hl_error *err)
{
    put_clean(to, label, true);
    return hl_buf_check(to, "label", err);
}

void hl_label_plain(hl_buf *to, hl_str text)
{
    put_clean(to, text, false);
}

size_t hl_label_cut(hl_str text, size_t most)
{
    size_t n = text.n;

    if (n <= most)
        return n;
    n = most;
    while (n > 0 && ((unsigned char)text.at[n] & 0xC0) == 0x80)
        n--;
    return n;
}
