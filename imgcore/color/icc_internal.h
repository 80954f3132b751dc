/* The state of the conversion by profiles, shared by the icc_*.c files. */
#ifndef IC_ICC_INTERNAL_H
#define IC_ICC_INTERNAL_H

#include <lcms2.h>
#include <pthread.h>
#include <setjmp.h>

#include "imgcore/color/icc.h"

struct ic_icc {
    struct ic_mem *mem;
    cmsContext lcms;              /* NULL after memory ran out, until needed again */
    struct ic_lcms_block *blocks; /* all allocations of lcms */
    bool can_jump;                /* out_of_memory is set */
    jmp_buf out_of_memory;
    uint8_t *profile; /* the last profile, and its classification */
    size_t profile_bytes;
    enum ic_color color;
    enum ic_icc_kind kind;
    uint8_t grey[256];                /* of a grey profile: every sample converted */
    struct ic_transfer *transfer;     /* its tone curves; NULL: not asked for, or none */
    bool has_no_curves;               /* it was asked for them */
    cmsHTRANSFORM opaque, with_alpha; /* created when needed */
    pthread_mutex_t making; /* held while ic_icc_to_srgb looks up or creates one of them */
};

/* Called before every use of lcms. NO_MEMORY: its context cannot be created. */
enum imgcore_status ic_icc_enter(struct ic_icc *icc);
/* For a thread that uses a transform that exists, and allocates nothing. */
void ic_icc_enter_thread(struct ic_icc *icc);
/* After a longjmp: frees everything of lcms, since none of it may be used any more. Returns the
 * status of the allocation that failed. */
enum imgcore_status ic_icc_drop_lcms(struct ic_icc *icc);
void ic_icc_forget_profile(struct ic_icc *icc);

static inline bool ic_icc_is_grey(enum ic_color color) {
    return color == IC_COLOR_GREY || color == IC_COLOR_GREY_ALPHA;
}

#endif
