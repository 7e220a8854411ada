/*
 * export_world.h - small monitor exports made by tests, and what a reader said about them.
 */
#ifndef HL_TESTS_MONITOR_EXPORT_WORLD_H
#define HL_TESTS_MONITOR_EXPORT_WORLD_H

#include "base/io.h"
#include "monitor/export.h"
#include "tap.h"

#define M1 "A0000000-0000-4000-8000-000000000001"
#define M2 "A0000000-0000-4000-8000-000000000002"
#define P1 "B0000000-0000-4000-8000-000000000001"
#define P2 "B0000000-0000-4000-8000-000000000002"
#define DAY "20210101_20210102"

static const char *const wave_columns =
    "WaveId TimeStamp SequenceNumber WaveSamples UnavailableSamples InvalidSamples PacedPulses "
    "MappingId";

/* A .fmt file of the columns named, in their order. */
static inline void put_format(hl_buf *to, const char *columns)
{
    hl_buf list = {0};
    int n = 1, i = 1;
    hl_buf_text(&list, columns);
    for (size_t k = 0; k < list.n; k++)
        n += list.at[k] == ' ';
    hl_buf_printf(to, "0.0\n%d\n", n);
    for (char *p = list.at, *end; p; p = end ? end + 1 : NULL, i++) {
        end = strchr(p, ' ');
        if (end)
            *end = 0;
        if (!strcasecmp(p, "WaveSamples"))
            hl_buf_printf(to, "%d SYBBINARY 4 -1 \"\" %d %s \"\"\n", i, i, p);
        else
            hl_buf_printf(to, "%d SYBCHAR 0 -1 \"\\%c\" %d %s \"\"\n", i, end ? 't' : 'n', i, p);
    }
    hl_buf_free(&list);
}

static inline void write_bytes(const char *folder, const char *name, const void *bytes, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb"); /* not hl_write_file(): its fsync takes longer than the tests */
    ok(file && fwrite(bytes, 1, n, file) == n);
    if (file)
        fclose(file);
}

static inline void write_format(const char *folder, const char *table, const char *columns)
{
    hl_buf b = {0};
    char name[64];
    put_format(&b, columns);
    snprintf(name, sizeof name, "%s.fmt", table);
    write_bytes(folder, name, b.at, b.n);
    hl_buf_free(&b);
}

static inline void put_u32(hl_buf *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        hl_buf_char(to, (char)(v >> 8 * i & 255));
}

/* A row of WaveSample; claim = the length that it says its samples have, -1 = the true one. */
static inline void put_wave_claiming(hl_buf *to, const char *id, const char *time,
                                     const char *sequence, const void *samples, size_t n_bytes,
                                     int64_t claim, const char *rest)
{
    hl_buf_printf(to, "%s\t%s\t%s\t", id, time, sequence);
    put_u32(to, claim < 0 ? (uint32_t)n_bytes : (uint32_t)claim);
    hl_buf_append(to, samples, n_bytes);
    hl_buf_text(to, rest);
}

/* Samples that hold tabs, line feeds and digits, n <= 64. */
static const uint16_t world_samples[64] = {0x1fe3, 0x090a, 0x0a09, 0x0a0a, 0x0909, 0x3031, 0x2020,
                                           0xffff, 0x0000, 0x1ff2, 0x2009, 0x0a32, 0x0931};

static inline void put_wave(hl_buf *to, int id, int ms, int n, const char *rest)
{
    char text[3][64];
    snprintf(text[0], sizeof text[0], "%d", id);
    snprintf(text[1], sizeof text[1], "2021-01-01 10:%02d:%02d.%03d +01:00", ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
    snprintf(text[2], sizeof text[2], "%d", 1000000 + ms);
    put_wave_claiming(to, text[0], text[1], text[2], world_samples, (size_t)n * 2, -1, rest);
}

/* A folder with the definitions of two waves, two numerics, one enumeration and a mapping. */
static inline const char *new_world(void)
{
    const char *folder = temp_folder();
    static const struct {
        const char *table, *columns, *rows;
    } files[] = {
        {"Wave",
         "Id BasePhysioId PhysioId Label Channel SamplePeriod IsSlowWave IsDerived Color "
         "LowEdgeFrequency HighEdgeFrequency ScaleLower ScaleUpper CalibrationScaledLower "
         "CalibrationScaledUpper CalibrationAbsLower CalibrationAbsUpper CalibrationType UnitLabel "
         "UnitCode EcgLeadPlacement",
         "11\t131328\t131330\tII\t0\t4\t0\t0\t-1\t0.5\t35\t0\t16383\t8092\t8292\t0.0\t1.0\t1\tmV\t"
         "4107\t0\n"
         "21\t150016\t150036\tABP\t0\t8\t0\t0\t-1\t\t12\t1\t8191\t800\t4000\t0.0\t200.0\t1\tmmHg\t"
         "4117\t0\n"},
        {"Numeric", "Id Label SubLabel UnitLabel IsAperiodic",
         "1\tHR\tHR\tbpm\t0\n7\tNBP\tNBPs\tmmHg\t1\n"},
        {"Enumeration", "Id BasePhysioId PhysioId Label ValuePhysioId",
         "1\t147842\t147842\tAnnot\t148631\n"},
        {"PatientMapping", "Id PatientId Timestamp IsMapped Hostname",
         M1 "\t" P1 "\t2021-01-01 08:00:00.000 +01:00\t1\thost-a\n"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_format(folder, files[i].table, files[i].columns);
        write_bytes(folder, files[i].table, files[i].rows, strlen(files[i].rows));
    }
    write_format(folder, "WaveSample", wave_columns);
    write_format(folder, "NumericValue",
                 "NumericId TimeStamp SequenceNumber IsTrendUploaded CompoundValueId Value "
                 "MappingId");
    write_format(folder, "EnumerationValue",
                 "EnumerationId TimeStamp SequenceNumber CompoundValueId Value MappingId");
    write_format(folder, "Alert",
                 "TimeStamp SequenceNumber AlertId Source Code Label Severity Kind IsSilenced "
                 "SubtypeId AnnounceTime OnsetTime EndTime MappingId");
    return folder;
}

/* --- what was said ---------------------------------------------------------------------------- */

typedef struct {
    int n[HL_EXPORT_FINDINGS];
    int all;
    hl_buf text; /* "kind: text\n" ... */
} heard;

static inline void hear(void *ctx, hl_export_finding what, const char *text)
{
    heard *h = ctx;
    h->n[what]++;
    h->all++;
    hl_buf_printf(&h->text, "%d: %s\n", (int)what, text);
}

static inline void heard_free(heard *h)
{
    hl_buf_free(&h->text);
    memset(h, 0, sizeof *h);
}

static inline const char *heard_text(const heard *h)
{
    return h->text.at ? h->text.at : "";
}

static inline hl_code open_one(const char *folder, heard *h, hl_export **e, hl_error *err)
{
    return hl_export_open(&folder, 1, NULL, hear, h, e, err);
}

/* Messages of a kind as text, a line each, without wall times. */
static inline hl_code list_messages(hl_export *e, hl_message_kind kind, hl_buf *to, int64_t *n,
                                    hl_error *err)
{
    hl_export_reader *r = NULL;
    hl_message m;
    hl_code c = hl_export_read(e, kind, &r, err);
    *n = 0;
    while (c == HL_OK && (c = hl_export_next(r, &m, err)) == HL_OK) {
        ++*n;
        hl_buf_printf(to, "%lld", (long long)m.sequence);
        switch (kind) {
        case HL_MESSAGE_WAVE:
            hl_buf_printf(to, " %lld [%lld]", (long long)m.wave->id, (long long)m.n);
            for (int64_t i = 0; i < m.n && i < 4; i++)
                hl_buf_printf(to, " %04x", (unsigned)(m.sample[2 * i] | m.sample[2 * i + 1] << 8));
            const hl_str list[3] = {m.unavailable, m.invalid, m.paced};
            for (int i = 0; i < 3; i++)
                hl_buf_printf(to, " %s%.*s", list[i].at ? "=" : "-", (int)list[i].n,
                              list[i].at ? list[i].at : "");
            break;
        case HL_MESSAGE_NUMERIC:
            hl_buf_printf(to, " %lld %.*s", (long long)m.numeric->id,
                          m.number.at ? (int)m.number.n : 4, m.number.at ? m.number.at : "NULL");
            break;
        case HL_MESSAGE_ENUMERATION:
            hl_buf_printf(to, " %lld %.*s", (long long)m.enumeration->id,
                          m.value.at ? (int)m.value.n : 4, m.value.at ? m.value.at : "NULL");
            break;
        case HL_MESSAGE_ALERT:
        case HL_MESSAGE_KINDS:
            hl_buf_printf(to, " %.*s %lld %d %d%d%d", (int)m.label.n, m.label.at,
                          (long long)m.severity, m.is_silenced, m.announce.has, m.onset.has,
                          m.end.has);
            break;
        }
        hl_buf_char(to, '\n');
    }
    hl_export_reader_close(&r);
    return c;
}

/* The world's messages of a kind: "lines", or what went wrong. */
static inline hl_code read_world(const char *folder, hl_message_kind kind, heard *h, hl_buf *to,
                                 int64_t *n, hl_error *err)
{
    hl_export *e = NULL;
    hl_code c = open_one(folder, h, &e, err);
    *n = 0;
    if (c == HL_OK)
        c = list_messages(e, kind, to, n, err);
    hl_export_close(&e);
    return c;
}

#endif
