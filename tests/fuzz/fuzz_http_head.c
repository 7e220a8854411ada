/*
 * Bytes -> the head of a server's answer, line by line, and whether it answers a request. What is
 * taken for a part of a file lies within it and within what was asked for. The rest of the bytes as
 * an address: what splits can be put together again, and no user name gets through.
 */
#include "base/http_head.h"

#include "base/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(const char *at, size_t n, const hl_http_version *before)
{
    const hl_http_ask ask = {"http://h/x", "x.dat", before, before ? 16384 : 0, 16384, 100000};
    hl_http_head head;
    size_t n_body = 0;
    hl_error err = {0};

    hl_http_head_begin(&head);
    for (size_t i = 0; i < n;) {
        const char *end = memchr(at + i, '\n', n - i);
        const size_t k = end ? (size_t)(end + 1 - (at + i)) : n - i;
        if (!hl_http_head_line(&head, (hl_str){at + i, k}))
            break;
        i += k;
    }
    hl_assert(head.bytes <= HL_HEAD_BYTES && head.status <= 9999 && head.length >= -1);
    if (!head.ended || (head.status != 200 && head.status != 206))
        return;
    if (hl_http_head_check(&head, &ask, &n_body, &err) != HL_OK) {
        hl_assert(err.message[0] != 0);
        return;
    }
    if (head.status == 206) {
        hl_assert(n_body >= 1 && n_body <= ask.n);
        hl_assert(head.range.first == ask.first);
        hl_assert(head.range.last - head.range.first + 1 == (int64_t)n_body);
        hl_assert(head.version.size > head.range.last);
    } else {
        hl_assert(n_body == 0 && head.length <= 100000 && !before);
    }
}

static void check_address(const char *text)
{
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES], host[HL_HOST_BYTES];
    hl_error err = {0};
    hl_buf b = {0};

    if (hl_place_split(text, folder, name, &err) != HL_OK)
        return;
    hl_assert(name[0] != 0 && folder[0] != 0);
    if (!hl_address_is(text))
        return;
    hl_assert(hl_address_is(folder) && hl_address_check(folder, &err) == HL_OK);
    hl_address_host(folder, host);
    hl_assert(host[0] != 0 && !strchr(host, '@') && !strchr(host, '/'));
    hl_address_put_name(&b, name);
    hl_assert(!b.oom && hl_address_unescape(b.at) && strcmp(b.at, name) == 0);
    hl_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hl_http_version before = {40000, "\"a\"", "Sat, 01 Jan 2022 00:00:00 GMT"};
    hl_buf text = {0};

    check_head((const char *)data, size, NULL);
    check_head((const char *)data, size, &before);
    hl_buf_append(&text, data, size);
    if (!text.oom && memchr(text.at, 0, size) == NULL)
        check_address(text.at);
    hl_buf_free(&text);
    return 0;
}
