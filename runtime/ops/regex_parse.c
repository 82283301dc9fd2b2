#include "regex_impl.h"

#include <string.h>

#define MAX_REPEAT 1000
#define MAX_NESTED 200

struct parser {
    struct vt_regex *re;
    const char *text;
    size_t n, at;
    int depth;
    bool fold, dot_all, lines; /* flags i, s and m */
    struct vt_error *err;
    int status;
};

/* ---- nodes */

static int bad(struct parser *p, const char *what)
{
    if (!p->status) {
        p->status = vt_fail(p->err, VT_E_INVALID, "regular expression: %s at byte %zu of \"%.*s\"", what,
                            p->at, (int)(p->n < 200 ? p->n : 200), p->text);
    }
    return -1;
}

static bool grow(struct parser *p, void **list, int n, int *room, size_t size, int limit)
{
    if (!vt_regex_grow(list, n, room, size, limit)) {
        bad(p, "out of memory, or it is too large");
        return false;
    }
    return true;
}

static int add_node(struct parser *p, struct node node)
{
    struct vt_regex *re = p->re;

    if (p->status || !grow(p, (void **)&re->nodes, re->n_nodes, &re->room_nodes, sizeof(node), MAX_NODES)) {
        return -1;
    }
    re->nodes[re->n_nodes] = node;
    return re->n_nodes++;
}

static void add_range(struct parser *p, unsigned low, unsigned high)
{
    struct vt_regex *re = p->re;

    if (!p->status &&
        grow(p, (void **)&re->ranges, re->n_ranges, &re->room_ranges, sizeof(*re->ranges), MAX_RANGES)) {
        re->ranges[re->n_ranges++] = (struct range){low, high};
    }
}

static void add_folded(struct parser *p, unsigned low, unsigned high)
{
    add_range(p, low, high);
    if (!p->fold) {
        return;
    }
    for (unsigned c = low; c <= high && c <= 'z'; c++) {
        if ((c | 32) >= 'a' && (c | 32) <= 'z') {
            add_range(p, c ^ 32, c ^ 32);
        }
    }
}

/* A set of the ranges that were added since `first`. */
static int add_set(struct parser *p, int first, bool negated)
{
    return add_node(p, (struct node){SET, .a = first, .b = p->re->n_ranges - first, .negated = negated});
}

static int add_char(struct parser *p, unsigned c)
{
    int first = p->re->n_ranges;

    add_folded(p, c, c);
    return add_set(p, first, false);
}

static int join(struct parser *p, enum node_kind kind, int a, int b)
{
    return a < 0 || b < 0 ? (a < 0 ? b : a) : add_node(p, (struct node){kind, .a = a, .b = b});
}

/* ---- characters and classes */

struct class
{
    const char *name;
    struct range ranges[4];
    int n;
};

static const struct class classes[] = {
    {"d", {{'0', '9'}}, 1},
    {"w", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
    {"s", {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}, 3},
    {"[:alnum:]", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3},
    {"[:alpha:]", {{'A', 'Z'}, {'a', 'z'}}, 2},
    {"[:ascii:]", {{0, 127}}, 1},
    {"[:blank:]", {{'\t', '\t'}, {' ', ' '}}, 2},
    {"[:cntrl:]", {{0, 31}, {127, 127}}, 2},
    {"[:digit:]", {{'0', '9'}}, 1},
    {"[:graph:]", {{'!', '~'}}, 1},
    {"[:lower:]", {{'a', 'z'}}, 1},
    {"[:print:]", {{' ', '~'}}, 1},
    {"[:punct:]", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4},
    {"[:space:]", {{'\t', '\r'}, {' ', ' '}}, 2},
    {"[:upper:]", {{'A', 'Z'}}, 1},
    {"[:word:]", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
    {"[:xdigit:]", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3},
};

static void add_class(struct parser *p, const struct class *c, bool negated)
{
    unsigned from = 0;

    for (int i = 0; i < c->n; i++) {
        if (!negated) {
            add_folded(p, c->ranges[i].low, c->ranges[i].high);
        } else if (c->ranges[i].low > from) {
            add_range(p, from, c->ranges[i].low - 1);
        }
        from = c->ranges[i].high + 1;
    }
    if (negated) {
        add_range(p, from, LAST_CHAR);
    }
}

/* The class that is named here, behind a backslash or in a set; it is passed over. */
static const struct class *class_here(struct parser *p, bool *negated)
{
    char c = p->at < p->n ? p->text[p->at] : 0;

    *negated = c == 'D' || c == 'W' || c == 'S';
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t length = strlen(classes[i].name);

        if (length == 1 ? (c | 32) == classes[i].name[0] && ((c | 32) != c) == *negated
                        : length <= p->n - p->at && memcmp(p->text + p->at, classes[i].name, length) == 0) {
            p->at += length;
            return &classes[i];
        }
    }
    return NULL;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* \x41 or \x{41}, `at` behind the x. */
static unsigned hex_char(struct parser *p)
{
    bool braces = p->at < p->n && p->text[p->at] == '{';
    unsigned c = 0;
    int digits = 0;

    p->at += braces;
    while (p->at < p->n && hex_digit(p->text[p->at]) >= 0 && (braces || digits < 2) && c <= LAST_CHAR) {
        c = c * 16 + (unsigned)hex_digit(p->text[p->at++]);
        digits++;
    }
    if (!digits || c > LAST_CHAR || (braces && (p->at >= p->n || p->text[p->at] != '}'))) {
        bad(p, "no character");
    }
    p->at += braces;
    return c;
}

/* What a backslash makes a character, `at` behind the backslash. */
static unsigned escaped(struct parser *p)
{
    static const char letters[] = "aftnrv", codes[] = "\a\f\t\n\r\v";
    const char *letter;
    unsigned c;

    if (p->at >= p->n) {
        bad(p, "a backslash at the end");
        return 0;
    }
    c = vt_utf8_next(p->text, p->n, &p->at);
    letter = c && c < 128 ? strchr(letters, (int)c) : NULL;
    if (letter) {
        return (unsigned char)codes[letter - letters];
    }
    if (c == 'x') {
        return hex_char(p);
    }
    if (c >= '0' && c <= '7') {
        c -= '0';
        for (int i = 0; i < 2 && p->at < p->n && p->text[p->at] >= '0' && p->text[p->at] <= '7'; i++) {
            c = c * 8 + (unsigned)(p->text[p->at++] - '0');
        }
        return c;
    }
    if ((c | 32) >= 'a' && (c | 32) <= 'z') {
        bad(p, (c | 32) == 'p' ? "not implemented: classes of Unicode" : "an unknown escape");
    }
    return c;
}

/* "[...]", `at` behind the bracket. */
static int parse_set(struct parser *p)
{
    int first = p->re->n_ranges;
    bool negated = p->at < p->n && p->text[p->at] == '^', begin = true;

    p->at += negated;
    while (!p->status && p->at < p->n && (begin || p->text[p->at] != ']')) {
        bool minus, escape = p->text[p->at] == '\\';
        const struct class *c;
        unsigned low, high;

        begin = false;
        p->at += escape;
        c = escape || (p->text[p->at] == '[' && p->at + 1 < p->n && p->text[p->at + 1] == ':')
                ? class_here(p, &minus)
                : NULL;
        if (c) {
            add_class(p, c, minus);
            continue;
        }
        low = high = escape ? escaped(p) : vt_utf8_next(p->text, p->n, &p->at);
        if (p->at + 1 < p->n && p->text[p->at] == '-' && p->text[p->at + 1] != ']') {
            p->at++;
            escape = p->text[p->at] == '\\';
            p->at += escape;
            high = escape ? escaped(p) : vt_utf8_next(p->text, p->n, &p->at);
        }
        if (high < low) {
            return bad(p, "a range that goes backwards");
        }
        add_folded(p, low, high);
    }
    if (p->at >= p->n) {
        return bad(p, "a set without its end");
    }
    p->at++;
    return add_set(p, first, negated);
}

/* ---- structure */

static int parse_either(struct parser *p);

static int assertion(struct parser *p, enum node_kind kind)
{
    return add_node(p, (struct node){.kind = kind});
}

/* "(?flags)" or "(?flags:", `at` behind the question mark. Returns whether a group begins. */
static bool parse_flags(struct parser *p)
{
    bool on = true;

    for (; p->at < p->n && p->text[p->at] != ')' && p->text[p->at] != ':'; p->at++) {
        switch (p->text[p->at]) {
        case '-': on = false; break;
        case 'i': p->fold = on; break;
        case 's': p->dot_all = on; break;
        case 'm': p->lines = on; break;
        case 'U': break;
        default: bad(p, "an unknown flag"); return false;
        }
    }
    if (p->at >= p->n) {
        bad(p, "flags without their end");
        return false;
    }
    return p->text[p->at++] == ':';
}

/* "(...)", `at` behind the parenthesis. */
static int parse_group(struct parser *p)
{
    bool fold = p->fold, dot_all = p->dot_all, lines = p->lines;
    int node;

    if (++p->depth > MAX_NESTED) {
        return bad(p, "groups nested too deep");
    }
    if (p->at < p->n && p->text[p->at] == '?') {
        const char *name = p->text + ++p->at;
        size_t left = p->n - p->at, skip = left > 1 && memcmp(name, "P<", 2) == 0 ? 2 : left && *name == '<';
        const char *end = skip ? memchr(name, '>', left) : NULL;

        if (skip && !end) {
            return bad(p, "a name without its end");
        }
        p->at += skip ? (size_t)(end - name) + 1 : 0;
        if (!skip && !parse_flags(p)) {
            p->depth--;
            return assertion(p, EMPTY); /* the flags hold until the group around them ends */
        }
    }
    node = parse_either(p);
    if (!p->status && (p->at >= p->n || p->text[p->at] != ')')) {
        return bad(p, "a group without its end");
    }
    p->at++;
    p->depth--;
    p->fold = fold, p->dot_all = dot_all, p->lines = lines;
    return node;
}

static int parse_quoted(struct parser *p)
{
    int node = assertion(p, EMPTY);

    while (p->at < p->n && !p->status) {
        if (p->n - p->at >= 2 && memcmp(p->text + p->at, "\\E", 2) == 0) {
            p->at += 2;
            break;
        }
        node = join(p, CONCAT, node, add_char(p, vt_utf8_next(p->text, p->n, &p->at)));
    }
    return node;
}

static int parse_escape(struct parser *p)
{
    int first = p->re->n_ranges;
    bool negated;
    const struct class *c = class_here(p, &negated);

    if (c) {
        add_class(p, c, negated);
        return add_set(p, first, false);
    }
    switch (p->at < p->n ? p->text[p->at] : 0) {
    case 'b': p->at++; return assertion(p, WORD_EDGE);
    case 'B': p->at++; return assertion(p, NO_WORD_EDGE);
    case 'A': p->at++; return assertion(p, BEGIN);
    case 'z': p->at++; return assertion(p, END);
    case 'Q': p->at++; return parse_quoted(p);
    default: return add_char(p, escaped(p));
    }
}

static int parse_atom(struct parser *p)
{
    char c = p->text[p->at];
    int first = p->re->n_ranges;

    switch (c) {
    case '(': p->at++; return parse_group(p);
    case '[': p->at++; return parse_set(p);
    case '\\': p->at++; return parse_escape(p);
    case '^': p->at++; return assertion(p, p->lines ? BEGIN_LINE : BEGIN);
    case '$': p->at++; return assertion(p, p->lines ? END_LINE : END);
    case '*':
    case '+':
    case '?': return bad(p, "nothing to repeat");
    case '.':
        p->at++;
        if (!p->dot_all) {
            add_range(p, '\n', '\n');
        }
        return add_set(p, first, true);
    default: return add_char(p, vt_utf8_next(p->text, p->n, &p->at));
    }
}

static int number(struct parser *p)
{
    int v = -1;

    while (p->at < p->n && p->text[p->at] >= '0' && p->text[p->at] <= '9' && v <= MAX_REPEAT) {
        v = (v < 0 ? 0 : v * 10) + (p->text[p->at++] - '0');
    }
    return v;
}

/* "{n}", "{n,}" or "{n,m}"; anything else is a brace. */
static bool counted(struct parser *p, int *min, int *max)
{
    size_t back = p->at++;

    *min = *max = number(p);
    if (*min >= 0 && p->at < p->n && p->text[p->at] == ',') {
        p->at++;
        *max = number(p);
    }
    if (*min < 0 || p->at >= p->n || p->text[p->at] != '}') {
        p->at = back;
        return false;
    }
    p->at++;
    if (*min > MAX_REPEAT || *max > MAX_REPEAT || (*max >= 0 && *max < *min)) {
        bad(p, "a repetition out of range");
    }
    return true;
}

static int parse_repeat(struct parser *p)
{
    int node = parse_atom(p);

    while (p->at < p->n && !p->status) {
        char c = p->text[p->at];
        int min = c == '+', max = c == '?' ? 1 : -1;

        if (c == '{') {
            if (!counted(p, &min, &max)) {
                break;
            }
        } else if (c == '*' || c == '+' || c == '?') {
            p->at++;
        } else {
            break;
        }
        if (p->at < p->n && p->text[p->at] == '?') {
            p->at++;
        }
        node = add_node(p, (struct node){REPEAT, .a = node, .min = min, .max = max});
    }
    return node;
}

static int parse_concat(struct parser *p)
{
    int node = assertion(p, EMPTY);

    while (p->at < p->n && p->text[p->at] != '|' && p->text[p->at] != ')' && !p->status) {
        node = join(p, CONCAT, node, parse_repeat(p));
    }
    return node;
}

static int parse_either(struct parser *p)
{
    int node = parse_concat(p);

    while (p->at < p->n && p->text[p->at] == '|' && !p->status) {
        p->at++;
        node = join(p, EITHER, node, parse_concat(p));
    }
    return node;
}

int vt_regex_parse(struct vt_regex *re, const char *pattern, size_t length, struct vt_error *err)
{
    struct parser p = {.re = re, .text = pattern, .n = length, .err = err};
    int root = parse_either(&p);

    if (p.at < p.n) {
        bad(&p, "a parenthesis without its begin");
    }
    return p.status ? p.status : root;
}
