#include "cohort/idset.h"

#include <string.h>

#include "base/map.h"

#define PAGE_BYTES 8192
#define MAX_PAGES 32768

struct hl_idset {
    hl_map *page_of; /* id >> 16 -> page */
    uint8_t *page[MAX_PAGES];
    size_t n_pages;
    int64_t last; /* the page used last: ids come in runs */
    uint8_t *last_page;
};

hl_idset *hl_idset_new(void)
{
    hl_idset *set = calloc(1, sizeof *set);

    if (set && !(set->page_of = hl_map_new(64))) {
        free(set);
        return NULL;
    }
    return set;
}

static uint8_t *page_for(hl_idset *set, int64_t number)
{
    int64_t at = hl_map_get(set->page_of, number);

    if (at >= 0)
        return set->page[at];
    if (set->n_pages == MAX_PAGES)
        return NULL;
    uint8_t *page = calloc(1, PAGE_BYTES);
    if (!page || hl_map_add(set->page_of, number, (int64_t)set->n_pages, NULL, NULL) != HL_OK) {
        free(page);
        return NULL;
    }
    return set->page[set->n_pages++] = page;
}

bool hl_idset_add(hl_idset *set, int64_t id)
{
    int64_t number = id >> 16;

    if (!set->last_page || set->last != number) {
        set->last_page = page_for(set, number);
        set->last = number;
    }
    if (!set->last_page)
        return false;
    uint8_t *byte = &set->last_page[(id & 0xffff) >> 3];
    uint8_t bit = (uint8_t)(1u << (id & 7));
    bool was = *byte & bit;
    *byte = (uint8_t)(*byte | bit);
    return was;
}

void hl_idset_free(hl_idset **set)
{
    if (!set || !*set)
        return;
    for (size_t i = 0; i < (*set)->n_pages; i++)
        free((*set)->page[i]);
    hl_map_free(&(*set)->page_of);
    free(*set);
    *set = NULL;
}
