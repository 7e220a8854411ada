/*
 * map.h - hash maps from an id or a text to an index.
 *
 * Values are int64_t (usually a row or slot number). Iteration order is insertion order, never
 * hash order, so that no output can depend on the hash. Lookup never allocates.
 */
#ifndef HL_BASE_MAP_H
#define HL_BASE_MAP_H

#include "base/str.h"

typedef struct hl_map hl_map;       /* int64_t -> int64_t */
typedef struct hl_strmap hl_strmap; /* text -> int64_t; keeps its own copy of the keys */

hl_map *hl_map_new(size_t n_expected); /* NULL: out of memory */
void hl_map_free(hl_map **map);
size_t hl_map_count(const hl_map *map);

/* Value of key, or -1 when absent. */
int64_t hl_map_get(const hl_map *map, int64_t key);

/* Set key to value when absent. *was = the value found, or -1 when it was added (was may be NULL).
 * HL_E_LIMIT out of memory. */
hl_code hl_map_add(hl_map *map, int64_t key, int64_t value, int64_t *was, hl_error *err);

/* i-th key in insertion order. */
int64_t hl_map_key(const hl_map *map, size_t i);

hl_strmap *hl_strmap_new(size_t n_expected);
void hl_strmap_free(hl_strmap **map);
size_t hl_strmap_count(const hl_strmap *map);
int64_t hl_strmap_get(const hl_strmap *map, hl_str key);
hl_code hl_strmap_add(hl_strmap *map, hl_str key, int64_t value, int64_t *was, hl_error *err);
hl_str hl_strmap_key(const hl_strmap *map, size_t i);

#endif
