/* The shared profile files of the AWS SDKs, read by lines with copies instead of pointers. */
#ifndef FUZZ_PROFILE_ORACLE_H
#define FUZZ_PROFILE_ORACLE_H

#include <stdbool.h>

/* The last value of a key of the profile; NULL: there is none. free() it. */
char *profile_oracle_find(const char *text, bool is_config, const char *profile, const char *key);

#endif
