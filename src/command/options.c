#include "command/command.h"

#include "command/suggest.h"

typedef struct {
    bool given;
    int64_t number; /* FLAG: 0 or 1; INT: the value; SHARD: i */
    int64_t of;     /* SHARD: n, 0 = none */
    char *text;     /* TEXT, PATH, CHOICE, SHARD as it was written; NULL = none */
} option_value;

struct hl_options {
    const hl_command *command;
    size_t n;
    option_value value[]; /* as command->option */
};

/* How a value came in: decides how messages call the option. */
typedef enum {
    FROM_WORDS, /* --train-n, COHORT */
    FROM_JSON   /* option "train-n" */
} source;

/* Room for an option's name in a message. */
#define LABEL_BYTES 96

static const char *label(const hl_option *option, source from, char out[LABEL_BYTES])
{
    if (from == FROM_JSON)
        snprintf(out, LABEL_BYTES, "option \"%s\"", option->name);
    else if (option->argument)
        snprintf(out, LABEL_BYTES, "%s", option->value);
    else
        snprintf(out, LABEL_BYTES, "--%s", option->name);
    return out;
}

/* --- one value -----------------------------------------------------------------------------------
 */

static hl_code keep_text(option_value *v, hl_str text, hl_error *err)
{
    char *copy = malloc(text.n + 1);
    if (!copy)
        return hl_fail_memory(err, "options", text.n + 1);
    memcpy(copy, text.at, text.n);
    copy[text.n] = 0;
    free(v->text);
    v->text = copy;
    return HL_OK;
}

/* "Allowed: 1 to 9." behind a message; "" when the table sets no limit (min == max). */
static const char *range(const hl_option *option, char out[80])
{
    if (option->min == option->max)
        out[0] = 0;
    else if (option->max == INT64_MAX)
        snprintf(out, 80, "\nAllowed: %lld and more.", (long long)option->min);
    else
        snprintf(out, 80, "\nAllowed: %lld to %lld.", (long long)option->min,
                 (long long)option->max);
    return out;
}

static hl_code set_int(const hl_option *option, option_value *v, int64_t number, source from,
                       hl_error *err)
{
    char name[LABEL_BYTES], allowed[80];

    if (option->min != option->max && (number < option->min || number > option->max))
        return hl_fail(err, HL_E_USAGE, "%s: %lld is out of range%s", label(option, from, name),
                       (long long)number, range(option, allowed));
    v->number = number;
    return HL_OK;
}

static hl_code set_choice(const hl_option *option, option_value *v, hl_str text, source from,
                          hl_error *err)
{
    char name[LABEL_BYTES], shown[HL_SHOW_BYTES], allowed[256];
    size_t n = 0;

    for (const char *at = option->choices; at;) {
        const char *end = strchr(at, '|');
        hl_str one = {at, end ? (size_t)(end - at) : strlen(at)};
        if (hl_str_equal(one, text))
            return keep_text(v, text, err);
        int wrote = snprintf(allowed + n, sizeof allowed - n, "%s%.*s",
                             n == 0 ? ""
                             : end  ? ", "
                                    : " or ",
                             (int)one.n, one.at);
        hl_assert(wrote > 0 && (size_t)wrote < sizeof allowed - n);
        n += (size_t)wrote;
        at = end ? end + 1 : NULL;
    }
    return hl_fail(err, HL_E_USAGE, "%s: '%s' is not one of its values\nAllowed: %s.",
                   label(option, from, name), hl_show(text, shown), allowed);
}

static hl_code set_shard(const hl_option *option, option_value *v, hl_str text, source from,
                         hl_error *err)
{
    char name[LABEL_BYTES], shown[HL_SHOW_BYTES];
    const char *slash = text.n ? memchr(text.at, '/', text.n) : NULL;
    int64_t i, n;

    label(option, from, name);
    if (!slash || !hl_parse_i64((hl_str){text.at, (size_t)(slash - text.at)}, &i) ||
        !hl_parse_i64((hl_str){slash + 1, text.n - (size_t)(slash - text.at) - 1}, &n))
        return hl_fail(err, HL_E_USAGE,
                       "%s: '%s' is no I/N\nWrite for example 0/4: the first of four.", name,
                       hl_show(text, shown));
    if (n < 1 || n > 99999) /* parts are called part-IIIII-of-NNNNN (scale.md 10.1) */
        return hl_fail(err, HL_E_USAGE, "%s %s: the second number goes from 1 to 99999", name,
                       hl_show(text, shown));
    if (i < 0 || i >= n)
        return hl_fail(err, HL_E_USAGE, "%s %s: the first number goes from 0 to %lld", name,
                       hl_show(text, shown), (long long)(n - 1));
    v->number = i;
    v->of = n;
    return keep_text(v, text, err);
}

static hl_code set_text(const hl_option *option, option_value *v, hl_str text, source from,
                        hl_error *err)
{
    char name[LABEL_BYTES], shown[HL_SHOW_BYTES], allowed[80];
    int64_t number;

    switch (option->type) {
    case HL_OPT_FLAG:
        v->number = 1;
        return HL_OK;
    case HL_OPT_INT:
        if (!hl_parse_i64(text, &number))
            return hl_fail(err, HL_E_USAGE, "%s: '%s' is no whole number%s",
                           label(option, from, name), hl_show(text, shown), range(option, allowed));
        return set_int(option, v, number, from, err);
    case HL_OPT_PATH:
        if (text.n == 0)
            return hl_fail(err, HL_E_USAGE, "%s: the name of the file or folder is empty",
                           label(option, from, name));
        return keep_text(v, text, err);
    case HL_OPT_TEXT:
        return keep_text(v, text, err);
    case HL_OPT_CHOICE:
        return set_choice(option, v, text, from, err);
    case HL_OPT_SHARD:
        return set_shard(option, v, text, from, err);
    }
    return HL_E_BUG;
}

/* --- all values ----------------------------------------------------------------------------------
 */

static size_t count_options(const hl_command *command)
{
    size_t n = 0;
    while (command->option[n].name)
        n++;
    return n;
}

static hl_code new_options(const hl_command *command, hl_options **out, hl_error *err)
{
    size_t n = count_options(command), bytes = sizeof(hl_options) + n * sizeof(option_value);
    hl_options *o = calloc(1, bytes);

    if (!o)
        return hl_fail_memory(err, "options", bytes);
    o->command = command;
    o->n = n;
    for (size_t i = 0; i < n; i++) {
        const hl_option *option = &command->option[i];
        if (!option->initial)
            continue;
        hl_code c = set_text(option, &o->value[i], hl_str_of(option->initial), FROM_WORDS, err);
        if (c != HL_OK) {
            hl_assert(c ==
                      HL_E_LIMIT); /* a default outside its own range is a fault of the table */
            hl_options_free(&o);
            return c;
        }
    }
    *out = o;
    return HL_OK;
}

void hl_options_free(hl_options **o)
{
    if (!o || !*o)
        return;
    for (size_t i = 0; i < (*o)->n; i++)
        free((*o)->value[i].text);
    free(*o);
    *o = NULL;
}

static hl_code check_required(const hl_options *o, source from, hl_error *err)
{
    char name[LABEL_BYTES];

    for (size_t i = 0; i < o->n; i++) {
        const hl_option *option = &o->command->option[i];
        if (!option->required || o->value[i].given)
            continue;
        if (from == FROM_JSON || option->argument)
            return hl_fail(err, HL_E_USAGE, "%s is missing: %s\nSee: hilum help %s",
                           label(option, from, name), option->help, o->command->name);
        return hl_fail(err, HL_E_USAGE, "--%s %s is missing: %s\nSee: hilum help %s", option->name,
                       option->value ? option->value : "", option->help, o->command->name);
    }
    return HL_OK;
}

/* --- from words ----------------------------------------------------------------------------------
 */

static hl_code unknown_option(const hl_command *command, hl_str name, const char *dashes,
                              hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    hl_nearest best = {0};

    for (const hl_option *option = command->option; option->name; option++)
        if (!option->argument && !option->hidden)
            hl_nearest_try(&best, name, option->name);
    hl_show(name, shown);
    if (best.word)
        return hl_fail(err, HL_E_USAGE,
                       "%s knows no option %s%s; did you mean --%s?\nSee: hilum help %s",
                       command->name, dashes, shown, best.word, command->name);
    return hl_fail(err, HL_E_USAGE, "%s knows no option %s%s\nSee: hilum help %s", command->name,
                   dashes, shown, command->name);
}

/* The option that word (with its dashes) names; *value = what stands behind '=', .at NULL without.
 */
static hl_code find_option(const hl_options *o, const char *word, size_t *index, hl_str *value,
                           hl_error *err)
{
    if (word[1] != '-')
        return unknown_option(o->command, hl_str_of(word + 1), "-", err);

    const char *equals = strchr(word, '=');
    hl_str name = {word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word) - 2};
    *value = equals ? hl_str_of(equals + 1) : (hl_str){NULL, 0};
    for (size_t i = 0; i < o->n; i++) {
        const hl_option *option = &o->command->option[i];
        if (!option->hidden && hl_str_is(name, option->name)) {
            *index = i;
            return HL_OK;
        }
    }
    return unknown_option(o->command, name, "--", err);
}

/* Take the option in word[*i], moving *i to its last word. */
static hl_code take_option(hl_options *o, int n, const char *const *word, int *i, hl_error *err)
{
    hl_str text;
    size_t index = 0;
    hl_code c = find_option(o, word[*i], &index, &text, err);

    if (c != HL_OK)
        return c;
    const hl_option *option = &o->command->option[index];
    option_value *v = &o->value[index];
    if (v->given)
        return hl_fail(err, HL_E_USAGE, "--%s is given twice", option->name);
    v->given = true;
    if (option->type == HL_OPT_FLAG) {
        if (text.at)
            return hl_fail(err, HL_E_USAGE, "--%s takes no value", option->name);
    } else if (!text.at) {
        if (*i + 1 >= n || strncmp(word[*i + 1], "--", 2) == 0)
            return hl_fail(err, HL_E_USAGE, "--%s needs a value: --%s %s", option->name,
                           option->name, option->value ? option->value : "VALUE");
        text = hl_str_of(word[++*i]);
    }
    return set_text(option, v, text, FROM_WORDS, err);
}

static hl_code take_argument(hl_options *o, const char *word, hl_error *err)
{
    char shown[HL_SHOW_BYTES];

    for (size_t i = 0; i < o->n; i++) {
        if (o->command->option[i].argument && !o->value[i].given) {
            o->value[i].given = true;
            return set_text(&o->command->option[i], &o->value[i], hl_str_of(word), FROM_WORDS, err);
        }
    }
    return hl_fail(err, HL_E_USAGE, "'%s' is one argument too many for %s\nSee: hilum help %s",
                   hl_show(hl_str_of(word), shown), o->command->name, o->command->name);
}

hl_code hl_options_from_words(const hl_command *command, int n, const char *const *word,
                              hl_options **out, hl_error *err)
{
    hl_options *o = NULL;
    bool options_end = false;
    hl_code c = new_options(command, &o, err);

    for (int i = 0; c == HL_OK && i < n; i++) {
        if (!options_end && strcmp(word[i], "--") == 0)
            options_end = true;
        else if (!options_end && word[i][0] == '-' && word[i][1] != 0)
            c = take_option(o, n, word, &i, err);
        else
            c = take_argument(o, word[i], err);
    }
    if (c == HL_OK)
        c = check_required(o, FROM_WORDS, err);
    if (c != HL_OK)
        hl_options_free(&o);
    *out = o;
    return c;
}

/* --- from JSON -----------------------------------------------------------------------------------
 */

static const char *wanted_type(hl_option_type type)
{
    switch (type) {
    case HL_OPT_FLAG:
        return "true or false";
    case HL_OPT_INT:
        return "a whole number";
    case HL_OPT_TEXT:
    case HL_OPT_PATH:
    case HL_OPT_CHOICE:
    case HL_OPT_SHARD:
        return "text";
    }
    return "";
}

static hl_code take_member(hl_options *o, const char *key, const hl_json_value *member,
                           hl_error *err)
{
    char name[LABEL_BYTES], shown[HL_SHOW_BYTES];
    hl_nearest best = {0};
    hl_json_type type = hl_json_type_of(member);
    size_t i = 0;

    while (i < o->n && strcmp(o->command->option[i].name, key) != 0) {
        if (!o->command->option[i].hidden)
            hl_nearest_try(&best, hl_str_of(key), o->command->option[i].name);
        i++;
    }
    if (i == o->n) {
        hl_show(hl_str_of(key), shown);
        if (best.word)
            return hl_fail(err, HL_E_USAGE, "%s knows no option \"%s\"; did you mean \"%s\"?",
                           o->command->name, shown, best.word);
        return hl_fail(err, HL_E_USAGE, "%s knows no option \"%s\"", o->command->name, shown);
    }

    const hl_option *option = &o->command->option[i];
    option_value *v = &o->value[i];
    if (type == HL_JSON_NULL)
        return HL_OK;
    v->given = true;
    if (option->type == HL_OPT_FLAG && type == HL_JSON_BOOL) {
        v->number = hl_json_bool(member);
        v->given = v->number != 0;
        return HL_OK;
    }
    if (option->type == HL_OPT_INT && type == HL_JSON_INT)
        return set_int(option, v, hl_json_int(member), FROM_JSON, err);
    if (option->type != HL_OPT_FLAG && option->type != HL_OPT_INT && type == HL_JSON_TEXT) {
        hl_str text = hl_json_text(member);
        if (text.n && memchr(text.at, 0, text.n))
            return hl_fail(err, HL_E_USAGE, "%s: the text holds a NUL byte",
                           label(option, FROM_JSON, name));
        return set_text(option, v, text, FROM_JSON, err);
    }
    return hl_fail(err, HL_E_USAGE, "%s must be %s", label(option, FROM_JSON, name),
                   wanted_type(option->type));
}

hl_code hl_options_from_json(const hl_command *command, const char *json, hl_options **out,
                             hl_error *err)
{
    hl_options *o = NULL;
    hl_json *parsed = NULL;
    hl_code c = hl_json_parse(json, strlen(json), "options", &parsed, err);

    if (c == HL_E_INPUT) { /* the options are the caller's words, not an input file */
        c = HL_E_USAGE;
        if (err)
            err->code = (int32_t)c;
    }
    if (c == HL_OK && hl_json_type_of(hl_json_root(parsed)) != HL_JSON_OBJECT)
        c = hl_fail(err, HL_E_USAGE, "options must be a JSON object");
    if (c == HL_OK)
        c = new_options(command, &o, err);
    for (size_t i = 0; c == HL_OK && i < hl_json_count(hl_json_root(parsed)); i++)
        c = take_member(o, hl_json_key(hl_json_root(parsed), i),
                        hl_json_at(hl_json_root(parsed), i), err);
    if (c == HL_OK)
        c = check_required(o, FROM_JSON, err);
    if (c != HL_OK)
        hl_options_free(&o);
    hl_json_free(&parsed);
    *out = o;
    return c;
}

/* --- from the program itself ---------------------------------------------------------------------
 */

hl_code hl_options_set_hidden(hl_options *o, const char *name, const char *text, hl_error *err)
{
    for (size_t i = 0; i < o->n; i++) {
        const hl_option *option = &o->command->option[i];
        if (!option->hidden || strcmp(option->name, name) != 0)
            continue;
        hl_assert(option->type == HL_OPT_TEXT);
        o->value[i].given = true;
        return keep_text(&o->value[i], hl_str_of(text), err);
    }
    return HL_OK;
}

hl_code hl_options_to_json(const hl_options *o, hl_buf *out, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 0);

    hl_json_open(&w, '{');
    for (size_t i = 0; i < o->n; i++) {
        const hl_option *option = &o->command->option[i];
        if (!o->value[i].given || option->hidden)
            continue;
        hl_json_put_key(&w, option->name);
        if (option->type == HL_OPT_FLAG)
            hl_json_put_bool(&w, true);
        else if (option->type == HL_OPT_INT)
            hl_json_put_int(&w, o->value[i].number);
        else
            hl_json_put_cstr(&w, o->value[i].text);
    }
    hl_json_close(&w, '}');
    return hl_buf_check(out, "options", err);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static size_t index_of(const hl_options *o, const char *name)
{
    size_t i = 0;
    while (i < o->n && strcmp(o->command->option[i].name, name) != 0)
        i++;
    hl_assert(i < o->n);
    return i;
}

bool hl_options_flag(const hl_options *o, const char *name)
{
    size_t i = index_of(o, name);
    hl_assert(o->command->option[i].type == HL_OPT_FLAG);
    return o->value[i].number != 0;
}

int64_t hl_options_int(const hl_options *o, const char *name, int64_t fallback)
{
    size_t i = index_of(o, name);
    hl_assert(o->command->option[i].type == HL_OPT_INT);
    return o->value[i].given || o->command->option[i].initial ? o->value[i].number : fallback;
}

const char *hl_options_text(const hl_options *o, const char *name)
{
    size_t i = index_of(o, name);
    hl_option_type type = o->command->option[i].type;
    hl_assert(type == HL_OPT_TEXT || type == HL_OPT_PATH || type == HL_OPT_CHOICE);
    return o->value[i].text;
}

bool hl_options_given(const hl_options *o, const char *name)
{
    return o->value[index_of(o, name)].given;
}

bool hl_options_shard(const hl_options *o, int64_t *i, int64_t *n)
{
    size_t index = index_of(o, "shard");
    hl_assert(o->command->option[index].type == HL_OPT_SHARD);
    if (!o->value[index].of)
        return false;
    *i = o->value[index].number;
    *n = o->value[index].of;
    return true;
}
