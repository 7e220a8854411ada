/*
 * hash.h - SHA-256 and MD5 (OpenSSL), CRC-32C (ISA-L), FNV-1a. Both libraries stay behind hash.c.
 */
#ifndef HL_BASE_HASH_H
#define HL_BASE_HASH_H

#include "base/cpu.h"
#include "base/str.h"

/* Size and SHA-256 of a file or of any run of bytes. */
typedef struct {
    int64_t bytes;
    uint8_t sha256[32];
} hl_digest;

typedef struct hl_sha256 hl_sha256;

hl_sha256 *hl_sha256_new(void); /* NULL: out of memory */
void hl_sha256_add(hl_sha256 *h, const void *bytes, size_t n);
void hl_sha256_end(hl_sha256 *h, hl_digest *out); /* also makes h ready for the next run of bytes */
void hl_sha256_free(hl_sha256 **h);

void hl_sha256_of(const void *bytes, size_t n, hl_digest *out);

/* Two runs of bytes at once: each has to wait for itself at every step, so together they take
 * little longer than one (x86 with SHA instructions; elsewhere one after the other). */
void hl_sha256_pair(const void *a, size_t n_a, const void *b, size_t n_b, hl_cpu cpu,
                    hl_digest *out_a, hl_digest *out_b);
bool hl_digest_equal(const hl_digest *a, const hl_digest *b);

#define HL_HEX_CHARS 65
const char *hl_digest_hex(const hl_digest *d, char out[HL_HEX_CHARS]); /* 64 hex digits, NUL */
bool hl_digest_parse(hl_str hex, hl_digest *out);                      /* only sha256 is set */

/* MD5, for the check sum inside FLAC streams alone: it proves nothing against intent. */
typedef struct hl_md5 hl_md5;

hl_md5 *hl_md5_new(void); /* NULL: out of memory */
void hl_md5_add(hl_md5 *h, const void *bytes, size_t n);
void hl_md5_end(hl_md5 *h, uint8_t md5[16]); /* also makes h ready for the next run of bytes */
void hl_md5_free(hl_md5 **h);

uint32_t hl_crc32c(uint32_t crc, const void *bytes, size_t n); /* crc = 0 to start */
uint64_t hl_fnv1a64(const void *bytes, size_t n);

#endif
