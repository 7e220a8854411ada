/*
 * arena.h - memory for what dies together: an item, a batch, a table.
 *
 * An arena hands out pieces of a few large blocks and frees them all at once. It belongs to one
 * thread at a time. Pieces are 16-byte aligned unless asked otherwise.
 */
#ifndef HL_BASE_ARENA_H
#define HL_BASE_ARENA_H

#include "base/str.h"

typedef struct hl_arena hl_arena;

/* A new empty arena that grows in blocks of at least block_bytes (0 = 64 KiB); NULL: no memory. */
hl_arena *hl_arena_new(size_t block_bytes);

/* n bytes, not cleared; NULL when out of memory. n = 0 gives a valid pointer. */
void *hl_arena_alloc(hl_arena *arena, size_t n);

/* n_items * item_bytes, cleared, checked for overflow; NULL when out of memory. */
void *hl_arena_calloc(hl_arena *arena, size_t n_items, size_t item_bytes);

/* n bytes aligned to align (a power of two, at most 4096). */
void *hl_arena_aligned(hl_arena *arena, size_t n, size_t align);

/* A NUL-terminated copy of n bytes, or of text; NULL when out of memory. */
char *hl_arena_copy(hl_arena *arena, const void *bytes, size_t n);
hl_str hl_arena_str(hl_arena *arena, hl_str text); /* .at == NULL when out of memory */
char *hl_arena_printf(hl_arena *arena, const char *fmt, ...) HL_PRINTF(2, 3);

/* Forget every piece; the largest block is kept for reuse, the others are freed. */
void hl_arena_reset(hl_arena *arena);

/* Bytes held from the system. */
size_t hl_arena_bytes(const hl_arena *arena);

/* Free everything and set *arena to NULL. Both may be NULL. */
void hl_arena_free(hl_arena **arena);

#endif
