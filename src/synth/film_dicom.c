#include "synth/film_dicom.h"

#include "base/civil.h"
#include "format/dicom/write.h"
#include "synth/chance.h"
#include "synth/film_text.h"

#define SYNTAX_ROOT "1.2.840.10008.1.2"
#define CR_IMAGE "1.2.840.10008.5.1.4.1.1.1"
#define DX_IMAGE_FOR_PRESENTATION "1.2.840.10008.5.1.4.1.1.1.1"

const hl_synth_fault_rate hl_synth_faults[HL_FAULTS] = {
    [HL_FAULT_NONE] = {"", 0},
    [HL_FAULT_TEXT] = {"burned-in-text", 150},
    [HL_FAULT_CUT] = {"cut", 200},
    [HL_FAULT_TWO_FRAMES] = {"two-frames", 300},
    [HL_FAULT_NAME] = {"patient-name", 300},
};

/* --- how a film is stored --------------------------------------------------------------------- */

/* Percent of the films; the demonstration's archive is to meet every decoder. */
static const char *const syntaxes[] = {
    SYNTAX_ROOT ".1",    /* explicit little endian */
    SYNTAX_ROOT,         /* implicit little endian */
    SYNTAX_ROOT ".4.70", /* JPEG lossless, first-order prediction */
    SYNTAX_ROOT ".4.80", /* JPEG-LS */
    SYNTAX_ROOT ".5",    /* RLE */
    SYNTAX_ROOT ".1.99", /* deflated */
    SYNTAX_ROOT ".2",    /* explicit big endian */
    SYNTAX_ROOT ".4.90", /* JPEG 2000 */
};
static const uint16_t syntax_percent[] = {50, 10, 14, 8, 6, 5, 4, 3, 0};

static const int32_t depths[] = {12, 14, 10, 15, 8};
static const uint16_t depth_percent[] = {70, 10, 10, 6, 4, 0};

static hl_synth_fault draw_fault(hl_rng *rng)
{
    for (int k = 1; k < HL_FAULTS; k++)
        if (hl_rng_below(rng, (uint64_t)hl_synth_faults[k].one_in) == 0)
            return (hl_synth_fault)k;
    return HL_FAULT_NONE;
}

static uint64_t film_number(const hl_synth_subject *s, int i)
{
    return (uint64_t)s->index * HL_SYNTH_MAX_EVENTS + (uint64_t)i;
}

hl_synth_storage hl_synth_storage_of(const hl_synth_plan *plan, const hl_synth_subject *s, int i)
{
    hl_rng rng = hl_rng_of(plan->seed, "film-storage", film_number(s, i));
    hl_synth_storage f = {.bits = depths[hl_synth_pick(&rng, depth_percent)],
                          .monochrome1 = hl_synth_chance(&rng, 0.33)};
    const int64_t top = (1 << f.bits) - 1;
    const char *uid = syntaxes[hl_synth_pick(&rng, syntax_percent)];
    f.lowest = (uint16_t)hl_synth_int(&rng, 0, top / 16);
    f.highest = (uint16_t)hl_synth_int(&rng, top - top / 8, top);
    f.fault = draw_fault(&rng);
    if (f.fault == HL_FAULT_TWO_FRAMES)
        uid = syntaxes[0];
    f.syntax = hl_dicom_syntax_find(hl_str_of(uid));
    return f;
}

/* --- codes and UIDs --------------------------------------------------------------------------- */

typedef struct {
    const char *value, *scheme, *version, *meaning;
} code;

/* What the de-identification says of itself. films.md 4.1 */
static const code methods[] = {
    {"113100", "DCM", "20170914", "Basic Application Confidentiality Profile"},
    {"113105", "DCM", "20170914", "Clean Descriptors Option"},
    {"113107", "DCM", "20170914", "Retain Longitudinal Temporal Information Modified Dates Option"},
    {"113101", "DCM", "20170914", "Clean Pixel Data Option"},
    {"113103", "DCM", "20170914", "Clean Graphics Option"},
};

static void put_code(hl_dicom_writer *w, code c)
{
    hl_dicom_put_item(w);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0100), "SH", c.value);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0102), "SH", c.scheme);
    if (c.version)
        hl_dicom_put_text(w, HL_TAG(0x0008, 0x0103), "SH", c.version);
    hl_dicom_put_text(w, HL_TAG_CodeMeaning, "LO", c.meaning);
    hl_dicom_put_item_end(w);
}

static void put_codes(hl_dicom_writer *w, uint32_t tag, const code *c, size_t n)
{
    hl_dicom_put_sequence(w, tag);
    for (size_t i = 0; i < n; i++)
        put_code(w, c[i]);
    hl_dicom_put_sequence_end(w);
}

typedef struct {
    char at[48];
} uid;

/* 2.25. and the decimal form of a 128-bit number, PS3.5 B.2. */
static uid uid_of(uint64_t seed, const char *stream, uint64_t item)
{
    hl_rng rng = hl_rng_of(seed, stream, item);
    const uint64_t high = hl_rng_u64(&rng) | 1;
    const uint64_t low = hl_rng_below(&rng, UINT64_C(10000000000000000000));
    uid u;
    snprintf(u.at, sizeof u.at, "2.25.%llu%019llu", (unsigned long long)high,
             (unsigned long long)low);
    return u;
}

/* --- the data set, by groups ------------------------------------------------------------------ */

typedef struct {
    uint64_t seed, number; /* of the film, for its streams */
    const hl_synth_subject *s;
    const hl_synth_film *f;
    const hl_synth_study *study;
    hl_synth_storage storage;
    uid instance;
    const char *sop_class;
} film_file;

static void put_identity(hl_dicom_writer *w, const film_file *f)
{
    const hl_civil t = hl_civil_of(f->study->time_s);
    const code step = {f->study->portable ? "CXR1" : "CXR2", "99SYNTH", NULL,
                       hl_synth_study_step(f->study)};
    const code region = {"T-D3000", "SNM3", NULL, "Chest"};
    char date[16], time[16];
    snprintf(date, sizeof date, "%04d%02d%02d", t.year, t.month, t.day);
    int n = snprintf(time, sizeof time, "%02d%02d%02d", t.hour, t.minute, t.second);
    if (f->study->millis)
        snprintf(time + n, sizeof time - (size_t)n, ".%03d", (int)f->study->millis);
    hl_dicom_put_text(w, HL_TAG_SpecificCharacterSet, "CS", "ISO_IR 100");
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0008), "CS", "DERIVED\\PRIMARY");
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0016), "UI", f->sop_class);
    hl_dicom_put_text(w, HL_TAG_SOPInstanceUID, "UI", f->instance.at);
    hl_dicom_put_text(w, HL_TAG_StudyDate, "DA", date);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0022), "DA", date); /* AcquisitionDate */
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0023), "DA", date); /* ContentDate */
    hl_dicom_put_text(w, HL_TAG_StudyTime, "TM", time);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0032), "TM", time);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0033), "TM", time);
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0050), "SH", ""); /* AccessionNumber */
    hl_dicom_put_text(w, HL_TAG_Modality, "CS", f->study->portable ? "CR" : "DX");
    if (!f->study->portable)
        hl_dicom_put_text(w, HL_TAG(0x0008, 0x0068), "CS", "FOR PRESENTATION");
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0070), "LO", "Synthetic"); /* Manufacturer */
    hl_dicom_put_text(w, HL_TAG(0x0008, 0x0090), "PN", "");          /* ReferringPhysicianName */
    put_codes(w, HL_TAG_ProcedureCodeSequence, &step, 1);
    put_codes(w, HL_TAG(0x0008, 0x2218), &region, 1); /* AnatomicRegionSequence */
}

static void put_patient(hl_dicom_writer *w, const film_file *f)
{
    const char sex[2] = {f->s->gender, 0};
    const bool named = f->storage.fault == HL_FAULT_NAME;
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)f->s->subject_id);
    hl_dicom_put_text(w, HL_TAG_PatientName, "PN", named ? "INVENTED^PATIENT" : "");
    hl_dicom_put_text(w, HL_TAG_PatientID, "LO", id);
    hl_dicom_put_text(w, HL_TAG(0x0010, 0x0030), "DA", ""); /* PatientBirthDate */
    hl_dicom_put_text(w, HL_TAG(0x0010, 0x0040), "CS", sex);
    hl_dicom_put_text(w, HL_TAG(0x0012, 0x0062), "CS", "YES"); /* PatientIdentityRemoved */
    put_codes(w, HL_TAG(0x0012, 0x0064), methods, sizeof methods / sizeof *methods);
}

/* The long side of a picture is as long as a detector's 3056 rows of 0.139 mm. */
static void put_spacing(hl_dicom_writer *w, const hl_synth_film *f)
{
    const int32_t longest = f->width > f->height ? f->width : f->height;
    const int um = 139 * 3056 / longest;
    char text[48];
    snprintf(text, sizeof text, "%d.%03d\\%d.%03d", um / 1000, um % 1000, um / 1000, um % 1000);
    hl_dicom_put_text(w, HL_TAG(0x0018, 0x1164), "DS", text);
}

static void put_acquisition(hl_dicom_writer *w, const film_file *f)
{
    const uid study = uid_of(f->seed, "study-uid", (uint64_t)f->study->study_id);
    const uid series = uid_of(f->seed, "series-uid", f->number);
    hl_dicom_put_text(w, HL_TAG(0x0018, 0x0015), "CS", "CHEST");
    hl_dicom_put_text(w, HL_TAG(0x0018, 0x0060), "DS", f->study->portable ? "85" : "120");
    put_spacing(w, f->f);
    hl_dicom_put_text(w, HL_TAG_ViewPosition, "CS", f->f->view);
    hl_dicom_put_text(w, HL_TAG_StudyInstanceUID, "UI", study.at);
    hl_dicom_put_text(w, HL_TAG_SeriesInstanceUID, "UI", series.at);
    hl_dicom_put_text(w, HL_TAG(0x0020, 0x0010), "SH", "");     /* StudyID */
    hl_dicom_put_text(w, HL_TAG(0x0020, 0x0011), "IS", "1");    /* SeriesNumber */
    hl_dicom_put_text(w, HL_TAG(0x0020, 0x0013), "IS", "1");    /* InstanceNumber */
    hl_dicom_put_text(w, HL_TAG(0x0020, 0x0020), "CS", "L\\F"); /* PatientOrientation */
}

static void put_image(hl_dicom_writer *w, const film_file *f)
{
    const hl_synth_storage *g = &f->storage;
    const int32_t allocated = g->bits == 8 ? 8 : 16;
    char center[16], width[16];
    snprintf(center, sizeof center, "%d", (g->lowest + g->highest) / 2);
    snprintf(width, sizeof width, "%d", g->highest - g->lowest + 1);
    hl_dicom_put_u16(w, HL_TAG_SamplesPerPixel, "US", 1);
    hl_dicom_put_text(w, HL_TAG_PhotometricInterpretation, "CS",
                      g->monochrome1 ? "MONOCHROME1" : "MONOCHROME2");
    if (g->fault == HL_FAULT_TWO_FRAMES)
        hl_dicom_put_text(w, HL_TAG_NumberOfFrames, "IS", "2");
    hl_dicom_put_u16(w, HL_TAG_Rows, "US", (uint16_t)f->f->height);
    hl_dicom_put_u16(w, HL_TAG_Columns, "US", (uint16_t)f->f->width);
    hl_dicom_put_u16(w, HL_TAG_BitsAllocated, "US", (uint16_t)allocated);
    hl_dicom_put_u16(w, HL_TAG_BitsStored, "US", (uint16_t)g->bits);
    hl_dicom_put_u16(w, HL_TAG_HighBit, "US", (uint16_t)(g->bits - 1));
    hl_dicom_put_u16(w, HL_TAG_PixelRepresentation, "US", 0);
    hl_dicom_put_text(w, HL_TAG_BurnedInAnnotation, "CS", "NO");
    hl_dicom_put_text(w, HL_TAG(0x0028, 0x1040), "CS", "LOG"); /* PixelIntensityRelationship */
    hl_dicom_put_u16(w, HL_TAG(0x0028, 0x1041), "SS", g->monochrome1 ? 1 : UINT16_MAX);
    hl_dicom_put_text(w, HL_TAG_WindowCenter, "DS", center);
    hl_dicom_put_text(w, HL_TAG_WindowWidth, "DS", width);
    hl_dicom_put_text(w, HL_TAG_RescaleIntercept, "DS", "0");
    hl_dicom_put_text(w, HL_TAG_RescaleSlope, "DS", "1");
    hl_dicom_put_text(w, HL_TAG(0x0028, 0x1054), "LO", "US"); /* RescaleType: unspecified */
    hl_dicom_put_text(w, HL_TAG(0x0028, 0x2110), "CS", "00"); /* LossyImageCompression */
}

static void put_view(hl_dicom_writer *w, const film_file *f)
{
    const bool ap = !strcmp(f->f->view, "AP"), portable = f->study->portable;
    const code view = {ap ? "R-10206" : "R-10214", "SNM3", NULL, f->f->view_text};
    const code posture = {portable ? "F-10450" : "F-10440", "SNM3", NULL,
                          hl_synth_study_posture(f->study)};
    hl_dicom_put_text(w, HL_TAG_PerformedProcedureStepDescription, "LO",
                      hl_synth_study_step(f->study));
    put_codes(w, HL_TAG_ViewCodeSequence, &view, 1);
    put_codes(w, HL_TAG_PatientOrientationCodeSequence, &posture, 1);
    /* What cleaning leaves of annotations: a sequence with one empty item. films.md 4.1 */
    if (portable) {
        hl_dicom_put_sequence(w, HL_TAG(0x0070, 0x0001));
        hl_dicom_put_item(w);
        hl_dicom_put_item_end(w);
        hl_dicom_put_sequence_end(w);
    }
    hl_dicom_put_text(w, HL_TAG_PresentationLUTShape, "CS",
                      f->storage.monochrome1 ? "INVERSE" : "IDENTITY");
}

/* --- pixels ----------------------------------------------------------------------------------- */

/* Eight digits that are nobody's number, in a corner. */
static void burn_text(hl_synth_picture *m, hl_rng *rng)
{
    const int32_t side = m->width < m->height ? m->width : m->height;
    const int32_t dot = side / 250 < 2 ? 2 : side / 250;
    char text[24];
    snprintf(text, sizeof text, "PATIENT %08d", (int)hl_synth_int(rng, 0, 99999999));
    const int32_t long_px = (int32_t)strlen(text) * HL_SYNTH_TEXT_STEP * dot;
    const int32_t left = hl_synth_chance(rng, 0.5) ? 8 * dot : m->width - long_px - 8 * dot;
    const int32_t top =
        hl_synth_chance(rng, 0.5) ? 12 * dot : m->height - (12 + HL_SYNTH_TEXT_HEIGHT) * dot;
    hl_synth_text_draw(m, left, top, dot, text, 63000);
}

/* The picture's 16 bits as stored values, in one or two equal frames. */
static void *stored_words(const hl_synth_storage *g, const hl_synth_picture *m, int n_frames,
                          hl_arena *arena)
{
    const size_t n = (size_t)m->width * (size_t)m->height, word = g->bits == 8 ? 1 : 2;
    const uint32_t range = (uint32_t)(g->highest - g->lowest) + 1;
    uint8_t *px = hl_arena_calloc(arena, n * (size_t)n_frames, word);
    uint16_t *wide = (uint16_t *)(void *)px;
    if (!px)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const uint32_t v = m->px[i] * range >> 16;
        const uint32_t value = g->monochrome1 ? g->highest - v : g->lowest + v;
        if (word == 1)
            px[i] = (uint8_t)value;
        else
            wide[i] = (uint16_t)value;
    }
    if (n_frames == 2)
        memcpy(px + n * word, px, n * word);
    return px;
}

static hl_code put_pixels(hl_dicom_writer *w, const film_file *f, const hl_synth_picture *m,
                          hl_arena *arena, hl_error *err)
{
    const int n_frames = f->storage.fault == HL_FAULT_TWO_FRAMES ? 2 : 1;
    void *px = stored_words(&f->storage, m, n_frames, arena);
    if (!px)
        return hl_fail_memory(err, "film", (size_t)m->width * (size_t)m->height * 2);
    return hl_dicom_put_pixels(w, px, m->width, m->height * n_frames, f->storage.bits == 8 ? 8 : 16,
                               f->storage.bits, err);
}

hl_code hl_synth_film_dicom(const hl_synth_plan *plan, const hl_synth_subject *s, int i,
                            hl_synth_picture *picture, hl_arena *arena, hl_buf *out, hl_error *err)
{
    const hl_synth_study *study = &s->study[s->film[i].study];
    const uint64_t number = film_number(s, i);
    film_file f = {.seed = plan->seed,
                   .number = number,
                   .s = s,
                   .f = &s->film[i],
                   .study = study,
                   .storage = hl_synth_storage_of(plan, s, i),
                   .instance = uid_of(plan->seed, "instance-uid", number),
                   .sop_class = study->portable ? CR_IMAGE : DX_IMAGE_FOR_PRESENTATION};
    hl_rng rng = hl_rng_of(plan->seed, "film-fault", number);
    hl_buf data_set = {0};
    hl_dicom_writer w = {.to = &data_set, .syntax = f.storage.syntax};
    const size_t start = out->n;
    if (f.storage.fault == HL_FAULT_TEXT)
        burn_text(picture, &rng);
    put_identity(&w, &f);
    put_patient(&w, &f);
    put_acquisition(&w, &f);
    put_image(&w, &f);
    put_view(&w, &f);
    hl_code c = put_pixels(&w, &f, picture, arena, err);
    if (c == HL_OK)
        c = hl_dicom_put_file(w.syntax, f.sop_class, f.instance.at, &data_set, out, err);
    if (c == HL_OK && f.storage.fault == HL_FAULT_CUT)
        out->n = start + (out->n - start) * (size_t)hl_synth_int(&rng, 40, 90) / 100;
    hl_buf_free(&data_set);
    return c;
}
