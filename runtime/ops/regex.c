/* Matching by Thompson's construction: all places of the code that the text so far can have led to. */
#include "regex_impl.h"

#include "heap.h"

bool vt_regex_grow(void **list, int n, int *room, size_t size, int limit)
{
    void *more;

    if (n < *room) {
        return true;
    }
    more = n < limit ? vt_temp_resize(*list, (size_t)(*room ? 2 * *room : 16) * size) : NULL;
    if (more) {
        *list = more;
        *room = *room ? 2 * *room : 16;
    }
    return more != NULL;
}

unsigned vt_utf8_next(const char *text, size_t length, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    int more = *p >= 0xf0 && *p < 0xf8 ? 3 : *p >= 0xe0 && *p < 0xf0 ? 2 : *p >= 0xc2 && *p < 0xe0 ? 1 : 0;
    unsigned c = more == 3 ? *p & 7u : more == 2 ? *p & 15u : more == 1 ? *p & 31u : *p;

    if ((size_t)more >= length - *at) {
        more = 0;
        c = *p;
    }
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            more = 0;
            c = *p;
            break;
        }
        c = c << 6 | (p[i] & 63u);
    }
    *at += (size_t)more + 1;
    return c;
}

/* ---- code */

static int put(struct vt_regex *re, enum code_kind kind, int a, int b)
{
    if (!vt_regex_grow((void **)&re->code, re->n_code, &re->room_code, sizeof(*re->code), MAX_CODE)) {
        return -1;
    }
    re->code[re->n_code] = (struct code){kind, a, b};
    return re->n_code++;
}

static bool emit(struct vt_regex *re, int at);

/* Once more or on: SPLIT into the part and what comes behind it. */
static bool emit_optional(struct vt_regex *re, int part, bool again)
{
    int split = put(re, C_SPLIT, re->n_code + 1, 0);

    if (split < 0 || !emit(re, part) || (again && put(re, C_JUMP, split, 0) < 0)) {
        return false;
    }
    re->code[split].b = re->n_code;
    return true;
}

static bool emit_repeat(struct vt_regex *re, const struct node *node)
{
    int part = node->a, min = node->min, max = node->max;

    for (int i = 0; i < min; i++) {
        if (!emit(re, part)) {
            return false;
        }
    }
    for (int i = min; i < max; i++) {
        if (!emit_optional(re, part, false)) {
            return false;
        }
    }
    return max >= 0 || emit_optional(re, part, true);
}

static bool emit_either(struct vt_regex *re, const struct node *node)
{
    int a = node->a, b = node->b, split = put(re, C_SPLIT, re->n_code + 1, 0), jump;

    if (split < 0 || !emit(re, a) || (jump = put(re, C_JUMP, 0, 0)) < 0) {
        return false;
    }
    re->code[split].b = re->n_code;
    if (!emit(re, b)) {
        return false;
    }
    re->code[jump].a = re->n_code;
    return true;
}

static bool emit(struct vt_regex *re, int at)
{
    const struct node *node = &re->nodes[at];

    switch (node->kind) {
    case EMPTY: return true;
    case CONCAT: return emit(re, node->a) && emit(re, node->b);
    case EITHER: return emit_either(re, node);
    case REPEAT: return emit_repeat(re, node);
    case SET: return put(re, C_SET, at, 0) >= 0;
    default: return put(re, C_ASSERT, at, 0) >= 0;
    }
}

int vt_regex_compile(const char *pattern, size_t length, struct vt_regex **regex, struct vt_error *err)
{
    struct vt_regex *re = vt_temp_zero(1, sizeof(*re));
    int **lists[3], root;
    size_t n;

    if (!re) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    root = vt_regex_parse(re, pattern, length, err);
    if (root < 0) {
        vt_regex_destroy(re);
        return root;
    }
    if (!emit(re, root) || put(re, C_MATCH, 0, 0) < 0) {
        vt_regex_destroy(re);
        return vt_fail(err, VT_E_INVALID, "regular expression: it is too large");
    }
    n = (size_t)re->n_code;
    lists[0] = &re->now, lists[1] = &re->next, lists[2] = &re->stack;
    re->seen = vt_temp_zero(n, sizeof(*re->seen));
    for (int i = 0; i < 3; i++) {
        /* A place may wait twice for each SPLIT that leads to it. */
        *lists[i] = vt_temp_zero(2 * n + 2, sizeof(int));
        if (!*lists[i] || !re->seen) {
            vt_regex_destroy(re);
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    *regex = re;
    return VT_OK;
}

void vt_regex_destroy(struct vt_regex *re)
{
    if (re) {
        vt_temp_free(re->nodes);
        vt_temp_free(re->ranges);
        vt_temp_free(re->code);
        vt_temp_free(re->now);
        vt_temp_free(re->next);
        vt_temp_free(re->seen);
        vt_temp_free(re->stack);
        vt_temp_free(re);
    }
}

/* ---- the run */

/* Where in the text it is: the characters before and behind the place. */
struct place {
    bool begin, end;
    unsigned before, behind;
};

static bool is_word(unsigned c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

static bool holds(enum node_kind kind, const struct place *at)
{
    bool edge = (!at->begin && is_word(at->before)) != (!at->end && is_word(at->behind));

    switch (kind) {
    case BEGIN: return at->begin;
    case END: return at->end;
    case BEGIN_LINE: return at->begin || at->before == '\n';
    case END_LINE: return at->end || at->behind == '\n';
    case WORD_EDGE: return edge;
    default: return !edge;
    }
}

static bool in_set(const struct vt_regex *re, const struct node *set, unsigned c)
{
    for (int i = 0; i < set->b; i++) {
        if (c >= re->ranges[set->a + i].low && c <= re->ranges[set->a + i].high) {
            return !set->negated;
        }
    }
    return set->negated;
}

/* Add a place of the code and all that it leads to without a character. */
static int add(struct vt_regex *re, int *list, int n, int pc, const struct place *at)
{
    int depth = 0;

    re->stack[depth++] = pc;
    while (depth) {
        const struct code *c;

        pc = re->stack[--depth];
        if (re->seen[pc] == re->round) {
            continue;
        }
        re->seen[pc] = re->round;
        c = &re->code[pc];
        if (c->kind == C_JUMP) {
            re->stack[depth++] = c->a;
        } else if (c->kind == C_SPLIT) {
            re->stack[depth++] = c->b;
            re->stack[depth++] = c->a;
        } else if (c->kind == C_ASSERT) {
            if (holds(re->nodes[c->a].kind, at)) {
                re->stack[depth++] = pc + 1;
            }
        } else {
            list[n++] = pc;
        }
    }
    return n;
}

bool vt_regex_matches(struct vt_regex *re, const char *text, size_t length)
{
    struct place at = {.begin = true, .end = length == 0};
    size_t next = 0, peek = 0;
    int n;

    at.behind = length ? vt_utf8_next(text, length, &peek) : 0;
    re->round++;
    n = add(re, re->now, 0, 0, &at);
    while (next < length && n) {
        unsigned c = at.behind;
        int *swap = re->now, more = 0;

        next = peek;
        at = (struct place){.end = next >= length, .before = c};
        at.behind = at.end ? 0 : vt_utf8_next(text, length, &peek);
        re->round++;
        for (int i = 0; i < n; i++) {
            const struct code *code = &re->code[re->now[i]];

            if (code->kind == C_SET && in_set(re, &re->nodes[code->a], c)) {
                more = add(re, re->next, more, re->now[i] + 1, &at);
            }
        }
        re->now = re->next;
        re->next = swap;
        n = more;
    }
    for (int i = 0; i < n; i++) {
        if (re->code[re->now[i]].kind == C_MATCH) {
            return true;
        }
    }
    return false;
}
