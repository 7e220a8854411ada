/* One field of delimited text, as pandas' to_csv writes it. symile.md 1.4 */
#include "data/csv.h"

void hl_csv_put(hl_buf *to, hl_str field)
{
    const char *p = field.at, *end = p + field.n;

    if (field.n == 0)
        return;
    if (!memchr(p, ',', field.n) && !memchr(p, '"', field.n) && !memchr(p, '\n', field.n)) {
        hl_buf_append(to, p, field.n);
        return;
    }
    hl_buf_char(to, '"');
    while (p < end) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        hl_buf_append(to, p, (size_t)((q ? q + 1 : end) - p));
        if (q)
            hl_buf_char(to, '"');
        p = q ? q + 1 : end;
    }
    hl_buf_char(to, '"');
}
