#include "monitor/export.h"

#include "export_world.h"

/* --- a whole export --------------------------------------------------------------------------- */

static bool str_is(hl_str a, const char *text)
{
    return text ? a.at && hl_str_is(a, text) : !a.at;
}

static hl_export *open_tiny(heard *h)
{
    const char *folder = fixture("monitor/tiny");
    hl_error err = {0};
    hl_export *e = NULL;
    if (open_one(folder, h, &e, &err) != HL_OK)
        printf("# %s\n", err.message);
    ok(e != NULL);
    return e;
}

static void the_latest_definitions_hold_with_nulls_told_apart(void)
{
    heard h = {0};
    size_t n;
    hl_export *e = open_tiny(&h);
    const hl_wave_definition *w = hl_export_waves(e, &n);
    is_int(n, 3);
    is_int(w[0].id, 11);
    is_int(w[0].base_physio_id, 131328);
    is_int(w[0].physio_id, 131330);
    is_int(w[0].sample_period, 4);
    is_int(w[0].color, -1);
    ok(str_is(w[0].label, "II") && str_is(w[0].unit_label, "mV")); /* "old" on the first day */
    ok(w[0].low_edge_hz.has && w[0].low_edge_hz.value == 0.5);
    ok(w[0].scaled_lower.has && w[0].scaled_lower.value == 8092 && w[0].scale_lower.value == 0);
    ok(w[0].absolute_upper.value == 1 && w[0].missing == 0 && !w[0].is_derived);
    ok(!w[1].low_edge_hz.has && w[1].high_edge_hz.value == 12);
    is_int(w[1].missing, 1 << 12); /* EcgLeadPlacement is the 13th integer column */
    ok(w[2].is_derived && !w[2].scale_lower.has && w[2].scale_upper.has);
    is_int(w[2].missing, 1 << 6);
    ok(w[2].unit_label.at && w[2].unit_label.n == 0); /* 0x00: the empty text */
    const hl_numeric_definition *d = hl_export_numerics(e, &n);
    is_int(n, 3);
    ok(d[1].id == 2 && str_is(d[1].sub_label, "SpO\xe2\x82\x82") && str_is(d[1].unit_label, "%"));
    ok(d[2].id == 7 && d[2].is_aperiodic && !d[0].is_aperiodic && str_is(d[2].label, "NBP"));
    const hl_enumeration_definition *u = hl_export_enumerations(e, &n);
    is_int(n, 2);
    ok(u[1].id == 3 && u[1].value_physio_id == 147000 && str_is(u[1].label, "RhySta"));
    is_int(h.all, 0);
    hl_export_close(&e);
    heard_free(&h);
}

static void messages_come_day_after_day(void)
{
    static const char *const want[HL_MESSAGE_KINDS] = {
        [HL_MESSAGE_WAVE] = "87400000 11 [16] 2000 2025 204a 206f - - -\n"
                            "87400000 21 [8] 090a 0a09 0a0a 0909 =0 1 =2 3 5 5 -\n"
                            "87400064 31 [2] 0007 0008 - = -\n"
                            "87400064 11 [8] 2000 2025 204a 206f - - =3 7\n"
                            "173800000 11 [16] 2000 2025 204a 206f - - -\n"
                            "173800000 21 [8] 090a 0a09 0a0a 0909 =0 1 =2 3 5 5 -\n"
                            "173800064 31 [2] 0007 0008 - = -\n"
                            "173800064 11 [8] 2000 2025 204a 206f - - =3 7\n",
        [HL_MESSAGE_NUMERIC] = "87400000 1 80.00000\n87400000 2 NULL\n87401000 7 -1.5e2\n"
                               "173800000 1 80.00000\n173800000 2 NULL\n173801000 7 -1.5e2\n",
        [HL_MESSAGE_ENUMERATION] = "87400000 1 N\n87400500 3 Sinus Rhythm\n"
                                   "173800000 1 N\n173800500 3 Sinus Rhythm\n",
        [HL_MESSAGE_ALERT] = "87400200 \xe2\x9c\xb1\xe2\x9c\xb1\xe2\x9c\xb1 VTach 1 0 111\n"
                             "173800200 \xe2\x9c\xb1\xe2\x9c\xb1\xe2\x9c\xb1 VTach 1 0 111\n",
    };
    heard h = {0};
    hl_error err = {0};
    hl_export *e = open_tiny(&h);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        hl_buf b = {0};
        int64_t n;
        is_int(list_messages(e, (hl_message_kind)k, &b, &n, &err), HL_END);
        is_str(b.at, want[k]);
        hl_buf_free(&b);
    }
    is_str(heard_text(&h), "");
    hl_export_close(&e);
    heard_free(&h);
}

static void day_folders_can_be_named_one_by_one(void)
{
    char path[2][4096];
    const char *folder[2] = {path[0], path[1]};
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    hl_buf b = {0};
    int64_t n;
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/day%d", fixture("monitor/tiny"), i + 1);
    is_int(hl_export_open(folder, 2, NULL, hear, &h, &e, &err), HL_OK);
    is_int(list_messages(e, HL_MESSAGE_WAVE, &b, &n, &err), HL_END);
    is_int(n, 8);
    hl_export_close(&e);
    folder[0] = path[1];
    folder[1] = path[0];
    is_int(hl_export_open(folder, 2, NULL, hear, &h, &e, &err), HL_E_INPUT);
    like(err.message, ": begins before the end of day2/");
    ok(e == NULL);
    hl_buf_free(&b);
    heard_free(&h);
}

static void a_message_carries_times_zones_and_ids(void)
{
    heard h = {0};
    hl_error err = {0};
    hl_export *e = open_tiny(&h);
    hl_export_reader *r = NULL;
    hl_message m;
    char text[HL_STAMP_CHARS], id[HL_UUID_CHARS];
    is_int(hl_export_read(e, HL_MESSAGE_ALERT, &r, &err), HL_OK);
    is_int(hl_export_next(r, &m, &err), HL_OK);
    hl_stamp_print(m.time.us, m.time.zone_min, text);
    is_str(text, "2150-01-01 08:00:00.200 -05:00");
    hl_stamp_print(m.announce.us, m.announce.zone_min, text);
    is_str(text, "2150-01-01 08:00:00.100 -05:00");
    hl_stamp_print(m.end.us, m.end.zone_min, text);
    is_str(text, "0001-01-01 00:00:00.000 +00:00");
    hl_uuid_print(m.alert, id);
    is_str(id, "c0000000-0000-4000-8000-000000000001");
    hl_uuid_print(m.mapping, id);
    is_str(id, "a0000000-0000-4000-8000-000000000001");
    is_int(m.source, 17);
    is_int(m.code, 300);
    is_int(m.alert_kind, 1);
    is_int(m.subtype, 5);
    hl_export_reader_close(&r);
    hl_export_close(&e);
    heard_free(&h);
}

static void a_mapping_leads_to_its_patient(void)
{
    heard h = {0};
    hl_export *e = open_tiny(&h);
    hl_uuid m;
    bool known;
    char id[HL_UUID_CHARS], text[HL_STAMP_CHARS];
    ok(hl_uuid_parse(hl_str_of(M2), &m));
    hl_uuid_print(hl_export_patient(e, m, &known), id);
    is_str(id, "b0000000-0000-4000-8000-000000000002");
    ok(known);
    hl_stamp t = hl_export_mapping_time(e, m);
    hl_stamp_print(t.us, t.zone_min, text);
    is_str(text, "2150-01-01 08:00:00.000 -05:00");
    m.byte[15] = 3;
    hl_uuid_print(hl_export_patient(e, m, &known), id);
    is_str(id, "a0000000-0000-4000-8000-000000000003");
    ok(!known && !hl_export_mapping_time(e, m).has);
    hl_export_close(&e);
    heard_free(&h);
}

static void a_mapping_with_two_patients_is_not_believed(void)
{
    const char *folder = new_world();
    const char *rows = M1 "\t" P1 "\t\t1\thost\n" M1 "\t" P1 "\t\t1\thost\n" M1 "\t" P2
                          "\t\t1\thost\n" M2 "\t\t\t0\t\n";
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    hl_uuid m;
    bool known;
    write_bytes(folder, "PatientMapping", rows, strlen(rows));
    is_int(open_one(folder, &h, &e, &err), HL_OK);
    is_str(heard_text(&h), "0: PatientMapping: row 3: its Id stands for another PatientId in a row "
                           "before it; neither is believed\n");
    ok(hl_uuid_parse(hl_str_of(M1), &m));
    hl_export_patient(e, m, &known);
    ok(!known);
    ok(hl_uuid_parse(hl_str_of(M2), &m)); /* it has no patient */
    hl_export_patient(e, m, &known);
    ok(!known);
    hl_export_close(&e);
    heard_free(&h);
    hl_remove_tree(folder, NULL);
}

static hl_code add_line(void *ctx, hl_str text, hl_error *err)
{
    (void)err;
    hl_buf_str(ctx, text);
    hl_buf_char(ctx, '\n');
    return HL_OK;
}

static void identifying_texts_come_once_each(void)
{
    static const char *const want[] = {
        "BED-1\n",
        "BED-2\n",
        "tag-1\n",
        "tag-2\n",
        "alias one\n",
        "Unit Nine\n",
        "host-north\n",
        "2090-02-03 ",
        "Nobody\n",
        M1 "\n",
        M2 "\n",
        P1 "\n",
        P2 "\n",
        "c0000000-0000-4000-8000-000000000001\n",
        "A0000000-0000-4000-8000-000000000003\n" /* only messages have it */,
    };
    static const char *const none[] = {"LastName", "BirthDate", "180", "VTach"};
    heard h = {0};
    hl_error err = {0};
    hl_buf b = {0}, again = {0};
    int64_t n;
    hl_export *e = open_tiny(&h);
    is_int(list_messages(e, HL_MESSAGE_WAVE, &again, &n, &err), HL_END);
    hl_buf_clear(&again);
    is_int(hl_export_identifying(e, add_line, &b, &err), HL_OK);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const char *p = strstr(b.at, want[i]);
        tap_check(p && !strstr(p + 1, want[i]), __FILE__, __LINE__, "not once: %s", want[i]);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        tap_check(!strstr(b.at, none[i]), __FILE__, __LINE__, "there: %s", none[i]);
    is_int(hl_export_identifying(e, add_line, &again, &err), HL_OK);
    is_str(again.at, b.at);
    hl_export_close(&e);
    hl_buf_free(&b);
    hl_buf_free(&again);
    heard_free(&h);
}

static hl_code stop_there(void *ctx, hl_str text, hl_error *err)
{
    (void)ctx;
    (void)text;
    return hl_fail(err, HL_E_STOPPED, "enough");
}

static void a_taker_of_identifying_texts_may_stop(void)
{
    heard h = {0};
    hl_error err = {0};
    hl_export *e = open_tiny(&h);
    is_int(hl_export_identifying(e, stop_there, NULL, &err), HL_E_STOPPED);
    is_str(err.message, "enough");
    hl_export_close(&e);
    heard_free(&h);
}

static void every_file_is_listed_with_its_digest(void)
{
    heard h = {0};
    hl_error err = {0};
    hl_export *e = open_tiny(&h);
    hl_buf b = {0}, bytes = {0};
    hl_digest d;
    size_t n, n_read = 0;
    int64_t k;
    for (int kind = 0; kind < HL_MESSAGE_KINDS; kind++)
        is_int(list_messages(e, (hl_message_kind)kind, &b, &k, &err), HL_END);
    is_int(hl_export_identifying(e, add_line, &b, &err), HL_OK);
    const hl_export_file *f = hl_export_files(e, &n);
    is_int(n, 48); /* 2 days of 12 tables, each with its .fmt */
    for (size_t i = 0; i < n; i++) {
        n_read += f[i].was_read;
        hl_buf_clear(&bytes);
        ok(hl_read_file(f[i].path, 1 << 20, &bytes, &d, &err) == HL_OK);
        is_int(f[i].bytes, bytes.n);
        ok(!f[i].was_read || hl_digest_equal(&f[i].digest, &d));
    }
    is_int(n_read, 45); /* all but the definitions of the first day, which hold no more */
    hl_export_close(&e);
    hl_buf_free(&b);
    hl_buf_free(&bytes);
    heard_free(&h);
}

/* --- the golden export ------------------------------------------------------------------------ */

static void the_converters_own_test_export_is_read_in_full(void)
{
    static const int64_t want[HL_MESSAGE_KINDS] = {598, 3972, 825, 36};
    const char *folder = shared("wfdb/export/in");
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    hl_export_reader *r = NULL;
    hl_message m;
    hl_digest digest;
    char hex[HL_HEX_CHARS];
    size_t n;
    if (!folder) {
        skip("the shared data is not there");
        return;
    }
    is_int(open_one(folder, &h, &e, &err), HL_OK);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        hl_buf b = {0};
        int64_t count;
        is_int(list_messages(e, (hl_message_kind)k, &b, &count, &err), HL_END);
        is_int(count, want[k]);
        hl_buf_free(&b);
    }
    is_int(h.n[HL_EXPORT_TWIN_ROW], 11); /* 609 rows, 598 of them different */
    is_int(h.all, 11);
    like(heard_text(&h), "3: WaveSample.21490307_21490308.gz: row 39: the same as a row before it; "
                         "the row is left out\n");
    hl_export_waves(e, &n);
    is_int(n, 8);
    hl_export_numerics(e, &n);
    is_int(n, 16);
    /* The first message, as another program took it from the file. */
    is_int(hl_export_read(e, HL_MESSAGE_WAVE, &r, &err), HL_OK);
    is_int(hl_export_next(r, &m, &err), HL_OK);
    ok(m.wave->id == 11 && m.sequence == INT64_C(500000000123) && m.n == 1280);
    ok(str_is(m.unavailable, NULL) && str_is(m.invalid, "888 919") && str_is(m.paced, "217 507"));
    hl_sha256_of(m.sample, (size_t)m.n * 2, &digest);
    is_str(hl_digest_hex(&digest, hex),
           "5ef61077ff67175c698ee78ddb08284811d4a4eca107a45c075ee5c8239611b5");
    hl_export_reader_close(&r);
    hl_export_close(&e);
    heard_free(&h);
}

/* --- columns ---------------------------------------------------------------------------------- */

static void columns_stand_in_any_order_and_case_and_others_are_passed_over(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_buf rows = {0}, got = {0};
    int64_t n;
    write_format(folder, "WaveSample",
                 "mappingid SEQUENCENUMBER Extra wavesamples TimeStamp PacedPulses WAVEID "
                 "InvalidSamples More UnavailableSamples");
    for (int i = 0; i < 3; i++) {
        hl_buf_printf(&rows, M1 "\t%d\tany thing\t", 500 + i);
        put_u32(&rows, 26);
        hl_buf_append(&rows, world_samples, 26);
        hl_buf_printf(&rows, "2021-01-01 10:00:0%d.000 +01:00\t5\t11\t1 2\t\xc3\xbc\t0 3\n", i);
    }
    write_bytes(folder, "WaveSample.dat", rows.at, rows.n);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_str(got.at, "500 11 [13] 1fe3 090a 0a09 0a0a =0 3 =1 2 =5\n"
                   "501 11 [13] 1fe3 090a 0a09 0a0a =0 3 =1 2 =5\n"
                   "502 11 [13] 1fe3 090a 0a09 0a0a =0 3 =1 2 =5\n");
    is_str(heard_text(&h), "");
    /* ... and the way back out of damage goes by the columns that there are. */
    rows.at[rows.n / 3 + sizeof M1 "501.any thing"] = 27; /* samples of the second row, not 26 */
    write_bytes(folder, "WaveSample.dat", rows.at, rows.n);
    hl_buf_clear(&got);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_str(got.at, "500 11 [13] 1fe3 090a 0a09 0a0a =0 3 =1 2 =5\n"
                   "502 11 [13] 1fe3 090a 0a09 0a0a =0 3 =1 2 =5\n");
    is_str(heard_text(&h),
           "4: WaveSample.dat: row 2: damaged; 128 bytes skipped to the next row\n");
    hl_buf_free(&rows);
    hl_buf_free(&got);
    heard_free(&h);
    hl_remove_tree(folder, NULL);
}

static void a_damaged_format_file_is_refused_by_line(void)
{
#define C "SYBCHAR 0 -1 \"\\t\" 1 "
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "Numeric.fmt:1: the file is empty"},
        {"0.0\n", "Numeric.fmt:2: not a number of columns (1 to 256)"},
        {"0.0\nmany\n", "Numeric.fmt:2: not a number of columns (1 to 256)"},
        {"0.0\n0\n", "Numeric.fmt:2: not a number of columns (1 to 256)"},
        {"0.0\n257\n", "Numeric.fmt:2: not a number of columns (1 to 256)"},
        {"0.0\n-1\n", "Numeric.fmt:2: not a number of columns (1 to 256)"},
        {"0.0\n2\n1 " C "Id \"\"\n", "Numeric.fmt:4: the file ends after 1 of 2 columns"},
        {"0.0\n2\n1 SYBCHAR 0 -1 \"\\t\" 1\n",
         "Numeric.fmt:3: not a column: N TYPE PREFIX -1 \"END\" N NAME"},
        {"0.0\n2\n\n", "Numeric.fmt:3: not a column"},
        {"0.0\n2\n1 SYBINT4 0 4 \"\\t\" 1 Id \"\"\n",
         "Numeric.fmt:3: column Id is kept in a way that is not read"},
        {"0.0\n2\n1 SYBCHAR 2 -1 \"\\t\" 1 Id \"\"\n", "Numeric.fmt:3: column Id is kept"},
        {"0.0\n2\n1 SYBCHAR 0 -1 \"\\r\\n\" 1 Id \"\"\n", "Numeric.fmt:3: column Id is kept"},
        {"0.0\n2\n1 SYBCHAR 0 -1 \"\\n\" 1 Id \"\"\n", "Numeric.fmt:3: column Id is kept"},
        {"0.0\n2\n1 SYBBINARY 4 -1 \"\" 1 Id \"\"\n", "Numeric.fmt:3: column Id is kept"},
        {"0.0\n1\n1 " C "Id \"\"\n", "Numeric.fmt:3: column Id is kept"},
        {"0.0\n3\n1 " C "Id \"\"\n2 " C "iD \"\"\n", "Numeric.fmt:4: column iD is there twice"},
        {"0.0\n1\n1 SYBCHAR 0 -1 \"\\n\" 1 Id \"\"\n",
         "Numeric.fmt: table Numeric has no column Label"},
    };
#undef C
    const char *folder = new_world();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        heard h = {0};
        hl_error err = {0};
        hl_export *e = NULL;
        write_bytes(folder, "Numeric.fmt", cases[i].text, strlen(cases[i].text));
        is_int(open_one(folder, &h, &e, &err), HL_E_INPUT);
        like(err.message, cases[i].message);
        ok(e == NULL);
        heard_free(&h);
    }
    hl_remove_tree(folder, NULL);
}

static void a_needed_column_that_is_missing_is_named(void)
{
    static const char *const needed[] = {"WaveId",      "TimeStamp",          "SequenceNumber",
                                         "WaveSamples", "UnavailableSamples", "InvalidSamples",
                                         "PacedPulses", "MappingId"};
    const char *folder = new_world();
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        hl_buf list = {0};
        char want[200];
        heard h = {0};
        hl_error err = {0};
        hl_export *e = NULL;
        for (size_t k = 0; k < sizeof needed / sizeof *needed; k++)
            if (k != i)
                hl_buf_printf(&list, "%s ", needed[k]);
        hl_buf_text(&list, "Extra");
        write_format(folder, "WaveSample", list.at);
        is_int(open_one(folder, &h, &e, &err), HL_E_INPUT);
        snprintf(want, sizeof want,
                 "/WaveSample.fmt: table WaveSample has no column %s\nExport it with all columns.",
                 needed[i]);
        like(err.message, want);
        hl_buf_free(&list);
        heard_free(&h);
    }
    hl_remove_tree(folder, NULL);
}

static void line_ends_of_a_format_file_may_be_crlf(void)
{
    const char *folder = new_world();
    const char *text = "9.0\r\n5\r\n1 SYBCHAR 0 -1 \"\\t\" 1 Id \"\"\r\n"
                       "2\tSYBCHAR\t0\t-1\t\"\\t\"\t2\tLabel\t\"\"\r\n"
                       "3 SYBCHAR 0 -1 \"\\t\" 3 SubLabel \"\"\r\n"
                       "4 SYBCHAR 0 -1 \"\\t\" 4 UnitLabel \"\"\r\n"
                       "5 SYBCHAR 0 -1 \"\\n\" 5 IsAperiodic SQL_Latin1_General_CP1_CI_AS";
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    size_t n;
    write_bytes(folder, "Numeric.fmt", text, strlen(text));
    is_int(open_one(folder, &h, &e, &err), HL_OK);
    hl_export_numerics(e, &n);
    is_int(n, 2);
    hl_export_close(&e);
    heard_free(&h);
    hl_remove_tree(folder, NULL);
}

/* --- files ------------------------------------------------------------------------------------ */

static void a_folder_without_an_export_is_refused(void)
{
    const char *folder = temp_folder();
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    char path[4096];
    is_int(open_one(folder, &h, &e, &err), HL_E_INPUT);
    like(err.message, "holds no monitor export: no file of a table as WaveSample, NumericValue, "
                      "Wave\nName the folder that has them, or the one that has its days.");
    write_bytes(folder, "WaveSample.txt", "x", 1);
    write_bytes(folder, "Wave.fmt.bak", "x", 1);
    write_bytes(folder, "WaveSample._20210102", "x", 1);
    write_bytes(folder, "Patients.dat", "x", 1);
    is_int(open_one(folder, &h, &e, &err), HL_E_INPUT);
    like(err.message, "holds no monitor export");
    write_bytes(folder, "Wave", "", 0);
    is_int(open_one(folder, &h, &e, &err), HL_E_INPUT);
    like(err.message, ": Wave cannot be read without Wave.fmt\nIt says which column stands where: "
                      "put it beside.");
    snprintf(path, sizeof path, "%s/nothing", folder);
    is_int(open_one(path, &h, &e, &err), HL_E_INPUT);
    like(err.message, "/nothing");
    hl_remove_tree(folder, NULL);
}

static void put_days(const char *folder, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hl_buf b = {0};
        put_wave(&b, 11, (int)i * 1000, 4, "\t\t\t" M1 "\n");
        put_wave(&b, 11, (int)i * 1000 + 500, 4, "\t\t\t" M1 "\n");
        write_bytes(folder, name[i], b.at, b.n);
        hl_buf_free(&b);
    }
}

static void files_of_a_table_follow_their_names(void)
{
    static const char *const names[] = {"WaveSample", "WaveSample.20210101_20210102",
                                        "WaveSample.20210102_20210103", "WaveSample.dat"};
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0};
    int64_t n;
    put_days(folder, names, 4);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_int(n, 8);
    is_int(h.all, 0);
    ok(!strncmp(got.at, "1000000 ", 8) && strstr(got.at, "\n1003500 "));
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

static void files_that_overlap_in_time_are_refused(void)
{
    static const char *const names[] = {"WaveSample.20210102_20210103",
                                        "WaveSample.20210101_20210102"};
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0}, b = {0};
    int64_t n;
    put_days(folder, names, 2);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_E_INPUT);
    like(err.message, "/WaveSample.20210102_20210103: begins before the end of "
                      "WaveSample.20210101_20210102\nFiles of a table are read by the order of "
                      "folders and names, and may not overlap in time.");
    /* Only their last rows tell. */
    put_wave(&b, 11, 0, 4, "\t\t\t" M1 "\n");
    put_wave(&b, 11, 900, 4, "\t\t\t" M1 "\n");
    write_bytes(folder, names[1], b.at, b.n);
    hl_buf_clear(&b);
    put_wave(&b, 11, 800, 4, "\t\t\t" M1 "\n");
    write_bytes(folder, names[0], b.at, b.n);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_E_INPUT);
    like(err.message, "begins before the end of WaveSample.20210101_20210102");
    hl_buf_clear(&b);
    put_wave(&b, 11, 900, 5, "\t\t\t" M1 "\n"); /* at the same time is all right */
    write_bytes(folder, names[0], b.at, b.n);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_int(n, 3);
    hl_buf_free(&got);
    hl_buf_free(&b);
    hl_remove_tree(folder, NULL);
}

static void write_gzip(const char *folder, const char *name, const hl_buf *b)
{
    char path[4096];
    hl_gzip *gz = NULL;
    hl_digest d;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ok(hl_gzip_create(path, 1, &gz, NULL) == HL_OK);
    ok(hl_gzip_write(gz, b->at, b->n, NULL) == HL_OK);
    ok(hl_gzip_commit(&gz, &d, NULL) == HL_OK);
}

static void gzip_files_are_read_and_overlap_is_seen_when_they_end(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0}, b = {0};
    int64_t n;
    put_wave(&b, 11, 0, 4, "\t\t\t" M1 "\n");
    put_wave(&b, 11, 900, 4, "\t\t\t" M1 "\n");
    write_gzip(folder, "WaveSample." DAY ".gz", &b);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_int(n, 2);
    write_gzip(folder, "WaveSample." DAY, &b); /* gzip is known by its first bytes */
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_E_INPUT);
    like(err.message, ": has both WaveSample." DAY " and WaveSample." DAY
                      ".gz\nThey are two forms of one file: remove one.");
    hl_buf_clear(&b);
    put_wave(&b, 11, 800, 4, "\t\t\t" M1 "\n");
    char path[4096];
    snprintf(path, sizeof path, "%s/WaveSample." DAY, folder);
    remove(path);
    write_gzip(folder, "WaveSample.dat.gz", &b);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_E_INPUT);
    like(err.message, "/WaveSample.dat.gz: begins before the end of the file before it\n");
    is_int(n, 2);
    hl_buf_free(&got);
    hl_buf_free(&b);
    heard_free(&h);
    hl_remove_tree(folder, NULL);
}

static void a_cut_gzip_file_gives_its_rows_and_then_an_error(void)
{
    const char *folder = new_world();
    char path[4096];
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0}, b = {0}, gz = {0};
    int64_t n;
    for (int i = 0; i < 50; i++)
        put_wave(&b, 11, i * 100, 60, "\t\t\t" M1 "\n");
    write_gzip(folder, "WaveSample.dat.gz", &b);
    snprintf(path, sizeof path, "%s/WaveSample.dat.gz", folder);
    ok(hl_read_file(path, 1 << 20, &gz, NULL, NULL) == HL_OK);
    write_bytes(folder, "WaveSample.dat.gz", gz.at, gz.n - 9);
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_E_INPUT);
    ok(n > 0 && n <= 50);
    like(err.message, "WaveSample.dat.gz");
    is_int(h.all, 0);
    hl_buf_free(&got);
    hl_buf_free(&b);
    hl_buf_free(&gz);
    hl_remove_tree(folder, NULL);
}

static void a_table_that_is_not_there_is_empty(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0};
    int64_t n;
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        is_int(read_world(folder, (hl_message_kind)k, &h, &got, &n, &err), HL_END);
        is_int(n, 0);
    }
    write_bytes(folder, "WaveSample", "", 0); /* so is one of 0 bytes */
    is_int(read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err), HL_END);
    is_int(n, 0);
    is_int(h.all, 0);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

static void readers_stop_when_they_are_told_to(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_error err = {0};
    hl_ctl ctl = {.jobs = 1};
    hl_export *e = NULL;
    hl_export_reader *r = NULL;
    hl_message m;
    hl_buf b = {0};
    put_wave(&b, 11, 0, 4, "\t\t\t" M1 "\n");
    write_bytes(folder, "WaveSample", b.at, b.n);
    is_int(hl_export_open(&folder, 1, &ctl, hear, &h, &e, &err), HL_OK);
    ctl.cancel = 1;
    is_int(hl_export_read(e, HL_MESSAGE_WAVE, &r, &err), HL_OK);
    is_int(hl_export_next(r, &m, &err), HL_E_STOPPED);
    hl_export_reader_close(&r);
    hl_export_close(&e);
    hl_buf_free(&b);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    run(the_latest_definitions_hold_with_nulls_told_apart);
    run(messages_come_day_after_day);
    run(day_folders_can_be_named_one_by_one);
    run(a_message_carries_times_zones_and_ids);
    run(a_mapping_leads_to_its_patient);
    run(a_mapping_with_two_patients_is_not_believed);
    run(identifying_texts_come_once_each);
    run(a_taker_of_identifying_texts_may_stop);
    run(every_file_is_listed_with_its_digest);
    run(the_converters_own_test_export_is_read_in_full);
    run(columns_stand_in_any_order_and_case_and_others_are_passed_over);
    run(a_damaged_format_file_is_refused_by_line);
    run(a_needed_column_that_is_missing_is_named);
    run(line_ends_of_a_format_file_may_be_crlf);
    run(a_folder_without_an_export_is_refused);
    run(files_of_a_table_follow_their_names);
    run(files_that_overlap_in_time_are_refused);
    run(gzip_files_are_read_and_overlap_is_seen_when_they_end);
    run(a_cut_gzip_file_gives_its_rows_and_then_an_error);
    run(a_table_that_is_not_there_is_empty);
    run(readers_stop_when_they_are_told_to);
    return done();
}
