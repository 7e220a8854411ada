/*
 * SpecificCharacterSet '\n' VR value -> UTF-8. What comes out is UTF-8, never longer than three
 * bytes for each that went in, and plain ASCII comes out as it went in.
 */
#include "format/dicom/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(hl_str bytes, const hl_str *value, size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        hl_assert(value[i].at);
        hl_assert(hl_utf8_fault(value[i].at, value[i].n) < 0);
        hl_assert(value[i].n == 0 || value[i].at[value[i].n - 1] != ' ');
        total += value[i].n;
    }
    hl_assert(total <= 3 * bytes.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(data, '\n', size) : NULL;
    hl_arena *arena = hl_arena_new(0);
    hl_str *value;
    unsigned flags = 0;
    size_t n;

    if (arena && end && (size_t)(end - text) + 3 <= size) {
        hl_str charset = {text, (size_t)(end - text)};
        hl_str bytes = {end + 3, size - charset.n - 3};
        hl_error err;
        if (hl_text_values(arena, charset, end + 1, bytes, &value, &n, &flags, &err) == HL_OK)
            check(bytes, value, n);
    }
    hl_arena_free(&arena);
    return 0;
}
