/*
 * log.h - lines that a job leaves for whoever started it. The list is in hilum.h.
 */
#ifndef HL_BASE_LOG_H
#define HL_BASE_LOG_H

#include "base/error.h"

/* Add one line; ctl, ctl->log may be NULL (then nothing happens). Repeated things are counted by
 * the caller and said once ("1,204 rows without hadm_id skipped"). */
void hl_warn(hl_ctl *ctl, const char *fmt, ...) HL_PRINTF(2, 3);
void hl_info(hl_ctl *ctl, const char *fmt, ...) HL_PRINTF(2, 3);

/* n with thousands separators, for texts: "1,204". Returns out. */
const char *hl_count_text(int64_t n, char out[32]);

#endif
