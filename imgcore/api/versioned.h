/* The structs of the public API that may have another size at the caller, who was built with
 * another version of the header. Used by api/ only.
 *
 * Each begins with its size. A later version adds fields at the end only, never in the padding
 * there, and 0 in each of them is its default. So a shorter struct lacks the last fields, which
 * have their defaults, and a longer one has fields that this version does not know: they may only
 * be 0, or a request would be dropped silently. */
#ifndef IC_VERSIONED_H
#define IC_VERSIONED_H

#include "imgcore/base/error.h"

struct ic_versioned {
    const char *filler;   /* the function that fills it, for messages */
    const void *defaults; /* of this version, our_bytes of them */
    size_t our_bytes;     /* of this version */
    size_t least_bytes;   /* of the oldest version that is supported */
    size_t align_bytes;
};

extern const struct ic_versioned ic_versioned_info;
extern const struct ic_versioned ic_versioned_options;
extern const struct ic_versioned ic_versioned_output;
extern const struct ic_versioned ic_versioned_resize_options;

/* Fills a caller's struct of `their_bytes` bytes with the defaults, and what is unknown with zeros.
 * Writes nothing else; nothing at all if not even the size fits. */
void ic_versioned_default(const struct ic_versioned *kind, void *theirs, size_t their_bytes);

/* Whether a size can be that of any version of the struct. */
bool ic_versioned_has_size(const struct ic_versioned *kind, size_t their_bytes);

/* Copies a caller's struct to `ours`, with the defaults of what it lacks. `name` is for messages:
 * "output 2". Reads no byte behind the size that the struct states. Errors: INVALID_ARGUMENT for a
 * size that no version has, UNKNOWN_FIELD. */
enum imgcore_status ic_versioned_read(const struct ic_versioned *kind, const char *name,
                                      const void *theirs, void *ours, struct imgcore_error *error);

/* Copies `ours` from byte `from_bytes` on to a caller's struct, as far as that goes, and clears
 * what is unknown. The size that it states has been checked. */
void ic_versioned_write(const struct ic_versioned *kind, const void *ours, size_t from_bytes,
                        void *theirs);

#endif
