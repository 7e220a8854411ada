/*
 * A letter, then a csv -> 'm': a map of pseudonyms, 's': a split file. What is read keeps its
 * promises: a film's pseudonym is a file's name, a patient has one split.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "film/map.h"
#include "film/plan.h"
#include "film/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_map(const char *path, hl_str csv)
{
    hl_film_map *map = NULL;
    hl_film_pseudonym is;
    bool fits;
    char uid[HL_UID_BYTES];
    hl_error err = {0};

    if (hl_film_map_read(path, hl_cpu_level(0), &map, &err) != HL_OK) {
        hl_assert(!map && err.message[0]);
        return;
    }
    /* Every piece of the text that could be a film's UID. */
    for (size_t at = 0; at < csv.n;) {
        size_t n = 0;
        while (at + n < csv.n && !strchr(",\"\r\n", csv.at[at + n]))
            n++;
        const hl_str piece = {csv.at + at, n};
        if (hl_film_map_find(map, piece, piece, piece, &is, &fits)) {
            hl_assert(hl_film_name_ok(hl_str_of(is.dicom_id)));
            hl_assert(is.subject_id >= 10 && is.study_id >= 10);
            hl_assert(hl_film_map_uid(map, piece, uid, &err) == HL_OK);
            hl_assert(!uid[0] || strncmp(uid, "2.25.", 5) == 0);
        }
        at += n + 1;
    }
    hl_film_map_free(&map);
}

static void read_split(const char *path)
{
    const hl_film_recipe recipe = {.permille = {800, 100, 100}};
    hl_film_split *split = NULL;
    hl_error err = {0};

    if (hl_film_split_new(&recipe, 0, path, hl_cpu_level(0), &split, &err) == HL_OK) {
        const int of = hl_film_split_of(split, 10000032, "a");
        hl_assert(of >= -1 && of < HL_FILM_SPLITS);
        hl_assert(hl_film_split_digest(split));
    } else {
        hl_assert(!split && err.message[0]);
    }
    hl_film_split_free(&split);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];

    if (size < 1)
        return 0;
    const int fd = memfd_create("fuzz.csv", MFD_CLOEXEC);
    hl_assert(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (data[0] == 'm')
        read_map(path, (hl_str){(const char *)data + 1, size - 1});
    else if (data[0] == 's')
        read_split(path);
    close(fd);
    return 0;
}
