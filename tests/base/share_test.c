#include "base/share.h"

#include "tap.h"

static void a_shipped_recipe_is_found_from_the_build_folder(void)
{
    char path[HL_PATH_BYTES];
    hl_error err = {0};
    is_int(hl_share_path("recipes/symile-mimic-1.0.json", path, &err), HL_OK);
    ok(hl_file_exists(path));
    is_int(hl_share_path("recipes", path, &err), HL_OK);
    ok(hl_is_folder(path));
}

static void what_is_not_there_is_named_with_the_places(void)
{
    char path[HL_PATH_BYTES];
    hl_error err = {0};
    is_int(hl_share_path("recipes/none.json", path, &err), HL_E_INPUT);
    like(err.message, "recipes/none.json: not found in share/hilum beside /");
    is_int(hl_share_path("recipes/none.json", path, NULL), HL_E_INPUT);
}

static void a_name_that_is_too_long_is_not_found(void)
{
    char path[HL_PATH_BYTES], name[2 * HL_PATH_BYTES];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    is_int(hl_share_path(name, path, NULL), HL_E_INPUT);
}

int main(void)
{
    run(a_shipped_recipe_is_found_from_the_build_folder);
    run(what_is_not_there_is_named_with_the_places);
    run(a_name_that_is_too_long_is_not_found);
    return done();
}
