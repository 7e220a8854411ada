#include "monitor/export_internal.h"

static bool is_digits(hl_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)(text.at[i] - '0') > 9)
            return false;
    return text.n > 0;
}

/* What stands behind a table's name: nothing, ".dat" or ".YYYYMMDD_YYYYMMDD", then perhaps ".gz".
 * waveform.md 4.7 */
static bool is_data_suffix(hl_str rest)
{
    if (hl_str_ends(rest, ".gz"))
        rest.n -= 3;
    if (rest.n == 0 || hl_str_is(rest, ".dat"))
        return true;
    if (*rest.at != '.')
        return false;
    rest = (hl_str){rest.at + 1, rest.n - 1};
    const char *bar = memchr(rest.at, '_', rest.n);
    return bar && is_digits((hl_str){rest.at, (size_t)(bar - rest.at)}) &&
           is_digits((hl_str){bar + 1, (size_t)(rest.at + rest.n - bar - 1)});
}

typedef enum { NOT_OURS, FORMAT_FILE, DATA_FILE } role;

static role role_of(const char *name, hl_table_id *table)
{
    for (int t = 0; t < HL_TABLES; t++) {
        if (!hl_str_starts(hl_str_of(name), hl_tables[t].name))
            continue;
        hl_str rest = hl_str_of(name + strlen(hl_tables[t].name));
        *table = (hl_table_id)t;
        if (hl_str_is(rest, ".fmt"))
            return FORMAT_FILE;
        if (is_data_suffix(rest))
            return DATA_FILE;
    }
    return NOT_OURS;
}

hl_code hl_export_grow(void **items, size_t *cap, size_t n, size_t item_bytes, hl_error *err)
{
    size_t more = *cap ? *cap * 2 : 64, bytes;
    void *p;

    if (n < *cap)
        return HL_OK;
    if (!hl_mul_size(more, item_bytes, &bytes) || !(p = realloc(*items, bytes)))
        return hl_fail_memory(err, "export", item_bytes);
    *items = p;
    *cap = more;
    return HL_OK;
}

/* folder/name joins the list of files; *index of it. */
static hl_code add_file(hl_export *e, const char *folder, const char *name, size_t *index,
                        hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_code c = hl_path_join(folder, name, path, err);

    if (c == HL_OK)
        c = hl_export_grow((void **)&e->file, &e->cap_files, e->n_files, sizeof *e->file, err);
    if (c == HL_OK)
        c = hl_in_open(path, &in, err);
    if (c != HL_OK)
        return c;
    const int64_t bytes = hl_in_size(in);
    hl_in_close(&in);
    const char *kept = hl_arena_copy(e->arena, path, strlen(path));
    if (!kept)
        return hl_fail_memory(err, "a path", strlen(path));
    *index = e->n_files++;
    e->file[*index] = (hl_export_file){.path = kept, .bytes = bytes};
    return HL_OK;
}

static hl_code add_format(hl_export *e, const char *folder, const char *name, hl_table_id table,
                          size_t *format, hl_error *err)
{
    hl_buf text = {0};
    size_t index;
    hl_code c = add_file(e, folder, name, &index, err);

    if (c == HL_OK)
        c = hl_export_grow((void **)&e->format, &e->cap_formats, e->n_formats, sizeof *e->format,
                           err);
    if (c == HL_OK)
        c = hl_read_file(e->file[index].path, HL_FORMAT_BYTES, &text, &e->file[index].digest, err);
    if (c == HL_OK)
        c = hl_row_format_parse((hl_str){text.at, text.n}, e->file[index].path, &hl_tables[table],
                                &e->format[e->n_formats], err);
    if (c == HL_OK) {
        e->file[index].was_read = true;
        *format = e->n_formats++;
    }
    hl_buf_free(&text);
    return c;
}

/* The name in findings: with the last folder of its path if there are several. */
static const char *shown_name(hl_export *e, const char *folder, const char *name, bool several)
{
    size_t n = strlen(folder), from;

    while (n > 1 && folder[n - 1] == '/')
        n--;
    for (from = n; from > 0 && folder[from - 1] != '/';)
        from--;
    return several ? hl_arena_printf(e->arena, "%.*s/%s", (int)(n - from), folder + from, name)
                   : hl_arena_printf(e->arena, "%s", name);
}

static hl_code add_part(hl_export *e, const char *folder, const char *name, hl_table_id table,
                        size_t format, bool several, hl_error *err)
{
    hl_part part = {.table = table, .format = format, .first_us = INT64_MIN};
    hl_code c = add_file(e, folder, name, &part.file, err);

    if (c == HL_OK)
        c = hl_export_grow((void **)&e->part, &e->cap_parts, e->n_parts, sizeof *e->part, err);
    if (c != HL_OK)
        return c;
    part.name = shown_name(e, folder, name, several);
    if (!part.name)
        return hl_fail_memory(err, "a name", strlen(name));
    e->part[e->n_parts++] = part;
    return HL_OK;
}

/* name and name.gz side by side: one table twice. */
static hl_code check_twice(const hl_names *names, size_t i, const char *folder, hl_error *err)
{
    for (size_t k = i + 1; k < names->n && hl_str_starts(hl_str_of(names->name[k]), names->name[i]);
         k++)
        if (!strcmp(names->name[k] + strlen(names->name[i]), ".gz"))
            return hl_fail_at(err, HL_E_INPUT, folder, 0, -1,
                              "has both %s and %s\nThey are two forms of one file: remove one.",
                              names->name[i], names->name[k]);
    return HL_OK;
}

#define NO_FORMAT SIZE_MAX

static hl_code take_folder(hl_export *e, const char *folder, const hl_names *names, bool several,
                           hl_error *err)
{
    size_t format[HL_TABLES];
    hl_table_id table;
    hl_code c = HL_OK;

    for (int t = 0; t < HL_TABLES; t++)
        format[t] = NO_FORMAT;
    for (size_t i = 0; c == HL_OK && i < names->n; i++)
        if (role_of(names->name[i], &table) == FORMAT_FILE)
            c = add_format(e, folder, names->name[i], table, &format[table], err);
    for (size_t i = 0; c == HL_OK && i < names->n; i++) {
        if (role_of(names->name[i], &table) != DATA_FILE)
            continue;
        if (format[table] == NO_FORMAT)
            c = hl_fail_at(err, HL_E_INPUT, folder, 0, -1,
                           "%s cannot be read without %s.fmt\nIt says which column stands where: "
                           "put it beside.",
                           names->name[i], hl_tables[table].name);
        if (c == HL_OK)
            c = check_twice(names, i, folder, err);
        if (c == HL_OK)
            c = add_part(e, folder, names->name[i], table, format[table], several, err);
    }
    return c;
}

static bool has_data(const hl_names *names)
{
    hl_table_id table;

    for (size_t i = 0; i < names->n; i++)
        if (role_of(names->name[i], &table) == DATA_FILE)
            return true;
    return false;
}

/* A folder of the export, or one of its day folders, by their names. */
static hl_code look_into(hl_export *e, const char *folder, bool several, bool is_day, hl_error *err)
{
    hl_names names = {0};
    char path[HL_PATH_BYTES];
    hl_code c = hl_list_folder(folder, &names, err);
    bool has = c == HL_OK && has_data(&names);

    if (has)
        c = take_folder(e, folder, &names, several, err);
    for (size_t i = 0; c == HL_OK && !has && !is_day && i < names.n; i++) {
        c = hl_path_join(folder, names.name[i], path, err);
        if (c == HL_OK && hl_is_folder(path))
            c = look_into(e, path, true, true, err);
    }
    hl_names_free(&names);
    return c;
}

hl_code hl_export_find_files(hl_export *e, const char *const *folder, size_t n, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < n; i++) {
        size_t before = e->n_parts;
        c = look_into(e, folder[i], n > 1, false, err);
        if (c == HL_OK && e->n_parts == before)
            c = hl_fail_at(err, HL_E_INPUT, folder[i], 0, -1,
                           "holds no monitor export: no file of a table as WaveSample, "
                           "NumericValue, Wave\nName the folder that has them, or the one that has "
                           "its days.");
    }
    return c;
}

/* --- order ------------------------------------------------------------------------------------ */

static bool time_of(const hl_row_format *format, const hl_row *row, int64_t *us)
{
    hl_stamp t;
    const int at = format->place[COLUMN_TIME];

    if (at < 0 || !hl_stamp_parse(row->field[at], &t))
        return false;
    *us = t.us;
    return true;
}

/* The time of a part's first row that has one. */
static hl_code find_first(hl_export *e, hl_part *part, hl_row *row, hl_error *err)
{
    enum { ROWS_TRIED = 1000 };
    hl_rows *rows = NULL;
    hl_code c = hl_part_open(e, part, HL_STREAM_PLAIN, NULL, &rows, err);

    for (int i = 0; c == HL_OK && i < ROWS_TRIED && part->first_us == INT64_MIN; i++)
        if ((c = hl_rows_next(rows, row, err)) == HL_OK && row->skipped == 0)
            time_of(&e->format[part->format], row, &part->first_us);
    hl_rows_free(&rows);
    /* What is wrong with the bytes is said when they are read. */
    return c == HL_E_LIMIT || c == HL_E_STOPPED ? c : HL_OK;
}

/* The time of the last row; INT64_MIN when it cannot be told without reading all (gzip). */
static hl_code find_last(const hl_export *e, const hl_part *part, int64_t *us, hl_error *err)
{
    enum { TAIL = 1 << 17 };
    hl_in *in = NULL;
    size_t got = 0;
    hl_rows *rows = NULL;
    hl_stream *stream = NULL;
    hl_row *row = malloc(sizeof *row);
    char *tail = malloc(TAIL);
    const hl_export_file *file = &e->file[part->file];
    const hl_row_format *format = &e->format[part->format];
    hl_code c = row && tail ? hl_in_open(file->path, &in, err) : hl_fail_memory(err, "tail", TAIL);

    *us = INT64_MIN;
    if (c == HL_OK)
        c = hl_in_pread(in, tail, TAIL, file->bytes > TAIL ? file->bytes - TAIL : 0, &got, err);
    hl_in_close(&in);
    size_t at = c == HL_OK ? hl_rows_last(format, tail, got) : got;
    if (c == HL_OK && at < got) {
        c = hl_in_memory(tail + at, got - at, part->name, &in, err);
        if (c == HL_OK)
            c = hl_stream_in(in, HL_STREAM_PLAIN, NULL, &stream, err);
        if (c == HL_OK)
            c = hl_rows_new(&stream, format, &rows, err);
        if (c == HL_OK && hl_rows_next(rows, row, NULL) == HL_OK && row->skipped == 0)
            time_of(format, row, us);
        hl_rows_free(&rows);
        hl_in_close(&in);
    }
    free(row);
    free(tail);
    return c;
}

static hl_code check_pair(const hl_export *e, const hl_part *older, const hl_part *newer,
                          hl_error *err)
{
    int64_t last = INT64_MIN;
    hl_code c = HL_OK;

    if (!hl_str_ends(hl_str_of(older->name), ".gz"))
        c = find_last(e, older, &last, err);
    if (c == HL_OK && newer->first_us < (last > older->first_us ? last : older->first_us))
        c = hl_fail_at(err, HL_E_INPUT, e->file[newer->file].path, 0, -1,
                       "begins before the end of %s\nFiles of a table are read by the order of "
                       "folders and names, and may not overlap in time.",
                       older->name);
    return c;
}

hl_code hl_export_check_order(hl_export *e, hl_error *err)
{
    const hl_part *before[HL_TABLES] = {0};
    hl_row *row = malloc(sizeof *row);
    hl_code c = row ? HL_OK : hl_fail_memory(err, "a row", sizeof *row);

    for (size_t i = 0; c == HL_OK && i < e->n_parts; i++) {
        hl_part *part = &e->part[i];
        if (hl_tables[part->table].is_definition)
            continue;
        c = find_first(e, part, row, err);
        if (c != HL_OK || part->first_us == INT64_MIN)
            continue;
        if (before[part->table])
            c = check_pair(e, before[part->table], part, err);
        before[part->table] = part;
    }
    free(row);
    return c;
}
