/*
 * wave_strip_page.h - a drawing as a list of marks on a sheet: what the writers of SVG and PNG
 * take.
 *
 * All places and sizes are hundredths of a mm from the sheet's left upper corner. Marks are drawn
 * by kind: the paper, then bands, lines, texts; within a kind in their order.
 */
#ifndef HL_VIEW_WAVE_STRIP_PAGE_H
#define HL_VIEW_WAVE_STRIP_PAGE_H

#include "base/arena.h"
#include "base/buf.h"

enum { HL_MM = 100 }; /* units in a mm */

typedef struct {
    int32_t x, y;
} hl_strip_point;

typedef enum {
    HL_PEN_TRACE = 0, /* cut off at the paper's edge */
    HL_PEN_TICK,      /* of axes, and between the leads of a row */
    HL_PEN_RULE,      /* between rows */
    HL_PEN_NOTE,      /* from an annotation down to its trace */
    HL_N_PENS
} hl_strip_pen;

typedef enum {
    HL_FONT_TITLE = 0, /* the record */
    HL_FONT_SMALL,     /* around the paper */
    HL_FONT_NAME,      /* of a signal */
    HL_FONT_SCALE,     /* numbers of an axis, what stands behind a name */
    HL_FONT_NOTE,      /* annotations */
    HL_FONT_BAND,      /* within a hatched band */
    HL_N_FONTS
} hl_strip_font;

/* How a pen and a font look. Colours 0xRRGGBB. */
typedef struct {
    const char *name;
    int32_t width;
    uint32_t colour;
} hl_strip_pen_look;
typedef struct {
    const char *name;
    int32_t size;
    bool bold;
    uint32_t colour;
} hl_strip_font_look;
extern const hl_strip_pen_look hl_strip_pens[HL_N_PENS];
extern const hl_strip_font_look hl_strip_fonts[HL_N_FONTS];

#define HL_GRID_1MM_COLOUR 0xf4c2c2u /* waveform.md 7 */
#define HL_GRID_5MM_COLOUR 0xe58a8au
#define HL_BAND_COLOUR 0xf0f0f0u
#define HL_HATCH_COLOUR 0xb4b4b4u
enum {
    HL_GRID_1MM_WIDTH = 10,
    HL_GRID_5MM_WIDTH = 18,
    HL_HATCH_WIDTH = 18,
    HL_HATCH_STEP = 180, /* along x from one line to the next; they rise at 45 degrees */
    HL_TAIL_GAP = 200,
    HL_HALO_WIDTH = 70 /* white around letters, for they stand on the grid */
};

typedef enum { HL_MARK_BAND = 0, HL_MARK_LINE, HL_MARK_TEXT } hl_strip_mark_kind;

typedef struct {
    int32_t kind;       /* hl_strip_mark_kind */
    int32_t style;      /* hl_strip_pen or hl_strip_font */
    int32_t anchor;     /* text: x is its start (0), middle (1) or end (2) */
    int32_t x, y, w, h; /* band; text: x and the line it stands on */
    size_t first, n;    /* line: its points */
    hl_str text;
    hl_str tail; /* text: what stands HL_TAIL_GAP behind it, in HL_FONT_SCALE; .n == 0: nothing */
} hl_strip_mark;

typedef struct {
    int32_t width, height; /* of the sheet */
    struct {
        int32_t x, y, w, h; /* whole mm, a heavy line through x, y */
    } paper;
    hl_str title;
    hl_buf marks;   /* hl_strip_mark */
    hl_buf points;  /* hl_strip_point */
    size_t n_ended; /* points of lines that are ended */
    hl_arena *arena;
    bool oom;
} hl_strip_page;

hl_code hl_strip_page_open(hl_strip_page *page, hl_error *err);
void hl_strip_page_close(hl_strip_page *page); /* back to {0} */
hl_code hl_strip_page_check(const hl_strip_page *page, hl_error *err);

static inline size_t hl_strip_n_marks(const hl_strip_page *page)
{
    return page->marks.n / sizeof(hl_strip_mark);
}
static inline const hl_strip_mark *hl_strip_mark_at(const hl_strip_page *page, size_t i)
{
    return (const hl_strip_mark *)(const void *)page->marks.at + i;
}
static inline const hl_strip_point *hl_strip_points_of(const hl_strip_page *page,
                                                       const hl_strip_mark *line)
{
    return (const hl_strip_point *)(const void *)page->points.at + line->first;
}

/* Line i (from 0) of a band's hatching; false behind the last. The lines of neighbouring bands
 * meet.
 */
bool hl_strip_hatch(const hl_strip_mark *band, int32_t i, hl_strip_point line[2]);

/* --- making marks ------------------------------------------------------------------------------
 */

void hl_strip_put_band(hl_strip_page *page, int32_t x, int32_t y, int32_t w, int32_t h);

/* A line: its points one by one, then its end. A line of one point is a dot. */
void hl_strip_put_point(hl_strip_page *page, int32_t x, int32_t y);
void hl_strip_end_line(hl_strip_page *page, hl_strip_pen pen);
void hl_strip_put_line(hl_strip_page *page, hl_strip_pen pen, int32_t x1, int32_t y1, int32_t x2,
                       int32_t y2);

/* anchor: 0 start, 1 middle, 2 end. The text is copied; control bytes become blanks, and bytes that
 * are no UTF-8 question marks. */
void hl_strip_put_text(hl_strip_page *page, hl_strip_font font, int32_t anchor, int32_t x,
                       int32_t y, hl_str text);

/* A signal's name and what is to be known of it, behind the name however wide that is. */
void hl_strip_put_name(hl_strip_page *page, int32_t x, int32_t y, hl_str name, hl_str tail);

/* About how wide a text is: fonts differ, so it may be a tenth more or less. */
int32_t hl_strip_text_width(hl_strip_font font, hl_str text);

/* --- writing -----------------------------------------------------------------------------------
 */

void hl_strip_write_svg(const hl_strip_page *page, hl_buf *to);
hl_code hl_strip_write_png(const hl_strip_page *page, double dpi, hl_buf *to, int32_t *width,
                           int32_t *height, hl_error *err);

#endif
