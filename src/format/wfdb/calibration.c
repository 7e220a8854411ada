#include "format/wfdb/calibration.h"

#include <math.h>

/* The next word of a line: blanks and tabs stand between words. Empty when there is none. */
static hl_str take_word(hl_str *line)
{
    size_t n = 0;

    while (line->n > 0 && (line->at[0] == ' ' || line->at[0] == '\t')) {
        line->at++;
        line->n--;
    }
    while (n < line->n && line->at[n] != ' ' && line->at[n] != '\t' && line->at[n] != '\r')
        n++;
    hl_str word = {line->at, n};
    line->at += n;
    line->n -= n;
    return word;
}

/* "-" and what is no number: NaN. */
static double level_of(hl_str word)
{
    double v;

    return hl_parse_f64(word, &v) ? v : (double)NAN;
}

static hl_pulse_shape shape_of(hl_str word)
{
    return hl_str_is(word, "square")     ? HL_PULSE_SQUARE
           : hl_str_is(word, "sine")     ? HL_PULSE_SINE
           : hl_str_is(word, "sawtooth") ? HL_PULSE_SAWTOOTH
                                         : HL_PULSE_UNDEFINED;
}

/* false: the line is no row. *memory is cleared when there is none left. */
static bool take_row(hl_arena *arena, hl_str line, hl_calibration_row *row, bool *memory)
{
    hl_str word[5];

    while (line.n > 0 && (line.at[0] == ' ' || line.at[0] == '\t' || line.at[0] == '\r')) {
        line.at++;
        line.n--;
    }
    const char *tab = line.n > 0 && line.at[0] != '#' ? memchr(line.at, '\t', line.n) : NULL;
    if (!tab)
        return false;
    hl_str name = {line.at, (size_t)(tab - line.at)}, rest = {tab, line.n - name.n};
    for (int i = 0; i < 5; i++) {
        word[i] = take_word(&rest);
        if (word[i].n == 0)
            return false;
    }
    if (hl_str_is(name, "*"))
        name.n = 0;
    double scale = level_of(word[3]);
    *row = (hl_calibration_row){.name = hl_arena_copy(arena, name.at, name.n),
                                .units = hl_arena_copy(arena, word[4].at, word[4].n),
                                .low = level_of(word[0]),
                                .high = level_of(word[1]),
                                .scale = isfinite(scale) && scale > 0 ? scale : 0,
                                .pulse = shape_of(word[2])};
    *memory = row->name && row->units;
    return true;
}

hl_code hl_calibrations_parse(hl_arena *arena, hl_str text, hl_calibrations *out, hl_error *err)
{
    size_t n_lines = 1, n = 0;
    bool memory = true;

    *out = (hl_calibrations){0};
    for (size_t i = 0; i < text.n; i++)
        n_lines += text.at[i] == '\n';
    hl_calibration_row *row = hl_arena_calloc(arena, n_lines, sizeof *row);
    if (!row)
        return hl_fail_memory(err, "calibration list", n_lines * sizeof *row);
    while (text.n > 0 && memory) {
        const char *end = memchr(text.at, '\n', text.n);
        hl_str line = {text.at, end ? (size_t)(end - text.at) : text.n};
        n += take_row(arena, line, &row[n], &memory);
        text.at += line.n + (end != NULL);
        text.n -= line.n + (end != NULL);
    }
    if (!memory)
        return hl_fail_memory(err, "calibration list", text.n);
    *out = (hl_calibrations){row, n};
    return HL_OK;
}

hl_code hl_calibrations_shipped(hl_arena *arena, hl_calibrations *out, hl_error *err)
{
    return hl_calibrations_parse(arena, hl_str_of(hl_wfdbcal_text), out, err);
}

const hl_calibration_row *hl_calibration_find(const hl_calibrations *list, const char *name,
                                              const char *units)
{
    for (size_t i = 0; i < list->n; i++) {
        const hl_calibration_row *row = &list->row[i];
        if (strncmp(name, row->name, strlen(row->name)) == 0 &&
            (!units || strcmp(units, row->units) == 0))
            return row;
    }
    return NULL;
}
