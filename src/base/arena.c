#include "base/arena.h"

#include <stdarg.h>

#if defined(__SANITIZE_ADDRESS__)
#define HL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HL_ASAN 1
#endif
#endif
#ifdef HL_ASAN
#include <sanitizer/asan_interface.h>
#define poison(at, n) __asan_poison_memory_region(at, n)
#define unpoison(at, n) __asan_unpoison_memory_region(at, n)
#else
#define poison(at, n) ((void)(at), (void)(n))
#define unpoison(at, n) ((void)(at), (void)(n))
#endif

enum {
    DEFAULT_BLOCK_BYTES = 64 * 1024,
    MAX_GROWTH_BYTES = 8 * 1024 * 1024, /* blocks double up to this size */
    PIECE_ALIGN = 16,
    MAX_ALIGN = 4096
};

/*
 * A block is its header and then room:
 *
 *   | next size used | pieces ...  | free |
 *                    at            at + used
 *
 * The first of the list is the one that is being filled. A piece that is too large for a common
 * block gets one of its own, behind the first, so that the first can still be filled.
 */
typedef struct block block;
struct block {
    block *next;
    size_t size; /* of at[] */
    size_t used;
    _Alignas(PIECE_ALIGN) char at[];
};

struct hl_arena {
    block *first;
    size_t block_bytes; /* size of the next block */
    size_t held;
};

hl_arena *hl_arena_new(size_t block_bytes)
{
    hl_arena *arena = calloc(1, sizeof *arena);

    if (arena)
        arena->block_bytes = block_bytes ? block_bytes : DEFAULT_BLOCK_BYTES;
    return arena;
}

static block *new_block(hl_arena *arena, size_t size)
{
    size_t whole;

    if (!hl_add_size(size, sizeof(block), &whole))
        return NULL;
    block *b = malloc(whole);
    if (!b)
        return NULL;
    b->next = NULL;
    b->size = size;
    b->used = 0;
    poison(b->at, size);
    arena->held += whole;
    return b;
}

static void free_block(hl_arena *arena, block *b)
{
    unpoison(b->at, b->size);
    arena->held -= sizeof *b + b->size;
    free(b);
}

/* n bytes from b, or NULL when they do not fit. */
static void *take(block *b, size_t n, size_t align)
{
    size_t gap = (size_t)(-(uintptr_t)(b->at + b->used) & (align - 1));
    size_t end;

    if (!hl_add_size(n, gap, &end) || end > b->size - b->used)
        return NULL;
    char *piece = b->at + b->used + gap;
    b->used += end;
    unpoison(piece, n);
    return piece;
}

void *hl_arena_aligned(hl_arena *arena, size_t n, size_t align)
{
    hl_assert(align > 0 && align <= MAX_ALIGN && (align & (align - 1)) == 0);
    if (align < PIECE_ALIGN)
        align = PIECE_ALIGN;

    void *piece = arena->first ? take(arena->first, n, align) : NULL;
    if (piece)
        return piece;

    size_t most; /* what the piece takes in an empty block at worst */
    if (!hl_add_size(n, align, &most))
        return NULL;
    if (arena->first && most > arena->block_bytes / 4) {
        block *own = new_block(arena, most);
        if (!own)
            return NULL;
        own->next = arena->first->next;
        arena->first->next = own;
        return take(own, n, align);
    }
    block *b = new_block(arena, most > arena->block_bytes ? most : arena->block_bytes);
    if (!b)
        return NULL;
    b->next = arena->first;
    arena->first = b;
    if (arena->block_bytes < MAX_GROWTH_BYTES)
        arena->block_bytes *= 2;
    return take(b, n, align);
}

void *hl_arena_alloc(hl_arena *arena, size_t n)
{
    return hl_arena_aligned(arena, n, PIECE_ALIGN);
}

void *hl_arena_calloc(hl_arena *arena, size_t n_items, size_t item_bytes)
{
    size_t n;

    if (!hl_mul_size(n_items, item_bytes, &n))
        return NULL;
    void *piece = hl_arena_alloc(arena, n);
    if (piece)
        memset(piece, 0, n);
    return piece;
}

char *hl_arena_copy(hl_arena *arena, const void *bytes, size_t n)
{
    size_t size;

    if (!hl_add_size(n, 1, &size))
        return NULL;
    char *piece = hl_arena_alloc(arena, size);
    if (!piece)
        return NULL;
    if (n > 0)
        memcpy(piece, bytes, n);
    piece[n] = 0;
    return piece;
}

hl_str hl_arena_str(hl_arena *arena, hl_str text)
{
    char *copy = hl_arena_copy(arena, text.at, text.n);

    return (hl_str){copy, copy ? text.n : 0};
}

char *hl_arena_printf(hl_arena *arena, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return NULL;
    char *piece = hl_arena_alloc(arena, (size_t)n + 1);
    if (!piece)
        return NULL;
    va_start(args, fmt);
    vsnprintf(piece, (size_t)n + 1, fmt, args);
    va_end(args);
    return piece;
}

void hl_arena_reset(hl_arena *arena)
{
    block *keep = NULL;

    for (block *b = arena->first; b; b = b->next)
        if (!keep || b->size > keep->size)
            keep = b;
    for (block *b = arena->first, *next; b; b = next) {
        next = b->next;
        if (b != keep)
            free_block(arena, b);
    }
    arena->first = keep;
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
        poison(keep->at, keep->size);
    }
}

size_t hl_arena_bytes(const hl_arena *arena)
{
    return sizeof *arena + arena->held;
}

void hl_arena_free(hl_arena **arena)
{
    if (!arena || !*arena)
        return;
    for (block *b = (*arena)->first, *next; b; b = next) {
        next = b->next;
        free_block(*arena, b);
    }
    free(*arena);
    *arena = NULL;
}
