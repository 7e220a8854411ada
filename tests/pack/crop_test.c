#include "pack/crop.h"

#include "words.h"

static int n_centres, n_crops;

static void check_line(const char *kind, char *p)
{
    if (strcmp(kind, "centre") == 0) {
        n_centres++;
        int32_t size = (int32_t)next_int(&p), crop = (int32_t)next_int(&p);
        is_int(hl_crop_centre(size, crop), next_int(&p));
    }
    if (strcmp(kind, "crops") == 0) {
        n_crops++;
        hl_mt19937 g;
        hl_mt19937_seed(&g, (uint32_t)next_int(&p));
        for (int64_t n = next_int(&p); n > 0; n--) {
            int32_t rows = (int32_t)next_int(&p), columns = (int32_t)next_int(&p), top, left;
            hl_crop_draw(&g, 320 + columns - 1, 320 + rows - 1, 320, &top, &left);
            is_int(top, next_int(&p));
            is_int(left, next_int(&p));
            if (rows == 1 && columns == 1) { /* drawn in the vector, not for a crop */
                hl_mt19937_u32(&g);
                hl_mt19937_u32(&g);
            }
        }
    }
}

static void crops_are_those_of_torchvision(void)
{
    each_line("rules/pack.txt", check_line);
    is_int(n_centres, 12);
    is_int(n_crops, 5);
}

static void a_film_smaller_than_the_crop_lies_in_its_middle(void)
{
    is_int(hl_crop_centre(10, 10), 0);
    is_int(hl_crop_centre(9, 10), 0); /* the one black line comes last */
    is_int(hl_crop_centre(8, 10), -1);
    is_int(hl_crop_centre(7, 10), -1);
    is_int(hl_crop_centre(6, 10), -2);
}

static void a_film_of_the_crops_size_draws_nothing(void)
{
    hl_mt19937 a, b;
    int32_t top = 9, left = 9;

    hl_mt19937_seed(&a, 3);
    hl_mt19937_seed(&b, 3);
    hl_crop_draw(&a, 320, 320, 320, &top, &left);
    is_int(top, 0);
    is_int(left, 0);
    is_int(hl_mt19937_u32(&a), hl_mt19937_u32(&b));
}

static void a_side_without_room_is_drawn_too(void)
{
    hl_mt19937 a, b;
    int32_t top, left;

    hl_mt19937_seed(&a, 3);
    hl_mt19937_seed(&b, 3);
    hl_crop_draw(&a, 320, 400, 320, &top, &left);
    is_int(top, hl_mt19937_u32(&b) % 81);
    hl_mt19937_u32(&b);
    is_int(left, 0);
    is_int(hl_mt19937_u32(&a), hl_mt19937_u32(&b));
}

int main(void)
{
    run(crops_are_those_of_torchvision);
    run(a_film_smaller_than_the_crop_lies_in_its_middle);
    run(a_film_of_the_crops_size_draws_nothing);
    run(a_side_without_room_is_drawn_too);
    return done();
}
