/* Operators on strings: values from ONNX's definitions, and for patterns from RE2's. */
#include "onnx_case.h"

static void test_concat(void **state)
{
    static const struct onnx_case cases[] = {
        {"StringConcat",
         20,
         NULL,
         {"string[2,1] a|b", "string[3] x||é"},
         {"string[2,3] ax|a|aé|bx|b|bé"},
         0,
         false},
        {"StringConcat", 20, NULL, {"string[] a", "string[] b"}, {"string[] ab"}, 0, false},
        {"Equal", 19, NULL, {"string[2] a|b", "string[1] b"}, {"boolean[2] 0 1"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_split(void **state)
{
    static const struct onnx_case cases[] = {
        {"StringSplit",
         20,
         "delimiter='-'",
         {"string[4] a-b|a--c|-|"},
         {"string[4,3] a|b||a||c|||||||", "i64[4] 2 3 2 1"},
         0,
         false},
        {"StringSplit",
         20,
         "delimiter='::';maxsplit=1",
         {"string[2] a::b::c|d"},
         {"string[2,2] a|b::c|d|", "i64[2] 2 1"},
         0,
         false},
        {"StringSplit",
         20,
         NULL,
         {"string[3]   a  b |  |c"},
         {"string[3,2] a|b|||c|", "i64[3] 2 0 1"},
         0,
         false},
        {"StringSplit",
         20,
         "maxsplit=1",
         {"string[1]  a  b c "},
         {"string[1,2] a|b c", "i64[1] 2"},
         0,
         false},
        {"StringSplit", 20, NULL, {"string[0]"}, {"string[0,0]", "i64[0]"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_normalizer(void **state)
{
    static const struct onnx_case cases[] = {
        {"StringNormalizer",
         10,
         "case_change_action='UPPER';stopwords='monday','tuesday'",
         {"string[4] Monday|straße|TUESDAY|école"},
         {"string[2] STRAßE|ÉCOLE"},
         0,
         false},
        {"StringNormalizer",
         10,
         "case_change_action='LOWER';is_case_sensitive=1;stopwords='monday','x'",
         {"string[1,3] Monday|monday|ПРИВЕТ Ωμέγα Ā"},
         {"string[1,2] monday|привет ωμέγα ā"},
         0,
         false},
        {"StringNormalizer", 10, "stopwords='a','b'", {"string[1,2] a|B"}, {"string[1,1] "}, 0, false},
        {"StringNormalizer", 10, NULL, {"string[2] a|B"}, {"string[2] a|B"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

/* Which of some texts a pattern matches. */
static void matches(const char *pattern, const char *in, const char *out)
{
    char attrs[128];
    struct onnx_case c = {"RegexFullMatch", 20, attrs, {in}, {out}, 0, false};

    snprintf(attrs, sizeof(attrs), "pattern='%s'", pattern);
    case_form(&c, FORM_OPEN);
}

static void test_patterns(void **state)
{
    (void)state;
    matches("a*", "string[3] |aaa|aab", "boolean[3] 1 1 0");
    matches("(ab)+", "string[4] |ab|abab|aba", "boolean[4] 0 1 1 0");
    matches("(?i)straSSe|x", "string[3] STRASSE|X|y", "boolean[3] 1 1 0");
    matches("[^a-c]{2,3}", "string[4] x|xy|xyz|xa", "boolean[4] 0 1 1 0");
    matches("\\\\w+@(?:a|b)\\\\.com", "string[3] u@a.com|u@c.com|@a.com", "boolean[3] 0 0 0");
    matches("\\w+@(?:a|b)\\.com", "string[3] u@a.com|u@c.com|@a.com", "boolean[3] 1 0 0");
    matches("\\bfoo\\d\\b", "string[2] foo1|foo12", "boolean[2] 1 0");
    matches(".", "string[3] ü|ab|\n", "boolean[3] 1 0 0");
    matches("(?s).", "string[1] \n", "boolean[1] 1");
    matches("[[:digit:]x-]+", "string[3] 1-x|1y|", "boolean[3] 1 0 0");
    matches("(?P<n>a)(a{0,2}?)b", "string[4] ab|aaab|aaaab|b", "boolean[4] 1 1 0 0");
    matches("^$", "string[2] |a", "boolean[2] 1 0");
    matches("\\x41\\x{e9}\\Q.*\\E", "string[2] Aé.*|Aéxx", "boolean[2] 1 0");
    matches("(a*)*b", "string[2] aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac|aab", "boolean[2] 0 1");
    matches("a{1000}", "string[1] a", "boolean[1] 0");
}

static void refused(const char *pattern, const char *part)
{
    char attrs[128];
    struct onnx_case c = {"RegexFullMatch", 20, attrs, {"string[1] a"}, {"boolean[1]"}, 0, false};

    snprintf(attrs, sizeof(attrs), "pattern='%s'", pattern);
    case_fails(&c, VT_E_INVALID, part);
}

static void test_bad_patterns(void **state)
{
    char nested[110] = "";

    (void)state;
    refused("a(b", "a group without its end at byte 3 of \"a(b\"");
    refused("a)b", "a parenthesis without its begin at byte 1");
    refused("[a", "a set without its end");
    refused("[z-a]", "a range that goes backwards");
    refused("*", "nothing to repeat at byte 0");
    refused("a{3,2}", "a repetition out of range");
    refused("a{1001}", "a repetition out of range");
    refused("\\pL", "not implemented: classes of Unicode");
    refused("\\", "a backslash at the end");
    refused("(?z)a", "an unknown flag");
    refused("((a{1000}){1000}){1000}", "it is too large");
    memset(nested, '(', 100);
    refused(nested, "a group without its end");
}

static void test_counting(void **state)
{
    static const struct onnx_case cases[] = {
        {"TfIdfVectorizer",
         9,
         "mode='TF';min_gram_length=1;max_gram_length=2;max_skip_count=1;ngram_counts=0,2;ngram_indexes=2,0,"
         "1;"
         "pool_int64s=7,8,7,8",
         {"i32[1,4] 7 8 7 8"},
         {"f32[1,3] 2 2 2"},
         0,
         true},
        {"TfIdfVectorizer",
         9,
         "mode='IDF';min_gram_length=2;max_gram_length=2;max_skip_count=0;ngram_counts=0,0;ngram_indexes=1,3;"
         "weights=0.5,2.0;pool_strings='a','b','c','d'",
         {"string[5] a|b|a|b|c"},
         {"f32[4] 0 0.5 0 0"},
         0,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concat),       cmocka_unit_test(test_split),
        cmocka_unit_test(test_normalizer),   cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_bad_patterns), cmocka_unit_test(test_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
