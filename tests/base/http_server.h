/*
 * http_server.h - a small server on 127.0.0.1 for tests: each path is a way to behave.
 *
 * /BEHAVIOUR/SIZE: a file of SIZE bytes (content_byte), served well or badly. Behaviours that fail
 * a number of times first count the requests of the server, so a test starts one of its own.
 */
#ifndef HL_TESTS_HTTP_SERVER_H
#define HL_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tap.h"

#define SERVER_REQUEST_BYTES 65536
#define SERVER_CONNECTIONS 64

typedef struct {
    int listener;
    int port;
    pthread_t thread;
    pthread_t worker[SERVER_CONNECTIONS];
    int n_workers; /* = connections that were accepted; atomic */
    int stop;      /* atomic */
    int n_requests;
    int other_port; /* for redirections to another server */
    pthread_mutex_t lock;
    char last[SERVER_REQUEST_BYTES]; /* the last request's head */
} server;

typedef struct {
    server *s;
    int fd;
} connection;

typedef struct {
    char path[8192];
    char how[64]; /* first part of the path */
    int64_t size; /* second part */
    bool has_range;
    int64_t first, last; /* within the file */
    int turn;            /* 1 = the first request of this server */
} request;

static inline unsigned char content_byte(int64_t i)
{
    return (unsigned char)(((uint64_t)i * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}

static inline bool content_is(const void *at, int64_t from, size_t n)
{
    const unsigned char *p = at;
    for (size_t i = 0; i < n; i++)
        if (p[i] != content_byte(from + (int64_t)i))
            return false;
    return true;
}

static inline bool send_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t r = send(fd, p, n, MSG_NOSIGNAL);
        if (r <= 0)
            return false;
        p += r;
        n -= (size_t)r;
    }
    return true;
}

static inline bool send_text(int fd, const char *text)
{
    return send_all(fd, text, strlen(text));
}

static inline bool send_content(int fd, int64_t first, int64_t n)
{
    char part[16384];
    while (n > 0) {
        size_t k = n < (int64_t)sizeof part ? (size_t)n : sizeof part;
        for (size_t i = 0; i < k; i++)
            part[i] = (char)content_byte(first + (int64_t)i);
        if (!send_all(fd, part, k))
            return false;
        first += (int64_t)k;
        n -= (int64_t)k;
    }
    return true;
}

/* Nothing is sent; ends when the other side has enough, or the test. */
static inline bool fall_silent(server *s, int fd)
{
    char c;
    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, 20) > 0 && recv(fd, &c, 1, 0) <= 0)
            break;
    }
    return false;
}

static inline bool send_head(int fd, int status, const char *fields)
{
    char head[1024];
    snprintf(head, sizeof head, "HTTP/1.1 %d Text\r\n%s\r\n", status, fields);
    return send_text(fd, head);
}

static inline bool send_refusal(int fd, int status, const char *fields)
{
    char all[600];
    snprintf(all, sizeof all, "%sContent-Type: text/html\r\nContent-Length: 5\r\n", fields);
    return send_head(fd, status, all) && send_text(fd, "sorry");
}

/* 206 with these numbers in its head, and n bytes of content from first on. */
static inline bool send_range(int fd, int64_t first, int64_t last, int64_t total, int64_t n,
                              const char *fields)
{
    char all[600];
    snprintf(all, sizeof all, "%sContent-Range: bytes %lld-%lld/%lld\r\nContent-Length: %lld\r\n",
             fields, (long long)first, (long long)last, (long long)total,
             (long long)(last - first + 1));
    return send_head(fd, 206, all) && send_content(fd, first, n) && n == last - first + 1;
}

static inline bool send_well(int fd, const request *q, const char *fields)
{
    char all[300];
    if (q->size == 0)
        return send_head(fd, 416, "Content-Range: bytes */0\r\nContent-Length: 0\r\n");
    if (q->has_range)
        return send_range(fd, q->first, q->last, q->size, q->last - q->first + 1, fields);
    snprintf(all, sizeof all, "%sContent-Length: %lld\r\n", fields, (long long)q->size);
    return send_head(fd, 200, all) && send_content(fd, 0, q->size);
}

static inline bool send_whole(int fd, const request *q)
{
    char all[100];
    snprintf(all, sizeof all, "Content-Length: %lld\r\n", (long long)q->size);
    return send_head(fd, 200, all) && send_content(fd, 0, q->size);
}

static inline bool send_chunked(int fd, const request *q)
{
    bool good = send_head(fd, 200, "Transfer-Encoding: chunked\r\n");
    for (int64_t at = 0; good && at < q->size; at += 1000) {
        const int64_t n = q->size - at < 1000 ? q->size - at : 1000;
        char size[32];
        snprintf(size, sizeof size, "%llx\r\n", (long long)n);
        good = send_text(fd, size) && send_content(fd, at, n) && send_text(fd, "\r\n");
    }
    return good && send_text(fd, "0\r\nContent-Range: bytes 7-8/9\r\n\r\n");
}

static inline bool send_drip(server *s, int fd, const request *q)
{
    bool good = send_range(fd, q->first, q->last, q->size, 0, "") || true;
    for (int64_t i = q->first; good && i <= q->last; i++) {
        good = send_content(fd, i, 1) && !__atomic_load_n(&s->stop, __ATOMIC_RELAXED);
        usleep(20000);
    }
    return good;
}

static inline bool send_redirect(const server *s, int fd, const request *q, const char *to)
{
    char fields[400];
    (void)q;
    if (strncmp(to, "other", 5) == 0)
        snprintf(fields, sizeof fields, "Location: http://127.0.0.1:%d%s\r\n", s->other_port,
                 to + 5);
    else
        snprintf(fields, sizeof fields, "Location: %s\r\n", to);
    return send_refusal(fd, 302, fields);
}

/* A table of cases, so a long one; true = the connection stays open. */
static inline bool answer(server *s, int fd, const request *q)
{
    const char *how = q->how;
    const int64_t n = q->last - q->first + 1;
    char to[200];

    if (strcmp(how, "ok") == 0)
        return send_well(fd, q,
                         "ETag: \"one\"\r\nLast-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\n");
    if (strcmp(how, "whole") == 0)
        return send_whole(fd, q);
    if (strcmp(how, "chunked") == 0)
        return send_chunked(fd, q);
    if (strcmp(how, "endless") == 0)
        return send_head(fd, 200, "") && send_content(fd, 0, q->size) && false;
    if (how[0] >= '3' && how[0] <= '5')
        return send_refusal(fd, (int)strtol(how, NULL, 10), "");
    if (strcmp(how, "busy") == 0) /* two times */
        return q->turn <= 2 ? send_refusal(fd, 503, "Retry-After: 0\r\n") : send_well(fd, q, "");
    if (strcmp(how, "later") == 0)
        return q->turn <= 1 ? send_refusal(fd, 429, "Retry-After: 1\r\n") : send_well(fd, q, "");
    if (strcmp(how, "login") == 0)
        return strstr(s->last, "Authorization: Basic bWU6aHVzaA==") ? send_well(fd, q, "")
                                                                    : send_refusal(fd, 401, "");
    if (strcmp(how, "silent") == 0)
        return fall_silent(s, fd);
    if (strcmp(how, "stall") == 0) {
        send_range(fd, q->first, q->last, q->size, n / 2, "");
        return fall_silent(s, fd);
    }
    if (strcmp(how, "drip") == 0)
        return send_drip(s, fd, q);
    if (strcmp(how, "cut") == 0) /* two times */
        return send_range(fd, q->first, q->last, q->size, q->turn <= 2 ? n / 2 : n, "");
    if (strcmp(how, "cutalways") == 0)
        return send_range(fd, q->first, q->last, q->size, n / 2, "");
    if (strcmp(how, "cutwhole") == 0)
        return send_head(fd, 200, "Content-Length: 5000\r\n") && send_content(fd, 0, 100) && false;
    if (strcmp(how, "hangup") == 0)
        return false;
    if (strcmp(how, "shifted") == 0)
        return send_range(fd, q->first + 1, q->last + 1, q->size + 1, n, "");
    if (strcmp(how, "fewer") == 0)
        return send_range(fd, q->first, q->last - 1, q->size, n - 1, "");
    if (strcmp(how, "norange") == 0)
        return send_head(fd, 206, "Content-Length: 10\r\n") && send_content(fd, 0, 10);
    if (strcmp(how, "nosize") == 0)
        return send_head(fd, 206, "Content-Range: bytes 0-9/*\r\nContent-Length: 10\r\n") &&
               send_content(fd, 0, 10);
    if (strcmp(how, "more") == 0) /* a chunked body need not say its length in its head */
        return send_head(fd, 206,
                         "Content-Range: bytes 0-9/10\r\nTransfer-Encoding: chunked\r\n") &&
               send_text(fd, "14\r\n") && send_content(fd, 0, 20) && send_text(fd, "\r\n0\r\n\r\n");
    if (strcmp(how, "shortbody") == 0)
        return send_head(fd, 206, "Content-Range: bytes 0-9/10\r\nContent-Length: 5\r\n") &&
               send_content(fd, 0, 5);
    if (strcmp(how, "shrinks") == 0) {
        const int64_t size = q->turn == 1 ? q->size : q->size - 1;
        return send_range(fd, q->first, q->last < size ? q->last : size - 1, size,
                          (q->last < size ? q->last : size - 1) - q->first + 1, "");
    }
    if (strcmp(how, "retagged") == 0)
        return send_well(fd, q, q->turn == 1 ? "ETag: \"one\"\r\n" : "ETag: \"two\"\r\n");
    if (strcmp(how, "touched") == 0)
        return send_well(fd, q,
                         q->turn == 1 ? "Last-Modified: then\r\n" : "Last-Modified: now\r\n");
    if (strcmp(how, "gone") == 0)
        return q->turn == 1
                   ? send_well(fd, q, "")
                   : send_head(fd, 416, "Content-Range: bytes */9\r\nContent-Length: 0\r\n");
    if (strcmp(how, "wholelater") == 0)
        return q->turn == 1 ? send_well(fd, q, "") : send_whole(fd, q);
    if (strcmp(how, "huge") == 0) { /* says so; there are no such bytes */
        send_range(fd, 0, 16383, INT64_C(9000000000000000000), 16384, "");
        return true;
    }
    if (strcmp(how, "hugewhole") == 0)
        return send_head(fd, 200, "Content-Length: 9000000000000000000\r\n") && false;
    if (strcmp(how, "headers") == 0) {
        bool good = send_text(fd, "HTTP/1.1 206 Text\r\n");
        for (int i = 0; good && i < 5000; i++)
            good = send_text(fd, "X-Filler: 0123456789012345678901234567890123456789\r\n");
        return false;
    }
    if (strcmp(how, "garbage") == 0)
        return send_text(fd, "\x16\x03\x01 what is this\r\n\r\n") && false;
    if (strcmp(how, "continue") == 0)
        return send_text(
                   fd,
                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nETag: x\r\n\r\n") &&
               send_well(fd, q, "");
    if (strcmp(how, "page") == 0)
        return send_well(fd, q, "Content-Type: text/html; charset=utf-8\r\n");
    if (strcmp(how, "gzipped") == 0)
        return send_well(fd, q, "Content-Encoding: x-gzip\r\n");
    if (strcmp(how, "moved") == 0) {
        snprintf(to, sizeof to, "/ok/%lld", (long long)q->size);
        return send_redirect(s, fd, q, to);
    }
    if (strcmp(how, "expiring") == 0) { /* goes to /ticket, which is good for one request */
        snprintf(to, sizeof to, "/ticket/%lld?turn=%d", (long long)q->size, q->turn);
        return send_redirect(s, fd, q, to);
    }
    if (strcmp(how, "ticket") == 0) {
        const char *turn = strstr(q->path, "?turn=");
        return turn && strtol(turn + 6, NULL, 10) == q->turn - 1 ? send_well(fd, q, "")
                                                                 : send_refusal(fd, 403, "");
    }
    if (strcmp(how, "away") == 0) {
        snprintf(to, sizeof to, "other/ok/%lld", (long long)q->size);
        return send_redirect(s, fd, q, to);
    }
    if (strcmp(how, "loop") == 0)
        return send_redirect(s, fd, q, "/loop/1");
    if (strcmp(how, "toftp") == 0)
        return send_redirect(s, fd, q, "ftp://127.0.0.1/x");
    if (strcmp(how, "tofile") == 0)
        return send_redirect(s, fd, q, "file:///etc/passwd");
    if (strcmp(how, "nowhere") == 0)
        return send_refusal(fd, 302, "");
    return send_refusal(fd, 404, "");
}

/* "GET /HOW/SIZE HTTP/1.1" and its Range. */
static inline bool parse_request(const char *head, request *q)
{
    const char *range = strstr(head, "\r\nRange: bytes=");
    long long first, last, size = 0;

    *q = (request){0};
    if (sscanf(head, "GET %8191s HTTP/1.1", q->path) != 1)
        return false;
    if (sscanf(q->path, "/%63[^/]/%lld", q->how, &size) < 1)
        return false;
    q->size = size;
    q->last = q->size - 1;
    if (range && sscanf(range + 15, "%lld-%lld", &first, &last) == 2) {
        q->has_range = true;
        q->first = first;
        if (last < q->last)
            q->last = last;
    }
    return true;
}

static inline void *serve_connection(void *arg)
{
    connection *c = arg;
    server *s = c->s;
    char *head = calloc(1, SERVER_REQUEST_BYTES);
    size_t n = 0;
    request *q = calloc(1, sizeof *q);

    while (head && q && !__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        struct pollfd p = {c->fd, POLLIN, 0};
        if (poll(&p, 1, 20) <= 0)
            continue;
        ssize_t r = recv(c->fd, head + n, SERVER_REQUEST_BYTES - 1 - n, 0);
        if (r <= 0)
            break;
        n += (size_t)r;
        head[n] = 0;
        if (!strstr(head, "\r\n\r\n"))
            continue;
        n = 0;
        if (!parse_request(head, q))
            break;
        pthread_mutex_lock(&s->lock);
        snprintf(s->last, sizeof s->last, "%s", head);
        q->turn = ++s->n_requests;
        pthread_mutex_unlock(&s->lock);
        if (!answer(s, c->fd, q))
            break;
    }
    shutdown(c->fd, SHUT_RDWR);
    close(c->fd);
    free(head);
    free(q);
    free(c);
    return NULL;
}

static inline void *serve(void *arg)
{
    server *s = arg;
    int one = 1;

    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        struct pollfd p = {s->listener, POLLIN, 0};
        if (poll(&p, 1, 20) <= 0 || s->n_workers == SERVER_CONNECTIONS)
            continue;
        connection *c = malloc(sizeof *c);
        if (!c)
            break;
        *c = (connection){s, accept(s->listener, NULL, NULL)};
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const int i = s->n_workers;
        if (c->fd < 0) {
            free(c);
            continue;
        }
        __atomic_store_n(&s->n_workers, i + 1, __ATOMIC_SEQ_CST); /* before anybody is answered */
        if (pthread_create(&s->worker[i], NULL, serve_connection, c) != 0)
            abort();
    }
    return NULL;
}

static inline server *server_start(void)
{
    server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;

    if (!s)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(s->listener, 64) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &n) != 0 ||
        pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    s->port = ntohs(at.sin_port);
    return s;
}

static inline int server_connections(server *s)
{
    return __atomic_load_n(&s->n_workers, __ATOMIC_SEQ_CST);
}

static inline void server_stop(server *s)
{
    __atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->n_workers; i++)
        pthread_join(s->worker[i], NULL);
    close(s->listener);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

#endif
