#include "base/io.h"

#include <sys/mount.h>

#include "tap.h"

/* FOLDER/NAME in one of four turns of storage. */
static const char *in_folder(const char *folder, const char *name)
{
    static char path[4][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 4];
    ok(hl_path_join(folder, name, p, NULL) == HL_OK);
    return p;
}

static void is_file(const char *path, const char *want)
{
    hl_buf all = {0};
    ok(hl_read_file(path, 1 << 20, &all, NULL, NULL) == HL_OK);
    is_str(all.at, want);
    hl_buf_free(&all);
}

static size_t count_names(const char *folder)
{
    hl_names names;
    ok(hl_list_folder(folder, &names, NULL) == HL_OK);
    size_t n = names.n;
    hl_names_free(&names);
    return n;
}

/* --- input by position ----------------------------------------------------------------------- */

static void a_file_is_read_by_position(void)
{
    const char *folder = temp_folder();
    const char *path = in_folder(folder, "a");
    hl_in *in = NULL, *part = NULL;
    hl_error err = {0};
    char b[20];
    size_t got;

    ok(hl_write_file(path, "0123456789", 10, NULL, NULL) == HL_OK);
    ok(hl_in_open(path, &in, NULL) == HL_OK);
    is_int(hl_in_size(in), 10);
    is_str(hl_in_name(in), path);
    ok(hl_in_pread(in, b, 4, 3, &got, NULL) == HL_OK && got == 4);
    is_mem(b, "3456", 4);
    ok(hl_in_pread(in, b, 20, 8, &got, NULL) == HL_OK && got == 2);
    ok(hl_in_pread(in, b, 20, 10, &got, NULL) == HL_OK && got == 0);
    ok(hl_in_pread(in, b, 20, INT64_MAX, &got, NULL) == HL_OK && got == 0);
    is_int(hl_in_pread(in, b, 1, -1, &got, &err), HL_E_INPUT);

    ok(hl_in_range(in, 2, 5, &part, NULL) == HL_OK);
    is_int(hl_in_size(part), 5);
    ok(hl_in_pread(part, b, 20, 1, &got, NULL) == HL_OK && got == 4);
    is_mem(b, "3456", 4);
    hl_in_close(&part);
    is_int(hl_in_range(in, 8, 3, &part, &err), HL_E_INPUT);
    like(err.message, "3 bytes from byte 8 were expected, it has 10");
    is_int(hl_in_range(in, INT64_MAX, INT64_MAX, &part, &err), HL_E_INPUT);
    ok(part == NULL);

    ok(truncate(path, 5) == 0);
    is_int(hl_in_pread(in, b, 10, 0, &got, &err), HL_E_INPUT);
    like(err.message, "became shorter while it was read");
    hl_in_close(&in);
    hl_in_close(&in);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void what_is_no_file_is_refused(void)
{
    const char *folder = temp_folder();
    const char *pipe_path = in_folder(folder, "pipe");
    hl_in *in = NULL;
    hl_error err = {0};

    is_int(hl_in_open(in_folder(folder, "absent"), &in, &err), HL_E_INPUT);
    like(err.message, "absent: ");
    is_int(hl_in_open(folder, &in, &err), HL_E_INPUT);
    like(err.message, "is a folder; a file was expected");
    ok(mkfifo(pipe_path, 0600) == 0);
    is_int(hl_in_open(pipe_path, &in, &err), HL_E_INPUT);
    like(err.message, "is no regular file");
    ok(in == NULL);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void a_file_above_the_limit_is_not_read(void)
{
    const char *folder = temp_folder();
    const char *path = in_folder(folder, "a");
    hl_buf all = {0};
    hl_error err = {0};
    hl_digest written, read;

    ok(hl_write_file(path, "hello", 5, &written, NULL) == HL_OK);
    is_int(hl_read_file(path, 4, &all, NULL, &err), HL_E_LIMIT);
    like(err.message, "has 5 bytes; at most 4 are taken here");
    is_int(all.n, 0);
    hl_buf_text(&all, "x");
    ok(hl_read_file(path, 5, &all, &read, &err) == HL_OK);
    is_str(all.at, "xhello");
    ok(hl_digest_equal(&written, &read));
    hl_buf_free(&all);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

/* --- output ---------------------------------------------------------------------------------- */

static void a_file_appears_only_at_commit(void)
{
    const char *folder = temp_folder();
    const char *path = in_folder(folder, "a.txt");
    hl_out *out = NULL;
    hl_digest d, want;
    hl_names names;

    ok(hl_out_create(path, &out, NULL) == HL_OK);
    ok(hl_out_write(out, "hello ", 6, NULL) == HL_OK);
    ok(hl_out_write(out, "world", 5, NULL) == HL_OK);
    is_int(hl_out_bytes(out), 11);
    ok(!hl_file_exists(path));
    ok(hl_list_folder(folder, &names, NULL) == HL_OK);
    is_int(names.n, 1);
    like(names.name[0], ".tmp-a.txt-");
    is_int(strlen(names.name[0]), 11 + 16);
    hl_names_free(&names);
    ok(hl_out_commit(&out, &d, NULL) == HL_OK);
    ok(out == NULL);
    is_file(path, "hello world");
    hl_sha256_of("hello world", 11, &want);
    ok(hl_digest_equal(&d, &want));
    is_int(count_names(folder), 1);

    ok(hl_write_file(path, "new", 3, NULL, NULL) == HL_OK); /* replaces */
    is_file(path, "new");

    ok(hl_out_create(path, &out, NULL) == HL_OK);
    ok(hl_out_write(out, "half", 4, NULL) == HL_OK);
    hl_out_abort(&out);
    hl_out_abort(&out);
    is_file(path, "new");
    is_int(count_names(folder), 1);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void writes_of_any_size_are_joined(void)
{
    const char *folder = temp_folder();
    const char *path = in_folder(folder, "a");
    size_t n = 3000000;
    char *text = malloc(n);
    hl_out *out = NULL;
    hl_buf all = {0};
    hl_digest written, read;

    for (size_t i = 0; i < n; i++)
        text[i] = (char)(i * 7 >> 3);
    ok(hl_out_create(path, &out, NULL) == HL_OK);
    for (size_t at = 0, k = 0; at < n; at += k) {
        k = (k * 5 + 1) % 400000;
        k = k < n - at ? k : n - at;
        ok(hl_out_write(out, text + at, k, NULL) == HL_OK);
    }
    ok(hl_out_commit(&out, &written, NULL) == HL_OK);
    ok(hl_read_file(path, n, &all, &read, NULL) == HL_OK);
    is_int(all.n, n);
    is_mem(all.at, text, n);
    ok(hl_digest_equal(&written, &read));
    hl_buf_free(&all);
    free(text);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void a_name_of_255_bytes_can_be_written(void)
{
    const char *folder = temp_folder();
    char name[257];

    memset(name, 'n', 256);
    name[255] = 0;
    ok(hl_write_file(in_folder(folder, name), "x", 1, NULL, NULL) == HL_OK);
    name[255] = 'n';
    name[256] = 0;
    ok(hl_write_file(in_folder(folder, name), "x", 1, NULL, NULL) != HL_OK);
    is_int(count_names(folder), 1);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void an_output_that_cannot_be_made_says_which(void)
{
    const char *folder = temp_folder();
    hl_error err = {0};

    ok(hl_write_file(in_folder(folder, "no/such/a"), "x", 1, NULL, &err) != HL_OK);
    like(err.message, "no/such/a");
    ok(hl_write_file(in_folder(folder, "/"), "x", 1, NULL, &err) == HL_E_INPUT);
    ok(mkdir(in_folder(folder, "d"), 0777) == 0);
    ok(hl_write_file(in_folder(folder, "d"), "x", 1, NULL, &err) ==
       HL_E_IO); /* a folder is there */
    like(err.message, "/d: ");
    is_int(count_names(folder), 1);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void a_full_disk_is_an_error_that_names_the_file(void)
{
    const char *folder = temp_folder();
    char *text = calloc(1, 3 << 20);
    hl_error err = {0};
    hl_gzip *gz = NULL;
    uint64_t noise = 1;

    if (mount("none", folder, "tmpfs", 0, "size=1m") != 0) {
        skip("needs the right to mount");
        goto done;
    }
    is_int(hl_write_file(in_folder(folder, "a.bin"), text, 3 << 20, NULL, &err), HL_E_IO);
    like(err.message, "/a.bin: ");
    is_int(count_names(folder), 0);
    for (size_t i = 0; i < 3 << 20; i++) {
        noise = noise * UINT64_C(6364136223846793005) + 1;
        text[i] = (char)(noise >> 50);
    }
    ok(hl_gzip_create(in_folder(folder, "a.gz"), 2, &gz, NULL) == HL_OK);
    hl_code c = hl_gzip_write(gz, text, 3 << 20, &err);
    if (c == HL_OK)
        c = hl_gzip_commit(&gz, NULL, &err);
    is_int(c, HL_E_IO);
    like(err.message, "/a.gz: ");
    hl_gzip_abort(&gz);
    is_int(count_names(folder), 0);
    ok(hl_write_file(in_folder(folder, "small"), text, 1000, NULL, &err) == HL_OK);
    ok(umount(folder) == 0);
done:
    free(text);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

static void a_read_only_folder_is_an_error(void)
{
    const char *folder = temp_folder();
    hl_error err = {0};

    if (geteuid() == 0) {
        skip("root may write everywhere");
    } else {
        ok(chmod(folder, 0500) == 0);
        is_int(hl_write_file(in_folder(folder, "a"), "x", 1, NULL, &err), HL_E_IO);
        like(err.message, "/a: ");
        ok(chmod(folder, 0700) == 0);
    }
    ok(hl_remove_tree(folder, NULL) == HL_OK);
}

/* --- folders --------------------------------------------------------------------------------- */

static void folders_are_made_with_their_parents(void)
{
    const char *folder = temp_folder();
    hl_error err = {0};

    ok(hl_make_folder(in_folder(folder, "a/b//c/"), NULL) == HL_OK);
    ok(hl_make_folder(in_folder(folder, "a/b/c"), NULL) == HL_OK);
    ok(hl_is_folder(in_folder(folder, "a/b/c")));
    ok(hl_file_exists(in_folder(folder, "a")));
    ok(!hl_is_folder(in_folder(folder, "x")));
    ok(hl_write_file(in_folder(folder, "f"), "x", 1, NULL, NULL) == HL_OK);
    ok(!hl_is_folder(in_folder(folder, "f")));
    ok(hl_make_folder(in_folder(folder, "f"), &err) != HL_OK);
    ok(hl_make_folder(in_folder(folder, "f/g"), &err) != HL_OK);
    like(err.message, "/f");
    ok(hl_make_folder("", &err) != HL_OK);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
    ok(!hl_file_exists(folder));
    ok(hl_remove_tree(folder, NULL) == HL_OK); /* gone already */
}

static void lists_are_sorted_by_bytes_and_links_are_not_followed(void)
{
    static const char *const names[] = {"b", "a/z", "a.b", "a/b/c", "Z", "\xC3\xA9"};
    static const char *const tree[] = {"Z", "a.b", "a/b/c", "a/z", "b", "\xC3\xA9"};
    static const char *const top[] = {"Z", "a", "a.b", "b", "link", "loop", "\xC3\xA9"};
    const char *folder = temp_folder();
    hl_names got;
    hl_error err = {0};

    ok(hl_make_folder(in_folder(folder, "a/b"), NULL) == HL_OK);
    for (size_t i = 0; i < 6; i++)
        ok(hl_write_file(in_folder(folder, names[i]), "x", 1, NULL, NULL) == HL_OK);
    ok(symlink("b", in_folder(folder, "link")) == 0);
    ok(symlink(".", in_folder(folder, "loop")) == 0);
    for (int slash = 0; slash < 2; slash++) {
        char root[300];
        snprintf(root, sizeof root, "%s%s", folder, slash ? "/" : "");
        ok(hl_list_tree(root, &got, NULL) == HL_OK);
        is_int(got.n, 6);
        for (size_t i = 0; i < 6 && i < got.n; i++)
            is_str(got.name[i], tree[i]);
        hl_names_free(&got);
        ok(hl_list_folder(root, &got, NULL) == HL_OK);
        is_int(got.n, 7);
        for (size_t i = 0; i < 7 && i < got.n; i++)
            is_str(got.name[i], top[i]);
        hl_names_free(&got);
    }
    is_int(hl_list_tree(in_folder(folder, "absent"), &got, &err), HL_E_INPUT);
    is_int(got.n, 0);
    hl_names_free(&got);
    ok(hl_remove_tree(in_folder(folder, "loop"), NULL) == HL_OK); /* the link alone */
    is_int(count_names(folder), 6);
    ok(hl_remove_tree(folder, NULL) == HL_OK);
    ok(!hl_file_exists(folder));
}

static void paths_are_joined_with_one_slash(void)
{
    static const struct {
        const char *folder, *name, *want;
    } k[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"},    {"a//", "/b", "a/b"}, {"/", "b", "/b"},
             {"", "b", "b"},    {"a", "b/c", "a/b/c"}, {"", "/b", "/b"},     {"a", "", "a/"}};
    char out[HL_PATH_BYTES], longest[HL_PATH_BYTES];
    hl_error err = {0};

    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        ok(hl_path_join(k[i].folder, k[i].name, out, NULL) == HL_OK);
        is_str(out, k[i].want);
    }
    memset(longest, 'x', sizeof longest);
    longest[4093] = 0;
    ok(hl_path_join("a", longest, out, NULL) == HL_OK);
    is_int(strlen(out), 4095);
    longest[4093] = 'x';
    longest[4094] = 0;
    is_int(hl_path_join("a", longest, out, &err), HL_E_LIMIT);
}

static void a_path_that_leaves_the_archive_is_known(void)
{
    static const char *const inside[] = {"a", "a/b.dcm", "..a",      "a..", "a/.../b",
                                         ".", "./a",     "\xC3\xA9", "a b"};
    static const char *const outside[] = {"",       "/",      "/a",   "..",    "../a", "a/..",
                                          "a/../b", "a/b/..", "a\nb", "a\x7F", "\ta"};

    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        tap_check(hl_path_is_inside(hl_str_of(inside[i])), __FILE__, __LINE__, "%s", inside[i]);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        tap_check(!hl_path_is_inside(hl_str_of(outside[i])), __FILE__, __LINE__, "%s", outside[i]);
    ok(!hl_path_is_inside((hl_str){"a\0b", 3}));
}

static void nonces_differ(void)
{
    ok(hl_nonce() != hl_nonce());
}

int main(void)
{
    run(a_file_is_read_by_position);
    run(what_is_no_file_is_refused);
    run(a_file_above_the_limit_is_not_read);
    run(a_file_appears_only_at_commit);
    run(writes_of_any_size_are_joined);
    run(a_name_of_255_bytes_can_be_written);
    run(an_output_that_cannot_be_made_says_which);
    run(a_full_disk_is_an_error_that_names_the_file);
    run(a_read_only_folder_is_an_error);
    run(folders_are_made_with_their_parents);
    run(lists_are_sorted_by_bytes_and_links_are_not_followed);
    run(paths_are_joined_with_one_slash);
    run(a_path_that_leaves_the_archive_is_known);
    run(nonces_differ);
    return done();
}
