#include "cohort/selection.h"

#include "base/ctl.h"

void hl_selection_free(hl_selection *s)
{
    hl_index_free(&s->by_subject);
    hl_index_free(&s->by_hadm);
    hl_index_free(&s->film_by_dicom);
    hl_index_free(&s->label_by_study);
    hl_index_free(&s->record_by_study);
    hl_table_free(&s->stay);
    hl_table_free(&s->patients);
    hl_table_free(&s->admissions);
    hl_table_free(&s->films);
    hl_table_free(&s->labels);
    hl_table_free(&s->records);
    free(s->alive);
    free(s->film_of);
    free(s->film_exists);
    free(s->record_of);
    free(s->record_state);
    free(s->lab_slot);
    free(s->lab_value);
    free(s->lab_time);
    hl_buf_free(&s->errors);
}

hl_code hl_selection_rule(hl_selection *s, const char *rule, hl_error *err)
{
    int64_t left = 0;

    for (size_t i = 0; i < s->stay->n_rows; i++)
        left += s->alive[i];
    hl_assert(s->n_steps < HL_MAX_RULES);
    s->step[s->n_steps++] = (hl_funnel_step){rule, left};
    hl_code c = hl_manifest_funnel(s->manifest, rule, left, err);
    return c == HL_OK ? hl_ctl_check(s->ctl, err) : c;
}

const char *hl_source_column(const hl_source_table *source, const char *name)
{
    hl_str other = hl_json_text(hl_json_get(source->rename.v, name));
    return other.at ? other.at : name;
}

hl_code hl_source_path(const char *folder, const hl_source_table *source, char path[HL_PATH_BYTES],
                       char relative[HL_PATH_BYTES], hl_error *err)
{
    static const char *const ending[] = {".csv.gz", ".csv"};

    if (!hl_is_folder(folder))
        return hl_fail_at(err, HL_E_INPUT, folder, 0, -1, "no such folder");
    for (size_t i = 0; i < 2; i++) {
        snprintf(relative, HL_PATH_BYTES, "%.2000s%s", source->file, ending[i]);
        hl_code c = hl_path_join(folder, relative, path, err);
        if (c != HL_OK || hl_file_exists(path))
            return c;
    }
    return hl_fail_at(err, HL_E_INPUT, folder, 0, -1, "no table %s.csv.gz or %s.csv", source->file,
                      source->file);
}

hl_code hl_selection_read(hl_selection *s, const char *role, const char *folder,
                          const hl_source_table *source, const hl_col_spec *base, size_t n_base,
                          hl_table_keep keep, void *keep_ctx, hl_table **out, hl_error *err)
{
    char path[HL_PATH_BYTES], relative[HL_PATH_BYTES];
    size_t n = n_base + source->n_times + source->n_columns + source->n_present, k = 0;
    hl_col_spec *spec = calloc(n + 1, sizeof *spec);
    hl_table_options to = {.name = relative,
                           .keep = keep,
                           .keep_ctx = keep_ctx,
                           .cpu = s->cpu,
                           .ctl = s->ctl,
                           .time_rule = s->o->compat ? HL_TIME_STRICT : HL_TIME_CUT_FRACTION};
    hl_code c = hl_source_path(folder, source, path, relative, err);

    if (!spec)
        c = hl_fail_memory(err, "columns", n * sizeof *spec);
    if (c == HL_OK) {
        for (size_t i = 0; i < n_base; i++)
            spec[k++] = base[i];
        for (size_t i = 0; i < source->n_times; i++)
            spec[k++] = (hl_col_spec){.name = source->times[i],
                                      .type = HL_COL_TIME,
                                      .required = strcmp(source->times[i], "admittime") == 0};
        for (size_t i = 0; i < source->n_columns; i++)
            spec[k++] = (hl_col_spec){.name = source->columns[i], .type = HL_COL_AUTO};
        for (size_t i = 0; s->o->compat && i < source->n_present; i++)
            spec[k++] = (hl_col_spec){.name = source->present[i], .type = HL_COL_EXISTS};
        for (size_t i = 0; i < k; i++)
            spec[i].source = hl_source_column(source, spec[i].name);
        c = hl_table_read(path, spec, k, &to, out, err);
    }
    if (c == HL_OK)
        c = hl_manifest_read(s->manifest, role, relative, &(*out)->digest, err);
    free(spec);
    return c;
}

hl_code hl_selection_unique(const hl_selection *s, const hl_table *table, const hl_index *index,
                            const hl_column *key, hl_error *err)
{
    int64_t row = hl_index_duplicate(index);
    char text[HL_SHOW_BYTES];

    if (row < 0 || s->o->compat || s->o->allow_duplicates)
        return HL_OK;
    if (key->text)
        hl_show(key->text[row], text);
    else
        snprintf(text, sizeof text, "%lld", (long long)key->i64[row]);
    return hl_fail_at(err, HL_E_INPUT, table->name, 0, -1,
                      "%s %s stands in more than one row\nRepeated keys would repeat admissions. "
                      "Remove them, or use --allow-duplicates.",
                      key->name, text);
}
