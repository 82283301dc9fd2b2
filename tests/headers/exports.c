/* Links against every function and every property key of the C API, and compares the names that the keys
 * hold. functions.inc and property-keys.inc are made from the lists beside this file. */
#include <stdio.h>
#include <string.h>

#include "openvino/c/openvino.h"
#include "vintner.h"

typedef void (*any_function)(void);

#define FUNCTION(name) {#name, (any_function)(name)},
static const struct {
    const char *name;
    any_function address;
} functions[] = {
#include "functions.inc"
};

#define KEY(variable, text) {#variable, &variable, text},
static const struct {
    const char *name;
    const char *const *variable;
    const char *text;
} keys[] = {
#include "property-keys.inc"
};

int main(void)
{
    char version[64];
    int failures = 0;

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (!functions[i].address) {
            fprintf(stderr, "%s is missing\n", functions[i].name);
            failures++;
        }
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!*keys[i].variable || strcmp(*keys[i].variable, keys[i].text)) {
            fprintf(stderr, "%s is \"%s\", not \"%s\"\n", keys[i].name,
                    *keys[i].variable ? *keys[i].variable : "(null)", keys[i].text);
            failures++;
        }
    }
    snprintf(version, sizeof(version), "%d.%d.%d", VT_VERSION_MAJOR, VT_VERSION_MINOR, VT_VERSION_PATCH);
    if (strcmp(vt_version(), version)) {
        fprintf(stderr, "vt_version() is %s, vintner.h says %s\n", vt_version(), version);
        failures++;
    }
    return failures != 0;
}
