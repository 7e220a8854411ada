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
static const uint16_t crc16[16][256] = {
    TABLE(0x8005, 0x800f, 0x801b, 0x8033, 0x8063, 0x80c3, 0x8183, 0x8303),
    TABLE(0x8603, 0x8c03, 0x9803, 0xb003, 0xe003, 0x4003, 0x8006, 0x8009),
    TABLE(0x8017, 0x802b, 0x8053, 0x80a3, 0x8143, 0x8283, 0x8503, 0x8a03),
    TABLE(0x9403, 0xa803, 0xd003, 0x2003, 0x4006, 0x800c, 0x801d, 0x803f),
    TABLE(0x807b, 0x80f3, 0x81e3, 0x83c3, 0x8783, 0x8f03, 0x9e03, 0xbc03),
    TABLE(0xf803, 0x7003, 0xe006, 0x4009, 0x8012, 0x8021, 0x8047, 0x808b),
    TABLE(0x8113, 0x8223, 0x8443, 0x8883, 0x9103, 0xa203, 0xc403, 0x0803),
    TABLE(0x1006, 0x200c, 0x4018, 0x8030, 0x8065, 0x80cf, 0x819b, 0x8333),
    TABLE(0x8663, 0x8cc3, 0x9983, 0xb303, 0xe603, 0x4c03, 0x9806, 0xb009),
    TABLE(0xe017, 0x402b, 0x8056, 0x80a9, 0x8157, 0x82ab, 0x8553, 0x8aa3),
    TABLE(0x9543, 0xaa83, 0xd503, 0x2a03, 0x5406, 0xa80c, 0xd01d, 0x203f),
    TABLE(0x407e, 0x80fc, 0x81fd, 0x83ff, 0x87fb, 0x8ff3, 0x9fe3, 0xbfc3),
    TABLE(0xff83, 0x7f03, 0xfe06, 0x7c09, 0xf812, 0x7021, 0xe042, 0x4081),
    TABLE(0x8102, 0x8201, 0x8407, 0x880b, 0x9013, 0xa023, 0xc043, 0x0083),
    TABLE(0x0106, 0x020c, 0x0418, 0x0830, 0x1060, 0x20c0, 0x4180, 0x8300),
    TABLE(0x8605, 0x8c0f, 0x981b, 0xb033, 0xe063, 0x40c3, 0x8186, 0x8309),
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
    for (; n >= 16; n -= 16, p += 16) {
        uint32_t sum = (uint32_t)crc16[15][p[0] ^ crc >> 8] ^ crc16[14][p[1] ^ (crc & 0xff)];
        for (int i = 2; i < 16; i++)
            sum ^= crc16[15 - i][p[i]];
        crc = (uint16_t)sum;
    }
    for (; n > 0; n--, p++)
        crc = (uint16_t)(crc << 8 ^ crc16[0][crc >> 8 ^ *p]);
    return crc;
}
