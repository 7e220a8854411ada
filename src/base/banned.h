/*
 * banned.h - functions that hide faults, turned into compile errors. Included by the build in front
 * of every file of ours (-include). Each line names what to use.
 */
#ifndef HL_BASE_BANNED_H
#define HL_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HL_BANNED(f, use) f##_is_banned_use_##use
#undef strcpy
#define strcpy(a, b) HL_BANNED(strcpy, snprintf_or_hl_buf)
#undef strcat
#define strcat(a, b) HL_BANNED(strcat, hl_buf)
#undef strncpy
#define strncpy(a, b, n) HL_BANNED(strncpy, snprintf)
#undef strncat
#define strncat(a, b, n) HL_BANNED(strncat, hl_buf)
#undef sprintf
#define sprintf(...) HL_BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) HL_BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(a, b) HL_BANNED(strtok, hl_str)
#undef atoi
#define atoi(a) HL_BANNED(atoi, hl_parse_i64)
#undef atol
#define atol(a) HL_BANNED(atol, hl_parse_i64)
#undef atof
#define atof(a) HL_BANNED(atof, hl_parse_f64)
#undef qsort
#define qsort(a, n, s, c) HL_BANNED(qsort, hl_sort_stable)
#undef localtime
#define localtime(a) HL_BANNED(localtime, hl_civil)
#undef gmtime
#define gmtime(a) HL_BANNED(gmtime, hl_civil)
#undef rand
#define rand() HL_BANNED(rand, hl_rng)

#endif
