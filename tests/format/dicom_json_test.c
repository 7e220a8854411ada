#include "format/dicom/json.h"

#include "tap.h"

static hl_error err;
static hl_buf text;
static hl_json *json;

/* Parse the JSON of d, which is closed. */
static void take(hl_dicom *d)
{
    hl_json_writer w = hl_json_write_to(&text, 1);

    hl_json_free(&json);
    hl_buf_clear(&text);
    if (!ok(d && hl_dicom_json(d, &w, &err) == HL_OK) ||
        !ok(hl_json_parse(text.at, text.n, "json", &json, &err) == HL_OK))
        printf("# %s\n", err.message);
    hl_dicom_close(&d);
}

/* A data set of one element (explicit VR, long form) behind a marker that makes it a file. */
static void element(const char *vr, bool big, const void *value, size_t n)
{
    hl_buf b = {0};
    hl_dicom *d = NULL;
    uint8_t head[12] = {0x10, 0, 0x20, 0, (uint8_t)vr[0], (uint8_t)vr[1]};
    static const char before[] = "\x08\0\x60\0CS\x02\0CR";
    static const char before_big[] = "\0\x08\0\x60"
                                     "CS\0\x02"
                                     "CR";
    bool is_long = strchr("OSU", vr[0]) && strstr("OB OD OF OL OV OW SV UC UN UR UT UV", vr);

    hl_buf_append(&b, big ? before_big : before, 10);
    if (big) {
        head[0] = 0, head[1] = 0x10, head[2] = 0, head[3] = 0x20;
        head[is_long ? 10 : 6] = (uint8_t)(n >> 8), head[is_long ? 11 : 7] = (uint8_t)n;
    } else {
        head[is_long ? 8 : 6] = (uint8_t)n, head[is_long ? 9 : 7] = (uint8_t)(n >> 8);
    }
    hl_buf_append(&b, head, is_long ? 12 : 8);
    hl_buf_append(&b, value, n);
    if (!ok(hl_dicom_memory(b.at, b.n, "t.dcm", &d, &err) == HL_OK))
        printf("# %s\n", err.message);
    take(d);
    hl_buf_free(&b);
}

/* What stands behind "vr" of that element, without line ends and indentation. */
static const char *value_text(void)
{
    static char out[4096];
    const hl_json_value *e = json ? hl_json_get(hl_json_root(json), "00100020") : NULL;
    hl_buf b = {0};
    hl_json_writer w = hl_json_write_to(&b, 0);

    hl_json_open(&w, '{');
    for (size_t i = 1; i < hl_json_count(e); i++) {
        hl_json_put_key(&w, hl_json_key(e, i));
        hl_json_put_value(&w, hl_json_at(e, i));
    }
    hl_json_close(&w, '}');
    snprintf(out, sizeof out, "%s", b.at);
    hl_buf_free(&b);
    return out;
}
#define ELEMENT(vr, value) element(vr, false, value, sizeof value - 1)

static bool same(const hl_json_value *a, const hl_json_value *b)
{
    hl_json_type type = hl_json_type_of(a);

    if (type == HL_JSON_INT || type == HL_JSON_REAL)
        return (hl_json_type_of(b) == HL_JSON_INT || hl_json_type_of(b) == HL_JSON_REAL) &&
               hl_json_real(a) == hl_json_real(b);
    if (type != hl_json_type_of(b) || hl_json_count(a) != hl_json_count(b))
        return false;
    if (type == HL_JSON_TEXT)
        return hl_str_equal(hl_json_text(a), hl_json_text(b));
    for (size_t i = 0; i < hl_json_count(a); i++)
        if (!same(hl_json_at(a, i),
                  type == HL_JSON_OBJECT ? hl_json_get(b, hl_json_key(a, i)) : hl_json_at(b, i)))
            return false;
    return true;
}

static void files_give_the_values_that_pydicom_gives(void)
{
    static const char *const names[] = {"chrH32",         "chrSQEncoding",
                                        "nested_priv_SQ", "reportsi_with_empty_number_tags",
                                        "UN_sequence",    "ExplVR_BigEndNoMeta"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[100];
        hl_in *in = NULL;
        hl_dicom *d = NULL;
        hl_json *want = NULL;
        snprintf(name, sizeof name, "dicom/json/%s.dcm", names[i]);
        ok(hl_in_open(fixture(name), &in, &err) == HL_OK);
        if (!ok(hl_dicom_open(in, &d, &err) == HL_OK))
            printf("# %s\n", err.message);
        take(d);
        hl_in_close(&in);
        snprintf(name, sizeof name, "dicom/json/%s.json", names[i]);
        ok(hl_json_read(fixture(name), &want, &err) == HL_OK);
        if (json && !ok(same(hl_json_root(json), hl_json_root(want))))
            printf("# %s: %.3000s\n", names[i], text.at);
        hl_json_free(&want);
    }
}

static void decimal_strings_are_numbers_by_value(void)
{
    ELEMENT("DS", "1.0\\-2.50 \\+3e2\\ .5\\7");
    is_str(value_text(), "{\"Value\":[1.0,-2.5,300.0,0.5,7.0]}");
    ELEMENT("DS", "0.1\\123456789.123456");
    is_str(value_text(), "{\"Value\":[0.1,123456789.123456]}");
    ELEMENT("DS", "1\\\\2 ");
    is_str(value_text(), "{\"Value\":[1.0,null,2.0]}");
    ELEMENT("DS", "1,5 \\nan\\1e999 ");
    is_str(value_text(), "{\"Value\":[\"1,5\",\"nan\",\"1e999\"]}");
    ELEMENT("DS", "  ");
    is_str(value_text(), "{}");
}

static void integer_strings_are_integers(void)
{
    ELEMENT("IS", "-1\\+12\\007 \\1.0");
    is_str(value_text(), "{\"Value\":[-1,12,7,1]}");
    ELEMENT("IS", "9007199254740993\\9223372036854775807 ");
    is_str(value_text(), "{\"Value\":[9007199254740993,9223372036854775807]}");
    ELEMENT("IS", "1.5\\abc ");
    is_str(value_text(), "{\"Value\":[1.5,\"abc\"]}");
    ELEMENT("IS", "99999999999999999999");
    is_str(value_text(), "{\"Value\":[1e+20]}");
}

static void binary_numbers_come_in_both_byte_orders(void)
{
    ELEMENT("US", "\x01\0\xff\xff");
    is_str(value_text(), "{\"Value\":[1,65535]}");
    element("US", true, "\0\x01\xff\xff", 4);
    is_str(value_text(), "{\"Value\":[1,65535]}");
    ELEMENT("SS", "\xff\xff");
    is_str(value_text(), "{\"Value\":[-1]}");
    ELEMENT("UL", "\xff\xff\xff\xff");
    is_str(value_text(), "{\"Value\":[4294967295]}");
    ELEMENT("SV", "\0\0\0\0\0\0\0\x80");
    is_str(value_text(), "{\"Value\":[-9223372036854775808]}");
    ELEMENT("UV", "\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff");
    is_str(value_text(), "{\"Value\":[9223372036854775807,\"18446744073709551615\"]}");
    ELEMENT("FL", "\0\0\xc0\x3f");
    is_str(value_text(), "{\"Value\":[1.5]}");
    ELEMENT("FD", "\x9a\x99\x99\x99\x99\x99\xb9\x3f");
    is_str(value_text(), "{\"Value\":[0.1]}");
    ELEMENT("FL", "\0\0\xc0\x7f\0\0\x80\x7f\0\0\x80\xff");
    is_str(value_text(), "{\"Value\":[\"NaN\",\"inf\",\"-inf\"]}");
    ELEMENT("AT", "\xe0\x7f\x10\0");
    is_str(value_text(), "{\"Value\":[\"7FE00010\"]}");
    element("AT", true, "\x7f\xe0\0\x10", 4);
    is_str(value_text(), "{\"Value\":[\"7FE00010\"]}");
}

static void names_are_objects_of_their_groups(void)
{
    ELEMENT("PN", "A^B=C=D ");
    is_str(value_text(),
           "{\"Value\":[{\"Alphabetic\":\"A^B\",\"Ideographic\":\"C\",\"Phonetic\":\"D\"}]}");
    ELEMENT("PN", "==D ");
    is_str(value_text(), "{\"Value\":[{\"Phonetic\":\"D\"}]}");
    ELEMENT("PN", "A=\\\\B");
    is_str(value_text(), "{\"Value\":[{\"Alphabetic\":\"A\"},null,{\"Alphabetic\":\"B\"}]}");
    ELEMENT("PN", "^^^^");
    is_str(value_text(), "{\"Value\":[{\"Alphabetic\":\"^^^^\"}]}");
}

static void texts_are_texts_and_an_empty_one_between_others_stays(void)
{
    ELEMENT("LO", "a\\\\b ");
    is_str(value_text(), "{\"Value\":[\"a\",\"\",\"b\"]}");
    ELEMENT("LT", "a\\\"\r\n\tb ");
    is_str(value_text(), "{\"Value\":[\"a\\\\\\\"\\r\\n\\tb\"]}");
    ELEMENT("LO", "");
    is_str(value_text(), "{}");
}

static void bytes_stand_inline_up_to_1024_of_them(void)
{
    static char many[1026];

    ELEMENT("OB", "\x01\x02\x03\xff");
    is_str(value_text(), "{\"InlineBinary\":\"AQID/w==\"}");
    element("OW", false, many, 1024);
    is_int(strlen(value_text()), 1368 + strlen("{\"InlineBinary\":\"\"}"));
    element("OW", false, many, 1026);
    is_str(value_text(), "{\"BulkDataURI\":\"?offset=22&length=1026\"}");
}

int main(void)
{
    run(files_give_the_values_that_pydicom_gives);
    run(decimal_strings_are_numbers_by_value);
    run(integer_strings_are_integers);
    run(binary_numbers_come_in_both_byte_orders);
    run(names_are_objects_of_their_groups);
    run(texts_are_texts_and_an_empty_one_between_others_stays);
    run(bytes_stand_inline_up_to_1024_of_them);
    hl_buf_free(&text);
    hl_json_free(&json);
    return done();
}
