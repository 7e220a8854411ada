#include "command/suggest.h"

/* Longer words are no slip of the fingers: they are compared as far as this. */
#define MAX_WORD 48

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) that make b of a: optimal string alignment.
 */
static int edits(hl_str a, hl_str b)
{
    int row[3][MAX_WORD + 1];
    int *before = row[0], *above = row[1], *now = row[2];

    for (size_t j = 0; j <= b.n; j++)
        above[j] = (int)j;
    memcpy(before, above, sizeof row[0]);
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            int cost = a.at[i - 1] == b.at[j - 1] ? 0 : 1;
            now[j] = min3(above[j] + 1, now[j - 1] + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *old = before;
        before = above;
        above = now;
        now = old;
    }
    return above[b.n];
}

void hl_nearest_try(hl_nearest *best, hl_str typed, const char *known)
{
    hl_str k = hl_str_of(known);
    int distance;

    if (typed.n == 0 || typed.n > MAX_WORD || k.n > MAX_WORD)
        return;
    if (typed.n >= 3 && k.n > typed.n && memcmp(k.at, typed.at, typed.n) == 0)
        distance = 1; /* the beginning of the word: nearer than any two slips */
    else
        distance = edits(typed, k);
    if (distance > 1 + (int)typed.n / 4)
        return;
    if (!best->word || distance < best->distance)
        *best = (hl_nearest){known, distance};
}
