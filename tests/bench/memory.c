/* Memory of a process that loaded and ran one model, against what it may take: 1.2 times the weights at the
 * precision they are executed in (f32), plus the arena that the plan asks for, plus 10 MB.
 *
 *   bench_memory MODEL.xml[:D,D,...] ...       the dims are those of every input whose shape is dynamic
 *
 * Taken are RssAnon of /proc/self/status and the resident pages of the model's file; each model runs in a
 * process of its own. Exits with 1 when one takes more. */
#include "model.h"

#include <sys/wait.h>
#include <unistd.h>

#define MB 1e6

static size_t arena, least, scratch;

/* What VT_LOG=memory says of the last plan. */
static void on_message(const char *text)
{
    const char *p = strstr(text, "arena ");

    if (p) {
        sscanf(p, "arena %zu bytes (at least %zu), scratch %zu", &arena, &least, &scratch);
    }
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (f && fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        text = calloc(1, (size_t)size + 1);
        if (text && fread(text, 1, (size_t)size, f) != (size_t)size) {
            free(text);
            text = NULL;
        }
    }
    if (f) {
        fclose(f);
    }
    return text;
}

/* Elements of all float constants, as the file lists them, at four bytes each. Those that share bytes of the
 * file count once. */
static size_t weights_of(const char *path)
{
    char *text = read_all(path);
    size_t total = 0, seen[4096], n = 0;

    for (char *p = text; p && (p = strstr(p, "type=\"Const\"")); p++) {
        char *data = strstr(p, "<data "), *end = data ? strchr(data, '>') : NULL, *type, *size, *offset;
        size_t bytes, at;
        bool again = false;

        if (!end) {
            break;
        }
        *end = 0;
        type = strstr(data, "element_type=\"");
        size = strstr(data, " size=\"");
        offset = strstr(data, " offset=\"");
        bytes = size ? strtoull(size + 7, NULL, 10) : 0;
        at = offset ? strtoull(offset + 9, NULL, 10) : 0;
        for (size_t i = 0; i < n; i++) {
            again = again || seen[i] == at;
        }
        if (n < sizeof(seen) / sizeof(*seen)) {
            seen[n++] = at;
        }
        if (!again && type && strncmp(type + 14, "f32", 3) == 0) {
            total += bytes;
        } else if (!again && type &&
                   (strncmp(type + 14, "f16", 3) == 0 || strncmp(type + 14, "bf16", 4) == 0)) {
            total += bytes * 2;
        }
        *end = '>';
    }
    free(text);
    return total;
}

static void fill_zeros(ov_element_type_e type, void *data, size_t bytes, uint32_t seed)
{
    (void)type;
    (void)seed;
    memset(data, 0, bytes);
}

static int measure(const char *path, const char *dims)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    ov_core_t *core;
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    size_t inputs, weights = weights_of(path), anon, mapped;
    double allowed, taken;
    char bin[4096];

    ov_util_set_log_callback(on_message);
    check(ov_core_create(&core), "core");
    check(ov_core_read_model(core, path, NULL, &model), path);
    check(ov_core_compile_model(core, model, "CPU", 2, &compiled, "INFERENCE_NUM_THREADS", "2"), path);
    ov_model_free(model);
    check(ov_compiled_model_create_infer_request(compiled, &request), path);
    check(ov_compiled_model_inputs_size(compiled, &inputs), path);
    for (size_t i = 0; i < inputs; i++) {
        set_input(compiled, request, i, dims, fill_zeros);
    }
    check(ov_infer_request_infer(request), path);
    snprintf(bin, sizeof(bin), "%.*s.bin", (int)(strlen(name) - 4), name);
    anon = proc_bytes("/proc/self/status", "RssAnon:", NULL);
    mapped = proc_bytes("/proc/self/smaps", "Rss:", bin);
    taken = (double)(anon + mapped) / MB;
    allowed = (1.2 * (double)weights + (double)arena) / MB + 10;
    printf("%-36s %8.1f %8.1f %8.1f %8.2f %8.1f %8.1f %8.1f %8.1f  %s\n", name, (double)weights / MB,
           (double)arena / MB, (double)least / MB, (double)scratch / MB, (double)anon / MB,
           (double)mapped / MB, taken, allowed, taken <= allowed ? "ok" : "TOO MUCH");
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_core_free(core);
    return taken > allowed;
}

int main(int argc, char **argv)
{
    int worst = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL.xml[:D,D,...] ...\n", argv[0]);
        return 2;
    }
    setenv("VT_LOG", "memory", 1);
    printf("%-36s %8s %8s %8s %8s %8s %8s %8s %8s  MB\n", "model", "weights", "arena", "at least", "scratch",
           "RssAnon", "mapped", "taken", "allowed");
    fflush(stdout);
    for (int i = 1; i < argc; i++) {
        char *dims = strrchr(argv[i], ':');
        int status = 0;
        pid_t child;

        if (dims) {
            *dims++ = 0;
        }
        child = fork();
        if (child == 0) {
            exit(measure(argv[i], dims));
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status) {
            worst = 1;
        }
    }
    return worst;
}
