#include "tap.h"

#include "base/io.h"
#include "base/rng.h"
#include "format/wfdb/annotation.h"
#include "view/ecg_paper.h"
#include "view/wave_strip_internal.h"

/* --- records made for a test ------------------------------------------------------------------ */

static const char *folder;

static const char *path_of(const char *name)
{
    static char path[4][300];
    static int turn;
    char *p = path[turn++ % 4];

    snprintf(p, 300, "%s/%s", folder, name);
    return p;
}

static void write_text(const char *name, const char *text)
{
    ok(hl_write_file(path_of(name), text, strlen(text), NULL, NULL) == HL_OK);
}

/* Format 16, interleaved. */
static void write_samples(const char *name, const int16_t *v, size_t n)
{
    ok(hl_write_file(path_of(name), v, n * sizeof *v, NULL, NULL) == HL_OK);
}

static hl_wave *open_record(const char *name)
{
    hl_wave *wave = NULL;
    hl_error err = {0};

    if (hl_wave_open(path_of(name), NULL, &wave, &err) != HL_OK)
        tap_check(false, __FILE__, __LINE__, "%s", err.message);
    return wave;
}

/* One lead in mV, 250 Hz, 200 adu a mV. */
static hl_wave *one_lead(const int16_t *v, size_t n)
{
    char head[200];

    snprintf(head, sizeof head, "r 1 250 %zu\nr.dat 16 200/mV 12 0 0 0 0 II\n", n);
    write_text("r.hea", head);
    write_samples("r.dat", v, n);
    return open_record("r");
}

/* The layout of a window; err_text gets the message. */
static hl_code lay_out(hl_wave *wave, const hl_strip_options *o, hl_strip_page *page, hl_error *err)
{
    hl_strip_facts facts;

    ok(hl_strip_page_open(page, NULL) == HL_OK);
    return hl_strip_lay_out(wave, o, page, &facts, err);
}

static const char *message_of(hl_wave *wave, hl_strip_options o, hl_code want)
{
    static char text[1024];
    hl_error err = {0};
    hl_strip_page page;

    is_int(lay_out(wave, &o, &page, &err), want);
    hl_strip_page_close(&page);
    memcpy(text, err.message, sizeof text);
    return text;
}

static const char *svg_of(hl_wave *wave, hl_strip_options o, hl_buf *to)
{
    hl_error err = {0};

    hl_buf_clear(to);
    if (hl_strip_svg(wave, &o, to, NULL, &err) != HL_OK)
        tap_check(false, __FILE__, __LINE__, "%s", err.message);
    return to->at ? to->at : "";
}

/* The i-th mark of a kind and a style; NULL behind the last. */
static const hl_strip_mark *mark(const hl_strip_page *page, hl_strip_mark_kind kind, int style,
                                 size_t i)
{
    for (size_t k = 0; k < hl_strip_n_marks(page); k++) {
        const hl_strip_mark *m = hl_strip_mark_at(page, k);
        if (m->kind == (int32_t)kind && (kind == HL_MARK_BAND || m->style == style) && i-- == 0)
            return m;
    }
    return NULL;
}

static const hl_strip_mark *text_mark(const hl_strip_page *page, const char *text, size_t i)
{
    for (size_t k = 0; k < hl_strip_n_marks(page); k++) {
        const hl_strip_mark *m = hl_strip_mark_at(page, k);
        if (m->kind == HL_MARK_TEXT && hl_str_is(m->text, text) && i-- == 0)
            return m;
    }
    return NULL;
}

/* The calibration pulse has six points and stands left of the window. */
static const hl_strip_mark *pulse(const hl_strip_page *page)
{
    const hl_strip_mark *m;

    for (size_t i = 0; (m = mark(page, HL_MARK_LINE, HL_PEN_TRACE, i)) != NULL; i++)
        if (m->n == 6 && hl_strip_points_of(page, m)[0].x < page->paper.x + 10 * HL_MM)
            return m;
    return NULL;
}

/* --- places ----------------------------------------------------------------------------------- */

static void every_sample_is_where_25_mm_a_second_and_10_mm_a_mV_put_it(void)
{
    enum { N = 2500 };
    int16_t v[N];
    hl_strip_page page;
    hl_rng rng = hl_rng_of(1, "strip", 2);

    for (int i = 0; i < N; i++)
        v[i] = (int16_t)((int)hl_rng_below(&rng, 401) - 200);
    v[500] = 1000; /* 5 mV */
    hl_wave *wave = one_lead(v, N);
    is_int(lay_out(wave, &(hl_strip_options){.to = N}, &page, NULL), HL_OK);
    const hl_strip_mark *m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, 0);
    const hl_strip_mark *one_mv = pulse(&page);
    if (ok(m != NULL) && ok(one_mv != NULL)) {
        const hl_strip_point *p = hl_strip_points_of(&page, m);
        const hl_strip_point *q = hl_strip_points_of(&page, one_mv);
        is_int(m->n, N);
        const int32_t base = q[0].y, left = page.paper.x + 10 * HL_MM;
        /* 5 adu are 0.25 mm; the median lies on the base line */
        const int32_t median = v[0] - (base - p[0].y) / 5;
        int wrong = 0;
        for (int i = 0; i < N; i++)
            wrong += p[i].x != left + i * 10 || p[i].y != base - (v[i] - median) * 5;
        is_int(wrong, 0);
        is_int(p[500].x - p[0].x, 50 * HL_MM); /* 2 s */
        is_int(base - p[500].y, (1000 - median) * 5);
        is_int(q[1].y - q[2].y, 10 * HL_MM);            /* 1 mV */
        is_int(q[3].x - q[2].x, 5 * HL_MM);             /* 200 ms */
        is_int((base - page.paper.y) % (5 * HL_MM), 0); /* on a heavy line */
        is_int((left - page.paper.x) % (5 * HL_MM), 0);
    }
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

static void a_gap_is_a_band_and_no_line_crosses_it(void)
{
    enum { N = 2500 };
    int16_t v[N];
    hl_strip_page page;

    for (int i = 0; i < N; i++)
        v[i] = (int16_t)(i >= 1000 && i < 1500 ? INT16_MIN : i % 100);
    v[2000] = INT16_MIN; /* one sample alone */
    hl_wave *wave = one_lead(v, N);
    is_int(lay_out(wave, &(hl_strip_options){.to = N}, &page, NULL), HL_OK);
    const int32_t left = page.paper.x + 10 * HL_MM;
    const hl_strip_mark *m, *band = mark(&page, HL_MARK_BAND, 0, 0);
    const hl_strip_mark *single = mark(&page, HL_MARK_BAND, 0, 1);
    if (ok(band != NULL) && ok(single != NULL)) {
        is_int(band->x, left + 100 * HL_MM);
        is_int(band->w, 50 * HL_MM);
        is_int(single->x, left + 200 * HL_MM);
        is_int(single->w, 10);
        ok(mark(&page, HL_MARK_BAND, 0, 2) == NULL);
    }
    for (size_t i = 0; (m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, i)) != NULL; i++) {
        const hl_strip_point *p = hl_strip_points_of(&page, m);
        for (size_t k = 1; k < m->n; k++) {
            ok(p[k].x < band->x || p[k - 1].x >= band->x + band->w);
            ok(p[k].x < single->x || p[k - 1].x >= single->x + single->w);
        }
    }
    ok(text_mark(&page, "no valid samples", 0) != NULL);
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

static void bands_are_hatched_within_their_edges(void)
{
    const hl_strip_mark band = {.kind = HL_MARK_BAND, .x = 1234, .y = 777, .w = 4321, .h = 1000};
    hl_strip_point line[2];
    int n = 0;

    for (; hl_strip_hatch(&band, n, line); n++)
        for (int i = 0; i < 2; i++) {
            ok(line[i].x >= band.x && line[i].x <= band.x + band.w);
            ok(line[i].y >= band.y && line[i].y <= band.y + band.h);
        }
    ok(n >= (4321 + 1000) / HL_HATCH_STEP - 1);
}

static void a_single_sample_is_a_dot_and_no_sample_is_a_band(void)
{
    int16_t v[3] = {INT16_MIN, 7, INT16_MIN};
    hl_strip_page page;
    hl_buf svg = {0};
    hl_wave *wave = one_lead(v, 3);

    is_int(lay_out(wave, &(hl_strip_options){.to = 3}, &page, NULL), HL_OK);
    const hl_strip_mark *m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, 0);
    if (ok(m != NULL))
        is_int(m->n, 1);
    hl_strip_page_close(&page);
    like(svg_of(wave, (hl_strip_options){.from = 1, .to = 2}, &svg), "h1\"/>");
    is_int(lay_out(wave, &(hl_strip_options){.to = 1}, &page, NULL), HL_OK);
    ok(mark(&page, HL_MARK_LINE, HL_PEN_TRACE, 0) == NULL);
    m = mark(&page, HL_MARK_BAND, 0, 0);
    if (ok(m != NULL))
        is_int(m->w, 10);
    ok(text_mark(&page, "II", 0) != NULL);
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
    hl_buf_free(&svg);
}

static void a_spike_of_one_sample_survives_a_slow_paper(void)
{
    enum { N = 150000 }; /* 600 s at 250 Hz, 1 mm/s: 25 samples a tenth of a mm */
    int16_t *v = calloc(N, sizeof *v);
    hl_strip_page page;

    for (int i = 0; i < N; i++)
        v[i] = (int16_t)(i % 7);
    v[77777] = 2003;
    v[77778] = -1997;
    hl_wave *wave = one_lead(v, N);
    is_int(lay_out(wave, &(hl_strip_options){.to = N, .mm_per_s = 1}, &page, NULL), HL_OK);
    const hl_strip_mark *m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, 0);
    const hl_strip_mark *one_mv = pulse(&page);
    if (ok(m != NULL) && ok(one_mv != NULL)) {
        const hl_strip_point *p = hl_strip_points_of(&page, m);
        const int32_t base = hl_strip_points_of(&page, one_mv)[0].y;
        int32_t top = INT32_MAX, bottom = INT32_MIN;
        ok(m->n <= 4 * 6000 + 4);
        for (size_t i = 0; i < m->n; i++) {
            top = p[i].y < top ? p[i].y : top;
            bottom = p[i].y > bottom ? p[i].y : bottom;
            ok(i == 0 || p[i].x >= p[i - 1].x);
        }
        is_int(top, base - 2000 * 5); /* the median is 3 */
        is_int(bottom, base + 2000 * 5);
    }
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
    free(v);
}

/* --- scales ----------------------------------------------------------------------------------- */

static void a_pressure_s_axis_begins_at_zero_and_tells_the_truth(void)
{
    int16_t v[1000];
    hl_strip_page page;

    for (int i = 0; i < 1000; i++)
        v[i] = (int16_t)((80 + i % 41) * 16 - 1248); /* 80 to 120 mmHg */
    write_text("p.hea", "p 1 125 1000\np.dat 16 16(-1248)/mmHg 12 0 0 0 0 ABP\n");
    write_samples("p.dat", v, 1000);
    hl_wave *wave = open_record("p");
    is_int(lay_out(wave, &(hl_strip_options){.to = 1000}, &page, NULL), HL_OK);
    const hl_strip_mark *zero = text_mark(&page, "0", 0), *hundred = text_mark(&page, "100", 0);
    const hl_strip_mark *name = text_mark(&page, "ABP", 0);
    const hl_strip_mark *m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, 0);
    if (ok(zero && hundred && name && m)) {
        const hl_strip_point *p = hl_strip_points_of(&page, m);
        ok(hl_str_is(name->tail, "50 mmHg/cm"));
        is_int(zero->y - hundred->y, 20 * HL_MM);
        /* sample 20 is 100 mmHg; numbers stand 0.9 mm below their line */
        is_int(p[20].y, hundred->y - 90);
        is_int((p[20].y - page.paper.y) % (5 * HL_MM), 0);
    }
    ok(pulse(&page) == NULL);
    ok(text_mark(&page, "mmHg", 0) != NULL);
    ok(text_mark(&page, "25 mm/s", 0) != NULL); /* no mm/mV: nothing is drawn with it */
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

/* The scale of a made trace. */
static hl_strip_scale scale_of(const char *name, const char *units, double gain, double low,
                               double high)
{
    hl_wave_signal about = {.name = name, .units = units, .gain = gain, .calibrated = 1};
    hl_trace t = {.about = &about,
                  .n_valid = 100,
                  .low = low,
                  .high = high,
                  .median = (low + high) / 2,
                  .p25 = low + (high - low) / 4,
                  .p75 = high - (high - low) / 4,
                  .p005 = low,
                  .p995 = high};
    hl_arena *arena = hl_arena_new(0);
    hl_calibrations list;

    ok(hl_calibrations_shipped(arena, &list, NULL) == HL_OK);
    hl_strip_scale s = hl_strip_scale_of(&t, &list, 10);
    hl_arena_free(&arena);
    return s;
}

static void each_kind_of_signal_has_its_scale(void)
{
    static const struct {
        const char *name, *units;
        double gain, low, high, per_cm;
        bool ecg, axis;
    } is[] = {
        {"II", "mV", 200, -1, 2, 1, true, false},
        {"aVR", "uV", 1, -500, 300, 1000, true, false},
        {"MLII", "mV", 200, -1, 2, 1, true, false},    /* no name of the list */
        {"V5", "uV", 1, -500, 300, 1000, true, false}, /* the list has V in mV alone */
        {"I", "uV", 1, -500, 300, 1000, true, false},  /* and an I of an EEG */
        {"EEG Fp1", "uV", 10, -50, 60, 100, false, false},
        {"PCG", "mV", 10, -900, 900, 10000, false, false},
        {"II", "mV", 1, -100, 200, 100, false, true},      /* a gain that cannot be */
        {"RESP", "mV", 2000, -0.6, 0.7, 0.5, false, true}, /* breathing is no voltage */
        {"ABP", "mmHg", 16, 60, 130, 50, false, true},
        {"ABP", "mmHg", 16, 40, 210, 100, false, true},
        {"CVP", "mmHg", 16, 2, 9, 5, false, true},
        {"CVP", "mmHg", 16, -4, 9, 5, false, true},
        {"Pleth", "NU", 4096, 0.31, 0.88, 0.2, false, true},
        {"Resp", "Ohm", 4093, 0.2, 0.3, 0.05, false, true},
        {"SpO2", "%", 10, 97, 98, 1, false, true},
        {"Pleth", "NU", 4096, 0.5, 0.5, 0.005, false, true}, /* flat: 20 adu a cm */
        {"x", "y", 1e-300, -1e15, 1e15, 1e15, false, true},
        {"x", "y", 1e300, 1e15, 1e15, 0, false, true},
    };

    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        const hl_strip_scale s =
            scale_of(is[i].name, is[i].units, is[i].gain, is[i].low, is[i].high);
        if (is[i].per_cm > 0 && fabs(s.per_mm * 10 - is[i].per_cm) > 1e-9 * is[i].per_cm)
            tap_check(false, __FILE__, __LINE__, "%s in %s: %g a cm", is[i].name, is[i].units,
                      s.per_mm * 10);
        tap_check(s.is_ecg == is[i].ecg && s.has_axis == is[i].axis, __FILE__, __LINE__,
                  "%s in %s: kind", is[i].name, is[i].units);
        ok(s.up_mm > 0 && s.up_mm % 5 == 0 && s.down_mm % 5 == 0 && s.up_mm + s.down_mm <= 60);
        if (s.has_axis) {
            ok(is[i].low >= s.zero - s.per_mm * 0.51);
            ok(is[i].high <= s.zero + s.per_mm * (s.up_mm + 0.51));
        }
    }
}

static void a_flush_of_the_line_does_not_flatten_the_trace(void)
{
    hl_wave_signal about = {.name = "Pleth", .units = "NU", .gain = 4096};
    hl_trace t = {.about = &about,
                  .n_valid = 9,
                  .low = 0,
                  .high = 50,
                  .median = 0.5,
                  .p005 = 0.25,
                  .p995 = 0.8};
    const hl_calibrations none = {0};

    hl_strip_scale s = hl_strip_scale_of(&t, &none, 10);
    ok(s.per_mm * 10 <= 0.5);
}

static const char *number(hl_buf *to, double v, double step)
{
    hl_buf_clear(to);
    hl_strip_axis_number(v, step, to);
    return to->at;
}

static void axis_numbers_have_the_decimals_that_they_need(void)
{
    hl_buf b = {0};

    is_str(number(&b, 150, 50), "150");
    is_str(number(&b, 0.25, 0.25), "0.25");
    is_str(number(&b, -0.5, 0.5), "\xe2\x88\x92"
                                  "0.5");
    is_str(number(&b, 1e-17, 0.1), "0.0");
    is_str(number(&b, 3e12, 1e12), "3e+12");
    is_str(number(&b, 2e-9, 1e-9), "2e-09");
    hl_buf_free(&b);
}

/* --- twelve leads ----------------------------------------------------------------------------- */

/* 12 leads of 500 Hz; lead k is k everywhere but for 100 at one sample in each column. */
static hl_wave *twelve_leads(const char *name, int n, int leave_out)
{
    static const char *const lead[] = {"i",  "II", "III", "AVR", "aVL", "aVF",
                                       "V1", "V2", "V3",  "V4",  "V5",  "V6"};
    char file[40];
    hl_buf head = {0};
    const int n_leads = 12 - (leave_out >= 0);
    int16_t *v = calloc((size_t)n * 12, sizeof *v);

    hl_buf_printf(&head, "%s %d 500 %d\n", name, n_leads, n);
    for (int k = 0; k < 12; k++)
        if (k != leave_out)
            hl_buf_printf(&head, "%s.dat 16 200/mV 16 0 0 0 0 %s\n", name, lead[k]);
    for (int i = 0; i < n * n_leads; i++)
        v[i] = (int16_t)(i % n_leads + (i / n_leads % 1250 == 600 ? 100 : 0));
    snprintf(file, sizeof file, "%s.hea", name);
    write_text(file, head.at);
    snprintf(file, sizeof file, "%s.dat", name);
    write_samples(file, v, (size_t)(n * n_leads));
    hl_buf_free(&head);
    free(v);
    return open_record(name);
}

static void twelve_leads_stand_in_their_cells(void)
{
    hl_strip_page page;
    hl_wave *wave = twelve_leads("t", 5000, -1);

    ok(hl_strip_has_twelve(wave));
    is_int(lay_out(wave, &(hl_strip_options){.to = 5000, .layout = HL_STRIP_TWELVE}, &page, NULL),
           HL_OK);
    const int32_t left = page.paper.x + 10 * HL_MM;
    int n_traces = 0;
    const hl_strip_mark *m;
    for (size_t i = 0; (m = mark(&page, HL_MARK_LINE, HL_PEN_TRACE, i)) != NULL; i++) {
        const hl_strip_point *p = hl_strip_points_of(&page, m);
        if (m->n == 6)
            continue; /* a pulse */
        const int row = n_traces / 4, column = n_traces % 4;
        const int32_t base = page.paper.y + (20 + 30 * row) * HL_MM;
        is_int(m->n, n_traces < 12 ? 1250 : 5000);
        is_int(p[0].x, left + column * 6250);
        is_int(p[0].y, base);
        is_int(p[600].y, base - 500); /* 100 adu = 5 mm */
        is_int(p[600].x, p[0].x + 3000);
        n_traces++;
    }
    is_int(n_traces, 13);
    ok(text_mark(&page, "aVR", 0) && !text_mark(&page, "aVR", 1) && text_mark(&page, "II", 1));
    is_int(text_mark(&page, "V5", 0)->x, left + 3 * 6250 + 100);
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

static void an_absent_lead_says_so(void)
{
    hl_strip_page page;
    hl_wave *wave = twelve_leads("u", 1000, 7);

    ok(!hl_strip_has_twelve(wave));
    is_int(lay_out(wave, &(hl_strip_options){.to = 1000, .layout = HL_STRIP_TWELVE}, &page, NULL),
           HL_OK);
    ok(text_mark(&page, "V2", 0) == NULL); /* 2 s: the first column alone */
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
    wave = twelve_leads("u", 5000, 7);
    is_int(lay_out(wave, &(hl_strip_options){.to = 5000, .layout = HL_STRIP_TWELVE}, &page, NULL),
           HL_OK);
    if (ok(text_mark(&page, "V2", 0) != NULL))
        ok(hl_str_is(text_mark(&page, "V2", 0)->tail, "absent"));
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

/* --- annotations ------------------------------------------------------------------------------ */

static void write_annotations(const char *name, double clock_hz, hl_annotation *a, size_t n)
{
    const hl_annotations file = {.clock_hz = clock_hz, .annotation = a, .n = n};
    hl_buf b = {0};

    ok(hl_annotations_put(&b, &file, NULL) == HL_OK);
    ok(hl_write_file(path_of(name), b.at, b.n, NULL, NULL) == HL_OK);
    hl_buf_free(&b);
}

static hl_wave *two_leads(void)
{
    int16_t v[5000] = {0};

    write_text("a.hea",
               "a 2 250 2500\na.dat 16 200/mV 12 0 0 0 0 II\na.dat 16 200/mV 12 0 0 0 0 V\n");
    write_samples("a.dat", v, 5000);
    return open_record("a");
}

static void annotations_stand_at_their_time_in_the_lane_of_their_signal(void)
{
    hl_annotation a[] = {{.time = 2000, .type = 1},
                         {.time = 3001, .type = 5, .chan = 1},
                         {.time = 4000, .type = 28, .aux = {"(AFIB", 6}},
                         {.time = 5000, .type = 22, .chan = 255, .aux = {"<{2} ** SpO2\n", 13}},
                         {.time = 9999, .type = 1},
                         {.time = 10000, .type = 5}};
    hl_strip_page page;
    hl_wave *wave = two_leads();

    write_annotations("a.ms", 1000, a, 6);
    is_int(
        lay_out(wave, &(hl_strip_options){.from = 250, .to = 2500, .annotator = "ms"}, &page, NULL),
        HL_OK);
    const int32_t left = page.paper.x + 10 * HL_MM;
    const hl_strip_mark *n = text_mark(&page, "N", 0), *v = text_mark(&page, "V", 1);
    const hl_strip_mark *af = text_mark(&page, "(AFIB", 0);
    const hl_strip_mark *alarm = text_mark(&page, "<{2} ** SpO2", 0);
    v = v && v->style == HL_FONT_NOTE ? v : text_mark(&page, "V", 0);
    if (ok(n && v && af && alarm)) {
        is_int(n->x, left + 25 * HL_MM); /* 2 s - 1 s */
        is_int(v->x, left + 5003);       /* 2.001 s, to 0.01 mm */
        is_int(af->x, left + 75 * HL_MM + 60);
        ok(alarm->y < text_mark(&page, "II", 0)->y); /* above all rows */
        ok(n->y > text_mark(&page, "II", 0)->y);
        ok(af->y < n->y);
        ok(v->y > n->y + 20 * HL_MM);
    }
    is_int(text_mark(&page, "N", 1)->x, left + 22498); /* the last within; 10 s is not */
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

static void times_without_a_clock_of_their_own_are_frames(void)
{
    hl_annotation a[] = {{.time = 500, .type = 1}};
    hl_strip_page page;
    hl_wave *wave = two_leads();

    write_annotations("a.fr", 0, a, 1);
    is_int(lay_out(wave, &(hl_strip_options){.to = 2500, .annotator = "fr"}, &page, NULL), HL_OK);
    is_int(text_mark(&page, "N", 0)->x, page.paper.x + 60 * HL_MM);
    hl_strip_page_close(&page);
    like(message_of(wave, (hl_strip_options){.to = 2500, .annotator = "no"}, HL_E_INPUT), "a.no");
    hl_wave_close(&wave);
}

static void crowded_beats_leave_the_odd_ones_named(void)
{
    enum { N = 200 };
    hl_annotation a[N];
    hl_strip_page page;
    hl_wave *wave = two_leads();
    size_t n = 0;

    for (int i = 0; i < N; i++)
        a[i] = (hl_annotation){.time = i * 12, .type = i % 50 == 25 ? 5 : 1};
    write_annotations("a.cr", 0, a, N);
    is_int(lay_out(wave, &(hl_strip_options){.to = 2500, .annotator = "cr"}, &page, NULL), HL_OK);
    for (size_t i = 0; text_mark(&page, "V", i); i++)
        n += text_mark(&page, "V", i)->style == HL_FONT_NOTE;
    is_int(n, 4);
    ok(text_mark(&page, "N", 0) == NULL);
    ok(text_mark(&page, "annotations: cr (196 of 200 without their text)", 0) != NULL);
    for (n = 0; mark(&page, HL_MARK_LINE, HL_PEN_NOTE, n);)
        n++;
    is_int(n, N); /* each has its tick */
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

/* --- words ------------------------------------------------------------------------------------ */

static void the_wall_clock_runs_below_the_paper(void)
{
    int16_t v[2500] = {0};
    hl_strip_page page;

    write_text("c.hea", "c 1 250 2500 23:59:58.5 31/12/2159\nc.dat 16 200/mV 12 0 0 0 0 II\n"
                        "# Doe, Jane 69 F\n# filter 0.05-40 Hz\n"
                        "# signal 0 (II): channel=0 bandpass=[0.5,35] notch=50\n");
    write_samples("c.dat", v, 2500);
    hl_wave *wave = open_record("c");
    is_int(lay_out(wave, &(hl_strip_options){.to = 2500}, &page, NULL), HL_OK);
    const int32_t left = page.paper.x + 10 * HL_MM;
    if (ok(text_mark(&page, "23:59:59", 0) && text_mark(&page, "00:00:00", 0))) {
        is_int(text_mark(&page, "23:59:59", 0)->x, left + 1250);
        is_int(text_mark(&page, "00:00:00", 0)->x, left + 3750);
    }
    ok(text_mark(&page, "2159-12-31 23:59:58.500 \xe2\x80\x93 00:00:08.500 (shifted date)", 0) !=
       NULL);
    ok(text_mark(&page, "0:00 \xe2\x80\x93 0:10 from the start", 0) != NULL);
    ok(text_mark(&page, "25 mm/s   10 mm/mV", 0) != NULL);
    ok(text_mark(&page, "filter 0.05-40 Hz", 0) != NULL);
    ok(hl_str_is(text_mark(&page, "II", 0)->tail, "0.5\xe2\x80\x93"
                                                  "35 Hz   without 50 Hz"));
    for (size_t i = 0; i < hl_strip_n_marks(&page); i++)
        ok(hl_strip_mark_at(&page, i)->kind != HL_MARK_TEXT ||
           !strstr(hl_strip_mark_at(&page, i)->text.at, "Doe"));
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

static void names_of_a_file_are_text_and_not_markup(void)
{
    int16_t v[250] = {0};
    hl_buf svg = {0};

    write_text("m.hea", "m 2 250 125\nm.dat 16 200/<b> 12 0 0 0 0 </text><script>\"&'\n"
                        "m.dat 16 200/mV 12 0 0 0 0 \x80\x1b\xef\xbf\xbf x\n");
    write_samples("m.dat", v, 250);
    hl_wave *wave = open_record("m");
    const char *text = svg_of(wave, (hl_strip_options){.to = 125}, &svg);
    ok(strstr(text, "<script") == NULL && strstr(text, "<b>") == NULL);
    like(text, "&lt;/text&gt;&lt;script&gt;&quot;&amp;&#39;");
    like(text, "? ??? x");
    is_int(hl_utf8_fault(svg.at, svg.n), -1);
    hl_wave_close(&wave);
    hl_buf_free(&svg);
}

static void huge_values_stay_near_the_paper(void)
{
    int32_t v[1000];
    hl_strip_page page;
    hl_buf svg = {0};
    static const char *const units[] = {"mV", "mmHg", "NU"};
    static const char *const gain[] = {"1e-300", "1e300", "0.0001", "1e-9"};

    for (int i = 0; i < 1000; i++)
        v[i] = i % 3 == 0 ? INT32_MAX : i % 3 == 1 ? -INT32_MAX : 0;
    ok(hl_write_file(path_of("h.dat"), v, sizeof v, NULL, NULL) == HL_OK);
    for (int i = 0; i < 12; i++) {
        char head[200];
        snprintf(head, sizeof head, "h 1 250 1000\nh.dat 32 %s/%s 32 0 0 0 0 x\n", gain[i % 4],
                 units[i / 4]);
        write_text("h.hea", head);
        hl_wave *wave = open_record("h");
        is_int(lay_out(wave, &(hl_strip_options){.to = 1000}, &page, NULL), HL_OK);
        ok(page.height < 200 * HL_MM);
        const hl_strip_point *p = (const hl_strip_point *)(void *)page.points.at;
        for (size_t k = 0; k < page.points.n / sizeof *p; k++)
            ok(p[k].y > -200 * HL_MM && p[k].y < 400 * HL_MM && p[k].x >= 0);
        hl_strip_page_close(&page);
        const char *text = svg_of(wave, (hl_strip_options){.to = 1000}, &svg);
        ok(!strstr(text, "nan") && !strstr(text, "inf"));
        hl_wave_close(&wave);
    }
    hl_buf_free(&svg);
}

static void what_cannot_be_drawn_is_refused_with_advice(void)
{
    int16_t v[2500] = {0};
    hl_wave *wave = one_lead(v, 2500);
    const int32_t none[] = {3};

    like(message_of(wave, (hl_strip_options){.to = 2500, .mm_per_s = 1000, .mm_per_mv = 0}, HL_OK),
         "");
    like(message_of(wave, (hl_strip_options){.from = 9, .to = 9}, HL_E_USAGE), "nothing to draw");
    like(message_of(wave, (hl_strip_options){.to = 2501}, HL_E_USAGE), "which has 2500");
    like(message_of(wave, (hl_strip_options){.to = 9, .mm_per_s = -1}, HL_E_USAGE),
         "-1 mm/s is out of range");
    like(message_of(wave, (hl_strip_options){.to = 9, .mm_per_mv = (double)NAN}, HL_E_USAGE),
         "mm/mV");
    like(message_of(wave, (hl_strip_options){.to = 9, .signal = none, .n_signals = 1}, HL_E_USAGE),
         "no signal #3");
    like(message_of(wave, (hl_strip_options){.to = 9, .signal = none}, HL_E_USAGE), "no signals");
    hl_wave_close(&wave);
    write_text("l.hea", "l 1 1 1000\nl.dat 16 200/mV 12 0 0 0 0 Q\n");
    write_samples("l.dat", v, 1000);
    wave = open_record("l");
    like(message_of(wave, (hl_strip_options){.to = 1000}, HL_E_USAGE),
         "1000 s at 25 mm/s are 25.0 m of paper; 20 m are the most");
    like(message_of(wave, (hl_strip_options){.to = 1000}, HL_E_USAGE), "--speed 10.");
    like(message_of(wave, (hl_strip_options){.to = 9, .layout = HL_STRIP_TWELVE}, HL_E_USAGE),
         "no lead of a 12-lead ECG");
    hl_wave_close(&wave);
    wave = twelve_leads("w", 5010, -1);
    like(message_of(wave, (hl_strip_options){.to = 5010, .layout = HL_STRIP_TWELVE}, HL_E_USAGE),
         "show 10 s, not 10.02");
    hl_wave_close(&wave);
}

/* --- files ------------------------------------------------------------------------------------ */

static uint32_t be32(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void a_png_has_the_paper_s_size(void)
{
    int16_t v[2500];
    static const double dpi[] = {0, 72, 300, 97.3};
    hl_strip_facts facts;
    hl_error err = {0};
    hl_buf png = {0};

    for (int i = 0; i < 2500; i++)
        v[i] = (int16_t)(i % 200);
    hl_wave *wave = one_lead(v, 2500);
    for (int i = 0; i < 4; i++) {
        const double real = dpi[i] > 0 ? dpi[i] : 150;
        hl_buf_clear(&png);
        hl_code c =
            hl_strip_png(wave, &(hl_strip_options){.to = 1250, .dpi = dpi[i]}, &png, &facts, &err);
        if (c == HL_E_LIMIT && strstr(err.message, "libcairo, which")) {
            skip("libcairo is not there");
            break;
        }
        is_int(c, HL_OK);
        if (!ok(png.n > 100))
            break;
        is_mem(png.at, "\x89PNG\r\n\x1a\n", 8);
        is_int(be32(png.at + 16), lround(facts.width_mm * real / 25.4));
        is_int(be32(png.at + 20), lround(facts.height_mm * real / 25.4));
        is_int(facts.width_px, be32(png.at + 16));
        is_mem(png.at + 37, "pHYs", 4);
        is_int(be32(png.at + 41), lround(real / 0.0254));
    }
    is_int(hl_strip_png(wave, &(hl_strip_options){.to = 1250, .dpi = 9}, &png, NULL, &err),
           HL_E_USAGE);
    is_int(hl_strip_png(wave, &(hl_strip_options){.to = 2500, .dpi = 2400, .mm_per_s = 100}, &png,
                        NULL, &err),
           HL_E_LIMIT);
    like(err.message, "pixels");
    hl_wave_close(&wave);
    hl_buf_free(&png);
}

static void the_same_window_gives_the_same_bytes(void)
{
    hl_buf a = {0}, b = {0};
    hl_wave *wave = twelve_leads("d", 5000, -1);
    const hl_strip_options o = {.to = 5000, .layout = HL_STRIP_TWELVE};

    svg_of(wave, o, &a);
    svg_of(wave, (hl_strip_options){.from = 17, .to = 99}, &b);
    svg_of(wave, o, &b);
    is_int(a.n, b.n);
    is_mem(a.at, b.at, a.n);
    like(a.at, "width=\"275.00mm\" height=\"154.00mm\" viewBox=\"0 0 27500 15400\"");
    hl_wave_close(&wave);
    hl_buf_free(&a);
    hl_buf_free(&b);
}

/* The window around a gap of a record in the MIMIC-IV layout: 8 signals, some not in each segment.
 */
static void gaps_of_a_record_and_absent_signals_are_told_apart(void)
{
    const char *name = shared("wfdb/mimic4like/waves/p109/p10999001/83000101/83000101.hea");
    hl_wave *wave = NULL;
    hl_strip_page page;

    if (!name) {
        skip("shared data is not there");
        return;
    }
    ok(hl_wave_open(name, NULL, &wave, NULL) == HL_OK);
    is_int(lay_out(wave, &(hl_strip_options){.from = 18300, .to = 18925}, &page, NULL), HL_OK);
    const int32_t x = page.paper.x + 10 * HL_MM + (int32_t)lround(260 / 62.4725 * 2500);
    int n_gap = 0, n_absent = 0;
    const hl_strip_mark *m;
    for (size_t i = 0; (m = mark(&page, HL_MARK_BAND, 0, i)) != NULL; i++)
        n_gap += m->x == x; /* frame 18560 */
    is_int(n_gap, 8);
    for (; text_mark(&page, "not recorded", (size_t)n_absent);)
        n_absent++;
    is_int(n_absent, 2); /* III and CVP */
    ok(text_mark(&page, "gap in the record", 7) != NULL);
    ok(hl_str_is(text_mark(&page, "ABP", 0)->tail, "50 mmHg/cm   < 12 Hz"));
    hl_strip_page_close(&page);
    hl_wave_close(&wave);
}

int main(void)
{
    folder = temp_folder();
    run(every_sample_is_where_25_mm_a_second_and_10_mm_a_mV_put_it);
    run(a_gap_is_a_band_and_no_line_crosses_it);
    run(bands_are_hatched_within_their_edges);
    run(a_single_sample_is_a_dot_and_no_sample_is_a_band);
    run(a_spike_of_one_sample_survives_a_slow_paper);
    run(a_pressure_s_axis_begins_at_zero_and_tells_the_truth);
    run(each_kind_of_signal_has_its_scale);
    run(a_flush_of_the_line_does_not_flatten_the_trace);
    run(axis_numbers_have_the_decimals_that_they_need);
    run(twelve_leads_stand_in_their_cells);
    run(an_absent_lead_says_so);
    run(annotations_stand_at_their_time_in_the_lane_of_their_signal);
    run(times_without_a_clock_of_their_own_are_frames);
    run(crowded_beats_leave_the_odd_ones_named);
    run(the_wall_clock_runs_below_the_paper);
    run(names_of_a_file_are_text_and_not_markup);
    run(huge_values_stay_near_the_paper);
    run(what_cannot_be_drawn_is_refused_with_advice);
    run(a_png_has_the_paper_s_size);
    run(the_same_window_gives_the_same_bytes);
    run(gaps_of_a_record_and_absent_signals_are_told_apart);
    hl_remove_tree(folder, NULL);
    return done();
}
