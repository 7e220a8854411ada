#include "command/command.h"

/* Each in its own file; the order is that of hilum --help. */
extern const hl_command hl_command_demo;
extern const hl_command hl_command_synth;
extern const hl_command hl_command_film_render;
extern const hl_command hl_command_film_check;
extern const hl_command hl_command_film_map;
extern const hl_command hl_command_cohort_build;
extern const hl_command hl_command_pack;
extern const hl_command hl_command_wave_info;
extern const hl_command hl_command_wave_cat;
extern const hl_command hl_command_wave_annotations;
extern const hl_command hl_command_wave_numerics;
extern const hl_command hl_command_wave_plot;
extern const hl_command hl_command_wave_check;
extern const hl_command hl_command_wave_convert;
extern const hl_command hl_command_wave_build;
extern const hl_command hl_command_merge;
extern const hl_command hl_command_scorecard;
extern const hl_command hl_command_manifest;
extern const hl_command hl_command_inspect;

const hl_command *const hl_commands[] = {
    &hl_command_demo,
    &hl_command_synth,
    &hl_command_film_render,
    &hl_command_film_check,
    &hl_command_film_map,
    &hl_command_cohort_build,
    &hl_command_pack,
    &hl_command_wave_info,
    &hl_command_wave_cat,
    &hl_command_wave_annotations,
    &hl_command_wave_numerics,
    &hl_command_wave_plot,
    &hl_command_wave_check,
    &hl_command_wave_convert,
    &hl_command_wave_build,
    &hl_command_merge,
    &hl_command_scorecard,
    &hl_command_manifest,
    &hl_command_inspect,
    NULL,
};

const hl_command *hl_command_find(const char *name)
{
    for (size_t i = 0; hl_commands[i]; i++)
        if (strcmp(hl_commands[i]->name, name) == 0)
            return hl_commands[i];
    return NULL;
}
