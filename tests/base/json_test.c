#include "base/json.h"

#include "base/io.h"
#include "tap.h"

static hl_json *parse(const char *text, hl_error *err)
{
    hl_json *json = NULL;

    hl_json_parse(text, strlen(text), "r.json", &json, err);
    return json;
}

/* Parse and write again. */
static const char *again(const char *text, int indent)
{
    static hl_buf to;
    hl_json *json = parse(text, NULL);
    hl_json_writer w = hl_json_write_to(&to, indent);

    hl_buf_clear(&to);
    if (!json)
        return "not read";
    hl_json_put_value(&w, hl_json_root(json));
    hl_json_free(&json);
    return to.at;
}

static void values_are_found_by_key_and_by_place(void)
{
    hl_error err = {0};
    hl_json *json = parse("{\"b\": [1, 2.5, \"x\\u00e9\", true, null], \"a\": {\"n\": -7}}", &err);
    const hl_json_value *root = hl_json_root(json), *list = hl_json_get(root, "b");

    is_str(err.message, "");
    is_str(hl_json_name(json), "r.json");
    is_int(hl_json_count(root), 2);
    is_str(hl_json_key(root, 0), "b");
    is_str(hl_json_key(root, 1), "a");
    ok(hl_json_key(root, 2) == NULL);
    is_int(hl_json_count(list), 5);
    is_int(hl_json_int(hl_json_at(list, 0)), 1);
    ok(hl_json_real(hl_json_at(list, 0)) == 1.0);
    ok(hl_json_real(hl_json_at(list, 1)) == 2.5);
    is_int(hl_json_int(hl_json_at(list, 1)), 0);
    ok(hl_str_is(hl_json_text(hl_json_at(list, 2)), "x\xc3\xa9"));
    ok(hl_json_bool(hl_json_at(list, 3)));
    is_int(hl_json_type_of(hl_json_at(list, 4)), HL_JSON_NULL);
    is_int(hl_json_int(hl_json_get(hl_json_get(root, "a"), "n")), -7);
    hl_json_free(&json);
    ok(json == NULL);
}

static void questions_to_a_value_of_another_type_have_an_empty_answer(void)
{
    hl_json *json = parse("[1]", NULL);
    const hl_json_value *root = hl_json_root(json), *one = hl_json_at(root, 0);

    ok(hl_json_get(root, "a") == NULL);
    ok(hl_json_get(NULL, "a") == NULL);
    ok(hl_json_at(root, 1) == NULL);
    ok(hl_json_at(one, 0) == NULL);
    ok(hl_json_key(root, 0) == NULL);
    is_int(hl_json_count(one), 0);
    is_int(hl_json_count(NULL), 0);
    ok(hl_json_text(one).at == NULL);
    ok(!hl_json_bool(one));
    is_int(hl_json_type_of(NULL), HL_JSON_NULL);
    hl_json_free(&json);
    hl_json_free(NULL);
}

static void an_object_of_many_members_keeps_file_order_and_finds_each(void)
{
    hl_buf text = {0};
    hl_error err = {0};

    hl_buf_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        hl_buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", (i * 7919) % 5000, i);
    hl_buf_char(&text, '}');
    hl_json *json = parse(text.at, &err);
    const hl_json_value *root = hl_json_root(json);
    bool good = hl_json_count(root) == 5000;
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", (i * 7919) % 5000);
        good = good && strcmp(hl_json_key(root, (size_t)i), key) == 0 &&
               hl_json_int(hl_json_get(root, key)) == i;
    }
    ok(good);
    ok(hl_json_get(root, "k5000") == NULL);
    hl_json_free(&json);
    hl_buf_free(&text);
}

static void faults_name_file_line_and_column(void)
{
    static const struct {
        const char *text, *part;
        int64_t line;
    } cases[] = {
        {"{\"a\": 1,\n \"b\": }", "r.json:2: no valid JSON at column", 2},
        {"{\"a\": 1,\n\n \"a\": 2}", "duplicate object key", 3},
        {"{\"a\": 1}\nx", "end of file expected", 2},
        {"[1,\n99999999999999999999]", "too big integer", 2},
        {"[1,\n-9223372036854775809]", "too big negative integer", 2},
        {"[1e999]", "real number overflow", 1},
        {"[\"\xff\"]", "unable to decode byte 0xff", 1},
        {"[\"a\\u0000b\"]", "no valid JSON", 1},
        {"", "no valid JSON", 1},
        {"\xef\xbb\xbf{}", "no valid JSON", 1},
        {"[1,]", "no valid JSON", 1},
        {"{'a': 1}", "no valid JSON", 1},
        {"[NaN]", "no valid JSON", 1},
        {"[\"a\nb\"]", "no valid JSON", 1},
        {"\"abc", "no valid JSON", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_error err = {0};
        hl_json *json = parse(cases[i].text, &err);
        ok(json == NULL);
        is_int(err.code, HL_E_INPUT);
        like(err.message, cases[i].part);
        is_int(err.line, cases[i].line);
        is_str(err.path, "r.json");
    }
}

static void sixty_four_levels_are_read_and_one_more_is_not(void)
{
    char text[200] = "";
    hl_error err = {0};

    for (int n = 64; n <= 65; n++) {
        memset(text, '[', (size_t)n);
        memset(text + n, ']', (size_t)n);
        text[2 * n] = 0;
        hl_json *json = parse(text, &err);
        ok((json != NULL) == (n == 64));
        hl_json_free(&json);
    }
    like(err.message, "r.json:1: JSON nested deeper than 64 levels");
    /* Brackets in texts do not count. */
    hl_json *json = parse(
        "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"]", &err);
    ok(json != NULL);
    hl_json_free(&json);
}

static void the_ends_of_the_integers_are_read(void)
{
    is_str(again("[9223372036854775807,-9223372036854775808,0,-0]", 0),
           "[9223372036854775807,-9223372036854775808,0,0]");
}

static void compact_writing_has_no_blanks(void)
{
    is_str(
        again(" { \"a\" : [ 1 , true , null , \"x\" , { } , [ ] ] , \"b\" : { \"c\" : 1.0 } } ", 0),
        "{\"a\":[1,true,null,\"x\",{},[]],\"b\":{\"c\":1.0}}");
    is_str(again("[]", 0), "[]");
    is_str(again("3", 0), "3");
}

static void indented_writing_is_that_of_python(void)
{
    is_str(again("{\"a\": [1, {\"b\": []}], \"c\": {}, \"d\": \"x\"}", 2), "{\n"
                                                                           "  \"a\": [\n"
                                                                           "    1,\n"
                                                                           "    {\n"
                                                                           "      \"b\": []\n"
                                                                           "    }\n"
                                                                           "  ],\n"
                                                                           "  \"c\": {},\n"
                                                                           "  \"d\": \"x\"\n"
                                                                           "}");
    is_str(again("[[], {}]", 4), "[\n    [],\n    {}\n]");
    is_str(again("{}", 4), "{}");
}

static void real_numbers_are_the_shortest_that_read_back(void)
{
    is_str(again("[0.1, 1e-5, 1e16, 123456789.123, 1e22, -0.0, 100.0]", 0),
           "[0.1,1e-05,1e+16,123456789.123,1e+22,-0.0,100.0]");
    hl_buf to = {0};
    hl_json_writer w = hl_json_write_to(&to, 0);
    hl_json_open(&w, '[');
    hl_json_put_real(&w, NAN);
    hl_json_put_real(&w, INFINITY);
    hl_json_put_real(&w, -INFINITY);
    hl_json_close(&w, ']');
    is_str(to.at, "[NaN,Infinity,-Infinity]");
    hl_buf_free(&to);
}

static void texts_are_escaped_only_where_they_must_be(void)
{
    hl_buf to = {0};
    hl_json_writer w = hl_json_write_to(&to, 0);

    hl_json_open(&w, '[');
    hl_json_put_cstr(&w, "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80");
    hl_json_put_text(&w, (hl_str){"a\xff\xc3"
                                  "b",
                                  4});
    hl_json_put_text(&w, (hl_str){"a\0b", 3});
    hl_json_put_cstr(&w, NULL);
    hl_json_put_text(&w, (hl_str){"", 0});
    hl_json_close(&w, ']');
    is_str(to.at, "[\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80\","
                  "\"a\xef\xbf\xbd\xef\xbf\xbd"
                  "b\",\"a\\u0000b\",null,\"\"]");
    hl_buf_free(&to);
}

static void canonical_bytes_have_sorted_keys_and_no_blanks(void)
{
    hl_buf to = {0};
    hl_error err = {0};
    hl_json *json =
        parse("{\"b\": 1, \"a\": {\"\xc3\xa9\": [1, \"x\\ny\"], \"Z\": true, \"aa\": null}, "
              "\"\": 2}",
              &err);

    is_int(hl_json_canonical(hl_json_root(json), &to, &err), HL_OK);
    is_str(to.at, "{\"\":2,\"a\":{\"Z\":true,\"aa\":null,\"\xc3\xa9\":[1,\"x\\ny\"]},\"b\":1}");
    hl_json_free(&json);
    hl_buf_free(&to);
}

static void canonical_bytes_refuse_a_decimal_number_and_say_where(void)
{
    hl_buf to = {0};
    hl_error err = {0};
    hl_json *json = parse("{\"labs\": {\"limit\": 0.5}}", &err);

    is_int(hl_json_canonical(hl_json_root(json), &to, &err), HL_E_INPUT);
    is_str(err.message, "labs: limit: 0.5 is a decimal number\nWrite it as a text: \"0.5\".");
    hl_json_free(&json);
    hl_buf_free(&to);
}

static void a_file_is_read_and_a_missing_one_named(void)
{
    const char *folder = temp_folder();
    char path[300];
    hl_error err = {0};
    hl_json *json = NULL;

    snprintf(path, sizeof path, "%s/r.json", folder);
    is_int(hl_json_read(path, &json, &err), HL_E_INPUT);
    like(err.message, path);
    hl_write_file(path, "{\"a\":1}\n", 8, NULL, NULL);
    is_int(hl_json_read(path, &json, &err), HL_OK);
    is_int(hl_json_int(hl_json_get(hl_json_root(json), "a")), 1);
    hl_json_free(&json);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    run(values_are_found_by_key_and_by_place);
    run(questions_to_a_value_of_another_type_have_an_empty_answer);
    run(an_object_of_many_members_keeps_file_order_and_finds_each);
    run(faults_name_file_line_and_column);
    run(sixty_four_levels_are_read_and_one_more_is_not);
    run(the_ends_of_the_integers_are_read);
    run(compact_writing_has_no_blanks);
    run(indented_writing_is_that_of_python);
    run(real_numbers_are_the_shortest_that_read_back);
    run(texts_are_escaped_only_where_they_must_be);
    run(canonical_bytes_have_sorted_keys_and_no_blanks);
    run(canonical_bytes_refuse_a_decimal_number_and_say_where);
    run(a_file_is_read_and_a_missing_one_named);
    return done();
}
