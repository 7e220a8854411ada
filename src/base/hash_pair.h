/*
 * hash_pair.h - SHA-256 blocks with x86's SHA instructions, one stream or two side by side.
 * Internal to hash.
 */
#ifndef HL_BASE_HASH_PAIR_H
#define HL_BASE_HASH_PAIR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
/* n blocks of 64 bytes into each state (FIPS 180-4, words a to h). */
void hl_sha256_blocks_sha(uint32_t state[8], const uint8_t *at, size_t n);
void hl_sha256_two_blocks_sha(uint32_t state[2][8], const uint8_t *const at[2], size_t n);
#endif

#endif
