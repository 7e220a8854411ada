/*
 * shelf.h - films read and hashed before their turn.
 *
 * SHA-256 waits for itself at every step, so two films are hashed in little more than the time of
 * one (hl_sha256_pair). A thread that has to read its film therefore reads the one that comes soon
 * as well, and leaves it on the shelf for whoever gets its turn. A film that is not there is read
 * as if there were no shelf, so what comes out does not depend on it. Memory: one more film a
 * thread.
 */
#ifndef HL_FILM_SHELF_H
#define HL_FILM_SHELF_H

#include <pthread.h>

#include "base/io.h"

typedef struct {
    int64_t item; /* -1: empty */
    bool ready;   /* false while it is read and hashed */
    hl_buf file;
    hl_digest digest;
    bool gz; /* lay under its name with .gz behind it */
} hl_shelf_place;

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    hl_shelf_place *place; /* [n], one a thread */
    int n;
} hl_shelf;

hl_code hl_shelf_new(hl_shelf *shelf, int n_threads, hl_error *err);
void hl_shelf_free(hl_shelf *shelf);

/* Film item if it is on the shelf: its bytes are swapped into *file. Waits while another thread is
 * at it. */
bool hl_shelf_take(hl_shelf *shelf, int64_t item, hl_buf *file, hl_digest *digest, bool *gz);

/* The thread's place for film item, to be filled; NULL when something lies there still, or item is
 * on the shelf already. Ends with hl_shelf_put(): ok = false leaves it empty. */
hl_shelf_place *hl_shelf_begin(hl_shelf *shelf, int thread, int64_t item);
void hl_shelf_put(hl_shelf *shelf, hl_shelf_place *place, bool ok);

#endif
