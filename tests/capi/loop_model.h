/* A model that repeats its body `n_t` times (-1: for ever), as long as `go_t` is true: y = ReLU(x_t). */
#ifndef LOOP_MODEL_H
#define LOOP_MODEL_H

#define LOOP_PARAM(id, name, shape, type, precision, names)                                                  \
    "<layer id=\"" id "\" name=\"" name "\" type=\"Parameter\" version=\"opset1\"><data shape=\"" shape      \
    "\" element_type=\"" type "\"/><output><port id=\"0\" precision=\"" precision "\"" names                 \
    "/></output></layer>"
#define LOOP_PASS(id, name, precision)                                                                       \
    "<layer id=\"" id "\" name=\"" name "\" type=\"Result\" version=\"opset1\"><input><port id=\"0\" "       \
    "precision=\"" precision "\"/></input></layer>"

#define LOOP_BODY                                                                                            \
    "<body><layers>" LOOP_PARAM("0", "bx", "4", "f32", "FP32", "") LOOP_PARAM(                               \
        "1", "bgo", "", "boolean", "BOOL",                                                                   \
        "") "<layer id=\"2\" name=\"brelu\" type=\"ReLU\" version=\"opset1\"><input><port id=\"0\" "         \
            "precision=\"FP32\"/></input><output><port id=\"1\" "                                            \
            "precision=\"FP32\"/></output></layer>" LOOP_PASS("3", "by", "FP32")                             \
                LOOP_PASS("4", "bnext",                                                                      \
                          "BOOL") "</layers><edges>"                                                         \
                                  "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>"    \
                                  "<edge from-layer=\"2\" from-port=\"1\" to-layer=\"3\" to-port=\"0\"/>"    \
                                  "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"4\" "                   \
                                  "to-port=\"0\"/></edges></body>"

#define MODEL_LOOP                                                                                           \
    "<?xml version=\"1.0\"?><net name=\"loop\" version=\"11\"><layers>" LOOP_PARAM("0", "n", "", "i64",      \
                                                                                   "I64", " names=\"n_t\"")  \
        LOOP_PARAM("1", "go", "", "boolean", "BOOL", " names=\"go_t\"") LOOP_PARAM(                          \
            "2", "x", "4", "f32", "FP32",                                                                    \
            " names=\"x_t\"") "<layer id=\"3\" name=\"loop\" type=\"Loop\" version=\"opset5\"><port_map>"    \
                              "<input external_port_id=\"2\" internal_layer_id=\"0\"/>"                      \
                              "<input external_port_id=\"3\" internal_layer_id=\"1\"/>"                      \
                              "<output external_port_id=\"4\" internal_layer_id=\"3\"/>"                     \
                              "<output external_port_id=\"-1\" internal_layer_id=\"4\" "                     \
                              "purpose=\"execution_condition\"/></port_map><back_edges>"                     \
                              "<edge from-layer=\"3\" to-layer=\"0\"/></back_edges><input>"                  \
                              "<port id=\"0\" precision=\"I64\"/><port id=\"1\" precision=\"BOOL\"/>"        \
                              "<port id=\"2\" precision=\"FP32\"/><port id=\"3\" precision=\"BOOL\"/>"       \
                              "</input><output><port id=\"4\" precision=\"FP32\" "                           \
                              "names=\"y_t\"/></output>" LOOP_BODY "</layer>" LOOP_PASS(                     \
                                  "4", "res", "FP32") "</layers><edges>"                                     \
                                                      "<edge from-layer=\"0\" from-port=\"0\" "              \
                                                      "to-layer=\"3\" to-port=\"0\"/>"                       \
                                                      "<edge from-layer=\"1\" from-port=\"0\" "              \
                                                      "to-layer=\"3\" to-port=\"1\"/>"                       \
                                                      "<edge from-layer=\"2\" from-port=\"0\" "              \
                                                      "to-layer=\"3\" to-port=\"2\"/>"                       \
                                                      "<edge from-layer=\"1\" from-port=\"0\" "              \
                                                      "to-layer=\"3\" to-port=\"3\"/>"                       \
                                                      "<edge from-layer=\"3\" from-port=\"4\" "              \
                                                      "to-layer=\"4\" to-port=\"0\"/></edges></net>"

#endif
