/*
 * tables.h - the tables of the synthetic hospital, except labevents.
 */
#ifndef HL_SYNTH_TABLES_H
#define HL_SYNTH_TABLES_H

#include "synth/synth.h"

/* Write all of them below options->folder (its folders are there), and planted.csv; counts are
 * added up on the way (lab_rows is not). */
hl_code hl_synth_tables_write(const hl_synth_plan *plan, const hl_synth_options *options,
                              hl_ctl *ctl, hl_synth_counts *counts, hl_error *err);

/* files/pNN/pNNNNNNNN/sNNNNNNNN/NAME.ENDING ("jpg", "dcm") of a film; files/pNNNN/... of a record,
 * without extension. */
#define HL_SYNTH_FILE_BYTES 160
void hl_synth_film_path(const hl_synth_subject *s, const hl_synth_film *film, const char *ending,
                        char out[HL_SYNTH_FILE_BYTES]);
void hl_synth_record_path(const hl_synth_subject *s, const hl_synth_record *record,
                          char out[HL_SYNTH_FILE_BYTES]);

#endif
