/* An XML document as a tree of plain structs in one arena: elements, attributes, trimmed-down text; the
 * dimensions of input ports are left out.
 *
 * Nothing outside of the text is ever read: no document type, no entities beyond XML's own, no network. */
#ifndef IR_XML_H
#define IR_XML_H

#include "vt/status.h"

#include <stddef.h>
#include <stdint.h>

#define IR_MAX_XML_BYTES ((size_t)1 << 30)
#define IR_MAX_ELEMENTS  (1 << 24)
#define IR_MAX_XML_DEPTH 100
#define IR_MAX_XML_ATTRS 4096 /* of one element */

struct ir_attr {
    const char *name, *value;
};

struct ir_elem {
    const char *name;
    const char *text; /* NULL when there is only white space */
    const struct ir_attr *attrs;
    struct ir_elem *first, *last, *next;
    int n_attrs;
    int line;
};

struct ir_block;

struct ir_doc {
    struct ir_elem *root;
    struct ir_block *blocks;
    size_t used; /* of the newest block */
    void *names; /* the parser's dictionary, which element and attribute names live in */
};

/* `label` names the document in messages: "model.xml:12: ...". The document is to be finished whether or not
 * this succeeds. */
int ir_doc_parse(struct ir_doc *doc, const char *label, const void *text, size_t bytes, struct vt_error *err);
void ir_doc_finish(struct ir_doc *doc);

/* Zeroed memory that lives as long as the document; NULL when out of memory. */
void *ir_doc_alloc(struct ir_doc *doc, size_t count, size_t size);

/* First child, or next sibling, of that name; NULL when there is none. */
const struct ir_elem *ir_child(const struct ir_elem *parent, const char *name);
const struct ir_elem *ir_next(const struct ir_elem *elem, const char *name);

/* Children of that name; parent NULL has none. */
int ir_count(const struct ir_elem *parent, const char *name);

/* An attribute's value, NULL when it is absent or `elem` is NULL. */
const char *ir_attr(const struct ir_elem *elem, const char *name);

#endif
