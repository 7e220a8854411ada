#include "base/map.h"

#include "tap.h"

static void ids_are_found_and_absent_ones_are_not(void)
{
    hl_map *map = hl_map_new(0);
    int64_t was = 5;
    is_int(hl_map_get(map, 0), -1);
    is_int(hl_map_add(map, 0, 10, &was, NULL), HL_OK);
    is_int(was, -1);
    is_int(hl_map_add(map, 0, 11, &was, NULL), HL_OK);
    is_int(was, 10);
    is_int(hl_map_add(map, INT64_MIN, 1, NULL, NULL), HL_OK);
    is_int(hl_map_add(map, INT64_MAX, 2, NULL, NULL), HL_OK);
    is_int(hl_map_add(map, -1, 3, NULL, NULL), HL_OK);
    is_int(hl_map_get(map, 0), 10);
    is_int(hl_map_get(map, INT64_MIN), 1);
    is_int(hl_map_get(map, INT64_MAX), 2);
    is_int(hl_map_get(map, -1), 3);
    is_int(hl_map_get(map, 1), -1);
    is_int(hl_map_count(map), 4);
    hl_map_free(&map);
    ok(map == NULL);
    hl_map_free(&map);
    hl_map_free(NULL);
}

static void many_ids_keep_their_order_and_values(void)
{
    enum { N = 100000 };
    hl_map *map = hl_map_new(10);
    for (int64_t i = 0; i < N; i++)
        hl_map_add(map, i * 1048576, i, NULL, NULL); /* alike in their lower bits */
    is_int(hl_map_count(map), N);
    for (int64_t i = 0; i < N; i++)
        if (!ok(hl_map_get(map, i * 1048576) == i) || !ok(hl_map_get(map, i * 1048576 + 1) == -1) ||
            !ok(hl_map_key(map, (size_t)i) == i * 1048576))
            break;
    hl_map_free(&map);
}

static void texts_are_found_and_absent_ones_are_not(void)
{
    hl_strmap *map = hl_strmap_new(0);
    int64_t was = 5;
    is_int(hl_strmap_get(map, hl_str_of("")), -1);
    is_int(hl_strmap_add(map, hl_str_of(""), 0, &was, NULL), HL_OK);
    is_int(was, -1);
    is_int(hl_strmap_add(map, (hl_str){"a\0b", 3}, 1, NULL, NULL), HL_OK);
    is_int(hl_strmap_add(map, (hl_str){"a\0c", 3}, 2, NULL, NULL), HL_OK);
    is_int(hl_strmap_add(map, (hl_str){"a\0b", 3}, 3, &was, NULL), HL_OK);
    is_int(was, 1);
    is_int(hl_strmap_get(map, (hl_str){NULL, 0}), 0);
    is_int(hl_strmap_get(map, (hl_str){"a\0c", 3}), 2);
    is_int(hl_strmap_get(map, hl_str_of("a")), -1);
    is_int(hl_strmap_count(map), 3);
    hl_strmap_free(&map);
    ok(map == NULL);
    hl_strmap_free(&map);
    hl_strmap_free(NULL);
}

static void keys_are_copies_in_insertion_order(void)
{
    enum { N = 20000 };
    hl_strmap *map = hl_strmap_new(0);
    char text[40];
    for (int i = 0; i < N; i++) {
        int n = snprintf(text, sizeof text, "%0*d", i % 30, i);
        hl_strmap_add(map, (hl_str){text, (size_t)n}, i, NULL, NULL);
    }
    size_t seen = 0;
    for (int i = 0; i < N; i++) {
        int n = snprintf(text, sizeof text, "%0*d", i % 30, i);
        int64_t v = hl_strmap_get(map, (hl_str){text, (size_t)n});
        if (!ok(v >= 0 && v <= i))
            break;
        if (v == i && !ok(hl_str_is(hl_strmap_key(map, seen++), text)))
            break;
    }
    is_int(hl_strmap_count(map), seen);
    hl_strmap_free(&map);
}

int main(void)
{
    run(ids_are_found_and_absent_ones_are_not);
    run(many_ids_keep_their_order_and_values);
    run(texts_are_found_and_absent_ones_are_not);
    run(keys_are_copies_in_insertion_order);
    return done();
}
