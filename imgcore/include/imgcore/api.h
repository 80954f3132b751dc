/* How the functions of the library are declared. */
#ifndef IMGCORE_API_H
#define IMGCORE_API_H

#if defined(__GNUC__)
#define IMGCORE_API __attribute__((visibility("default")))
#else
#define IMGCORE_API
#endif

#endif
