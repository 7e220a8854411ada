/*
 * ecg_report.h - chosen ECGs that a person should look at. The published rule keeps them (S8): only
 * an unmeasured sample or zero throughout removes an ECG.
 */
#ifndef HL_COHORT_ECG_REPORT_H
#define HL_COHORT_ECG_REPORT_H

#include "cohort/selection.h"

/*
 * Append a csv: hadm_id, ecg_path, flat_leads, held_leads; one row for each row of the data set
 * whose ECG has such a lead, lead names with blanks between.
 *
 *   flat   all samples of the lead are equal: the electrode was off, or the lead was not recorded
 *   held   the lead stays at its own highest or lowest value for 0.1 s or longer: the amplifier or
 * the converter was at its end
 *
 * Reads the ECGs again (they were read a moment ago).
 */
hl_code hl_ecg_report(const hl_selection *s, const hl_table *dataset, hl_buf *out, int64_t *n_rows,
                      hl_error *err);

#endif
