#include "base/place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/http_text.h"
#include "base/remote.h"

/* The first request for a file that is read by position, and for one that is read as a whole. */
#define FIRST_BYTES 16384
#define FIRST_BYTES_OF_SMALL 65536
enum { SMALL_BYTES = 4096 };

struct hl_place {
    char *folder;              /* without a trailing slash */
    hl_http *http;             /* NULL: a folder of this machine */
    const hl_place_file *file; /* [n_files] in memory; NULL: a folder or a server */
    size_t n_files;
    hl_buf url; /* the folder as libcurl takes it */
};

bool hl_place_is_address(const char *path)
{
    return hl_address_is(path);
}

/* --- names ------------------------------------------------------------------------------------ */

/* Length of path without slashes at its end; a root keeps its own ("/", and the two of "http://").
 */
static size_t without_slashes(const char *path, size_t n)
{
    const size_t least = n > 0 && path[0] == '/' ? 1 : 0;

    while (n > least && path[n - 1] == '/')
        n--;
    return n;
}

hl_code hl_place_split(const char *path, char folder[HL_PATH_BYTES], char name[HL_PATH_BYTES],
                       hl_error *err)
{
    const bool address = hl_address_is(path);
    const size_t n = strlen(path);
    const char *slash = strrchr(path, '/');
    hl_code c = address ? hl_address_check(path, err) : HL_OK;

    if (c != HL_OK)
        return c;
    if (n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long: %.60s...", n, path);
    const char *last = slash ? slash + 1 : path;
    if (*last == 0 || (address && slash < path + (hl_address_is_https(path) ? 8 : 7)))
        return hl_fail_at(err, HL_E_USAGE, path, 0, -1, "names a folder, and no file or record");
    memcpy(name, last, strlen(last) + 1);
    const size_t n_folder = slash ? without_slashes(path, (size_t)(last - path)) : 0;
    memcpy(folder, path, n_folder);
    folder[n_folder] = 0;
    if (!slash)
        memcpy(folder, ".", 2);
    if (address && !hl_address_unescape(name))
        return hl_fail_at(err, HL_E_USAGE, path, 0, -1,
                          "ends in a wrong escape: %% and two hexadecimal digits were expected");
    return HL_OK;
}

/* Names come from files: what they say must not lead out of the place. */
static hl_code check_name(const char *name, hl_error *err)
{
    char shown[HL_SHOW_BYTES];

    if (hl_path_is_inside(hl_str_of(name)))
        return HL_OK;
    return hl_fail(err, HL_E_INPUT, "the name of a file leads out of its folder: '%s'",
                   hl_show(hl_str_of(name), shown));
}

hl_code hl_place_path(const hl_place *place, const char *name, char out[HL_PATH_BYTES],
                      hl_error *err)
{
    /* "./100.hea" is not what anybody typed. */
    return hl_path_join(strcmp(place->folder, ".") == 0 ? "" : place->folder, name, out, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

hl_code hl_place_open(const char *folder, hl_place **out, hl_error *err)
{
    const bool address = hl_address_is(folder);
    const size_t n = without_slashes(folder, strlen(folder));
    hl_place *place = NULL;
    hl_code c = HL_OK;

    *out = NULL;
    if (address)
        c = hl_address_check(folder, err);
    if (c != HL_OK)
        return c;
    if (n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long: %.60s...", n, folder);
    place = calloc(1, sizeof *place);
    if (place)
        place->folder = n ? strndup(folder, n) : strdup(".");
    if (!place || !place->folder) {
        c = hl_fail_memory(err, "place", sizeof *place);
        goto done;
    }
    if (address) {
        hl_address_put(&place->url, place->folder);
        hl_buf_char(&place->url, '/');
        c = hl_buf_check(&place->url, "place", err);
        if (c == HL_OK)
            c = hl_http_new(&place->http, err);
    }
done:
    if (c != HL_OK)
        hl_place_close(&place);
    *out = place;
    return c;
}

hl_code hl_place_memory(const hl_place_file *file, size_t n, hl_place **out, hl_error *err)
{
    hl_code c = hl_place_open("memory", out, err);

    if (c == HL_OK) {
        (*out)->file = file;
        (*out)->n_files = n;
    }
    return c;
}

void hl_place_close(hl_place **place)
{
    if (!place || !*place)
        return;
    hl_http_free(&(*place)->http);
    hl_buf_free(&(*place)->url);
    free((*place)->folder);
    free(*place);
    *place = NULL;
}

void hl_place_timeout(hl_place *place, int connect_ms, int silence_s, int pause_ms)
{
    const hl_http_patience patience = {connect_ms, silence_s, pause_ms};

    if (place->http)
        hl_http_set_patience(place->http, &patience);
}

/* --- files ------------------------------------------------------------------------------------ */

static hl_code open_remote(hl_place *place, const char *name, const char *path, size_t first_bytes,
                           int64_t limit, hl_in **out, hl_error *err)
{
    hl_source source = {0};
    hl_buf url = {0};
    hl_code c;

    hl_buf_append(&url, place->url.at, place->url.n);
    hl_address_put_name(&url, name);
    c = hl_buf_check(&url, path, err);
    if (c == HL_OK)
        c = hl_remote_open(place->http, url.at, path, first_bytes, limit, &source, err);
    hl_buf_free(&url);
    if (c != HL_OK)
        return c;
    c = hl_in_source(&source, path, out, err);
    if (c != HL_OK)
        source.close(source.user);
    return c;
}

static hl_code open_memory(const hl_place *place, const char *name, const char *path, hl_in **out,
                           hl_error *err)
{
    for (size_t i = 0; i < place->n_files; i++)
        if (strcmp(place->file[i].name, name) == 0)
            return hl_in_memory(place->file[i].bytes, place->file[i].n, path, out, err);
    return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "no such file");
}

/* This is in front of every record: for a folder no more than open() and fstat(). */
hl_code hl_place_in(hl_place *place, const char *name, hl_in **out, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = check_name(name, err);

    *out = NULL;
    if (c == HL_OK)
        c = hl_place_path(place, name, path, err);
    if (c != HL_OK)
        return c;
    if (place->file)
        return open_memory(place, name, path, out, err);
    return place->http ? open_remote(place, name, path, FIRST_BYTES, INT64_MAX, out, err)
                       : hl_in_open(path, out, err);
}

static hl_code append_all(hl_in *in, hl_buf *out, hl_digest *digest, hl_error *err)
{
    const size_t n = (size_t)hl_in_size(in);
    char *to = hl_buf_reserve(out, n + 1);
    size_t got = 0;
    hl_code c;

    if (!to)
        return hl_fail_memory(err, hl_in_name(in), n);
    c = hl_in_pread(in, to, n, 0, &got, err);
    if (c != HL_OK)
        return c;
    to[got] = 0;
    out->n += got;
    if (digest)
        hl_sha256_of(to, got, digest);
    return HL_OK;
}

/*
 * A small file of a folder in four system calls, for records of a thousand headers. False, and
 * nothing appended: it is not small, not there, no file ...; hl_read_file() reads it or says why.
 */
static bool read_small(const char *path, size_t limit, hl_buf *out, hl_digest *digest)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *to = fd < 0 ? NULL : hl_buf_reserve(out, SMALL_BYTES + 1);
    struct stat st;
    ssize_t n = -1;

    if (to && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = read(fd, to, SMALL_BYTES);
    if (fd >= 0)
        close(fd);
    if (n <= 0 || n == SMALL_BYTES || (size_t)n > limit)
        return false;
    to[n] = 0;
    out->n += (size_t)n;
    if (digest)
        hl_sha256_of(to, (size_t)n, digest);
    return true;
}

hl_code hl_place_read(hl_place *place, const char *name, size_t limit, hl_buf *out,
                      hl_digest *digest, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_code c = check_name(name, err);

    if (c == HL_OK)
        c = hl_place_path(place, name, path, err);
    if (c != HL_OK)
        return c;
    if (!place->http && !place->file)
        return read_small(path, limit, out, digest) ? HL_OK
                                                    : hl_read_file(path, limit, out, digest, err);
    const int64_t most = limit < (size_t)INT64_MAX ? (int64_t)limit : INT64_MAX;
    c = place->file ? open_memory(place, name, path, &in, err)
                    : open_remote(place, name, path, FIRST_BYTES_OF_SMALL, most, &in, err);
    if (c == HL_OK && hl_in_size(in) > most)
        c = hl_fail_at(err, HL_E_LIMIT, path, 0, -1, "is larger than %lld bytes", (long long)most);
    if (c == HL_OK)
        c = append_all(in, out, digest, err);
    hl_in_close(&in);
    return c;
}

int64_t hl_place_bytes(const hl_place *place)
{
    return place->http ? hl_http_bytes(place->http) : 0;
}

int64_t hl_place_requests(const hl_place *place)
{
    return place->http ? hl_http_requests(place->http) : 0;
}
