#include "film/deid.h"

#include "tap.h"

static void is_found(const char *text, const char *reason)
{
    const char *got = hl_deid_text(hl_str_of(text));

    tap_check(got && strcmp(got, reason) == 0, __FILE__, __LINE__, "'%s': %s, not %s", text,
              got ? got : "nothing", reason);
}

static void is_clean(const char *text)
{
    const char *got = hl_deid_text(hl_str_of(text));

    tap_check(!got, __FILE__, __LINE__, "'%s': %s", text, got);
}

static void names_with_a_caret_are_found(void)
{
    static const char reason[] = "has the form of a person's name";

    is_found("DOE^JOHN", reason);
    is_found("chest of doe^john", reason);
    is_found("M\xc3\x9cLLER^\xc3\x84NNE", reason);
    is_found("DOE^JOHN^A^DR^MD", reason);
}

static void dates_are_found(void)
{
    static const char reason[] = "has a date in it";

    is_found("1962-03-12", reason);
    is_found("born 12/03/1962", reason);
    is_found("12.3.62", reason);
    is_found("2020/1/5", reason);
    is_found("CHEST(03-12-62)", reason);
}

static void numbers_are_found(void)
{
    is_found("MRN 1234567", "has a number of seven or more digits");
    is_found("19620312", "has a number of seven or more digits");
    is_found("617-555-0199", "has a phone number's form in it");
    is_found("(617) 555-0199", "has a phone number's form in it");
    is_found("ext 555 0199", "has a phone number's form in it");
}

static void doctors_are_found(void)
{
    static const char reason[] = "has a doctor's title in it";

    is_found("Dr. Smith", reason);
    is_found("Dr Smith", reason);
    is_found("for Dr.Smith", reason);
    is_found("Smith MD", reason);
    is_found("Smith, MD", reason);
    is_found("Smith, M.D.", reason);
}

/* What the tables of the field are full of. */
static void names_of_examinations_are_clean(void)
{
    static const char *const clean[] = {"",
                                        "CHEST (PA AND LAT)",
                                        "CHEST (PORTABLE AP)",
                                        "DR CHEST",
                                        "CHEST DR PORT LINE/TUBE PLCMT 1 EXAM",
                                        "2 VIEWS",
                                        "CHEST, \"UPRIGHT\" PA",
                                        "TH\xc3\x94RAX",
                                        "postero-anterior",
                                        "AP/LAT",
                                        "RIBS 9-10",
                                        "C-SPINE 5 VIEWS",
                                        "T12 TO L1",
                                        "20 cm, 120 kV, 4.5 mAs",
                                        "123456",
                                        "12-34",
                                        "1.2.840",
                                        "5-10 min 3456",
                                        "Drain check",
                                        "drug study",
                                        "MDCT",
                                        "CMD",
                                        "^",
                                        "A^ B",
                                        "^^^",
                                        "1990",
                                        "1.5"};

    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
        is_clean(clean[i]);
}

static void any_bytes_will_do(void)
{
    char text[64];
    uint32_t seed = 1;

    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)i % sizeof text;
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525 + 1013904223;
            text[k] = "0123456789^-/. DrM\0"[(seed >> 24) % 19];
        }
        (void)hl_deid_text((hl_str){text, n});
    }
    ok(true);
}

static void an_age_above_89_is_old(void)
{
    ok(!hl_deid_old_age(hl_str_of("089Y")));
    ok(hl_deid_old_age(hl_str_of("090Y")));
    ok(hl_deid_old_age(hl_str_of("104Y")));
    ok(!hl_deid_old_age(hl_str_of("999M")));
    ok(!hl_deid_old_age(hl_str_of("")));
    ok(!hl_deid_old_age(hl_str_of("abcY")));
}

int main(void)
{
    run(names_with_a_caret_are_found);
    run(dates_are_found);
    run(numbers_are_found);
    run(doctors_are_found);
    run(names_of_examinations_are_clean);
    run(any_bytes_will_do);
    run(an_age_above_89_is_old);
    return done();
}
