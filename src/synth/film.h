/*
 * film.h - draws a frontal chest film, once for every form it is written in.
 *
 * The picture is a sum of attenuations, as a film is: trunk, air in the lungs, heart and great
 * vessels, spine, ribs, clavicles, scapulae, vessels, opacities, devices. The sum is made on a
 * coarse grid, enlarged, given grain, and turned into grey by one curve.
 */
#ifndef HL_SYNTH_FILM_H
#define HL_SYNTH_FILM_H

#include "base/rng.h"
#include "data/image.h"

typedef enum {
    HL_SYNTH_DEVICE_NONE,
    HL_SYNTH_DEVICE_LEADS,    /* monitor electrodes and their wires */
    HL_SYNTH_DEVICE_LINE,     /* central venous line from the right side */
    HL_SYNTH_DEVICE_TUBE,     /* endotracheal tube */
    HL_SYNTH_DEVICE_PACEMAKER /* box below the left clavicle, lead into the right ventricle */
} hl_synth_device;

typedef struct {
    int32_t width, height; /* px */
    bool portable;         /* AP, else PA */
    double cardiothoracic; /* heart width / inner chest width, 0.38 .. 0.66 */
    double basal_opacity;  /* density of the lower zones, 0 = clear .. 1 */
    double inflation;      /* -1 low volumes with high domes .. +1 long lungs with flat domes */
    double body;           /* build: -1 slim .. +1 stout */
    hl_synth_device device;
} hl_synth_film_look;

typedef struct {
    int32_t width, height; /* px */
    uint16_t *px;          /* [height][width], 0 = black .. 65535 = white; in arena */
} hl_synth_picture;

/* Draw a new picture. rng decides everything that look does not. */
hl_code hl_synth_film_draw(hl_arena *arena, const hl_synth_film_look *look, hl_rng rng,
                           hl_synth_picture *out, hl_error *err);

/* Its upper 8 bits as a new image. */
hl_code hl_synth_film_grey(hl_arena *arena, const hl_synth_picture *picture, hl_image *out,
                           hl_error *err);

#endif
