/* imgcore: photographs in, resized photographs out. Programs include this header alone, which
 * includes one for each topic.
 *
 * Three functions do the work:
 *   imgcore_probe      reads what a file is, from its header alone
 *   imgcore_transform  decodes one encoded image once and makes any number of encoded images from
 *                      it; either side may be pixels instead: it decodes, encodes and resizes
 *   imgcore_resize     resizes pixels of any meaning, for programs that only need the resizer
 *
 * Conventions of every function here:
 *   - Sizes ending in _px count pixels, in _bytes bytes. A stride is signed and in bytes: the
 *     distance from one row to the next; it is negative for a bottom-up image.
 *   - A struct that begins with struct_size_bytes grows at its end from version to version. Fill it
 *     by its _default macro, which passes the size that the program's header gives it; the function
 *     behind the macro, _default_sized, fills that many bytes, for languages that have no macros.
 *     The library reads and writes no byte more: an older program gets the defaults of the fields
 *     that it lacks. In a newer program, fields that an older library does not know are 0 after
 *     _default, and fail with UNKNOWN_FIELD if they are not left so. The other structs never grow.
 *   - A function returns IMGCORE_OK, or another status and a description in `error` (may be NULL).
 *     After a failure no output exists and nothing has to be freed.
 *   - A context is used by one thread at a time; several contexts may be used at the same time. The
 *     library has no state outside its contexts. It creates threads only if options.threads allows
 *     it.
 *   - After fork, the child may use and destroy the contexts of its parent if no thread was in a
 *     call with them at that moment: they are copies, whose threads are created again when they are
 *     needed. A context that was in a call must not be touched in the child. */
#ifndef IMGCORE_H
#define IMGCORE_H

#include "imgcore/api.h"        /* how functions are declared */
#include "imgcore/context.h"    /* contexts, memory, CPU targets */
#include "imgcore/options.h"    /* how an image is processed */
#include "imgcore/output.h"     /* requested images and results */
#include "imgcore/probe.h"      /* the properties of a file: imgcore_probe */
#include "imgcore/resize.h"     /* pixels alone: imgcore_resize */
#include "imgcore/source.h"     /* where an image comes from, limits */
#include "imgcore/status.h"     /* statuses and errors */
#include "imgcore/transform.h"  /* imgcore_transform, imgcore_check */
#include "imgcore/version.h"    /* the version */
#include "imgcore/vocabulary.h" /* formats, colour models, filters */

#endif
