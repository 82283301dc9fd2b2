#include "pass_test.h"

#define MAX_INPUTS 5

struct row {
    const char *equation;
    const char *shapes[MAX_INPUTS]; /* where dimensions are open: "?,3 as 2,3" */
    int left;                       /* Einsum nodes afterwards */
};

static void check(const struct row *row)
{
    struct vt_port in[MAX_INPUTS];
    struct pass_test t;
    struct vt_node *node;
    int n = 0;

    pt_begin(&t);
    for (; n < MAX_INPUTS && row->shapes[n]; n++) {
        const char *as = strstr(row->shapes[n], " as ");
        char text[64];

        snprintf(text, sizeof(text), "%.*s", as ? (int)(as - row->shapes[n]) : 63, row->shapes[n]);
        in[n] = pt_param_as(&t, "f32", text, as ? as + 4 : text);
    }
    node = pt_node(&t, "Einsum", 7, n, in);
    pt_attr(&t, node, "equation", row->equation);
    pt_result(&t, pt_port(&t, node));
    pt_check(&t, "split_einsum", 1e-5);
    if (pt_count(&t, "Einsum") != row->left) {
        fail_msg("%s: %d Einsum left, not %d", row->equation, pt_count(&t, "Einsum"), row->left);
    }
    /* What it leaves, it leaves again. */
    pt_check(&t, "split_einsum", 1e-5);
    assert_int_equal(pt_count(&t, "Einsum"), row->left);
    pt_end(&t);
}

static void test_equations(void **state)
{
    static const struct row rows[] = {
        /* one operand */
        {"ab->ba", {"2,3"}, 0},
        {"ab", {"2,3"}, 0},
        {"ab->", {"2,3"}, 0},
        {"abc->ca", {"2,3,4"}, 0},
        {"a...->...a", {"2,3,4"}, 0},
        {"ii->i", {"3,3"}, 1},
        {"iji->j", {"3,2,3"}, 1},
        /* two */
        {"ab,bc->ac", {"2,3", "3,4"}, 1},
        {"...ij,jk->...ik", {"2,5,3,4", "4,3"}, 1},
        {"...ij,...jk->...ik", {"2,1,3,4", "5,4,3"}, 1},
        {"...ij,...jk", {"2,1,3,4", "5,4,3"}, 1},
        {"ab,ab->ab", {"2,3", "2,3"}, 0},
        {"ab,ba->ab", {"2,3", "3,2"}, 0},
        {"ab,ab->a", {"2,3", "2,3"}, 0},
        {"ab,ab->", {"2,3", "2,3"}, 0},
        {"ab,ab->a", {"2,3", "2,1"}, 0},
        {"a,b->ba", {"2", "3"}, 0},
        {"ab,->a", {"2,3", ""}, 0},
        {"ab,cd->ac", {"2,3", "4,5"}, 0},
        {"abx,bc->ac", {"2,3,5", "3,4"}, 1},
        {"aab,bc->ac", {"2,2,3", "3,4"}, 2},
        /* more */
        {"ij,jk,kl->il", {"2,3", "3,4", "4,5"}, 2},
        {"ij,jk,kl,lm->im", {"2,9", "9,4", "4,5", "5,2"}, 3},
        {"i,j,k->kji", {"2", "3", "4"}, 0},
        {"bi,bj,ijk->bk", {"2,3", "2,4", "3,4,5"}, 1},
        {"abc,a,b,c->", {"2,3,4", "2", "3", "4"}, 1},
        {"...a,a,...->...", {"2,3,4", "4", "3"}, 1},
        /* dimensions that are not known */
        {"ab,bc->ac", {"?,3 as 2,3", "3,4"}, 1},
        {"...ij,jk,k->...i", {"?,?,?,4 as 2,5,3,4", "4,3", "3"}, 2},
        {"ab,ab->a", {"?,? as 2,3", "?,? as 2,1"}, 0},
        {"abc->ca", {"?,?,? as 2,3,4"}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check(&rows[i]);
    }
}

/* Types other than f32 and products of too many axes stay. */
static void test_kept(void **state)
{
    struct pass_test t;
    struct vt_node *node;
    struct vt_port a, b;

    (void)state;
    pt_begin(&t);
    a = pt_param(&t, "f64", "2,3");
    b = pt_param(&t, "f64", "2,3");
    node = pt_node(&t, "Einsum", 7, 2, (struct vt_port[]){a, b});
    pt_attr(&t, node, "equation", "ab,ab->ab");
    pt_result(&t, pt_port(&t, node));
    pt_check(&t, "split_einsum", 0);
    assert_int_equal(pt_count(&t, "Einsum"), 1);
    pt_end(&t);

    pt_begin(&t);
    a = pt_param(&t, "f32", "1,2,1,2,1,1,2,1,2,1");
    b = pt_param(&t, "f32", "1,2,1,2,1,1,2,1,2,1");
    node = pt_node(&t, "Einsum", 7, 3, (struct vt_port[]){a, b, b});
    pt_attr(&t, node, "equation", "abcdefghij,klmnopqrst,uvwxyzABCD->");
    pt_result(&t, pt_port(&t, node));
    pt_check(&t, "split_einsum", 1e-4);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equations),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
