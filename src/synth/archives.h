/*
 * archives.h - the files of the ECG and of the film archive.
 */
#ifndef HL_SYNTH_ARCHIVES_H
#define HL_SYNTH_ARCHIVES_H

#include "synth/plan.h"

/* Draw and write all records below folder (DIR/mimic-iv-ecg), all films below DIR/mimic-cxr-jpg. */
hl_code hl_synth_records_write(const hl_synth_plan *plan, const char *folder, hl_ctl *ctl,
                               hl_error *err);
hl_code hl_synth_films_write(const hl_synth_plan *plan, const char *folder, hl_ctl *ctl,
                             hl_error *err);

#endif
