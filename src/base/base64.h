/*
 * base64.h - RFC 4648 base64 with padding, for data: URIs.
 */
#ifndef HL_BASE_BASE64_H
#define HL_BASE_BASE64_H

#include "base/buf.h"

/* Append n bytes as base64: 4 characters for each 3 bytes begun, no line breaks. */
void hl_base64_put(hl_buf *to, const void *bytes, size_t n);

#endif
