#include "base/http_head.h"

#include <strings.h>

/* --- lines ------------------------------------------------------------------------------------ */

/* What one answer says; bytes are counted on. */
static void forget(hl_http_head *head)
{
    *head = (hl_http_head){
        .bytes = head->bytes, .range = {-1, -1, -1}, .length = -1, .version = {.size = -1}};
}

void hl_http_head_begin(hl_http_head *head)
{
    head->bytes = 0;
    forget(head);
}

/* "HTTP/1.1 206 Partial Content" */
static void take_status(hl_http_head *head, hl_str line)
{
    const char *p = memchr(line.at, ' ', line.n), *end = line.at + line.n;

    forget(head);
    for (p = p ? p + 1 : end; p < end && *p >= '0' && *p <= '9' && head->status < 1000; p++)
        head->status = head->status * 10 + (*p - '0');
}

static void keep(char *out, size_t size, hl_str value)
{
    const size_t n = value.n < size ? value.n : size - 1;

    memcpy(out, value.at, n);
    out[n] = 0;
}

static bool name_is(hl_str line, const char *name, hl_str *value)
{
    const size_t n = strlen(name);

    if (line.n <= n || strncasecmp(line.at, name, n) != 0 || line.at[n] != ':')
        return false;
    *value = hl_str_trim((hl_str){line.at + n + 1, line.n - n - 1});
    return true;
}

static void take_field(hl_http_head *head, hl_str line)
{
    hl_str value;

    if (name_is(line, "Content-Range", &value)) {
        head->bad_range = head->has_range || !hl_content_range_parse(value, &head->range);
        head->has_range = true;
    } else if (name_is(line, "Content-Length", &value)) {
        if (!hl_parse_i64(value, &head->length) || head->length < 0)
            head->length = -1;
    } else if (name_is(line, "Transfer-Encoding", &value)) {
        head->chunked = true;
    } else if (name_is(line, "ETag", &value)) {
        keep(head->version.etag, sizeof head->version.etag, value);
    } else if (name_is(line, "Last-Modified", &value)) {
        keep(head->version.modified, sizeof head->version.modified, value);
    } else if (name_is(line, "Content-Type", &value)) {
        keep(head->type, sizeof head->type, value);
    } else if (name_is(line, "Content-Encoding", &value)) {
        keep(head->coding, sizeof head->coding, value);
    } else if (name_is(line, "Retry-After", &value)) {
        if (!hl_parse_i64(value, &head->retry_after_s) || head->retry_after_s < 0)
            head->retry_after_s = 0; /* a date: not looked at */
    }
}

bool hl_http_head_line(hl_http_head *head, hl_str line)
{
    if (line.n > HL_HEAD_BYTES - head->bytes)
        return false;
    head->bytes += line.n;
    if (head->ended)
        return true;
    while (line.n > 0 && (line.at[line.n - 1] == '\n' || line.at[line.n - 1] == '\r'))
        line.n--;
    if (line.n >= 5 && strncasecmp(line.at, "HTTP/", 5) == 0)
        take_status(head, line);
    else if (line.n > 0)
        take_field(head, line);
    else
        head->ended = head->status >= 200; /* 1xx: the answer comes behind it */
    return true;
}

/* --- what it says ----------------------------------------------------------------------------- */

static bool version_differs(const hl_http_version *a, const hl_http_version *b)
{
    if (a->size >= 0 && b->size >= 0 && a->size != b->size)
        return true;
    if (a->etag[0] && b->etag[0])
        return strcmp(a->etag, b->etag) != 0;
    return a->modified[0] && b->modified[0] && strcmp(a->modified, b->modified) != 0;
}

static hl_code fail_changed(const hl_http_ask *ask, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, ask->name, 0, ask->first,
                      "changed on the server while it was read\nRead it again from its beginning.");
}

static hl_code fail_size(const hl_http_ask *ask, hl_error *err)
{
    return hl_fail_at(err, HL_E_IO, ask->name, 0, -1,
                      "the server does not tell the size of the file");
}

/* Bytes that are the file's: not compressed on the way, not a page to log in at. Some servers call
 * compressed files "Content-Encoding: x-gzip", which is true of the file and not of the transfer.
 */
static hl_code check_content(const hl_http_head *head, const hl_http_ask *ask, hl_error *err)
{
    const hl_str name = hl_str_of(ask->name);
    const bool compressed_file = hl_str_ends(name, "z") || hl_str_ends(name, "Z");
    const bool page = hl_str_ends(name, ".html") || hl_str_ends(name, ".htm");

    if (head->coding[0] && strcasecmp(head->coding, "identity") != 0 && !compressed_file)
        return hl_fail_at(err, HL_E_IO, ask->name, 0, -1,
                          "the server compresses what it sends, though it was asked not to");
    if (strncasecmp(head->type, "text/html", 9) == 0 && !page)
        return hl_fail_at(err, HL_E_IO, ask->name, 0, -1,
                          "the server sent a web page, not the file\n"
                          "Perhaps one has to log in there: user name and password are taken from "
                          "the file ~/.netrc.");
    return HL_OK;
}

static hl_code check_whole(hl_http_head *head, const hl_http_ask *ask, hl_error *err)
{
    head->version.size = head->length;
    if (ask->before && version_differs(ask->before, &head->version))
        return fail_changed(ask, err);
    if (ask->before)
        return hl_fail_at(err, HL_E_IO, ask->name, 0, ask->first,
                          "the server gave ranges of the file and now ignores them");
    if (head->length < 0 && !head->chunked) /* a cut file could not be told from a whole one */
        return fail_size(ask, err);
    if (head->length >= 0 && (uint64_t)head->length > (uint64_t)ask->limit)
        return hl_fail_at(err, HL_E_LIMIT, ask->name, 0, -1,
                          "has %lld bytes, and the server ignores ranges; at most %zu are taken as "
                          "a whole\nDownload the file and read the copy.",
                          (long long)head->length, ask->limit);
    return HL_OK;
}

static hl_code check_range(hl_http_head *head, const hl_http_ask *ask, size_t *n_body,
                           hl_error *err)
{
    const hl_content_range *range = &head->range;

    if (!head->has_range || head->bad_range || range->first < 0)
        return hl_fail_at(err, HL_E_IO, ask->name, 0, ask->first,
                          "the server sent a part of the file without saying which part");
    if (range->total < 0)
        return fail_size(ask, err);
    head->version.size = range->total;
    if (ask->before && version_differs(ask->before, &head->version))
        return fail_changed(ask, err);
    int64_t n = range->total - ask->first; /* to the end of the file, and no further than asked */
    if (n > (int64_t)ask->n)
        n = (int64_t)ask->n;
    if (range->first != ask->first || range->last != ask->first + n - 1)
        return hl_fail_at(err, HL_E_IO, ask->name, 0, ask->first,
                          "the server sent bytes %lld to %lld of %lld where %zu from %lld on were "
                          "asked for",
                          (long long)range->first, (long long)range->last, (long long)range->total,
                          ask->n, (long long)ask->first);
    *n_body = (size_t)n;
    return HL_OK;
}

hl_code hl_http_head_check(hl_http_head *head, const hl_http_ask *ask, size_t *n_body,
                           hl_error *err)
{
    hl_code c = check_content(head, ask, err);

    *n_body = 0;
    if (c != HL_OK)
        return c;
    return head->status == 206 ? check_range(head, ask, n_body, err) : check_whole(head, ask, err);
}
