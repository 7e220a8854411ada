#include "film/shelf.h"

#include <stdlib.h>

hl_code hl_shelf_new(hl_shelf *shelf, int n_threads, hl_error *err)
{
    *shelf = (hl_shelf){.place = calloc((size_t)n_threads, sizeof *shelf->place), .n = n_threads};
    if (!shelf->place)
        return hl_fail_memory(err, "the films to come", (size_t)n_threads * sizeof *shelf->place);
    for (int i = 0; i < n_threads; i++)
        shelf->place[i].item = -1;
    pthread_mutex_init(&shelf->lock, NULL);
    pthread_cond_init(&shelf->changed, NULL);
    return HL_OK;
}

void hl_shelf_free(hl_shelf *shelf)
{
    if (!shelf->place)
        return;
    for (int i = 0; i < shelf->n; i++)
        hl_buf_free(&shelf->place[i].file);
    pthread_mutex_destroy(&shelf->lock);
    pthread_cond_destroy(&shelf->changed);
    free(shelf->place);
    shelf->place = NULL;
}

static hl_shelf_place *find(hl_shelf *shelf, int64_t item)
{
    for (int i = 0; i < shelf->n; i++)
        if (shelf->place[i].item == item)
            return &shelf->place[i];
    return NULL;
}

bool hl_shelf_take(hl_shelf *shelf, int64_t item, hl_buf *file, hl_digest *digest, bool *gz)
{
    hl_shelf_place *p;

    pthread_mutex_lock(&shelf->lock);
    while ((p = find(shelf, item)) != NULL && !p->ready)
        pthread_cond_wait(&shelf->changed, &shelf->lock);
    if (p) {
        hl_buf other = *file;
        *file = p->file;
        p->file = other;
        *digest = p->digest;
        *gz = p->gz;
        p->item = -1;
    }
    pthread_mutex_unlock(&shelf->lock);
    return p != NULL;
}

hl_shelf_place *hl_shelf_begin(hl_shelf *shelf, int thread, int64_t item)
{
    hl_shelf_place *p = &shelf->place[thread];

    pthread_mutex_lock(&shelf->lock);
    if (p->item >= 0 || find(shelf, item)) {
        p = NULL;
    } else {
        p->item = item;
        p->ready = false;
    }
    pthread_mutex_unlock(&shelf->lock);
    return p;
}

void hl_shelf_put(hl_shelf *shelf, hl_shelf_place *place, bool ok)
{
    pthread_mutex_lock(&shelf->lock);
    place->ready = ok;
    if (!ok)
        place->item = -1;
    pthread_cond_broadcast(&shelf->changed);
    pthread_mutex_unlock(&shelf->lock);
}
