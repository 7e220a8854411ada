/*
 * monitor.h - what the bedside monitors of the synthetic hospital export: a few patients for a few
 * minutes each, with everything that such exports have to be survived with.
 *
 *      DIR/monitor-export/20211106/    a folder a day: tables as bulk-copy dumps beside their .fmt
 *      DIR/monitor-map.csv             who each patient of the monitors is, for hilum wave build
 *      DIR/planted_monitor.csv         what was built into which stay
 *
 * The export has days of November 2021 and the zone of Boston, with the hour that comes twice; the
 * map's shift takes each stay into the admission that it belongs to. waveform.md 4.7 to 4.9
 */
#ifndef HL_SYNTH_MONITOR_H
#define HL_SYNTH_MONITOR_H

#include "base/buf.h"
#include "synth/synth.h"

#define HL_SYNTH_MONITOR_STAYS 8   /* by default; each planted case once */
#define HL_SYNTH_MONITOR_MINUTES 3 /* of waves a stay */
#define HL_SYNTH_MONITOR_MAX_STAYS 2000
#define HL_SYNTH_MONITOR_MAX_MINUTES 10080

/* Stays that these options give; 0 = no export. */
int64_t hl_synth_monitor_stays(const hl_synth_options *options);

/* Write the three. counts->monitor_stays, monitor_rows. HL_E_USAGE: more stays than patients. */
hl_code hl_synth_monitor_write(const hl_synth_plan *plan, const hl_synth_options *options,
                               hl_ctl *ctl, hl_synth_counts *counts, hl_error *err);

/* "what" of planted_monitor.csv, comma separated, for README.txt. */
void hl_synth_monitor_put_cases(hl_buf *text);

#endif
