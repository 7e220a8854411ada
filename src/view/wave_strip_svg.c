/* wave_strip_svg.c - the marks of a sheet as an SVG document: its size in mm, its unit 0.01 mm. */
#include "base/html.h"
#include "view/ecg_paper.h"
#include "view/wave_strip_page.h"

static void put_style(hl_buf *to)
{
    hl_buf_printf(to,
                  "<style>\n.mm1, .mm5, .hatch, .line { fill: none; }\n"
                  ".mm1 { stroke: #%06x; stroke-width: %d; }\n"
                  ".mm5 { stroke: #%06x; stroke-width: %d; }\n"
                  ".band { fill: #%06x; }\n.hatch { stroke: #%06x; stroke-width: %d; }\n"
                  ".line { stroke-linejoin: round; stroke-linecap: round; }\n",
                  HL_GRID_1MM_COLOUR, HL_GRID_1MM_WIDTH, HL_GRID_5MM_COLOUR, HL_GRID_5MM_WIDTH,
                  HL_BAND_COLOUR, HL_HATCH_COLOUR, HL_HATCH_WIDTH);
    for (int i = 0; i < HL_N_PENS; i++)
        hl_buf_printf(to, ".p-%s { stroke: #%06x; stroke-width: %d; }\n", hl_strip_pens[i].name,
                      hl_strip_pens[i].colour, (int)hl_strip_pens[i].width);
    hl_buf_printf(to,
                  "text { font-family: sans-serif; white-space: pre; paint-order: stroke; "
                  "stroke: #ffffff; stroke-linejoin: round; stroke-width: %d; }\n",
                  HL_HALO_WIDTH);
    for (int i = 0; i < HL_N_FONTS; i++)
        hl_buf_printf(to, ".f-%s { fill: #%06x; font-size: %dpx; font-weight: %s; }\n",
                      hl_strip_fonts[i].name, hl_strip_fonts[i].colour, (int)hl_strip_fonts[i].size,
                      hl_strip_fonts[i].bold ? "bold" : "normal");
    hl_buf_text(to, "</style>\n");
}

static void put_paper(hl_buf *to, const hl_strip_page *page)
{
    hl_buf_printf(to,
                  "<clipPath id=\"paper\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  "</clipPath>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                  page->paper.x, page->paper.y, page->paper.w, page->paper.h, page->width,
                  page->height);
    hl_ecg_put_grid(to, &(hl_ecg_area){.left = page->paper.x / HL_MM,
                                       .top = page->paper.y / HL_MM,
                                       .width = page->paper.w / HL_MM,
                                       .height = page->paper.h / HL_MM,
                                       .units = HL_MM});
    hl_buf_char(to, '\n');
}

static void put_band(hl_buf *to, const hl_strip_mark *m)
{
    hl_strip_point line[2];

    hl_buf_printf(to,
                  "<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  "<path class=\"hatch\" d=\"",
                  m->x, m->y, m->w, m->h);
    for (int32_t i = 0; hl_strip_hatch(m, i, line); i++)
        hl_buf_printf(to, "M%d %dL%d %d", line[0].x, line[0].y, line[1].x, line[1].y);
    hl_buf_text(to, "\"/>\n");
}

static void put_line(hl_buf *to, const hl_strip_page *page, const hl_strip_mark *m)
{
    const hl_strip_point *p = hl_strip_points_of(page, m);

    hl_buf_printf(to, "<path class=\"line p-%s\"%s d=\"M%d %d", hl_strip_pens[m->style].name,
                  m->style == HL_PEN_TRACE ? " clip-path=\"url(#paper)\"" : "", p[0].x, p[0].y);
    if (m->n == 1)
        hl_buf_text(to, "h1"); /* a lone sample between gaps shows as a dot */
    for (size_t i = 1; i < m->n; i++)
        hl_buf_printf(to, "%c%d %d", i == 1 ? 'L' : ' ', p[i].x, p[i].y);
    hl_buf_text(to, "\"/>\n");
}

static void put_text(hl_buf *to, const hl_strip_mark *m)
{
    static const char *const anchor[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};

    hl_buf_printf(to, "<text class=\"f-%s\"%s x=\"%d\" y=\"%d\">", hl_strip_fonts[m->style].name,
                  anchor[m->anchor], m->x, m->y);
    hl_html_attr(to, m->text); /* no markup of its own for odd characters: SVG has no span */
    if (m->tail.n > 0) {
        hl_buf_printf(to, "<tspan class=\"f-%s\" dx=\"%d\">", hl_strip_fonts[HL_FONT_SCALE].name,
                      HL_TAIL_GAP);
        hl_html_attr(to, m->tail);
        hl_buf_text(to, "</tspan>");
    }
    hl_buf_text(to, "</text>\n");
}

void hl_strip_write_svg(const hl_strip_page *page, hl_buf *to)
{
    hl_buf_printf(to,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.2fmm\" "
                  "height=\"%.2fmm\" viewBox=\"0 0 %d %d\">\n<title>",
                  (double)page->width / HL_MM, (double)page->height / HL_MM, page->width,
                  page->height);
    hl_html_attr(to, page->title);
    hl_buf_text(to, "</title>\n");
    put_style(to);
    put_paper(to, page);
    for (int32_t kind = HL_MARK_BAND; kind <= HL_MARK_TEXT; kind++) {
        for (size_t i = 0; i < hl_strip_n_marks(page); i++) {
            const hl_strip_mark *m = hl_strip_mark_at(page, i);
            if (m->kind != kind)
                continue;
            if (kind == HL_MARK_BAND)
                put_band(to, m);
            else if (kind == HL_MARK_LINE)
                put_line(to, page, m);
            else
                put_text(to, m);
        }
    }
    hl_buf_text(to, "</svg>\n");
}
