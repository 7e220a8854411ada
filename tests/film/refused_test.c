/*
 * A film that is refused because its attributes name somebody leaves nothing of them behind: no
 * picture, no row of metadata, no value in a message.
 */
#include "base/ctl.h"
#include "base/io.h"
#include "base/log.h"
#include "format/dicom/write.h"
#include "hilum/film.h"
#include "tap.h"

static char home[256];

static const char *at_home(const char *name)
{
    static char path[4][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", home, name);
    return p;
}

/* A film of one pixel whose description is text. */
static bool make_film(const char *name, const char *text)
{
    const uint16_t pixel = 7;
    hl_buf set = {0}, file = {0};
    hl_dicom_writer w = {.to = &set,
                         .syntax = hl_dicom_syntax_find(hl_str_of("1.2.840.10008.1.2.1"))};
    hl_error err = {0};

    hl_dicom_put_u16(&w, HL_TAG_SamplesPerPixel, "US", 1);
    hl_dicom_put_text(&w, HL_TAG_PhotometricInterpretation, "CS", "MONOCHROME2");
    hl_dicom_put_u16(&w, HL_TAG_Rows, "US", 1);
    hl_dicom_put_u16(&w, HL_TAG_Columns, "US", 1);
    hl_dicom_put_u16(&w, HL_TAG_BitsAllocated, "US", 16);
    hl_dicom_put_u16(&w, HL_TAG_BitsStored, "US", 12);
    hl_dicom_put_u16(&w, HL_TAG_HighBit, "US", 11);
    hl_dicom_put_u16(&w, HL_TAG_PixelRepresentation, "US", 0);
    hl_dicom_put_text(&w, HL_TAG(0x0040, 0x0254), "LO", text);
    hl_code c = hl_dicom_put_pixels(&w, &pixel, 1, 1, 16, 12, &err);
    if (c == HL_OK)
        c = hl_dicom_put_file(w.syntax, "1.2.840.10008.5.1.4.1.1.1.1", "2.25.1", &set, &file, &err);
    if (c == HL_OK)
        c = hl_make_folder(at_home("films/files/p10/p10000032/s50000001"), &err);
    if (c == HL_OK)
        c = hl_write_file(at_home(name), file.at, file.n, NULL, &err);
    hl_buf_free(&set);
    hl_buf_free(&file);
    if (c != HL_OK)
        printf("# %s\n", err.message);
    return c == HL_OK;
}

/* All of a file, unpacked, with a NUL behind it. */
static const char *text_of(const char *name, hl_buf *out)
{
    hl_stream *s = NULL;
    char *at;
    size_t n;
    hl_error err = {0};
    hl_code c = hl_stream_open(at_home(name), HL_STREAM_PLAIN, NULL, &s, &err);

    while (c == HL_OK && (c = hl_stream_next(s, &at, &n, &err)) == HL_OK)
        hl_buf_append(out, at, n);
    is_int(c, HL_END);
    hl_stream_close(&s);
    hl_buf_char(out, 0);
    return out->at;
}

static void a_refused_film_has_no_row_that_names_somebody(void)
{
    const char *const file[] = {"mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-split.csv.gz",
                                "errors.csv", "films-report.csv", "manifest.json"};
    char films[HL_PATH_BYTES], out[HL_PATH_BYTES], name[128];
    hl_log *log = hl_log_new();
    hl_ctl ctl = {.jobs = 1, .log = log};
    hl_report report = {0};
    hl_error err = {0};

    if (!ok(make_film("films/files/p10/p10000032/s50000001/a.dcm", "DOE^JANE")) ||
        !ok(make_film("films/files/p10/p10000032/s50000001/b.dcm", "CHEST (PA AND LAT)")))
        return;
    snprintf(films, sizeof films, "%s", at_home("films"));
    snprintf(out, sizeof out, "%s", at_home("out"));
    const hl_film_options o = {.in = films, .out = out, .seed = -1};
    is_int(hl_film_render(&o, &ctl, &report, &err), HL_PARTIAL);
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        hl_buf text = {0};
        snprintf(name, sizeof name, "out/%s", file[i]);
        tap_check(!strstr(text_of(name, &text), "JANE"), __FILE__, __LINE__, "%s names her",
                  file[i]);
        if (i == 0)
            like(text.at, "\nb,10000032,50000001,CHEST (PA AND LAT),");
        if (i < 2)
            ok(!strstr(text.at, "\na,"));
        hl_buf_free(&text);
    }
    ok(!hl_file_exists(at_home("out/files/p10/p10000032/s50000001/a.jpg")));
    ok(hl_file_exists(at_home("out/files/p10/p10000032/s50000001/b.jpg")));
    hl_report_free(&report);
    hl_log_free(&log);
}

int main(void)
{
    snprintf(home, sizeof home, "%s", temp_folder());
    run(a_refused_film_has_no_row_that_names_somebody);
    ok(hl_remove_tree(home, NULL) == HL_OK);
    return done();
}
