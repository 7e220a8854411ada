#include "synth/film.h"

#include <math.h>

#include "synth/chance.h"

/*
 * Anatomy is placed in units of its own: x = 0 on the spine, positive to the right of the picture
 * (the patient's left); y = 0 at the apex of the lungs, downwards. The inner chest is 2 * CHEST
 * wide.
 *
 *        shoulder   0.0 apex  ___        ___
 *                            /   \ | | /   \      clavicles 0.0 .. 0.2
 *                           |     || ||     |     aortic knob 0.36, carina 0.48
 *                           |    <hilum 0.62>|
 *                           |     (  heart  )|
 *        domes at 1.2      _|____(__________)|_   costophrenic angles 1.4
 */
/* Proportions below were set by eye on drawn films. */
#define CHEST 0.78f
#define N_PROFILE 256

typedef struct {
    int w, h;     /* cells */
    float unit;   /* anatomy units a cell */
    float x0, y0; /* anatomy position of cell 0, 0 */
    float *at;    /* attenuation [h][w], 0 = air */
} grid;

typedef struct {
    const hl_synth_film_look *look;
    float shear;   /* tilt of the patient: x shift a unit of y */
    float dome[2]; /* y of the diaphragm's top, right side of the picture = 1 */
    float lateral; /* inner chest half-width */
    float trunk;   /* outer half-width at the waist of the picture */
    float heart_x, heart_y, heart_a, heart_b, heart_tilt;
    float rib_phase, rib_gap;
    float rib[N_PROFILE]; /* cross-section of a rib over one gap */
    float breast;         /* density of a soft shadow over the lower zones */
    float opacity[2];     /* of the left and right lower zone */
    float stomach;        /* gas below the left dome */
} chest;

static float stepf(float lo, float hi, float x)
{
    float t = (x - lo) / (hi - lo);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

static float clampf(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static float drawf(hl_rng *rng, double lo, double hi)
{
    return (float)hl_synth_between(rng, lo, hi);
}

/* Soft-edged band across a gap: cortex at both edges brighter than the marrow between. */
static void make_rib_profile(float *rib)
{
    for (int i = 0; i < N_PROFILE; i++) {
        float d = fabsf(((float)i + 0.5f) / N_PROFILE - 0.5f) / 0.19f;
        rib[i] = (1 - stepf(0.8f, 1.2f, d)) * (0.62f + 0.55f * d * d);
    }
}

static chest make_chest(const hl_synth_film_look *look, hl_rng *rng)
{
    chest c = {.look = look};
    float inflation = (float)look->inflation, width = (float)look->cardiothoracic * 2 * CHEST;
    float dome = 1.19f + 0.15f * inflation + drawf(rng, -0.02, 0.02);
    c.shear = drawf(rng, -0.035, 0.035);
    c.dome[0] = dome - 0.025f;
    c.dome[1] = dome + drawf(rng, 0.015, 0.05);
    c.lateral = CHEST;
    c.trunk = 0.93f + 0.07f * (float)look->body;
    c.heart_a = width / 2;
    c.heart_x = 0.17f * width + drawf(rng, -0.01, 0.01);
    c.heart_b = 0.24f + 0.17f * width;
    c.heart_y = dome + 0.13f - c.heart_b * 0.88f;
    c.heart_tilt = 0.42f - 0.12f * inflation;
    c.rib_gap = 0.125f + 0.012f * inflation + drawf(rng, -0.006, 0.006);
    c.rib_phase = drawf(rng, 0, 1);
    c.breast = hl_synth_chance(rng, 0.45) ? drawf(rng, 0.05, 0.13) : 0.02f;
    for (int side = 0; side < 2; side++)
        c.opacity[side] = (float)look->basal_opacity * drawf(rng, 0.8, 1.1);
    c.stomach = hl_synth_chance(rng, 0.6) ? drawf(rng, 0.2, 0.45) : 0;
    make_rib_profile(c.rib);
    return c;
}

/* Height of the diaphragm at x. */
static float diaphragm(const chest *c, float x)
{
    float s = fabsf(x) - 0.36f;
    float curve = (0.62f - 0.25f * (float)c->look->inflation) * s * s;
    return c->dome[x > 0] + curve + 0.5f * stepf(0.58f, 0.84f, fabsf(x)) * 0.28f;
}

/* Air of the lungs at a point, 0..1: sharp at the wall, deeper towards the middle. out and in are
 * the lateral and medial borders in this row. */
static float lung_air(const chest *c, float x, float y, float out, float in)
{
    float s = fabsf(x);
    float side = out - s, middle = s - in, floor_y = diaphragm(c, x) - y;
    if (side <= 0 || middle <= 0 || floor_y <= 0)
        return 0;
    float wall = 0.58f * stepf(0, 0.035f, side) + 0.42f * stepf(0, 0.30f, side);
    float hilum = 0.45f * stepf(0, 0.04f, middle) + 0.55f * stepf(0, 0.26f, middle);
    float base = 0.62f * stepf(0, 0.03f, floor_y) + 0.38f * stepf(0, 0.42f, floor_y);
    return wall * hilum * base;
}

/* Heart, aortic knob, pulmonary trunk, right atrium: silhouettes with rounded depth. */
static float silhouette(float dx, float dy, float a, float b, float rim)
{
    float q = dx * dx / (a * a) + dy * dy / (b * b);
    if (q >= 1)
        return 0;
    return 0.6f * stepf(0, rim, 1 - q) + 0.4f * (1 - q);
}

/* The larger of two depths, rounded where they meet. */
static float blend(float a, float b)
{
    float d = a - b, more = d > 0 ? a : b, near = 1 - fabsf(d) * 5;
    return near > 0 ? more + 0.05f * near * near : more;
}

static float heart(const chest *c, float x, float y)
{
    float dy = y - c->heart_y;
    float v = 0;
    if (fabsf(dy) < c->heart_b)
        v = silhouette(x - c->heart_x - c->heart_tilt * dy * 0.55f, dy, c->heart_a, c->heart_b,
                       0.10f);
    float atrium = silhouette(x - c->heart_x + c->heart_a * 0.60f, y - c->heart_y - 0.05f,
                              c->heart_a * 0.43f, 0.24f, 0.18f);
    float knob = silhouette(x - 0.10f, y - 0.36f, 0.12f, 0.11f, 0.35f);
    float trunk = silhouette(x - 0.09f, y - 0.56f, 0.125f, 0.15f, 0.5f);
    float cava = silhouette(x + 0.07f, y - 0.45f, 0.10f, 0.42f, 0.4f);
    float middle = silhouette(x - 0.01f, y - 0.55f, 0.145f, 1.15f, 0.35f);
    float great = 0.72f * (v > atrium ? v : atrium);
    great = blend(great, 0.46f * middle);
    return blend(blend(great, 0.62f * knob), blend(0.50f * trunk, 0.38f * cava));
}

static float bones(const chest *c, float x, float y, float out)
{
    float s = fabsf(x), v = 0;
    if (s < out + 0.03f && s > 0.06f) {
        float end = stepf(out + 0.03f, out - 0.02f, s) * stepf(0.06f, 0.12f, s);
        float back = (y - (0.04f - 0.25f * s + 0.55f * s * s)) / c->rib_gap + c->rib_phase;
        float front =
            (y - 0.66f * (CHEST - s) - 0.05f) / (c->rib_gap * 1.12f) + c->rib_phase + 0.4f;
        float seen =
            stepf(-0.12f, 0.0f, y) * (1 - 0.75f * stepf(-0.05f, 0.12f, y - diaphragm(c, x)));
        v += 0.175f * end * seen *
             c->rib[(int)((back - floorf(back)) * N_PROFILE) & (N_PROFILE - 1)];
        v += 0.095f * end * seen * stepf(0.26f, 0.36f, s) * (1 - stepf(1.0f, 1.2f, y)) *
             c->rib[(int)((front - floorf(front)) * N_PROFILE) & (N_PROFILE - 1)];
    }
    if (s > 0.045f && s < 0.86f && y < 0.4f) { /* clavicle, an S */
        float t = (s - 0.045f) / 0.8f;
        float mid = 0.20f - 0.30f * t + 0.30f * t * (1 - t) * (0.35f - t);
        float half = 0.036f - 0.03f * t * (1 - t) * 2;
        float d = fabsf(y - mid) / half;
        v += 0.26f * (1 - stepf(0.75f, 1.1f, d)) * (0.7f + 0.4f * d * d) * stepf(0.045f, 0.07f, s) *
             (1 - stepf(0.82f, 0.86f, s));
    }
    if (s > 0.58f && y > 0.02f && y < 0.85f) { /* shoulder blade; a standing PA film turns it out */
        float edge = (c->look->portable ? 0.61f : 0.74f) + 0.10f * (y - 0.1f);
        v += 0.10f * stepf(edge, edge + 0.025f, s) * stepf(0.02f, 0.10f, y) *
             (1 - stepf(0.6f, 0.85f, y));
    }
    float hx = s - 1.03f, hy = y - 0.10f, r = hx * hx + hy * hy;
    if (r < 0.03f) /* head of the humerus */
        v += 0.22f * stepf(0.03f, 0.019f, r);
    return v;
}

static float spine(float x, float y, float tilt)
{
    float s = fabsf(x);
    if (s > 0.12f)
        return 0;
    float body = 1 - stepf(0.070f, 0.092f, s);
    float phase = (y + tilt) / 0.118f;
    float p = fabsf(phase - floorf(phase) - 0.5f) * 2; /* 1 at the disc */
    float disc = stepf(0.72f, 0.92f, p);
    float process = (1 - stepf(0.012f, 0.026f, s)) * (1 - stepf(0.3f, 0.6f, p));
    return body * (0.20f - 0.09f * disc) + 0.07f * process + 0.05f * body * stepf(0.05f, 0.07f, s);
}

/* The two main bronchi below the carina, 0..1. */
static float bronchi(float x, float y)
{
    float slope = x < 0 ? 1.2f : 0.95f; /* the right one, left in the picture, is steeper */
    float off = fabsf(y - 0.475f - slope * fabsf(x));
    return (1 - stepf(0.024f, 0.046f, off)) * (1 - stepf(0.11f, 0.16f, fabsf(x)));
}

/* Soft tissue and spine, less the air of trachea and bronchi. */
static float midline(const chest *c, float x, float y, float behind)
{
    float a = 0.16f * (1 - stepf(0.05f, 0.24f, fabsf(x)));
    a += spine(x, y, c->rib_phase * 0.118f) * (1 - 0.6f * behind);
    a -= 0.11f * bronchi(x, y);
    if (y < 0.50f) {
        float trachea = 1 - stepf(0.028f, 0.046f, fabsf(x + 0.008f));
        a -= 0.27f * trachea * stepf(0.50f, 0.44f, y);
    }
    return a;
}

/* What makes the lung above the diaphragm dense: opacity, uneven, and the breast in front of it. */
static float lower_zone(const chest *c, float x, float y, float behind, float texture)
{
    float lx = fabsf(x) - 0.40f, ly = y - c->dome[x > 0] + 0.10f;
    float zone = 1 - (lx * lx) / 0.19f - (ly * ly) / (ly < 0 ? 0.16f : 0.09f);
    if (zone <= 0)
        return 0;
    float dense = c->opacity[x > 0] * zone * (2 - zone);
    return dense * (0.58f + 2.8f * texture) * (1 - 0.6f * behind) +
           c->breast * stepf(0, 0.35f, zone);
}

/* Everything that is a closed shape, one row. texture: slow noise around 0. row comes in with the
 * vessels, which show where there is air around them. */
static void shade_row(const chest *c, const grid *g, int j, const float *texture, float *row)
{
    float y = g->y0 + (float)j * g->unit;
    float v = clampf(y / (c->dome[0] * 0.92f), 0, 1), q = 1 - v;
    float out = y <= 0 ? 0 : 0.27f + (c->lateral - 0.27f) * sqrtf(1 - q * q * q);
    float in = 0.29f - 0.165f * sqrtf(1 - q * q * q * q * q);
    float wide = stepf(-0.42f, 0.10f, y);
    float trunk = 0.27f + (1.10f - 0.27f) * wide * (0.35f + 0.65f * wide);
    trunk += (c->trunk - 1.10f) * stepf(0.30f, 0.75f, y);
    for (int i = 0; i < g->w; i++) {
        float x = g->x0 + (float)i * g->unit + c->shear * (y - 0.7f);
        float u = x / trunk, vessel = row[i], a;
        if (u * u >= 1) {
            row[i] = 0;
            continue;
        }
        float skin = sqrtf(1 - u * u);
        float below = stepf(-0.02f, 0.035f, y - diaphragm(c, x));
        a = (0.72f + 0.10f * (float)c->look->body) * skin + 0.28f * stepf(0, 0.05f, 1 - u * u);
        a += 0.40f * below * (0.6f + 0.4f * skin);
        float air = y > 0 ? lung_air(c, x, y, out, in) : 0;
        a -= 0.78f * air * (1 + 0.08f * (float)c->look->inflation);
        float core = heart(c, x, y);
        a += core * (1 - 0.88f * below);
        float behind = stepf(0.2f, 0.6f, core); /* what lies before or behind the heart is lost */
        a += vessel * stepf(0, 0.25f, air) * (1 - 0.75f * behind);
        if (fabsf(x) < 0.3f)
            a += midline(c, x, y, behind);
        a += bones(c, x, y, out) * (1 - 0.55f * behind);
        if (air > 0)
            a += air * lower_zone(c, x, y, behind, texture[i]);
        if (c->stomach > 0 && below > 0)
            a -= c->stomach * below *
                 silhouette(x - 0.36f, y - c->dome[1] - 0.13f, 0.17f, 0.085f, 0.6f);
        row[i] = a + texture[i] * (0.30f + 0.45f * air);
    }
}

/* Slow noise for one whole grid: two octaves of random lattices, linear between their points. */
static void fill_texture(hl_rng *rng, int w, int h, int cell, float amount, float *out)
{
    int lw = w / cell + 2, lh = h / cell + 2;
    float *lattice = out + (size_t)w * (size_t)h; /* the caller leaves room behind the field */
    for (int i = 0; i < lw * lh; i++)
        lattice[i] = amount * (float)hl_synth_normal(rng);
    for (int j = 0; j < h; j++) {
        const float *p = lattice + (j / cell) * lw, *n = p + lw;
        float fy = (float)(j % cell) / (float)cell;
        for (int i = 0; i < w; i++) {
            int k = i / cell;
            float fx = (float)(i - k * cell) / (float)cell;
            float top = p[k] + (p[k + 1] - p[k]) * fx, low = n[k] + (n[k + 1] - n[k]) * fx;
            out[(size_t)j * (size_t)w + (size_t)i] += top + (low - top) * fy;
        }
    }
}

/* A soft stroke from (xa, ya) to (xb, yb) in anatomy units, half-width half, of attenuation amount.
 * The highest counts where strokes meet, so that their ends don't show. */
static void stroke(grid *g, float xa, float ya, float xb, float yb, float half, float amount)
{
    float cells = half / g->unit;
    if (cells < 0.6f) { /* thinner than the grid can show: fainter instead */
        amount *= cells / 0.6f;
        cells = 0.6f;
    }
    float ax = (xa - g->x0) / g->unit, ay = (ya - g->y0) / g->unit;
    float bx = (xb - g->x0) / g->unit, by = (yb - g->y0) / g->unit;
    float dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy + 1e-6f;
    int left = (int)clampf((ax < bx ? ax : bx) - cells - 1, 0, (float)g->w);
    int right = (int)clampf((ax > bx ? ax : bx) + cells + 2, 0, (float)g->w);
    int top = (int)clampf((ay < by ? ay : by) - cells - 1, 0, (float)g->h);
    int low = (int)clampf((ay > by ? ay : by) + cells + 2, 0, (float)g->h);
    float far = (cells + 0.7f) * (cells + 0.7f), near = 0.3f * cells * cells;
    for (int j = top; j < low; j++) {
        float *row = g->at + (size_t)j * (size_t)g->w;
        for (int i = left; i < right; i++) {
            float px = (float)i - ax, py = (float)j - ay;
            float t = clampf((px * dx + py * dy) / length, 0, 1);
            float ex = px - t * dx, ey = py - t * dy, d = ex * ex + ey * ey;
            if (d >= far)
                continue;
            float v = amount * (d <= near ? 1 : (far - d) / (far - near));
            row[i] = row[i] < v ? v : row[i];
        }
    }
}

/* Vessels fan out from a hilum and fork three times. */
typedef struct {
    float x, y, dx, dy, half, length;
    int depth;
} branch;

static void draw_vessels(grid *g, const chest *c, hl_rng *rng)
{
    branch stack[64];
    for (int side = -1; side <= 1; side += 2) {
        int n = 0;
        for (int i = 0; i < 9; i++) {
            float angle = drawf(rng, -0.03, 0.03) + (-0.21f + 0.0525f * (float)i);
            branch b = {.x = (float)side * 0.19f,
                        .y = 0.52f * c->dome[0] + 0.03f * (float)(side < 0) +
                             drawf(rng, -0.07, 0.07),
                        .dx = (float)side * (float)hl_synth_cos((double)angle),
                        .dy = (float)hl_synth_sin((double)angle) * 1.3f,
                        .half = drawf(rng, 0.014, 0.022),
                        .length = drawf(rng, 0.13, 0.20),
                        .depth = 3};
            stack[n++] = b;
        }
        while (n > 0) {
            branch b = stack[--n];
            float x = b.x + b.dx * b.length, y = b.y + b.dy * b.length;
            bool inside = fabsf(x) < c->lateral - 0.05f && y > 0.06f && y < diaphragm(c, x) - 0.01f;
            if (!inside)
                continue;
            stroke(g, b.x, b.y, x, y, b.half, 0.03f + 8.5f * b.half);
            for (int k = 0; k < 2 && b.depth > 0; k++) {
                float turn = k ? drawf(rng, 0.1, 0.55) : drawf(rng, -0.55, -0.1);
                branch child = {.x = x,
                                .y = y,
                                .dx = b.dx - turn * b.dy,
                                .dy = b.dy + turn * b.dx,
                                .half = b.half * drawf(rng, 0.6, 0.75),
                                .length = b.length * drawf(rng, 0.72, 0.9),
                                .depth = b.depth - 1};
                stack[n++] = child;
            }
        }
    }
}

static void wire(grid *g, const float (*p)[2], int n, float half, float amount)
{
    for (int i = 0; i + 1 < n; i++)
        stroke(g, p[i][0], p[i][1], p[i + 1][0], p[i + 1][1], half, amount);
}

static void draw_devices(grid *g, const chest *c, hl_rng *rng)
{
    float low = c->heart_y + 0.55f * c->heart_b, j = drawf(rng, -0.03, 0.03);
    switch (c->look->device) {
    case HL_SYNTH_DEVICE_NONE:
        break;
    case HL_SYNTH_DEVICE_LEADS: {
        const float spot[4][2] = {
            {-0.62f, 0.12f + j}, {0.66f, 0.10f - j}, {-0.70f, 1.05f + j}, {0.72f, 1.08f}};
        for (int i = 0; i < 4; i++) {
            float x = spot[i][0], y = spot[i][1], turn = i & 1 ? 0.16f : -0.13f;
            const float line[4][2] = {{x, y},
                                      {x * 0.86f + turn, y + 0.2f},
                                      {x * 0.9f + turn, y + 0.45f},
                                      {x * 1.2f, y + 0.8f}};
            wire(g, line, 4, 0.006f, 1.55f);
            stroke(g, x, y, x + 0.004f, y, 0.026f, 1.75f);
        }
        break;
    }
    case HL_SYNTH_DEVICE_LINE: {
        const float line[5][2] = {{-0.30f, -0.25f},
                                  {-0.20f, 0.02f},
                                  {-0.12f, 0.20f + j},
                                  {-0.11f, 0.40f},
                                  {-0.115f, 0.70f + j}};
        wire(g, line, 5, 0.009f, 1.70f);
        break;
    }
    case HL_SYNTH_DEVICE_TUBE: {
        const float line[3][2] = {{0.0f, -0.45f}, {-0.012f, 0.0f}, {-0.008f, 0.33f + j}};
        wire(g, line, 3, 0.010f, 1.62f);
        break;
    }
    case HL_SYNTH_DEVICE_PACEMAKER: {
        const float line[6][2] = {{0.46f, 0.26f},  {0.26f, 0.13f},        {0.03f, 0.24f + j},
                                  {-0.10f, 0.45f}, {-0.09f, low - 0.15f}, {0.20f, low + j}};
        wire(g, line, 6, 0.008f, 1.75f);
        stroke(g, 0.50f, 0.27f, 0.56f, 0.32f, 0.085f, 1.95f);
        break;
    }
    }
}

/* Attenuation to grey: dark lungs, bright middle, as a display curve does. */
static void tone(grid *g, float gain)
{
    size_t n = (size_t)g->w * (size_t)g->h;
    for (size_t i = 0; i < n; i++) {
        float t = clampf(g->at[i] * gain / 2.02f, 0, 1);
        g->at[i] = 3 + 244 * (0.62f * t + 0.38f * t * t * (3 - 2 * t));
    }
}

/* The grid enlarged to the picture, with grain. Rounded where 8 bits end, so that the upper byte is
 * the picture as 8 bits have it. */
static void develop(const grid *g, float step, float grain, hl_rng *rng, float *row,
                    hl_synth_picture *out)
{
    for (int32_t y = 0; y < out->height; y++) {
        float gy = ((float)y + 0.5f) / step;
        int j = (int)gy;
        float f = gy - (float)j;
        const float *a = g->at + (size_t)j * (size_t)g->w, *b = a + g->w;
        for (int i = 0; i < g->w; i++)
            row[i] = a[i] + (b[i] - a[i]) * f;
        uint16_t *px = out->px + (int64_t)y * out->width;
        uint64_t bits = 0;
        int last = 0;
        float inverse = 1 / step;
        for (int32_t x = 0; x < out->width; x++) {
            if ((x & 3) == 0)
                bits = hl_rng_u64(rng);
            int noise = (int)(bits & 255) + (int)(bits >> 8 & 255) - 255;
            bits >>= 16;
            float gx = ((float)x + 0.5f) * inverse;
            int i = (int)gx;
            float v = row[i] + (row[i + 1] - row[i]) * (gx - (float)i);
            /* Neighbours share some of their grain, as after a scanner's or a detector's blur. */
            v += grain * (float)(noise + last / 2);
            last = noise;
            px[x] = (uint16_t)clampf((v + 0.5f) * 256, 0, 65535);
        }
    }
}

/* grey: of 255 */
static void fill_box(hl_synth_picture *m, int32_t left, int32_t top, int32_t w, int32_t h, int grey)
{
    for (int32_t y = top < 0 ? 0 : top; y < top + h && y < m->height; y++)
        for (int32_t x = left < 0 ? 0 : left; x < left + w && x < m->width; x++)
            m->px[(int64_t)y * m->width + x] = (uint16_t)(grey * 256 + 128);
}

/* Side marker: a lead letter L near the patient's left shoulder, at the right of the picture. */
static void draw_marker(hl_synth_picture *m, hl_rng *rng)
{
    int32_t s = (m->width < m->height ? m->width : m->height) / 22;
    if (s < 8)
        s = 8;
    int32_t left = m->width - s * 2 - (int32_t)hl_synth_int(rng, 0, s);
    int32_t top = s + (int32_t)hl_synth_int(rng, 0, 2 * s), bar = s / 4;
    fill_box(m, left, top, bar, s, 250);
    fill_box(m, left, top + s - bar, s * 5 / 8, bar, 250);
}

/* Shutters of the tube: a black frame on some sides. */
static void draw_shutters(hl_synth_picture *m, hl_rng *rng)
{
    int32_t side = m->width < m->height ? m->width : m->height;
    for (int k = 0; k < 4; k++) {
        if (!hl_synth_chance(rng, 0.35))
            continue;
        int32_t t = (int32_t)hl_synth_int(rng, side / 60, side / 22);
        switch (k) {
        case 0:
            fill_box(m, 0, 0, t, m->height, 2);
            break;
        case 1:
            fill_box(m, m->width - t, 0, t, m->height, 2);
            break;
        case 2:
            fill_box(m, 0, 0, m->width, t, 2);
            break;
        case 3:
            fill_box(m, 0, m->height - t, m->width, t, 2);
            break;
        }
    }
}

hl_code hl_synth_film_draw(hl_arena *arena, const hl_synth_film_look *look, hl_rng rng,
                           hl_synth_picture *out, hl_error *err)
{
    int32_t longest = look->width > look->height ? look->width : look->height;
    int cells = longest > 1200 ? 860 : 340;
    float step = longest > cells ? (float)longest / (float)cells : 1;
    grid g = {.w = (int)((float)look->width / step) + 3,
              .h = (int)((float)look->height / step) + 3};
    size_t n = (size_t)g.w * (size_t)g.h;
    *out = (hl_synth_picture){.width = look->width, .height = look->height};
    out->px = hl_arena_calloc(arena, (size_t)out->width * (size_t)out->height, sizeof *out->px);
    g.at = hl_arena_calloc(arena, n, sizeof *g.at);
    /* Behind the texture: the finest lattice, one value for 5 x 5 cells and its rim. */
    float *texture = hl_arena_calloc(arena, 2 * n, sizeof *texture);
    float *row = hl_arena_calloc(arena, (size_t)g.w, sizeof *row);
    if (!out->px || !g.at || !texture || !row)
        return hl_fail_memory(err, "film", 3 * n * sizeof *texture);

    float across = (float)look->width / 1.92f, down = (float)look->height / 1.90f;
    g.unit = step / ((across < down ? across : down) * drawf(&rng, 0.96, 1.06));
    g.x0 = -(float)g.w * g.unit / 2 + drawf(&rng, -0.05, 0.05);
    g.y0 = 0.66f - (float)g.h * g.unit / 2 + drawf(&rng, -0.05, 0.05);
    chest c = make_chest(look, &rng);
    int coarse = cells / 14, fine = cells / 70 < 5 ? 5 : cells / 70;
    fill_texture(&rng, g.w, g.h, coarse, 0.030f, texture);
    fill_texture(&rng, g.w, g.h, fine, 0.022f, texture);
    draw_vessels(&g, &c, &rng);
    for (int j = 0; j < g.h; j++)
        shade_row(&c, &g, j, texture + (size_t)j * (size_t)g.w, g.at + (size_t)j * (size_t)g.w);
    draw_devices(&g, &c, &rng);
    tone(&g, drawf(&rng, 0.93, 1.07));
    develop(&g, step, drawf(&rng, 0.010, 0.022), &rng, row, out);
    draw_marker(out, &rng);
    draw_shutters(out, &rng);
    return HL_OK;
}

hl_code hl_synth_film_grey(hl_arena *arena, const hl_synth_picture *picture, hl_image *out,
                           hl_error *err)
{
    hl_code c = hl_image_new(arena, picture->width, picture->height, 1, out, err);
    for (int64_t y = 0; c == HL_OK && y < picture->height; y++)
        for (int64_t x = 0; x < picture->width; x++)
            out->px[y * out->row_bytes + x] = (uint8_t)(picture->px[y * picture->width + x] >> 8);
    return c;
}
