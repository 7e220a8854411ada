#include "tap.h"

#include "base/base64.h"
#include "base/io.h"
#include "base/rng.h"
#include "view/draw_chart.h"
#include "view/draw_ecg.h"
#include "base/html.h"
#include "view/scorecard.h"

/* --- text and numbers ----------------------------------------------------------------------- */

static const char *base64_of(hl_buf *to, const char *text)
{
    hl_buf_clear(to);
    hl_base64_put(to, text, strlen(text));
    return to->n ? to->at : "";
}

static void base64_gives_the_vectors_of_RFC_4648(void)
{
    hl_buf b = {0};

    is_str(base64_of(&b, ""), "");
    is_str(base64_of(&b, "f"), "Zg==");
    is_str(base64_of(&b, "fo"), "Zm8=");
    is_str(base64_of(&b, "foo"), "Zm9v");
    is_str(base64_of(&b, "foobar"), "Zm9vYmFy");
    is_str(base64_of(&b, "\xff\xfe\xfd"), "//79");
    hl_buf_free(&b);
}

static const char *html_of(hl_buf *to, hl_str text)
{
    hl_buf_clear(to);
    hl_html_text(to, text);
    return to->at;
}

static void markup_and_odd_characters_of_a_file_are_shown_not_obeyed(void)
{
    hl_buf b = {0};

    is_str(html_of(&b, hl_str_of("<script>&\"'")), "&lt;script&gt;&amp;&quot;&#39;");
    is_str(html_of(&b, hl_str_of("a\xe2\x80\xae"
                                 "b")),
           "a<span class=\"cp\">U+202E</span>b");
    is_str(html_of(&b, hl_str_of("\x1b[m")), "<span class=\"cp\">U+001B</span>[m");
    is_str(html_of(&b, hl_str_of("caf\xc3\xa9 \xe2\x89\xa5 \xf0\x9f\xa9\xba")),
           "caf\xc3\xa9 \xe2\x89\xa5 \xf0\x9f\xa9\xba");
    is_str(html_of(&b, (hl_str){"x\xe2\x80", 3}), "x\xef\xbf\xbd\xef\xbf\xbd");
    hl_buf_clear(&b);
    hl_html_attr(&b, hl_str_of("\"\xe2\x80\xae"));
    is_str(b.at, "&quot;[U+202E]");
    hl_buf_free(&b);
}

static void numbers_have_separators_and_three_digits(void)
{
    hl_buf b = {0};
    static const struct {
        double v;
        const char *text;
    } is[] = {{364, "364"},
              {36.4, "36.4"},
              {3.77, "3.77"},
              {0.5, "0.5"},
              {1, "1"},
              {-2.4, "−2.4"},
              {0, "0"},
              {1234567, "1,234,567"},
              {12345.6, "12,346"},
              {0.01234, "0.0123"},
              {-0.00001, "0"},
              {NAN, "–"},
              {1e300, "–"}};

    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        hl_buf_clear(&b);
        hl_html_number(&b, is[i].v);
        is_str(b.at, is[i].text);
    }
    hl_buf_clear(&b);
    hl_html_count(&b, 11622);
    hl_html_share(&b, 1, 1000);
    hl_html_share(&b, 999, 1000);
    hl_html_share(&b, 0, 0);
    is_str(b.at, "11,622&lt; 1\xc2\xa0%&gt; 99\xc2\xa0%–");
    hl_buf_clear(&b);
    hl_svg_number(&b, 12.345);
    hl_buf_char(&b, ' ');
    hl_svg_number(&b, -0.5);
    hl_buf_char(&b, ' ');
    hl_svg_number(&b, 3.05);
    is_str(b.at, "12.35 -0.5 3.05");
    hl_buf_free(&b);
}

/* --- charts --------------------------------------------------------------------------------- */

static void quantiles_lie_between_neighbours(void)
{
    double v[] = {4, 1, 3, 2};
    hl_quantiles q;

    is_int(hl_quantiles_of(v, 4, &q, NULL), HL_OK);
    ok(q.min == 1 && q.max == 4 && q.p50 == 2.5 && q.p25 == 1.75);
    is_int(hl_quantiles_of(v, 0, &q, NULL), HL_OK);
    is_int(q.n, 0);
    is_int(hl_quantiles_decimals(&(hl_quantiles){.p25 = 0.9, .p50 = 1.2, .p75 = 1.5}), 1);
    is_int(hl_quantiles_decimals(&(hl_quantiles){.p25 = 156, .p50 = 215.5, .p75 = 277}), 0);
    is_int(hl_quantiles_decimals(&(hl_quantiles){.p25 = 7.23, .p50 = 7.36, .p75 = 7.5}), 2);
    is_int(hl_quantiles_decimals(&(hl_quantiles){.p25 = 0.25, .p50 = 0.25, .p75 = 0.25}), 2);
}

static void a_histogram_holds_every_value_once(void)
{
    static const double width[] = {1, 2, 6};
    const double v[] = {-24, -24, -1, 0, 0, 1.5, 24};
    hl_arena *arena = hl_arena_new(0);
    hl_histogram h;

    for (int side = 0; side < 2; side++) {
        int64_t sum = 0;
        is_int(hl_histogram_of(arena, v, 7, width, 3, 24, (hl_bins_side)side, &h, NULL), HL_OK);
        for (size_t i = 0; i < h.n_bins; i++)
            sum += h.count[i];
        is_int(sum, 7);
        ok(h.low == -24 && h.width == 2 && h.n_bins == 24);
        is_int(h.count[0], 2);
        is_int(h.count[23], 1);
        is_int(h.count[side ? 11 : 12], 3);
    }
    const double same[] = {72, 72};
    is_int(hl_histogram_of(arena, same, 2, width, 3, 24, HL_BINS_CLOSED_RIGHT, &h, NULL), HL_OK);
    ok(h.n_bins == 1 && h.low == 71 && h.count[0] == 2);
    const double far[] = {0, 1e12};
    is_int(hl_histogram_of(arena, far, 2, width, 3, 24, HL_BINS_CLOSED_LEFT, &h, NULL), HL_OK);
    ok(h.n_bins <= 24);
    const double huge[] = {1e300, 1e300};
    is_int(hl_histogram_of(arena, huge, 2, width, 3, 24, HL_BINS_CLOSED_LEFT, &h, NULL), HL_OK);
    ok(h.n_bins == 1 && h.low + h.width > h.low);
    hl_buf svg = {0};
    hl_draw_histogram(&svg, &h, hl_str_of("x"), width, 3, NULL);
    like(svg.at, "</svg>");
    hl_buf_free(&svg);
    hl_arena_free(&arena);
}

static void a_simplified_curve_stays_within_its_tolerance(void)
{
    enum { N = 3000 };
    static int32_t x[N], y[N];
    static size_t keep[N];

    for (int round = 0; round < 20; round++) {
        hl_rng rng = hl_rng_of(7, "curve", (uint64_t)round);
        int32_t at = 0, worst = 0;
        for (int i = 0; i < N; i++) {
            at += (int32_t)hl_rng_below(&rng, 2 * (uint64_t)round + 3) - round - 1;
            x[i] = i;
            y[i] = at;
        }
        const size_t n = hl_simplify(x, y, N, 2, keep);
        ok(n >= 2 && keep[0] == 0 && keep[n - 1] == N - 1);
        for (size_t k = 0; k + 1 < n; k++)
            for (size_t i = keep[k]; i <= keep[k + 1]; i++) {
                double on = y[keep[k]] + (double)(y[keep[k + 1]] - y[keep[k]]) *
                                             (double)(i - keep[k]) /
                                             (double)(keep[k + 1] - keep[k]);
                if (fabs(on - y[i]) > 2 + 1e-9)
                    worst++;
            }
        is_int(worst, 0);
    }
    is_int(hl_simplify(x, y, 0, 2, keep), 0);
    is_int(hl_simplify(x, y, 1, 2, keep), 1);
    for (int i = 0; i < N; i++)
        y[i] = 3 * i;
    is_int(hl_simplify(x, y, N, 0, keep), 2);
}

/* --- ECG paper ------------------------------------------------------------------------------ */

/* aVF before aVL, as in MIMIC-IV-ECG. */
static const char *const leads[12] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                      "V1", "V2", "V3",  "V4",  "V5",  "V6"};

/* A record in which lead k is a square wave of (k + 1) x 0.1 mV. */
static hl_wfdb_record square_waves(hl_wfdb_signal signal[12], int16_t *sample, double gain,
                                   int scale)
{
    hl_wfdb_record r = {.header = {.name = "x", .n_signals = 12, .rate_hz = 500, .signal = signal},
                        .n_samples = 5000,
                        .sample = sample};

    for (int k = 0; k < 12; k++)
        signal[k] = (hl_wfdb_signal){.gain = gain, .units = "mV", .description = leads[k]};
    for (int i = 0; i < 5000; i++)
        for (int k = 0; k < 12; k++)
            sample[i * 12 + k] = (int16_t)((i / 100) % 2 ? 20 * (k + 1) * scale : 0);
    return r;
}

static int count_of(const char *text, const char *part)
{
    int n = 0;

    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void each_lead_is_drawn_once_and_II_again_below(void)
{
    static int16_t sample[60000];
    hl_wfdb_signal signal[12];
    hl_wfdb_record r = square_waves(signal, sample, 200, 1);
    hl_buf svg = {0};

    is_int(hl_draw_ecg(&svg, &r, hl_str_of("an ECG"), NULL), HL_OK);
    for (int k = 0; k < 12; k++) {
        char name[32];
        snprintf(name, sizeof name, ">%s<tspan", leads[k]);
        is_int(count_of(svg.at, name), strcmp(leads[k], "II") == 0 ? 2 : 1);
    }
    is_int(count_of(svg.at, "class=\"trace\""), 4 + 12 + 1);
    like(svg.at, "25 mm/s   10 mm/mV");
    like(svg.at, "h40v-200h100v200h20"); /* the pulse: 10 mm high, 5 mm wide */
    /* Names decide, not places: aVL is signal 5, 6 x 0.1 mV, so its first edge is 120 units high.
     */
    const char *end = strstr(svg.at, ">aVL<tspan"), *path = NULL;
    for (const char *p = svg.at; end && (p = strstr(p, "<path class=\"trace\"")) && p < end; p++)
        path = p;
    const char *edge = path ? strstr(path, "-120") : NULL;
    const char *other = path ? strstr(path, "120") : NULL;
    ok((edge && edge < end) || (other && other < end));
    hl_buf_free(&svg);
}

static void gain_and_unit_do_not_change_the_picture(void)
{
    static int16_t a[60000], b[60000], c[60000];
    hl_wfdb_signal sa[12], sb[12], sc[12];
    hl_wfdb_record ra = square_waves(sa, a, 200, 1), rb = square_waves(sb, b, 1000, 5);
    hl_wfdb_record rc = square_waves(sc, c, 0.2, 1);
    hl_buf svg[3] = {{0}};

    for (int k = 0; k < 12; k++)
        sc[k].units = "uV";
    is_int(hl_draw_ecg(&svg[0], &ra, hl_str_of("x"), NULL), HL_OK);
    is_int(hl_draw_ecg(&svg[1], &rb, hl_str_of("x"), NULL), HL_OK);
    is_int(hl_draw_ecg(&svg[2], &rc, hl_str_of("x"), NULL), HL_OK);
    is_str(svg[1].at, svg[0].at);
    is_str(svg[2].at, svg[0].at);
    for (int i = 0; i < 3; i++)
        hl_buf_free(&svg[i]);
}

static void absent_flat_and_invalid_leads_say_so(void)
{
    static int16_t sample[60000];
    hl_wfdb_signal signal[12];
    hl_wfdb_record r = square_waves(signal, sample, 200, 1);
    hl_buf svg = {0};
    hl_error err = {0};

    signal[6].description = "V7";
    signal[7].units = "mmHg";
    for (int i = 0; i < 5000; i++) {
        sample[i * 12 + 8] = 7;
        sample[i * 12 + 9] = INT16_MIN;
        if (i >= 600 && i < 700)
            sample[i * 12] = INT16_MIN;
    }
    is_int(hl_draw_ecg(&svg, &r, hl_str_of("x"), NULL), HL_OK);
    like(svg.at, ">V1<tspan class=\"note\"> absent");
    like(svg.at, ">V2<tspan class=\"note\"> not in mV");
    like(svg.at, ">V3<tspan class=\"note\"> flat");
    like(svg.at, ">V4<tspan class=\"note\"> no valid sample");
    signal[0].gain = 1e-310;
    for (int i = 0; i < 3; i++) {
        static const double odd_rates[] = {1e-300, 1e300, 1e5};
        r.header.rate_hz = odd_rates[i];
        is_int(hl_draw_ecg(&svg, &r, hl_str_of("x"), NULL), HL_OK);
    }
    r.header.rate_hz = 0;
    is_int(hl_draw_ecg(&svg, &r, hl_str_of("x"), &err), HL_E_INPUT);
    like(err.message, "0 samples a second");
    hl_buf_free(&svg);
}

/* --- a whole page --------------------------------------------------------------------------- */

static const char cohort_csv[] =
    "subject_id,hadm_id,admittime,admission_type,race,gender,age,cxr_ViewPosition,cxr_"
    "StudyDateTime,"
    "cxr_path,study_id,Edema,No Finding,ecg_time,ecg_path,51221,50912\n"
    "11,101,2150-01-01 10:00:00,URGENT,WHITE,F,70,AP,2150-01-02 11:00:00,files/a.jpg,1,1.0,,"
    "2150-01-01 08:00:00,files/a,36.4,1.0\n"
    "12,102,2150-01-01 10:00:00,URGENT,<b>,M,60,PA,2150-01-04 10:00:00,files/b.jpg,2,-1.0,,"
    "2150-01-01 12:30:00,files/b,30.1,\n"
    "13,103,2150-01-01 10:00:00,EW EMER.,,F,50,AP,2150-01-03 10:00:00,files/c.jpg,3,0.0,1.0,"
    "2150-01-02 10:00:00,files/c,40.0,2.5\n"
    "11,104,2150-05-01 10:00:00,EW EMER.,WHITE,F,70,AP,2150-05-02 12:00:00,files/d.jpg,4,,1.0,"
    "2150-05-01 10:00:00,files/d,,0.7\n";

static const char manifest_json[] =
    "{\"manifest\":1,\"program\":{\"name\":\"hilum\",\"version\":\"0.1.0\",\"compat\":null},"
    "\"job\":{\"command\":\"cohort build\",\"options\":{\"train-n\":2}},"
    "\"recipe\":{\"name\":\"little\",\"sha256\":\"00\",\"content\":{\"title\":\"Little: x\","
    "\"labs\":{\"items\":[{\"itemid\":51221,\"label\":\"Hematocrit <i>\"}]}}},"
    "\"inputs\":[{\"role\":\"ecg\",\"kind\":\"mimic-iv-ecg\",\"read\":{\"files\":3,\"bytes\":12345,"
    "\"tree_sha256\":\"ab\"}}],"
    "\"counts\":{\"failed\":0,\"funnel\":[{\"rule\":\"admissions\",\"left\":9},"
    "{\"rule\":\"film > 24 h\",\"left\":4}]},"
    "\"splits\":[{\"name\":\"train\",\"rows\":2,\"subjects\":1}],\"complete\":true}";

static void put(const char *folder, const char *name, const char *text, hl_buf *sums)
{
    char path[HL_PATH_BYTES], hex[HL_HEX_CHARS];
    hl_digest digest;

    hl_path_join(folder, name, path, NULL);
    is_int(hl_write_file(path, text, strlen(text), &digest, NULL), HL_OK);
    if (sums)
        hl_buf_printf(sums, "%s %s\n", hl_digest_hex(&digest, hex), name);
}

/* A cohort of four admissions, train 2, val 1, test 1. */
static const char *little_cohort(void)
{
    const char *folder = temp_folder();
    hl_buf sums = {0};

    put(folder, "symile_mimic_data.csv", cohort_csv, &sums);
    put(folder, "train.csv", "subject_id,hadm_id,Edema\n11,104,\n11,101,1.0\n", &sums);
    put(folder, "val.csv", "subject_id,hadm_id\n12,102\n", &sums);
    put(folder, "test.csv", "subject_id,hadm_id,label_hadm_id,label\n13,103,103,1\n12,102,103,0\n",
        &sums);
    put(folder, "errors.csv", "item,code,message\n", &sums);
    put(folder, "SHA256SUMS.txt", sums.at, NULL);
    put(folder, "manifest.json", manifest_json, NULL);
    hl_buf_free(&sums);
    return folder;
}

static hl_code page_of(const char *folder, hl_buf *page, hl_scorecard_summary *summary,
                       hl_error *err)
{
    const hl_scorecard_options options = {.cohort = folder, .cpu = hl_cpu_level(0)};

    hl_buf_clear(page);
    return hl_scorecard(&options, NULL, page, summary, err);
}

static void a_page_says_what_the_folder_holds(void)
{
    const char *folder = little_cohort();
    hl_scorecard_summary s;
    hl_buf page = {0};
    hl_error err = {0};

    is_int(page_of(folder, &page, &s, &err), HL_OK);
    is_int(s.rows, 4);
    is_int(s.patients, 3);
    is_int(s.failed_checks, 0);
    ok(s.checks >= 6);
    like(page.at, "<h1>Little</h1>");
    like(page.at,
         "4 admissions of 3 patients, each with a chest film, a 12-lead ECG and laboratory "
         "values.");
    like(page.at, "film &gt; 24 h");
    like(page.at, "−5");
    like(page.at, "&lt;b&gt;");
    like(page.at, "Hematocrit &lt;i&gt;");
    like(page.at, "<b aria-hidden=\"true\">✓</b> Complete.");
    like(page.at, "12,345");
    like(page.at, "sha256sum -c SHA256SUMS.txt");
    ok(strstr(page.at, "<b>,") == NULL);
    hl_buf_free(&page);
    hl_remove_tree(folder, NULL);
}

static void a_page_is_self_contained_and_tells_nothing_of_the_machine(void)
{
    const char *a = little_cohort(), *b = little_cohort();
    hl_scorecard_summary s;
    hl_buf one = {0}, two = {0};

    is_int(page_of(a, &one, &s, NULL), HL_OK);
    is_int(page_of(b, &two, &s, NULL), HL_OK);
    is_int(one.n, two.n);
    ok(one.n == two.n && memcmp(one.at, two.at, one.n) == 0);
    ok(strstr(one.at, a) == NULL);
    ok(strstr(one.at, "://") == NULL);
    ok(strstr(one.at, "<script") == NULL);
    ok(strstr(one.at, "<link") == NULL);
    ok(hl_utf8_fault(one.at, one.n) < 0);
    hl_buf_free(&one);
    hl_buf_free(&two);
    hl_remove_tree(a, NULL);
    hl_remove_tree(b, NULL);
}

static void a_table_changed_later_is_seen(void)
{
    const char *folder = little_cohort();
    hl_scorecard_summary s;
    hl_buf page = {0};

    put(folder, "val.csv", "subject_id,hadm_id\n13,103\n", NULL);
    is_int(page_of(folder, &page, &s, NULL), HL_OK);
    is_int(s.failed_checks, 2);
    like(page.at, "val.csv was changed after it was made");
    like(page.at, "No patient is in two splits<small>1 are</small>");
    hl_buf_free(&page);
    hl_remove_tree(folder, NULL);
}

static void a_folder_without_a_manifest_is_shown_unproven(void)
{
    const char *folder = temp_folder();
    hl_scorecard_summary s;
    hl_buf page = {0};

    put(folder, "symile_mimic_data.csv", cohort_csv, NULL);
    is_int(page_of(folder, &page, &s, NULL), HL_OK);
    like(page.at, "No manifest.json: not proven.");
    like(page.at, ">51221<");
    ok(strstr(page.at, "id=\"splits\"") == NULL);
    put(folder, "symile_mimic_data.csv", "subject_id,hadm_id\n", NULL);
    is_int(page_of(folder, &page, &s, NULL), HL_OK);
    is_int(s.rows, 0);
    hl_buf_free(&page);
    hl_remove_tree(folder, NULL);
}

static void bad_folders_and_tables_are_named(void)
{
    const char *folder = temp_folder();
    hl_scorecard_summary s;
    hl_buf page = {0};
    hl_error err = {0};

    is_int(page_of("/nowhere/at/all", &page, &s, &err), HL_E_INPUT);
    like(err.message, "/nowhere/at/all: no such folder");
    is_int(page_of(folder, &page, &s, &err), HL_E_INPUT);
    like(err.message, "symile_mimic_data.csv");
    put(folder, "symile_mimic_data.csv", "subject_id,admittime\n1,2150-01-01\n", NULL);
    is_int(page_of(folder, &page, &s, &err), HL_E_INPUT);
    like(err.message, "no column 'hadm_id'");
    put(folder, "symile_mimic_data.csv",
        "subject_id,hadm_id,admittime,ecg_time\n1,2,2150-01-01,2150-13-01\n", NULL);
    is_int(page_of(folder, &page, &s, &err), HL_E_INPUT);
    like(err.message, "data row 1, column ecg_time: '2150-13-01' is no date");
    put(folder, "manifest.json", "[1]", NULL);
    is_int(page_of(folder, &page, &s, &err), HL_E_INPUT);
    like(err.message, "is no JSON object");
    hl_buf_free(&page);
    hl_remove_tree(folder, NULL);
}

static void samples_that_cannot_be_read_say_so(void)
{
    const char *folder = little_cohort();
    const hl_scorecard_options options = {
        .cohort = folder, .cxr = folder, .ecg = folder, .cpu = hl_cpu_level(0)};
    hl_scorecard_summary s;
    hl_buf page = {0};
    hl_error err = {0};

    is_int(hl_scorecard(&options, NULL, &page, &s, &err), HL_OK);
    is_int(s.unreadable, 8);
    like(page.at, "The film could not be read.");
    like(page.at, "The ECG could not be read.");
    like(page.at, "<h3>Admission 104</h3>");
    like(page.at, "Film AP, 26.0 h after admission");
    ok(strstr(page.at, folder) == NULL);
    hl_buf_free(&page);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    run(base64_gives_the_vectors_of_RFC_4648);
    run(markup_and_odd_characters_of_a_file_are_shown_not_obeyed);
    run(numbers_have_separators_and_three_digits);
    run(quantiles_lie_between_neighbours);
    run(a_histogram_holds_every_value_once);
    run(a_simplified_curve_stays_within_its_tolerance);
    run(each_lead_is_drawn_once_and_II_again_below);
    run(gain_and_unit_do_not_change_the_picture);
    run(absent_flat_and_invalid_leads_say_so);
    run(a_page_says_what_the_folder_holds);
    run(a_page_is_self_contained_and_tells_nothing_of_the_machine);
    run(a_table_changed_later_is_seen);
    run(a_folder_without_a_manifest_is_shown_unproven);
    run(bad_folders_and_tables_are_named);
    run(samples_that_cannot_be_read_say_so);
    return done();
}
