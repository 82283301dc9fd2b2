/* Every way in which a file may be wrong has a message of its own that says where. */
#include "ir_test.h"

#define X PARAM("0", "x", "2,3")
#define S SOFTMAX("1", "s", "1")
#define R RESULT("2", "r")
#define E EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0")
#define C(type, shape, offset, size)                                                                         \
    NET("11", CONST("0", "c", type, shape, offset, size) RESULT("1", "r"), EDGE("0", "0", "1", "0"))
#define P(shape) NET("11", PARAM("0", "x", shape) RESULT("1", "r"), EDGE("0", "0", "1", "0"))
#define STRANGE(ports)                                                                                       \
    NET("11", LAYER("0", "q", "Strange", "opset3", OUT(ports)) RESULT("1", "r"), EDGE("0", "0", "1", "0"))

#define IF(bodies)                                                                                           \
    NET("11",                                                                                                \
        PARAM("0", "x", "2,3")                                                                               \
            LAYER("1", "w", "Repeat", "extension", bodies IN(PORT("0", "", "")) OUT(PORT("1", "FP32", "")))  \
                RESULT("2", "r"),                                                                            \
        E)
#define BODY                                                                                                 \
    "<body><layers>" PARAM("0", "a", "2,3")                                                                  \
        RESULT("1", "b") "</layers><edges>" EDGE("0", "0", "1", "0") "</edges>"                              \
                                                                     "</body>"
#define MAP(maps)            "<port_map>" maps "</port_map>"
#define MAP_IN(port, layer)  "<input external_port_id=\"" port "\" internal_layer_id=\"" layer "\"/>"
#define MAP_OUT(port, layer) "<output external_port_id=\"" port "\" internal_layer_id=\"" layer "\"/>"

static const struct {
    const char *text;
    int code;
    const char *message;
} cases[] = {
    /* the text */
    {"", VT_E_FORMAT, "model in memory: the file is empty"},
    {"\n\n  ", VT_E_FORMAT, "the text is damaged or cut off: "},
    {"not XML", VT_E_FORMAT, "model in memory:1: the text is damaged or cut off: "},
    {"<net name=\"m\" version=\"11\">\n<layers>\n<layer id=\"0\"", VT_E_FORMAT,
     "model in memory:3: the text is damaged or cut off: "},
    {"<net name=\"m\" version=\"11\"><layers></layers>", VT_E_FORMAT, "the text is damaged or cut off: "},
    {"<!DOCTYPE net [<!ENTITY a \"b\">]>\n<net name=\"m\" version=\"11\">&a;</net>", VT_E_FORMAT,
     "model in memory:1: a document type (<!DOCTYPE>) is not allowed in a model"},
    {"<!DOCTYPE net SYSTEM \"http://localhost/x.dtd\">\n<net/>", VT_E_FORMAT, "a document type"},
    {"<net name=\"m\" version=\"11\">&a;</net>", VT_E_FORMAT,
     "the text is damaged or cut off: Entity 'a' not defined"},
    {"<html><body/></html>", VT_E_FORMAT,
     "model in memory:1: the root is <html>, not <net>: this is no OpenVINO IR"},
    {"<net name=\"m\"/>", VT_E_FORMAT, "<net> lacks a version"},
    {"<net name=\"m\" version=\"eleven\"/>", VT_E_FORMAT, "<net> lacks a version"},
    {"<net name=\"m\" version=\"7\"/>", VT_E_UNSUPPORTED,
     "not implemented: IR version 7 (versions 10 to 11 are read)"},
    {"<net name=\"m\" version=\"12\"/>", VT_E_UNSUPPORTED, "not implemented: IR version 12"},
    {"<net name=\"m\" version=\"11\"/>", VT_E_FORMAT, "model in memory:1: <net> has no <layers>"},

    /* layers */
    {NET("11", "<layer name=\"x\" type=\"Parameter\" version=\"opset1\"/>", ""), VT_E_FORMAT,
     "model in memory:4: <layer> lacks the attribute 'id'"},
    {NET("11", LAYER("x1", "x", "Parameter", "opset1", ""), ""), VT_E_FORMAT,
     "<layer id=\"x1\">: a whole number is expected"},
    {NET("11", LAYER("9223372036854775808", "x", "Parameter", "opset1", ""), ""), VT_E_FORMAT,
     "a whole number is expected"},
    {NET("11", LAYER("-1", "x", "Parameter", "opset1", ""), ""), VT_E_RANGE, "the id must not be negative"},
    {NET("11", "<layer id=\"0\" name=\"x\" version=\"opset1\"/>", ""), VT_E_FORMAT,
     "lacks the attribute 'type'"},
    {NET("11", "<layer id=\"0\" name=\"x\" type=\"Parameter\"/>", ""), VT_E_FORMAT,
     "lacks the attribute 'version'"},
    {NET("11", LAYER("0", "x", "Parameter", "opset99", OUT(PORT("0", "", ""))), ""), VT_E_FORMAT,
     "layer 'x' (Parameter, id 0): version=\"opset99\" is no operation set that has Parameter"},
    {NET("11", X S RESULT("1", "r"), E), VT_E_FORMAT,
     "model in memory:6: layer 'r' (Result, id 1): layer 's' at line 5 has the same id"},
    {NET("11",
         X LAYER("1", "s", "SoftMax", "opset8",
                 "<data axis=\"one\"/>" IN(PORT("0", "", "")) OUT(PORT("1", "", ""))) R,
         E),
     VT_E_INVALID, "model in memory:5: node 's' (Softmax): attribute axis=\"one\" cannot be read"},
    {NET("11", X SOFTMAX("1", "s", "99999999999999999999") R, E), VT_E_INVALID,
     "attribute axis=\"99999999999999999999\" cannot be read"},
    {NET("11", X SOFTMAX("1", "s", "2") R, E), VT_E_RANGE,
     "model in memory:5: node 's' (Softmax-8): axis 2 is outside of rank 2"},
    {NET("11",
         LAYER("0", "x", "Parameter", "opset1",
               "<data shape=\"1\" element_type=\"f99\"/>" OUT(PORT("0", "", ""))) RESULT("1", "r"),
         EDGE("0", "0", "1", "0")),
     VT_E_INVALID, "attribute element_type=\"f99\""},
    {NET("11", LAYER("0", "x", "Parameter", "opset1", OUT(PORT("0", "", ""))) RESULT("1", "r"),
         EDGE("0", "0", "1", "0")),
     VT_E_INVALID,
     "model in memory:4: node 'x' (Parameter-1): attribute 'element_type' is required and missing"},
    {NET("11", X LAYER("1", "s", "SoftMax", "opset8", IN("") OUT(PORT("1", "", ""))) R,
         EDGE("1", "1", "2", "0")),
     VT_E_INVALID, "layer 's' (Softmax, id 1): node 's': Softmax takes 1 to 1 inputs, not 0"},
    {NET("11",
         X LAYER("1", "s", "SoftMax", "opset8",
                 IN(PORT("0", "", "")) OUT(PORT("1", "", "") PORT("2", "", ""))) R,
         E),
     VT_E_INVALID, "layer 's' (Softmax, id 1): node 's': Softmax has 1 outputs, not 2"},

    /* ports and shapes */
    {NET("11",
         X LAYER("1", "s", "SoftMax", "opset8",
                 IN(PORT("0", "", "")) OUT(PORT("1", "", "") PORT("1", "", ""))) R,
         E),
     VT_E_FORMAT, "two ports of <output> have the id 1"},
    {NET("11", X LAYER("1", "s", "SoftMax", "opset8", IN("<port/>") OUT(PORT("1", "", ""))) R, E),
     VT_E_FORMAT, "layer 's' (Softmax, id 1): <port> lacks the attribute 'id'"},
    {NET("11",
         X LAYER("1", "s", "SoftMax", "opset8", IN(PORT("9223372036854775807", "", "") PORT("1", "", ""))) R,
         E),
     VT_E_RANGE, "port id 9223372036854775807 is outside 0..2147483647"},
    {P("2,-3"), VT_E_INVALID,
     "model in memory:4: node 'x' (Parameter): attribute shape=\"2,-3\" cannot be read"},
    {P("2,9223372036854775807"), VT_E_RANGE,
     "layer 'x' (Parameter, id 0): dimension 9223372036854775807 of shape is beyond the limit of "
     "1099511627776"},
    {P("1..92233720368547758070"), VT_E_RANGE, "dimension 92233720368547758070 of shape is beyond the limit"},
    {P("1099511627776,1099511627776"), VT_E_RANGE, "has too many elements"},
    {P("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), VT_E_INVALID, "attribute shape="},
    {STRANGE(PORT("0", "FP33", "")), VT_E_TYPE,
     "layer 'q' (Strange, id 0): precision=\"FP33\" is no element type"},
    {STRANGE(PORT("0", "FP32", DIM("-2"))), VT_E_RANGE,
     "<dim>-2</dim> is neither -1 nor within 0..1099511627776"},
    {STRANGE(PORT("0", "FP32", DIM("9223372036854775807"))), VT_E_RANGE,
     "<dim>9223372036854775807</dim> is neither"},
    {STRANGE(PORT("0", "FP32", DIM("many"))), VT_E_RANGE, "<dim>many</dim> is neither"},
    {STRANGE(PORT("0", "FP32", "<dim/>")), VT_E_RANGE, "<dim></dim> is neither"},
    {STRANGE(PORT("0", "FP32",
                  DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1")
                      DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1") DIM("1"))),
     VT_E_RANGE, "a port has more than 16 dimensions"},

    /* edges */
    {NET("11", X S R, EDGE("0", "0", "1", "0")), VT_E_FORMAT,
     "model in memory:6: layer 'r' (Result, id 2): no edge ends at input port 0"},
    {NET("11", X S R, E EDGE("0", "0", "1", "0")), VT_E_FORMAT,
     "model in memory:11: layer 's' (Softmax, id 1): two edges end at input port 0"},
    {NET("11", X S R, EDGE("7", "0", "1", "0")), VT_E_FORMAT,
     "model in memory:9: an edge names layer 7, which does not exist"},
    {NET("11", X S R, EDGE("0", "0", "-7", "0")), VT_E_FORMAT,
     "an edge names layer -7, which does not exist"},
    {NET("11", X S R, EDGE("0", "5", "1", "0")), VT_E_FORMAT,
     "layer 'x' (Parameter, id 0): an edge leaves output port 5, which does not exist"},
    {NET("11", X S R, EDGE("0", "0", "1", "1")), VT_E_FORMAT,
     "layer 's' (Softmax, id 1): an edge ends at input port 1, which does not exist"},
    {NET("11", X S R, "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\"/>"), VT_E_FORMAT,
     "<edge> lacks the attribute 'to-port'"},
    {NET("11", S R, EDGE("1", "1", "1", "0") EDGE("1", "1", "2", "0")), VT_E_FORMAT,
     "model in memory:4: the edges form a cycle through node 's' (Softmax)"},

    /* constants; the weights have 16 bytes */
    {C("f32", "4", "0", "12"), VT_E_FORMAT,
     "model in memory:4: layer 'c' (Constant, id 0): size=\"12\" does not fit: f32 of shape \"4\" takes 16 "
     "bytes"},
    {C("u4", "3", "0", "1"), VT_E_FORMAT, "size=\"1\" does not fit: u4 of shape \"3\" takes 2 bytes"},
    {C("f32", "4", "1", "16"), VT_E_FORMAT, "needs bytes 1 to 17 of 'the weights', which has 16"},
    {C("f32", "4", "9223372036854775807", "16"), VT_E_FORMAT,
     "needs bytes 9223372036854775807 to 9223372036854775823 of"},
    {C("f32", "4", "-4", "16"), VT_E_RANGE, "offset -4 and size 16 must not be negative"},
    {C("f32", "4", "0", "-16"), VT_E_RANGE, "must not be negative"},
    {C("f32", "4", "0", "99999999999999999999"), VT_E_FORMAT, "a whole number is expected"},
    {C("f32", "-4", "0", "16"), VT_E_RANGE, "dimension -4 of shape=\"-4\" is outside 0..1099511627776"},
    {C("f32", "4,?", "0", "16"), VT_E_FORMAT, "shape=\"4,?\" is not a list of whole numbers"},
    {C("f32", "4,", "0", "16"), VT_E_FORMAT, "shape=\"4,\" ends with a comma"},
    {C("f32", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "0", "4"), VT_E_RANGE, "has more than 16 dimensions"},
    {C("f64", "1099511627776,1099511627776", "0", "16"), VT_E_RANGE, "has too many elements"},
    {C("f33", "4", "0", "16"), VT_E_TYPE, "element_type=\"f33\" is no element type of a constant"},
    {C("dynamic", "4", "0", "16"), VT_E_TYPE, "element_type=\"dynamic\" is no element type of a constant"},
    {C("string", "1", "0", "16"), VT_E_FORMAT,
     "its 16 bytes of weights are not the packed form of 1 strings"},
    {NET("11", LAYER("0", "c", "Const", "opset1", OUT(PORT("0", "", ""))) RESULT("1", "r"),
         EDGE("0", "0", "1", "0")),
     VT_E_FORMAT, "a constant needs <data element_type shape offset size>"},

    /* sub-graphs */
    {IF(BODY), VT_E_FORMAT, "layer 'w' (Repeat, id 1): <port_map> is missing"},
    {IF("<then_body/>"), VT_E_FORMAT, "layer 'w' (Repeat, id 1): <then_port_map> is missing"},
    {IF("<body/>" MAP("")), VT_E_FORMAT, "<body> has no <layers>"},
    {IF(BODY MAP(MAP_OUT("1", "1"))), VT_E_FORMAT, "parameter 'a' of the body is not in the port map"},
    {IF(BODY MAP(MAP_IN("0", "0"))), VT_E_FORMAT, "output port 1 is not in the port map"},
    {IF(BODY MAP(MAP_IN("0", "0") MAP_IN("0", "0"))), VT_E_FORMAT,
     "parameter 'a' of the body is wired twice"},
    {IF(BODY MAP(MAP_IN("0", "0") MAP_OUT("1", "1") MAP_OUT("1", "1"))), VT_E_FORMAT, "\"1\" is wired twice"},
    {IF(BODY MAP(MAP_IN("0", "1"))), VT_E_FORMAT, "internal_layer_id=\"1\" is no parameter of the body"},
    {IF(BODY MAP(MAP_OUT("1", "0"))), VT_E_FORMAT, "internal_layer_id=\"0\" is no result of the body"},
    {IF(BODY MAP("<input external_port_id=\"0\" internal_layer_id=\"0\" axis=\"0\" "
                 "part_size=\"9223372036854775807\"/>")),
     VT_E_RANGE, "part_size=\"9223372036854775807\" is beyond the limit of 1099511627776"},
    {IF(BODY MAP("<input external_port_id=\"0\" internal_layer_id=\"0\" axis=\"0\" part_size=\"0\"/>")),
     VT_E_RANGE, "part_size=\"0\" is less than 1"},
    {IF(BODY MAP(MAP_IN("3", "0"))), VT_E_FORMAT, "external_port_id=\"3\" is no input"},
    {IF(BODY MAP(MAP_IN("0", "0") MAP_OUT("0", "1"))), VT_E_FORMAT, "external_port_id=\"0\" is no output"},
    {IF(BODY MAP(MAP_IN("0", "0")) "<back_edges><edge from-layer=\"0\" to-layer=\"0\"/></back_edges>"),
     VT_E_FORMAT, "from-layer=\"0\" is no result of the body"},
};

static void test_messages(void **state)
{
    static const char weights[16];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_graph *graph = NULL;
        struct vt_error err = {0};
        int status = ir_read(cases[i].text, weights, sizeof(weights), &graph, &err);

        if (status != cases[i].code || !strstr(err.text, cases[i].message)) {
            fail_msg("case %zu: status %d, expected %d\n  says   %s\n  should %s", i, status, cases[i].code,
                     err.text, cases[i].message);
        }
        assert_null(graph);
        assert_int_equal(ir_read(cases[i].text, weights, sizeof(weights), &graph, NULL), status);
    }
}

static char *repeat(const char *front, const char *unit, int n, const char *unit_end, const char *back)
{
    size_t room = strlen(front) + strlen(back) + (size_t)n * (strlen(unit) + strlen(unit_end)) + 1;
    char *text = malloc(room), *p = text;

    assert_non_null(text);
    p = stpcpy(p, front);
    for (int i = 0; i < n; i++) {
        p = stpcpy(p, unit);
    }
    for (int i = 0; i < n; i++) {
        p = stpcpy(p, unit_end);
    }
    stpcpy(p, back);
    return text;
}

static void expect(char *text, int code, const char *message)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    assert_int_equal(ir_read(text, NULL, 0, &graph, &err), code);
    if (!strstr(err.text, message)) {
        fail_msg("says %s, should %s", err.text, message);
    }
    free(text);
}

static void test_depth(void **state)
{
    (void)state;
    expect(repeat("<net version=\"11\">", "<a>", 200, "</a>", "</net>"), VT_E_FORMAT,
           "elements are nested too deeply");
    expect(
        repeat("<net name=\"m\" version=\"11\">",
               "<layers><layer id=\"0\" name=\"r\" type=\"Repeat\" version=\"extension\"><port_map/><body>",
               20, "</body></layer></layers>", "</net>"),
        VT_E_RANGE, "sub-graphs are nested more than 16 deep");
}

static void test_counts(void **state)
{
    static const char front[] =
        "<net version=\"11\"><layers><layer id=\"0\" type=\"Concat\" version=\"opset1\"><input>";
    char *attributes = malloc(5000 * 16), *p;

    (void)state;
    expect(repeat(front, "<port id=\"0\"/>", 65537, "", "</input></layer></layers></net>"), VT_E_RANGE,
           "65537 ports of <input>: the limit is 65536");
    expect(repeat("<net version=\"11\"><layers/><rt_info>", "<a value=\"\"/>", 8193, "", "</rt_info></net>"),
           VT_E_RANGE, "rt_info has more entries than the limit of 8192");
    assert_non_null(attributes);
    p = stpcpy(attributes, "<net");
    for (int i = 0; i < 4097; i++) {
        p += sprintf(p, " a%d=\"\"", i);
    }
    stpcpy(p, "/>");
    expect(attributes, VT_E_FORMAT, "an element has more attributes than the limit of 4096");
}

static void test_no_weights(void **state)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(ir_read(C("f32", "4", "0", "16"), NULL, 0, &graph, &err), VT_E_INVALID);
    assert_string_equal(err.text,
                        "model in memory:4: layer 'c' (Constant, id 0): needs 16 bytes of weights at offset "
                        "0, but no weights were given with the model");
}

/* Any prefix of a good text fails with a message, never otherwise. */
static void test_every_prefix(void **state)
{
    static const char text[] = SMALL;

    (void)state;
    for (size_t n = 0; n < sizeof(text) - 3; n++) {
        struct vt_graph *graph = NULL;
        struct vt_error err = {0};
        char *cut = strndup(text, n);

        assert_int_equal(ir_read(cut, NULL, 0, &graph, &err), VT_E_FORMAT);
        assert_true(err.text[0]);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),   cmocka_unit_test(test_depth),        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_no_weights), cmocka_unit_test(test_every_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
