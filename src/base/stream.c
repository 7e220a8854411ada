/*
 * Input read forward: pieces of the file -> (inflate) -> blocks for the reader.
 *
 *   file --pread--> piece ring --inflate--> block ring --> hl_stream_next()
 *                       |                                       |
 *                       +----------- hashed there --------------+
 *
 * With a thread of its own the left part (read, inflate) runs ahead of the caller. The hash stays
 * on the caller's side: inflating is the longer half, so that half the cores would wait for it
 * otherwise. One block and no thread otherwise; the code is the same. A plain file is read straight
 * into the blocks, and a block is hashed when it is handed out.
 */
#include "base/io.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/ctl.h"
#include "base/gzip.h"
#include "base/pool.h"

enum {
    BLOCK_BYTES = 1 << 20,
    MAX_BLOCKS = 4,
    PIECE_BYTES = 1 << 17,
    MAX_PIECES = 8, /* as many bytes as a block: the reader's pause between two blocks is covered */
    THREAD_MIN_BYTES = 1 << 16, /* a smaller file is read before a thread has started */
    ALIGN = 4096
};

typedef struct {
    char *bytes;
    size_t n;
} span;

struct hl_stream {
    hl_in *in;
    bool own_in;
    bool gzip;
    bool threaded;
    hl_ctl *ctl;
    char *memory;

    /* The maker's: written by the thread, or within hl_stream_next(). */
    hl_gunzip *gunzip;
    span piece;     /* what of the current piece is not inflated yet */
    int64_t offset; /* bytes read, atomic: hl_stream_bytes_in() */
    bool read_all;

    /* Rings. Slot = count % n. Counts only grow; with a thread, mutex guards them. */
    span block[MAX_BLOCKS], pieces[MAX_PIECES];
    int n_blocks, n_pieces;
    int64_t blocks_made, blocks_freed;
    int64_t pieces_made, pieces_hashed;
    bool made_all; /* code and error say how it ended */
    bool stop;     /* the reader closes */
    hl_code code;
    hl_error error;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t for_reader, for_maker;
    bool reader_waits, maker_waits;

    /* The reader's. */
    bool holds_block;
    hl_code final; /* what hl_stream_next() gives from now on; HL_OK = go on */
    hl_sha256 *sha;
    hl_digest digest;
};

static void lock(hl_stream *s)
{
    if (s->threaded)
        pthread_mutex_lock(&s->mutex);
}

static void unlock(hl_stream *s)
{
    if (s->threaded)
        pthread_mutex_unlock(&s->mutex);
}

/* --- the maker's side ------------------------------------------------------------------------ */

/* Read the next bytes of the file to `to`; *got = 0 at its end. */
static hl_code read_some(hl_stream *s, char *to, size_t n, size_t *got, hl_error *err)
{
    int64_t at = __atomic_load_n(&s->offset, __ATOMIC_RELAXED);
    hl_code c = hl_ctl_check(s->ctl, err);

    if (c == HL_OK)
        c = hl_in_pread(s->in, to, n, at, got, err);
    if (c != HL_OK)
        return c;
    __atomic_store_n(&s->offset, at + (int64_t)*got, __ATOMIC_RELAXED);
    hl_ctl_bytes(s->ctl, (int64_t)*got);
    return HL_OK;
}

static void hash_pieces(hl_stream *s);

/* Wait until the slot of the next piece has been hashed. false: the reader closes. */
static bool wait_for_piece_slot(hl_stream *s)
{
    bool go;

    if (!s->threaded) {
        hash_pieces(s);
        return true;
    }
    lock(s);
    while (!s->stop && s->pieces_made - s->pieces_hashed == s->n_pieces) {
        if (s->reader_waits) /* it sleeps for a block and must hash first */
            pthread_cond_signal(&s->for_reader);
        s->maker_waits = true;
        pthread_cond_wait(&s->for_maker, &s->mutex);
        s->maker_waits = false;
    }
    go = !s->stop;
    unlock(s);
    return go;
}

static hl_code next_piece(hl_stream *s, hl_error *err)
{
    span *slot = &s->pieces[s->pieces_made % s->n_pieces];
    size_t got = 0;
    hl_code c;

    if (!wait_for_piece_slot(s))
        return HL_END;
    c = read_some(s, slot->bytes, PIECE_BYTES, &got, err);
    if (c != HL_OK)
        return c;
    if (got == 0) {
        s->read_all = true;
        return HL_OK;
    }
    slot->n = got;
    s->piece = *slot;
    lock(s);
    s->pieces_made++;
    unlock(s);
    return HL_OK;
}

/* Inflate until the block is full or the file ends. */
static hl_code make_inflated(hl_stream *s, char *to, size_t *n, hl_error *err)
{
    const char *name = hl_in_name(s->in);
    hl_code c = HL_OK;

    while (*n < BLOCK_BYTES && c == HL_OK) {
        size_t used = s->piece.n, gave = BLOCK_BYTES - *n;
        int64_t at = __atomic_load_n(&s->offset, __ATOMIC_RELAXED) - (int64_t)s->piece.n;
        c = hl_gunzip_run(s->gunzip, name, at, s->piece.bytes, &used, to + *n, &gave, err);
        *n += gave;
        s->piece.bytes += used;
        s->piece.n -= used;
        if (c != HL_OK || gave > 0 || used > 0 || *n == BLOCK_BYTES)
            continue;
        if (s->read_all)
            return hl_gunzip_end(s->gunzip, name, hl_in_size(s->in), err) == HL_OK ? HL_END
                                                                                   : HL_E_INPUT;
        c = next_piece(s, err);
    }
    return c;
}

/* Fill to[0 .. *n). HL_OK: *n > 0 and more may follow; HL_END: the last bytes, *n may be 0. An
 * error may come with bytes too: those in front of the fault. */
static hl_code make_block(hl_stream *s, char *to, size_t *n, hl_error *err)
{
    *n = 0;
    if (s->gzip)
        return make_inflated(s, to, n, err);
    hl_code c = read_some(s, to, BLOCK_BYTES, n, err); /* never beyond the size at the opening */
    return c == HL_OK && *n == 0 ? HL_END : c;
}

/* Make the next block into its free slot and publish it, or the end. */
static hl_code make_and_publish(hl_stream *s)
{
    span *slot = &s->block[s->blocks_made % s->n_blocks];
    size_t n;
    hl_error error = {0};
    hl_code c = make_block(s, slot->bytes, &n, &error);

    slot->n = n;
    lock(s);
    if (n > 0)
        s->blocks_made++;
    if (c != HL_OK) {
        s->made_all = true;
        s->code = c;
        s->error = error;
    }
    if (s->threaded && s->reader_waits)
        pthread_cond_signal(&s->for_reader);
    unlock(s);
    return c;
}

static void *maker(void *arg)
{
    hl_stream *s = arg;
    bool go = true;

    while (go) {
        lock(s);
        while (!s->stop && s->blocks_made - s->blocks_freed == s->n_blocks) {
            s->maker_waits = true;
            pthread_cond_wait(&s->for_maker, &s->mutex);
            s->maker_waits = false;
        }
        go = !s->stop;
        unlock(s);
        if (go)
            go = make_and_publish(s) == HL_OK;
    }
    return NULL;
}

/* --- the reader's side ----------------------------------------------------------------------- */

/* Hash the pieces that have been read. Called without the lock. */
static void hash_pieces(hl_stream *s)
{
    for (;;) {
        lock(s);
        bool some = s->pieces_hashed < s->pieces_made;
        unlock(s);
        if (!some)
            return;
        const span *p = &s->pieces[s->pieces_hashed % s->n_pieces];
        hl_sha256_add(s->sha, p->bytes, p->n);
        lock(s);
        s->pieces_hashed++;
        if (s->maker_waits)
            pthread_cond_signal(&s->for_maker);
        unlock(s);
    }
}

/* Wait for a block (true) or the end (false). */
static bool wait_for_block(hl_stream *s)
{
    bool have;

    if (!s->threaded) {
        if (!s->made_all && s->blocks_made == s->blocks_freed)
            make_and_publish(s);
        hash_pieces(s);
        return s->blocks_made > s->blocks_freed;
    }
    for (;;) {
        hash_pieces(s);
        lock(s);
        while (s->blocks_made == s->blocks_freed && !s->made_all &&
               s->pieces_made - s->pieces_hashed < s->n_pieces) {
            s->reader_waits = true;
            pthread_cond_wait(&s->for_reader, &s->mutex);
            s->reader_waits = false;
        }
        bool ready = s->blocks_made > s->blocks_freed || s->made_all;
        have = s->blocks_made > s->blocks_freed;
        unlock(s);
        if (ready)
            return have;
    }
}

static hl_code finish(hl_stream *s)
{
    s->final = s->code;
    if (s->code == HL_END) {
        hash_pieces(s);
        hl_sha256_end(s->sha, &s->digest);
    }
    return s->final;
}

hl_code hl_stream_next(hl_stream *s, char **at, size_t *n, hl_error *err)
{
    if (s->holds_block) {
        s->holds_block = false;
        lock(s);
        s->blocks_freed++;
        if (s->maker_waits)
            pthread_cond_signal(&s->for_maker);
        unlock(s);
    }
    if (s->final == HL_OK && wait_for_block(s)) {
        const span *b = &s->block[s->blocks_freed % s->n_blocks];
        if (!s->gzip)
            hl_sha256_add(s->sha, b->bytes, b->n);
        s->holds_block = true;
        *at = b->bytes;
        *n = b->n;
        return HL_OK;
    }
    if (s->final == HL_OK)
        finish(s);
    if (s->final != HL_END && err)
        *err = s->error;
    return s->final;
}

/* --- life ------------------------------------------------------------------------------------ */

static hl_code look_at_start(hl_stream *s, hl_error *err)
{
    unsigned char head[2];
    size_t got = 0;
    const char *name = hl_in_name(s->in);
    hl_code c = hl_in_pread(s->in, head, sizeof head, 0, &got, err);

    if (c != HL_OK)
        return c;
    s->gzip = hl_gzip_magic(head, got);
    if (got > 0 && !s->gzip && hl_str_ends(hl_str_of(name), ".gz"))
        return hl_fail_at(err, HL_E_INPUT, name, 0, 0,
                          "is named .gz but holds no gzip data\nDownload it again, or take .gz off "
                          "the name if it is plain text.");
    return HL_OK;
}

static hl_code make_rings(hl_stream *s, hl_error *err)
{
    size_t content = BLOCK_BYTES, block, bytes;
    char *p;

    if (!s->gzip && hl_in_size(s->in) < BLOCK_BYTES)
        content = ((size_t)hl_in_size(s->in) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    block = HL_STREAM_HEADROOM + content + ALIGN; /* ALIGN bytes hold the slack */
    s->n_blocks = s->threaded ? MAX_BLOCKS : 1;
    s->n_pieces = !s->gzip ? 0 : s->threaded ? MAX_PIECES : 1;
    bytes = (size_t)s->n_blocks * block + (size_t)s->n_pieces * PIECE_BYTES;
    p = s->memory = aligned_alloc(ALIGN, bytes);
    s->sha = hl_sha256_new();
    if (s->gzip)
        s->gunzip = hl_gunzip_new();
    if (!p || !s->sha || (s->gzip && !s->gunzip))
        return hl_fail_memory(err, hl_in_name(s->in), bytes);
    for (int i = 0; i < s->n_blocks; i++, p += block)
        s->block[i].bytes = p + HL_STREAM_HEADROOM;
    for (int i = 0; i < s->n_pieces; i++, p += PIECE_BYTES)
        s->pieces[i].bytes = p;
    s->piece.bytes = s->pieces[0].bytes;
    return HL_OK;
}

/* Takes in over, also on failure, if own. */
static hl_code stream_new(hl_in *in, bool own, hl_stream_mode mode, hl_ctl *ctl, hl_stream **out,
                          hl_error *err)
{
    hl_stream *s = calloc(1, sizeof *s);
    hl_code c;

    if (!s) {
        if (own)
            hl_in_close(&in);
        return hl_fail_memory(err, "input", sizeof *s);
    }
    s->in = in;
    s->own_in = own;
    s->ctl = ctl;
    c = look_at_start(s, err);
    if (c != HL_OK)
        goto failed;
    bool thread = mode == HL_STREAM_THREAD && hl_in_size(in) >= THREAD_MIN_BYTES;
    s->threaded = thread;
    c = make_rings(s, err);
    s->threaded = false;
    if (c == HL_OK && thread) {
        pthread_mutex_init(&s->mutex, NULL);
        pthread_cond_init(&s->for_reader, NULL);
        pthread_cond_init(&s->for_maker, NULL);
        s->threaded = true;
        c = hl_thread_start(&s->thread, maker, s, err);
        if (c != HL_OK)
            s->threaded = false;
    }
    if (c == HL_OK) {
        *out = s;
        return HL_OK;
    }
failed:
    hl_stream_close(&s);
    return c;
}

hl_code hl_stream_open(const char *path, hl_stream_mode mode, hl_ctl *ctl, hl_stream **out,
                       hl_error *err)
{
    hl_in *in = NULL;
    hl_code c;

    *out = NULL;
    c = hl_in_open(path, &in, err);
    return c == HL_OK ? stream_new(in, true, mode, ctl, out, err) : c;
}

hl_code hl_stream_in(hl_in *in, hl_stream_mode mode, hl_ctl *ctl, hl_stream **out, hl_error *err)
{
    *out = NULL;
    return stream_new(in, false, mode, ctl, out, err);
}

bool hl_stream_is_gzip(const hl_stream *s)
{
    return s->gzip;
}

int64_t hl_stream_bytes_in(const hl_stream *s)
{
    return __atomic_load_n(&s->offset, __ATOMIC_RELAXED);
}

int64_t hl_stream_size_in(const hl_stream *s)
{
    return hl_in_size(s->in);
}

const hl_digest *hl_stream_digest(const hl_stream *s)
{
    return &s->digest;
}

void hl_stream_close(hl_stream **stream)
{
    hl_stream *s = stream ? *stream : NULL;

    if (!s)
        return;
    if (s->threaded) {
        lock(s);
        s->stop = true;
        pthread_cond_signal(&s->for_maker);
        unlock(s);
        pthread_join(s->thread, NULL);
        pthread_cond_destroy(&s->for_maker);
        pthread_cond_destroy(&s->for_reader);
        pthread_mutex_destroy(&s->mutex);
    }
    hl_gunzip_free(&s->gunzip);
    hl_sha256_free(&s->sha);
    free(s->memory);
    if (s->own_in)
        hl_in_close(&s->in);
    free(s);
    *stream = NULL;
}
