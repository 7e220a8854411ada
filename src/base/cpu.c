#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const struct {
    hl_cpu cpu;
    const char *name;
} level[] = {
    {HL_CPU_C, "c"},
    {HL_CPU_AVX2, "avx2"},
    {HL_CPU_AVX512, "avx512"},
    {HL_CPU_NEON, "neon"},
};

#if defined(__x86_64__)
/* The kernel files of both levels are compiled with lzcnt, for which clang 14's
 * __builtin_cpu_supports() has no name: CPUID 8000_0001h, ECX bit 5. Under a hypervisor CPUID costs
 * as much as reading a header, so it is not asked where the compiler's own note will do. */
static bool has_lzcnt(void)
{
#if defined(__clang__)
    unsigned a, b, c, d;

    return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & (1u << 5));
#else
    return __builtin_cpu_supports("lzcnt");
#endif
}
#endif

static hl_cpu best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") && has_lzcnt();
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return HL_CPU_AVX512;
    return avx2 ? HL_CPU_AVX2 : HL_CPU_C;
#elif defined(__aarch64__)
    return HL_CPU_NEON;
#else
    return HL_CPU_C;
#endif
}

bool hl_cpu_has_sha(hl_cpu cpu)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;

    return (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512) &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
#else
    (void)cpu;
    return false;
#endif
}

hl_cpu hl_cpu_level(int32_t request)
{
    hl_cpu have = best();

    switch (request) {
    case HL_CPU_C:
        return HL_CPU_C;
    case HL_CPU_AVX2:
        return have == HL_CPU_AVX512 || have == HL_CPU_AVX2 ? HL_CPU_AVX2 : HL_CPU_C;
    case HL_CPU_AVX512:
        return have == HL_CPU_NEON ? HL_CPU_C : have;
    case HL_CPU_NEON:
        return have == HL_CPU_NEON ? HL_CPU_NEON : HL_CPU_C;
    case HL_CPU_BEST:
    default: /* a number from outside that names no level */
        return have;
    }
}

const char *hl_cpu_name(hl_cpu cpu)
{
    for (size_t i = 0; i < sizeof level / sizeof level[0]; i++)
        if (level[i].cpu == cpu)
            return level[i].name;
    return "best";
}

bool hl_cpu_parse(const char *name, hl_cpu *out)
{
    for (size_t i = 0; i < sizeof level / sizeof level[0]; i++)
        if (strcmp(level[i].name, name) == 0) {
            *out = level[i].cpu;
            return true;
        }
    return false;
}
