/*
 * Records of segments: which signals they have, scaled to the layout; segments that do not fit.
 */
#include "wave/records.h"

/* --- segments -----------------------------------------------------------------------------------
 */

static void it_is_known_which_signals_a_segment_has(void)
{
    hl_wave *w = open_at(fixture(MIMIC), 0);
    const hl_wave_info *info = hl_wave_about(w);
    uint8_t present[8];
    hl_error err = {0};
    values v;

    is_int(info->layout, HL_WAVE_VARIABLE);
    is_int(info->n_segments, 9);
    is_int(info->n_frames, 30000);
    is_str(info->segment[5].name, "~");
    for (int64_t i = 0; i < info->n_segments; i++) {
        hl_wave_window q = {.from = info->segment[i].from, .to = info->segment[i].to};
        is_int(hl_wave_present(w, i, present, &err), HL_OK);
        v = read_window(w, &q);
        is_int(v.code, HL_OK);
        for (int32_t s = 0; s < info->n_signals; s++) {
            bool any = false;
            for (int64_t k = 0; k < hl_wave_count(w, &q, s); k++)
                any = any || ((int32_t *)v.to[s])[k] != HL_WAVE_INVALID;
            if (any)
                is_int(present[s], 1);
            if (!present[s])
                ok(!any);
        }
        free_values(&v);
    }
    is_int(hl_wave_present(w, 9, present, &err), HL_E_USAGE);
    is_str(err.message, "record 83000101 has no segment 9");
    hl_wave_close(&w);
}

static void put_layout(const char *master, const char *layout, const char *segment)
{
    put_ramp("m_1.dat", 20);
    put_text("m.hea", master);
    put_text("m_0.hea", layout);
    put_text("m_1.hea", segment);
}

/* Of signals that share a description, the library fills the layout's first from the segment's
 * last; a signal without description is that of no layout. */
static void signals_of_a_layout_are_matched_by_their_descriptions(void)
{
    put_layout(
        "m/2 4 250 5\nm_0 0\nm_1 5\n",
        "m_0 4 250 0\n~ 0 200 16 0 0 0 0 a\n~ 0 200 16 0 0 0 0 a\n~ 0 200\n~ 0 200 16 0 0 0 0 b \n",
        "m_1 4 250 5\nm_1.dat 16 200 16 0 0 0 0 a\nm_1.dat 16 200 16 0 0 0 0 a\nm_1.dat 16 200 16 "
        "0 0 0 0 b\nm_1.dat 16 200\n");
    hl_wave *w = open_at(at_home("m"), 0);
    hl_wave_window q = {.to = 5};
    values v = read_window(w, &q);
    uint8_t present[4];

    is_int(v.code, HL_OK);
    is_int(((int32_t *)v.to[0])[1], 5);
    for (int s = 1; s < 4; s++)
        is_int(((int32_t *)v.to[s])[1], HL_WAVE_INVALID);
    is_int(hl_wave_present(w, 0, present, NULL), HL_OK);
    is_mem(present, "\1\0\0\0", 4);
    free_values(&v);
    hl_wave_close(&w);
}

/* Values that libwfdb 10.7 gives: sums in another order differ in the last bit, and so by one. */
static void a_segment_is_scaled_to_the_layout_as_the_library_does_it(void)
{
    static const struct {
        const char *layout, *segment; /* gain(baseline) */
        int32_t code[8], want[8];
    } t[] = {
        {"1.1(32768)",
         "100(0)",
         {-32500, -31500, -30500, -15500, -14500, -13500, 0, 32767},
         {32410, 32421, 32432, 32597, 32608, 32619, 32768, 33128}},
        {"204.7(7)",
         "200(-3)",
         {997, 2997, 4997, 26997, 28997, 30997, 0, 32767},
         {1031, 3078, 5125, 27642, 29689, 31736, 10, 33547}},
        {"204.7(-1000)",
         "7(0)",
         {35, 105, 175, 32585, 32655, 32725, 0, 32767},
         {24, 2071, 4118, 951879, 953926, 955973, -1000, 957201}},
        {"0.3(32768)",
         "100(1143)",
         {-32357, -31357, -30357, 30643, 31643, 32643, 0, 32767},
         {32667, 32670, 32673, 32856, 32859, 32862, 32765, 32863}},
        {"0.5(7)",
         "1000(7)",
         {-28993, -26993, -24993, -20993, -18993, -16993, 0, 32767},
         {-7, -6, -5, -3, -2, -1, 7, 23}},
        {"60(7)",
         "250(4179)",
         {-32767, -20000, -7, 0, 3, 11, 12345, 32767},
         {-8860, -5796, -998, -996, -995, -993, 1967, 6868}},
    };

    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        char layout[200], segment[200];
        uint8_t bytes[16];
        for (int i = 0; i < 8; i++) {
            bytes[2 * i] = (uint8_t)t[k].code[i];
            bytes[2 * i + 1] = (uint8_t)((uint32_t)t[k].code[i] >> 8);
        }
        snprintf(layout, sizeof layout, "m_0 1 250 0\n~ 0 %s 16 0 0 0 0 a\n", t[k].layout);
        snprintf(segment, sizeof segment, "m_1 1 250 8\nm_1.dat 16 %s 16 0 0 0 0 a\n",
                 t[k].segment);
        put_layout("m/2 1 250 8\nm_0 0\nm_1 8\n", layout, segment);
        put_bytes("m_1.dat", bytes, sizeof bytes);
        hl_wave *w = open_at(at_home("m"), 0);
        hl_wave_window q = {.to = 8};
        values v = read_window(w, &q);
        for (int i = 0; i < 8; i++)
            tap_check(((int32_t *)v.to[0])[i] == t[k].want[i], __FILE__, __LINE__,
                      "%s from %s: %d is %d, not %d", t[k].layout, t[k].segment, (int)t[k].code[i],
                      (int)((int32_t *)v.to[0])[i], (int)t[k].want[i]);
        free_values(&v);
        hl_wave_close(&w);
    }
}

static void segments_that_do_not_fit_are_refused(void)
{
    const char *layout = "m_0 1 250 0\n~ 0x2 200 16 0 0 0 0 a\n";
    hl_wave_window q = {.from = 1, .to = 9};
    hl_wave *w;
    values v;

    put_layout("m/4 1 250 12\nm_0 0\nm_1 5\nm_9 2\nm_1 5\n", layout,
               "m_1 1 250 5\nm_1.dat 16x2 200 16 0 0 0 0 a\n");
    w = open_at(at_home("m"), 0);
    v = read_window(w, &q);
    is_int(v.code, HL_E_INPUT);
    is_int(v.got, 4); /* what stands in front of it is given */
    is_int(((int32_t *)v.to[0])[7], 9);
    like(v.err.message, "m_9.hea: cannot open: no such file or folder");
    free_values(&v);
    q = (hl_wave_window){.from = 7, .to = 12}; /* behind it all is well */
    v = read_window(w, &q);
    is_int(v.code, HL_OK);
    free_values(&v);
    hl_wave_close(&w);

    put_text("m_9.hea", "m_9/1 1 250 2\nm_1 2\n");
    w = open_at(at_home("m"), 0);
    q = (hl_wave_window){.from = 5, .to = 6};
    v = read_window(w, &q);
    is_int(v.code, HL_E_INPUT);
    is_str(v.err.message, "segment m_9 has segments of its own; records cannot be nested");
    free_values(&v);
    hl_wave_close(&w);

    put_text("m_9.hea", "m_9 1 250 2\nm_1.dat 16 200 16 0 0 0 0 a\n");
    w = open_at(at_home("m"), 0);
    v = read_window(w, &q);
    is_int(v.code, HL_E_INPUT);
    is_str(v.err.message, "segment m_9: signal 0 has 1 samples a frame, the record's has 2");
    free_values(&v);
    hl_wave_close(&w);

    put_text("m.hea", "m/2 1 250 7\nm_1 5\nm_9 2\n");
    put_text("m_9.hea", "m_9 2 250 2\nm_1.dat 16x2\nm_1.dat 16\n");
    w = open_at(at_home("m"), 0);
    v = read_window(w, &q);
    is_int(v.code, HL_E_INPUT);
    is_str(v.err.message, "segment m_9 has 2 signals, the first one has 1");
    free_values(&v);
    hl_wave_close(&w);

    put_text("m.hea", "m/2 1 250 7\nm_2 5\nm_9 2\n");
    put_text("m_2.hea", "m_2/1 1 250 5\nm_1 5\n");
    is_refused(at_home("m"), HL_E_INPUT, "segment m_2 has segments of its own");
}

static void a_fixed_layout_may_begin_with_a_gap(void)
{
    put_layout("m/3 1 250 11\n~ 5\nm_1 5\n~ 1\n", "",
               "m_1 1 250 5 10:00:00\nm_1.dat 16x2 200 16 0 0 0 0 a\n");
    hl_wave *w = open_at(at_home("m"), 0);
    hl_wave_window q = {.to = 11};
    values v = read_window(w, &q);

    is_int(hl_wave_about(w)->layout, HL_WAVE_FIXED);
    is_int(hl_wave_about(w)->start_ms, 36000000 - 20);
    is_int(v.code, HL_OK);
    for (int i = 0; i < 22; i++)
        is_int(((int32_t *)v.to[0])[i], i >= 10 && i < 20 ? i - 10 : HL_WAVE_INVALID);
    free_values(&v);
    hl_wave_close(&w);
}

int main(void)
{
    home = temp_folder();
    run(it_is_known_which_signals_a_segment_has);
    run(signals_of_a_layout_are_matched_by_their_descriptions);
    run(a_segment_is_scaled_to_the_layout_as_the_library_does_it);
    run(segments_that_do_not_fit_are_refused);
    run(a_fixed_layout_may_begin_with_a_gap);
    ok(hl_remove_tree(home, NULL) == HL_OK);
    return done();
}
