#include "base/http_text.h"

#include <strings.h>

bool hl_address_is(const char *path)
{
    return strncasecmp(path, "http://", 7) == 0 || hl_address_is_https(path);
}

bool hl_address_is_https(const char *address)
{
    return strncasecmp(address, "https://", 8) == 0;
}

static hl_str authority_of(const char *address)
{
    const char *at = strstr(address, "://");

    if (!at)
        return (hl_str){address, 0};
    at += 3;
    return (hl_str){at, strcspn(at, "/\\?#")};
}

/* host, or [v6]: what stands in front of the port. */
static hl_str host_of(const char *address)
{
    hl_str host = authority_of(address);
    const char *end =
        host.n && host.at[0] == '[' ? memchr(host.at, ']', host.n) : memchr(host.at, ':', host.n);

    if (end)
        host.n = (size_t)(end - host.at) + (*end == ']');
    return host;
}

hl_code hl_address_check(const char *address, hl_error *err)
{
    hl_str authority = authority_of(address), host = host_of(address);

    if (!hl_address_is(address))
        return hl_fail(err, HL_E_USAGE, "an address begins with http:// or https://");
    for (const char *p = address; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return hl_fail(err, HL_E_USAGE, "an address holds a control byte");
    if (memchr(authority.at, '@', authority.n))
        return hl_fail(err, HL_E_USAGE,
                       "an address holds a user name or a password; neither is taken from there\n"
                       "Leave them out and put them into the file ~/.netrc (chmod 600): machine "
                       "HOST login NAME password WORD");
    if (strpbrk(address, "?#"))
        return hl_fail(err, HL_E_USAGE,
                       "an address holds '?' or '#', as the address of a page does\n"
                       "Leave out the part that begins with it; in the name of a file write %%3F "
                       "and %%23.");
    if (host.n == 0 || host.n >= HL_HOST_BYTES)
        return hl_fail(err, HL_E_USAGE, "an address names no server");
    /* What follows is no port: a part of a password, perhaps. So it is not shown. */
    const hl_str port = {host.at + host.n, authority.n - host.n};
    for (size_t i = 0; i < port.n; i++)
        if (i == 0 ? port.at[i] != ':' : port.at[i] < '0' || port.at[i] > '9')
            return hl_fail(err, HL_E_USAGE, "the port in an address is no number");
    return HL_OK;
}

void hl_address_host(const char *address, char out[HL_HOST_BYTES])
{
    hl_str host = host_of(address);
    const char *user = memchr(host.at, '@', host.n);

    if (user) {
        host.n -= (size_t)(user + 1 - host.at);
        host.at = user + 1;
    }
    if (host.n >= HL_HOST_BYTES)
        host.n = HL_HOST_BYTES - 1;
    memcpy(out, host.at, host.n);
    out[host.n] = 0;
}

bool hl_address_is_local(const char *address)
{
    char host[HL_HOST_BYTES];

    hl_address_host(address, host);
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    /* Digits and points alone: 127.0.0.1.example.org is somebody else. */
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

static void put_escaped(hl_buf *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char b = (unsigned char)c;

    hl_buf_char(out, '%');
    hl_buf_char(out, digits[b >> 4]);
    hl_buf_char(out, digits[b & 15]);
}

void hl_address_put(hl_buf *out, const char *address)
{
    for (const char *p = address; *p; p++) {
        const unsigned char b = (unsigned char)*p;
        if (b <= 0x20 || b >= 0x7F || strchr("\"<>\\^`{|}", *p))
            put_escaped(out, *p);
        else
            hl_buf_char(out, *p);
    }
}

void hl_address_put_name(hl_buf *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        const char c = *p;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~/!$'()*,:@", c))
            hl_buf_char(out, c);
        else
            put_escaped(out, c);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool hl_address_unescape(char *name)
{
    char *to = name;

    for (const char *p = name; *p; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        const int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);
        const int c = high * 16 + low;
        if (low < 0 || c < 0x20 || c == 0x7F || c == '/')
            return false;
        *to++ = (char)c;
        p += 2;
    }
    *to = 0;
    return true;
}

/* Digits at the head of *text, taken off it. false: none, or beyond 63 bits. */
static bool take_number(hl_str *text, int64_t *out)
{
    size_t n = 0;

    while (n < text->n && text->at[n] >= '0' && text->at[n] <= '9')
        n++;
    if (!hl_parse_i64((hl_str){text->at, n}, out))
        return false;
    text->at += n;
    text->n -= n;
    return true;
}

static bool take_char(hl_str *text, char c)
{
    if (text->n == 0 || text->at[0] != c)
        return false;
    text->at++;
    text->n--;
    return true;
}

bool hl_content_range_parse(hl_str value, hl_content_range *out)
{
    hl_content_range r = {-1, -1, -1};

    value = hl_str_trim(value);
    if (value.n < 6 || strncasecmp(value.at, "bytes", 5) != 0)
        return false;
    value.at += 5;
    value.n -= 5;
    if (!take_char(&value, ' '))
        return false;
    value = hl_str_trim(value);
    const bool unsatisfied = take_char(&value, '*');
    if (!unsatisfied && (!take_number(&value, &r.first) || !take_char(&value, '-') ||
                         !take_number(&value, &r.last) || r.last < r.first || r.last == INT64_MAX))
        return false;
    if (!take_char(&value, '/'))
        return false;
    if (!take_char(&value, '*') && !take_number(&value, &r.total))
        return false;
    if (value.n != 0 || (r.total < 0 && unsatisfied) || (r.total >= 0 && r.last >= r.total))
        return false;
    *out = r;
    return true;
}
