#include "monitor/export_internal.h"

/* waveform.md 4.7. WaveSample: unavailable, invalid, paced are lists of sample numbers. */
const hl_table hl_tables[HL_TABLES] = {
    [HL_TABLE_ALERT] = {"Alert",
                        14,
                        {{"TimeStamp", HL_FIELD_TIME, HL_COLUMN_MANDATORY},
                         {"SequenceNumber", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                         {"MappingId", HL_FIELD_UUID, HL_COLUMN_MANDATORY},
                         {"AlertId", HL_FIELD_UUID, HL_COLUMN_OPTIONAL},
                         {"Label", HL_FIELD_TEXT, HL_COLUMN_MANDATORY},
                         {"Source", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                         {"Code", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                         {"Severity", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                         {"Kind", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                         {"IsSilenced", HL_FIELD_BOOLEAN, HL_COLUMN_OPTIONAL},
                         {"SubtypeId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                         {"AnnounceTime", HL_FIELD_TIME, HL_COLUMN_OPTIONAL},
                         {"OnsetTime", HL_FIELD_TIME, HL_COLUMN_OPTIONAL},
                         {"EndTime", HL_FIELD_TIME, HL_COLUMN_OPTIONAL}},
                        false},
    [HL_TABLE_BED_TAG] = {"BedTag",
                          3,
                          {{"Timestamp", HL_FIELD_TIME, HL_COLUMN_TIME},
                           {"BedLabel", HL_FIELD_TEXT, HL_COLUMN_NAMES},
                           {"Tag", HL_FIELD_TEXT, HL_COLUMN_NAMES}},
                          false},
    [HL_TABLE_ENUMERATION] = {"Enumeration",
                              5,
                              {{"Id", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                               {"BasePhysioId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                               {"PhysioId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                               {"Label", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                               {"ValuePhysioId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL}},
                              true},
    [HL_TABLE_ENUMERATION_VALUE] = {"EnumerationValue",
                                    5,
                                    {{"TimeStamp", HL_FIELD_TIME, HL_COLUMN_MANDATORY},
                                     {"SequenceNumber", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                                     {"MappingId", HL_FIELD_UUID, HL_COLUMN_MANDATORY},
                                     {"EnumerationId", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                                     {"Value", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL}},
                                    false},
    [HL_TABLE_NUMERIC] = {"Numeric",
                          5,
                          {{"Id", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                           {"Label", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                           {"SubLabel", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                           {"UnitLabel", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                           {"IsAperiodic", HL_FIELD_BOOLEAN, HL_COLUMN_OPTIONAL}},
                          true},
    [HL_TABLE_NUMERIC_VALUE] = {"NumericValue",
                                5,
                                {{"TimeStamp", HL_FIELD_TIME, HL_COLUMN_MANDATORY},
                                 {"SequenceNumber", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                                 {"MappingId", HL_FIELD_UUID, HL_COLUMN_MANDATORY},
                                 {"NumericId", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                                 {"Value", HL_FIELD_NUMBER, HL_COLUMN_OPTIONAL}},
                                false},
    [HL_TABLE_PATIENT] = {"Patient",
                          5,
                          {{"Timestamp", HL_FIELD_TIME, HL_COLUMN_TIME},
                           {"Id", HL_FIELD_UUID, HL_COLUMN_NAMES},
                           {"BedLabel", HL_FIELD_TEXT, HL_COLUMN_NAMES},
                           {"Alias", HL_FIELD_TEXT, HL_COLUMN_NAMES},
                           {"ClinicalUnit", HL_FIELD_TEXT, HL_COLUMN_NAMES}},
                          false},
    [HL_TABLE_PATIENT_DATE] = {"PatientDateAttribute",
                               3,
                               {{"Timestamp", HL_FIELD_TIME, HL_COLUMN_TIME},
                                {"PatientId", HL_FIELD_UUID, HL_COLUMN_NAMES},
                                {"Value", HL_FIELD_TEXT, HL_COLUMN_NAMES}},
                               false},
    [HL_TABLE_PATIENT_STRING] = {"PatientStringAttribute",
                                 3,
                                 {{"Timestamp", HL_FIELD_TIME, HL_COLUMN_TIME},
                                  {"PatientId", HL_FIELD_UUID, HL_COLUMN_NAMES},
                                  {"Value", HL_FIELD_TEXT, HL_COLUMN_NAMES}},
                                 false},
    [HL_TABLE_PATIENT_MAPPING] = {"PatientMapping",
                                  4,
                                  {{"Timestamp", HL_FIELD_TIME, HL_COLUMN_OPTIONAL},
                                   {"Id", HL_FIELD_UUID, HL_COLUMN_MANDATORY},
                                   {"PatientId", HL_FIELD_UUID, HL_COLUMN_OPTIONAL},
                                   {"Hostname", HL_FIELD_TEXT, HL_COLUMN_NAMES}},
                                  false},
    [HL_TABLE_WAVE] = {"Wave",
                       21,
                       {{"Id", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                        {"BasePhysioId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"PhysioId", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"Channel", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"SamplePeriod", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                        {"Color", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"ScaleLower", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"ScaleUpper", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"CalibrationScaledLower", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"CalibrationScaledUpper", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"CalibrationType", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"UnitCode", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"EcgLeadPlacement", HL_FIELD_INTEGER, HL_COLUMN_OPTIONAL},
                        {"Label", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                        {"UnitLabel", HL_FIELD_TEXT, HL_COLUMN_OPTIONAL},
                        {"IsSlowWave", HL_FIELD_BOOLEAN, HL_COLUMN_OPTIONAL},
                        {"IsDerived", HL_FIELD_BOOLEAN, HL_COLUMN_OPTIONAL},
                        {"LowEdgeFrequency", HL_FIELD_NUMBER, HL_COLUMN_OPTIONAL},
                        {"HighEdgeFrequency", HL_FIELD_NUMBER, HL_COLUMN_OPTIONAL},
                        {"CalibrationAbsLower", HL_FIELD_NUMBER, HL_COLUMN_OPTIONAL},
                        {"CalibrationAbsUpper", HL_FIELD_NUMBER, HL_COLUMN_OPTIONAL}},
                       true},
    [HL_TABLE_WAVE_SAMPLE] = {"WaveSample",
                              8,
                              {{"TimeStamp", HL_FIELD_TIME, HL_COLUMN_MANDATORY},
                               {"SequenceNumber", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                               {"MappingId", HL_FIELD_UUID, HL_COLUMN_MANDATORY},
                               {"WaveId", HL_FIELD_INTEGER, HL_COLUMN_MANDATORY},
                               {"WaveSamples", HL_FIELD_BINARY, HL_COLUMN_MANDATORY},
                               {"UnavailableSamples", HL_FIELD_LIST, HL_COLUMN_OPTIONAL},
                               {"InvalidSamples", HL_FIELD_LIST, HL_COLUMN_OPTIONAL},
                               {"PacedPulses", HL_FIELD_LIST, HL_COLUMN_OPTIONAL}},
                              false},
};

/* Take the next line off *text, without its end. false: there is none. */
static bool take_line(hl_str *text, hl_str *line)
{
    if (text->n == 0)
        return false;
    const char *end = memchr(text->at, '\n', text->n);
    size_t n = end ? (size_t)(end - text->at) : text->n, used = end ? n + 1 : n;

    *line = (hl_str){text->at, n > 0 && text->at[n - 1] == '\r' ? n - 1 : n};
    *text = (hl_str){text->at + used, text->n - used};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Words of a line; the number there are, at most max. */
static size_t split_words(hl_str line, hl_str *word, size_t max)
{
    size_t n = 0, i = 0;

    while (n < max) {
        while (i < line.n && is_blank(line.at[i]))
            i++;
        if (i == line.n)
            break;
        size_t start = i;
        while (i < line.n && !is_blank(line.at[i]))
            i++;
        word[n++] = (hl_str){line.at + start, i - start};
    }
    return n;
}

static bool is_same_name(hl_str a, const char *b)
{
    for (size_t i = 0; i < a.n; i++) {
        char x = a.at[i] >= 'A' && a.at[i] <= 'Z' ? (char)(a.at[i] | 0x20) : a.at[i];
        char y = b[i] >= 'A' && b[i] <= 'Z' ? (char)(b[i] | 0x20) : b[i];
        if (x != y || y == 0)
            return false;
    }
    return b[a.n] == 0;
}

static int find_column(const hl_table *table, hl_str name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (is_same_name(name, table->column[i].name))
            return (int)i;
    return -1;
}

typedef enum { KEPT_TO_TAB, KEPT_TO_LINE_FEED, KEPT_BINARY, KEPT_OTHERWISE } kept;

/* TYPE PREFIXLEN -1 TERM: the three kinds that such exports have. waveform.md 4.7 */
static kept kept_as(const hl_str *word)
{
    if (!hl_str_is(word[2], "-1"))
        return KEPT_OTHERWISE;
    if (hl_str_is(word[0], "SYBCHAR") && hl_str_is(word[1], "0"))
        return hl_str_is(word[3], "\"\\t\"")   ? KEPT_TO_TAB
               : hl_str_is(word[3], "\"\\n\"") ? KEPT_TO_LINE_FEED
                                               : KEPT_OTHERWISE;
    if (hl_str_is(word[0], "SYBBINARY") && hl_str_is(word[1], "4") && hl_str_is(word[3], "\"\""))
        return KEPT_BINARY;
    return KEPT_OTHERWISE;
}

/* Column i of the row, as its line says. */
static hl_code take_column(hl_str line, size_t i, const char *path, hl_row_format *out,
                           hl_error *err)
{
    enum { N_WORDS = 7 };
    hl_str word[N_WORDS];
    char shown[HL_SHOW_BYTES];
    const int64_t line_number = (int64_t)i + 3;
    const bool is_last = i + 1 == out->n_columns;

    if (split_words(line, word, N_WORDS) < N_WORDS)
        return hl_fail_at(err, HL_E_INPUT, path, line_number, -1,
                          "not a column: N TYPE PREFIX -1 \"END\" N NAME \"\"");
    const hl_str name = word[6];
    const int known = find_column(out->table, name);
    const kept k = kept_as(word + 1);
    const bool is_binary = known >= 0 && out->table->column[known].type == HL_FIELD_BINARY;

    if (k == KEPT_OTHERWISE || is_binary != (k == KEPT_BINARY) ||
        is_last != (k == KEPT_TO_LINE_FEED))
        return hl_fail_at(err, HL_E_INPUT, path, line_number, -1,
                          "column %s is kept in a way that is not read\nText columns are SYBCHAR 0 "
                          "-1 \"\\t\", the last one \"\\n\"; WaveSamples is SYBBINARY 4 -1 \"\".",
                          hl_show(name, shown));
    if (known >= 0 && out->place[known] >= 0)
        return hl_fail_at(err, HL_E_INPUT, path, line_number, -1, "column %s is there twice",
                          hl_show(name, shown));
    if (known >= 0)
        out->place[known] = (int16_t)i;
    out->type[i] = known >= 0 ? (uint8_t)out->table->column[known].type : HL_FIELD_TEXT;
    if (is_binary)
        out->binary = i;
    return HL_OK;
}

static hl_code check_needed(const char *path, const hl_row_format *format, hl_error *err)
{
    const hl_table *t = format->table;

    for (size_t i = 0; i < t->n_columns; i++)
        if (format->place[i] < 0 &&
            (t->column[i].role == HL_COLUMN_MANDATORY || t->column[i].role == HL_COLUMN_OPTIONAL))
            return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                              "table %s has no column %s\nExport it with all columns.", t->name,
                              t->column[i].name);
    return HL_OK;
}

hl_code hl_row_format_parse(hl_str text, const char *path, const hl_table *table,
                            hl_row_format *out, hl_error *err)
{
    hl_str line;
    int64_t n = 0;
    hl_code c = HL_OK;

    *out = (hl_row_format){.table = table};
    for (size_t i = 0; i < HL_MAX_KNOWN; i++)
        out->place[i] = -1;
    if (!take_line(&text, &line)) /* the version: of no consequence */
        return hl_fail_at(err, HL_E_INPUT, path, 1, -1, "the file is empty");
    if (!take_line(&text, &line) || !hl_parse_i64(hl_str_trim(line), &n) || n < 1 ||
        n > HL_MAX_COLUMNS)
        return hl_fail_at(err, HL_E_INPUT, path, 2, -1, "not a number of columns (1 to %d)",
                          HL_MAX_COLUMNS);
    out->n_columns = out->binary = (size_t)n;
    for (size_t i = 0; c == HL_OK && i < out->n_columns; i++)
        c = take_line(&text, &line)
                ? take_column(line, i, path, out, err)
                : hl_fail_at(err, HL_E_INPUT, path, (int64_t)i + 3, -1,
                             "the file ends after %zu of %lld columns", i, (long long)n);
    return c == HL_OK ? check_needed(path, out, err) : c;
}
