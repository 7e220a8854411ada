#include "cohort/split.h"

#include "base/map.h"
#include "base/sort.h"

void hl_split_free(hl_split *split)
{
    free(split->train);
    free(split->val);
    free(split->test);
    *split = (hl_split){0};
}

/* Rows of from whose subject is not among rows of taken, order kept. */
static hl_code without_subjects(const int64_t *subject_id, int64_t *from, size_t *n,
                                const int64_t *taken, size_t n_taken, hl_error *err)
{
    hl_map *subjects = hl_map_new(n_taken);
    hl_code c = subjects ? HL_OK : hl_fail_memory(err, "a split", n_taken * 16);
    size_t kept = 0;

    for (size_t i = 0; c == HL_OK && i < n_taken; i++)
        c = hl_map_add(subjects, subject_id[taken[i]], 1, NULL, err);
    for (size_t i = 0; c == HL_OK && i < *n; i++)
        if (hl_map_get(subjects, subject_id[from[i]]) < 0)
            from[kept++] = from[i];
    *n = kept;
    hl_map_free(&subjects);
    return c;
}

/* scikit-learn's train_test_split over rows[0..n): the last `second` of a permutation and, before
 * them, the rest. symile.md 4 */
static hl_code draw(const int64_t *rows, size_t n, size_t second, uint32_t seed, int64_t *first_out,
                    int64_t *second_out, hl_error *err)
{
    hl_mt19937 g;
    int64_t *p = malloc((n + 1) * sizeof *p);

    if (!p)
        return hl_fail_memory(err, "a split", n * sizeof *p);
    hl_mt19937_seed(&g, seed);
    hl_mt19937_permutation(&g, n, p);
    for (size_t i = 0; i < n - second; i++)
        first_out[i] = rows[p[i]];
    for (size_t i = n - second; i < n; i++)
        second_out[i - (n - second)] = rows[p[i]];
    free(p);
    return HL_OK;
}

static hl_code too_few(const char *what, int64_t n, const char *option, int64_t asked,
                       hl_error *err)
{
    return hl_fail(err, HL_E_INPUT,
                   "%s %lld rows; --%s %lld must be positive and smaller than that\n"
                   "Choose smaller splits for a small cohort.",
                   what, (long long)n, option, (long long)asked);
}

/* Admissions are drawn, then patients of an earlier split leave the later ones. symile.md 4 */
static hl_code by_admission(const int64_t *subject_id, size_t n, const hl_split_options *o,
                            hl_split *s, hl_error *err)
{
    int64_t *rest = malloc((n + 1) * sizeof *rest);
    size_t n_rest = 0;
    hl_code c = HL_OK;

    if (!rest)
        return hl_fail_memory(err, "a split", n * sizeof *rest);
    for (size_t i = 0; i < n; i++)
        rest[i] = (int64_t)i;
    if (o->train_n <= 0 || o->train_n >= (int64_t)n)
        c = too_few("the data set has", (int64_t)n, "train-n", o->train_n, err);
    if (c == HL_OK) {
        s->n_train = (size_t)o->train_n;
        n_rest = n - s->n_train;
        memcpy(s->test, rest, n * sizeof *rest);
        c = draw(s->test, n, s->n_train, o->seed, rest, s->train, err);
    }
    if (c == HL_OK)
        c = without_subjects(subject_id, rest, &n_rest, s->train, s->n_train, err);
    if (c == HL_OK && (o->val_n <= 0 || o->val_n >= (int64_t)n_rest))
        c = too_few("without the patients of train there are", (int64_t)n_rest, "val-n", o->val_n,
                    err);
    if (c == HL_OK) {
        s->n_val = (size_t)o->val_n;
        s->n_test = n_rest - s->n_val;
        c = draw(rest, n_rest, s->n_val, o->seed, s->test, s->val, err);
    }
    if (c == HL_OK)
        c = without_subjects(subject_id, s->test, &s->n_test, s->val, s->n_val, err);
    free(rest);
    return c;
}

typedef struct {
    uint64_t key;
    int64_t subject_id;
    int64_t n_rows;
    int split; /* 0 train, 1 val, 2 test */
} drawn_subject;

static int by_key(const void *a, const void *b, void *ctx)
{
    const drawn_subject *x = a, *y = b;
    (void)ctx;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->subject_id > y->subject_id) - (x->subject_id < y->subject_id);
}

/* Patients in the order of f(seed, "split", subject_id) fill train, then val, then test; rows keep
 * the data set's order. A patient's place depends on no other patient's rows but through the
 * counts. */
static hl_code by_subject(const int64_t *subject_id, size_t n, const hl_split_options *o,
                          hl_split *s, hl_error *err)
{
    drawn_subject *d = calloc(n + 1, sizeof *d);
    hl_map *at = hl_map_new(n);
    size_t n_subjects = 0;
    int64_t n_train = 0, n_val = 0, was;
    hl_code c = d && at ? HL_OK : hl_fail_memory(err, "a split", n * sizeof *d);

    for (size_t i = 0; c == HL_OK && i < n; i++) {
        c = hl_map_add(at, subject_id[i], (int64_t)n_subjects, &was, err);
        if (c == HL_OK && was < 0) {
            hl_rng rng = hl_rng_of(o->seed, "split", (uint64_t)subject_id[i]);
            d[n_subjects++] = (drawn_subject){.key = hl_rng_u64(&rng), .subject_id = subject_id[i]};
            was = (int64_t)n_subjects - 1;
        }
        if (c == HL_OK)
            d[was].n_rows++;
    }
    if (c == HL_OK)
        c = hl_sort_stable(d, n_subjects, sizeof *d, by_key, NULL, err);
    hl_map_free(&at);
    if (c == HL_OK && !(at = hl_map_new(n_subjects)))
        c = hl_fail_memory(err, "a split", n_subjects * 16);
    for (size_t i = 0; c == HL_OK && i < n_subjects; i++) {
        d[i].split = n_train < o->train_n ? 0 : n_val < o->val_n ? 1 : 2;
        n_train += d[i].split == 0 ? d[i].n_rows : 0;
        n_val += d[i].split == 1 ? d[i].n_rows : 0;
        c = hl_map_add(at, d[i].subject_id, d[i].split, NULL, err);
    }
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        int64_t split = hl_map_get(at, subject_id[i]);
        if (split == 0)
            s->train[s->n_train++] = (int64_t)i;
        else if (split == 1)
            s->val[s->n_val++] = (int64_t)i;
        else
            s->test[s->n_test++] = (int64_t)i;
    }
    if (c == HL_OK && (s->n_train == 0 || s->n_val == 0 || s->n_test == 0))
        c = hl_fail(err, HL_E_INPUT,
                    "%zu rows of %zu patients do not fill three splits of %lld, %lld and the rest\n"
                    "Choose a smaller --train-n and --val-n.",
                    n, n_subjects, (long long)o->train_n, (long long)o->val_n);
    hl_map_free(&at);
    free(d);
    return c;
}

hl_code hl_split_make(const int64_t *subject_id, size_t n, const hl_split_options *options,
                      hl_split *out, hl_error *err)
{
    hl_split s = {.train = malloc((n + 1) * sizeof *s.train),
                  .val = malloc((n + 1) * sizeof *s.val),
                  .test = malloc((n + 1) * sizeof *s.test)};
    hl_code c = s.train && s.val && s.test ? HL_OK : hl_fail_memory(err, "a split", n * 24);

    if (c == HL_OK)
        c = options->rule == HL_SPLIT_BY_SUBJECT ? by_subject(subject_id, n, options, &s, err)
                                                 : by_admission(subject_id, n, options, &s, err);
    if (c != HL_OK)
        hl_split_free(&s);
    *out = s;
    return c;
}

hl_code hl_candidates_draw(const char *name, const int64_t *subject_id, size_t n,
                           int64_t candidate_n, bool distinct, hl_mt19937 *g, hl_candidates *out,
                           hl_error *err)
{
    size_t n_negatives = candidate_n > 0 ? (size_t)candidate_n - 1 : 0, total = 0;
    int64_t *pool = malloc((n + 1) * sizeof *pool), *p = malloc((n + 1) * sizeof *p);
    hl_candidates k = {0};
    hl_code c = HL_OK;

    if (n < 2 || n - 1 < n_negatives)
        c = hl_fail(
            err, HL_E_INPUT,
            "%s has %zu rows: too few for --candidate-n %lld (every query needs %lld others)\n"
            "Choose fewer candidates, or larger splits.",
            name, n, (long long)candidate_n, (long long)n_negatives);
    if (c == HL_OK && (!hl_mul_size(n, (n_negatives + 1) * sizeof *k.at, &total) || !pool || !p ||
                       !(k.at = malloc(total))))
        c = hl_fail_memory(err, "candidates", total);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        k.at[k.n++] = (hl_candidate){(int64_t)i, (int64_t)i, 1};
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        size_t n_pool = 0;
        for (size_t j = 0; j < n; j++)
            if (j != i && (!distinct || subject_id[j] != subject_id[i]))
                pool[n_pool++] = (int64_t)j;
        if (n_pool < n_negatives) {
            c = hl_fail(
                err, HL_E_INPUT,
                "%s: query %zu has %zu rows of other patients, --candidate-n %lld needs %zu", name,
                i, n_pool, (long long)candidate_n, n_negatives);
            break;
        }
        hl_mt19937_permutation(g, n_pool, p);
        for (size_t j = 0; j < n_negatives; j++)
            k.at[k.n++] = (hl_candidate){pool[p[j]], (int64_t)i, 0};
    }
    free(pool);
    free(p);
    if (c != HL_OK) {
        free(k.at);
        k = (hl_candidates){0};
    }
    *out = k;
    return c;
}
