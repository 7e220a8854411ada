/*
 * cpu.h - what the processor can do, asked once at the start of a job.
 *
 * Every kernel has a plain C version that defines its result; faster ones give the same bytes.
 */
#ifndef HL_BASE_CPU_H
#define HL_BASE_CPU_H

#include "base/error.h"

typedef enum {
    HL_CPU_BEST = 0, /* as a request: the best there is */
    HL_CPU_C = 1,
    HL_CPU_AVX2 = 2,
    HL_CPU_AVX512 = 3, /* F, BW, VL, DQ */
    HL_CPU_NEON = 4
} hl_cpu;

/* The level to use: the best one, or the one requested (hl_ctl.cpu), lowered to what the machine
 * has. Never returns HL_CPU_BEST. */
hl_cpu hl_cpu_level(int32_t request);

/* Whether a machine of this level has x86's SHA instructions too. */
bool hl_cpu_has_sha(hl_cpu cpu);

/* "c", "avx2", "avx512", "neon". hl_cpu_parse: false for another name. */
const char *hl_cpu_name(hl_cpu cpu);
bool hl_cpu_parse(const char *name, hl_cpu *out);

#endif
