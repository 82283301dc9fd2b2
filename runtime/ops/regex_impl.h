/* A regular expression from the inside: parsed (regex_parse.c), turned into code and run (regex.c). */
#ifndef VT_OPS_REGEX_IMPL_H
#define VT_OPS_REGEX_IMPL_H

#include "regex.h"

#define MAX_NODES  (1 << 13) /* functions call themselves as deep as there are nodes */
#define MAX_RANGES (1 << 16)
#define MAX_CODE   (1 << 18)
#define LAST_CHAR  0x10ffffu

enum node_kind {
    EMPTY,
    SET,
    BEGIN,
    END,
    BEGIN_LINE,
    END_LINE,
    WORD_EDGE,
    NO_WORD_EDGE,
    CONCAT,
    EITHER,
    REPEAT
};

struct range {
    unsigned low, high;
};

/* A part of the pattern. `a` and `b` are nodes, or first range and number of ranges of a set. */
struct node {
    enum node_kind kind;
    int a, b;
    int min, max; /* REPEAT; max -1: no end */
    bool negated; /* SET */
};

enum code_kind { C_SET, C_ASSERT, C_SPLIT, C_JUMP, C_MATCH };

struct code {
    enum code_kind kind;
    int a, b; /* the node of a set or an assertion; where to go on */
};

struct vt_regex {
    struct node *nodes;
    struct range *ranges;
    struct code *code;
    int n_nodes, n_ranges, n_code;
    int room_nodes, room_ranges, room_code;
    int *now, *next, *stack; /* sets of places in the code while matching */
    uint64_t *seen;          /* the round in which a place was added last */
    uint64_t round;
};

/* Room for one more in a list; false when out of memory or at the limit. */
bool vt_regex_grow(void **list, int n, int *room, size_t size, int limit);

/* Fill nodes and ranges; the root, or a negative status. */
int vt_regex_parse(struct vt_regex *re, const char *pattern, size_t length, struct vt_error *err);

#endif
