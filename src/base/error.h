/*
 * error.h - making and passing on errors (design.md 3, style.md "Errors").
 *
 * The function that finds a fault calls hl_fail*() and returns its code; everyone above returns
 * the code as it is, perhaps after hl_error_context(). err may be NULL everywhere.
 */
#ifndef HL_BASE_ERROR_H
#define HL_BASE_ERROR_H

#include <stdbool.h>

#include "hilum/hilum.h"

/* Set err (code, message; no place) and return code. A message may hold one '\n': what follows
 * is the advice. */
hl_code hl_fail(hl_error *err, hl_code code, const char *fmt, ...) HL_PRINTF(3, 4);

/* The same with a place: the message becomes "path: text", or "path:line: text" if line > 0; err
 * also keeps path, line and offset (-1 = none) as fields. */
hl_code hl_fail_at(hl_error *err, hl_code code, const char *path, int64_t line, int64_t offset,
                   const char *fmt, ...) HL_PRINTF(6, 7);

/* "path: strerror(errno_value)" with HL_E_IO (ENOENT, ENOTDIR: HL_E_INPUT; ENOMEM: HL_E_LIMIT) and,
 * for a full disk, the advice to free space and use --resume. what names the act: "open", "write".
 */
hl_code hl_fail_errno(hl_error *err, const char *path, const char *what, int errno_value);

/* HL_E_LIMIT, "out of memory (what, n bytes)". */
hl_code hl_fail_memory(hl_error *err, const char *what, size_t n);

/* Whether err was made by hl_fail_memory(): a fault of the moment, not of what was read. */
bool hl_error_is_memory(const hl_error *err);

/* Put "text: " in front of the message; code and place stay. Returns err's code, HL_E_BUG when err
 * is NULL: who may be called without err keeps the code at hand. */
hl_code hl_error_context(hl_error *err, const char *fmt, ...) HL_PRINTF(2, 3);

/* Paths below folder are shown relative to it: "folder/" is taken out of the message and off the
 * path. For messages that go into an output, which must not know where the archive lay. Returns
 * err's code. */
hl_code hl_error_below(hl_error *err, const char *folder);

/* The exit code of the program for a code (HL_END counts as a bug: it must not get that far). */
int hl_exit_code(hl_code code);

/* A broken invariant is a fault of ours: prints file:line and aborts (the program's exit is 70). */
#define hl_assert(cond) ((cond) ? (void)0 : hl_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void hl_assert_failed(const char *cond, const char *file, int line);

/* *out = a + b or a * b; false (and *out untouched) when it does not fit. Every size that came
 * from a file goes through these before it allocates. */
static inline bool hl_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool hl_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
