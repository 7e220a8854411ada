#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* One fetched algorithm and one context for many runs of bytes: EVP_sha256() looks the
 * implementation up again at each init, 424 ns against 200 ns for a short message (perf.md 3). */
struct hl_sha256 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    int64_t bytes;
};

hl_sha256 *hl_sha256_new(void)
{
    hl_sha256 *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
        hl_sha256_free(&h);
    return h;
}

void hl_sha256_add(hl_sha256 *h, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    hl_assert(EVP_DigestUpdate(h->ctx, bytes, n) == 1);
    h->bytes += (int64_t)n;
}

void hl_sha256_end(hl_sha256 *h, hl_digest *out)
{
    unsigned int n = 0;
    hl_assert(EVP_DigestFinal_ex(h->ctx, out->sha256, &n) == 1 && n == sizeof out->sha256);
    out->bytes = h->bytes;
    h->bytes = 0;
    hl_assert(EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1);
}

void hl_sha256_free(hl_sha256 **h)
{
    if (!h || !*h)
        return;
    EVP_MD_CTX_free((*h)->ctx);
    EVP_MD_free((*h)->md);
    free(*h);
    *h = NULL;
}

void hl_sha256_of(const void *bytes, size_t n, hl_digest *out)
{
    unsigned int size = 0;
    hl_assert(EVP_Digest(bytes, n, out->sha256, &size, EVP_sha256(), NULL) == 1 &&
              size == sizeof out->sha256);
    out->bytes = (int64_t)n;
}

struct hl_md5 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

hl_md5 *hl_md5_new(void)
{
    hl_md5 *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    /* A machine in FIPS mode offers MD5 only to those who do not want it for security. */
    h->md = EVP_MD_fetch(NULL, "MD5", "-fips");
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
        hl_md5_free(&h);
    return h;
}

void hl_md5_add(hl_md5 *h, const void *bytes, size_t n)
{
    if (n > 0)
        hl_assert(EVP_DigestUpdate(h->ctx, bytes, n) == 1);
}

void hl_md5_end(hl_md5 *h, uint8_t md5[16])
{
    unsigned int n = 0;
    hl_assert(EVP_DigestFinal_ex(h->ctx, md5, &n) == 1 && n == 16);
    hl_assert(EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1);
}

void hl_md5_free(hl_md5 **h)
{
    if (!h || !*h)
        return;
    EVP_MD_CTX_free((*h)->ctx);
    EVP_MD_free((*h)->md);
    free(*h);
    *h = NULL;
}

bool hl_digest_equal(const hl_digest *a, const hl_digest *b)
{
    return a->bytes == b->bytes && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

const char *hl_digest_hex(const hl_digest *d, char out[HL_HEX_CHARS])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof d->sha256; i++) {
        out[2 * i] = hex[d->sha256[i] >> 4];
        out[2 * i + 1] = hex[d->sha256[i] & 15];
    }
    out[HL_HEX_CHARS - 1] = 0;
    return out;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hl_digest_parse(hl_str hex, hl_digest *out)
{
    uint8_t sha256[32];

    if (hex.n != 2 * sizeof sha256)
        return false;
    for (size_t i = 0; i < sizeof sha256; i++) {
        int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        sha256[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out->sha256, sha256, sizeof sha256);
    return true;
}

uint64_t hl_fnv1a64(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}
