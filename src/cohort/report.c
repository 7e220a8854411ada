#include "cohort/report.h"

#include "base/log.h"
#include "base/map.h"

typedef struct {
    const char *name;
    const hl_table *table;
    int64_t subjects;
} line;

static hl_code count_subjects(const hl_table *t, int64_t *out, hl_error *err)
{
    const hl_column *subject = hl_table_column(t, "subject_id");
    hl_map *seen = hl_map_new(t->n_rows);
    hl_code c = seen ? HL_OK : hl_fail_memory(err, "subjects", t->n_rows * 16);

    for (size_t i = 0; c == HL_OK && i < t->n_rows; i++)
        c = hl_map_add(seen, subject->i64[i], 1, NULL, err);
    *out = c == HL_OK ? (int64_t)hl_map_count(seen) : 0;
    hl_map_free(&seen);
    return c;
}

static void put_text(const hl_cohort_summary *m, const line *lines, size_t n, hl_buf *out)
{
    char left[32], dropped[32], hex[HL_HEX_CHARS];
    const hl_selection *s = m->s;

    hl_buf_printf(out, "%-52s %10s %10s\n", "rule", "left", "dropped");
    for (size_t i = 0; i < s->n_steps; i++)
        hl_buf_printf(out, "%-52s %10s %10s\n", s->step[i].rule,
                      hl_count_text(s->step[i].left, left),
                      i ? hl_count_text(s->step[i - 1].left - s->step[i].left, dropped) : "");
    hl_buf_printf(out, "\n%-52s %10s %10s\n", "table", "rows", "patients");
    for (size_t i = 0; i < n; i++)
        hl_buf_printf(out, "%-52s %10s %10s\n", lines[i].name,
                      hl_count_text((int64_t)lines[i].table->n_rows, left),
                      hl_count_text(lines[i].subjects, dropped));
    hl_buf_printf(out, "\nwritten to %s\nmanifest   %s\n", m->out, hl_digest_hex(m->id, hex));
}

static void put_json(const hl_cohort_summary *m, const line *lines, size_t n, hl_buf *out)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    char hex[HL_HEX_CHARS];

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", m->out);
    hl_json_member_cstr(&w, "manifest", hl_digest_hex(m->id, hex));
    hl_json_member_bool(&w, "compat", m->compat);
    hl_json_member_int(&w, "failed", m->s->n_broken);
    hl_json_put_key(&w, "funnel");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < m->s->n_steps; i++) {
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "rule", m->s->step[i].rule);
        hl_json_member_int(&w, "left", m->s->step[i].left);
        hl_json_close(&w, '}');
    }
    hl_json_close(&w, ']');
    hl_json_put_key(&w, "tables");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "name", lines[i].name);
        hl_json_member_int(&w, "rows", (int64_t)lines[i].table->n_rows);
        hl_json_member_int(&w, "subjects", lines[i].subjects);
        hl_json_close(&w, '}');
    }
    hl_json_close(&w, ']');
    hl_json_close(&w, '}');
}

hl_code hl_cohort_report(const hl_cohort_summary *m, hl_report *out, hl_error *err)
{
    line lines[] = {{"symile_mimic_data.csv", m->dataset, 0},
                    {"train.csv", m->tables->train, 0},
                    {"val.csv", m->tables->val, 0},
                    {"val_retrieval.csv", m->tables->val_retrieval, 0},
                    {"test.csv", m->tables->test, 0}};
    size_t n = m->tables->train ? sizeof lines / sizeof *lines : 1;
    hl_buf text = {0}, json = {0};
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < n; i++)
        c = count_subjects(lines[i].table, &lines[i].subjects, err);
    if (c == HL_OK) {
        put_text(m, lines, n, &text);
        put_json(m, lines, n, &json);
        c = hl_buf_check(&text, "a report", err);
    }
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    if (c != HL_OK) {
        hl_buf_free(&text);
        hl_buf_free(&json);
    }
    *out = (hl_report){.json = json.at, .text = text.at};
    return c;
}
