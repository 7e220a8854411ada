#include "film/look.h"

static const char keys[] = "modality|range|percentile|padding|rounding|invert|equalise|clahe|"
                           "resize|shorter_edge|format|quality";

/* A key that only counts beside another choice: there when needed, absent otherwise. */
static hl_code fits(const hl_recipe_at *at, const char *key, bool needed, const char *when,
                    hl_error *err)
{
    if (!needed && hl_json_get(at->v, key))
        return hl_recipe_fail(at, key, err, "has a meaning for %s alone", when);
    return HL_OK;
}

static hl_code read_words(const hl_recipe_at *at, hl_look *out, hl_error *err)
{
    int modality = 0, range = 0, padding = 0, rounding = 0, invert = 0, equalise = 0, resize = 0;
    int format = 0;
    const struct {
        const char *key, *words;
        int *to;
    } word[] = {
        {"modality", "ignore|apply", &modality},
        {"range", "minmax|percentile|voi|stored", &range},
        {"padding", "ignore|skip", &padding},
        {"rounding", "truncate|nearest", &rounding},
        {"invert", "monochrome1|never", &invert},
        {"equalise", "none|histogram|clahe", &equalise},
        {"resize", "none|pillow-bilinear|area", &resize},
        {"format", "jpeg|png8|png16", &format},
    };
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < sizeof word / sizeof word[0]; i++)
        c = hl_recipe_word(at, word[i].key, true, word[i].words, word[i].to, err);
    out->modality = (hl_look_modality)modality;
    out->range = (hl_look_range)range;
    out->skip_padding = padding == 1;
    out->rounding = (hl_look_rounding)rounding;
    out->invert = (hl_look_invert)invert;
    out->equalise = (hl_look_equalise)equalise;
    out->resize = (hl_look_resize)resize;
    out->format = (hl_film_format)format;
    return c;
}

/* ["0.5", "99.5"] */
static hl_code read_percentile(const hl_recipe_at *at, hl_look *out, hl_error *err)
{
    hl_recipe_at array;
    hl_code c = hl_recipe_array(at, "percentile", true, &array, err);

    if (c != HL_OK)
        return c;
    if (hl_json_count(array.v) != 2)
        return hl_recipe_fail(at, "percentile", err, "must be two decimals, low and high");
    for (size_t i = 0; i < 2; i++) {
        const hl_str text = hl_json_text(hl_json_at(array.v, i));
        if (!text.at || !hl_parse_f64(text, &out->percentile[i]))
            return hl_recipe_fail(at, "percentile", err, "item %zu must be a decimal in a text", i);
    }
    if (!(out->percentile[0] >= 0.0 && out->percentile[0] < out->percentile[1] &&
          out->percentile[1] <= 100.0))
        return hl_recipe_fail(at, "percentile", err,
                              "must go up, between 0 and 100: [\"0.5\", \"99.5\"]");
    return HL_OK;
}

/* {"clip": "2", "tiles": [8, 8]} */
static hl_code read_clahe(const hl_recipe_at *at, hl_look *out, hl_error *err)
{
    hl_recipe_at clahe, tiles;
    hl_code c = hl_recipe_object(at, "clahe", true, &clahe, err);

    if (c == HL_OK)
        c = hl_recipe_only(&clahe, "clip|tiles", err);
    if (c == HL_OK)
        c = hl_recipe_decimal(&clahe, "clip", true, &out->clahe_clip, err);
    if (c == HL_OK && !(out->clahe_clip >= 0.0 && out->clahe_clip <= 1000.0))
        c = hl_recipe_fail(&clahe, "clip", err, "must be between 0 (no limit) and 1000");
    if (c == HL_OK)
        c = hl_recipe_array(&clahe, "tiles", true, &tiles, err);
    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < 2; i++) {
        out->clahe_tiles[i] = hl_json_int(hl_json_at(tiles.v, i));
        if (hl_json_count(tiles.v) != 2 || out->clahe_tiles[i] < 1 || out->clahe_tiles[i] > 64)
            return hl_recipe_fail(&clahe, "tiles", err,
                                  "must be two numbers from 1 to 64, across and down");
    }
    return HL_OK;
}

static hl_code read_details(const hl_recipe_at *at, hl_look *out, hl_error *err)
{
    const bool percentile = out->range == HL_RANGE_PERCENTILE;
    const bool clahe = out->equalise == HL_EQUALISE_CLAHE;
    const bool resize = out->resize != HL_RESIZE_NONE;
    const bool jpeg = out->format == HL_FILM_JPEG;
    hl_code c = fits(at, "percentile", percentile, "range percentile", err);

    if (c == HL_OK && percentile)
        c = read_percentile(at, out, err);
    if (c == HL_OK)
        c = fits(at, "clahe", clahe, "equalise clahe", err);
    if (c == HL_OK && clahe)
        c = read_clahe(at, out, err);
    if (c == HL_OK)
        c = fits(at, "shorter_edge", resize, "a resize", err);
    if (c == HL_OK && resize)
        c = hl_recipe_int(at, "shorter_edge", true, 1, HL_IMAGE_MAX_SIDE, &out->shorter_edge, err);
    if (c == HL_OK)
        c = fits(at, "quality", jpeg, "format jpeg", err);
    if (c == HL_OK && jpeg)
        c = hl_recipe_int(at, "quality", true, 1, 100, &out->quality, err);
    return c;
}

static hl_code check_together(const hl_recipe_at *at, const hl_look *look, hl_error *err)
{
    if (look->range == HL_RANGE_VOI && look->modality != HL_MODALITY_APPLY)
        return hl_recipe_fail(at, "range", err,
                              "voi needs modality apply: windows are in its units");
    if (look->format != HL_FILM_PNG16)
        return HL_OK;
    if (look->equalise != HL_EQUALISE_NONE)
        return hl_recipe_fail(at, "equalise", err,
                              "works on 8 bits; with format png16 it must be none");
    if (look->resize != HL_RESIZE_NONE)
        return hl_recipe_fail(at, "resize", err,
                              "works on 8 bits; with format png16 it must be none");
    return HL_OK;
}

hl_code hl_look_read(const hl_recipe_at *pixels, hl_look *out, hl_error *err)
{
    *out = (hl_look){0};
    hl_code c = hl_recipe_only(pixels, keys, err);

    if (c == HL_OK)
        c = read_words(pixels, out, err);
    if (c == HL_OK)
        c = read_details(pixels, out, err);
    if (c == HL_OK)
        c = check_together(pixels, out, err);
    return c;
}
