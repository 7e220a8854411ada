#include "film/findings.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/sort.h"
#include "data/csv.h"
#include "film/plan.h"

const char *const hl_level_name[HL_DEID_HIGH + 1] = {"note", "low", "medium", "high"};

hl_code hl_findings_new(hl_findings *f, hl_error *err)
{
    *f = (hl_findings){.arena = hl_arena_new(0)};
    pthread_mutex_init(&f->lock, NULL);
    return f->arena ? HL_OK : hl_fail_memory(err, "findings", 65536);
}

void hl_findings_free(hl_findings *f)
{
    if (!f->arena)
        return;
    pthread_mutex_destroy(&f->lock);
    hl_arena_free(&f->arena);
    free(f->at);
    *f = (hl_findings){0};
}

static bool keep(hl_findings *f, const hl_finding *found)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 256;
        hl_finding *at = realloc(f->at, cap * sizeof *at);
        if (!at)
            return false;
        f->at = at;
        f->cap = cap;
    }
    const char *path = hl_film_printable(f->arena, found->path);
    if (!path)
        return false;
    f->at[f->n] = (hl_finding){found->level, hl_arena_copy(f->arena, path, strlen(path)),
                               hl_arena_copy(f->arena, found->where, strlen(found->where)),
                               hl_arena_copy(f->arena, found->what, strlen(found->what))};
    if (!f->at[f->n].path || !f->at[f->n].where || !f->at[f->n].what)
        return false;
    f->n++;
    return true;
}

hl_code hl_findings_add(hl_findings *f, hl_deid_level level, const char *path, const char *where,
                        hl_error *err, const char *fmt, ...)
{
    char what[512];
    va_list args;
    hl_code c = HL_OK;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    const hl_finding found = {level, path, where, what};
    pthread_mutex_lock(&f->lock);
    f->count[level]++;
    if (f->n < HL_FINDINGS_MAX && !keep(f, &found))
        c = hl_fail_memory(err, "findings", sizeof found);
    pthread_mutex_unlock(&f->lock);
    return c;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const hl_finding *x = a, *y = b;
    int d = strcmp(x->path, y->path);

    (void)ctx;
    if (d == 0)
        d = strcmp(x->where, y->where);
    return d ? d : strcmp(x->what, y->what);
}

hl_code hl_findings_sort(hl_findings *f, hl_error *err)
{
    return f->n ? hl_sort_stable(f->at, f->n, sizeof *f->at, compare, NULL, err) : HL_OK;
}

int64_t hl_findings_count(const hl_findings *f, hl_deid_level at_least)
{
    int64_t n = 0;

    for (int level = (int)at_least; level <= HL_DEID_HIGH; level++)
        n += f->count[level];
    return n;
}

void hl_findings_put_csv(const hl_findings *f, hl_buf *to)
{
    hl_buf_text(to, "level,path,where,finding\n");
    for (size_t i = 0; i < f->n; i++) {
        hl_buf_printf(to, "%s,", hl_level_name[f->at[i].level]);
        hl_csv_put(to, hl_str_of(f->at[i].path));
        hl_buf_char(to, ',');
        hl_csv_put(to, hl_str_of(f->at[i].where));
        hl_buf_char(to, ',');
        hl_csv_put(to, hl_str_of(f->at[i].what));
        hl_buf_char(to, '\n');
    }
}

void hl_findings_put_text(const hl_findings *f, size_t max, hl_buf *to)
{
    size_t shown = 0;
    char n[32];

    for (int level = HL_DEID_HIGH; level >= HL_DEID_NOTE; level--)
        if (f->count[level])
            hl_buf_printf(to, "%-8s %10s\n", hl_level_name[level],
                          hl_count_text(f->count[level], n));
    for (int level = HL_DEID_HIGH; level > HL_DEID_NOTE && shown < max; level--)
        for (size_t i = 0; i < f->n && shown < max; i++) {
            if ((int)f->at[i].level != level)
                continue;
            hl_buf_printf(to, "%s%-6s %s%s%s: %s\n", shown++ ? "" : "\n", hl_level_name[level],
                          f->at[i].path, *f->at[i].where ? " " : "", f->at[i].where, f->at[i].what);
        }
    if (hl_findings_count(f, HL_DEID_LOW) > (int64_t)shown)
        hl_buf_printf(to, "... and %s more\n",
                      hl_count_text(hl_findings_count(f, HL_DEID_LOW) - (int64_t)shown, n));
}
