/* Strings that own their texts. */
#include "buffer.h"

#include <stdlib.h>

void vt_strings_init(struct vt_string *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s[i] = (struct vt_string){.text = s[i].small};
    }
}

/* A string whose memory somebody else allocated was allocated by malloc too: libstdc++'s operator new is. */
void vt_strings_finish(struct vt_string *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i].text != s[i].small) {
            free(s[i].text);
        }
    }
}

/* A fresh string at `s`, whatever lies there. */
static int make_string(struct vt_string *s, const char *text, size_t length)
{
    *s = (struct vt_string){.text = s->small, .length = length};
    if (length >= sizeof(s->small)) {
        s->text = malloc(length + 1);
        s->capacity = length;
    }
    if (!s->text) {
        return VT_E_NOMEM;
    }
    if (length) {
        memcpy(s->text, text, length);
    }
    s->text[length] = 0;
    return VT_OK;
}

/* Take the strings of `fresh` over, which is then memory without meaning. */
static void replace(struct vt_string *s, struct vt_string *fresh, size_t n)
{
    vt_strings_finish(s, n);
    for (size_t i = 0; i < n; i++) {
        bool outside = fresh[i].text != fresh[i].small;

        s[i] = fresh[i];
        s[i].text = outside ? fresh[i].text : s[i].small;
    }
}

int vt_buffer_copy_strings(struct vt_buffer *buffer, const struct vt_tensor *src, struct vt_error *err)
{
    size_t n = (size_t)vt_tensor_count(src);
    struct vt_string *fresh = calloc(n + 1, sizeof(*fresh));
    int status = VT_OK;

    if (!fresh) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for %zu strings", n);
    }
    for (size_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_string s = vt_string_get(src, (int64_t)i);

        status = make_string(&fresh[i], s.text, s.length);
        if (status) {
            vt_strings_finish(fresh, i);
            vt_fail(err, status, "out of memory for a string of %zu bytes", s.length);
        }
    }
    if (status == VT_OK) {
        replace(buffer->t.data, fresh, n);
    }
    free(fresh);
    return status;
}

int vt_buffer_set_strings(struct vt_buffer *buffer, const char *const *texts, int64_t n, struct vt_error *err)
{
    int64_t count = vt_tensor_count(&buffer->t);
    struct vt_tensor views = buffer->t;
    int status;

    if (buffer->t.type != VT_STRING) {
        return vt_fail(err, VT_E_TYPE, "strings for a tensor of type %s", vt_type_info(buffer->t.type)->name);
    }
    if (n > count) {
        return vt_fail(err, VT_E_RANGE, "%lld strings for a tensor of %lld elements", (long long)n,
                       (long long)count);
    }
    views.data = calloc((size_t)count + 1, sizeof(struct vt_string));
    if (!views.data) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for %lld strings", (long long)count);
    }
    for (int64_t i = 0; i < n; i++) {
        vt_string_set(&views, i, texts[i], strlen(texts[i]));
    }
    status = vt_buffer_copy_strings(buffer, &views, err);
    free(views.data);
    return status;
}
