#include "film/map.h"

#include "tap.h"

#define HEAD "PatientID,StudyInstanceUID,SOPInstanceUID,subject_id,study_id,dicom_id"

static hl_code read_text(const char *text, hl_film_map **out, hl_error *err)
{
    char path[HL_PATH_BYTES];

    *err = (hl_error){0};
    is_int(hl_path_join(temp_folder(), "m.csv", path, err), HL_OK);
    is_int(hl_write_file(path, text, strlen(text), NULL, err), HL_OK);
    return hl_film_map_read(path, HL_CPU_C, out, err);
}

static void a_film_is_found_by_its_own_uid(void)
{
    hl_film_map *map = NULL;
    hl_film_pseudonym is = {0};
    hl_error err;
    bool fits = false;

    is_int(read_text(HEAD ",date_shift_days,uid_salt\n"
                          "\"P, 1\",1.2,1.2.1,10000001,50000001,a,-7,salt\n"
                          "\"P, 1\",1.3,1.3.1,10000001,50000002,b,-7,salt\n"
                          "P2,1.4,1.4.1,10000002,50000003,c,14,salt\n",
                     &map, &err),
           HL_OK);
    ok(hl_film_map_find(map, hl_str_of("P, 1"), hl_str_of("1.3"), hl_str_of("1.3.1"), &is, &fits));
    ok(fits);
    is_int(is.subject_id, 10000001);
    is_int(is.study_id, 50000002);
    is_int(is.shift_days, -7);
    is_str(is.dicom_id, "b");
    ok(!hl_film_map_find(map, hl_str_of("P2"), hl_str_of("1.4"), hl_str_of("1.4"), &is, &fits));
    /* the same film of somebody else, or in another study: known, but it does not fit */
    ok(hl_film_map_find(map, hl_str_of("P2"), hl_str_of("1.3"), hl_str_of("1.3.1"), &is, &fits));
    ok(!fits);
    ok(hl_film_map_find(map, hl_str_of("P, 1"), hl_str_of("1.2"), hl_str_of("1.3.1"), &is, &fits));
    ok(!fits);
    hl_film_map_free(&map);
    ok(map == NULL);
}

static void shift_and_salt_may_be_absent_and_columns_in_any_order(void)
{
    hl_film_map *map = NULL;
    hl_film_pseudonym is = {.shift_days = 99};
    hl_error err;
    bool fits = false;
    char uid[HL_UID_BYTES];

    is_int(read_text("note,dicom_id,study_id,subject_id,SOPInstanceUID,StudyInstanceUID,PatientID\n"
                     "x,a,34,12,1.2.1,1.2,P\n",
                     &map, &err),
           HL_OK);
    ok(hl_film_map_find(map, hl_str_of("P"), hl_str_of("1.2"), hl_str_of("1.2.1"), &is, &fits));
    ok(fits);
    is_int(is.subject_id, 12);
    is_int(is.study_id, 34);
    is_int(is.shift_days, 0);
    is_int(hl_film_map_uid(map, hl_str_of("1.2"), uid, &err), HL_OK);
    is_str(uid, "");
    hl_film_map_free(&map);
}

/* "2.25." and the first 16 bytes of SHA-256(salt, 0, uid) as a decimal number. */
static void a_uid_is_replaced_by_salt_and_uid(void)
{
    hl_film_map *map = NULL;
    hl_error err;
    char a[HL_UID_BYTES], b[HL_UID_BYTES];

    is_int(read_text(HEAD ",uid_salt\nP,1.2,1.2.1,10000001,50000001,a,"
                          "cdce2dad532bc16c409bf15f72642566\n",
                     &map, &err),
           HL_OK);
    is_int(hl_film_map_uid(map, hl_str_of("1.2.840.99.1"), a, &err), HL_OK);
    is_str(a, "2.25.58852957330129212611890285434109223988");
    is_int(hl_film_map_uid(map, hl_str_of("1.2.840.99.2"), b, &err), HL_OK);
    is_str(b, "2.25.242554279048223100317864999975965430113");
    is_int(hl_film_map_uid(map, hl_str_of("1.2.840.99.1"), b, &err), HL_OK);
    is_str(b, a);
    hl_film_map_free(&map);
}

static void any_uid_is_a_valid_one(void)
{
    hl_film_map *map = NULL;
    hl_error err;
    char uid[HL_UID_BYTES], in[32];

    is_int(read_text(HEAD ",uid_salt\nP,1.2,1.2.1,10000001,50000001,a,s\n", &map, &err), HL_OK);
    for (int i = 0; i < 3000; i++) {
        snprintf(in, sizeof in, "1.2.%d", i);
        is_int(hl_film_map_uid(map, hl_str_of(in), uid, &err), HL_OK);
        ok(strncmp(uid, "2.25.", 5) == 0 && strlen(uid) <= 44 && uid[5] != '0');
        ok(strspn(uid + 5, "0123456789") == strlen(uid + 5));
    }
    hl_film_map_free(&map);
}

static void a_column_that_stands_there_again_is_refused(void)
{
    static const char *const more[] = {",uid_salt,uid_salt", ",date_shift_days,date_shift_days",
                                       ",uid_salt,date_shift_days,uid_salt,date_shift_days",
                                       ",uid_salt,uid_salt,uid_salt,uid_salt,uid_salt"};
    char text[512];

    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        hl_film_map *map = NULL;
        hl_error err;
        snprintf(text, sizeof text, "%s%s\nP,1.2,1.2.1,12,34,a,1,1,1,1,1\n", HEAD, more[i]);
        is_int(read_text(text, &map, &err), HL_E_INPUT);
        ok(map == NULL);
    }
}

static void faults_say_line_and_column_and_no_value(void)
{
    static const char *const row[][2] = {
        {"", "the file is empty"},
        {HEAD "\n", "the map has no rows"},
        {HEAD "\nZach,1.2,1.3,x,50000001,a\n", ":2: column subject_id: is no integer"},
        {HEAD "\nZach,1.2,1.3,9,50000001,a\n", ":2: column subject_id: must have 2 to 12 digits"},
        {HEAD "\nZach,1.2,1.3,10,9999999999999,a\n", "column study_id: must have 2 to 12 digits"},
        {HEAD "\nZach,1.2,1.3,10000001,50000001,a b\n", ":2: column dicom_id: may hold letters"},
        {HEAD "\nZach,,1.3,10000001,50000001,a\n", "column StudyInstanceUID: the field is empty"},
        {HEAD "\nZach,1.2,1.3,10000001,50000001,a\nZach,1.2,1.3,10000001,50000001,b\n",
         ":3: column SOPInstanceUID: stands in an earlier row too"},
        {HEAD "\nZach,1.2,1.3,10000001,50000001,a\nZora,1.5,1.4,10000001,50000002,b\n",
         ":3: column subject_id: belongs to another patient in an earlier row"}};
    hl_film_map *map = NULL;
    hl_error err;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        is_int(read_text(row[i][0], &map, &err), HL_E_INPUT);
        like(err.message, row[i][1]);
        ok(!strstr(err.message, "Zach") && !strstr(err.message, "Zora"));
        ok(map == NULL);
    }
}

int main(void)
{
    run(a_film_is_found_by_its_own_uid);
    run(shift_and_salt_may_be_absent_and_columns_in_any_order);
    run(a_uid_is_replaced_by_salt_and_uid);
    run(any_uid_is_a_valid_one);
    run(a_column_that_stands_there_again_is_refused);
    run(faults_say_line_and_column_and_no_value);
    return done();
}
