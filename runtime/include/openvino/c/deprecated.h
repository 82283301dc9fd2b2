/* Macros that mark parts of the API as deprecated, or silence the compiler about them. */
#ifndef OPENVINO_C_DEPRECATED_H
#define OPENVINO_C_DEPRECATED_H

#undef OPENVINO_DEPRECATED
#undef OPENVINO_ENUM_DEPRECATED
#undef OPENVINO_DO_PRAGMA
#undef OPENVINO_SUPPRESS_DEPRECATED_START
#undef OPENVINO_SUPPRESS_DEPRECATED_END

/* OPENVINO_DEPRECATED("use x instead") goes in front of a declaration, OPENVINO_ENUM_DEPRECATED behind an
 * enum value. Declarations between ..._START and ..._END may use deprecated names without a warning. */
#if defined(__GNUC__)
#define OPENVINO_DEPRECATED(msg)      __attribute__((deprecated(msg)))
#define OPENVINO_ENUM_DEPRECATED(msg) OPENVINO_DEPRECATED(msg)
#define OPENVINO_DO_PRAGMA(x)         _Pragma(#x)
#define OPENVINO_SUPPRESS_DEPRECATED_START                                                                   \
    OPENVINO_DO_PRAGMA(GCC diagnostic push)                                                                  \
    OPENVINO_DO_PRAGMA(GCC diagnostic ignored "-Wdeprecated-declarations")
#define OPENVINO_SUPPRESS_DEPRECATED_END OPENVINO_DO_PRAGMA(GCC diagnostic pop)
#elif defined(_MSC_VER)
#define OPENVINO_DEPRECATED(msg) __declspec(deprecated(msg))
#define OPENVINO_ENUM_DEPRECATED(msg)
#define OPENVINO_DO_PRAGMA(x) __pragma(x)
#define OPENVINO_SUPPRESS_DEPRECATED_START                                                                   \
    OPENVINO_DO_PRAGMA(warning(push)) OPENVINO_DO_PRAGMA(warning(disable : 4996))
#define OPENVINO_SUPPRESS_DEPRECATED_END OPENVINO_DO_PRAGMA(warning(pop))
#else
#define OPENVINO_DEPRECATED(msg)
#define OPENVINO_ENUM_DEPRECATED(msg)
#define OPENVINO_DO_PRAGMA(x)
#define OPENVINO_SUPPRESS_DEPRECATED_START
#define OPENVINO_SUPPRESS_DEPRECATED_END
#endif

#endif
