/* Regular expressions in RE2's syntax (https://github.com/google/re2/wiki/Syntax), matched against whole
 * texts in time linear in the text. Patterns and texts are UTF-8; bytes that are none count as characters.
 *
 * There are: literals, escapes (\d \w \s \D \W \S \b \B \A \z, control characters, \x, octal, \Q..\E), ".",
 * sets with ranges, escapes and [:names:], "|", groups (named ones, flags i, s, m and U), "^", "$", and all
 * repetitions, {n,m} up to 1000. Unicode classes (\pL) are not implemented. Without captures, greedy and lazy
 * repetitions are the same. */
#ifndef VT_OPS_REGEX_H
#define VT_OPS_REGEX_H

#include "vt/status.h"

#include <stdbool.h>
#include <stddef.h>

struct vt_regex;

/* VT_E_INVALID for what is no pattern, with the place. */
int vt_regex_compile(const char *pattern, size_t length, struct vt_regex **regex, struct vt_error *err);
void vt_regex_destroy(struct vt_regex *regex);

/* Whether all of the text matches. One thread at a time for one regex. */
bool vt_regex_matches(struct vt_regex *regex, const char *text, size_t length);

/* The next character of UTF-8 text at *at, which moves on; a byte that begins none is a character. */
unsigned vt_utf8_next(const char *text, size_t length, size_t *at);

#endif
