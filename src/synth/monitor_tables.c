#include "synth/monitor_internal.h"

#include "base/civil.h"
#include "base/io.h"
#include "base/sort.h"

/* --- time ------------------------------------------------------------------------------------- */

int hl_bedside_zone_min(int64_t us)
{
    return us < HL_BEDSIDE_AUTUMN_S * 1000000 ? -240 : -300;
}

int64_t hl_bedside_utc_s(int64_t local_s)
{
    int64_t summer = local_s + 240 * 60;

    return summer < HL_BEDSIDE_AUTUMN_S ? summer : local_s + 300 * 60;
}

/* Everything lies behind 1970, so that / and % do. */
static int64_t local_s(int64_t us)
{
    return us / 1000000 + hl_bedside_zone_min(us) * 60;
}

void hl_bedside_put_time(hl_buf *b, int64_t us)
{
    hl_buf_time(b, local_s(us));
    hl_buf_printf(b, ".%03d -0%d:00", (int)(us / 1000 % 1000), -hl_bedside_zone_min(us) / 60);
}

/* --- what is the same every day --------------------------------------------------------------- */

/* All columns of the format, in its order. waveform.md 4.7 */
static const struct {
    const char *table, *columns;
} formats[] = {
    {"Alert", "TimeStamp SequenceNumber AlertId Source Code Label Severity Kind IsSilenced "
              "SubtypeId AnnounceTime OnsetTime EndTime MappingId"},
    {"BedTag", "BedLabel Timestamp Tag"},
    {"Enumeration", "Id BasePhysioId PhysioId Label ValuePhysioId IsAperiodic IsManual Validity "
                    "UnitCode UnitLabel Color"},
    {"EnumerationValue", "EnumerationId TimeStamp SequenceNumber CompoundValueId Value MappingId"},
    {"Numeric", "Id BasePhysioId PhysioId Label IsAperiodic UnitLabel Validity LowerLimit "
                "UpperLimit IsAlarmingOff SubPhysioId SubLabel Color IsManual MaxValues Scale"},
    {"NumericValue",
     "NumericId TimeStamp SequenceNumber IsTrendUploaded CompoundValueId Value MappingId"},
    {"Patient", "Id Timestamp BedLabel Alias Category Height HeightUnit Weight WeightUnit "
                "PressureUnit PacedMode ResuscitationStatus AdmitState ClinicalUnit Gender"},
    {"PatientDateAttribute", "PatientId Timestamp Name Value"},
    {"PatientMapping", "Id PatientId Timestamp IsMapped Hostname"},
    {"PatientStringAttribute", "PatientId Timestamp Name Value"},
    {"Wave",
     "Id BasePhysioId PhysioId Label Channel SamplePeriod IsSlowWave IsDerived Color "
     "LowEdgeFrequency HighEdgeFrequency ScaleLower ScaleUpper CalibrationScaledLower "
     "CalibrationScaledUpper CalibrationAbsLower CalibrationAbsUpper CalibrationType UnitLabel "
     "UnitCode EcgLeadPlacement"},
    {"WaveSample", "WaveId TimeStamp SequenceNumber WaveSamples UnavailableSamples InvalidSamples "
                   "PacedPulses MappingId"},
};

/* '@' stands for a byte 0: the empty text, which is not NULL. Physiological ids are those of the
 * nomenclature, or none at all. */
static const struct {
    const char *table, *rows;
} definitions[] = {
    {"Wave",
     "11\t131328\t131330\tII\t0\t4\t0\t0\t-1\t0.50000\t35.00000\t0\t16383\t8092\t8292\t0.00000\t"
     "1.00000\t1\tmV\t4107\t0\n"
     "12\t131328\t131331\tIII\t3\t4\t0\t0\t-1\t0.50000\t35.00000\t0\t16383\t8092\t8292\t0.00000\t"
     "1.00000\t1\tmV\t4107\t0\n"
     "13\t131328\t131335\tV\t2\t4\t0\t0\t-1\t0.50000\t35.00000\t1\t16383\t8092\t8292\t0.00000\t"
     "1.00000\t1\tmV\t4107\t0\n"
     "14\t131328\t131389\taVR\t1\t4\t0\t1\t-1\t0.50000\t35.00000\t1\t16383\t8092\t8292\t0.00000\t"
     "1.00000\t1\tmV\t4107\t0\n"
     "21\t150016\t150036\tABP\t0\t8\t0\t0\t-1\t\t12.00000\t1\t8191\t800\t4000\t0.00000\t200.00000\t"
     "1\tmmHg\t4117\t0\n"
     "22\t150016\t150084\tCVP\t0\t8\t0\t0\t-1\t\t12.00000\t1\t8191\t800\t4000\t0.00000\t200.00000\t"
     "1\tmmHg\t4117\t0\n"
     "31\t150452\t150452\tPleth\t0\t8\t0\t0\t-1\t\t\t0\t4095\t0\t4096\t0.00000\t1.00000\t1\t@\t"
     "4127\t0\n"
     "41\t151562\t151552\tResp\t0\t16\t0\t0\t-1\t\t\t1\t4095\t2\t4095\t0.00000\t1.00000\t1\tOhm\t"
     "4137\t0\n"},
    {"Numeric", "1\t1001\t2001\tHR\t0\tbpm\t0\t50.00000\t120.00000\t0\t3001\tHR\t-1\t0\t1\t0\n"
                "2\t1002\t2002\tSpO\xe2\x82\x82\t0\t%\t0\t90.00000\t100.00000\t0\t3002\t"
                "SpO\xe2\x82\x82\t-1\t0\t1\t0\n"
                "3\t1003\t2003\tRR\t0\trpm\t0\t\t\t0\t3003\tRR\t-1\t0\t1\t0\n"
                "4\t1004\t2004\tABP\t0\tmmHg\t0\t\t\t0\t3004\tABPs\t-1\t0\t1\t0\n"
                "5\t1004\t2004\tABP\t0\tmmHg\t0\t\t\t0\t3005\tABPd\t-1\t0\t1\t0\n"
                "6\t1004\t2004\tABP\t0\tmmHg\t0\t\t\t0\t3006\tABPm\t-1\t0\t1\t0\n"
                "7\t1007\t2007\tNBP\t1\tmmHg\t0\t\t\t0\t3007\tNBPs\t-1\t0\t1\t0\n"
                "8\t1007\t2007\tNBP\t1\tmmHg\t0\t\t\t0\t3008\tNBPd\t-1\t0\t1\t0\n"
                "9\t1007\t2007\tNBP\t1\tmmHg\t0\t\t\t0\t3009\tNBPm\t-1\t0\t1\t0\n"
                "11\t1011\t2011\tPerf\t0\t@\t0\t\t\t0\t3011\tPerf\t-1\t0\t1\t0\n"
                "14\t1014\t2014\tTemp\t0\t\xc2\xb0"
                "C\t0\t\t\t0\t3014\tTblood\t-1\t0\t1\t0\n"
                "15\t1015\t2015\tQT\t0\tmsec\t0\t\t\t0\t3015\t\xce\x94QTc\t-1\t0\t1\t0\n"},
    {"Enumeration", "1\t147842\t147842\tAnnot\t148631\t0\t0\t0\t0\tUnknwn\t-1\n"
                    "2\t147842\t147842\tAnnot\t148063\t0\t0\t0\t0\tUnknwn\t-1\n"
                    "3\t147842\t147843\tRhySta\t147000\t0\t0\t0\t0\tUnknwn\t-1\n"},
};

static hl_code write_text(const char *folder, const char *name, const hl_buf *text, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_buf_check(text, name, err);

    if (c == HL_OK)
        c = hl_path_join(folder, name, path, err);
    return c == HL_OK ? hl_write_file(path, text->at, text->n, NULL, err) : c;
}

static void put_format(hl_buf *b, const char *columns)
{
    int n = 1;

    for (const char *p = columns; *p; p++)
        n += *p == ' ';
    hl_buf_printf(b, "0.0\n%d\n", n);
    for (int i = 1; i <= n; i++) {
        const size_t length = strcspn(columns, " ");
        const bool is_binary = hl_str_is((hl_str){columns, length}, "WaveSamples");
        hl_buf_printf(b, "%d %s %d %.*s \"\"\n", i,
                      is_binary ? "SYBBINARY 4 -1 \"\""
                      : i < n   ? "SYBCHAR 0 -1 \"\\t\""
                                : "SYBCHAR 0 -1 \"\\n\"",
                      i, (int)length, columns);
        columns += length + (i < n);
    }
}

static hl_code begin_day(const char *folder, hl_error *err)
{
    hl_buf b = {0};
    char name[64];
    hl_code c = hl_make_folder(folder, err);

    for (size_t i = 0; c == HL_OK && i < sizeof formats / sizeof *formats; i++) {
        hl_buf_clear(&b);
        put_format(&b, formats[i].columns);
        snprintf(name, sizeof name, "%s.fmt", formats[i].table);
        c = write_text(folder, name, &b, err);
    }
    for (size_t i = 0; c == HL_OK && i < sizeof definitions / sizeof *definitions; i++) {
        hl_buf_clear(&b);
        hl_buf_text(&b, definitions[i].rows);
        for (size_t k = 0; k < b.n; k++)
            if (b.at[k] == '@')
                b.at[k] = 0;
        c = write_text(folder, definitions[i].table, &b, err);
    }
    hl_buf_free(&b);
    return c;
}

/* --- rows in order of time -------------------------------------------------------------------- */

static const char *const table_name[HL_BEDSIDE_TABLES] = {
    [HL_BEDSIDE_ALERT] = "Alert",
    [HL_BEDSIDE_BED_TAG] = "BedTag",
    [HL_BEDSIDE_ENUMERATION_VALUE] = "EnumerationValue",
    [HL_BEDSIDE_NUMERIC_VALUE] = "NumericValue",
    [HL_BEDSIDE_PATIENT] = "Patient",
    [HL_BEDSIDE_PATIENT_DATE] = "PatientDateAttribute",
    [HL_BEDSIDE_PATIENT_STRING] = "PatientStringAttribute",
    [HL_BEDSIDE_PATIENT_MAPPING] = "PatientMapping",
    [HL_BEDSIDE_WAVE_SAMPLE] = "WaveSample",
};

typedef struct {
    int64_t us;
    size_t at; /* in the table's bytes; its end is the next one's start in order of coming */
    size_t n;
} waiting_row;

typedef struct {
    hl_buf bytes;
    waiting_row *row;
    size_t n, cap;
    int64_t day; /* of the open file, days since 1970 */
    hl_out *plain;
    hl_gzip *gz;
} waiting;

struct hl_bedside_files {
    const char *folder;
    waiting table[HL_BEDSIDE_TABLES];
    int64_t n_rows;
    bool oom;
};

hl_code hl_bedside_files_new(const char *folder, hl_bedside_files **out, hl_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return hl_fail_memory(err, "monitor export", sizeof **out);
    (*out)->folder = folder;
    return HL_OK;
}

void hl_bedside_files_free(hl_bedside_files **files)
{
    if (!*files)
        return;
    for (int t = 0; t < HL_BEDSIDE_TABLES; t++) {
        waiting *w = &(*files)->table[t];
        hl_buf_free(&w->bytes);
        free(w->row);
        hl_out_abort(&w->plain);
        hl_gzip_abort(&w->gz);
    }
    free(*files);
    *files = NULL;
}

hl_buf *hl_bedside_row(hl_bedside_files *f, hl_bedside_table table, int64_t us)
{
    waiting *w = &f->table[table];

    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 256;
        waiting_row *row = realloc(w->row, cap * sizeof *row);
        if (!row) {
            f->oom = true;
            return &w->bytes;
        }
        w->row = row;
        w->cap = cap;
    }
    w->row[w->n++] = (waiting_row){.us = us, .at = w->bytes.n};
    f->n_rows++;
    return &w->bytes;
}

static int compare_time(const void *a, const void *b, void *ctx)
{
    const waiting_row *x = a, *y = b;

    (void)ctx;
    return x->us < y->us ? -1 : x->us > y->us;
}

static hl_code close_day(waiting *w, hl_error *err)
{
    hl_code c = HL_OK;

    if (w->plain)
        c = hl_out_commit(&w->plain, NULL, err);
    if (c == HL_OK && w->gz)
        c = hl_gzip_commit(&w->gz, NULL, err);
    return c;
}

/* The file of a table's day. The two large tables are gzipped every second day. */
static hl_code open_day(hl_bedside_files *f, hl_bedside_table t, int64_t day, hl_error *err)
{
    waiting *w = &f->table[t];
    const hl_civil from = hl_civil_of(day * HL_DAY_S), to = hl_civil_of((day + 1) * HL_DAY_S);
    const bool packed =
        day % 2 != 0 && (t == HL_BEDSIDE_WAVE_SAMPLE || t == HL_BEDSIDE_NUMERIC_VALUE);
    char folder[HL_PATH_BYTES], path[HL_PATH_BYTES], name[96];
    hl_code c = close_day(w, err);

    snprintf(name, sizeof name, "%04d%02d%02d", from.year, from.month, from.day);
    if (c == HL_OK)
        c = hl_path_join(f->folder, name, folder, err);
    if (c == HL_OK && !hl_is_folder(folder))
        c = begin_day(folder, err);
    snprintf(name, sizeof name, "%s.%04d%02d%02d_%04d%02d%02d%s", table_name[t], from.year,
             from.month, from.day, to.year, to.month, to.day, packed ? ".gz" : "");
    if (c == HL_OK)
        c = hl_path_join(folder, name, path, err);
    if (c == HL_OK)
        c = packed ? hl_gzip_create(path, 1, &w->gz, err) : hl_out_create(path, &w->plain, err);
    w->day = day;
    return c;
}

static hl_code write_row(hl_bedside_files *f, hl_bedside_table t, const waiting_row *r,
                         hl_error *err)
{
    waiting *w = &f->table[t];
    const int64_t day = local_s(r->us) / HL_DAY_S;
    hl_code c = HL_OK;

    if (day != w->day || (!w->plain && !w->gz))
        c = open_day(f, t, day, err);
    if (c != HL_OK)
        return c;
    return w->gz ? hl_gzip_write(w->gz, w->bytes.at + r->at, r->n, err)
                 : hl_out_write(w->plain, w->bytes.at + r->at, r->n, err);
}

static hl_code flush_table(hl_bedside_files *f, hl_bedside_table t, int64_t until_us, hl_error *err)
{
    waiting *w = &f->table[t];
    hl_buf kept = {0};
    size_t n = 0;
    hl_code c = hl_buf_check(&w->bytes, "monitor rows", err);

    if (c == HL_OK && f->oom)
        c = hl_fail_memory(err, "monitor rows", w->cap);
    for (size_t i = 0; i < w->n; i++) /* rows come one behind the other */
        if (w->row[i].n == 0)
            w->row[i].n = (i + 1 < w->n ? w->row[i + 1].at : w->bytes.n) - w->row[i].at;
    if (c == HL_OK && w->n > 0)
        c = hl_sort_stable(w->row, w->n, sizeof *w->row, compare_time, NULL, err);
    for (; c == HL_OK && n < w->n && w->row[n].us < until_us; n++)
        c = write_row(f, t, &w->row[n], err);
    /* The others move to the front, in their order. */
    for (size_t i = n; i < w->n; i++) {
        size_t at = kept.n;
        hl_buf_append(&kept, w->bytes.at + w->row[i].at, w->row[i].n);
        w->row[i - n] = (waiting_row){w->row[i].us, at, w->row[i].n};
    }
    w->n -= n;
    hl_buf_free(&w->bytes);
    w->bytes = kept;
    return c;
}

hl_code hl_bedside_flush(hl_bedside_files *f, int64_t until_us, hl_error *err)
{
    hl_code c = HL_OK;

    for (int t = 0; c == HL_OK && t < HL_BEDSIDE_TABLES; t++)
        c = flush_table(f, (hl_bedside_table)t, until_us, err);
    return c;
}

hl_code hl_bedside_files_end(hl_bedside_files *f, int64_t *n_rows, hl_error *err)
{
    hl_code c = hl_bedside_flush(f, INT64_MAX, err);

    for (int t = 0; c == HL_OK && t < HL_BEDSIDE_TABLES; t++)
        c = close_day(&f->table[t], err);
    *n_rows = f->n_rows;
    return c;
}
