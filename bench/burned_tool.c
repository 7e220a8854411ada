/*
 * burned_tool - find burned-in text in raw 8-bit grey pictures.
 *
 *      burned_tool [c|avx2|avx512|neon]
 *
 * Reads pictures from stdin, one behind the other: width and height as 32-bit little-endian
 * numbers, then the pixels, row by row. For each prints a line of JSON: {"cpu_ms": .., "lines":
 * [[left, top, width, height, n_glyphs], ...], "boxes": n}. burned_text.py feeds it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "film/burned.h"

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int failed(const char *what)
{
    fprintf(stderr, "burned_tool: %s\n", what);
    return 1;
}

static void print(const hl_burned *found, double ms)
{
    printf("{\"cpu_ms\": %.2f, \"lines\": [", ms);
    for (size_t i = 0; i < found->n; i++) {
        const hl_text_line *l = &found->line[i];
        printf("%s[%d, %d, %d, %d, %d]", i ? ", " : "", l->box.left, l->box.top, l->box.width,
               l->box.height, l->n_glyphs);
    }
    printf("], \"boxes\": %zu}\n", found->n_boxes);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    hl_cpu cpu = HL_CPU_BEST;
    hl_arena *arena = hl_arena_new(0);
    int32_t size[2];

    if (!arena || (argc > 1 && !hl_cpu_parse(argv[1], &cpu)))
        return failed("no memory, or no such processor level");
    cpu = hl_cpu_level((int32_t)cpu);
    while (fread(size, sizeof size, 1, stdin) == 1) {
        hl_error err = {0};
        hl_image image;
        hl_burned found;
        hl_arena_reset(arena);
        if (hl_image_new(arena, size[0], size[1], 1, &image, &err) != HL_OK)
            return failed(err.message);
        for (int32_t y = 0; y < size[1]; y++)
            if (fread(image.px + y * image.row_bytes, (size_t)size[0], 1, stdin) != 1)
                return failed("a picture is cut");
        const double start = cpu_ms();
        if (hl_burned_find(&image, cpu, arena, &found, &err) != HL_OK)
            return failed(err.message);
        print(&found, cpu_ms() - start);
    }
    hl_arena_free(&arena);
    return 0;
}
