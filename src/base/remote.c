#include "base/remote.h"

#include <pthread.h>

#define BLOCK HL_REMOTE_BLOCK
#define MAX_BLOCKS 256                   /* 4 MiB a file */
#define MAX_RUN 64                       /* 1 MiB a request */
#define DIRECT ((size_t)MAX_RUN * BLOCK) /* from here on into the reader's memory */
#define MAX_DIRECT ((size_t)8 << 20)     /* of that in one request: a cut one comes again */

typedef struct {
    int64_t i_block; /* -1 = free */
    int64_t used;    /* turn of the last use */
    char *at;        /* BLOCK bytes */
} slot;

typedef struct {
    hl_http *http;
    char *url;   /* where requests go: where the first one was sent on to */
    char *first; /* where it was asked for */
    char *name;
    hl_http_version version;
    hl_buf whole; /* the file, when the server ignores ranges; nothing below is used then */

    pthread_mutex_t lock; /* for all below; held while a request is under way */
    slot *slots;
    int n_slots; /* in use; they are made as they are needed */
    int64_t turn;
    int64_t i_next; /* the block behind the last request: reading on there is reading in order */
    int64_t n_run;  /* blocks of the next request, if it begins there */
    char *run;      /* MAX_RUN blocks, on their way to slots */
    hl_error error; /* of the last read that failed */
} remote;

static void remote_free(remote *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->n_slots; i++)
        free(r->slots[i].at);
    free(r->slots);
    free(r->run);
    free(r->url);
    free(r->first);
    free(r->name);
    hl_buf_free(&r->whole);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static slot *find(remote *r, int64_t i_block)
{
    for (int i = 0; i < r->n_slots; i++)
        if (r->slots[i].i_block == i_block)
            return &r->slots[i];
    return NULL;
}

/* A slot to fill: a new one, else the one that was not used for longest. NULL: out of memory. */
static slot *make_room(remote *r)
{
    slot *oldest = NULL;

    if (!r->slots) {
        r->slots = calloc(MAX_BLOCKS, sizeof *r->slots);
        if (!r->slots)
            return NULL;
    }
    if (r->n_slots < MAX_BLOCKS) {
        slot *s = &r->slots[r->n_slots];
        s->at = malloc(BLOCK);
        if (!s->at)
            return NULL;
        r->n_slots++;
        return s;
    }
    for (int i = 0; i < r->n_slots; i++)
        if (!oldest || r->slots[i].used < oldest->used)
            oldest = &r->slots[i];
    return oldest;
}

static hl_code keep_blocks(remote *r, int64_t i_block, const char *at, size_t n, hl_error *err)
{
    for (size_t done = 0; done < n; done += BLOCK, i_block++) {
        slot *s = make_room(r);
        if (!s)
            return hl_fail_memory(err, r->name, BLOCK);
        memcpy(s->at, at + done, n - done < BLOCK ? n - done : BLOCK);
        s->i_block = i_block;
        s->used = ++r->turn;
    }
    return HL_OK;
}

/* --- requests --------------------------------------------------------------------------------- */

/* n bytes from offset into to. An address that we were sent on to may be good for a while only:
 * when it is refused, the first one is asked again. */
static hl_code fetch(remote *r, int64_t offset, size_t n, char *to, hl_error *err)
{
    hl_http_ask ask = {r->url, r->name, &r->version, offset, n, 0};
    hl_http_reply reply = {0};
    hl_code c = hl_http_get(r->http, &ask, to, &reply, err);

    if (c != HL_OK && reply.status >= 400 && reply.status < 500 && strcmp(r->url, r->first) != 0) {
        ask.url = r->first;
        c = hl_http_get(r->http, &ask, to, &reply, err);
        char *url = c == HL_OK ? strdup(reply.moved.n ? reply.moved.at : r->first) : NULL;
        if (url) {
            free(r->url);
            r->url = url;
        }
    }
    hl_assert(c != HL_OK || reply.got == n);
    hl_buf_free(&reply.whole);
    hl_buf_free(&reply.moved);
    return c;
}

/* Bring block i_block, and the n_wanted - 1 behind it that are missing, too. */
static hl_code fetch_blocks(remote *r, int64_t i_block, int64_t n_wanted, hl_error *err)
{
    const int64_t n_file = (r->version.size + BLOCK - 1) / BLOCK;
    int64_t n = n_wanted;

    if (!r->run && !(r->run = malloc((size_t)MAX_RUN * BLOCK)))
        return hl_fail_memory(err, r->name, (size_t)MAX_RUN * BLOCK);
    if (i_block == r->i_next) {
        r->n_run = r->n_run * 2 < MAX_RUN ? r->n_run * 2 : MAX_RUN;
        n = r->n_run > n ? r->n_run : n;
    } else {
        r->n_run = 1;
    }
    if (n > MAX_RUN)
        n = MAX_RUN;
    if (n > n_file - i_block)
        n = n_file - i_block;
    for (int64_t i = 1; i < n; i++)
        if (find(r, i_block + i))
            n = i;
    const int64_t offset = i_block * BLOCK, left = r->version.size - offset;
    const size_t bytes = left < n * BLOCK ? (size_t)left : (size_t)(n * BLOCK);
    hl_code c = fetch(r, offset, bytes, r->run, err);
    if (c == HL_OK)
        c = keep_blocks(r, i_block, r->run, bytes, err);
    r->i_next = i_block + n;
    return c;
}

/* How many of n bytes from offset (n > 0) lie in blocks that are missing, from the first one on. */
static size_t missing(remote *r, int64_t offset, size_t n)
{
    int64_t at = offset;

    while (at < offset + (int64_t)n && !find(r, at / BLOCK))
        at = (at / BLOCK + 1) * BLOCK;
    return at > offset + (int64_t)n ? n : (size_t)(at - offset);
}

static hl_code read_some(remote *r, char *to, int64_t offset, size_t n, size_t *got, hl_error *err)
{
    const int64_t i_block = offset / BLOCK;
    const size_t in_block = (size_t)(offset % BLOCK);
    slot *s = find(r, i_block);
    hl_code c = HL_OK;

    if (!s) {
        const size_t gap = missing(r, offset, n);
        if (gap >= DIRECT) {
            *got = gap < MAX_DIRECT ? gap : MAX_DIRECT;
            r->i_next = -1;
            return fetch(r, offset, *got, to, err);
        }
        c = fetch_blocks(r, i_block, (int64_t)((in_block + gap + BLOCK - 1) / BLOCK), err);
        if (c != HL_OK)
            return c;
        s = find(r, i_block);
    }
    s->used = ++r->turn;
    *got = n < BLOCK - in_block ? n : BLOCK - in_block;
    memcpy(to, s->at + in_block, *got);
    return HL_OK;
}

/* --- hl_source -------------------------------------------------------------------------------- */

static int64_t source_size(void *user)
{
    const remote *r = user;

    return r->version.size;
}

/* hl_in asks for bytes within the size alone. */
static int64_t source_pread(void *user, void *to, int64_t offset, int64_t n)
{
    remote *r = user;
    hl_error error = {0};
    hl_code c = HL_OK;
    int64_t done = 0;

    hl_assert(offset >= 0 && n >= 0 && offset <= r->version.size - n);
    if (r->whole.at) {
        memcpy(to, r->whole.at + offset, (size_t)n);
        return n;
    }
    pthread_mutex_lock(&r->lock);
    while (c == HL_OK && done < n) {
        size_t got = 0;
        c = read_some(r, (char *)to + done, offset + done, (size_t)(n - done), &got, &error);
        done += (int64_t)got;
    }
    if (c != HL_OK)
        r->error = error;
    pthread_mutex_unlock(&r->lock);
    return c == HL_OK ? n : -1;
}

static hl_code source_fault(void *user, hl_error *err)
{
    remote *r = user;

    pthread_mutex_lock(&r->lock);
    const hl_error error = r->error;
    pthread_mutex_unlock(&r->lock);
    if (err)
        *err = error;
    return (hl_code)error.code;
}

static void source_close(void *user)
{
    remote_free(user);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The first request. */
static hl_code begin(remote *r, size_t first_bytes, int64_t limit, hl_error *err)
{
    const size_t n = (first_bytes + BLOCK - 1) / BLOCK * BLOCK;
    const size_t whole = limit < (int64_t)HL_REMOTE_WHOLE ? (size_t)limit : HL_REMOTE_WHOLE;
    const hl_http_ask ask = {r->first, r->name, NULL, 0, n, whole};
    hl_http_reply reply = {0};
    char *to = malloc(n);
    hl_code c = to ? hl_http_get(r->http, &ask, to, &reply, err) : hl_fail_memory(err, r->name, n);

    if (c != HL_OK)
        goto done;
    r->version = reply.version;
    if (r->version.size > limit) {
        c = hl_fail_at(err, HL_E_LIMIT, r->name, 0, -1,
                       "has %lld bytes; at most %lld are taken here", (long long)r->version.size,
                       (long long)limit);
        goto done;
    }
    r->url = strdup(reply.moved.n ? reply.moved.at : r->first);
    if (!r->url) {
        c = hl_fail_memory(err, r->name, reply.moved.n);
        goto done;
    }
    if (reply.ignores_ranges) {
        r->whole = reply.whole;
        reply.whole = (hl_buf){0};
    } else {
        c = keep_blocks(r, 0, to, reply.got, err);
    }
    r->i_next = (int64_t)(n / BLOCK);
    r->n_run = 1;
done:
    hl_buf_free(&reply.whole);
    hl_buf_free(&reply.moved);
    free(to);
    return c;
}

hl_code hl_remote_open(hl_http *http, const char *url, const char *name, size_t first_bytes,
                       int64_t limit, hl_source *source, hl_error *err)
{
    remote *r = calloc(1, sizeof *r);
    hl_code c;

    if (!r || pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return hl_fail_memory(err, name, sizeof *r);
    }
    r->http = http;
    r->first = strdup(url);
    r->name = strdup(name);
    c = r->first && r->name ? begin(r, first_bytes, limit, err) : hl_fail_memory(err, name, 1);
    if (c != HL_OK) {
        remote_free(r);
        return c;
    }
    *source = (hl_source){r, source_size, source_pread, source_fault, source_close};
    return HL_OK;
}
