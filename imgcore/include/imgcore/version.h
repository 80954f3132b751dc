/* The version of the library. The build, imgcore.pc and the soname take it from here. */
#ifndef IMGCORE_VERSION_H
#define IMGCORE_VERSION_H

#define IMGCORE_VERSION_MAJOR  0
#define IMGCORE_VERSION_MINOR  2
#define IMGCORE_VERSION_PATCH  0
#define IMGCORE_VERSION_STRING "0.2.0"

#endif
