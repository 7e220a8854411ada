/*
 * Out of memory is an ordinary error (app/oom.h) for DICOM files, their pixels and JSON, and for
 * film render, film map and film check.
 */
#include "app/oom.h"

#include "base/ctl.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "format/dicom/json.h"
#include "format/dicom/pixels.h"
#include "hilum/film.h"

enum { EACH = 100000, RUNS = 400 };

static const char *now; /* the fixture in work */
static hl_digest first; /* of the first, whole, result */

/* The first result is remembered, later ones must be the same. */
static hl_code same_bytes(const void *at, size_t n, hl_error *err)
{
    hl_digest digest;
    int64_t count = n_allocations, fail = fail_at;

    fail_at = 0;
    hl_sha256_of(at, n, &digest);
    fail_at = fail;
    n_allocations = count;
    if (first.bytes == 0)
        first = digest;
    return hl_digest_equal(&first, &digest) ? HL_OK : wrong(err);
}

static void step_each(const char *what, operation op, const char *const *name, size_t n)
{
    char text[256];

    for (size_t i = 0; i < n; i++) {
        now = fixture(name[i]);
        first = (hl_digest){0};
        snprintf(text, sizeof text, "%s of %s", what, name[i]);
        each_alone_and_all_behind(text, op);
    }
}

/* --- data sets -------------------------------------------------------------------------------- */

static hl_code write_json(hl_error *err)
{
    hl_in *in = NULL;
    hl_dicom *d = NULL;
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_code c = hl_in_open(now, &in, err);

    if (c == HL_OK)
        c = hl_dicom_open(in, &d, err);
    if (c == HL_OK)
        c = hl_dicom_json(d, &w, err);
    if (c == HL_OK)
        c = hl_buf_check(&text, "json", err);
    if (c == HL_OK)
        c = same_bytes(text.at, text.n, err);
    hl_buf_free(&text);
    hl_dicom_close(&d);
    hl_in_close(&in);
    return c;
}

static void data_sets_can_be_read_and_told_as_json(void)
{
    static const char *const name[] = {
        "dicom/json/chrH32.dcm",
        "dicom/json/chrSQEncoding.dcm",
        "dicom/json/ExplVR_BigEndNoMeta.dcm",
        "dicom/parse/UN_sequence.dcm",
        "dicom/parse/nested_private_undef.dcm",
        "dicom/parse/nested_private_undef_implicit.dcm",
        "dicom/parse/reportsi_with_empty_number_tags.dcm",
        "dicom/real/image_dfl.dcm",
        "dicom/real/SC_rgb_small_odd_big_endian.dcm",
        "dicom/synthetic/multiframe3_jpll_eot.dcm",
    };

    step_each("json", write_json, name, sizeof name / sizeof *name);
}

/* --- pixels ----------------------------------------------------------------------------------- */

static hl_code decode_frame(hl_dicom *d, const hl_pixels *p, int64_t i, hl_buf *all, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_frame raw, exact, rgb;
    hl_code c = arena ? hl_pixels_frame(d, p, i, arena, HL_CPU_C, &raw, err)
                      : hl_fail_memory(err, "arena", 0);

    if (c == HL_OK)
        c = hl_frame_values(&raw, arena, &exact, err);
    if (c == HL_OK)
        c = hl_frame_rgb(&exact, p, arena, &rgb, err);
    if (c == HL_OK)
        hl_buf_append(all, rgb.px,
                      (size_t)rgb.width * (size_t)rgb.height * (size_t)rgb.samples *
                          (size_t)rgb.bits / 8);
    hl_arena_free(&arena);
    return c;
}

static hl_code decode(hl_dicom *d, hl_error *err)
{
    hl_pixels p;
    hl_buf all = {0};
    hl_code c = hl_pixels_describe(d, &p, err);

    for (int64_t i = 0; c == HL_OK && i < p.n_frames; i++)
        c = decode_frame(d, &p, i, &all, err);
    if (c == HL_OK)
        c = hl_buf_check(&all, "pixels", err);
    if (c == HL_OK)
        c = same_bytes(all.at, all.n, err);
    hl_buf_free(&all);
    return c;
}

static hl_code from_file(hl_error *err)
{
    hl_in *in = NULL;
    hl_dicom *d = NULL;
    hl_code c = hl_in_open(now, &in, err);

    if (c == HL_OK)
        c = hl_dicom_open(in, &d, err);
    if (c == HL_OK)
        c = decode(d, err);
    hl_dicom_close(&d);
    hl_in_close(&in);
    return c;
}

static hl_code from_memory(hl_error *err)
{
    hl_dicom *d = NULL;
    hl_buf file = {0};
    hl_code c = hl_read_file(now, 1 << 20, &file, NULL, err);

    if (c == HL_OK)
        c = hl_dicom_memory(file.at, file.n, "memory", &d, err);
    if (c == HL_OK)
        c = decode(d, err);
    hl_dicom_close(&d);
    hl_buf_free(&file);
    return c;
}

static void pixels_of_each_codec_can_be_decoded(void)
{
    static const char *const name[] = {
        "dicom/real/SC_rgb_small_odd_big_endian.dcm", /* native */
        "dicom/real/SC_rgb_gdcm_KY.dcm",
        "dicom/real/liver_1frame.dcm", /* 1 bit */
        "dicom/real/SC_ybr_full_422_uncompressed.dcm",
        "dicom/real/image_dfl.dcm", /* all of it deflated */
        "dicom/synthetic/raw_frames.dcm",
        "dicom/synthetic/deflated_frames.dcm",
        "dicom/real/SC_rgb_rle_16bit.dcm",
        "dicom/synthetic/u8_jpeg_extended8.dcm",
        "dicom/real/SC_rgb_small_odd_jpeg.dcm",
        "dicom/real/JPEG-lossy.dcm", /* 12-bit DCT */
        "dicom/synthetic/multiframe3_jpll.dcm",
        "dicom/synthetic/u12_jpll_fragments.dcm",
        "dicom/real/JPEGLSNearLossless_16.dcm",
        "dicom/real/SC_rgb_jls_lossy_line.dcm",
        "dicom/real/693_J2KI.dcm",
        "dicom/real/GDCMJ2K_TextGBR.dcm",
        "dicom/synthetic/u12_htj2k_lossy.dcm",
    };

    step_each("pixels from a file", from_file, name, sizeof name / sizeof *name);
    step_each("pixels from memory", from_memory, name, sizeof name / sizeof *name);
}

/* --- one film --------------------------------------------------------------------------------- */

static const char *recipe, *picture; /* of one film */

static hl_code render_one(hl_error *err)
{
    const char *out = at_home(picture);
    const hl_film_options o = {.in = now, .out = out, .recipe = recipe};
    hl_report report = {0};
    hl_buf file = {0};

    clear(out);
    hl_code c = hl_film_render(&o, NULL, &report, err);
    int64_t count = n_allocations, fail = fail_at;
    fail_at = 0;
    if (c == HL_OK)
        c = hl_read_file(out, 1 << 24, &file, NULL, err);
    if (c == HL_OK)
        c = same_bytes(file.at, file.n, err);
    hl_buf_free(&file);
    fail_at = fail;
    n_allocations = count;
    hl_report_free(&report);
    return c;
}

static void one_film_is_rendered_whole_or_not_at_all(void)
{
    static const char *const looks[][2] = {
        {"mimic-cxr-jpg-2.0.0", "one.jpg"},
        {"mimic-cxr-jpg-2.0.0", "one.png"},
        {"film-window", "one.jpg"},
        {"film-png16", "one.png"},
        {"film-clahe", "one.jpg"},
        {"film-percentile", "one.jpg"},
        {"film-512", "one.png"},
    };
    static const char *const film[] = {"look_dicom/voi_table.dcm", "look_dicom/modality_table.dcm",
                                       "look_dicom/long_words.dcm"};
    static const char *const wide[] = {"dicom/synthetic/u8_jpeg_extended8.dcm"}; /* for tiles */

    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        recipe = looks[i][0];
        picture = looks[i][1];
        printf("# %s\n", recipe);
        step_each("one film", render_one, i == 4 ? wide : film, i == 4 ? 1 : 3);
    }
}

/* --- an archive ------------------------------------------------------------------------------- */

static char films[300], map[300], whole[300];
static int jobs;
static bool resume, with_map;

static bool place(const char *name, const char *to)
{
    char path[HL_PATH_BYTES];
    hl_buf file = {0};
    hl_error err = {0};
    bool good = hl_read_file(fixture(name), 1 << 20, &file, NULL, &err) == HL_OK;

    snprintf(path, sizeof path, "%s/%s", films, to);
    char *slash = strrchr(path, '/');
    *slash = 0;
    good = good && hl_make_folder(path, &err) == HL_OK;
    *slash = '/';
    good = good && hl_write_file(path, file.at, file.n, NULL, &err) == HL_OK;
    hl_buf_free(&file);
    return good;
}

/* Four films, one of which is refused, and a file that is no film. */
static bool make_films(void)
{
    snprintf(films, sizeof films, "%s/films", home);
    snprintf(map, sizeof map, "%s/whole-map.csv", home);
    return place("dicom/synthetic/one_pixel.dcm", "files/p10/p10000032/s50000001/a.dcm") &&
           place("dicom/synthetic/one_row.dcm", "files/p10/p10000032/s50000001/b.dcm") &&
           place("dicom/synthetic/u8_jpeg_extended8.dcm", "files/p10/p10000033/s50000002/c") &&
           place("dicom/faults/jpll_truncated.dcm", "files/p10/p10000033/s50000003/d.dcm") &&
           place("look_dicom/make.py", "files/p10/no_film");
}

static hl_code render_to(const char *out, hl_error *err)
{
    const hl_film_options o = {.in = films,
                               .out = out,
                               .recipe = with_map ? "film-plain-tags" : "film-plain",
                               .map = with_map ? map : NULL,
                               .seed = -1,
                               .resume = resume};
    hl_log *log = hl_log_new();
    hl_ctl ctl = {.jobs = jobs, .log = log};
    hl_report report = {0};
    hl_code c = hl_film_render(&o, &ctl, &report, err);

    hl_report_free(&report);
    hl_log_free(&log);
    return judge(c == HL_PARTIAL ? HL_OK : c, out, whole, err);
}

static hl_code render(hl_error *err)
{
    clear(at_home("archive"));
    return render_to(at_home("archive"), err);
}

/* What is there is right, and the job goes on from it to the whole. */
static void no_half_archive(int64_t n)
{
    hl_error err = {0};
    bool all = hl_file_exists(at_home("archive/manifest.json"));
    hl_code c = same_as(at_home("archive"), whole, all, &err);

    tap_check(c == HL_OK, __FILE__, __LINE__, "archive, after allocation %" PRId64 ": %s", n,
              err.message);
    if (n % 5 != 0 || (all && !hl_is_folder(at_home("archive/.hilum"))))
        return;
    resume = true;
    c = render_to(at_home("archive"), &err);
    resume = false;
    tap_check(c == HL_OK, __FILE__, __LINE__, "archive resumed after allocation %" PRId64 ": %s", n,
              err.message);
}

static void an_archive_is_made_whole_or_can_be_resumed(void)
{
    hl_error err = {0};

    jobs = 1;
    snprintf(whole, sizeof whole, "%s/whole-archive", home);
    if (!ok(make_films()) || !ok(render_to(whole, &err) == HL_OK)) {
        printf("# %s\n", err.message);
        return;
    }
    ok(step_through("film render", render, no_half_archive, RUNS, false) >= 100);
    jobs = 3;
    step_through("film render on threads", render, no_half_archive, 60, false);
}

/* --- map -------------------------------------------------------------------------------------- */

static hl_code map_to(const char *out, hl_error *err)
{
    const hl_film_map_options o = {.in = films, .out = out, .seed = 7};
    hl_log *log = hl_log_new();
    hl_ctl ctl = {.jobs = jobs, .log = log};
    hl_report report = {0};
    hl_buf file = {0};
    hl_code c = hl_film_map_make(&o, &ctl, &report, err);

    hl_report_free(&report);
    hl_log_free(&log);
    if (c != HL_OK && c != HL_PARTIAL)
        return c;
    int64_t count = n_allocations, fail = fail_at;
    fail_at = 0;
    c = hl_read_file(out, 1 << 20, &file, NULL, err);
    if (c == HL_OK)
        c = same_bytes(file.at, file.n, err);
    hl_buf_free(&file);
    fail_at = fail;
    n_allocations = count;
    return c;
}

static hl_code make_map(hl_error *err)
{
    clear(at_home("map.csv"));
    return map_to(at_home("map.csv"), err);
}

static void a_map_is_whole_or_absent(void)
{
    hl_error err = {0};

    jobs = 1;
    first = (hl_digest){0};
    if (!ok(map_to(map, &err) == HL_OK)) {
        printf("# %s\n", err.message);
        return;
    }
    ok(step_through("film map", make_map, NULL, EACH, false) > 50);
    step_through("film map", make_map, NULL, EACH, true);
    with_map = true;
    snprintf(whole, sizeof whole, "%s/whole-mapped", home);
    if (ok(render_to(whole, &err) == HL_OK))
        step_through("film render with a map", render, no_half_archive, RUNS, false);
    else
        printf("# %s\n", err.message);
}

/* --- check ------------------------------------------------------------------------------------ */

static char checked[300];

static hl_code check_to(const char *out, hl_error *err)
{
    const hl_film_check_options o = {
        .dir = checked, .out = out, .text = true, .dates_shifted = true};
    hl_log *log = hl_log_new();
    hl_ctl ctl = {.jobs = jobs, .log = log};
    hl_report report = {0};
    char path[HL_PATH_BYTES];
    hl_buf all = {0}, page = {0};
    hl_code c = hl_film_check(&o, &ctl, &report, err);
    int64_t count = n_allocations, fail = fail_at;

    hl_log_free(&log);
    fail_at = 0;
    if (c == HL_PARTIAL)
        c = hl_path_join(out, "findings.csv", path, err);
    if (c == HL_OK)
        c = hl_read_file(path, 1 << 20, &all, NULL, err);
    if (c == HL_OK)
        c = hl_path_join(out, "review.html", path, err);
    if (c == HL_OK)
        c = hl_read_file(path, 1 << 20, &page, NULL, err);
    hl_buf_append(&all, page.at, page.n);
    hl_buf_text(&all, report.json ? report.json : "");
    if (c == HL_OK)
        c = same_bytes(all.at, all.n, err);
    hl_buf_free(&all);
    hl_buf_free(&page);
    fail_at = fail;
    n_allocations = count;
    hl_report_free(&report);
    return c;
}

static hl_code check(hl_error *err)
{
    clear(at_home("check"));
    return check_to(at_home("check"), err);
}

static void a_check_finds_all_or_fails(void)
{
    jobs = 1;
    snprintf(checked, sizeof checked, "%s", films);
    first = (hl_digest){0};
    ok(step_through("film check of DICOM", check, NULL, RUNS, false) > 50);
    snprintf(checked, sizeof checked, "%s/whole-archive", home);
    ok(hl_write_file(at_home("whole-archive/stranger"), "x", 1, NULL, NULL) == HL_OK);
    first = (hl_digest){0};
    ok(step_through("film check of an archive", check, NULL, RUNS, false) > 50);
}

int main(void)
{
    snprintf(home, sizeof home, "%s", temp_folder());
    run(data_sets_can_be_read_and_told_as_json);
    run(pixels_of_each_codec_can_be_decoded);
    run(one_film_is_rendered_whole_or_not_at_all);
    run(an_archive_is_made_whole_or_can_be_resumed);
    run(a_map_is_whole_or_absent);
    run(a_check_finds_all_or_fails);
    ok(hl_remove_tree(home, NULL) == HL_OK);
    return done();
}
