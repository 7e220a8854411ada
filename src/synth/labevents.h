/*
 * labevents.h - writes labevents.csv.gz, up to as many rows as asked for.
 *
 * The rows of a subject are its draws (labs.h) and, when more rows are wanted, further draws spread
 * over its stays and the months around them, with 1,600 item ids of which few are frequent and most
 * are rare. Work is cut into pieces of at most 8,192 added rows; each is a pure function of the
 * plan, so memory does not grow with the number of rows.
 */
#ifndef HL_SYNTH_LABEVENTS_H
#define HL_SYNTH_LABEVENTS_H

#include "base/buf.h"
#include "synth/labs.h"

/*
 * Write path. rows = 0: just the rows of the draws. HL_E_USAGE: the draws alone have more rows than
 * that. *n_rows gets the number written.
 */
hl_code hl_synth_labevents_write(const hl_synth_plan *plan, const char *path, int64_t rows,
                                 hl_ctl *ctl, int64_t *n_rows, hl_error *err);

#endif
