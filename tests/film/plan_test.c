#include "film/plan.h"

#include "base/io.h"
#include "tap.h"

#define ID "3f67b6a7-b7aa00ae-3287c8bf-6e7ab141-42ca122b"

static void a_path_of_the_published_layout_gives_ids(void)
{
    static const char *const path[] = {
        "files/p10/p10000032/s50414267/" ID ".dcm", "p10000032/s50414267/" ID ".dcm",
        "any/where/p10000032/s50414267/" ID ".dcm.gz", "files/p10/p10000032/s50414267/" ID ".DCM",
        "p10000032/s50414267/3f67b6a7-b7aa00ae-3287c8bf-6e7ab141-42ca122b"};
    int64_t subject, study;
    hl_str name;

    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        subject = study = -1;
        ok(hl_film_path_ids(path[i], &subject, &study, &name));
        is_int(subject, 10000032);
        is_int(study, 50414267);
        ok(hl_str_is(name, ID));
    }
    ok(hl_film_path_ids("p10/s999999999999/a.b_c-D.dcm", &subject, &study, &name));
    is_int(subject, 10);
    is_int(study, INT64_C(999999999999));
    ok(hl_str_is(name, "a.b_c-D"));
}

static void other_paths_give_none(void)
{
    static const char *const path[] = {"",
                                       "a.dcm",
                                       "s50414267/a.dcm",
                                       "p10000032/a.dcm",
                                       "files/p10/10000032/s50414267/a.dcm",
                                       "p10000032/s50414267/x/a.dcm",
                                       "p10000032/p50414267/a.dcm",
                                       "P10000032/S50414267/a.dcm",
                                       "p/s50414267/a.dcm",
                                       "p-1000003/s50414267/a.dcm",
                                       "p+1000003/s50414267/a.dcm",
                                       "p1000 032/s50414267/a.dcm",
                                       "p9/s50414267/a.dcm",
                                       "p1234567890123/s50414267/a.dcm",
                                       "p10000032/s50414267/.dcm",
                                       "p10000032/s50414267/.a.dcm",
                                       "p10000032/s50414267/a b.dcm",
                                       "p10000032/s50414267/",
                                       "p10000032//a.dcm",
                                       "p10000032/s50414267/caf\xc3\xa9.dcm"};
    int64_t subject, study;
    hl_str name;

    for (size_t i = 0; i < sizeof path / sizeof *path; i++)
        tap_check(!hl_film_path_ids(path[i], &subject, &study, &name), __FILE__, __LINE__,
                  "'%s' gave ids", path[i]);
}

static void a_name_is_safe_as_a_file_name(void)
{
    static const char *const good[] = {"a", "A-1_b.c", ID, "x..y"};
    static const char *const bad[] = {"",    ".",    "..",   ".a",  "a/b",     "a b",
                                      "a\n", "a\\b", "a%20", "a*b", "\xc3\xa9"};
    char longest[130];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ok(hl_film_name_ok(hl_str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!hl_film_name_ok(hl_str_of(bad[i])));
    memset(longest, 'a', sizeof longest);
    ok(hl_film_name_ok((hl_str){longest, 128}));
    ok(!hl_film_name_ok((hl_str){longest, 129}));
    ok(!hl_film_name_ok((hl_str){"a\0b", 3}));
}

static void a_film_has_its_place(void)
{
    hl_film_item item = {.subject_id = 10000032, .study_id = 50414267, .dicom_id = ID};
    char path[HL_PATH_BYTES], longest[HL_PATH_BYTES];
    hl_error err;

    is_int(hl_film_place(&item, ".jpg", path, &err), HL_OK);
    is_str(path, "files/p10/p10000032/s50414267/" ID ".jpg");
    item = (hl_film_item){.subject_id = 12, .study_id = 34, .dicom_id = "x"};
    is_int(hl_film_place(&item, "_f002.png", path, &err), HL_OK);
    is_str(path, "files/p12/p12/s34/x_f002.png");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    item.dicom_id = longest;
    is_int(hl_film_place(&item, ".jpg", path, &err), HL_E_LIMIT);
}

static bool is_film(const char *folder, const char *name)
{
    hl_error err;
    bool is = false;

    is_int(hl_film_is_candidate(folder, name, &is, &err), HL_OK);
    return is;
}

static void a_film_is_known_by_name_or_beginning(void)
{
    const char *folder = temp_folder();
    char path[HL_PATH_BYTES], bytes[140] = {0};
    hl_error err;

    memcpy(bytes + 128, "DICM", 4);
    is_int(hl_path_join(folder, "IM0001", path, &err), HL_OK);
    is_int(hl_write_file(path, bytes, sizeof bytes, NULL, &err), HL_OK);
    is_int(hl_path_join(folder, "notes", path, &err), HL_OK);
    is_int(hl_write_file(path, bytes, 131, NULL, &err), HL_OK);
    ok(is_film(folder, "IM0001"));
    ok(!is_film(folder, "notes"));
    ok(!is_film(folder, "absent"));
    ok(!is_film(folder, "."));
    ok(is_film(folder, "any.dcm"));
    ok(is_film(folder, "any.dcm.gz"));
    ok(is_film(folder, "ANY.DCM"));
    ok(!is_film(folder, "any.gz"));
}

int main(void)
{
    run(a_path_of_the_published_layout_gives_ids);
    run(other_paths_give_none);
    run(a_name_is_safe_as_a_file_name);
    run(a_film_has_its_place);
    run(a_film_is_known_by_name_or_beginning);
    return done();
}
