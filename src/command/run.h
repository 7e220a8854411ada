/*
 * run.h - one command, from checked options to its result: what the program and hl_run() share.
 */
#ifndef HL_COMMAND_RUN_H
#define HL_COMMAND_RUN_H

#include "command/command.h"

/* Run command. --jobs, when given, goes to ctl->jobs. ctl may be NULL. Also after a failure result
 * may hold what is known; free it with hl_result_free(). */
hl_code hl_command_run(const hl_command *command, const hl_options *options, hl_ctl *ctl,
                       hl_result *result, hl_error *err);

void hl_result_free(hl_result *result); /* back to {0} */

/* HL_E_USAGE for a command that does not exist, with the nearest name. words: as typed. */
hl_code hl_unknown_command(const char *words, hl_error *err);

#endif
