/*
 * replay.c - run a fuzz target without a fuzzer: every file named, or in a folder named, is one
 * input. Links with one fuzz_*.c. A finding aborts, so reaching the end is the proof; TAP on stdout
 * says how much was played.
 */
#include "base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_INPUT_BYTES = 1 << 28 };

static hl_code play_file(const char *path, int *played, hl_error *err)
{
    hl_buf bytes = {0};
    hl_code c = hl_read_file(path, MAX_INPUT_BYTES, &bytes, NULL, err);

    if (c == HL_OK) {
        /* A copy of exactly this size: a sanitizer then sees the first byte read too many. */
        uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
        hl_assert(copy != NULL);
        if (bytes.n)
            memcpy(copy, bytes.at, bytes.n);
        fprintf(stderr, "# %s\n", path); /* the last one is the one at fault */
        LLVMFuzzerTestOneInput(copy, bytes.n);
        free(copy);
        ++*played;
    }
    hl_buf_free(&bytes);
    return c;
}

static hl_code play_folder(const char *path, int *played, hl_error *err)
{
    hl_names names = {0};
    hl_code c = hl_list_tree(path, &names, err);

    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        char file[HL_PATH_BYTES];
        c = hl_path_join(path, names.name[i], file, err);
        if (c == HL_OK)
            c = play_file(file, played, err);
    }
    hl_names_free(&names);
    return c;
}

int main(int argc, char **argv)
{
    hl_error err = {0};
    int failed = 0, played = 0;

    for (int i = 1; i < argc; i++) {
        hl_code c = HL_OK;
        played = 0;
        if (hl_is_folder(argv[i]))
            c = play_folder(argv[i], &played, &err);
        else if (hl_file_exists(argv[i]))
            c = play_file(argv[i], &played, &err);
        if (c != HL_OK) {
            printf("# %s\n", err.message);
            failed++;
        }
        /* A target without a corpus yet has no folder: nothing to play, nothing wrong. */
        printf("%s %d - %d inputs of %s\n", c == HL_OK ? "ok" : "not ok", i, played, argv[i]);
    }
    printf("1..%d\n", argc - 1);
    return failed ? 1 : 0;
}
