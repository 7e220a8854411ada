#include <stdlib.h>

#include "command/wave_window.h"
#include "wave/numerics_out.h"

static const hl_option options[] = {
    {.name = "record",
     .type = HL_OPT_PATH,
     .value = "RECORD",
     .required = true,
     .argument = true,
     .help = "FOLDER/NAME without extension, its numerics file (FOLDER/NAMEn.csv.gz), or an "
             "http(s):// address of one"},
    {.name = "from",
     .type = HL_OPT_TEXT,
     .value = "TIME",
     .help = "begin here: seconds, H:M:S, cN (counter ticks), [H:M:S DD/MM/YYYY] or YYYY-MM-DD "
             "H:M:S on the record's clock"},
    HL_OPTION_TO,
    {.name = "columns",
     .type = HL_OPT_TEXT,
     .value = "LIST",
     .help = "measurements by name, with commas: 'HR,NBPs [mmHg]' (default: all)"},
    {.name = "rate",
     .type = HL_OPT_TEXT,
     .value = "HZ",
     .initial = "raw",
     .help = "raw (the rows of the file), or rows at so many Hz, each with the last value within "
             "its step"},
    {.name = "fill",
     .type = HL_OPT_CHOICE,
     .choices = "none|hold",
     .initial = "none",
     .help = "hold: a row without a value takes the last one before it"},
    {.name = "hold-s",
     .type = HL_OPT_TEXT,
     .value = "S",
     .help = "--fill hold: values older than this many seconds are not taken (default: however "
             "old)"},
    {.name = "format",
     .type = HL_OPT_CHOICE,
     .choices = "csv|npy",
     .initial = "csv",
     .help = "npy needs --out FILE.npy; the columns' names are in FILE.columns.json"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "file to write (default: stdout)"},
    {0}};

static hl_code take_number(const hl_options *o, const char *name, const char *unit, double most,
                           double *out, hl_error *err)
{
    const char *text = hl_options_text(o, name);

    if (!text)
        return HL_OK;
    if (hl_parse_f64(hl_str_of(text), out) && *out > 0 && *out <= most)
        return HL_OK;
    return hl_fail(err, HL_E_USAGE, "--%s: '%.60s' is no number of %s above 0, up to %.0f", name,
                   text, unit, most);
}

static hl_code take_times(const hl_options *o, const hl_numerics_info *n, hl_numerics_rows *rows,
                          hl_error *err)
{
    const char *from = hl_options_text(o, "from"), *to = hl_options_text(o, "to");
    hl_code c = HL_OK;

    rows->from = HL_NUMERICS_START;
    rows->to = HL_NUMERICS_END;
    if (from)
        c = hl_numerics_tick_of(n, from, &rows->from, err);
    if (c == HL_OK && to)
        c = hl_numerics_tick_of(n, to, &rows->to, err);
    if (c == HL_OK && from && to && rows->to <= rows->from)
        c = hl_fail(err, HL_E_USAGE, "--to %.60s is not behind --from %.60s", to, from);
    return c;
}

static hl_code take_columns(const char *list, const hl_numerics_info *n, hl_numerics_rows *rows,
                            int32_t **column, hl_error *err)
{
    hl_str rest = hl_str_of(list);
    size_t most = 1;
    hl_code c = HL_OK;

    if (!list)
        return HL_OK;
    for (size_t i = 0; i < rest.n; i++)
        most += rest.at[i] == ',';
    *column = malloc(most * sizeof **column);
    if (!*column)
        return hl_fail_memory(err, "columns", most * sizeof **column);
    while (c == HL_OK && rows->n_columns < (int32_t)most) {
        const char *comma = rest.n ? memchr(rest.at, ',', rest.n) : NULL;
        const hl_str name = {rest.at, comma ? (size_t)(comma - rest.at) : rest.n};
        c = hl_numerics_find(n, hl_str_trim(name), *column + rows->n_columns, err);
        if (c == HL_OK)
            rows->n_columns++;
        if (comma)
            rest = (hl_str){comma + 1, rest.n - name.n - 1};
    }
    rows->column = *column;
    return c;
}

/* What the options say of these numerics. */
static hl_code take_options(const hl_options *o, const hl_numerics_info *n, hl_numerics_rows *rows,
                            int32_t **column, hl_error *err)
{
    const bool raw = strcmp(hl_options_text(o, "rate"), "raw") == 0;
    hl_code c = take_times(o, n, rows, err);

    rows->format =
        strcmp(hl_options_text(o, "format"), "npy") == 0 ? HL_NUMERICS_NPY : HL_NUMERICS_CSV;
    rows->hold = strcmp(hl_options_text(o, "fill"), "hold") == 0;
    if (c == HL_OK && !raw)
        c = take_number(o, "rate", "Hz (or 'raw')", 1e6, &rows->rate_hz, err);
    if (c == HL_OK)
        c = take_number(o, "hold-s", "seconds", 1e9, &rows->hold_s, err);
    if (c == HL_OK && rows->hold_s > 0 && !rows->hold)
        c = hl_fail(err, HL_E_USAGE, "--hold-s goes with --fill hold");
    if (c == HL_OK && rows->format == HL_NUMERICS_NPY && !hl_options_text(o, "out"))
        c = hl_fail(err, HL_E_USAGE,
                    "--format npy needs --out FILE.npy: its columns are named in a "
                    "file beside it");
    return c == HL_OK ? take_columns(hl_options_text(o, "columns"), n, rows, column, err) : c;
}

/* FILE.columns.json beside FILE.npy. */
static hl_code write_names(const char *out, const hl_numerics_info *n, const hl_numerics_rows *rows,
                           hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_str stem = hl_str_of(out);
    hl_buf json = {0};
    hl_code c;

    if (hl_str_ends(stem, ".npy"))
        stem.n -= 4;
    const int len = snprintf(path, sizeof path, "%.*s.columns.json", (int)stem.n, stem.at);
    if (len < 0 || len >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "--out: the name is too long");
    c = hl_numerics_describe(n, rows, &json, err);
    if (c == HL_OK)
        c = hl_write_file(path, json.at, json.n, NULL, err);
    hl_buf_free(&json);
    return c;
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_numerics *numerics = NULL;
    hl_numerics_rows rows = {0};
    hl_output to = {0};
    int32_t *column = NULL;
    int64_t n_rows = 0;
    hl_code c = hl_numerics_open(hl_options_text(o, "record"), ctl, &numerics, err);

    if (c != HL_OK)
        return c;
    const hl_numerics_info *n = hl_numerics_about(numerics);
    c = take_options(o, n, &rows, &column, err);
    if (c == HL_OK)
        c = hl_numerics_count(n, &rows, &n_rows, err);
    if (c == HL_OK)
        c = hl_output_begin(o, result, &to, err);
    if (c == HL_OK) {
        c = hl_numerics_write(n, &rows, &to.sink, ctl, err);
        if (c == HL_OK && rows.format == HL_NUMERICS_NPY)
            c = write_names(hl_options_text(o, "out"), n, &rows, err);
        c = hl_output_end(&to, c, err);
    }
    if (c == HL_OK && !result->streamed) {
        hl_buf_printf(&result->text, "%s: %lld rows of %lld measurements\n",
                      hl_options_text(o, "out"), (long long)n_rows,
                      (long long)(rows.column ? rows.n_columns : n->n_columns));
        hl_buf_printf(&result->json, "{\"rows\": %lld}", (long long)n_rows);
    }
    free(column);
    hl_numerics_close(&numerics);
    return c;
}

const hl_command hl_command_wave_numerics = {
    .name = "wave numerics",
    .summary = "numerics of a record (heart rate, pressures), as csv or npy",
    .about =
        "Reads the numerics of a MIMIC-IV-WDB record (RECORDn.csv.gz) and writes them to stdout or "
        "a file: the rows as they are, or one row for each step of a regular grid, which has the "
        "last value measured within the step.\n\n"
        "csv rows begin with the counter tick, the seconds since the record's start and, when the "
        "record has a clock, the time. What was not measured is an empty cell (csv) or NaN (npy). "
        "Without RECORD.hea beside the file, 999.56 ticks are a second.",
    .option = options,
    .example = {"hilum wave numerics waves/waves/p100/p10008504/88457428/88457428 --rate 1 --fill "
                "hold --hold-s 60",
                "hilum wave numerics waves/waves/p100/p10008504/88457428/88457428 --columns HR "
                "--format npy --out hr.npy"},
    .run = run,
};
