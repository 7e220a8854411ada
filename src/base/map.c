#include "base/map.h"

#include "base/arena.h"

enum { FEWEST_SLOTS = 16 };

/* The finaliser of splitmix64 (Stafford's variant 13): every bit of x moves every bit of the
 * result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* A power of two that n entries fill to at most a half; false when there is none. */
static bool slots_for(size_t n, size_t *out)
{
    size_t slots = FEWEST_SLOTS;

    while (slots / 2 < n)
        if (!hl_mul_size(slots, 2, &slots))
            return false;
    *out = slots;
    return true;
}

/* --- int64_t -> int64_t ------------------------------------------------------------------------
 */

/* Key and value stand in the slot itself: a lookup is one cache miss. Linear probing; nothing is
 * ever removed. */
#define EMPTY INT64_MIN
typedef struct {
    int64_t key;
    int64_t value; /* EMPTY: the slot is free */
} slot;

struct hl_map {
    slot *at;
    size_t mask;    /* slots - 1 */
    int64_t *order; /* keys in insertion order */
    size_t n;
    size_t room; /* of order; slots are 2 * room at least */
};

static slot *find(slot *at, size_t mask, int64_t key)
{
    size_t i = (size_t)mix((uint64_t)key) & mask;

    while (at[i].value != EMPTY && at[i].key != key)
        i = (i + 1) & mask;
    return at + i;
}

/* Make room for n keys; false and the map as it was when there is no memory. */
static bool map_grow(hl_map *map, size_t n)
{
    size_t slots, bytes;

    if (!slots_for(n, &slots) || !hl_mul_size(slots, sizeof(slot), &bytes))
        return false;
    slot *at = malloc(bytes);
    int64_t *order = at ? realloc(map->order, slots / 2 * sizeof *order) : NULL;
    if (!order) {
        free(at);
        return false;
    }
    for (size_t i = 0; i < slots; i++)
        at[i] = (slot){0, EMPTY};
    if (map->at)
        for (size_t i = 0; i <= map->mask; i++)
            if (map->at[i].value != EMPTY)
                *find(at, slots - 1, map->at[i].key) = map->at[i];
    free(map->at);
    map->at = at;
    map->mask = slots - 1;
    map->order = order;
    map->room = slots / 2;
    return true;
}

hl_map *hl_map_new(size_t n_expected)
{
    hl_map *map = calloc(1, sizeof *map);

    if (map && !map_grow(map, n_expected))
        hl_map_free(&map);
    return map;
}

void hl_map_free(hl_map **map)
{
    if (!map || !*map)
        return;
    free((*map)->at);
    free((*map)->order);
    free(*map);
    *map = NULL;
}

size_t hl_map_count(const hl_map *map)
{
    return map->n;
}

int64_t hl_map_get(const hl_map *map, int64_t key)
{
    const slot *s = find(map->at, map->mask, key);

    return s->value == EMPTY ? -1 : s->value;
}

hl_code hl_map_add(hl_map *map, int64_t key, int64_t value, int64_t *was, hl_error *err)
{
    hl_assert(value != EMPTY);
    slot *s = find(map->at, map->mask, key);
    if (s->value != EMPTY) {
        if (was)
            *was = s->value;
        return HL_OK;
    }
    if (map->n == map->room) {
        if (!map_grow(map, map->n + 1))
            return hl_fail_memory(err, "a map of ids", 4 * map->room * sizeof(slot));
        s = find(map->at, map->mask, key);
    }
    *s = (slot){key, value};
    map->order[map->n++] = key;
    if (was)
        *was = -1;
    return HL_OK;
}

int64_t hl_map_key(const hl_map *map, size_t i)
{
    hl_assert(i < map->n);
    return map->order[i];
}

/* --- text -> int64_t ---------------------------------------------------------------------------
 */

typedef struct {
    hl_str key; /* in the arena */
    uint64_t hash;
    int64_t value;
} entry;

/* Slots hold 1 + index of an entry (0 = free) and the upper half of its hash, which spares nearly
 * every look at an entry of another key. */
typedef struct {
    uint32_t tag;
    uint32_t entry;
} str_slot;

struct hl_strmap {
    str_slot *at;
    size_t mask;
    entry *entries; /* in insertion order */
    size_t n;
    size_t room; /* of entries */
    hl_arena *keys;
};

/* 8 bytes at a step, each step a 64 x 64 multiplication folded to 64 bits. */
static uint64_t hash_text(hl_str text)
{
    const char *p = text.at;
    size_t n = text.n;
    uint64_t h = UINT64_C(0x9E3779B97F4A7C15) ^ n;
    uint64_t word;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&word, p, 8);
        unsigned __int128 m = (unsigned __int128)(h ^ word) * UINT64_C(0xD6E8FEB86659FD93);
        h = (uint64_t)m ^ (uint64_t)(m >> 64) ^ word;
    }
    word = 0;
    if (n > 0)
        memcpy(&word, p, n);
    return mix(h ^ mix(word));
}

static str_slot *str_find(const hl_strmap *map, hl_str key, uint64_t hash)
{
    size_t i = (size_t)hash & map->mask;
    uint32_t tag = (uint32_t)(hash >> 32);

    for (; map->at[i].entry != 0; i = (i + 1) & map->mask)
        if (map->at[i].tag == tag && hl_str_equal(map->entries[map->at[i].entry - 1].key, key))
            break;
    return map->at + i;
}

static bool strmap_grow(hl_strmap *map, size_t n)
{
    size_t slots, bytes;

    if (n > UINT32_MAX / 2 || !slots_for(n, &slots) ||
        !hl_mul_size(slots / 2, sizeof(entry), &bytes))
        return false;
    str_slot *at = calloc(slots, sizeof *at);
    entry *entries = at ? realloc(map->entries, bytes) : NULL;
    if (!entries) {
        free(at);
        return false;
    }
    for (size_t k = 0; k < map->n; k++) {
        size_t i = (size_t)entries[k].hash & (slots - 1);
        while (at[i].entry != 0)
            i = (i + 1) & (slots - 1);
        at[i] = (str_slot){(uint32_t)(entries[k].hash >> 32), (uint32_t)(k + 1)};
    }
    free(map->at);
    map->at = at;
    map->mask = slots - 1;
    map->entries = entries;
    map->room = slots / 2;
    return true;
}

hl_strmap *hl_strmap_new(size_t n_expected)
{
    hl_strmap *map = calloc(1, sizeof *map);

    if (map && ((map->keys = hl_arena_new(4096)) == NULL || !strmap_grow(map, n_expected)))
        hl_strmap_free(&map);
    return map;
}

void hl_strmap_free(hl_strmap **map)
{
    if (!map || !*map)
        return;
    free((*map)->at);
    free((*map)->entries);
    hl_arena_free(&(*map)->keys);
    free(*map);
    *map = NULL;
}

size_t hl_strmap_count(const hl_strmap *map)
{
    return map->n;
}

int64_t hl_strmap_get(const hl_strmap *map, hl_str key)
{
    const str_slot *s = str_find(map, key, hash_text(key));

    return s->entry ? map->entries[s->entry - 1].value : -1;
}

hl_code hl_strmap_add(hl_strmap *map, hl_str key, int64_t value, int64_t *was, hl_error *err)
{
    uint64_t hash = hash_text(key);
    str_slot *s = str_find(map, key, hash);

    if (s->entry) {
        if (was)
            *was = map->entries[s->entry - 1].value;
        return HL_OK;
    }
    if (map->n == map->room) {
        if (!strmap_grow(map, map->n + 1))
            return hl_fail_memory(err, "a map of texts", 2 * map->room * sizeof(entry));
        s = str_find(map, key, hash);
    }
    hl_str copy = hl_arena_str(map->keys, key);
    if (!copy.at)
        return hl_fail_memory(err, "a map of texts", key.n);
    map->entries[map->n++] = (entry){copy, hash, value};
    *s = (str_slot){(uint32_t)(hash >> 32), (uint32_t)map->n};
    if (was)
        *was = -1;
    return HL_OK;
}

hl_str hl_strmap_key(const hl_strmap *map, size_t i)
{
    hl_assert(i < map->n);
    return map->entries[i].key;
}
