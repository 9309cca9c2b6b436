// In front of the library's header of the same name in ThreadSanitizer builds. There the library's
// gives every map field two more members, which the distribution's library, built without the
// sanitizer, does not know of: both would take the other's objects for something else.
#pragma GCC system_header
#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include_next <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
