/* arena and buf. */
#include "base/arena.h"

#include "base/buf.h"
#include "tap.h"

static void pieces_are_aligned_and_apart(void)
{
    hl_arena *arena = hl_arena_new(256);
    unsigned char *piece[300];
    for (size_t i = 0; i < 300; i++) {
        piece[i] = hl_arena_alloc(arena, i);
        ok(piece[i] && (uintptr_t)piece[i] % 16 == 0);
        memset(piece[i], (int)(i & 255), i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i; k++)
            if (!ok(piece[i][k] == (i & 255)))
                break;
    hl_arena_free(&arena);
    ok(arena == NULL);
    hl_arena_free(&arena);
    hl_arena_free(NULL);
}

static void wide_alignment_is_kept(void)
{
    hl_arena *arena = hl_arena_new(0);
    for (size_t align = 1; align <= 4096; align *= 2) {
        hl_arena_alloc(arena, 3);
        char *p = hl_arena_aligned(arena, 100, align);
        ok(p && (uintptr_t)p % align == 0);
        memset(p, 1, 100);
    }
    hl_arena_free(&arena);
}

static void a_large_piece_leaves_the_block_in_use(void)
{
    hl_arena *arena = hl_arena_new(1 << 16);
    char *a = hl_arena_alloc(arena, 16);
    char *large = hl_arena_alloc(arena, 1 << 20);
    char *b = hl_arena_alloc(arena, 16);
    ok(large != NULL);
    is_int(b - a, 16);
    hl_arena_free(&arena);
}

static void reset_keeps_the_largest_block(void)
{
    hl_arena *arena = hl_arena_new(1024);
    for (int i = 0; i < 1000; i++)
        hl_arena_alloc(arena, 100);
    size_t before = hl_arena_bytes(arena);
    hl_arena_reset(arena);
    size_t kept = hl_arena_bytes(arena);
    ok(kept < before && kept > 16 * 1024);
    memset(hl_arena_alloc(arena, 10000), 7, 10000);
    is_int(hl_arena_bytes(arena), kept);
    hl_arena_reset(arena);
    hl_arena_free(&arena);
    arena = hl_arena_new(0);
    hl_arena_reset(arena);
    hl_arena_free(&arena);
}

static void cleared_pieces_are_cleared_after_a_reset_too(void)
{
    static const char zeros[1000];
    hl_arena *arena = hl_arena_new(4096);
    for (int i = 0; i < 3; i++) {
        char *p = hl_arena_calloc(arena, 10, 100);
        is_mem(p, zeros, 1000);
        memset(p, 255, 1000);
        hl_arena_reset(arena);
    }
    hl_arena_free(&arena);
}

static void an_impossible_size_is_refused(void)
{
    hl_arena *arena = hl_arena_new(0);
    ok(hl_arena_calloc(arena, SIZE_MAX / 2, 3) == NULL);
    ok(hl_arena_alloc(arena, SIZE_MAX) == NULL);
    ok(hl_arena_alloc(arena, SIZE_MAX - 40) == NULL);
    ok(hl_arena_copy(arena, "", SIZE_MAX) == NULL);
    ok(hl_arena_alloc(arena, 0) != NULL);
    hl_arena_free(&arena);
}

static void copies_end_in_nul(void)
{
    hl_arena *arena = hl_arena_new(0);
    is_str(hl_arena_copy(arena, "abcdef", 3), "abc");
    hl_str s = hl_arena_str(arena, (hl_str){NULL, 0});
    ok(s.at && s.n == 0 && s.at[0] == 0);
    is_str(hl_arena_printf(arena, "%d-%s", 12, "x"), "12-x");
    hl_arena_free(&arena);
}

static void appends_always_end_in_nul(void)
{
    hl_buf buf = {0};
    hl_buf_append(&buf, NULL, 0);
    is_str(buf.at, "");
    for (int i = 0; i < 1000; i++) {
        hl_buf_char(&buf, 'x');
        ok(buf.at[buf.n] == 0);
    }
    is_int(buf.n, 1000);
    hl_buf_clear(&buf);
    is_str(buf.at, "");
    hl_buf_free(&buf);
    ok(buf.at == NULL && buf.n == 0 && buf.cap == 0);
    hl_buf_clear(&buf);
    hl_buf_free(&buf);
}

static void every_kind_of_append_writes_its_text(void)
{
    hl_buf buf = {0};
    hl_buf_text(&buf, "a");
    hl_buf_str(&buf, (hl_str){"bcd", 2});
    hl_buf_printf(&buf, "<%05d>", 42);
    hl_buf_i64(&buf, INT64_MIN);
    hl_buf_char(&buf, ' ');
    hl_buf_f64(&buf, 0.1);
    hl_buf_char(&buf, ' ');
    hl_buf_time(&buf, 86399);
    hl_buf_char(&buf, ' ');
    hl_buf_hex(&buf, "\x00\x9f\xff", 3);
    is_str(buf.at, "abc<00042>-9223372036854775808 0.1 1970-01-01 23:59:59 009fff");
    is_int(hl_buf_check(&buf, "x", NULL), HL_OK);
    hl_buf_free(&buf);
}

static void a_failed_append_is_told_at_the_end(void)
{
    hl_buf buf = {0};
    hl_error err = {0};
    hl_buf_text(&buf, "kept");
    ok(hl_buf_reserve(&buf, SIZE_MAX - 2) == NULL);
    is_str(buf.at, "kept");
    is_int(hl_buf_check(&buf, "a table", &err), HL_E_LIMIT);
    like(err.message, "out of memory (a table");
    hl_buf_clear(&buf);
    is_int(hl_buf_check(&buf, "a table", &err), HL_OK);
    hl_buf_free(&buf);
}

static void reserved_room_is_the_callers(void)
{
    hl_buf buf = {0};
    char *p = hl_buf_reserve(&buf, 5000);
    ok(p != NULL);
    memset(p, 'y', 5000);
    buf.n += 5000;
    hl_buf_char(&buf, 'z');
    is_int(buf.n, 5001);
    is_str(buf.at + 4999, "yz");
    hl_buf_free(&buf);
}

int main(void)
{
    run(pieces_are_aligned_and_apart);
    run(wide_alignment_is_kept);
    run(a_large_piece_leaves_the_block_in_use);
    run(reset_keeps_the_largest_block);
    run(cleared_pieces_are_cleared_after_a_reset_too);
    run(an_impossible_size_is_refused);
    run(copies_end_in_nul);
    run(appends_always_end_in_nul);
    run(every_kind_of_append_writes_its_text);
    run(a_failed_append_is_told_at_the_end);
    run(reserved_room_is_the_callers);
    return done();
}
