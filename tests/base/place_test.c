/* Places that are folders, names and addresses, and the head of a server's answer. */
#include "base/place.h"

#include "base/http_head.h"
#include "base/http_text.h"
#include "tap.h"

/* --- names ------------------------------------------------------------------------------------ */

static void a_path_is_split_into_folder_and_name(void)
{
    static const char *const cases[][3] = {
        {"100", ".", "100"},
        {"a/100", "a", "100"},
        {"a/b/100.dat", "a/b", "100.dat"},
        {"a//100", "a", "100"},
        {"/100", "/", "100"},
        {"//100", "/", "100"},
        {"/a/100", "/a", "100"},
        {"./100", ".", "100"},
        {"../x/100", "../x", "100"},
        {"a%20b/c%20d", "a%20b", "c%20d"},
        {"http:/x", "http:", "x"},
        {"http://host/100", "http://host", "100"},
        {"HTTPS://host:8080/a/b/100", "HTTPS://host:8080/a/b", "100"},
        {"https://[::1]:80/a%20b/c%20d%2B", "https://[::1]:80/a%20b", "c d+"},
        {"http://host/me@home/100", "http://host/me@home", "100"},
    };
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_error err = {0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int(hl_place_split(cases[i][0], folder, name, &err), HL_OK);
        is_str(folder, cases[i][1]);
        is_str(name, cases[i][2]);
    }
}

static void a_path_without_a_name_is_refused(void)
{
    static const char *const cases[] = {
        "", "a/", "/", "http://host", "http://host/", "https://h/a/"};
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_error err = {0};
        is_int(hl_place_split(cases[i], folder, name, &err), HL_E_USAGE);
        like(err.message, "names a folder");
    }
}

static void a_path_that_is_too_long_is_a_limit(void)
{
    char path[HL_PATH_BYTES + 10], folder[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_place *place = NULL;
    hl_error err = {0};

    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    is_int(hl_place_split(path, folder, name, &err), HL_E_LIMIT);
    is_int(hl_place_open(path, &place, &err), HL_E_LIMIT);
    ok(!place);
    path[HL_PATH_BYTES - 1] = 0;
    is_int(hl_place_split(path, folder, name, &err), HL_OK);
    is_int(hl_place_open(path, &place, &err), HL_OK);
    hl_in *in = NULL;
    is_int(hl_place_in(place, "a", &in, &err), HL_E_LIMIT);
    hl_place_close(&place);
}

static void an_address_is_told_from_a_path(void)
{
    ok(hl_place_is_address("http://h/x"));
    ok(hl_place_is_address("hTTpS://h/x"));
    ok(!hl_place_is_address("http:/h/x"));
    ok(!hl_place_is_address("/http://h/x"));
    ok(!hl_place_is_address("ftp://h/x"));
    ok(!hl_place_is_address("file:///x"));
    ok(!hl_place_is_address(""));
}

static void an_address_with_a_password_is_refused_and_not_shown(void)
{
    static const char *const cases[] = {
        "http://me:hush@host/100",      "https://hush@host/100",   "https://me:hu/hush@host/100",
        "https://me:hu?hush@host/100",  "https://me:#hush@h/100",  "https://host/100?key=hush",
        "https://host/100#hush",        "https://me:hush@h/%zz/x", "http://a:b@c:hush@host/x",
        "https://me:12\\hush@host/100",
    };
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_error err = {0};
        hl_place *place = NULL;
        const hl_code c = hl_place_split(cases[i], folder, name, &err);
        if (c == HL_OK && strchr(cases[i], '\\')) /* 12 may be a port */
            continue;
        is_int(c, HL_E_USAGE);
        like(err.message, "an address");
        ok(!strstr(err.message, "hush") && !strstr(err.path, "hush"));
        err = (hl_error){0};
        is_int(hl_place_open(cases[i], &place, &err), HL_E_USAGE);
        ok(!place && !strstr(err.message, "hush") && !strstr(err.path, "hush"));
    }
}

static void an_address_without_a_server_is_refused(void)
{
    static const char *const cases[] = {"http:///x",    "https://:80/x", "http://",
                                        "http://h:x/y", "http://h/\n/y", "http://h\x7F/y"};
    hl_place *place = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(hl_place_open(cases[i], &place, NULL), HL_E_USAGE);
}

static void a_wrong_escape_in_an_address_is_refused(void)
{
    static const char *const cases[] = {"http://h/a%",   "http://h/a%2",    "http://h/%zz",
                                        "http://h/a%00", "http://h/..%2Fx", "http://h/%0a"};
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_error err = {0};
        is_int(hl_place_split(cases[i], folder, name, &err), HL_E_USAGE);
        like(err.message, "escape");
    }
}

static void names_are_escaped_and_addresses_stay_as_they_are(void)
{
    hl_buf b = {0};

    hl_address_put(&b, "http://h/a b%20c/\xC3\xA4\"");
    is_str(b.at, "http://h/a%20b%20c/%C3%A4%22");
    hl_buf_clear(&b);
    hl_address_put_name(&b, "a/b c#1?%41&=+[x]~\xC3\xA4.dat");
    is_str(b.at, "a/b%20c%231%3F%2541%26%3D%2B%5Bx%5D~%C3%A4.dat");
    hl_buf_free(&b);
}

static void the_machine_itself_is_known_by_its_names(void)
{
    ok(hl_address_is_local("http://localhost/x"));
    ok(hl_address_is_local("http://127.0.0.1:80/x"));
    ok(hl_address_is_local("http://[::1]:80"));
    ok(!hl_address_is_local("http://127.0.0.1.example.org/x"));
    ok(!hl_address_is_local("http://localhost.example.org/x"));
    ok(!hl_address_is_local("http://[::11]/x"));
}

/* --- folders ---------------------------------------------------------------------------------- */

static const char *folder_with_a_file(void)
{
    static char file[HL_PATH_BYTES];
    const char *folder = temp_folder();

    hl_path_join(folder, "a b", file, NULL);
    hl_make_folder(file, NULL);
    hl_path_join(folder, "a b/100.dat", file, NULL);
    hl_write_file(file, "0123456789", 10, NULL, NULL);
    return folder;
}

static void files_of_a_folder_are_read(void)
{
    const char *folder = folder_with_a_file();
    hl_place *place = NULL;
    hl_in *in = NULL;
    hl_buf b = {0};
    hl_digest digest = {0};
    hl_error err = {0};
    char path[HL_PATH_BYTES], hex[HL_HEX_CHARS], bytes[10];
    size_t got;

    is_int(hl_place_open(folder, &place, &err), HL_OK);
    is_int(hl_place_in(place, "a b/100.dat", &in, &err), HL_OK);
    is_int(hl_in_size(in), 10);
    is_int(hl_in_pread(in, bytes, 10, 4, &got, &err), HL_OK);
    is_int(got, 6);
    is_mem(bytes, "456789", 6);
    hl_in_close(&in);
    hl_buf_text(&b, "x");
    is_int(hl_place_read(place, "a b/100.dat", 10, &b, &digest, &err), HL_OK);
    is_str(b.at, "x0123456789");
    is_int(digest.bytes, 10);
    hl_digest_hex(&digest, hex);
    like(hex, "84d89877f0d4041efb6bf91a16f0248f");
    is_int(hl_place_read(place, "a b/100.dat", 9, &b, NULL, &err), HL_E_LIMIT);
    is_int(hl_place_path(place, "a b/100.dat", path, &err), HL_OK);
    ok(strncmp(path, folder, strlen(folder)) == 0);
    is_str(path + strlen(folder), "/a b/100.dat");
    is_int(hl_place_bytes(place), 0);
    is_int(hl_place_requests(place), 0);
    hl_place_timeout(place, 1, 1, 1);
    hl_buf_free(&b);
    hl_place_close(&place);
    hl_remove_tree(folder, NULL);
}

static void an_absent_file_is_told_by_its_path(void)
{
    hl_place *place = NULL;
    hl_in *in = NULL;
    hl_error err = {0};

    is_int(hl_place_open("/no/such//", &place, &err), HL_OK);
    is_int(hl_place_in(place, "x.hea", &in, &err), HL_E_INPUT);
    like(err.message, "/no/such/x.hea");
    ok(!in);
    hl_place_close(&place);
}

static void the_current_folder_is_not_shown(void)
{
    static const char *const cases[] = {".", "./", ""};
    char path[HL_PATH_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl_place *place = NULL;
        is_int(hl_place_open(cases[i], &place, NULL), HL_OK);
        is_int(hl_place_path(place, "100.hea", path, NULL), HL_OK);
        is_str(path, "100.hea");
        hl_place_close(&place);
    }
    hl_place_close(NULL);
}

static void a_name_cannot_lead_out_of_its_place(void)
{
    static const char *const names[] = {"../x", "/etc/passwd", "a/../../x", "", "a\nb", ".."};
    static const char *const places[] = {".", "http://127.0.0.1:1/db"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        hl_place *place = NULL;
        is_int(hl_place_open(places[i], &place, NULL), HL_OK);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            hl_in *in = NULL;
            hl_buf b = {0};
            hl_error err = {0};
            is_int(hl_place_in(place, names[j], &in, &err), HL_E_INPUT);
            like(err.message, "leads out of its folder");
            is_int(hl_place_read(place, names[j], 100, &b, NULL, &err), HL_E_INPUT);
        }
        is_int(hl_place_requests(place), 0);
        hl_place_close(&place);
    }
}

/* --- Content-Range ---------------------------------------------------------------------------- */

static void ranges_are_parsed(void)
{
    hl_content_range r;

    ok(hl_content_range_parse(hl_str_of("bytes 0-499/1234"), &r));
    ok(r.first == 0 && r.last == 499 && r.total == 1234);
    ok(hl_content_range_parse(hl_str_of("\tBytes  7-7/8 "), &r));
    ok(r.first == 7 && r.last == 7 && r.total == 8);
    ok(hl_content_range_parse(hl_str_of("bytes 5-9/*"), &r));
    ok(r.first == 5 && r.last == 9 && r.total == -1);
    ok(hl_content_range_parse(hl_str_of("bytes */0"), &r));
    ok(r.first == -1 && r.last == -1 && r.total == 0);
    ok(hl_content_range_parse(hl_str_of("bytes 0-9223372036854775805/9223372036854775807"), &r));
}

static void wrong_ranges_are_refused(void)
{
    static const char *const cases[] = {"",
                                        "bytes",
                                        "bytes ",
                                        "bytes 0-1",
                                        "bytes 0-1/",
                                        "bytes 1-0/5",
                                        "bytes 0-5/5",
                                        "bytes */*",
                                        "bytes -5/9",
                                        "bytes 0-/9",
                                        "bytes 0-1/9x",
                                        "bytes 0-1/-9",
                                        "bytes=0-1/9",
                                        "bits 0-1/9",
                                        "bytes +0-1/9",
                                        "bytes 0-9223372036854775807/*",
                                        "bytes 0-1/99999999999999999999",
                                        "bytes 0 -1/9",
                                        "bytes 0-1 /9",
                                        "bytes0-1/9",
                                        "bytes 0x0-0x1/9",
                                        "bytes 0-1/*9"};
    hl_content_range r = {1, 2, 3};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        tap_check(!hl_content_range_parse(hl_str_of(cases[i]), &r), __FILE__, __LINE__, "taken: %s",
                  cases[i]);
    ok(r.first == 1 && r.last == 2 && r.total == 3);
}

/* --- the head of an answer -------------------------------------------------------------------- */

static bool take_head(hl_http_head *head, const char *text)
{
    hl_http_head_begin(head);
    while (*text) {
        const size_t n = strcspn(text, "\n") + 1;
        if (!hl_http_head_line(head, (hl_str){text, n}))
            return false;
        text += n;
    }
    return true;
}

static void a_head_is_read_line_by_line(void)
{
    hl_http_head h;

    ok(take_head(&h, "HTTP/1.1 100 Continue\r\nETag: no\r\n\r\nHTTP/1.1 206 Partial Content\r\n"
                     "content-range:bytes 0-9/20\r\nETAG: \"a b\" \r\nContent-Length: 10\r\n"
                     "X-Range: bytes 1-2/3\r\nRetry-After: Fri, 31 Dec\r\n\r\nETag: late\r\n"));
    ok(h.ended && !h.bad_range && h.has_range && !h.chunked);
    is_int(h.status, 206);
    is_int(h.range.last, 9);
    is_int(h.length, 10);
    is_int(h.retry_after_s, 0);
    is_str(h.version.etag, "\"a b\"");
    is_str(h.version.modified, "");
}

static void a_strange_head_does_no_harm(void)
{
    hl_http_head h;
    char long_line[300];

    ok(take_head(&h, "HTTP/1.1\r\n\r\n") && !h.ended && h.status == 0);
    ok(take_head(&h, "HTTP/1.1 abc\n\n") && !h.ended);
    ok(take_head(&h, "HTTP/2 99999999999999\n\n") && h.ended && h.status > 999);
    ok(take_head(&h, ":\n \nETag\nETag:\n\n") && !h.ended && h.version.etag[0] == 0);
    ok(take_head(&h, "HTTP/1.1 200 OK\nContent-Length: -4\nContent-Length: 1e3\n\n"));
    is_int(h.length, -1);
    ok(take_head(&h, "HTTP/1.1 206 x\nContent-Range: bytes 0-1/2\nContent-Range: bytes 0-1/2\n\n"));
    ok(h.bad_range);
    hl_http_head_begin(&h);
    memset(long_line, 'x', sizeof long_line);
    memcpy(long_line, "ETag: ", 6);
    ok(hl_http_head_line(&h, (hl_str){long_line, sizeof long_line}));
    is_int(strlen(h.version.etag), sizeof h.version.etag - 1);
    size_t n = sizeof long_line;
    while (n + sizeof long_line <= HL_HEAD_BYTES) {
        ok(hl_http_head_line(&h, (hl_str){long_line, sizeof long_line}));
        n += sizeof long_line;
    }
    ok(!hl_http_head_line(&h, (hl_str){long_line, sizeof long_line}));
}

int main(void)
{
    run(a_path_is_split_into_folder_and_name);
    run(a_path_without_a_name_is_refused);
    run(a_path_that_is_too_long_is_a_limit);
    run(an_address_is_told_from_a_path);
    run(an_address_with_a_password_is_refused_and_not_shown);
    run(an_address_without_a_server_is_refused);
    run(a_wrong_escape_in_an_address_is_refused);
    run(names_are_escaped_and_addresses_stay_as_they_are);
    run(the_machine_itself_is_known_by_its_names);
    run(files_of_a_folder_are_read);
    run(an_absent_file_is_told_by_its_path);
    run(the_current_folder_is_not_shown);
    run(a_name_cannot_lead_out_of_its_place);
    run(ranges_are_parsed);
    run(wrong_ranges_are_refused);
    run(a_head_is_read_line_by_line);
    run(a_strange_head_does_no_harm);
    return done();
}
