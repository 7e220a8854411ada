/*
 * wave_numerics - load a record's numerics by hilum/wave.h: wave_numerics CSV_GZ PASSES VALUES
 *
 * Loads PASSES times after a first load that is not counted and prints CPU ms of each. VALUES ("-":
 * nowhere) gets the ticks and then each column as float64, NaN where nothing was measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hilum/wave.h"

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void write_values(const hl_numerics_info *info, FILE *to)
{
    for (int64_t i = 0; i < info->n_rows; i++) {
        const double tick = (double)info->tick[i];
        fwrite(&tick, sizeof tick, 1, to);
    }
    for (int64_t k = 0; k < info->n_columns; k++)
        fwrite(info->column[k].value, sizeof(double), (size_t)info->n_rows, to);
}

int main(int argc, char **argv)
{
    FILE *values = argc == 4 && strcmp(argv[3], "-") != 0 ? fopen(argv[3], "wb") : NULL;
    hl_error err = {0};

    if (argc != 4) {
        fprintf(stderr, "usage: wave_numerics CSV_GZ PASSES VALUES\n");
        return 2;
    }
    for (long pass = 0; pass <= strtol(argv[2], NULL, 10); pass++) {
        const double since = cpu_ms();
        hl_numerics *n = NULL;
        if (hl_numerics_open(argv[1], NULL, &n, &err) != HL_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        if (pass > 0)
            printf("%.4f\n", cpu_ms() - since);
        if (values && pass == 0)
            write_values(hl_numerics_about(n), values);
        hl_numerics_close(&n);
    }
    return values && fclose(values) != 0;
}
