#include "xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)256 << 10)

struct ir_block {
    struct ir_block *older;
    size_t capacity;
    _Alignas(16) char data[];
};

struct parse {
    struct ir_doc *doc;
    xmlParserCtxtPtr ctxt;
    const char *label;
    struct vt_error *err;
    int status;
    int depth, n_elements;
    int unread; /* depth inside an element that nobody will ask for */
    struct ir_elem *open[IR_MAX_XML_DEPTH];
};

static void *arena_alloc(struct ir_doc *doc, size_t bytes, size_t alignment)
{
    struct ir_block *block = doc->blocks;
    size_t at = (doc->used + alignment - 1) & ~(alignment - 1);

    if (bytes > SIZE_MAX / 2) {
        return NULL;
    }
    if (!block || at > block->capacity || block->capacity - at < bytes) {
        size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

        block = malloc(sizeof(*block) + capacity);
        if (!block) {
            return NULL;
        }
        block->older = doc->blocks;
        block->capacity = capacity;
        doc->blocks = block;
        at = 0;
    }
    doc->used = at + bytes;
    return block->data + at;
}

void *ir_doc_alloc(struct ir_doc *doc, size_t count, size_t size)
{
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    p = arena_alloc(doc, bytes, _Alignof(max_align_t));
    return p ? memset(p, 0, bytes) : NULL;
}

void ir_doc_finish(struct ir_doc *doc)
{
    while (doc->blocks) {
        struct ir_block *older = doc->blocks->older;

        free(doc->blocks);
        doc->blocks = older;
    }
    xmlDictFree(doc->names);
    *doc = (struct ir_doc){0};
}

static char *copy_text(struct ir_doc *doc, const char *text, size_t bytes)
{
    char *copy = arena_alloc(doc, bytes + 1, 1);

    if (copy) {
        memcpy(copy, text, bytes);
        copy[bytes] = 0;
    }
    return copy;
}

/* Record the first error and stop the parser. */
static void refuse(struct parse *p, int status, const char *what)
{
    if (!p->status) {
        p->status = status;
        vt_fail(p->err, status, "%s:%d: %s", p->label, xmlSAX2GetLineNumber(p->ctxt), what);
    }
    xmlStopParser(p->ctxt);
}

static struct ir_attr *copy_attrs(struct parse *p, int n, const xmlChar **from)
{
    struct ir_attr *attrs = arena_alloc(p->doc, (size_t)n * sizeof(*attrs), _Alignof(struct ir_attr));

    /* Five pointers each: local name, prefix, URI, begin and end of the value. */
    for (int i = 0; attrs && i < n; i++, from += 5) {
        attrs[i].name = (const char *)from[0];
        attrs[i].value = copy_text(p->doc, (const char *)from[3], (size_t)(from[4] - from[3]));
        if (!attrs[i].value) {
            return NULL;
        }
    }
    return attrs;
}

/* <input><port><dim>: the shapes of inputs follow from the outputs that feed them. They are a third of all
 * elements. */
static bool is_unread(const struct parse *p, const char *name)
{
    return p->depth >= 2 && strcmp(name, "dim") == 0 && strcmp(p->open[p->depth - 2]->name, "input") == 0;
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                          int n_ns, const xmlChar **ns, int n_attrs, int n_default, const xmlChar **attrs)
{
    struct parse *p = user;
    struct ir_elem *elem;

    (void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
    if (p->status) {
        return;
    }
    if (p->unread || is_unread(p, (const char *)name)) {
        p->unread++;
        return;
    }
    if (p->depth == IR_MAX_XML_DEPTH) {
        refuse(p, VT_E_FORMAT, "elements are nested too deeply (the limit is 100)");
        return;
    }
    if (n_attrs > IR_MAX_XML_ATTRS) {
        refuse(p, VT_E_FORMAT, "an element has more attributes than the limit of 4096");
        return;
    }
    if (p->n_elements++ == IR_MAX_ELEMENTS) {
        refuse(p, VT_E_FORMAT, "there are more elements than the limit of 16777216");
        return;
    }
    elem = arena_alloc(p->doc, sizeof(*elem), _Alignof(struct ir_elem));
    if (elem) {
        *elem = (struct ir_elem){.name = (const char *)name, .n_attrs = n_attrs};
    }
    if (elem && n_attrs) {
        elem->attrs = copy_attrs(p, n_attrs, attrs);
    }
    if (!elem || (n_attrs && !elem->attrs)) {
        refuse(p, VT_E_NOMEM, "out of memory");
        return;
    }
    elem->line = xmlSAX2GetLineNumber(p->ctxt);
    if (p->depth) {
        struct ir_elem *parent = p->open[p->depth - 1];

        *(parent->last ? &parent->last->next : &parent->first) = elem;
        parent->last = elem;
    } else {
        p->doc->root = elem;
    }
    p->open[p->depth++] = elem;
}

static void end_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct parse *p = user;

    (void)name, (void)prefix, (void)uri;
    if (p->unread) {
        p->unread--;
    } else if (p->depth) {
        p->depth--;
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Text may come in pieces. */
static void characters(void *user, const xmlChar *text, int n)
{
    struct parse *p = user;
    struct ir_elem *elem = p->depth ? p->open[p->depth - 1] : NULL;
    const char *from = (const char *)text;
    size_t bytes = (size_t)n, old;
    char *joined;

    while (bytes && is_space(*from)) {
        from++;
        bytes--;
    }
    if (!elem || !bytes || p->status || p->unread) {
        return;
    }
    old = elem->text ? strlen(elem->text) : 0;
    joined = arena_alloc(p->doc, old + bytes + 1, 1);
    if (!joined) {
        refuse(p, VT_E_NOMEM, "out of memory");
        return;
    }
    if (old) {
        memcpy(joined, elem->text, old);
    }
    memcpy(joined + old, from, bytes);
    joined[old + bytes] = 0;
    elem->text = joined;
}

static void document_type(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    refuse(user, VT_E_FORMAT, "a document type (<!DOCTYPE>) is not allowed in a model");
}

static void xml_error(void *user, xmlErrorPtr error)
{
    struct parse *p = user;
    int n;

    if (p->status || error->level != XML_ERR_FATAL) {
        return;
    }
    n = error->message ? (int)strcspn(error->message, "\n") : 0;
    p->status = error->code == XML_ERR_NO_MEMORY ? VT_E_NOMEM : VT_E_FORMAT;
    vt_fail(p->err, p->status,
            "%s:%d: the text is damaged or cut off: %.*s; get the file anew or convert the model again",
            p->label, error->line, n < 200 ? n : 200, n ? error->message : "");
}

static void set_handlers(xmlSAXHandler *sax)
{
    memset(sax, 0, sizeof(*sax));
    sax->initialized = XML_SAX2_MAGIC;
    sax->startElementNs = start_element;
    sax->endElementNs = end_element;
    sax->characters = characters;
    sax->cdataBlock = characters;
    sax->internalSubset = document_type;
    sax->externalSubset = document_type;
    sax->serror = xml_error;
}

int ir_doc_parse(struct ir_doc *doc, const char *label, const void *text, size_t bytes, struct vt_error *err)
{
    struct parse p = {.doc = doc, .label = label, .err = err};

    if (!bytes || bytes > IR_MAX_XML_BYTES) {
        return vt_fail(err, VT_E_FORMAT, "%s: %s", label,
                       bytes ? "the text is larger than the limit of 1 GiB" : "the file is empty");
    }
    xmlInitParser();
    p.ctxt = xmlCreateMemoryParserCtxt(text, (int)bytes);
    if (!p.ctxt) {
        return vt_fail(err, VT_E_NOMEM, "%s: out of memory", label);
    }
    set_handlers(p.ctxt->sax);
    p.ctxt->userData = &p;
    /* HUGE lifts libxml2's limits on a text's length; ours stand above, and entities, which it protects from,
     * are refused; without NOENT an "&amp;" in an attribute would come as "&#38;". */
    xmlCtxtUseOptions(p.ctxt, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOCDATA | XML_PARSE_NOENT);
    xmlParseDocument(p.ctxt);
    if (!p.status && (!p.ctxt->wellFormed || !doc->root)) {
        p.status = vt_fail(err, VT_E_FORMAT, "%s: not an XML document", label);
    }
    doc->names = p.ctxt->dict;
    xmlDictReference(p.ctxt->dict);
    xmlFreeParserCtxt(p.ctxt);
    return p.status;
}

const struct ir_elem *ir_child(const struct ir_elem *parent, const char *name)
{
    const struct ir_elem *e = parent ? parent->first : NULL;

    while (e && strcmp(e->name, name) != 0) {
        e = e->next;
    }
    return e;
}

const struct ir_elem *ir_next(const struct ir_elem *elem, const char *name)
{
    elem = elem->next;
    while (elem && strcmp(elem->name, name) != 0) {
        elem = elem->next;
    }
    return elem;
}

int ir_count(const struct ir_elem *parent, const char *name)
{
    int n = 0;

    for (const struct ir_elem *e = ir_child(parent, name); e; e = ir_next(e, name)) {
        n++;
    }
    return n;
}

const char *ir_attr(const struct ir_elem *elem, const char *name)
{
    for (int i = 0; elem && i < elem->n_attrs; i++) {
        if (strcmp(elem->attrs[i].name, name) == 0) {
            return elem->attrs[i].value;
        }
    }
    return NULL;
}
