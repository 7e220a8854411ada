/* inspect_gzip.c - gzip data that holds no table: its size inside, wholly inflated and checked. */
#include "base/ctl.h"
#include "base/log.h"
#include "command/inspect.h"

enum { SHOWN_BYTES = 60 };

hl_code hl_inspect_gzip(hl_inspect *in, hl_error *err)
{
    hl_stream *s = NULL;
    char *at, head[SHOWN_BYTES], show[HL_SHOW_BYTES], hex[HL_HEX_CHARS], count[32];
    char size[HL_SIZE_CHARS], inner_size[HL_SIZE_CHARS];
    size_t n, n_head = 0;
    int64_t inner = 0;
    hl_code c = hl_stream_open(in->path, HL_STREAM_PLAIN, in->ctl, &s, err);

    hl_ctl_phase(in->ctl, "inflating", in->bytes);
    while (c == HL_OK && (c = hl_stream_next(s, &at, &n, err)) == HL_OK) {
        if (inner == 0) {
            n_head = n < SHOWN_BYTES ? n : SHOWN_BYTES;
            memcpy(head, at, n_head);
        }
        inner += (int64_t)n;
        hl_ctl_set_done(in->ctl, hl_stream_bytes_in(s));
        c = hl_ctl_check(in->ctl, err);
    }
    if (c != HL_END)
        goto done;
    c = HL_OK;
    hl_inspect_title(in, "gzip", "gzip data, %s, %s inside", hl_size_text(in->bytes, size),
                     hl_size_text(inner, inner_size));
    hl_inspect_fact(in, "inside", "%s bytes, complete, checksums right",
                    hl_count_text(inner, count));
    hl_inspect_fact(in, "begins with", "%s", hl_show((hl_str){head, n_head}, show));
    hl_inspect_fact(in, "sha256", "%s", hl_digest_hex(hl_stream_digest(s), hex));
    hl_inspect_put_int(in, "inner_bytes", inner);
    hl_inspect_put_text(in, "begins_with", hl_str_of(show));
    hl_inspect_put_digest(in, "sha256", hl_stream_digest(s));
done:
    hl_stream_close(&s);
    return c;
}
