/*
 * item.h - one film and one ECG, read, scaled, cut and put into a record: the work of a packing
 * job.
 *
 * A record is the compact form from which all tensors are made. It lives in the job's part files
 * only (never in an output), so its layout may change with the program's version.
 */
#ifndef HL_PACK_ITEM_H
#define HL_PACK_ITEM_H

#include "base/hash.h"
#include "pack/plan.h"

/* Record: this head, gain double[leads], baseline int32_t[leads], film uint8_t[planes][crop][crop],
 * ecg int16_t[samples][leads]; little endian. */
typedef struct {
    int32_t width, height; /* of the scaled film, px */
    int32_t top, left;     /* of the crop in it; negative = black rows or columns first */
    int32_t planes;        /* 1 grey, 3 red, green, blue */
    int32_t constant;      /* 1 = all samples of the ECG have one value in physical units */
    int32_t checksum_faults;
    int32_t reserved;
    hl_digest film, hea, dat; /* of the files read */
} hl_record_head;

/* The parts of a record in memory. */
typedef struct {
    hl_record_head head;
    const double *gain;      /* [leads] */
    const int32_t *baseline; /* [leads] */
    const uint8_t *film;     /* [planes][crop][crop] */
    const int16_t *ecg;      /* [samples][leads] */
} hl_record_view;

/* Bytes of a record in front of the film, rounded up to 16. */
size_t hl_record_film_offset(const hl_pack_recipe *r);

/* Look at a record (16-byte aligned); HL_E_BUG when its size is wrong. */
hl_code hl_record_look(const hl_pack_recipe *r, const void *record, size_t n, hl_record_view *out,
                       hl_error *err);

/* Make item's record. HL_E_INPUT when film or ECG cannot be used. */
hl_code hl_record_make(const hl_pack_options *o, const hl_pack_recipe *r, const hl_pack_item *item,
                       hl_cpu cpu, hl_ctl *ctl, hl_arena *scratch, hl_buf *record, hl_error *err);

#endif
