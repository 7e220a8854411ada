#include "base/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "base/http_head.h"

/* CURLOPT_PROTOCOLS_STR; and since 7.84 several threads may call curl_easy_init(). */
#define OLDEST_CURL 0x075500
#if LIBCURL_VERSION_NUM < OLDEST_CURL
#error "libcurl 7.85 or newer is needed"
#endif

#define MAX_REFUSAL_BYTES 65536 /* the page that comes with a 404 */
#define MAX_URL_BYTES 32768     /* a folder and a name of 4 KiB, each byte of them escaped */
#define MAX_REDIRECTS 5
#define MAX_TRIES 4
#define MAX_PAUSE_S 5 /* whatever Retry-After asks for */
#define SLOWEST 1000  /* bytes/s on average, once silence_s have passed: 16 KiB in 46 s */
#define MAX_IDLE 32   /* connections kept; more threads than that open new ones */

/* libcurl brings 30 libraries along, which would cost every start of the program 5 ms: it is loaded
 * when the first address is opened. */
typedef struct {
    void *library;
    CURL *(*init)(void);
    CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*perform)(CURL *curl);
    CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);
    void (*cleanup)(CURL *curl);
    const char *(*text_of)(CURLcode code);
    curl_version_info_data *(*version)(CURLversion age);
} curl_api;

struct hl_http {
    curl_api api;
    pthread_mutex_t lock; /* for idle and n_idle */
    CURL *idle[MAX_IDLE];
    int n_idle;
    hl_http_patience patience;
    int64_t bytes;    /* atomic */
    int64_t requests; /* atomic */
};

/* One request and its answer. */
typedef struct {
    hl_http *http;
    const hl_http_ask *ask;
    hl_http_reply *reply;
    char *to;
    CURL *curl;
    char url[MAX_URL_BYTES]; /* where the request goes: ask->url, or where it was sent on to */
    hl_http_head head;
    size_t expect;           /* bytes of a 206 */
    size_t got;              /* bytes of the body so far */
    int64_t n_seen, seen_us; /* bytes at the last arrival, and when that was */
    /* what a callback found */
    hl_code fault;
    hl_error error;
    char curl_text[CURL_ERROR_SIZE];
} exchange;

/* --- libcurl ---------------------------------------------------------------------------------- */

static bool find_functions(curl_api *api)
{
    const struct {
        const char *name;
        void *pointer; /* to a pointer to a function */
    } wanted[] = {
        {"curl_easy_init", &api->init},       {"curl_easy_setopt", &api->setopt},
        {"curl_easy_perform", &api->perform}, {"curl_easy_getinfo", &api->getinfo},
        {"curl_easy_cleanup", &api->cleanup}, {"curl_easy_strerror", &api->text_of},
        {"curl_version_info", &api->version},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = dlsym(api->library, wanted[i].name);
        if (!found)
            return false;
        memcpy(wanted[i].pointer, &found, sizeof found); /* POSIX: as large as a function's */
    }
    return true;
}

static hl_code load_curl(curl_api *api, hl_error *err)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

    /* NODELETE: what it registered with the process must not be unloaded. */
    for (size_t i = 0; i < sizeof names / sizeof *names && !api->library; i++)
        api->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!api->library || !find_functions(api))
        return hl_fail(err, HL_E_LIMIT,
                       "reading from a server needs libcurl, which is not there\n"
                       "Install it (package libcurl4), or download the files.");
    const curl_version_info_data *version = api->version(CURLVERSION_NOW);
    if (version->version_num < OLDEST_CURL)
        return hl_fail(err, HL_E_LIMIT, "libcurl %s is too old; 7.85 or newer is needed",
                       version->version);
    return HL_OK;
}

/* --- handles ---------------------------------------------------------------------------------- */

hl_code hl_http_new(hl_http **out, hl_error *err)
{
    hl_http *http = calloc(1, sizeof *http);
    hl_code c;

    *out = NULL;
    if (!http || pthread_mutex_init(&http->lock, NULL) != 0) {
        free(http);
        return hl_fail_memory(err, "server", sizeof *http);
    }
    http->patience = (hl_http_patience){.connect_ms = 20000, .silence_s = 30, .pause_ms = 100};
    c = load_curl(&http->api, err);
    if (c != HL_OK)
        hl_http_free(&http);
    *out = http;
    return c;
}

void hl_http_free(hl_http **http)
{
    if (!http || !*http)
        return;
    for (int i = 0; i < (*http)->n_idle; i++)
        (*http)->api.cleanup((*http)->idle[i]);
    if ((*http)->api.library)
        dlclose((*http)->api.library);
    pthread_mutex_destroy(&(*http)->lock);
    free(*http);
    *http = NULL;
}

void hl_http_set_patience(hl_http *http, const hl_http_patience *patience)
{
    if (patience->connect_ms > 0)
        http->patience.connect_ms = patience->connect_ms;
    if (patience->silence_s > 0)
        http->patience.silence_s = patience->silence_s;
    if (patience->pause_ms > 0)
        http->patience.pause_ms = patience->pause_ms;
}

int64_t hl_http_bytes(const hl_http *http)
{
    return __atomic_load_n(&http->bytes, __ATOMIC_RELAXED);
}

int64_t hl_http_requests(const hl_http *http)
{
    return __atomic_load_n(&http->requests, __ATOMIC_RELAXED);
}

static CURL *take_handle(hl_http *http)
{
    CURL *curl = NULL;

    pthread_mutex_lock(&http->lock);
    if (http->n_idle > 0)
        curl = http->idle[--http->n_idle];
    pthread_mutex_unlock(&http->lock);
    return curl ? curl : http->api.init();
}

static void give_handle(hl_http *http, CURL *curl)
{
    http->api.setopt(curl, CURLOPT_ERRORBUFFER, (char *)NULL); /* which ends with the request */
    pthread_mutex_lock(&http->lock);
    if (http->n_idle < MAX_IDLE) {
        http->idle[http->n_idle++] = curl;
        curl = NULL;
    }
    pthread_mutex_unlock(&http->lock);
    if (curl)
        http->api.cleanup(curl);
}

/* --- an answer arrives ------------------------------------------------------------------------ */

static bool is_file(const exchange *x)
{
    return x->head.status == 200 || x->head.status == 206;
}

static size_t refuse(exchange *x, hl_code code, const char *text)
{
    x->fault = hl_fail_at(&x->error, code, x->ask->name, 0, x->ask->first, "%s", text);
    return 0;
}

/* libcurl's: one line of a head, or of what follows a chunked body. 0 ends the transfer. */
static size_t on_header(char *at, size_t one, size_t n, void *user)
{
    exchange *x = user;
    hl_http_head *head = &x->head;
    const bool had_ended = head->ended;

    if (!hl_http_head_line(head, (hl_str){at, one * n}))
        return refuse(x, HL_E_IO, "the server's answer has more than 64 KiB of headers");
    if (had_ended || !head->ended || !is_file(x))
        return one * n;
    x->fault = hl_http_head_check(head, x->ask, &x->expect, &x->error);
    if (x->fault == HL_OK && head->status == 200 && head->length > 0 &&
        !hl_buf_reserve(&x->reply->whole, (size_t)head->length + 1))
        x->fault = hl_fail_memory(&x->error, x->ask->name, (size_t)head->length);
    return x->fault == HL_OK ? one * n : 0;
}

static size_t on_body(char *at, size_t one, size_t n_at, void *user)
{
    exchange *x = user;
    const size_t n = one * n_at;

    __atomic_fetch_add(&x->http->bytes, (int64_t)n, __ATOMIC_RELAXED);
    if (x->head.status == 206) {
        if (n > x->expect - x->got)
            return refuse(x, HL_E_IO, "the server sent more bytes than were asked for");
        memcpy(x->to + x->got, at, n);
    } else if (x->head.status == 200) {
        if (n > x->ask->limit - x->got)
            return refuse(x, HL_E_LIMIT,
                          "the server ignores ranges, and the file is too large to be taken as a "
                          "whole\nDownload the file and read the copy.");
        hl_buf_append(&x->reply->whole, at, n);
        if (hl_buf_check(&x->reply->whole, x->ask->name, &x->error) != HL_OK) {
            x->fault = HL_E_LIMIT;
            return 0;
        }
    } else if (n > MAX_REFUSAL_BYTES - x->got) {
        return 0; /* the status says enough */
    }
    x->got += n;
    return n;
}

/* libcurl's, about once a second and after each arrival. Its own limit for slow transfers looks at
 * the mean of some seconds of the body alone; this one sees heads, and answers that trickle. */
static int on_progress(void *user, curl_off_t total, curl_off_t got, curl_off_t up_total,
                       curl_off_t up)
{
    exchange *x = user;
    const int64_t patience_us = (int64_t)x->http->patience.silence_s * 1000000;
    const int64_t n = (int64_t)x->head.bytes + got;
    curl_off_t now = 0, sent = 0; /* us since the start; sent: of the request, 0 = connecting */
    char text[80];

    (void)total, (void)up_total, (void)up;
    if (x->http->api.getinfo(x->curl, CURLINFO_TOTAL_TIME_T, &now) != CURLE_OK ||
        x->http->api.getinfo(x->curl, CURLINFO_PRETRANSFER_TIME_T, &sent) != CURLE_OK || sent == 0)
        return 0;
    if (n > x->n_seen || x->seen_us < sent) {
        x->n_seen = n;
        x->seen_us = now > sent ? now : sent;
    }
    if (now - x->seen_us >= patience_us) {
        snprintf(text, sizeof text, "the server %s for %d s",
                 n > 0 ? "fell silent: nothing came" : "does not answer: waited",
                 x->http->patience.silence_s);
        refuse(x, HL_E_IO, text);
        return 1;
    }
    if (now - sent > patience_us && n < (now - sent - patience_us) / 1000000 * SLOWEST) {
        refuse(x, HL_E_IO, "the server sends less than 1000 bytes a second");
        return 1;
    }
    return 0;
}

/* --- one request ------------------------------------------------------------------------------ */

/* ~/.netrc is read by libcurl, for the host of each request. A password travels over https alone,
 * or within this machine. */
static long netrc_for(const char *url)
{
    return hl_address_is_https(url) || hl_address_is_local(url) ? CURL_NETRC_OPTIONAL
                                                                : CURL_NETRC_IGNORED;
}

static CURLcode prepare(exchange *x)
{
    const hl_http_patience *patience = &x->http->patience;
    CURL *curl = x->curl;
    CURLcode r = CURLE_OK;
    char range[64];

    snprintf(range, sizeof range, "%lld-%lld", (long long)x->ask->first,
             (long long)(x->ask->first + (int64_t)x->ask->n - 1));
#define SET(option, value)                                                                         \
    if (r == CURLE_OK)                                                                             \
    r = x->http->api.setopt(curl, option, value)
    SET(CURLOPT_URL, x->url);
    SET(CURLOPT_RANGE, range);
    SET(CURLOPT_NETRC, netrc_for(x->url));
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* followed by us, to know each step */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    /* One request at a time on a connection: HTTP/2 has nothing to give. */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_ACCEPT_ENCODING, "identity");
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_USERAGENT, "hilum/" HL_VERSION);
    SET(CURLOPT_NOSIGNAL, 1L); /* no handlers of libcurl in a program with threads */
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_BUFFERSIZE, 131072L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)patience->connect_ms);
    SET(CURLOPT_ERRORBUFFER, x->curl_text);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, x);
#undef SET
    return r;
}

/* A server that hangs up while TLS writes raises SIGPIPE, which would end the program: blocked here
 * for this thread, and taken away if it came. */
static CURLcode perform_without_sigpipe(exchange *x)
{
    sigset_t pipe_set, before, pending;
    const struct timespec at_once = {0, 0};
    CURLcode r;

    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
    r = x->http->api.perform(x->curl);
    if (!was_pending)
        (void)sigtimedwait(&pipe_set, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

/* The answer's head and body are in x afterwards. */
static CURLcode exchange_once(exchange *x)
{
    hl_http_head_begin(&x->head);
    x->got = x->expect = 0;
    x->n_seen = x->seen_us = 0;
    x->fault = HL_OK;
    x->curl_text[0] = 0;
    hl_buf_clear(&x->reply->whole);
    CURLcode r = prepare(x);
    if (r == CURLE_OK) {
        __atomic_fetch_add(&x->http->requests, 1, __ATOMIC_RELAXED);
        r = perform_without_sigpipe(x);
    }
    return r;
}

/* --- what went wrong -------------------------------------------------------------------------- */

static hl_code tell_login(const exchange *x, hl_error *err)
{
    char host[HL_HOST_BYTES];

    hl_address_host(x->url, host);
    return hl_fail_at(err, HL_E_IO, x->ask->name, 0, -1,
                      "the server wants a user name and a password, or refuses those it got (401)\n"
                      "Put them into the file ~/.netrc (chmod 600): machine %s login NAME password "
                      "WORD. They are sent over https alone.",
                      host);
}

static hl_code tell_status(const exchange *x, int n_tries, hl_error *err)
{
    const char *name = x->ask->name;

    switch (x->head.status) {
    case 401:
        return tell_login(x, err);
    case 403:
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "the server refuses access (403)\n"
                          "The data set may need an agreement to be signed there, or the user name "
                          "and password of somebody who did in ~/.netrc.");
    case 404:
    case 410:
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1, "no such file on the server (%d)",
                          x->head.status);
    case 416:
        if (x->ask->before)
            return hl_fail_at(err, HL_E_INPUT, name, 0, x->ask->first,
                              "changed on the server while it was read (416)\n"
                              "Read it again from its beginning.");
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "the server has no such range (416)");
    case 429:
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "the server says that it is asked too often (429), %d times\n"
                          "Wait, or use fewer --jobs.",
                          n_tries);
    default:
        if (x->head.status >= 500)
            return hl_fail_at(err, HL_E_IO, name, 0, -1,
                              "the server failed (%d), %d times\nTry again later.", x->head.status,
                              n_tries);
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "the server answers %d, which is no file",
                          x->head.status);
    }
}

/* A request without a complete answer. */
static hl_code tell_broken(const exchange *x, CURLcode r, int n_tries, hl_error *err)
{
    const char *name = x->ask->name;
    char host[HL_HOST_BYTES], text[HL_SHOW_BYTES];

    hl_address_host(x->url, host);
    switch (r) {
    case CURLE_OUT_OF_MEMORY:
        return hl_fail_memory(err, name, x->ask->n);
    case CURLE_COULDNT_RESOLVE_HOST:
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "no server is known by the name %s\nIs the address right?", host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "the proxy's name is not known");
    case CURLE_COULDNT_CONNECT:
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "%s takes no connection (tried %d times)",
                          host, n_tries);
    case CURLE_OPERATION_TIMEDOUT: /* connecting; of the rest see on_progress() */
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "%s gives no connection within %d ms", host,
                          x->http->patience.connect_ms);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "no safe connection to %s: %s\n"
                          "Authorities are taken from the system (package ca-certificates).",
                          host, hl_show(hl_str_of(x->curl_text), text));
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_OK: /* complete for HTTP, and shorter than its own Content-Range */
        return hl_fail_at(err, HL_E_IO, name, 0, x->ask->first,
                          "the server broke off after %zu bytes (tried %d times)", x->got, n_tries);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* libcurl's word for an answer without a head */
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "what %s answers is not HTTP", host);
    case CURLE_URL_MALFORMAT:
        return hl_fail_at(err, HL_E_USAGE, name, 0, -1, "is no address");
    default: /* the long tail of an enum that is not ours */
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "the transfer failed: %s",
                          x->http->api.text_of(r));
    }
}

/* --- tries and redirections ------------------------------------------------------------------- */

static bool is_complete(const exchange *x, CURLcode r)
{
    return r == CURLE_OK && (x->head.status != 206 || x->got == x->expect);
}

/* Worth another try: the server or the way to it was at fault, and it did not take long to see. */
static bool may_try_again(const exchange *x, CURLcode r)
{
    if (x->fault != HL_OK)
        return false;
    if (x->head.ended && !is_file(x))
        return x->head.status == 408 || x->head.status == 429 || x->head.status >= 500;
    return r == CURLE_OK || r == CURLE_COULDNT_CONNECT || r == CURLE_PARTIAL_FILE ||
           r == CURLE_GOT_NOTHING || r == CURLE_RECV_ERROR || r == CURLE_SEND_ERROR;
}

static void pause_before(const exchange *x, int i_try)
{
    int64_t ms = x->http->patience.pause_ms;

    for (int i = 1; i < i_try; i++)
        ms *= 4;
    if (x->head.retry_after_s > ms / 1000)
        ms =
            x->head.retry_after_s < MAX_PAUSE_S ? x->head.retry_after_s * 1000 : MAX_PAUSE_S * 1000;
    if (ms > MAX_PAUSE_S * 1000)
        ms = MAX_PAUSE_S * 1000;
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&left, NULL); /* a signal cuts the wait short: no harm */
}

/* Put where the answer sends us into x->url. */
static hl_code follow(exchange *x, int n_redirects, hl_error *err)
{
    const char *name = x->ask->name;
    char *to = NULL;

    if (x->http->api.getinfo(x->curl, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || !to)
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "the server answers %d without an address to go to", x->head.status);
    if (n_redirects >= MAX_REDIRECTS)
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "the server sends us on more than %d times",
                          MAX_REDIRECTS);
    if (!hl_address_is(to))
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "the server sends us to an address that is neither http nor https");
    if (hl_address_is_https(x->url) && !hl_address_is_https(to))
        return hl_fail_at(err, HL_E_IO, name, 0, -1,
                          "the server sends us from https to http; that is not followed");
    const size_t n = strlen(to);
    if (n >= sizeof x->url)
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1,
                          "the server sends us to an address of %zu bytes", n);
    memcpy(x->url, to, n + 1);
    return HL_OK;
}

static bool is_redirect(const exchange *x)
{
    return x->head.status == 301 || x->head.status == 302 || x->head.status == 303 ||
           x->head.status == 307 || x->head.status == 308;
}

/* One answer other than a redirection. */
static hl_code converse(exchange *x, hl_error *err)
{
    int n_redirects = 0;

    for (int i_try = 1;;) {
        const CURLcode r = exchange_once(x);
        if (x->head.ended && is_redirect(x)) {
            hl_code c = follow(x, n_redirects++, err);
            if (c != HL_OK)
                return c;
            continue;
        }
        if (x->fault != HL_OK) {
            if (err)
                *err = x->error;
            return x->fault;
        }
        if (is_complete(x, r) && is_file(x))
            return HL_OK;
        /* An empty file has no range. */
        if (x->head.status == 416 && !x->ask->before && x->head.has_range &&
            x->head.range.total == 0)
            return HL_OK;
        if (i_try >= MAX_TRIES || !may_try_again(x, r))
            return x->head.ended && !is_file(x) ? tell_status(x, i_try, err)
                                                : tell_broken(x, r, i_try, err);
        pause_before(x, i_try++);
    }
}

hl_code hl_http_get(hl_http *http, const hl_http_ask *ask, void *to, hl_http_reply *reply,
                    hl_error *err)
{
    const size_t n_url = strlen(ask->url);
    exchange *x = NULL;
    hl_code c = HL_OK;

    hl_assert(ask->n > 0 && (ask->before || ask->first == 0));
    hl_buf_clear(&reply->moved);
    x = calloc(1, sizeof *x);
    if (!x || !(x->curl = take_handle(http))) {
        c = hl_fail_memory(err, ask->name, sizeof *x);
        goto done;
    }
    if (n_url >= sizeof x->url) {
        c = hl_fail_at(err, HL_E_LIMIT, ask->name, 0, -1, "an address of %zu bytes is too long",
                       n_url);
        goto done;
    }
    x->http = http;
    x->ask = ask;
    x->reply = reply;
    x->to = to;
    memcpy(x->url, ask->url, n_url + 1);
    c = converse(x, err);
    reply->status = x->head.status;
    if (c != HL_OK)
        goto done;
    reply->ignores_ranges = x->head.status == 200;
    if (x->head.status == 416)
        x->head.version.size = 0;
    else if (x->head.status == 200)
        x->head.version.size = (int64_t)reply->whole.n;
    reply->version = x->head.version;
    reply->got = x->expect;
    if (strcmp(x->url, ask->url) != 0)
        hl_buf_text(&reply->moved, x->url);
    c = hl_buf_check(&reply->moved, ask->name, err);
done:
    if (x && x->curl)
        give_handle(http, x->curl);
    free(x);
    return c;
}
