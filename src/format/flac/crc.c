#include "format/flac/crc.h"

/*
 * A CRC is linear: the entry of a byte is the exclusive or of the entries of its bits. So a table
 * of 256 is written as its eight entries of single bits, from bit 0 on, and the compiler makes the
 * rest.
 */
#define BITS(i, a, b, c, d, e, f, g, h)                                                            \
    (((i)&1 ? (a) : 0) ^ ((i)&2 ? (b) : 0) ^ ((i)&4 ? (c) : 0) ^ ((i)&8 ? (d) : 0) ^               \
     ((i)&16 ? (e) : 0) ^ ((i)&32 ? (f) : 0) ^ ((i)&64 ? (g) : 0) ^ ((i)&128 ? (h) : 0))
#define FOUR(i, ...)                                                                               \
    BITS(i, __VA_ARGS__), BITS((i) + 1, __VA_ARGS__), BITS((i) + 2, __VA_ARGS__),                  \
        BITS((i) + 3, __VA_ARGS__)
#define SIXTEEN(i, ...)                                                                            \
    FOUR(i, __VA_ARGS__), FOUR((i) + 4, __VA_ARGS__), FOUR((i) + 8, __VA_ARGS__),                  \
        FOUR((i) + 12, __VA_ARGS__)
#define SIXTY_FOUR(i, ...)                                                                         \
    SIXTEEN(i, __VA_ARGS__), SIXTEEN((i) + 16, __VA_ARGS__), SIXTEEN((i) + 32, __VA_ARGS__),       \
        SIXTEEN((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    {                                                                                              \
        SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__),     \
            SIXTY_FOUR(192, __VA_ARGS__)                                                           \
    }

static const uint8_t crc8[256] = TABLE(0x07, 0x0e, 0x1c, 0x38, 0x70, 0xe0, 0xc7, 0x89);

/* [k][b]: what byte b does to the sum when k more bytes follow it. */
static const uint16_t crc16[8][256] = {
    TABLE(0x8005, 0x800f, 0x801b, 0x8033, 0x8063, 0x80c3, 0x8183, 0x8303),
    TABLE(0x8603, 0x8c03, 0x9803, 0xb003, 0xe003, 0x4003, 0x8006, 0x8009),
    TABLE(0x8017, 0x802b, 0x8053, 0x80a3, 0x8143, 0x8283, 0x8503, 0x8a03),
    TABLE(0x9403, 0xa803, 0xd003, 0x2003, 0x4006, 0x800c, 0x801d, 0x803f),
    TABLE(0x807b, 0x80f3, 0x81e3, 0x83c3, 0x8783, 0x8f03, 0x9e03, 0xbc03),
    TABLE(0xf803, 0x7003, 0xe006, 0x4009, 0x8012, 0x8021, 0x8047, 0x808b),
    TABLE(0x8113, 0x8223, 0x8443, 0x8883, 0x9103, 0xa203, 0xc403, 0x0803),
    TABLE(0x1006, 0x200c, 0x4018, 0x8030, 0x8065, 0x80cf, 0x819b, 0x8333),
};

uint8_t hl_flac_crc8(const uint8_t *p, size_t n)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < n; i++)
        crc = crc8[crc ^ p[i]];
    return crc;
}

uint16_t hl_flac_crc16(uint16_t crc, const uint8_t *p, size_t n)
{
    for (; n >= 8; n -= 8, p += 8)
        crc = (uint16_t)(crc16[7][p[0] ^ crc >> 8] ^ crc16[6][p[1] ^ (crc & 0xff)] ^
                         crc16[5][p[2]] ^ crc16[4][p[3]] ^ crc16[3][p[4]] ^ crc16[2][p[5]] ^
                         crc16[1][p[6]] ^ crc16[0][p[7]]);
    for (; n > 0; n--, p++)
        crc = (uint16_t)(crc << 8 ^ crc16[0][crc >> 8 ^ *p]);
    return crc;
}
