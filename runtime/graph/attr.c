/* Typed attributes by name, and their texts. */
#include "graph.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

static int find(const struct vt_node *node, const char *name)
{
    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        if (strcmp(node->op->attrs[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* As find(), for setting. */
static int find_given(struct vt_node *node, const char *name)
{
    int i = find(node, name);

    if (i >= 0 && i < 64) {
        node->attrs_given |= (uint64_t)1 << i;
    }
    return i;
}

static union vt_attr_value get(const struct vt_node *node, const char *name)
{
    int i = find(node, name);

    return i < 0 ? (union vt_attr_value){0} : node->attrs[i];
}

int64_t vt_attr_i64(const struct vt_node *node, const char *name)
{
    return get(node, name).i;
}

double vt_attr_f64(const struct vt_node *node, const char *name)
{
    return get(node, name).f;
}

bool vt_attr_bool(const struct vt_node *node, const char *name)
{
    return get(node, name).i != 0;
}

const char *vt_attr_str(const struct vt_node *node, const char *name)
{
    const char *s = get(node, name).s;

    return s ? s : "";
}

const int64_t *vt_attr_i64s(const struct vt_node *node, const char *name, int64_t *n)
{
    union vt_attr_value v = get(node, name);

    *n = v.i64s.n;
    return v.i64s.v;
}

const double *vt_attr_f64s(const struct vt_node *node, const char *name, int64_t *n)
{
    union vt_attr_value v = get(node, name);

    *n = v.f64s.n;
    return v.f64s.v;
}

enum vt_type vt_attr_type_of(const struct vt_node *node, const char *name)
{
    return (enum vt_type)get(node, name).i;
}

const struct vt_pshape *vt_attr_shape(const struct vt_node *node, const char *name)
{
    return get(node, name).shape;
}

bool vt_attr_is(const struct vt_node *node, const char *name, const char *value)
{
    return strcasecmp(vt_attr_str(node, name), value) == 0;
}

int vt_attr_set_i64(struct vt_node *node, const char *name, int64_t value)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].i = value;
    return VT_OK;
}

int vt_attr_set_f64(struct vt_node *node, const char *name, double value)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].f = value;
    return VT_OK;
}

int vt_attr_set_str(struct vt_node *node, const char *name, const char *value)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].s = vt_arena_strdup(&node->graph->arena, value);
    return node->attrs[i].s || !value ? VT_OK : VT_E_NOMEM;
}

int vt_attr_set_i64s(struct vt_node *node, const char *name, int64_t n, const int64_t *values)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].i64s.v = vt_arena_copy(&node->graph->arena, values, (size_t)n * sizeof(*values));
    node->attrs[i].i64s.n = n;
    return node->attrs[i].i64s.v ? VT_OK : VT_E_NOMEM;
}

int vt_attr_set_f64s(struct vt_node *node, const char *name, int64_t n, const double *values)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].f64s.v = vt_arena_copy(&node->graph->arena, values, (size_t)n * sizeof(*values));
    node->attrs[i].f64s.n = n;
    return node->attrs[i].f64s.v ? VT_OK : VT_E_NOMEM;
}

int vt_attr_set_shape(struct vt_node *node, const char *name, const struct vt_pshape *shape)
{
    int i = find_given(node, name);

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    node->attrs[i].shape = vt_arena_copy(&node->graph->arena, shape, sizeof(*shape));
    return node->attrs[i].shape ? VT_OK : VT_E_NOMEM;
}

/* ---- texts
 * -------------------------------------------------------------------------------------------------- */

static const char *skip_space(const char *p)
{
    while (isspace((unsigned char)*p)) {
        p++;
    }
    return p;
}

static bool parse_i64(const char *text, const char **end, int64_t *value)
{
    char *stop;

    errno = 0;
    *value = strtoll(text, &stop, 10);
    *end = stop;
    return stop != text && errno == 0;
}

/* strtod follows the locale; IR files always write a point, and the library never calls setlocale. */
static bool parse_f64(const char *text, const char **end, double *value)
{
    char *stop;

    *value = strtod(text, &stop);
    *end = stop;
    return stop != text;
}

static int64_t list_length(const char *text)
{
    int64_t n = 1;

    if (!*skip_space(text)) {
        return 0;
    }
    for (; *text; text++) {
        n += *text == ',';
    }
    return n;
}

/* A list of numbers separated by commas; false on anything else. */
static bool parse_list(struct vt_arena *arena, const char *text, bool floats, union vt_attr_value *value)
{
    int64_t n = list_length(text);
    int64_t *ints = floats ? NULL : vt_arena_array(arena, (size_t)n, sizeof(*ints));
    double *reals = floats ? vt_arena_array(arena, (size_t)n, sizeof(*reals)) : NULL;

    if (!ints && !reals) {
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        const char *end;

        text = skip_space(text);
        if (floats ? !parse_f64(text, &end, &reals[i]) : !parse_i64(text, &end, &ints[i])) {
            return false;
        }
        end = skip_space(end);
        if (*end != (i + 1 < n ? ',' : 0)) {
            return false;
        }
        text = end + 1;
    }
    if (floats) {
        value->f64s.v = reals;
        value->f64s.n = n;
    } else {
        value->i64s.v = ints;
        value->i64s.n = n;
    }
    return true;
}

/* One dimension: "7", "?", "-1", "1..", "..5", "2..5". */
static bool parse_dim(const char *text, const char **end, struct vt_dim *dim)
{
    int64_t v;

    text = skip_space(text);
    *dim = vt_dim_any();
    if (*text == '?') {
        *end = text + 1;
        return true;
    }
    if (text[0] != '.' || text[1] != '.') {
        if (!parse_i64(text, end, &v) || v < -1) {
            return false;
        }
        if (v == -1) {
            return true;
        }
        dim->min = dim->max = v;
        text = skip_space(*end);
        *end = text;
        if (text[0] != '.' || text[1] != '.') {
            return true;
        }
        dim->max = -1;
    }
    text = skip_space(text + 2);
    *end = text;
    if (isdigit((unsigned char)*text)) {
        return parse_i64(text, end, &dim->max) && dim->max >= dim->min;
    }
    return true;
}

static bool parse_shape(const char *text, struct vt_pshape *shape)
{
    const char *end;

    text = skip_space(text);
    *shape = (struct vt_pshape){.rank = 0};
    if (strncmp(text, "...", 3) == 0) {
        shape->rank = -1;
        return !*skip_space(text + 3);
    }
    while (*text) {
        if (shape->rank == VT_MAX_RANK || !parse_dim(text, &end, &shape->dims[shape->rank])) {
            return false;
        }
        shape->rank++;
        text = skip_space(end);
        if (*text == ',') {
            text = skip_space(text + 1);
            if (!*text) {
                return false;
            }
        } else if (*text) {
            return false;
        }
    }
    return true;
}

static bool parse_type(const char *text, int64_t *type)
{
    for (int i = 0; i < VT_TYPE_COUNT; i++) {
        if (strcasecmp(text, vt_type_info((enum vt_type)i)->name) == 0) {
            *type = i;
            return true;
        }
    }
    return false;
}

static bool word_allowed(const char *allowed, const char *text)
{
    size_t length = strlen(text);

    while (allowed) {
        size_t n = strcspn(allowed, "|");

        if (n == length && strncasecmp(allowed, text, n) == 0) {
            return true;
        }
        allowed = allowed[n] ? allowed + n + 1 : NULL;
    }
    return false;
}

static bool parse_bool(const char *text, int64_t *value)
{
    *value = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *value || strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0 || !*text;
}

static bool reals_in_range(const struct vt_attr_def *def, const union vt_attr_value *v)
{
    int64_t n = def->type == VT_ATTR_F64 ? 1 : v->f64s.n;
    const double *list = def->type == VT_ATTR_F64 ? &v->f : v->f64s.v;

    for (int64_t i = 0; i < n; i++) {
        if (!(list[i] >= def->low && list[i] <= def->high)) {
            return false;
        }
    }
    return true;
}

static bool in_range(const struct vt_attr_def *def, const union vt_attr_value *v)
{
    if (def->low < def->high && (def->type == VT_ATTR_F64 || def->type == VT_ATTR_F64S)) {
        return reals_in_range(def, v);
    }
    if (def->min >= def->max) {
        return true;
    }
    if (def->type == VT_ATTR_I64) {
        return v->i >= def->min && v->i <= def->max;
    }
    for (int64_t i = 0; def->type == VT_ATTR_I64S && i < v->i64s.n; i++) {
        if (v->i64s.v[i] < def->min || v->i64s.v[i] > def->max) {
            return false;
        }
    }
    return true;
}

bool vt_attr_value_ok(const struct vt_attr_def *def, const union vt_attr_value *value)
{
    switch (def->type) {
    case VT_ATTR_BOOL: return value->i == 0 || value->i == 1;
    case VT_ATTR_TYPE: return value->i >= 0 && value->i < VT_TYPE_COUNT;
    case VT_ATTR_STR: return value->s && (!def->allowed || word_allowed(def->allowed, value->s));
    default: return in_range(def, value);
    }
}

bool vt_attr_parse(struct vt_arena *arena, const struct vt_attr_def *def, const char *text,
                   union vt_attr_value *value)
{
    const char *end = "";

    switch (def->type) {
    case VT_ATTR_I64: return parse_i64(text, &end, &value->i) && !*skip_space(end);
    case VT_ATTR_F64: return parse_f64(text, &end, &value->f) && !*skip_space(end);
    case VT_ATTR_BOOL: return parse_bool(text, &value->i);
    case VT_ATTR_STR:
        value->s = vt_arena_strdup(arena, text);
        return value->s && (!def->allowed || word_allowed(def->allowed, text));
    case VT_ATTR_I64S: return parse_list(arena, text, false, value);
    case VT_ATTR_F64S: return parse_list(arena, text, true, value);
    case VT_ATTR_TYPE: return parse_type(text, &value->i);
    case VT_ATTR_SHAPE: {
        struct vt_pshape *shape = vt_arena_alloc(arena, sizeof(*shape));

        value->shape = shape;
        return shape && parse_shape(text, shape);
    }
    }
    return false;
}

int vt_attr_set_text(struct vt_node *node, const char *name, const char *text, struct vt_error *err)
{
    int i = find_given(node, name);
    const struct vt_attr_def *def;
    union vt_attr_value value = {0};

    if (i < 0) {
        return VT_E_NOT_FOUND;
    }
    def = &node->op->attrs[i];
    if (!vt_attr_parse(&node->graph->arena, def, text, &value)) {
        return vt_fail(err, VT_E_INVALID, "node '%s' (%s): attribute %s=\"%.80s\" %s%s", node->name,
                       node->op->name, name, text, def->allowed ? "must be one of " : "cannot be read",
                       def->allowed ? def->allowed : "");
    }
    if (!in_range(def, &value) && (def->type == VT_ATTR_F64 || def->type == VT_ATTR_F64S)) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s): attribute %s=\"%.80s\" is outside %g..%g",
                       node->name, node->op->name, name, text, def->low, def->high);
    }
    if (!in_range(def, &value)) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s): attribute %s=\"%.80s\" is outside %lld..%lld",
                       node->name, node->op->name, name, text, (long long)def->min, (long long)def->max);
    }
    node->attrs[i] = value;
    return VT_OK;
}
