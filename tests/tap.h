/*
 * tap.h - a small harness: one program, one file of code under test, TAP on stdout.
 *
 *   static void a_quoted_newline_does_not_end_the_record(void) { is_int(n, 3); }
 *   int main(void) { run(a_quoted_newline_does_not_end_the_record); return done(); }
 *
 * Each run() is one TAP line; the checks inside it print what differed as diagnostics. A test's name
 * is a sentence.
 */
#ifndef HL_TESTS_TAP_H
#define HL_TESTS_TAP_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tap_tests, tap_failed_tests, tap_failed_checks;
static const char *tap_skip_reason;

static inline bool tap_check(bool good, const char *file, int line, const char *fmt, ...)
{
    if (good)
        return true;
    va_list ap;
    va_start(ap, fmt);
    if (++tap_failed_checks <= 20) {
        printf("# %s:%d: ", file, line);
        vprintf(fmt, ap);
        printf("\n");
    }
    va_end(ap);
    return false;
}

#define ok(cond) tap_check((cond), __FILE__, __LINE__, "not true: %s", #cond)
#define is_int(got, want)                                                                          \
    do {                                                                                           \
        int64_t g_ = (int64_t)(got), w_ = (int64_t)(want);                                         \
        tap_check(g_ == w_, __FILE__, __LINE__, "%s is %" PRId64 ", not %" PRId64, #got, g_, w_);  \
    } while (0)
#define is_str(got, want)                                                                          \
    do {                                                                                           \
        const char *g_ = (got), *w_ = (want);                                                      \
        tap_check(g_ && w_ && strcmp(g_, w_) == 0, __FILE__, __LINE__,                             \
                  "%s is\n#   '%s'\n# not '%s'", #got, g_ ? g_ : "(null)", w_ ? w_ : "(null)");    \
    } while (0)
#define like(got, part)                                                                            \
    do {                                                                                           \
        const char *g_ = (got);                                                                    \
        tap_check(g_ && strstr(g_, (part)), __FILE__, __LINE__, "%s is '%s', without '%s'", #got,  \
                  g_ ? g_ : "(null)", (part));                                                     \
    } while (0)
#define is_mem(got, want, n)                                                                       \
    do {                                                                                           \
        const unsigned char *g_ = (const void *)(got), *w_ = (const void *)(want);                 \
        size_t n_ = (n), i_ = 0;                                                                   \
        while (i_ < n_ && g_[i_] == w_[i_])                                                        \
            i_++;                                                                                  \
        tap_check(i_ == n_, __FILE__, __LINE__, "%s differs at byte %zu of %zu: %02x, not %02x",   \
                  #got, i_, n_, i_ < n_ ? g_[i_] : 0, i_ < n_ ? w_[i_] : 0);                       \
    } while (0)

static inline void skip(const char *reason)
{
    tap_skip_reason = reason;
}

static inline void tap_run(void (*test)(void), const char *name)
{
    char text[200];
    size_t i;
    for (i = 0; name[i] && i + 1 < sizeof text; i++)
        text[i] = name[i] == '_' ? ' ' : name[i];
    text[i] = 0;
    tap_failed_checks = 0;
    tap_skip_reason = NULL;
    test();
    tap_tests++;
    if (tap_failed_checks)
        tap_failed_tests++;
    printf("%s %d - %s%s%s\n", tap_failed_checks ? "not ok" : "ok", tap_tests, text,
           tap_skip_reason ? " # SKIP " : "", tap_skip_reason ? tap_skip_reason : "");
    fflush(stdout);
}
#define run(test) tap_run(test, #test)

static inline int done(void)
{
    printf("1..%d\n", tap_tests);
    return tap_failed_tests ? 1 : 0;
}

/* Path of a fixture under tests/data, or of a golden file under ../shared/data when that is there
 * (NULL otherwise: skip). Static storage of four turns. */
static inline const char *tap_path(const char *variable, const char *name)
{
    static char path[4][4096];
    static int turn;
    const char *folder = getenv(variable);
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder ? folder : "tests/data", name);
    return p;
}
static inline const char *fixture(const char *name)
{
    return tap_path("HILUM_TEST_DATA", name);
}
static inline const char *shared(const char *name)
{
    const char *p = tap_path("HILUM_SHARED", name);
    struct stat st;
    return stat(p, &st) == 0 ? p : NULL;
}

/* A new empty folder, removed by the system's cleaning or by the test. */
static inline const char *temp_folder(void)
{
    static char path[4][256];
    static int turn;
    char *p = path[turn++ % 4];
    const char *base = getenv("TMPDIR");
    snprintf(p, sizeof path[0], "%s/hilum-test-XXXXXX", base ? base : "/tmp");
    return mkdtemp(p);
}

#endif
