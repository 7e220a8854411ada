/*
 * http_text.h - the text of HTTP that is ours to read and write: addresses, and Content-Range.
 *
 * Pure functions. An address with a user name and a password is refused, and no message of these
 * functions shows one.
 */
#ifndef HL_BASE_HTTP_TEXT_H
#define HL_BASE_HTTP_TEXT_H

#include "base/buf.h"

/* True for http:// and https:// (any case). */
bool hl_address_is(const char *path);
bool hl_address_is_https(const char *address);

/* HL_OK for scheme://host[:port][/path] without a user name, a query or a fragment; HL_E_USAGE with
 * advice otherwise. */
hl_code hl_address_check(const char *address, hl_error *err);

/* The host of an address (without the port), cut to what fits. */
#define HL_HOST_BYTES 256
void hl_address_host(const char *address, char out[HL_HOST_BYTES]);

/* Whether the address names this machine: localhost, 127.x.x.x, [::1]. */
bool hl_address_is_local(const char *address);

/* Append an address as it was typed; bytes that no address may hold (blanks, quotes, UTF-8) become
 * %XX. A % stays: it is taken for an escape. */
void hl_address_put(hl_buf *out, const char *address);

/* Append the name of a file: all but letters, digits, "-._~/" and a few harmless signs become %XX
 * (so that %, ? and # are part of the name). */
void hl_address_put_name(hl_buf *out, const char *name);

/* The name of a file out of an address: %XX undone in place. false: a cut escape, or one that
 * hides a slash or a control byte. */
bool hl_address_unescape(char *name);

/* Content-Range (RFC 9110, 14.4): "bytes first-last/total". total is -1 for "*"; first and last are
 * -1 in "bytes * /total" (416; without the blank). */
typedef struct {
    int64_t first;
    int64_t last; /* inclusive */
    int64_t total;
} hl_content_range;

/* false: another unit, not this form, last < first, or last >= total. */
bool hl_content_range_parse(hl_str value, hl_content_range *out);

#endif
