/* The version of the library. The build, imgcore.pc and the soname take it from here. */
#ifndef IMGCORE_VERSION_H
#define IMGCORE_VERSION_H

#include "imgcore/api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCORE_VERSION_MAJOR  0
#define IMGCORE_VERSION_MINOR  2
#define IMGCORE_VERSION_PATCH  0
#define IMGCORE_VERSION_STRING "0.2.0"

/* The version of the library at run time ("0.2.0"), which may differ from the version of the header
 * at compile time, IMGCORE_VERSION_STRING. Results may differ from version to version, so a hash of
 * encode parameters should include it. Static storage. */
IMGCORE_API const char *imgcore_version(void);

#ifdef __cplusplus
}
#endif

#endif
