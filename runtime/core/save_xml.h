/* XML text in the order in which it is written, indented by tabs. After an error the rest does nothing. */
#ifndef VT_SAVE_XML_H
#define VT_SAVE_XML_H

#include "save_ir.h"

#include <stdbool.h>
#include <stdint.h>

struct vt_xml {
    const struct vt_save_sink *sink;
    struct vt_error *err;
    int status; /* of the first failure */
    int depth;
    bool open; /* a start tag still lacks its ">" */
    size_t used;
    char buffer[1 << 14];
};

void vt_xml_begin(struct vt_xml *x, const char *name);
void vt_xml_end(struct vt_xml *x, const char *name);

/* Of the element begun last. What XML must not see plainly is escaped; VT_E_INVALID for a value that is not
 * UTF-8 or has control characters. */
void vt_xml_attr(struct vt_xml *x, const char *name, const char *value);
void vt_xml_attr_i64(struct vt_xml *x, const char *name, int64_t value);

/* <name>value</name> */
void vt_xml_leaf_i64(struct vt_xml *x, const char *name, int64_t value);

/* Hand out what is buffered; the status of it all. */
int vt_xml_finish(struct vt_xml *x);

/* For values that are put together from pieces: the caller writes ` name="`, pieces and `"` by these. */
void vt_xml_attr_begin(struct vt_xml *x, const char *name);
void vt_xml_attr_piece(struct vt_xml *x, const char *text, size_t bytes);
void vt_xml_attr_end(struct vt_xml *x);

#endif
