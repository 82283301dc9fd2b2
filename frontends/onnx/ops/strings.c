/* Operators on strings. They become operations of the internal opset, which take what ONNX has in attributes
 * as constants. */
#include "ml.h"

#include <string.h>
#include <strings.h>

int onnx_string_concat(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_binary(n, "StringConcat", 0, onnx_in(n, 0), onnx_in(n, 1)));
}

int onnx_string_split(struct onnx_node *n)
{
    struct onnx_value by = onnx_ml_text(n, onnx_attr_s(n, "delimiter", ""), 0), parts;
    int64_t most = onnx_attr_i(n, "maxsplit", -1);

    parts = onnx_op(n, "StringSplit", 0, ONNX_IN(onnx_in(n, 0), by), "maxsplit=%lld",
                    most < 0 ? -1LL : (long long)most);
    onnx_out(n, 0, parts);
    return onnx_out(n, 1, onnx_port(parts, 1));
}

int onnx_string_normalizer(struct onnx_node *n)
{
    static const char *const cases[] = {"none", "lower", "upper"};
    const char *change = onnx_attr_s(n, "case_change_action", "NONE");
    struct onnx_value words = onnx_ml_texts(n, "stopwords");

    if (!words.node) {
        words = onnx_ml_no_texts(n);
    }
    for (int i = 0; i < 3 && change; i++) {
        if (strcasecmp(change, cases[i]) == 0) {
            return onnx_out(n, 0,
                            onnx_op(n, "StringNormalizer", 0, ONNX_IN(onnx_in(n, 0), words),
                                    "case_change=%s;case_sensitive=%s", cases[i],
                                    onnx_attr_i(n, "is_case_sensitive", 0) ? "true" : "false"));
        }
    }
    return onnx_fail(n, VT_E_INVALID, "there is no case_change_action \"%s\"", change ? change : "");
}

int onnx_regex_full_match(struct onnx_node *n)
{
    struct onnx_value pattern = onnx_ml_text(n, onnx_attr_s(n, "pattern", ""), 0);

    return onnx_out(n, 0, onnx_binary(n, "RegexFullMatch", 0, onnx_in(n, 0), pattern));
}
