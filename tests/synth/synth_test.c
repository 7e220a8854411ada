#include "synth/synth.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"
#include "data/csv.h"
#include "format/dicom/pixels.h"
#include "format/jpeg.h"
#include "format/wfdb/wfdb.h"
#include "synth/chance.h"
#include "synth/ecg.h"
#include "synth/film_dicom.h"
#include "synth/film_text.h"
#include "synth/labs.h"
#include "synth/tables.h"
#include "tap.h"

static const char *path_in(const char *folder, const char *name)
{
    static char path[4][4096];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static hl_code make(const char *folder, int64_t patients, uint64_t seed, int jobs, int64_t rows,
                    hl_synth_films films, hl_synth_counts *counts, hl_error *err)
{
    hl_ctl ctl = {.jobs = jobs};
    hl_synth_options o = {.folder = folder,
                          .n_patients = patients,
                          .seed = seed,
                          .labevents_rows = rows,
                          .films = films};
    return hl_synth_run(&o, &ctl, counts, err);
}

/* SHA-256 over names and contents of all files below folder. */
static void digest_of_tree(const char *folder, hl_digest *out)
{
    hl_names names = {0};
    hl_sha256 *h = hl_sha256_new();
    ok(hl_list_tree(folder, &names, NULL) == HL_OK);
    for (size_t i = 0; i < names.n; i++) {
        hl_buf text = {0};
        hl_sha256_add(h, names.name[i], strlen(names.name[i]) + 1);
        ok(hl_read_file(path_in(folder, names.name[i]), 1 << 28, &text, NULL, NULL) == HL_OK);
        hl_sha256_add(h, text.at, text.n);
        hl_buf_free(&text);
    }
    hl_sha256_end(h, out);
    hl_sha256_free(&h);
    hl_names_free(&names);
}

static hl_csv *open_table(const char *path, const char *const *want, size_t n)
{
    hl_csv_options options = {0};
    hl_error err = {0};
    hl_csv *csv = NULL;
    if (hl_csv_open(path, want, n, &options, &csv, &err) != HL_OK)
        printf("# %s\n", err.message);
    return csv;
}

static void exp_sin_and_cos_are_exact_enough(void)
{
    for (int i = -300; i <= 300; i++) {
        double x = i * 0.0371, e = hl_synth_exp(x);
        ok(fabs(e / exp(x) - 1) < 1e-13);
        ok(fabs(hl_synth_sin(x) - sin(x * 6.283185307179586)) < 1e-12);
        ok(fabs(hl_synth_cos(x) - cos(x * 6.283185307179586)) < 1e-12);
    }
    ok(hl_synth_exp(0) == 1 && hl_synth_exp(-1e9) > 0 && hl_synth_exp(1e9) < INFINITY);
}

static void normal_draws_have_mean_0_and_sd_1(void)
{
    hl_rng rng = hl_rng_of(1, "test", 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double z = hl_synth_normal(&rng);
        sum += z;
        squares += z * z;
    }
    ok(fabs(sum / 1e5) < 0.02);
    ok(fabs(squares / 1e5 - 1) < 0.02);
}

static void a_deck_deals_every_card_once(void)
{
    bool seen[HL_SYNTH_DECK] = {false};
    for (int i = 0; i < HL_SYNTH_DECK; i++)
        seen[hl_synth_card(7, "film-cases", 3, i)] = true;
    for (int i = 0; i < HL_SYNTH_DECK; i++)
        ok(seen[i]);
}

static void the_rates_of_every_list_of_cases_add_up_to_100(void)
{
    int film = 0, ecg = 0, lab = 0;
    for (int i = 0; i < HL_FILM_CASES; i++)
        film += hl_synth_film_cases[i].percent;
    for (int i = 0; i < HL_ECG_CASES; i++)
        ecg += hl_synth_ecg_cases[i].percent;
    for (int i = 0; i < HL_LAB_CASES; i++)
        lab += hl_synth_lab_cases[i].percent;
    is_int(film, 100);
    is_int(ecg, 100);
    is_int(lab, 100);
}

static void the_first_50_items_are_the_recipe_and_ids_are_unique(void)
{
    char label[HL_SYNTH_LABEL];
    is_int(hl_synth_lab_items[0].itemid, 51221);
    is_int(hl_synth_lab_items[HL_SYNTH_RECIPE_ITEMS - 1].itemid, 52135);
    for (int i = 0; i < HL_SYNTH_ITEMS; i++)
        for (int j = 0; j < i; j++)
            ok(hl_synth_lab_items[i].itemid != hl_synth_lab_items[j].itemid);
    is_int(hl_synth_lab_item_at(HL_SYNTH_ITEMS, label).itemid, 54001);
    is_str(label, "Synthetic Analyte 0001");
}

static void a_plan_is_sound_and_its_ids_are_unique(void)
{
    enum { N = 400 };
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    int64_t *hadm = calloc(N * HL_SYNTH_MAX_ADMISSIONS, sizeof *hadm), n = 0, last = 0, several = 0;
    ok(hl_synth_plan_new(3, N, HL_SYNTH_FILMS_SMALL, &plan, NULL) == HL_OK);
    for (int64_t i = 0; i < N; i++) {
        hl_synth_plan_subject(&plan, i, s);
        ok(s->subject_id > last && s->subject_id < 20000000);
        last = s->subject_id;
        several += s->n_admissions > 1;
        for (int k = 0; k < s->n_admissions; k++) {
            const hl_synth_admission *m = &s->admission[k];
            ok(m->hadm_id / 10000000 == 2);
            ok(m->disch_s > m->admit_s);
            ok(k == 0 || m->admit_s > m[-1].disch_s);
            for (int t = 0; t < HL_SYNTH_TRIPLES; t++)
                ok(m->illness.c[t] == (m->illness.a[t] != m->illness.b[t]));
            hadm[n++] = m->hadm_id;
        }
        for (int k = 1; k < s->n_records; k++)
            ok(s->record[k].study_id > s->record[k - 1].study_id);
    }
    is_int(n, plan.first_admission[N]);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            if (hadm[i] == hadm[j])
                is_int(hadm[i], -1);
    ok(several > N / 10 && several < N / 4);
    hl_synth_plan_free(&plan);
    free(hadm);
    free(s);
}

/* Correlation of two +-1 variables over n. */
static double correlation(int64_t equal, int64_t n)
{
    return 2.0 * (double)equal / (double)n - 1;
}

static void any_two_modalities_are_independent(void)
{
    enum { N = 4000 };
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    int64_t n = 0, ab[3][3] = {{0}}, ac[3][3] = {{0}}, bc[3][3] = {{0}};
    ok(hl_synth_plan_new(11, N, HL_SYNTH_FILMS_NONE, &plan, NULL) == HL_OK);
    for (int64_t i = 0; i < N; i++) {
        hl_synth_plan_subject(&plan, i, s);
        const hl_synth_illness *d = &s->admission[0].illness;
        n++;
        for (int p = 0; p < 3; p++)
            for (int q = 0; q < 3; q++) {
                ab[p][q] += d->a[p] == d->b[q];
                ac[p][q] += d->a[p] == d->c[q];
                bc[p][q] += d->b[p] == d->c[q];
            }
    }
    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++) { /* 4 standard errors of 4,000 pairs */
            ok(fabs(correlation(ab[p][q], n)) < 0.065);
            ok(fabs(correlation(ac[p][q], n)) < 0.065);
            ok(fabs(correlation(bc[p][q], n)) < 0.065);
        }
    hl_synth_plan_free(&plan);
    free(s);
}

static void limb_leads_obey_einthoven(void)
{
    static int16_t x[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS];
    hl_synth_ecg_look look = {.t_wave = 0.5, .rate_bpm = 80, .axis_deg = 40};
    int r_peak = 0;
    hl_synth_ecg_draw(&look, hl_rng_of(1, "ecg", 5), x);
    for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++) {
        const int16_t *v = x[i];
        if (v[2] != v[1] - v[0] || abs(2 * v[3] + v[0] + v[1]) > 1 ||
            abs(2 * v[4] - 2 * v[1] + v[0]) > 1 || abs(2 * v[5] - 2 * v[0] + v[1]) > 1)
            is_int(i, -1); /* this frame does not add up */
        r_peak = v[1] > r_peak ? v[1] : r_peak;
    }
    ok(r_peak > 100 && r_peak < 500); /* 0.5 to 2.5 mV in lead II */
}

static void films_show_heart_opacity_and_inflation(void)
{
    hl_arena *arena = hl_arena_new(0);
    hl_synth_picture image[2];
    hl_synth_film_look look = {.width = 500, .height = 600, .cardiothoracic = 0.42};
    ok(hl_synth_film_draw(arena, &look, hl_rng_of(1, "film", 1), &image[0], NULL) == HL_OK);
    look.cardiothoracic = 0.60;
    look.basal_opacity = 1;
    ok(hl_synth_film_draw(arena, &look, hl_rng_of(1, "film", 1), &image[1], NULL) == HL_OK);
    is_int(image[0].width, 500);
    is_int(image[0].height, 600);
    double sum[2] = {0};
    for (int f = 0; f < 2; f++)
        for (int y = 300; y < 420; y++)
            for (int x = 50; x < 450; x++)
                sum[f] += image[f].px[y * image[f].width + x];
    ok(sum[1] > 1.1 * sum[0]);
    hl_arena_free(&arena);
}

static void the_bytes_do_not_depend_on_threads(void)
{
    const char *one = temp_folder(), *three = temp_folder();
    hl_synth_counts n1, n3;
    hl_digest d1, d3;
    hl_error err = {0};
    is_int(make(one, 12, 5, 1, 30000, HL_SYNTH_FILMS_SMALL, &n1, &err), HL_OK);
    is_int(make(three, 12, 5, 3, 30000, HL_SYNTH_FILMS_SMALL, &n3, &err), HL_OK);
    is_int(n1.lab_rows, 30000);
    is_int(n1.films, n3.films);
    digest_of_tree(one, &d1);
    digest_of_tree(three, &d3);
    ok(hl_digest_equal(&d1, &d3));
    hl_remove_tree(one, NULL);
    hl_remove_tree(three, NULL);
}

/* A change of these is a change of everybody's synthetic hospitals: intended, and noted in the
 * change log, or a fault. Also shows that machines agree. */
static void the_plan_of_seed_1_stays_what_it_is(void)
{
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    hl_synth_labs *labs = malloc(sizeof *labs);
    double value[HL_SYNTH_ITEMS];
    char text[HL_F64_CHARS];
    ok(hl_synth_plan_new(1, 200, HL_SYNTH_FILMS_SMALL, &plan, NULL) == HL_OK);
    hl_synth_plan_subject(&plan, 0, s);
    hl_synth_labs_of(&plan, s, labs);
    hl_rng rng = hl_rng_of(1, "lab-draw", labs->draw[0].key);
    hl_synth_lab_values(s, labs, &labs->draw[0], &rng, value);
    hl_print_f64(value[2], text);
    is_int(s->subject_id, 10008504);
    is_int(s->admission[0].hadm_id, 24708517);
    is_str(text, "0.9967342651837936");
    hl_synth_plan_free(&plan);
    free(labs);
    free(s);
}

static void pictures_of_seed_1_are_equal_on_every_machine(void)
{
    static int16_t x[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS];
    hl_synth_ecg_look ecg = {.t_wave = 0.8, .rate_bpm = 70, .axis_deg = -20, .fibrillation = true};
    hl_synth_film_look film = {.width = 320,
                               .height = 320,
                               .portable = true,
                               .cardiothoracic = 0.5,
                               .basal_opacity = 0.5,
                               .inflation = -0.2,
                               .body = 0.3,
                               .device = HL_SYNTH_DEVICE_PACEMAKER};
    hl_arena *arena = hl_arena_new(0);
    hl_synth_picture picture;
    hl_image image;
    char hex[3][24];
    hl_synth_ecg_draw(&ecg, hl_rng_of(1, "ecg", 1), x);
    ok(hl_synth_film_draw(arena, &film, hl_rng_of(1, "film", 1), &picture, NULL) == HL_OK);
    ok(hl_synth_film_grey(arena, &picture, &image, NULL) == HL_OK);
    is_int(image.row_bytes, 320);
    snprintf(hex[0], sizeof hex[0], "%016" PRIx64, hl_fnv1a64(x, sizeof x));
    snprintf(hex[1], sizeof hex[1], "%016" PRIx64, hl_fnv1a64(image.px, 320 * 320));
    snprintf(hex[2], sizeof hex[2], "%016" PRIx64, hl_fnv1a64(picture.px, 320 * 320 * 2));
    is_str(hex[0], "dc5dae01afae3a28");
    is_str(hex[1], "c6316e4c6a351f4d");
    is_str(hex[2], "04efb9744ad43065");
    hl_arena_free(&arena);
}

static void lab_rows_are_in_order_and_as_many_as_asked_for(void)
{
    static const char *const want[] = {"labevent_id", "subject_id", "charttime", "valuenum"};
    const char *folder = temp_folder();
    hl_synth_counts n;
    hl_error err = {0};
    is_int(make(folder, 9, 2, 2, 40000, HL_SYNTH_FILMS_NONE, &n, &err), HL_OK);
    hl_csv *csv = open_table(path_in(folder, "mimiciv/hosp/labevents.csv.gz"), want, 4);
    hl_field f[4];
    int64_t rows = 0, subject = 0, time = 0, empty = 0;
    hl_code c;
    while (csv && (c = hl_csv_next(csv, f, &err)) == HL_OK) {
        int64_t id, who, t;
        ok(hl_parse_i64(hl_field_str(f[0]), &id) && id == ++rows);
        ok(hl_parse_i64(hl_field_str(f[1]), &who) && who >= subject);
        ok(hl_parse_time(hl_field_str(f[2]), HL_TIME_STRICT, &t));
        ok(who != subject || t >= time);
        subject = who;
        time = t;
        empty += f[3].n == 0;
    }
    ok(csv && c == HL_END);
    is_int(rows, 40000);
    ok(empty > 100);
    hl_csv_close(&csv);
    ok(!hl_file_exists(path_in(folder, "mimic-cxr-jpg/files/p10")));
    hl_remove_tree(folder, NULL);
}

static void records_and_films_read_back(void)
{
    const char *folder = temp_folder();
    hl_synth_counts n;
    hl_error err = {0};
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    hl_arena *arena = hl_arena_new(0);
    int read = 0;
    is_int(make(folder, 5, 4, 2, 0, HL_SYNTH_FILMS_SMALL, &n, &err), HL_OK);
    ok(hl_synth_plan_new(4, 5, HL_SYNTH_FILMS_SMALL, &plan, NULL) == HL_OK);
    for (int64_t i = 0; i < 5; i++) {
        hl_synth_plan_subject(&plan, i, s);
        for (int k = 0; k < s->n_records; k++) {
            char relative[HL_SYNTH_FILE_BYTES], path[4096];
            hl_wfdb_record record;
            hl_synth_record_path(s, &s->record[k], relative);
            snprintf(path, sizeof path, "%s/mimic-iv-ecg/%s", folder, relative);
            is_int(hl_wfdb_read(arena, path, &record, &err), HL_OK);
            is_int(record.header.n_signals, 12);
            is_int(record.n_samples, 5000);
            is_int(record.n_checksum_faults, 0);
            is_str(record.header.signal[4].description, "aVF");
            hl_arena_reset(arena);
        }
        for (int k = 0; k < s->n_films; k++) {
            char relative[HL_SYNTH_FILE_BYTES], path[4096];
            hl_buf bytes = {0};
            hl_jpeg_info info;
            hl_synth_film_path(s, &s->film[k], "jpg", relative);
            snprintf(path, sizeof path, "%s/mimic-cxr-jpg/%s", folder, relative);
            ok(hl_file_exists(path) == s->film[k].has_file);
            if (!s->film[k].has_file)
                continue;
            ok(hl_read_file(path, 1 << 24, &bytes, NULL, &err) == HL_OK);
            ok(hl_jpeg_read_info(bytes.at, bytes.n, path, &info, &err) == HL_OK);
            is_int(info.components, 1);
            is_int(info.width, s->film[k].width);
            ok(!info.progressive);
            hl_buf_free(&bytes);
            read++;
        }
    }
    ok(read > 2);
    hl_arena_free(&arena);
    hl_synth_plan_free(&plan);
    free(s);
    hl_remove_tree(folder, NULL);
}

/* --- the DICOM archive ---------------------------------------------------------------------- */

static hl_code make_films(const char *folder, int64_t patients, uint64_t seed,
                          hl_synth_film_format format, hl_error *err)
{
    hl_ctl ctl = {.jobs = 2};
    hl_synth_counts n;
    hl_synth_options o = {
        .folder = folder, .n_patients = patients, .seed = seed, .film_format = format};
    return hl_synth_run(&o, &ctl, &n, err);
}

static void the_jpeg_films_do_not_depend_on_the_dicom_films(void)
{
    const char *both = temp_folder(), *jpeg = temp_folder(), *dicom = temp_folder();
    hl_digest d[2];
    hl_error err = {0};
    char archive[4096];
    is_int(make_films(both, 8, 6, HL_SYNTH_BOTH, &err), HL_OK);
    is_int(make_films(jpeg, 8, 6, HL_SYNTH_JPEG, &err), HL_OK);
    is_int(make_films(dicom, 8, 6, HL_SYNTH_DICOM, &err), HL_OK);
    snprintf(archive, sizeof archive, "%s/mimic-cxr-jpg", both);
    digest_of_tree(archive, &d[0]);
    snprintf(archive, sizeof archive, "%s/mimic-cxr-jpg", jpeg);
    digest_of_tree(archive, &d[1]);
    ok(hl_digest_equal(&d[0], &d[1]));
    snprintf(archive, sizeof archive, "%s/mimic-cxr", both);
    digest_of_tree(archive, &d[0]);
    snprintf(archive, sizeof archive, "%s/mimic-cxr", dicom);
    digest_of_tree(archive, &d[1]);
    ok(hl_digest_equal(&d[0], &d[1]));
    ok(!hl_file_exists(path_in(jpeg, "mimic-cxr")));
    ok(!hl_file_exists(path_in(jpeg, "planted_films.csv")));
    ok(hl_file_exists(path_in(dicom, "mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz")));
    ok(!hl_file_exists(path_in(dicom, "mimic-cxr-jpg/files/p10")));
    hl_remove_tree(both, NULL);
    hl_remove_tree(jpeg, NULL);
    hl_remove_tree(dicom, NULL);
}

static bool text_is(const hl_dicom *d, uint32_t tag, hl_field want)
{
    return hl_str_equal(hl_dicom_get_ascii(d, tag), hl_field_str(want));
}

static bool meaning_is(const hl_dicom *d, uint32_t tag, hl_field want)
{
    const hl_dicom_item *item = hl_dicom_first_item(hl_dicom_root(d), tag);
    const hl_dicom_element *e = item ? hl_dicom_find(item, HL_TAG_CodeMeaning) : NULL;
    hl_str text = e ? (hl_str){(const char *)e->value, (size_t)e->length} : (hl_str){0};
    return hl_str_equal(hl_str_trim(text), hl_field_str(want));
}

/* Whether a file says what its row of the metadata table says; f as in the test below. */
static void check_row(const hl_dicom *d, const hl_field *f)
{
    int64_t rows, columns, v[2];
    double time[2];
    ok(hl_dicom_get_int(d, HL_TAG_Rows, &rows) && hl_dicom_get_int(d, HL_TAG_Columns, &columns));
    ok(hl_parse_i64(hl_field_str(f[5]), &v[0]) && v[0] == rows);
    ok(hl_parse_i64(hl_field_str(f[6]), &v[1]) && v[1] == columns);
    ok(text_is(d, HL_TAG_PatientID, f[1]));
    ok(text_is(d, HL_TAG_ViewPosition, f[4]));
    ok(text_is(d, HL_TAG_StudyDate, f[7]));
    ok(hl_parse_f64(hl_field_str(f[8]), &time[0]));
    ok(hl_parse_f64(hl_dicom_get_ascii(d, HL_TAG_StudyTime), &time[1]));
    ok(time[0] == time[1]);
    ok(meaning_is(d, HL_TAG_ProcedureCodeSequence, f[9]));
    ok(meaning_is(d, HL_TAG_ViewCodeSequence, f[10]));
    ok(meaning_is(d, HL_TAG_PatientOrientationCodeSequence, f[11]));
}

static void the_dicom_films_say_what_the_metadata_table_says(void)
{
    static const char *const want[] = {"dicom_id",
                                       "subject_id",
                                       "study_id",
                                       "PerformedProcedureStepDescription",
                                       "ViewPosition",
                                       "Rows",
                                       "Columns",
                                       "StudyDate",
                                       "StudyTime",
                                       "ProcedureCodeSequence_CodeMeaning",
                                       "ViewCodeSequence_CodeMeaning",
                                       "PatientOrientationCodeSequence_CodeMeaning"};
    const char *folder = temp_folder();
    hl_error err = {0};
    hl_field f[12];
    int read = 0, without = 0;
    is_int(make_films(folder, 12, 9, HL_SYNTH_DICOM, &err), HL_OK);
    hl_csv *csv =
        open_table(path_in(folder, "mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz"), want, 12);
    while (csv && hl_csv_next(csv, f, &err) == HL_OK) {
        char path[4096];
        hl_in *in = NULL;
        hl_dicom *d = NULL;
        snprintf(path, sizeof path, "%s/mimic-cxr/files/p%.2s/p%.8s/s%.8s/%.44s.dcm", folder,
                 f[1].at, f[1].at, f[2].at, f[0].at);
        if (!hl_file_exists(path)) {
            without++;
            continue;
        }
        ok(hl_in_open(path, &in, &err) == HL_OK);
        is_int(hl_dicom_open(in, &d, &err), HL_OK);
        if (d) {
            check_row(d, f);
            is_int(hl_dicom_n_warnings(d), 0);
            read++;
        }
        hl_dicom_close(&d);
        hl_in_close(&in);
    }
    ok(read > 12 && without > 0);
    hl_csv_close(&csv);
    hl_remove_tree(folder, NULL);
}

static void the_record_list_names_every_dicom_file_once(void)
{
    static const char *const want[] = {"path"};
    const char *folder = temp_folder();
    hl_error err = {0};
    hl_names names = {0};
    hl_field f[1];
    size_t n = 0;
    is_int(make_films(folder, 10, 2, HL_SYNTH_DICOM, &err), HL_OK);
    ok(hl_list_tree(path_in(folder, "mimic-cxr/files"), &names, &err) == HL_OK);
    hl_csv *csv = open_table(path_in(folder, "mimic-cxr/cxr-record-list.csv.gz"), want, 1);
    while (csv && hl_csv_next(csv, f, &err) == HL_OK) {
        ok(n < names.n && f[0].n > 6 &&
           hl_str_is((hl_str){f[0].at + 6, f[0].n - 6}, names.name[n]));
        n++;
    }
    is_int(n, names.n);
    ok(n > 10);
    hl_csv_close(&csv);
    hl_names_free(&names);
    hl_remove_tree(folder, NULL);
}

/* Finds films of the plan with each fault and in each syntax, without drawing the others. */
static bool find_film(const hl_synth_plan *plan, hl_synth_subject *s, hl_synth_fault fault,
                      const char *uid, int *film)
{
    for (int64_t i = 0; i < plan->n_patients; i++) {
        hl_synth_plan_subject(plan, i, s);
        for (*film = 0; *film < s->n_films; ++*film) {
            const hl_synth_storage g = hl_synth_storage_of(plan, s, *film);
            if (s->film[*film].has_file && g.fault == fault &&
                (!uid || !strcmp(g.syntax->uid, uid)))
                return true;
        }
    }
    return false;
}

/* A picture of the film's size whose values are easy to tell: 65536 of them from black to white. */
static hl_synth_picture ramp(hl_arena *arena, const hl_synth_film *f)
{
    hl_synth_picture p = {.width = f->width, .height = f->height};
    const int64_t n = (int64_t)p.width * p.height;
    p.px = hl_arena_alloc(arena, (size_t)n * 2);
    for (int64_t i = 0; i < n; i++)
        p.px[i] = (uint16_t)(i * 65535 / (n - 1));
    return p;
}

static void every_syntax_holds_what_was_drawn(void)
{
    static const char *const uid[] = {"", ".1", ".1.99", ".2", ".5", ".4.70", ".4.80", ".4.90"};
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    hl_arena *arena = hl_arena_new(0);
    hl_error err = {0};
    ok(hl_synth_plan_new(1, 400, HL_SYNTH_FILMS_SMALL, &plan, NULL) == HL_OK);
    for (size_t u = 0; u < sizeof uid / sizeof *uid; u++) {
        char name[64];
        int i = 0;
        hl_buf file = {0};
        hl_dicom *d = NULL;
        hl_pixels pixels;
        hl_frame frame;
        snprintf(name, sizeof name, "1.2.840.10008.1.2%s", uid[u]);
        hl_arena_reset(arena);
        ok(find_film(&plan, s, HL_FAULT_NONE, name, &i));
        hl_synth_picture picture = ramp(arena, &s->film[i]);
        const hl_synth_storage g = hl_synth_storage_of(&plan, s, i);
        is_int(hl_synth_film_dicom(&plan, s, i, &picture, arena, &file, &err), HL_OK);
        is_int(hl_dicom_memory(file.at, file.n, "film.dcm", &d, &err), HL_OK);
        is_int(hl_pixels_describe(d, &pixels, &err), HL_OK);
        is_int(hl_pixels_frame(d, &pixels, 0, arena, hl_cpu_level(0), &frame, &err), HL_OK);
        is_int(hl_frame_values(&frame, arena, &frame, &err), HL_OK);
        is_int(pixels.bits_stored, g.bits);
        is_str(pixels.photometric, g.monochrome1 ? "MONOCHROME1" : "MONOCHROME2");
        int64_t wrong = 0, n = (int64_t)picture.width * picture.height;
        for (int64_t k = 0; k < n; k++) {
            const int v =
                frame.bits == 8 ? ((const uint8_t *)frame.px)[k] : ((const uint16_t *)frame.px)[k];
            const int up = (int)(picture.px[k] * (uint32_t)(g.highest - g.lowest + 1) >> 16);
            wrong += v != (g.monochrome1 ? g.highest - up : g.lowest + up);
        }
        is_int(wrong, 0);
        hl_dicom_close(&d);
        hl_buf_free(&file);
    }
    hl_arena_free(&arena);
    hl_synth_plan_free(&plan);
    free(s);
}

static void planted_faults_are_in_the_files(void)
{
    hl_synth_plan plan;
    hl_synth_subject *s = malloc(sizeof *s);
    hl_arena *arena = hl_arena_new(0);
    ok(hl_synth_plan_new(1, 2000, HL_SYNTH_FILMS_SMALL, &plan, NULL) == HL_OK);
    for (int fault = 1; fault < HL_FAULTS; fault++) {
        int i = 0;
        hl_error err = {0};
        hl_buf file = {0};
        hl_dicom *d = NULL;
        hl_pixels pixels = {0};
        hl_arena_reset(arena);
        ok(find_film(&plan, s, (hl_synth_fault)fault, NULL, &i));
        hl_synth_picture picture = ramp(arena, &s->film[i]), plain = ramp(arena, &s->film[i]);
        is_int(hl_synth_film_dicom(&plan, s, i, &picture, arena, &file, &err), HL_OK);
        hl_code c = hl_dicom_memory(file.at, file.n, "film.dcm", &d, &err);
        if (c == HL_OK)
            c = hl_pixels_describe(d, &pixels, &err);
        const bool drawn =
            memcmp(picture.px, plain.px, (size_t)plain.width * (size_t)plain.height * 2) != 0;
        ok(drawn == (fault == HL_FAULT_TEXT));
        ok((c != HL_OK) == (fault == HL_FAULT_CUT));
        if (c == HL_OK) {
            ok((hl_dicom_get(d, HL_TAG_PatientName) != NULL) == (fault == HL_FAULT_NAME));
            is_int(pixels.n_frames, fault == HL_FAULT_TWO_FRAMES ? 2 : 1);
        }
        hl_dicom_close(&d);
        hl_buf_free(&file);
    }
    hl_arena_free(&arena);
    hl_synth_plan_free(&plan);
    free(s);
}

static void text_is_drawn_in_dots_and_cut_at_the_edges(void)
{
    static uint16_t px[9 * 12];
    static const char *const want[9] = {"            ", "            ", " 11111  111 ",
                                        "   1     1  ", "   1     1  ", "   1     1  ",
                                        "   1     1  ", "   1     1  ", "   1    111 "};
    hl_synth_picture m = {.width = 12, .height = 9, .px = px};
    hl_synth_text_draw(&m, 1, 2, 1, "TI 0", 1);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 12; x++)
            ok(px[y * 12 + x] == (want[y][x] == '1'));
    hl_synth_text_draw(&m, -2, -4, 3, "PATIENT 0123456789", 2);
    is_int(px[0], 2);
}

static void a_folder_that_holds_something_is_refused(void)
{
    const char *folder = temp_folder();
    hl_synth_counts n;
    hl_error err = {0};
    ok(hl_write_file(path_in(folder, "notes.txt"), "x", 1, NULL, NULL) == HL_OK);
    is_int(make(folder, 2, 0, 1, 0, HL_SYNTH_FILMS_NONE, &n, &err), HL_E_USAGE);
    like(err.message, "holds something else: notes.txt");
    hl_remove_tree(folder, NULL);
}

static void fewer_rows_than_the_patients_have_are_refused(void)
{
    const char *folder = temp_folder();
    hl_synth_counts n;
    hl_error err = {0};
    is_int(make(folder, 5, 0, 1, 10, HL_SYNTH_FILMS_NONE, &n, &err), HL_E_USAGE);
    like(err.message, "--labevents-rows 10: these patients have ");
    ok(!hl_file_exists(path_in(folder, "README.txt")));
    hl_remove_tree(folder, NULL);
}

static void a_cancelled_run_stops(void)
{
    const char *folder = temp_folder();
    hl_ctl ctl = {.jobs = 2, .cancel = 1};
    hl_synth_options o = {.folder = folder, .n_patients = 50};
    hl_synth_counts n;
    hl_error err = {0};
    is_int(hl_synth_run(&o, &ctl, &n, &err), HL_E_STOPPED);
    ok(!hl_file_exists(path_in(folder, "README.txt")));
    hl_remove_tree(folder, NULL);
}

static void planted_says_which_admissions_must_qualify(void)
{
    static const char *const want[] = {"hadm_id", "usable", "a1", "b1", "c1"};
    const char *folder = temp_folder();
    hl_synth_counts n;
    hl_error err = {0};
    is_int(make(folder, 300, 8, 2, 0, HL_SYNTH_FILMS_NONE, &n, &err), HL_OK);
    hl_csv *csv = open_table(path_in(folder, "planted.csv"), want, 5);
    hl_field f[5];
    int64_t usable = 0, rows = 0;
    while (csv && hl_csv_next(csv, f, &err) == HL_OK) {
        rows++;
        usable += hl_str_is(hl_field_str(f[1]), "1");
        ok((f[2].at[0] != f[3].at[0]) == (f[4].at[0] == '1'));
    }
    is_int(rows, n.admissions);
    is_int(usable, n.usable);
    ok(usable * 100 > rows * 45 && usable * 100 < rows * 70);
    hl_csv_close(&csv);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    run(exp_sin_and_cos_are_exact_enough);
    run(normal_draws_have_mean_0_and_sd_1);
    run(a_deck_deals_every_card_once);
    run(the_rates_of_every_list_of_cases_add_up_to_100);
    run(the_first_50_items_are_the_recipe_and_ids_are_unique);
    run(a_plan_is_sound_and_its_ids_are_unique);
    run(any_two_modalities_are_independent);
    run(limb_leads_obey_einthoven);
    run(films_show_heart_opacity_and_inflation);
    run(the_bytes_do_not_depend_on_threads);
    run(the_plan_of_seed_1_stays_what_it_is);
    run(pictures_of_seed_1_are_equal_on_every_machine);
    run(lab_rows_are_in_order_and_as_many_as_asked_for);
    run(records_and_films_read_back);
    run(the_jpeg_films_do_not_depend_on_the_dicom_films);
    run(the_dicom_films_say_what_the_metadata_table_says);
    run(the_record_list_names_every_dicom_file_once);
    run(every_syntax_holds_what_was_drawn);
    run(planted_faults_are_in_the_files);
    run(text_is_drawn_in_dots_and_cut_at_the_edges);
    run(a_folder_that_holds_something_is_refused);
    run(fewer_rows_than_the_patients_have_are_refused);
    run(a_cancelled_run_stops);
    run(planted_says_which_admissions_must_qualify);
    return done();
}
