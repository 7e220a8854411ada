#include "view/wave_strip_page.h"

const hl_strip_pen_look hl_strip_pens[HL_N_PENS] = {
    [HL_PEN_TRACE] = {"trace", 30, 0x000000}, /* waveform.md 7 */
    [HL_PEN_TICK] = {"tick", 20, 0x333333},
    [HL_PEN_RULE] = {"rule", 20, 0x9a9a9a},
    [HL_PEN_NOTE] = {"note", 18, 0x1f4e9c},
};

const hl_strip_font_look hl_strip_fonts[HL_N_FONTS] = {
    [HL_FONT_TITLE] = {"title", 420, true, 0x000000},
    [HL_FONT_SMALL] = {"small", 270, false, 0x333333},
    [HL_FONT_NAME] = {"name", 360, true, 0x000000},
    [HL_FONT_SCALE] = {"scale", 260, false, 0x333333},
    [HL_FONT_NOTE] = {"note", 270, false, 0x1f4e9c},
    [HL_FONT_BAND] = {"band", 260, false, 0x555555},
};

hl_code hl_strip_page_open(hl_strip_page *page, hl_error *err)
{
    *page = (hl_strip_page){.arena = hl_arena_new(0)};
    return page->arena ? HL_OK : hl_fail_memory(err, "drawing", 0);
}

void hl_strip_page_close(hl_strip_page *page)
{
    hl_buf_free(&page->marks);
    hl_buf_free(&page->points);
    hl_arena_free(&page->arena);
    *page = (hl_strip_page){0};
}

hl_code hl_strip_page_check(const hl_strip_page *page, hl_error *err)
{
    if (page->oom)
        return hl_fail_memory(err, "drawing", page->marks.n + page->points.n);
    hl_code c = hl_buf_check(&page->marks, "drawing", err);
    return c == HL_OK ? hl_buf_check(&page->points, "drawing", err) : c;
}

static void put_mark(hl_strip_page *page, const hl_strip_mark *mark)
{
    hl_buf_append(&page->marks, mark, sizeof *mark);
}

void hl_strip_put_band(hl_strip_page *page, int32_t x, int32_t y, int32_t w, int32_t h)
{
    put_mark(page, &(hl_strip_mark){.kind = HL_MARK_BAND, .x = x, .y = y, .w = w, .h = h});
}

void hl_strip_put_point(hl_strip_page *page, int32_t x, int32_t y)
{
    hl_buf_append(&page->points, &(hl_strip_point){x, y}, sizeof(hl_strip_point));
}

void hl_strip_end_line(hl_strip_page *page, hl_strip_pen pen)
{
    const size_t end = page->points.n / sizeof(hl_strip_point);

    if (end > page->n_ended)
        put_mark(page, &(hl_strip_mark){.kind = HL_MARK_LINE,
                                        .style = (int32_t)pen,
                                        .first = page->n_ended,
                                        .n = end - page->n_ended});
    page->n_ended = end;
}

void hl_strip_put_line(hl_strip_page *page, hl_strip_pen pen, int32_t x1, int32_t y1, int32_t x2,
                       int32_t y2)
{
    hl_strip_put_point(page, x1, y1);
    hl_strip_put_point(page, x2, y2);
    hl_strip_end_line(page, pen);
}

/* A copy that any writer can take; .at == NULL when out of memory. */
static hl_str clean_copy(hl_arena *arena, hl_str text)
{
    char *to = hl_arena_copy(arena, text.n ? text.at : "", text.n);

    for (size_t i = 0, n; to && i < text.n; i += n) {
        const uint8_t c = (uint8_t)to[i];
        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        /* U+FFFE and U+FFFF are UTF-8, but no characters: XML refuses them */
        if (n > text.n - i || hl_utf8_fault(to + i, n) >= 0 ||
            (n == 3 && memcmp(to + i, "\xef\xbf\xbe", 3) >= 0 && c == 0xef)) {
            n = 1;
            to[i] = '?';
        } else if (c < 0x20 || c == 0x7f) {
            to[i] = ' ';
        }
    }
    return (hl_str){to, text.n};
}

static void put_text(hl_strip_page *page, hl_strip_mark mark, hl_str text, hl_str tail)
{
    mark.kind = HL_MARK_TEXT;
    mark.text = clean_copy(page->arena, text);
    mark.tail = clean_copy(page->arena, tail);
    page->oom |= !mark.text.at || !mark.tail.at;
    put_mark(page, &mark);
}

void hl_strip_put_text(hl_strip_page *page, hl_strip_font font, int32_t anchor, int32_t x,
                       int32_t y, hl_str text)
{
    put_text(page, (hl_strip_mark){.style = (int32_t)font, .anchor = anchor, .x = x, .y = y}, text,
             (hl_str){"", 0});
}

void hl_strip_put_name(hl_strip_page *page, int32_t x, int32_t y, hl_str name, hl_str tail)
{
    put_text(page, (hl_strip_mark){.style = HL_FONT_NAME, .x = x, .y = y}, name, tail);
}

int32_t hl_strip_text_width(hl_strip_font font, hl_str text)
{
    const hl_strip_font_look *look = &hl_strip_fonts[font];
    int64_t letters = 0;

    for (size_t i = 0; i < text.n; i++)
        letters += ((uint8_t)text.at[i] & 0xc0) != 0x80;
    letters = letters < 100000 ? letters : 100000;
    return (int32_t)(letters * look->size * (look->bold ? 62 : 56) / 100);
}

bool hl_strip_hatch(const hl_strip_mark *band, int32_t i, hl_strip_point line[2])
{
    const int32_t right = band->x + band->w, bottom = band->y + band->h;
    /* The line is x + y = sum. */
    const int32_t sum = ((band->x + band->y) / HL_HATCH_STEP + 1 + i) * HL_HATCH_STEP;

    if (sum >= right + bottom)
        return false;
    line[0].x = sum - bottom > band->x ? sum - bottom : band->x;
    line[1].x = sum - band->y < right ? sum - band->y : right;
    line[0].y = sum - line[0].x;
    line[1].y = sum - line[1].x;
    return true;
}
