#include "app/output.h"

#include <errno.h>
#include <unistd.h>

#include "base/json.h"

static hl_code write_stdout(void *ctx, const void *bytes, size_t n, hl_error *err)
{
    size_t done = 0;

    (void)ctx;
    while (done < n) {
        ssize_t some = write(STDOUT_FILENO, (const char *)bytes + done, n - done);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0 && errno == EPIPE)
            return HL_END;
        if (some < 0)
            return hl_fail_errno(err, "standard output", "write", errno);
        done += (size_t)some;
    }
    return HL_OK;
}

const hl_sink app_stdout = {.write = write_stdout};

hl_code app_write_out(const hl_buf *text, hl_error *err)
{
    hl_code c = hl_buf_check(text, "output", err);

    if (c == HL_OK)
        c = write_stdout(NULL, text->at, text->n, err);
    return c == HL_END ? HL_OK : c;
}

void app_error_json(const hl_error *err, const hl_buf *result, hl_buf *out)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    const char *advice = strchr(err->message, '\n');
    size_t n = advice ? (size_t)(advice - err->message) : strlen(err->message);

    hl_json_open(&w, '{');
    hl_json_put_key(&w, "error");
    hl_json_open(&w, '{');
    hl_json_member_int(&w, "code", hl_exit_code((hl_code)err->code));
    hl_json_member_text(&w, "message", (hl_str){err->message, n});
    if (advice) {
        hl_json_member_cstr(&w, "advice", advice + 1);
    }
    if (err->path[0]) {
        hl_json_member_cstr(&w, "path", err->path);
    }
    if (err->line > 0) {
        hl_json_member_int(&w, "line", err->line);
    }
    if (err->path[0] && err->offset >= 0) {
        hl_json_member_int(&w, "offset", err->offset);
    }
    hl_json_close(&w, '}');
    if (result->n > 0) {
        hl_buf_text(out, ",\"result\":");
        hl_buf_append(out, result->at, result->n);
    }
    hl_json_close(&w, '}');
    hl_buf_char(out, '\n');
}
