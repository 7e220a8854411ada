/*
 * review.c - the page for a person's eyes: every film in which the detector saw text, with the
 * lines framed. One file, no scripts, nothing from elsewhere.
 */
#include "base/base64.h"
#include "base/html.h"
#include "base/log.h"
#include "base/sort.h"
#include "film/check.h"

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:24px;"
    "color:#1c2430;background:#fff}"
    "h1{font-size:22px;margin:0 0 4px}p{max-width:70ch;margin:4px 0 16px;color:#4a5566}"
    ".sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:20px}"
    "figure{margin:0}img{width:100%;height:auto;background:#000;border-radius:4px;display:block}"
    "figcaption{font-size:13px;color:#4a5566;overflow-wrap:anywhere;margin-top:6px}"
    "b{color:#1c2430}"
    "@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}"
    "p,figcaption{color:#a8b2c0}b{color:#e6eaf0}}"
    "@media print{.sheet{grid-template-columns:repeat(3,1fr)}}";

static int worst_first(const void *a, const void *b, void *ctx)
{
    const hl_flagged *x = a, *y = b;

    (void)ctx;
    if (x->n_text != y->n_text)
        return x->n_text > y->n_text ? -1 : 1;
    return strcmp(x->path, y->path);
}

hl_code hl_review_page(hl_checking *check, hl_buf *page, hl_error *err)
{
    char n[32];
    hl_code c = check->n_flagged ? hl_sort_stable(check->flagged, check->n_flagged,
                                                  sizeof *check->flagged, worst_first, NULL, err)
                                 : HL_OK;

    hl_buf_printf(page,
                  "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\">"
                  "<title>Films to look at</title><style>%s</style></head>\n<body>\n"
                  "<h1>Films to look at</h1>\n",
                  style);
    if (!check->o->text)
        hl_buf_text(page, "<p>The pixels were not searched: give --text.</p>\n");
    else
        hl_buf_printf(
            page,
            "<p>%s films have what looks like a line of text in the picture, framed here. "
            "A film that is not shown may have text all the same: the search finds most "
            "lines, not all.</p>\n",
            hl_count_text((int64_t)check->n_flagged, n));
    hl_buf_text(page, "<div class=\"sheet\">\n");
    for (size_t i = 0; i < check->n_flagged && i < HL_REVIEW_MAX; i++) {
        const hl_flagged *f = &check->flagged[i];
        hl_buf_text(page, "<figure><img loading=\"lazy\" alt=\"film with framed text\" "
                          "src=\"data:image/jpeg;base64,");
        hl_base64_put(page, f->thumbnail.at, f->thumbnail.n);
        hl_buf_printf(page, "\"><figcaption><b>%d line%s</b> ", f->n_text,
                      f->n_text == 1 ? "" : "s");
        hl_html_cstr(page, f->path);
        hl_buf_text(page, "</figcaption></figure>\n");
    }
    hl_buf_text(page, "</div>\n</body></html>\n");
    return c == HL_OK ? hl_buf_check(page, "the review page", err) : c;
}
