#include "film/look.h"

#include "base/json.h"
#include "tap.h"

static const char plain[] = "{\"modality\":\"ignore\",\"range\":\"minmax\",\"padding\":\"ignore\","
                            "\"rounding\":\"truncate\",\"invert\":\"monochrome1\","
                            "\"equalise\":\"none\",\"resize\":\"none\",\"format\":\"jpeg\","
                            "\"quality\":95}";

static hl_code read_text(const char *text, hl_look *out, hl_error *err)
{
    hl_json *json = NULL;
    hl_recipe_at pixels;

    *err = (hl_error){0};
    if (!ok(hl_json_parse(text, strlen(text), "mine.json", &json, err) == HL_OK))
        return HL_E_BUG;
    hl_recipe_at top = hl_recipe_top(json);
    hl_code c = hl_recipe_object(&top, "pixels", true, &pixels, err);
    if (c == HL_OK)
        c = hl_look_read(&pixels, out, err);
    hl_json_free(&json);
    return c;
}

/* The plain look with one piece of text replaced. */
static hl_code read_changed(const char *from, const char *to, hl_look *out, hl_error *err)
{
    char text[1024];
    const char *at = strstr(plain, from);

    if (!ok(at != NULL))
        return HL_E_BUG;
    snprintf(text, sizeof text, "{\"pixels\":%.*s%s%s}", (int)(at - plain), plain, to,
             at + strlen(from));
    return read_text(text, out, err);
}

static void all_choices_are_read(void)
{
    hl_look l;
    hl_error err;

    is_int(read_changed("", "", &l, &err), HL_OK);
    ok(l.modality == HL_MODALITY_IGNORE && l.range == HL_RANGE_MINMAX && !l.skip_padding);
    ok(l.rounding == HL_ROUND_TRUNCATE && l.invert == HL_INVERT_MONOCHROME1);
    ok(l.equalise == HL_EQUALISE_NONE && l.resize == HL_RESIZE_NONE && l.format == HL_FILM_JPEG);
    is_int(l.quality, 95);
    is_int(l.shorter_edge, 0);
    is_int(read_changed("ignore\",\"range\":\"minmax\",\"padding\":\"ignore",
                        "apply\",\"range\":\"voi\",\"padding\":\"skip", &l, &err),
           HL_OK);
    ok(l.modality == HL_MODALITY_APPLY && l.range == HL_RANGE_VOI && l.skip_padding);
    is_int(read_changed("\"minmax\"", "\"percentile\",\"percentile\":[\"0.5\",\"99.5\"]", &l, &err),
           HL_OK);
    ok(l.percentile[0] == 0.5 && l.percentile[1] == 99.5);
    is_int(read_changed("\"none\",\"resize\":\"none\"",
                        "\"clahe\",\"clahe\":{\"clip\":\"2.5\",\"tiles\":[8,4]},"
                        "\"resize\":\"area\",\"shorter_edge\":512",
                        &l, &err),
           HL_OK);
    ok(l.equalise == HL_EQUALISE_CLAHE && l.clahe_clip == 2.5);
    ok(l.clahe_tiles[0] == 8 && l.clahe_tiles[1] == 4);
    ok(l.resize == HL_RESIZE_AREA && l.shorter_edge == 512);
    is_int(read_changed("\"jpeg\",\"quality\":95", "\"png16\"", &l, &err), HL_OK);
    ok(l.format == HL_FILM_PNG16);
}

static void what_does_not_fit_together_is_named(void)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"minmax\"", "\"full\"", "pixels.range: 'full' is none of minmax|percentile|voi|stored"},
        {"\"quality\"", "\"colour\":1,\"quality\"", "pixels.colour: unknown key"},
        {"\"padding\":\"ignore\",", "", "pixels.padding: is missing"},
        {"\"minmax\"", "\"voi\"", "pixels.range: voi needs modality apply"},
        {"\"minmax\"", "\"percentile\"", "pixels.percentile: is missing"},
        {"\"minmax\"", "\"minmax\",\"percentile\":[\"1\",\"2\"]",
         "pixels.percentile: has a meaning for range percentile alone"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"1\"]", "must be two decimals"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"1\",99]", "item 1 must be a decimal"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"5\",\"5\"]", "must go up"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"-1\",\"5\"]", "must go up"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"1\",\"101\"]", "must go up"},
        {"\"minmax\"", "\"percentile\",\"percentile\":[\"nan\",\"5\"]", "must go up"},
        {"\"none\",\"resize\"", "\"clahe\",\"resize\"", "pixels.clahe: is missing"},
        {"\"none\",\"resize\"", "\"histogram\",\"clahe\":{},\"resize\"",
         "pixels.clahe: has a meaning for equalise clahe alone"},
        {"\"none\",\"resize\"", "\"clahe\",\"clahe\":{\"clip\":\"-1\",\"tiles\":[8,8]},\"resize\"",
         "pixels.clahe.clip: must be between 0"},
        {"\"none\",\"resize\"", "\"clahe\",\"clahe\":{\"clip\":\"2\",\"tiles\":[8,65]},\"resize\"",
         "pixels.clahe.tiles: must be two numbers from 1 to 64"},
        {"\"none\",\"resize\"", "\"clahe\",\"clahe\":{\"clip\":\"2\",\"tiles\":[8]},\"resize\"",
         "pixels.clahe.tiles: must be two numbers"},
        {"\"none\",\"resize\"",
         "\"clahe\",\"clahe\":{\"clip\":\"2\",\"tiles\":[8,8],\"x\":1},\"resize\"",
         "pixels.clahe.x: unknown key"},
        {"\"resize\":\"none\"", "\"resize\":\"area\"", "pixels.shorter_edge: is missing"},
        {"\"resize\":\"none\"", "\"resize\":\"area\",\"shorter_edge\":0", "0 is outside 1 to"},
        {"\"resize\":\"none\"", "\"resize\":\"none\",\"shorter_edge\":9",
         "pixels.shorter_edge: has a meaning for a resize alone"},
        {"95", "101", "pixels.quality: 101 is outside 1 to 100"},
        {"\"jpeg\"", "\"png8\"", "pixels.quality: has a meaning for format jpeg alone"},
        {"\"none\",\"resize\":\"none\",\"format\":\"jpeg\",\"quality\":95",
         "\"histogram\",\"resize\":\"none\",\"format\":\"png16\"",
         "pixels.equalise: works on 8 bits"},
        {"\"none\",\"format\":\"jpeg\",\"quality\":95",
         "\"pillow-bilinear\",\"shorter_edge\":512,\"format\":\"png16\"",
         "pixels.resize: works on 8 bits"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl_look l;
        hl_error err;
        is_int(read_changed(cases[i].from, cases[i].to, &l, &err), HL_E_INPUT);
        like(err.message, cases[i].message);
    }
}

static void shipped_recipes_are_what_their_names_say(void)
{
    static const struct {
        const char *name;
        hl_look_range range;
        hl_look_equalise equalise;
        hl_look_resize resize;
        hl_film_format format;
    } recipes[] = {
        {"mimic-cxr-jpg-2.0.0", HL_RANGE_MINMAX, HL_EQUALISE_HISTOGRAM, HL_RESIZE_NONE,
         HL_FILM_JPEG},
        {"film-plain", HL_RANGE_MINMAX, HL_EQUALISE_NONE, HL_RESIZE_NONE, HL_FILM_JPEG},
        {"film-window", HL_RANGE_VOI, HL_EQUALISE_NONE, HL_RESIZE_NONE, HL_FILM_JPEG},
        {"film-percentile", HL_RANGE_PERCENTILE, HL_EQUALISE_NONE, HL_RESIZE_NONE, HL_FILM_JPEG},
        {"film-clahe", HL_RANGE_MINMAX, HL_EQUALISE_CLAHE, HL_RESIZE_NONE, HL_FILM_JPEG},
        {"film-png16", HL_RANGE_MINMAX, HL_EQUALISE_NONE, HL_RESIZE_NONE, HL_FILM_PNG16},
        {"film-512", HL_RANGE_MINMAX, HL_EQUALISE_NONE, HL_RESIZE_AREA, HL_FILM_PNG8},
    };

    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        const bool published = i == 0;
        hl_json *json = NULL;
        hl_recipe_at pixels;
        hl_digest digest;
        hl_look l;
        hl_error err = {0};
        if (!ok(hl_recipe_read(recipes[i].name, &json, &digest, &err) == HL_OK)) {
            printf("# %s\n", err.message);
            continue;
        }
        hl_recipe_at top = hl_recipe_top(json);
        is_int(hl_recipe_object(&top, "pixels", true, &pixels, &err), HL_OK);
        is_int(hl_look_read(&pixels, &l, &err), HL_OK);
        ok(l.range == recipes[i].range && l.equalise == recipes[i].equalise);
        ok(l.resize == recipes[i].resize && l.format == recipes[i].format);
        ok(l.skip_padding != published && l.invert == HL_INVERT_MONOCHROME1);
        ok((l.modality == HL_MODALITY_IGNORE) == published);
        ok((l.rounding == HL_ROUND_TRUNCATE) == published);
        hl_json_free(&json);
    }
}

int main(void)
{
    run(all_choices_are_read);
    run(what_does_not_fit_together_is_named);
    run(shipped_recipes_are_what_their_names_say);
    return done();
}
