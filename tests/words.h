/*
 * words.h - lines of words, as tests/data/rules/make.py writes them: one after the other, or the
 * numbers of one. Bits are hex digits of a double (16) or a float (8); "-" is missing.
 */
#ifndef HL_TESTS_WORDS_H
#define HL_TESTS_WORDS_H

#include "tap.h"

/* Call check(kind, rest) for each line of a fixture; the number of lines. */
static inline int each_line(const char *name, void (*check)(const char *kind, char *p))
{
    FILE *f = fopen(fixture(name), "r");
    char *line = NULL;
    size_t room = 0;
    int n = 0;

    if (!ok(f != NULL))
        return 0;
    while (getline(&line, &room, f) > 0) {
        size_t kind = strcspn(line, " ");
        line[kind] = 0;
        check(line, line + kind + 1);
        n++;
    }
    free(line);
    fclose(f);
    return n;
}

static inline int64_t next_int(char **p)
{
    return strtoll(*p, p, 10);
}

static inline uint64_t next_bits(char **p)
{
    return strtoull(*p, p, 16);
}

/* false: the word is "-". */
static inline bool next_double(char **p, double *out)
{
    while (**p == ' ')
        ++*p;
    if (**p == '-') {
        ++*p;
        return false;
    }
    uint64_t bits = next_bits(p);
    memcpy(out, &bits, sizeof *out);
    return true;
}

static inline uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline uint32_t bits_of_float(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

#endif
