#include "op_test.h"

static void unary(const char *equation, const char *shape, const char *want_shape, const char *want)
{
    struct op_test t;

    op_begin(&t, "Einsum", 7);
    op_input(&t, "f32", shape, "0 1 2 3 4 5 6 7 8");
    op_attr(&t, "equation", equation);
    op_expect_shape(&t, 0, "f32", want_shape);
    op_expect(&t, 0, "f32", want_shape, want, 0);
    op_end(&t);
}

static void test_one_input(void **state)
{
    (void)state;
    unary("ab->ba", "3,3", "3,3", "0 3 6 1 4 7 2 5 8");
    unary("ba", "3,3", "3,3", "0 3 6 1 4 7 2 5 8"); /* implicit: in alphabetical order */
    unary("aB", "3,3", "3,3", "0 3 6 1 4 7 2 5 8"); /* capitals first */
    unary("ii->i", "3,3", "3", "0 4 8");
    unary("ii", "3,3", "", "12");
    unary("ab->", "3,3", "", "36");
    unary("a...->...", "3,3", "3", "9 12 15");
    unary("...a->a...", "3,3", "3,3", "0 3 6 1 4 7 2 5 8");
    unary("a...->a", "3,1,3", "3", "3 12 21");
    unary("...", "3,3", "3,3", "0 1 2 3 4 5 6 7 8");
    unary(" a b -> b ", "3,3", "3", "9 12 15");
}

static void binary(const char *equation, const char *type, const char *sa, const char *a, const char *sb,
                   const char *b, const char *want_shape, const char *want)
{
    struct op_test t;

    op_begin(&t, "Einsum", 7);
    op_input(&t, type, sa, a);
    op_input(&t, type, sb, b);
    op_attr(&t, "equation", equation);
    op_expect_shape(&t, 0, type, want_shape);
    op_expect(&t, 0, type, want_shape, want, 0);
    op_end(&t);
}

static void test_two_inputs(void **state)
{
    (void)state;
    binary("i,i->", "f32", "3", "1 2 3", "3", "4 5 6", "", "32");
    binary("ij,jk->ik", "f32", "2,2", "1 2 3 4", "2,2", "5 6 7 8", "2,2", "19 22 43 50");
    binary("ij,j->i", "i32", "2,3", "0 1 2 3 4 5", "3", "1 2 3", "2", "8 26");
    binary("ij,->i", "f16", "2,2", "1 2 3 4", "", "2", "2", "6 14");
    binary("ij,ij->i", "f32", "2,3", "0 1 2 3 4 5", "2,1", "1 1", "2", "3 12"); /* 1 broadcasts */
    binary("a...b,b...->a...", "f32", "2,1,2", "1 2 3 4", "2,3", "1 0 2 0 1 1", "2,3", "1 2 4 3 4 10");
    binary("a,b->ab", "i64", "2", "1 2", "0", "", "2,0", "");
    binary("ab,b->a", "i64", "2,0", "", "0", "", "2", "0 0");
}

static void test_three_inputs(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Einsum", 7);
    op_input(&t, "f64", "1,2", "1 2");
    op_input(&t, "f64", "2,2,2", "1 2 3 4 5 6 7 8");
    op_input(&t, "f64", "2,2", "1 10 100 1000");
    op_attr(&t, "equation", "ab,bcd,bc->ca");
    op_expect(&t, 0, "f64", "2,1", "2203 30070", 0);
    op_end(&t);
}

static void shapes(const char *equation, const char *a, const char *b, const char *want)
{
    struct op_test t;

    op_begin(&t, "Einsum", 7);
    op_param(&t, "f32", a);
    op_param(&t, "f32", b);
    op_attr(&t, "equation", equation);
    op_expect_shape(&t, 0, "f32", want);
    op_end(&t);
}

static void test_shapes(void **state)
{
    (void)state;
    shapes("b...i,bji->bj...", "?,1..4,7", "2,?,7", "2,?,1..4");
    shapes("b...i,bji->bj...", "...", "2,?,7", "...");
    shapes("ij,jk->ik", "...", "2,5", "?,5");
    shapes("a...b,b...->a...", "9,1,4,3", "3,11,7,1", "9,11,7,4");
}

static void error(const char *equation, int code, const char *text)
{
    struct op_test t;

    op_begin(&t, "Einsum", 7);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "4");
    op_attr(&t, "equation", equation);
    op_expect_error(&t, code, text);
    op_end(&t);
}

static void test_errors(void **state)
{
    (void)state;
    error("ab,c->d", VT_E_INVALID, "output label 'd' is in no input");
    error("ab,c->aa", VT_E_INVALID, "output label 'a' is repeated");
    error("ab->a", VT_E_INVALID, "1 subscripts for 2 inputs");
    error("ab,c,d->a", VT_E_INVALID, "more subscripts than the 2 inputs");
    error("a.b,c->a", VT_E_INVALID, "a subscript takes letters and one ellipsis, not \".b,c->a\"");
    error("ab,c->a,b", VT_E_INVALID, "nothing may follow the output, found \",b\"");
    error("ab,c-a", VT_E_INVALID, "\"->\" is wanted at \"-a\"");
    error("abc,c->a", VT_E_SHAPE, "subscript 0 has 3 labels, but its input has rank 2");
    error("ab,b->a", VT_E_SHAPE, "dimension 0 of input 1 of shape [4] does not fit its label");
    error("aa,b->a", VT_E_SHAPE, "dimension 1 of input 0 of shape [2,3] does not fit its label");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_input),    cmocka_unit_test(test_two_inputs),
        cmocka_unit_test(test_three_inputs), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
