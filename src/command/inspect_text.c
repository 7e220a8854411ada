/* inspect_text.c - titles, facts, sizes and aligned tables of hilum inspect. */
#include "command/inspect.h"

#include <math.h>
#include <stdarg.h>

enum { LABEL_WIDTH = 13, GAP = 2 };

void hl_inspect_title(hl_inspect *in, const char *kind, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    hl_buf_printf(in->text, "%s: %s\n", in->path, line);
    hl_json_member_cstr(in->json, "kind", kind);
}

void hl_inspect_fact(hl_inspect *in, const char *label, const char *fmt, ...)
{
    char value[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    hl_buf_printf(in->text, "  %-*s %s\n", LABEL_WIDTH, label, value);
}

static void put_key(hl_inspect *in, const char *key)
{
    if (key)
        hl_json_put_key(in->json, key);
}

void hl_inspect_put_text(hl_inspect *in, const char *key, hl_str text)
{
    char show[HL_SHOW_BYTES];

    put_key(in, key);
    if (hl_utf8_fault(text.at, text.n) >= 0)
        hl_json_put_cstr(in->json, hl_show(text, show));
    else
        hl_json_put_text(in->json, text);
}

void hl_inspect_put_int(hl_inspect *in, const char *key, int64_t v)
{
    put_key(in, key);
    hl_json_put_int(in->json, v);
}

void hl_inspect_put_real(hl_inspect *in, const char *key, double v)
{
    char text[HL_F64_CHARS];

    put_key(in, key);
    if (isfinite(v)) {
        hl_json_put_real(in->json, v);
    } else {
        hl_print_f64(v, text);
        hl_json_put_cstr(in->json, text);
    }
}

void hl_inspect_put_digest(hl_inspect *in, const char *key, const hl_digest *d)
{
    char hex[HL_HEX_CHARS];

    put_key(in, key);
    hl_json_put_cstr(in->json, hl_digest_hex(d, hex));
}

const char *hl_size_text(int64_t bytes, char out[HL_SIZE_CHARS])
{
    static const char *const unit[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double v = (double)bytes / 1000;
    size_t i = 0;

    if (bytes < 1000) {
        snprintf(out, HL_SIZE_CHARS, "%lld byte%s", (long long)bytes, bytes == 1 ? "" : "s");
        return out;
    }
    while (v >= 999.95 && i + 1 < sizeof unit / sizeof *unit) {
        v /= 1000;
        i++;
    }
    snprintf(out, HL_SIZE_CHARS, "%.1f %s", v, unit[i]);
    return out;
}

const char *hl_short_text(double v, char out[HL_SIZE_CHARS])
{
    snprintf(out, HL_SIZE_CHARS, "%.6g", v);
    return out;
}

/* --- tables ------------------------------------------------------------------------------ */

hl_grid hl_grid_new(hl_arena *arena, const char *align)
{
    return (hl_grid){.arena = arena, .align = align, .n_columns = strlen(align)};
}

static void add_cell(hl_grid *grid, const char *text)
{
    if (!text)
        grid->oom = true;
    hl_buf_append(&grid->cells, &text, sizeof text);
    grid->n_cells++;
}

void hl_grid_cell(hl_grid *grid, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_cell(grid, hl_arena_copy(grid->arena, text, strlen(text)));
}

void hl_grid_show(hl_grid *grid, hl_str text)
{
    char show[HL_SHOW_BYTES];

    hl_show(text, show);
    add_cell(grid, hl_arena_copy(grid->arena, show, strlen(show)));
}

/* Characters, not bytes: continuation bytes of UTF-8 have no width. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_blanks(hl_buf *out, size_t n)
{
    while (n-- > 0)
        hl_buf_char(out, ' ');
}

hl_code hl_grid_print(hl_grid *grid, hl_buf *out, hl_error *err)
{
    hl_code c = HL_OK;
    size_t *width = hl_arena_calloc(grid->arena, grid->n_columns, sizeof *width);

    if (grid->oom || grid->cells.oom || !width) {
        c = hl_fail_memory(err, "a table of text", grid->n_cells);
        goto done;
    }
    const char *const *cell = (const char *const *)(const void *)grid->cells.at;
    for (size_t i = 0; i < grid->n_cells; i++) {
        size_t w = width_of(cell[i]);
        if (w > width[i % grid->n_columns])
            width[i % grid->n_columns] = w;
    }
    for (size_t i = 0; i < grid->n_cells; i++) {
        size_t column = i % grid->n_columns, pad = width[column] - width_of(cell[i]);
        put_blanks(out, GAP);
        if (grid->align[column] == 'r')
            put_blanks(out, pad);
        hl_buf_text(out, cell[i]);
        if (column + 1 < grid->n_columns) {
            if (grid->align[column] == 'l')
                put_blanks(out, pad);
            continue;
        }
        while (out->n > 0 && out->at[out->n - 1] == ' ') /* empty cells at the end of a line */
            out->at[--out->n] = 0;
        hl_buf_char(out, '\n');
    }
done:
    hl_buf_free(&grid->cells);
    return c;
}
