#include "data/npy.h"

#include <ctype.h>

#include "tap.h"

static hl_code read_file(const char *name, hl_npy *npy, hl_error *err)
{
    hl_in *in = NULL;
    hl_code c = hl_in_open(fixture(name), &in, err);

    if (c == HL_OK)
        c = hl_npy_read_header(in, npy, err);
    hl_in_close(&in);
    return c;
}

/* Version major.0 with this header text and n_data zero bytes behind it. */
static hl_code read_text(int major, const char *text, size_t n_data, hl_npy *npy, hl_error *err)
{
    hl_buf b = {0};
    hl_in *in = NULL;
    const size_t n = strlen(text);
    const char head[12] = {(char)0x93,     'N', 'U', 'M', 'P', 'Y', (char)major, 0, (char)(n & 255),
                           (char)(n >> 8), 0,   0};

    hl_buf_append(&b, head, major == 1 ? 10 : 12);
    hl_buf_append(&b, text, n);
    for (size_t i = 0; i < n_data; i++)
        hl_buf_char(&b, 0);
    hl_code c = hl_in_memory(b.at, b.n, "x.npy", &in, err);
    if (c == HL_OK)
        c = hl_npy_read_header(in, npy, err);
    hl_in_close(&in);
    hl_buf_free(&b);
    return c;
}

static void files_of_numpy_are_read(void)
{
    static const struct {
        const char *name, *descr;
        size_t item, n_dims;
        int64_t shape[2], bytes;
        int major;
        bool fortran;
    } files[] = {
        {"npy/f4_2x3.npy", "<f4", 4, 2, {2, 3}, 24, 1, false},
        {"npy/i8_scalar.npy", "<i8", 8, 0, {0, 0}, 8, 1, false},
        {"npy/u1_5.npy", "|u1", 1, 1, {5, 0}, 5, 1, false},
        {"npy/f8_fortran.npy", ">f8", 8, 2, {2, 3}, 48, 1, true},
        {"npy/m8_3.npy", "<M8[ns]", 8, 1, {3, 0}, 24, 1, false},
        {"npy/empty_0x4.npy", "|b1", 1, 2, {0, 4}, 0, 1, false},
        {"npy/version_2.npy", "<i2", 2, 1, {4, 0}, 8, 2, false},
        {"npy/version_3.npy", "<i2", 2, 1, {4, 0}, 8, 3, false},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        hl_npy npy;
        hl_error err = {0};
        if (!ok(read_file(files[i].name, &npy, &err) == HL_OK)) {
            printf("# %s\n", err.message);
            continue;
        }
        is_str(npy.descr, files[i].descr);
        is_int(npy.item_bytes, files[i].item);
        is_int(npy.n_dims, files[i].n_dims);
        for (size_t d = 0; d < npy.n_dims; d++)
            is_int(npy.shape[d], files[i].shape[d]);
        is_int(npy.data_bytes, files[i].bytes);
        is_int(npy.data_offset % 64, 0);
        is_int(npy.major, files[i].major);
        ok(npy.fortran_order == files[i].fortran);
    }
}

static void the_dict_may_be_written_in_any_way_that_python_takes(void)
{
    static const struct {
        int major;
        const char *text;
    } good[] = {
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"},
        {1, "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"<f4\"}"},
        {1, " {  'shape' : ( 2 , 3 ) , 'descr' : 'f4' , 'fortran_order' : False } \n"},
        {1, "{'descr': '=f4', 'fortran_order': False, 'shape': (2L, 3L)}"},
        {2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"},
        {3, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        hl_npy npy;
        hl_error err = {0};
        if (!ok(read_text(good[i].major, good[i].text, 24, &npy, &err) == HL_OK))
            printf("# %s: %s\n", good[i].text, err.message);
        else
            is_str(npy.descr, "<f4");
    }
}

static void other_headers_are_refused_by_name(void)
{
    static const struct {
        int major;
        hl_code code;
        const char *text, *message;
    } bad[] = {
        {1, HL_E_INPUT, "", "no dict"},
        {1, HL_E_INPUT, "[]", "no dict at '[]'"},
        {1, HL_E_INPUT, "{'descr': '<f4', 'shape': (2, 3)}", "is missing"},
        {1, HL_E_INPUT, "{'descr': '<f4', 'descr': '<f4'}", "was there before at ''descr'"},
        {1, HL_E_INPUT, "{'colour': 1}", "an unknown key at ''colour'"},
        {1, HL_E_INPUT, "{'shape': 3}", "no tuple"},
        {1, HL_E_INPUT, "{'shape': (3)}", "no tuple"},
        {1, HL_E_INPUT, "{'shape': (,)}", "a dimension is missing"},
        {1, HL_E_INPUT, "{'shape': (-1,)}", "a dimension is missing at '-1"},
        {1, HL_E_INPUT, "{'shape': (01,)}", "no valid dimension"},
        {1, HL_E_INPUT, "{'shape': (99999999999999999999,)}", "no valid dimension"},
        {3, HL_E_INPUT, "{'shape': (2L,)}", "a comma is missing"},
        {1, HL_E_INPUT, "{'shape': (2 3)}", "a comma is missing"},
        {1, HL_E_INPUT, "{'shape': (2,", "a dimension is missing"},
        {1, HL_E_INPUT, "{'descr' '<f4'}", "a colon is missing"},
        {1, HL_E_INPUT, "{'descr: '<f4'}", "an unknown key"},
        {1, HL_E_INPUT, "{'descr", "a text without end"},
        {1, HL_E_INPUT, "{'fortran_order': 0}", "neither True nor False"},
        {1, HL_E_INPUT, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "behind"},
        {1, HL_E_INPUT, "{'descr': '<f3'}", "'<f3' is no type"},
        {1, HL_E_INPUT, "{'descr': '|f4'}", "'|f4' is no type"},
        {1, HL_E_LIMIT, "{'descr': '|O'}", "type '|O' are not supported"},
        {1, HL_E_LIMIT, "{'descr': '<U5'}", "type '<U5' are not supported"},
        {1, HL_E_LIMIT, "{'descr': ''}", "type '' are not supported"},
        {1, HL_E_LIMIT, "{'descr': [('a', '<i4')]}", "structured"},
        {4, HL_E_LIMIT, "{}", "version 4.0 is not supported"},
        {3, HL_E_INPUT, "{'\xff': 1}", "no UTF-8"},
        {1, HL_E_INPUT, "{'descr':'<f8','fortran_order':False,'shape':(4611686018427387904,2)}",
         "more data than any file"},
        {1, HL_E_INPUT, "{'descr':'<f4','fortran_order':False,'shape':(7,)}",
         "promises a file of 88 bytes, but it has 84"},
        {1, HL_E_INPUT, "{'descr':'<f4','fortran_order':False,'shape':(5,)}",
         "promises a file of 80 bytes, but it has 84\nSomething was appended"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hl_npy npy;
        hl_error err = {0};
        if (!ok(read_text(bad[i].major, bad[i].text, 24, &npy, &err) == bad[i].code))
            printf("# %s\n", bad[i].text);
        like(err.message, bad[i].message);
        like(err.message, "x.npy");
    }
}

static void more_than_32_dimensions_are_too_many(void)
{
    hl_buf b = {0};
    hl_npy npy;
    hl_error err = {0};

    hl_buf_text(&b, "{'shape': (");
    for (int i = 0; i < 33; i++)
        hl_buf_text(&b, "1,");
    hl_buf_text(&b, ")}");
    is_int(read_text(1, b.at, 0, &npy, &err), HL_E_LIMIT);
    like(err.message, "more than 32 dimensions");
    hl_buf_free(&b);
}

static void each_cut_of_a_file_is_refused(void)
{
    hl_buf b = {0};
    hl_error err = {0};

    is_int(hl_read_file(fixture("npy/f4_2x3.npy"), 4096, &b, NULL, &err), HL_OK);
    for (size_t n = 0; n < b.n; n++) {
        hl_in *in = NULL;
        hl_npy npy;
        is_int(hl_in_memory(b.at, n, "cut.npy", &in, &err), HL_OK);
        is_int(hl_npy_read_header(in, &npy, &err), HL_E_INPUT);
        like(err.message, n < 6 ? "not a .npy file" : n < 128 ? "ends early" : "but it has");
        hl_in_close(&in);
    }
    hl_buf_free(&b);
    is_int(read_file("npy/record.npy", &(hl_npy){0}, &err), HL_E_LIMIT);
    is_int(read_file("npy/make.py", &(hl_npy){0}, &err), HL_E_INPUT);
    like(err.message, "does not begin with");
}

static void a_failed_read_leaves_the_output_alone(void)
{
    hl_npy npy = {.n_dims = 5};

    is_int(read_text(1, "{'shape': (2,)}", 0, &npy, NULL), HL_E_INPUT);
    is_int(npy.n_dims, 5);
}

/* Lines "DESCR AxBxC HEX", "-" for a scalar. */
static void headers_are_written_as_numpy_writes_them(void)
{
    FILE *f = fopen(fixture("npy/headers.txt"), "r");
    char descr[16], dims[600], hex[2048];
    int n = 0;

    while (f && fscanf(f, "%15s %599s %2047s", descr, dims, hex) == 3) {
        int64_t shape[HL_NPY_MAX_DIMS];
        size_t n_dims = 0;
        hl_buf got = {0}, want = {0};
        hl_npy npy;
        hl_error err = {0};
        for (char *p = dims; isdigit((unsigned char)*p); p += *p == 'x')
            shape[n_dims++] = strtoll(p, &p, 10);
        is_int(hl_npy_put_header(&got, descr, shape, n_dims, &err), HL_OK);
        hl_buf_hex(&want, got.at, got.n);
        is_str(want.at, hex);
        is_int(got.n % 64, 0);
        hl_in *in = NULL; /* and back: only the data are missing */
        is_int(hl_in_memory(got.at, got.n, "h.npy", &in, &err), HL_OK);
        is_int(hl_npy_read_header(in, &npy, &err), HL_E_INPUT);
        like(err.message, "the .npy header promises");
        hl_in_close(&in);
        hl_buf_free(&got);
        hl_buf_free(&want);
        n++;
    }
    is_int(n, 38);
    if (f)
        fclose(f);
}

int main(void)
{
    run(files_of_numpy_are_read);
    run(the_dict_may_be_written_in_any_way_that_python_takes);
    run(other_headers_are_refused_by_name);
    run(more_than_32_dimensions_are_too_many);
    run(each_cut_of_a_file_is_refused);
    run(a_failed_read_leaves_the_output_alone);
    run(headers_are_written_as_numpy_writes_them);
    return done();
}
