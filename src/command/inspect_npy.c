/*
 * inspect_npy.c - a NumPy array: type, shape, and in one pass its range, mean and how many values
 * are no numbers. Sums run in file order in double (integers: exactly): they are reproducible.
 */
#include <math.h>

#include "base/ctl.h"
#include "base/log.h"
#include "command/inspect.h"
#include "data/npy.h"

enum { BLOCK = 8192 }; /* values converted at a time */

typedef struct {
    int64_t n, n_nan, n_infinite;
    double least, most, sum; /* of finite values */
    int64_t int_least, int_most;
    __int128 int_sum;
} summary;

typedef enum { NO_SUMMARY, REALS, INTEGERS } value_class;

static value_class class_of(const char *descr)
{
    static const char *const real[] = {"<f4", "<f8"};
    static const char *const integer[] = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8"};

    for (size_t i = 0; i < sizeof real / sizeof *real; i++)
        if (strcmp(descr, real[i]) == 0)
            return REALS;
    for (size_t i = 0; i < sizeof integer / sizeof *integer; i++)
        if (strcmp(descr, integer[i]) == 0)
            return INTEGERS;
    return NO_SUMMARY;
}

static uint64_t little_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static void add_reals(summary *s, const uint8_t *p, size_t n, size_t item_bytes)
{
    for (size_t i = 0; i < n; i++, p += item_bytes) {
        double v;
        if (item_bytes == 4) {
            uint32_t bits = (uint32_t)little_endian(p, 4);
            float f;
            memcpy(&f, &bits, sizeof f);
            v = (double)f;
        } else {
            uint64_t bits = little_endian(p, 8);
            memcpy(&v, &bits, sizeof v);
        }
        if (!isfinite(v)) {
            s->n_nan += isnan(v) != 0;
            s->n_infinite += isnan(v) == 0;
            continue;
        }
        s->least = v < s->least ? v : s->least;
        s->most = v > s->most ? v : s->most;
        s->sum += v;
    }
    s->n += (int64_t)n;
}

static void add_integers(summary *s, const uint8_t *p, size_t n, size_t item_bytes, bool is_signed)
{
    unsigned shift = (unsigned)(64 - 8 * item_bytes);

    for (size_t i = 0; i < n; i++, p += item_bytes) {
        int64_t v = (int64_t)(little_endian(p, item_bytes) << shift);
        v = is_signed ? v >> shift : (int64_t)((uint64_t)v >> shift);
        s->int_least = v < s->int_least ? v : s->int_least;
        s->int_most = v > s->int_most ? v : s->int_most;
        s->int_sum += v;
    }
    s->n += (int64_t)n;
}

static hl_code read_values(hl_inspect *in, hl_in *file, const hl_npy *a, value_class values,
                           summary *s, hl_error *err)
{
    size_t item = a->item_bytes;
    uint8_t *block = hl_arena_alloc(in->arena, BLOCK * item);
    hl_code c = HL_OK;

    if (!block)
        return hl_fail_memory(err, "values", BLOCK * item);
    hl_ctl_phase(in->ctl, "reading values", a->data_bytes);
    for (int64_t at = 0; at < a->data_bytes && c == HL_OK;) {
        size_t want = BLOCK * item, got;
        if ((int64_t)want > a->data_bytes - at)
            want = (size_t)(a->data_bytes - at);
        c = hl_in_pread(file, block, want, a->data_offset + at, &got, err);
        if (c != HL_OK || got < item)
            break;
        if (values == REALS)
            add_reals(s, block, got / item, item);
        else
            add_integers(s, block, got / item, item, a->descr[1] == 'i');
        at += (int64_t)(got / item * item);
        hl_ctl_set_done(in->ctl, at);
        hl_ctl_bytes(in->ctl, (int64_t)got);
        c = hl_ctl_check(in->ctl, err);
    }
    return c;
}

static void put_summary(hl_inspect *in, const summary *s, value_class values)
{
    char least[HL_F64_CHARS], most[HL_F64_CHARS], mean[HL_SIZE_CHARS], n[32], m[32];
    int64_t finite = s->n - s->n_nan - s->n_infinite;

    if (finite > 0) {
        double average =
            values == REALS ? s->sum / (double)finite : (double)s->int_sum / (double)finite;
        if (values == REALS) {
            hl_print_f64(s->least, least);
            hl_print_f64(s->most, most);
            hl_inspect_put_real(in, "min", s->least);
            hl_inspect_put_real(in, "max", s->most);
        } else {
            hl_print_i64(s->int_least, least);
            hl_print_i64(s->int_most, most);
            hl_inspect_put_int(in, "min", s->int_least);
            hl_inspect_put_int(in, "max", s->int_most);
        }
        hl_inspect_put_real(in, "mean", average);
        hl_inspect_fact(in, "range", "%s to %s", least, most);
        hl_inspect_fact(in, "mean", "%s", hl_short_text(average, mean));
    }
    if (values == REALS) {
        hl_inspect_put_int(in, "nan", s->n_nan);
        hl_inspect_put_int(in, "infinite", s->n_infinite);
        hl_inspect_fact(in, "not finite", "%s NaN, %s infinite", hl_count_text(s->n_nan, n),
                        hl_count_text(s->n_infinite, m));
    }
}

static void put_header(hl_inspect *in, const hl_npy *a, int64_t n_values)
{
    hl_buf shape = {0};
    char size[HL_SIZE_CHARS], n[32];

    for (size_t i = 0; i < a->n_dims; i++)
        hl_buf_printf(&shape, "%s%lld", i ? " x " : "", (long long)a->shape[i]);
    hl_inspect_title(in, "npy", "NumPy array, %s, %s, %s", a->descr,
                     a->n_dims && shape.at ? shape.at : "one value", hl_size_text(in->bytes, size));
    hl_buf_free(&shape);
    hl_inspect_fact(in, "values", "%s of %zu byte%s, %s order", hl_count_text(n_values, n),
                    a->item_bytes, a->item_bytes == 1 ? "" : "s",
                    a->fortran_order ? "Fortran" : "C");
    hl_inspect_fact(in, "file", "version %d.%d, data from byte %lld", a->major, a->minor,
                    (long long)a->data_offset);
    hl_inspect_put_text(in, "dtype", hl_str_of(a->descr));
    hl_json_put_key(in->json, "shape");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < a->n_dims; i++)
        hl_json_put_int(in->json, a->shape[i]);
    hl_json_close(in->json, ']');
    hl_json_member_bool(in->json, "fortran_order", a->fortran_order);
    hl_inspect_put_int(in, "data_offset", a->data_offset);
    hl_inspect_put_int(in, "data_bytes", a->data_bytes);
    hl_inspect_put_int(in, "values", n_values);
}

hl_code hl_inspect_npy(hl_inspect *in, hl_error *err)
{
    summary s = {
        .least = INFINITY, .most = -INFINITY, .int_least = INT64_MAX, .int_most = INT64_MIN};
    hl_in *file = NULL;
    hl_npy a;
    hl_code c = hl_in_open(in->path, &file, err);

    if (c == HL_OK)
        c = hl_npy_read_header(file, &a, err);
    if (c == HL_OK) {
        value_class values = class_of(a.descr);
        put_header(in, &a, a.data_bytes / (int64_t)a.item_bytes);
        if (values == NO_SUMMARY) {
            hl_inspect_fact(in, "range", "not computed for type %s", a.descr);
        } else {
            c = read_values(in, file, &a, values, &s, err);
            if (c == HL_OK)
                put_summary(in, &s, values);
        }
    }
    hl_in_close(&file);
    return c;
}
