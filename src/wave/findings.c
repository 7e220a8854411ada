#include "wave/findings.h"

#include <stdarg.h>
#include <stdlib.h>

enum { ARENA_BYTES = 4096, FIRST_ROWS = 16, MOST_TEXT = 4096 };

static const char *const mark[HL_FOUND_LEVELS] = {"(II) ", "(WW) ", "(EE) "};
static const char *const word[HL_FOUND_LEVELS] = {"note", "warning", "error"};

hl_code hl_wave_findings_new(hl_wave_findings *f, bool quiet, hl_error *err)
{
    *f = (hl_wave_findings){.quiet = quiet, .arena = hl_arena_new(ARENA_BYTES)};
    return f->arena ? HL_OK : hl_fail_memory(err, "findings", ARENA_BYTES);
}

void hl_wave_findings_free(hl_wave_findings *f)
{
    hl_arena_free(&f->arena);
    free(f->row);
    *f = (hl_wave_findings){0};
}

/* --- adding ----------------------------------------------------------------------------------- */

static bool make_room(hl_wave_findings *f)
{
    if (f->n < f->cap)
        return true;
    size_t cap = f->cap ? 2 * f->cap : FIRST_ROWS;
    hl_found *row = realloc(f->row, cap * sizeof *row);
    if (!row)
        return false;
    f->row = row;
    f->cap = cap;
    return true;
}

/* A copy; that of the row before serves again, as neighbours speak of the same place. */
static const char *keep(hl_wave_findings *f, const char *text, const char *before)
{
    if (!text)
        return NULL;
    if (before && strcmp(before, text) == 0)
        return before;
    const char *copy = hl_arena_copy(f->arena, text, strlen(text));
    f->oom |= !copy;
    return copy;
}

void hl_wave_found(hl_wave_findings *f, hl_found_level level, const hl_found_at *at,
                   const char *fmt, ...)
{
    const hl_found_at before = f->n > 0 ? f->row[f->n - 1].at : (hl_found_at){0};
    char text[MOST_TEXT];
    va_list ap;

    f->count[level]++;
    if ((f->quiet && level == HL_FOUND_NOTE) || f->n >= HL_WAVE_FINDINGS_MOST)
        return;
    if (!make_room(f)) {
        f->oom = true;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    f->row[f->n++] = (hl_found){.level = level,
                                .at = {.record = keep(f, at->record, before.record),
                                       .segment = keep(f, at->segment, before.segment),
                                       .annotator = keep(f, at->annotator, before.annotator),
                                       .signal_name = keep(f, at->signal_name, before.signal_name),
                                       .signal = at->signal},
                                .text = keep(f, text, NULL)};
}

hl_code hl_wave_findings_check(const hl_wave_findings *f, hl_error *err)
{
    return f->oom ? hl_fail_memory(err, "findings", f->n * sizeof *f->row) : HL_OK;
}

/* --- printing --------------------------------------------------------------------------------- */

/* lines: a line end stays, as some messages of the WFDB library have two. Names of files cannot
 * bring one into a message, as hl_show() shows them. */
static void put_clean(hl_buf *to, const char *text, bool lines)
{
    size_t n = text ? strlen(text) : 0;
    int64_t bad = hl_utf8_fault(text ? text : "", n);

    for (size_t i = 0; i < n; i++) {
        unsigned char ch = (unsigned char)text[i];
        bool invalid = bad == (int64_t)i;
        if (invalid || (ch < ' ' && !(lines && ch == '\n')) || ch == 0x7f)
            hl_buf_printf(to, "\\x%02x", ch);
        else
            hl_buf_char(to, (char)ch);
        if (invalid) {
            bad = hl_utf8_fault(text + i + 1, n - i - 1);
            bad += bad >= 0 ? (int64_t)i + 1 : 0;
        }
    }
}

static int64_t not_kept(const hl_wave_findings *f)
{
    int64_t n = f->count[HL_FOUND_WARNING] + f->count[HL_FOUND_ERROR] - (int64_t)f->n;

    return n + (f->quiet ? 0 : f->count[HL_FOUND_NOTE]);
}

void hl_wave_findings_text(const hl_wave_findings *f, hl_buf *to)
{
    for (size_t i = 0; i < f->n; i++) {
        const hl_found *row = &f->row[i];
        hl_buf_text(to, mark[row->level]);
        put_clean(to, row->at.record, false);
        if (row->at.segment) {
            hl_buf_char(to, ':');
            put_clean(to, row->at.segment, false);
        }
        hl_buf_text(to, ": ");
        if (row->at.annotator) {
            hl_buf_text(to, "annotator ");
            put_clean(to, row->at.annotator, false);
            hl_buf_text(to, ": ");
        }
        if (row->at.signal >= 0)
            hl_buf_printf(to, "signal %d", (int)row->at.signal);
        if (row->at.signal >= 0 && row->at.signal_name) {
            hl_buf_text(to, " (");
            put_clean(to, row->at.signal_name, false);
            hl_buf_char(to, ')');
        }
        if (row->at.signal >= 0)
            hl_buf_text(to, ": ");
        put_clean(to, row->text, true);
        hl_buf_char(to, '\n');
    }
    if (not_kept(f) > 0) {
        hl_buf_text(to, "     ");
        put_clean(to, f->row[0].at.record, false);
        hl_buf_printf(to, ": %lld more are not listed\n", (long long)not_kept(f));
    }
}

static void put_member(hl_json_writer *w, hl_buf *scratch, const char *key, const char *text)
{
    hl_buf_clear(scratch);
    put_clean(scratch, text, true);
    if (text)
        hl_json_member_text(w, key, (hl_str){scratch->n ? scratch->at : "", scratch->n});
}

void hl_wave_findings_json(const hl_wave_findings *f, hl_json_writer *w)
{
    hl_buf scratch = {0};

    for (size_t i = 0; i < f->n; i++) {
        const hl_found *row = &f->row[i];
        hl_json_open(w, '{');
        hl_json_member_cstr(w, "level", word[row->level]);
        put_member(w, &scratch, "record", row->at.record);
        put_member(w, &scratch, "segment", row->at.segment);
        put_member(w, &scratch, "annotator", row->at.annotator);
        if (row->at.signal >= 0)
            hl_json_member_int(w, "signal", row->at.signal);
        if (row->at.signal >= 0)
            put_member(w, &scratch, "signal_name", row->at.signal_name);
        put_member(w, &scratch, "text", row->text);
        hl_json_close(w, '}');
    }
    w->to->oom |= scratch.oom;
    hl_buf_free(&scratch);
}
