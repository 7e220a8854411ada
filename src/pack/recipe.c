#include "pack/recipe.h"

#include "data/image.h"
#include "format/wfdb/wfdb.h"

static hl_code read_triple(const hl_recipe_at *film, const char *key, float out[3],
                           const char *out_text[3], hl_error *err)
{
    hl_recipe_at array;
    double v = 0;
    hl_code c = hl_recipe_array(film, key, true, &array, err);

    if (c == HL_OK && hl_json_count(array.v) != 3)
        c = hl_recipe_fail(film, key, err, "must list three decimals, one for each plane");
    for (size_t i = 0; c == HL_OK && i < 3; i++) {
        hl_str text = hl_json_text(hl_json_at(array.v, i));
        if (!text.at || !hl_parse_f64(text, &v))
            c = hl_recipe_fail(film, key, err, "item %zu must be a decimal in a text", i);
        out[i] = (float)v;
        out_text[i] = text.at;
    }
    return c;
}

hl_code hl_pack_recipe_read(const hl_recipe_at *top, hl_pack_recipe *out, hl_error *err)
{
    hl_recipe_at tensors, film, ecg;
    hl_code c = hl_recipe_object(top, "tensors", true, &tensors, err);

    *out = (hl_pack_recipe){0};
    if (c == HL_OK)
        c = hl_recipe_only(&tensors, "film|ecg", err);
    if (c == HL_OK)
        c = hl_recipe_object(&tensors, "film", true, &film, err);
    if (c == HL_OK)
        c = hl_recipe_only(&film, "scale_px|crop_px|mean|std", err);
    if (c == HL_OK)
        c = hl_recipe_int(&film, "scale_px", true, 1, 8192, &out->scale_px, err);
    if (c == HL_OK)
        c = hl_recipe_int(&film, "crop_px", true, 1, 8192, &out->crop_px, err);
    if (c == HL_OK)
        c = read_triple(&film, "mean", out->mean, out->mean_text, err);
    if (c == HL_OK)
        c = read_triple(&film, "std", out->std, out->std_text, err);
    for (size_t i = 0; c == HL_OK && i < 3; i++)
        if (!(out->std[i] > 0))
            c = hl_recipe_fail(&film, "std", err, "must be above zero");
    if (c == HL_OK)
        c = hl_recipe_object(&tensors, "ecg", true, &ecg, err);
    if (c == HL_OK)
        c = hl_recipe_only(&ecg, "leads|samples", err);
    if (c == HL_OK)
        c = hl_recipe_int(&ecg, "leads", true, 1, 64, &out->leads, err);
    if (c == HL_OK)
        c = hl_recipe_int(&ecg, "samples", true, 1, 1 << 24, &out->samples, err);
    return c;
}
