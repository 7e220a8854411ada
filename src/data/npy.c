#include "data/npy.h"

#include <inttypes.h>
#include <string.h>

/* numpy.load refuses longer headers unless told otherwise; so do we. */
#define MAX_HEADER_BYTES 10000
/* numpy.save leaves room for the first dimension to grow to 21 digits. numpy.lib.format */
#define GROWTH_DIGITS 21

static const char magic[6] = {(char)0x93, 'N', 'U', 'M', 'P', 'Y'};

/* --- the header's Python literal
 * -------------------------------------------------------------------- */

/* A cursor in the text {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. */
typedef struct {
    const char *at, *end;
    const char *name;
    int64_t offset; /* of the text's begin in the file */
    const char *begin;
    int major;
} text;

static hl_code fail(const text *t, hl_error *err, const char *what)
{
    char shown[HL_SHOW_BYTES];
    const size_t n = (size_t)(t->end - t->at);

    return hl_fail_at(err, HL_E_INPUT, t->name, 0, t->offset + (t->at - t->begin),
                      "damaged .npy header: %s at '%s'", what,
                      hl_show((hl_str){t->at, n > 40 ? 40 : n}, shown));
}

static void blanks(text *t)
{
    while (t->at < t->end &&
           (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r' || *t->at == '\f'))
        t->at++;
}

/* Take c when it is next (behind blanks). */
static bool take(text *t, char c)
{
    blanks(t);
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static bool take_word(text *t, const char *word)
{
    const size_t n = strlen(word);

    blanks(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0)
        return false;
    t->at += n;
    return true;
}

/* A string in single or double quotes, without escapes; no key or type needs one. */
static hl_code take_quoted(text *t, hl_str *out, hl_error *err)
{
    blanks(t);
    if (t->at == t->end || (*t->at != '\'' && *t->at != '"'))
        return fail(t, err, "a text in quotes is missing");
    const char quote = *t->at, *from = t->at + 1, *p = from;
    while (p < t->end && *p != quote && *p != '\\' && *p != '\n')
        p++;
    if (p == t->end || *p != quote)
        return fail(t, err, "a text without end");
    *out = (hl_str){from, (size_t)(p - from)};
    t->at = p + 1;
    return HL_OK;
}

/* A dimension: digits, as Python 2 with an L behind (versions 1 and 2 only). */
static hl_code take_dimension(text *t, int64_t *out, hl_error *err)
{
    blanks(t);
    const char *from = t->at, *p = from;
    while (p < t->end && *p >= '0' && *p <= '9')
        p++;
    if (p == from)
        return fail(t, err, "a dimension is missing");
    if ((p - from > 1 && *from == '0') || !hl_parse_i64((hl_str){from, (size_t)(p - from)}, out))
        return fail(t, err, "no valid dimension");
    t->at = p;
    if (t->major < 3 && p < t->end && *p == 'L')
        t->at++;
    return HL_OK;
}

static hl_code take_shape(text *t, hl_npy *npy, hl_error *err)
{
    bool comma = true;

    if (!take(t, '('))
        return fail(t, err, "the shape is no tuple");
    npy->n_dims = 0;
    while (!take(t, ')')) {
        int64_t n = 0;
        if (!comma)
            return fail(t, err, "a comma is missing");
        const hl_code c = take_dimension(t, &n, err);
        if (c != HL_OK)
            return c;
        if (npy->n_dims == HL_NPY_MAX_DIMS)
            return hl_fail_at(err, HL_E_LIMIT, t->name, 0, -1,
                              ".npy arrays of more than %d "
                              "dimensions are not supported",
                              HL_NPY_MAX_DIMS);
        npy->shape[npy->n_dims++] = n;
        comma = take(t, ',');
    }
    if (npy->n_dims == 1 && !comma) /* "(3)" is the number 3 to Python */
        return fail(t, err, "the shape is no tuple");
    return HL_OK;
}

/* Whether there is a type of this kind and size. */
static bool is_type(char kind, size_t bytes)
{
    switch (kind) {
    case 'b':
        return bytes == 1;
    case 'i':
    case 'u':
        return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    case 'f':
        return bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16;
    case 'c':
        return bytes == 8 || bytes == 16;
    default: /* 'M', 'm': times */
        return bytes == 8;
    }
}

/* "[ns]", "[25s]" or nothing. */
static bool is_unit(hl_str unit)
{
    bool good = unit.n == 0 || (unit.n > 2 && unit.at[0] == '[' && unit.at[unit.n - 1] == ']');

    for (size_t i = 1; good && i + 1 < unit.n; i++)
        good = (unit.at[i] >= 'a' && unit.at[i] <= 'z') ||
               (unit.at[i] >= '0' && unit.at[i] <= '9') || unit.at[i] == 'Y' || unit.at[i] == 'M' ||
               unit.at[i] == 'W' || unit.at[i] == 'D';
    return good;
}

/* NumPy's name of a type: byte order, kind, bytes, for times a unit. */
static hl_code take_descr(text *t, hl_npy *npy, hl_error *err)
{
    hl_str d;
    char shown[HL_SHOW_BYTES];

    blanks(t);
    if (t->at < t->end && *t->at == '[')
        return hl_fail_at(err, HL_E_LIMIT, t->name, 0, -1,
                          "structured .npy arrays (records) are not supported");
    const hl_code c = take_quoted(t, &d, err);
    if (c != HL_OK)
        return c;
    const bool has_order = d.n > 0 && d.at[0] && strchr("<>|=", d.at[0]);
    char order = has_order ? d.at[0] : '=';
    size_t i = has_order ? 1 : 0, bytes = 0;
    const char kind = i < d.n ? d.at[i++] : 0;
    for (size_t digits = 0; i < d.n && d.at[i] >= '0' && d.at[i] <= '9' && digits < 3;
         i++, digits++)
        bytes = bytes * 10 + (size_t)(d.at[i] - '0');
    const hl_str unit = {d.at + i, d.n - i};
    if (!kind || !strchr("biufcMm", kind) || d.n + 2 > sizeof npy->descr || !is_unit(unit) ||
        (unit.n && kind != 'M' && kind != 'm'))
        return hl_fail_at(err, HL_E_LIMIT, t->name, 0, -1,
                          ".npy arrays of type '%s' are not supported", hl_show(d, shown));
    if (!is_type(kind, bytes) || (order == '|' && bytes > 1))
        return hl_fail_at(err, HL_E_INPUT, t->name, 0, -1, "damaged .npy header: '%s' is no type",
                          hl_show(d, shown));
    if (bytes == 1)
        order = '|';
    else if (order == '=')
        order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    const int from = has_order ? 1 : 0;
    snprintf(npy->descr, sizeof npy->descr, "%c%.*s", order, (int)d.n - from, d.at + from);
    npy->item_bytes = bytes;
    return HL_OK;
}

static hl_code take_order(text *t, hl_npy *npy, hl_error *err)
{
    npy->fortran_order = take_word(t, "True");
    if (!npy->fortran_order && !take_word(t, "False"))
        return fail(t, err, "fortran_order is neither True nor False");
    return HL_OK;
}

/* One "key: value" of the dict; seen has a bit a key. */
static hl_code take_entry(text *t, hl_npy *npy, unsigned *seen, hl_error *err)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    hl_str key;
    unsigned i = 0;
    const char *from = t->at;
    hl_code c = take_quoted(t, &key, err);

    if (c != HL_OK)
        return c;
    while (i < 3 && !hl_str_is(key, keys[i]))
        i++;
    if (i == 3 || (*seen & 1u << i)) {
        t->at = from;
        return fail(t, err, i == 3 ? "an unknown key" : "a key that was there before");
    }
    *seen |= 1u << i;
    if (!take(t, ':'))
        return fail(t, err, "a colon is missing");
    return i == 0   ? take_descr(t, npy, err)
           : i == 1 ? take_order(t, npy, err)
                    : take_shape(t, npy, err);
}

static hl_code take_dict(text *t, hl_npy *npy, hl_error *err)
{
    unsigned seen = 0;
    bool comma = true;

    if (!take(t, '{'))
        return fail(t, err, "no dict");
    while (!take(t, '}')) {
        if (!comma)
            return fail(t, err, "a comma is missing");
        const hl_code c = take_entry(t, npy, &seen, err);
        if (c != HL_OK)
            return c;
        comma = take(t, ',');
    }
    blanks(t);
    if (t->at != t->end)
        return fail(t, err, "something stands behind the dict");
    if (seen != 7)
        return fail(t, err, "one of descr, fortran_order and shape is missing");
    return HL_OK;
}

/* --- the file
 * ---------------------------------------------------------------------------------------- */

static hl_code fail_cut(hl_in *in, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, hl_in_size(in),
                      "the .npy header ends early (the file has %" PRId64 " bytes)\n"
                      "The file is cut. Make or get it again.",
                      hl_in_size(in));
}

/* Product of the shape and the item size; false: beyond 63 bits. An empty array is empty however
 * large its other dimensions are. */
static bool count_bytes(hl_npy *npy)
{
    int64_t n = (int64_t)npy->item_bytes;

    for (size_t i = 0; i < npy->n_dims; i++)
        if (npy->shape[i] == 0)
            n = 0;
    for (size_t i = 0; i < npy->n_dims; i++)
        if (n && __builtin_mul_overflow(n, npy->shape[i], &n))
            return false;
    npy->data_bytes = n;
    return true;
}

static hl_code check_size(hl_in *in, hl_npy *npy, hl_error *err)
{
    int64_t whole;

    if (!count_bytes(npy) || __builtin_add_overflow(npy->data_offset, npy->data_bytes, &whole))
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, -1,
                          "the .npy header promises more data than any file can hold");
    if (whole != hl_in_size(in))
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, -1,
                          "the .npy header promises a file of %" PRId64
                          " bytes, but it has %" PRId64 "\n%s",
                          whole, hl_in_size(in),
                          whole > hl_in_size(in) ? "The file is cut. Make or get it again."
                                                 : "Something was appended to it.");
    return HL_OK;
}

/* The preamble: magic, version, length of the text. */
static hl_code read_preamble(hl_in *in, hl_npy *npy, size_t *offset, size_t *n, hl_error *err)
{
    uint8_t b[12];
    size_t got = 0;
    const hl_code c = hl_in_pread(in, b, sizeof b, 0, &got, err);

    if (c != HL_OK)
        return c;
    if (got < 6 || memcmp(b, magic, 6) != 0)
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, 0,
                          "not a .npy file (it does not begin with \\x93NUMPY)");
    if (got < 10)
        return fail_cut(in, err);
    npy->major = b[6];
    npy->minor = b[7];
    if (npy->major < 1 || npy->major > 3 || npy->minor != 0)
        return hl_fail_at(err, HL_E_LIMIT, hl_in_name(in), 0, 6,
                          ".npy version %d.%d is not supported, only 1.0, 2.0 and 3.0", npy->major,
                          npy->minor);
    if (npy->major > 1 && got < 12)
        return fail_cut(in, err);
    *offset = npy->major == 1 ? 10 : 12;
    *n = npy->major == 1
             ? (size_t)(b[8] | b[9] << 8)
             : (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (*n > MAX_HEADER_BYTES)
        return hl_fail_at(err, HL_E_LIMIT, hl_in_name(in), 0, 8,
                          "a .npy header of %zu bytes is not supported, only up to %d", *n,
                          MAX_HEADER_BYTES);
    return HL_OK;
}

hl_code hl_npy_read_header(hl_in *in, hl_npy *out, hl_error *err)
{
    char bytes[MAX_HEADER_BYTES];
    hl_npy npy = {0};
    size_t offset = 0, n = 0, got = 0;
    hl_code c = read_preamble(in, &npy, &offset, &n, err);

    if (c == HL_OK)
        c = hl_in_pread(in, bytes, n, (int64_t)offset, &got, err);
    if (c == HL_OK && got < n)
        c = fail_cut(in, err);
    if (c != HL_OK)
        return c;
    text t = {bytes, bytes + n, hl_in_name(in), (int64_t)offset, bytes, npy.major};
    if (npy.major == 3 && hl_utf8_fault(bytes, n) >= 0)
        return fail(&t, err, "no UTF-8");
    npy.data_offset = (int64_t)(offset + n);
    c = take_dict(&t, &npy, err);
    if (c == HL_OK)
        c = check_size(in, &npy, err);
    if (c == HL_OK)
        *out = npy;
    return c;
}

hl_code hl_npy_put_header(hl_buf *to, const char *descr, const int64_t *shape, size_t n_dims,
                          hl_error *err)
{
    hl_buf head = {0};
    hl_code c;

    hl_assert(n_dims <= HL_NPY_MAX_DIMS);
    hl_buf_printf(&head, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (size_t i = 0; i < n_dims; i++) {
        hl_buf_printf(&head, "%" PRId64, shape[i]);
        if (i + 1 < n_dims)
            hl_buf_text(&head, ", ");
        else if (n_dims == 1)
            hl_buf_char(&head, ',');
    }
    hl_buf_text(&head, "), }");
    if (n_dims > 0) {
        char digits[HL_F64_CHARS];
        for (size_t i = hl_print_i64(shape[0], digits); i < GROWTH_DIGITS; i++)
            hl_buf_char(&head, ' ');
    }
    do /* at least one: a header that fits exactly gets 64 more, as numpy's does */
        hl_buf_char(&head, ' ');
    while ((10 + head.n + 1) % 64 != 0 && !head.oom);
    hl_buf_char(&head, '\n');
    c = hl_buf_check(&head, ".npy header", err);
    if (c == HL_OK) {
        const uint8_t length[4] = {1, 0, (uint8_t)(head.n & 255), (uint8_t)(head.n >> 8)};
        hl_buf_append(to, magic, sizeof magic);
        hl_buf_append(to, length, sizeof length);
        hl_buf_append(to, head.at, head.n);
        c = hl_buf_check(to, ".npy header", err);
    }
    hl_buf_free(&head);
    return c;
}
