#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

enum { OUT_OF_MEMORY = 1 }; /* in hl_error.reserved, which means nothing outside of this file */

/* The longest prefix of text[0..n) that does not end within a UTF-8 character. */
static size_t whole_characters(const char *text, size_t n)
{
    size_t back = 0;

    while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == n)
        return n;
    unsigned char lead = (unsigned char)text[n - 1 - back];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return need > back + 1 ? n - 1 - back : n;
}

/* Copy text into a field of a hl_error, cut between characters where it is too long. */
static void set_text(char *out, size_t size, const char *text)
{
    size_t n = strnlen(text, size);

    if (n == size)
        n = whole_characters(text, size - 1);
    memcpy(out, text, n);
    out[n] = 0;
}

/* Arguments may point into err itself (a caller that rewrites a message): everything is made in
 * locals before err is written. */
static hl_code fail(hl_error *err, hl_code code, const char *path, int64_t line, int64_t offset,
                    const char *fmt, va_list args)
{
    char text[sizeof err->message + 1];
    char place[sizeof err->path] = "";
    size_t n = 0;

    if (!err)
        return code;
    if (path) {
        set_text(place, sizeof place, path);
        int k = line > 0 ? snprintf(text, sizeof text, "%s:%lld: ", place, (long long)line)
                         : snprintf(text, sizeof text, "%s: ", place);
        n = k > 0 ? (size_t)k : 0;
    }
    /* text is longer than a path and a line number together, so that n < sizeof text. */
    if (vsnprintf(text + n, sizeof text - n, fmt, args) < 0)
        set_text(text + n, sizeof text - n, "(the message cannot be shown)");
    err->code = (int32_t)code;
    err->reserved = 0;
    err->line = line > 0 ? line : 0;
    err->offset = offset;
    memcpy(err->path, place, sizeof place);
    set_text(err->message, sizeof err->message, text);
    return code;
}

hl_code hl_fail(hl_error *err, hl_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail(err, code, NULL, 0, -1, fmt, args);
    va_end(args);
    return code;
}

hl_code hl_fail_at(hl_error *err, hl_code code, const char *path, int64_t line, int64_t offset,
                   const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail(err, code, path ? path : "", line, offset, fmt, args);
    va_end(args);
    return code;
}

hl_code hl_fail_errno(hl_error *err, const char *path, const char *what, int errno_value)
{
    char text[256];

    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return hl_fail_at(err, HL_E_IO, path, 0, -1, "cannot %s: %s\n%s", what,
                          errno_value == ENOSPC ? "the disk is full"
                                                : "the disk is full (quota reached)",
                          "Free some space and run the same command again, with --resume where it "
                          "has that option.");
    case EACCES:
    case EPERM:
        return hl_fail_at(err, HL_E_IO, path, 0, -1, "cannot %s: no permission", what);
    case EROFS:
        return hl_fail_at(err, HL_E_IO, path, 0, -1,
                          "cannot %s: no permission (the file system is read-only)", what);
    case ENOENT:
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "cannot %s: no such file or folder", what);
    case ENOTDIR:
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "cannot %s: a part of the path is a file, not a folder", what);
    case ENOMEM:
        return hl_fail_at(err, HL_E_LIMIT, path, 0, -1, "cannot %s: out of memory", what);
    default:
        return hl_fail_at(err, HL_E_IO, path, 0, -1, "cannot %s: %s", what,
                          strerror_r(errno_value, text, sizeof text));
    }
}

hl_code hl_fail_memory(hl_error *err, const char *what, size_t n)
{
    hl_fail(err, HL_E_LIMIT, "out of memory (%s, %zu bytes)", what, n);
    if (err)
        err->reserved = OUT_OF_MEMORY;
    return HL_E_LIMIT;
}

bool hl_error_is_memory(const hl_error *err)
{
    return err->code == HL_E_LIMIT && err->reserved == OUT_OF_MEMORY;
}

hl_code hl_error_context(hl_error *err, const char *fmt, ...)
{
    char text[sizeof err->message];
    char whole[2 * sizeof err->message + 4];
    va_list args;

    if (!err)
        return HL_E_BUG;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0)
        return (hl_code)err->code;
    if ((size_t)n >= sizeof text)
        text[whole_characters(text, sizeof text - 1)] = 0;
    snprintf(whole, sizeof whole, "%s: %s", text, err->message);
    set_text(err->message, sizeof err->message, whole);
    return (hl_code)err->code;
}

int hl_exit_code(hl_code code)
{
    switch (code) {
    case HL_OK:
    case HL_PARTIAL:
    case HL_E_USAGE:
    case HL_E_INPUT:
    case HL_E_IO:
    case HL_E_LIMIT:
    case HL_E_BUG:
    case HL_E_STOPPED:
        return (int)code;
    case HL_END:
        break;
    }
    return HL_E_BUG;
}

void hl_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "hilum: a fault of hilum itself: %s:%d: %s\n", file, line, cond);
    abort();
}

/* Take part, n bytes, out of text where a path may begin: "a/" is no folder in "data/x". */
static void cut_all(char *text, const char *part, size_t n)
{
    bool begin = true;

    for (char *at = text; *at; at++) {
        if (begin && strncmp(at, part, n) == 0)
            memmove(at, at + n, strlen(at + n) + 1);
        begin = *at && strchr(" '\"(:=,\n", *at) != NULL;
        if (!*at)
            break;
    }
}

hl_code hl_error_below(hl_error *err, const char *folder)
{
    char part[sizeof err->message];
    size_t n = strlen(folder);

    if (!err)
        return HL_E_BUG;
    while (n > 1 && folder[n - 1] == '/')
        n--;
    if (n + 2 <= sizeof part) {
        memcpy(part, folder, n);
        memcpy(part + n, "/", 2);
        cut_all(err->message, part, n + 1);
        if (strncmp(err->path, part, n + 1) == 0)
            cut_all(err->path, part, n + 1);
    }
    return (hl_code)err->code;
}
