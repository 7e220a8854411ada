/*
 * archives.h - the files of the ECG archive and of the two film archives.
 */
#ifndef HL_SYNTH_ARCHIVES_H
#define HL_SYNTH_ARCHIVES_H

#include "synth/synth.h"

/* Draw and write all records below DIR/mimic-iv-ecg (folder is DIR). */
hl_code hl_synth_records_write(const hl_synth_plan *plan, const char *folder, hl_ctl *ctl,
                               hl_error *err);
/* Draw all films, each once, and write them below DIR/mimic-cxr-jpg, DIR/mimic-cxr, or both. */
hl_code hl_synth_films_write(const hl_synth_plan *plan, const char *folder,
                             hl_synth_film_format format, hl_ctl *ctl, hl_error *err);

#endif
