#include "app/output.h"

#include <errno.h>
#include <unistd.h>

#include "base/json.h"

hl_code app_write_out(const hl_buf *text, hl_error *err)
{
    size_t done = 0;
    hl_code c = hl_buf_check(text, "output", err);

    while (c == HL_OK && done < text->n) {
        ssize_t n = write(STDOUT_FILENO, text->at + done, text->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE)
            return HL_OK;
        if (n < 0)
            return hl_fail_errno(err, "standard output", "write", errno);
        done += (size_t)n;
    }
    return c;
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
