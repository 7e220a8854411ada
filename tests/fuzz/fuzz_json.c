/*
 * Bytes -> JSON -> canonical bytes -> the same canonical bytes: what a recipe's digest rests on.
 * The writer's output must parse, too.
 */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_json *json = NULL, *again = NULL;
    hl_buf canonical = {0}, second = {0}, pretty = {0};
    hl_error err;

    if (hl_json_parse((const char *)data, size, "fuzz.json", &json, &err) != HL_OK)
        return 0;
    hl_json_writer w = hl_json_write_to(&pretty, 2);
    hl_json_put_value(&w, hl_json_root(json));
    hl_assert(hl_json_parse(pretty.at, pretty.n, "pretty.json", &again, &err) == HL_OK);
    hl_json_free(&again);
    if (hl_json_canonical(hl_json_root(json), &canonical, &err) == HL_OK) {
        hl_assert(hl_json_parse(canonical.at, canonical.n, "again.json", &again, &err) == HL_OK);
        hl_assert(hl_json_canonical(hl_json_root(again), &second, &err) == HL_OK);
        hl_assert(canonical.n == second.n && memcmp(canonical.at, second.at, second.n) == 0);
        hl_json_free(&again);
    }
    hl_json_free(&json);
    hl_buf_free(&canonical);
    hl_buf_free(&second);
    hl_buf_free(&pretty);
    return 0;
}
