/* Places that are addresses: what is asked of a server, and what becomes of its answers. */
#include "base/place.h"

#include <pthread.h>

#include "base/http_server.h"
#include "tap.h"

/* A server of its own for each test: some behaviours count requests. */
static server *serving;
static hl_place *place;
static hl_error err;

static void begin(const char *host)
{
    char address[64];

    serving = server_start();
    snprintf(address, sizeof address, "http://%s:%d", host, serving->port);
    err = (hl_error){0};
    is_int(hl_place_open(address, &place, &err), HL_OK);
    hl_place_timeout(place, 1000, 1, 1);
}

static void end(void)
{
    hl_place_close(&place);
    server_stop(serving);
}

static hl_in *open_file(const char *name)
{
    hl_in *in = NULL;

    err = (hl_error){0};
    is_int(hl_place_in(place, name, &in, &err), HL_OK);
    tap_check(in != NULL, __FILE__, __LINE__, "%s", err.message);
    return in;
}

/* The bytes are those of the server's file. */
static bool reads_well(hl_in *in, int64_t offset, size_t n)
{
    char *to = malloc(n + 1);
    size_t got = 0;
    hl_code c = in && to ? hl_in_pread(in, to, n, offset, &got, &err) : HL_E_BUG;
    bool good = c == HL_OK && content_is(to, offset, got) &&
                (got == n || (int64_t)got == hl_in_size(in) - offset);
    free(to);
    return good;
}

/* Opening name fails so. */
static void is_refused(const char *name, hl_code code, const char *message)
{
    hl_in *in = NULL;

    err = (hl_error){0};
    is_int(hl_place_in(place, name, &in, &err), code);
    is_int(err.code, code);
    like(err.message, message);
    like(err.message, name);
    like(err.path, name);
    hl_in_close(&in);
}

/* The file opens; the next read, far behind, fails so. */
static void read_is_refused(const char *name, hl_code code, const char *message)
{
    hl_in *in = open_file(name);
    char bytes[100];
    size_t got;

    if (!in)
        return;
    is_int(hl_in_pread(in, bytes, sizeof bytes, 100000, &got, &err), code);
    is_int(err.code, code);
    like(err.message, message);
    like(err.message, name);
    ok(reads_well(in, 0, 100)); /* what is there stays good */
    hl_in_close(&in);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static void a_small_file_is_one_request(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/1000");
    is_int(hl_in_size(in), 1000);
    ok(reads_well(in, 0, 1000));
    ok(reads_well(in, 999, 10));
    hl_in_close(&in);
    hl_buf b = {0};
    hl_digest digest = {0};
    is_int(hl_place_read(place, "ok/60000", 60000, &b, &digest, &err), HL_OK);
    is_int(b.n, 60000);
    is_int(digest.bytes, 60000);
    ok(content_is(b.at, 0, b.n) && b.at[b.n] == 0);
    hl_buf_free(&b);
    is_int(hl_place_requests(place), 2);
    is_int(hl_place_bytes(place), 61000);
    is_int(serving->n_requests, 2);
    is_int(server_connections(serving), 1); /* one connection */
    end();
}

static void a_file_larger_than_its_limit_is_not_read(void)
{
    hl_buf b = {0};

    begin("127.0.0.1");
    is_int(hl_place_read(place, "ok/100001", 100000, &b, NULL, &err), HL_E_LIMIT);
    like(err.message, "has 100001 bytes; at most 100000 are taken here");
    is_int(hl_place_read(place, "whole/100001", 100000, &b, NULL, &err), HL_E_LIMIT);
    is_int(hl_place_read(place, "chunked/100001", 100000, &b, NULL, &err), HL_E_LIMIT);
    is_int(b.n, 0);
    is_int(hl_place_read(place, "whole/100000", 100000, &b, NULL, &err), HL_OK);
    is_int(hl_place_read(place, "chunked/100000", 100000, &b, NULL, &err), HL_OK);
    is_int(b.n, 200000);
    hl_buf_free(&b);
    end();
}

static void only_the_blocks_that_are_needed_travel(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/10000000");
    ok(reads_well(in, 5000000, 100)); /* in one block */
    is_int(hl_place_requests(place), 2);
    is_int(hl_place_bytes(place), 2 * 16384);
    ok(reads_well(in, 5000000, 100)); /* there already */
    is_int(hl_place_requests(place), 2);
    ok(reads_well(in, 8000000, 100000)); /* seven blocks in one request */
    is_int(hl_place_requests(place), 3);
    is_int(hl_place_bytes(place), 9 * 16384);
    ok(reads_well(in, 7990000, 130000)); /* one in front, the seven, one behind */
    is_int(hl_place_requests(place), 5);
    ok(reads_well(in, 9999990, 100)); /* the end */
    is_int(hl_place_requests(place), 6);
    hl_in_close(&in);
    is_int(server_connections(serving), 1);
    end();
}

static void reading_in_order_takes_few_requests(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/10000000");
    bool good = true;
    for (int64_t at = 0; at < 10000000; at += 5000)
        good = good && reads_well(in, at, 5000);
    ok(good);
    /* 16 KiB twice ... 512 KiB, then 1 MiB each */
    ok(hl_place_requests(place) <= 16);
    is_int(hl_place_bytes(place), 10000000);
    hl_in_close(&in);
    end();
}

static void reading_at_random_reads_nothing_ahead(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/10000000");
    bool good = true;
    for (int64_t i = 0; i < 40; i++)
        good = good && reads_well(in, 100000 + (i * 7 % 40) * 200000, 10);
    ok(good);
    is_int(hl_place_requests(place), 41);
    is_int(hl_place_bytes(place), 41 * 16384);
    hl_in_close(&in);
    end();
}

static void a_large_read_goes_straight_to_the_reader(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/20000000");
    ok(reads_well(in, 0, 20000000));
    is_int(hl_place_requests(place), 4); /* the first, and 8 MiB each */
    is_int(hl_place_bytes(place), 20000000);
    ok(reads_well(in, 3, 1));
    ok(reads_well(in, 10000001, 1048577));
    is_int(hl_place_requests(place), 5);
    is_int(hl_place_bytes(place), 21048577);
    hl_in_close(&in);
    end();
}

static void blocks_are_forgotten_and_come_again(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("ok/10000000");
    bool good = true;
    for (int64_t i = 0; i < 300; i++)
        good = good && reads_well(in, i * 32768, 100) && reads_well(in, 0, 100);
    ok(good);
    is_int(hl_place_requests(place), 300); /* block 0 was used all the time */
    ok(reads_well(in, 299 * 32768, 100));
    is_int(hl_place_requests(place), 300);
    ok(reads_well(in, 32768, 100)); /* the one that was not used for longest */
    is_int(hl_place_requests(place), 301);
    hl_in_close(&in);
    end();
}

static void a_name_is_escaped_and_the_message_has_it_plain(void)
{
    begin("127.0.0.1");
    is_refused("no/such file#1?x=%41.dat", HL_E_INPUT, "no such file on the server (404)");
    like(serving->last, "GET /no/such%20file%231%3Fx%3D%2541.dat HTTP/1.1\r\n");
    like(serving->last, "\r\nRange: bytes=0-16383\r\n");
    like(serving->last, "\r\nAccept-Encoding: identity\r\n");
    ok(!strstr(serving->last, "Authorization"));
    end();
}

/* --- servers that are fine -------------------------------------------------------------------- */

static void an_empty_file_is_a_file(void)
{
    hl_buf b = {0};

    begin("127.0.0.1");
    hl_in *in = open_file("ok/0");
    is_int(hl_in_size(in), 0);
    hl_in_close(&in);
    in = open_file("whole/0");
    is_int(hl_in_size(in), 0);
    hl_in_close(&in);
    is_int(hl_place_read(place, "ok/0", 0, &b, NULL, &err), HL_OK);
    is_int(b.n, 0);
    hl_buf_free(&b);
    is_int(hl_place_requests(place), 3);
    end();
}

static void a_server_that_ignores_ranges_is_read_once(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("whole/3000000");
    ok(reads_well(in, 2000000, 100000));
    ok(reads_well(in, 0, 3000000));
    hl_in_close(&in);
    is_int(hl_place_requests(place), 1);
    in = open_file("chunked/30500");
    is_int(hl_in_size(in), 30500);
    ok(reads_well(in, 0, 40000));
    hl_in_close(&in);
    is_int(hl_place_requests(place), 2);
    end();
}

static void informational_answers_are_passed_over(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("continue/100000");
    ok(reads_well(in, 0, 100000));
    hl_in_close(&in);
    end();
}

static void a_redirection_is_followed_and_remembered(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("moved/1000000");
    is_str(hl_in_name(in) + strlen(hl_in_name(in)) - 14, "/moved/1000000");
    ok(reads_well(in, 500000, 100));
    ok(reads_well(in, 700000, 100));
    is_int(hl_place_requests(place), 4); /* one more than without */
    hl_in_close(&in);
    end();
}

static void an_address_that_expires_is_asked_for_again(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("expiring/1000000");
    is_int(hl_place_requests(place), 2);
    ok(reads_well(in, 500000, 100));
    is_int(hl_place_requests(place), 5); /* refused, sent on, good */
    hl_in_close(&in);
    end();
}

/* --- servers that are not --------------------------------------------------------------------- */

static void refusals_are_told_in_words(void)
{
    begin("127.0.0.1");
    is_refused("401/1", HL_E_IO,
               "(401)\nPut them into the file ~/.netrc (chmod 600): machine 127.0");
    is_refused("403/1", HL_E_IO, "refuses access (403)");
    is_refused("404/1", HL_E_INPUT, "no such file on the server (404)");
    is_refused("410/1", HL_E_INPUT, "no such file on the server (410)");
    is_refused("416/1", HL_E_IO, "no such range (416)");
    is_refused("418/1", HL_E_IO, "the server answers 418");
    is_refused("304/1", HL_E_IO, "the server answers 304");
    is_int(hl_place_requests(place), 7); /* none is tried again */
    is_int(server_connections(serving), 1);
    is_refused("503/1", HL_E_IO, "the server failed (503), 4 times\nTry again later.");
    is_int(hl_place_requests(place), 11);
    is_refused("429/1", HL_E_IO, "asked too often (429), 4 times");
    is_refused("500/1", HL_E_IO, "the server failed (500)");
    end();
}

static void a_busy_server_is_asked_again(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("busy/1000");
    ok(reads_well(in, 0, 1000));
    is_int(hl_place_requests(place), 3);
    hl_in_close(&in);
    end();
    begin("127.0.0.1");
    in = open_file("later/1000"); /* after a second: Retry-After */
    ok(reads_well(in, 0, 1000));
    is_int(hl_place_requests(place), 2);
    hl_in_close(&in);
    end();
}

static void a_cut_answer_is_asked_for_again(void)
{
    begin("127.0.0.1");
    hl_in *in = open_file("cut/16384");
    ok(reads_well(in, 0, 16384));
    is_int(hl_place_requests(place), 3);
    hl_in_close(&in);
    is_refused("cutalways/20000", HL_E_IO, "the server broke off after 8192 bytes (tried 4 times)");
    is_refused("cutwhole/5000", HL_E_IO, "the server broke off after 100 bytes (tried 4 times)");
    is_refused("shortbody/10", HL_E_IO, "the server broke off after 5 bytes");
    is_refused("hangup/10", HL_E_IO, "the server broke off after 0 bytes (tried 4 times)");
    end();
}

static void a_silent_server_is_given_up(void)
{
    begin("127.0.0.1");
    is_refused("silent/1000", HL_E_IO, "the server does not answer: waited for 1 s");
    is_refused("stall/1000", HL_E_IO, "fell silent: nothing came for 1 s");
    is_int(hl_place_requests(place), 2);
    is_refused("drip/16000", HL_E_IO, "sends less than 1000 bytes a second");
    hl_in *in = open_file("drip/10");
    ok(reads_well(in, 0, 10));
    hl_in_close(&in);
    end();
}

static void a_server_that_is_not_there_is_told_by_name(void)
{
    begin("127.0.0.1");
    hl_place_close(&place);
    hl_in *in = NULL;
    char address[64];
    snprintf(address, sizeof address, "http://127.0.0.1:%d", serving->port);
    server_stop(serving);
    is_int(hl_place_open(address, &place, &err), HL_OK);
    hl_place_timeout(place, 1000, 1, 1);
    is_int(hl_place_in(place, "x", &in, &err), HL_E_IO);
    like(err.message, "127.0.0.1 takes no connection (tried 4 times)");
    hl_place_close(&place);
}

static void answers_that_make_no_sense_are_refused(void)
{
    begin("127.0.0.1");
    is_refused("shifted/100", HL_E_IO, "sent bytes 1 to 100 of 101 where 16384 from 0 on");
    is_refused("fewer/100", HL_E_IO, "sent bytes 0 to 98 of 100 where");
    is_refused("norange/100", HL_E_IO, "without saying which part");
    is_refused("nosize/100", HL_E_IO, "does not tell the size");
    is_refused("endless/100", HL_E_IO, "does not tell the size");
    is_refused("more/10", HL_E_IO, "more bytes than were asked for");
    is_refused("headers/100", HL_E_IO, "more than 64 KiB of headers");
    is_refused("garbage/100", HL_E_IO, "is not HTTP");
    is_refused("page/100", HL_E_IO, "a web page, not the file");
    is_refused("gzipped/100", HL_E_IO, "compresses what it sends");
    is_refused("hugewhole/1", HL_E_LIMIT,
               "has 9000000000000000000 bytes, and the server ignores "
               "ranges; at most 67108864 are taken as a whole\n");
    hl_in *in = open_file("gzipped/100?.dz"); /* said of the file */
    hl_in_close(&in);
    is_int(serving->n_requests, 12); /* none is tried again */
    end();
}

static void bad_redirections_are_refused(void)
{
    begin("127.0.0.1");
    is_refused("loop/1", HL_E_IO, "sends us on more than 5 times");
    is_int(hl_place_requests(place), 6);
    is_refused("toftp/1", HL_E_IO, "neither http nor https");
    is_refused("tofile/1", HL_E_IO, "neither http nor https");
    is_refused("nowhere/1", HL_E_IO, "answers 302 without an address to go to");
    end();
}

static void a_file_that_changes_is_noticed(void)
{
    static const char *const names[] = {"shrinks/200000", "retagged/200000", "touched/200000",
                                        "gone/200000"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin("127.0.0.1");
        read_is_refused(names[i], HL_E_INPUT, "changed on the server while it was read");
        end();
    }
    begin("127.0.0.1");
    read_is_refused("wholelater/200000", HL_E_IO, "gave ranges of the file and now ignores them");
    end();
}

static void a_size_that_is_a_lie_allocates_nothing(void)
{
    hl_buf b = {0};

    begin("127.0.0.1");
    is_int(hl_place_read(place, "huge/1", 1 << 20, &b, NULL, &err), HL_E_IO); /* wrong range */
    hl_in *in = open_file("huge/1");
    is_int(hl_in_size(in), INT64_C(9000000000000000000));
    char bytes[10];
    size_t got;
    is_int(hl_in_pread(in, bytes, 10, INT64_C(8000000000000000000), &got, &err), HL_E_IO);
    like(err.message, "the server sent bytes 0 to 16383 of 9000000000000000000");
    hl_in_close(&in);
    end();
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *read_in_order(void *arg)
{
    hl_in *in = NULL;
    hl_error mine = {0};
    char bytes[3000];
    size_t got = 1;
    bool good = hl_place_in(place, arg, &in, &mine) == HL_OK;

    for (int64_t at = 0; good && at < hl_in_size(in); at += (int64_t)got)
        good = hl_in_pread(in, bytes, sizeof bytes, at, &got, &mine) == HL_OK &&
               content_is(bytes, at, got);
    hl_in_close(&in);
    return good ? arg : NULL;
}

static void threads_read_different_files_on_connections_of_their_own(void)
{
    pthread_t thread[8];
    char name[8][32];

    begin("127.0.0.1");
    for (int i = 0; i < 8; i++) {
        snprintf(name[i], sizeof name[i], "ok/%d", 100000 + i);
        pthread_create(&thread[i], NULL, read_in_order, name[i]);
    }
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(thread[i], &result);
        ok(result == name[i]);
    }
    ok(server_connections(serving) <= 8);
    is_int(hl_place_bytes(place), 8 * 100000 + 28);
    end();
}

static void *read_here_and_there(void *arg)
{
    bool good = true;
    char bytes[100];
    hl_error mine = {0};

    for (int64_t i = 0; i < 100; i++) {
        size_t got = 0;
        const int64_t at = i * 2654435761 % 900000;
        good = good && hl_in_pread(arg, bytes, sizeof bytes, at, &got, &mine) == HL_OK &&
               content_is(bytes, at, got);
    }
    return good ? arg : NULL;
}

static void threads_may_read_the_same_file(void)
{
    pthread_t thread[4];

    begin("127.0.0.1");
    hl_in *in = open_file("ok/1000000");
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, read_here_and_there, in);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(thread[i], &result);
        ok(result == in);
    }
    ok(hl_place_requests(place) <= 62);
    hl_in_close(&in);
    end();
}

/* --- user name and password ------------------------------------------------------------------- */

static void write_netrc(const char *folder, const char *text)
{
    char path[HL_PATH_BYTES];

    hl_path_join(folder, ".netrc", path, NULL);
    hl_write_file(path, text, strlen(text), NULL, NULL);
    setenv("HOME", folder, 1);
}

static void netrc_has_the_password(void)
{
    const char *folder = temp_folder();

    write_netrc(folder, "machine localhost login me password hush\n");
    begin("localhost");
    hl_in *in = open_file("login/1000");
    ok(reads_well(in, 0, 1000));
    is_int(hl_place_requests(place), 1);
    hl_in_close(&in);
    end();
    begin("127.0.0.1"); /* another name: not for this one */
    is_refused("login/1000", HL_E_IO, "machine 127.0.0.1 login NAME");
    ok(!strstr(serving->last, "Authorization"));
    end();
    hl_remove_tree(folder, NULL);
}

static void a_redirection_does_not_take_the_password_along(void)
{
    const char *folder = temp_folder();

    write_netrc(folder, "machine localhost login me password hush\n");
    begin("localhost");
    server *other = server_start();
    serving->other_port = other->port;
    hl_in *in = open_file("away/1000000");
    ok(strstr(serving->last, "Authorization: Basic") != NULL);
    ok(reads_well(in, 500000, 100));
    is_int(other->n_requests, 2);
    ok(!strstr(other->last, "Authorization"));
    hl_in_close(&in);
    end();
    server_stop(other);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    /* A proxy of the machine is not for these servers; a person's own ~/.netrc neither. */
    static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        unsetenv(proxies[i]);
    setenv("HOME", "/nonexistent", 1);

    run(a_small_file_is_one_request);
    run(a_file_larger_than_its_limit_is_not_read);
    run(only_the_blocks_that_are_needed_travel);
    run(reading_in_order_takes_few_requests);
    run(reading_at_random_reads_nothing_ahead);
    run(a_large_read_goes_straight_to_the_reader);
    run(blocks_are_forgotten_and_come_again);
    run(a_name_is_escaped_and_the_message_has_it_plain);
    run(an_empty_file_is_a_file);
    run(a_server_that_ignores_ranges_is_read_once);
    run(informational_answers_are_passed_over);
    run(a_redirection_is_followed_and_remembered);
    run(an_address_that_expires_is_asked_for_again);
    run(refusals_are_told_in_words);
    run(a_busy_server_is_asked_again);
    run(a_cut_answer_is_asked_for_again);
    run(a_silent_server_is_given_up);
    run(a_server_that_is_not_there_is_told_by_name);
    run(answers_that_make_no_sense_are_refused);
    run(bad_redirections_are_refused);
    run(a_file_that_changes_is_noticed);
    run(a_size_that_is_a_lie_allocates_nothing);
    run(threads_read_different_files_on_connections_of_their_own);
    run(threads_may_read_the_same_file);
    run(netrc_has_the_password);
    run(a_redirection_does_not_take_the_password_along);
    return done();
}
