/*
 * crc.h - the two check sums of a FLAC frame. RFC 9639 9.1.8 and 9.3.
 */
#ifndef HL_FORMAT_FLAC_CRC_H
#define HL_FORMAT_FLAC_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-8 of a frame header: polynomial 0x07, start 0. */
uint8_t hl_flac_crc8(const uint8_t *p, size_t n);

/* CRC-16 of a frame: polynomial 0x8005, start 0. crc = that of the bytes before, so a frame may be
 * taken in pieces; over a whole frame with its footer it is 0. */
uint16_t hl_flac_crc16(uint16_t crc, const uint8_t *p, size_t n);

#endif
