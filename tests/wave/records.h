/*
 * records.h - what the tests of records share: small records in a folder of the run, windows of any
 * kind.
 */
#ifndef HL_TESTS_WAVE_RECORDS_H
#define HL_TESTS_WAVE_RECORDS_H

#include "wave/record.h"

#include "tap.h"

#define MIMIC "wave/mimic4like/waves/p109/p10999001/83000101/83000101"

/* --- records ------------------------------------------------------------------------------------
 */

static const char *home; /* a folder of this run */

static inline const char *at_home(const char *name)
{
    static char path[8][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", home, name);
    return p;
}

static inline void put_bytes(const char *name, const void *bytes, size_t n)
{
    ok(hl_write_file(at_home(name), bytes, n, NULL, NULL) == HL_OK);
}

static inline void put_text(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* Words 0, 1, 2, ... of format 16. */
static inline void put_ramp(const char *name, size_t n)
{
    uint8_t bytes[4096];

    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = (uint8_t)i;
        bytes[2 * i + 1] = (uint8_t)(i >> 8);
    }
    put_bytes(name, bytes, 2 * n);
}

static inline hl_wave *open_at(const char *path, int32_t cpu)
{
    const hl_ctl ctl = {.cpu = cpu};
    hl_error err = {0};
    hl_wave *w = NULL;

    if (hl_wave_open(path, &ctl, &w, &err) != HL_OK)
        tap_check(false, __FILE__, __LINE__, "%s: %s", path, err.message);
    return w;
}

static inline void is_refused(const char *path, hl_code code, const char *message)
{
    hl_error err = {0};
    hl_wave *w = NULL;

    is_int(hl_wave_open(path, NULL, &w, &err), code);
    like(err.message, message);
    ok(w == NULL);
    hl_wave_close(&w);
}

/* --- windows ------------------------------------------------------------------------------------
 */

/* Values of a window, [signal][value], of the window's kind. */
typedef struct {
    void *to[64];
    hl_code code;
    int64_t got;
    hl_error err;
} values;

static inline size_t width_of(const hl_wave_window *q)
{
    return q->kind == HL_WAVE_F64 ? 8 : 4;
}

static inline values read_window(hl_wave *w, const hl_wave_window *q)
{
    const int32_t n = q->signal ? q->n_signals : hl_wave_about(w)->n_signals;
    values v = {0};

    for (int32_t k = 0; k < n && k < 64; k++)
        v.to[k] =
            malloc((size_t)hl_wave_count(w, q, q->signal ? q->signal[k] : k) * width_of(q) + 1);
    v.code = hl_wave_read_some(w, q, v.to, &v.got, &v.err);
    return v;
}

static inline void free_values(values *v)
{
    for (int k = 0; k < 64; k++)
        free(v->to[k]);
}

#endif
