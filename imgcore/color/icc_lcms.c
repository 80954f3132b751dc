/* The context of lcms: its memory, which counts against the budget, and its end after memory ran
 * out. See icc_internal.h. */
#include <lcms2_plugin.h>
#include <string.h>

#include "imgcore/color/icc_internal.h"

#if LCMS_VERSION < 2120
#error "imgcore needs lcms2 2.12 or newer"
#endif

/* lcms cannot handle a failed allocation: it returns NULL as for a broken profile, or dereferences
 * a NULL pointer itself. So it uses ic_alloc, which counts against the budget; if an allocation
 * fails, the call is left by longjmp and everything that lcms holds is freed. */
struct ic_lcms_block {
    struct ic_lcms_block *previous, *next;
    size_t size_bytes;
    size_t padding; /* aligns the block behind it to 16 */
};

/* lcms passes its handlers no user pointer while a context is created, hence a variable of the
 * thread: set before every use of lcms. */
static _Thread_local struct ic_icc *entered;

static void *lcms_malloc(cmsContext lcms, cmsUInt32Number size) {
    (void)lcms;
    struct ic_icc *icc = entered;
    struct ic_lcms_block *block = ic_alloc(icc->mem, sizeof(*block) + size);
    if (block == NULL) {
        if (icc->can_jump) {
            longjmp(icc->out_of_memory, 1);
        }
        return NULL;
    }
    block->size_bytes = size;
    block->previous = NULL;
    block->next = icc->blocks;
    if (icc->blocks != NULL) {
        icc->blocks->previous = block;
    }
    icc->blocks = block;
    return block + 1;
}

static void lcms_free(cmsContext lcms, void *user_block) {
    (void)lcms;
    if (user_block == NULL) {
        return;
    }
    struct ic_lcms_block *block = (struct ic_lcms_block *)user_block - 1;
    if (block->previous != NULL) {
        block->previous->next = block->next;
    } else {
        entered->blocks = block->next;
    }
    if (block->next != NULL) {
        block->next->previous = block->previous;
    }
    ic_free(entered->mem, block);
}

static void *lcms_realloc(cmsContext lcms, void *old, cmsUInt32Number size) {
    void *grown = lcms_malloc(lcms, size);
    if (old != NULL && grown != NULL) {
        const size_t had = ((struct ic_lcms_block *)old - 1)->size_bytes;
        memcpy(grown, old, had < size ? had : size);
        lcms_free(lcms, old);
    }
    return grown;
}

/* Neither does lcms check whether a mutex was allocated. A context is used by one thread at a time,
 * so a mutex that does nothing is correct. */
static void *no_mutex(cmsContext lcms) {
    return lcms;
}

static void no_destroy(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
}

static cmsBool no_lock(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
    return TRUE;
}

static void no_unlock(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
}

static cmsContext make_lcms(void) {
    cmsPluginMutex mutex;
    memset(&mutex, 0, sizeof(mutex));
    mutex.base.Magic = cmsPluginMagicNumber;
    mutex.base.ExpectedVersion = 2060;
    mutex.base.Type = cmsPluginMutexSig;
    mutex.CreateMutexPtr = no_mutex;
    mutex.DestroyMutexPtr = no_destroy;
    mutex.LockMutexPtr = no_lock;
    mutex.UnlockMutexPtr = no_unlock;
    cmsPluginMemHandler handler;
    memset(&handler, 0, sizeof(handler));
    handler.base.Next = &mutex.base;
    handler.base.Magic = cmsPluginMagicNumber;
    handler.base.ExpectedVersion = 2060;
    handler.base.Type = cmsPluginMemHandlerSig;
    handler.MallocPtr = lcms_malloc;
    handler.FreePtr = lcms_free;
    handler.ReallocPtr = lcms_realloc;
    return cmsCreateContext(&handler, NULL);
}

struct ic_icc *ic_icc_create(struct ic_mem *mem) {
    struct ic_icc *icc = ic_calloc(mem, 1, sizeof(*icc));
    if (icc == NULL) {
        return NULL;
    }
    icc->mem = mem;
    entered = icc;
    icc->lcms = make_lcms();
    if (icc->lcms == NULL) {
        ic_free(mem, icc);
        return NULL;
    }
    pthread_mutex_init(&icc->making, NULL); /* does not fail: a default mutex allocates nothing */
    return icc;
}

void ic_icc_forget_profile(struct ic_icc *icc) {
    if (icc->opaque != NULL) {
        cmsDeleteTransform(icc->opaque);
    }
    if (icc->with_alpha != NULL) {
        cmsDeleteTransform(icc->with_alpha);
    }
    ic_free(icc->mem, icc->profile);
    ic_free(icc->mem, icc->transfer);
    icc->opaque = icc->with_alpha = NULL;
    icc->profile = NULL;
    icc->transfer = NULL;
    icc->has_no_curves = false;
    icc->profile_bytes = 0;
}

enum imgcore_status ic_icc_drop_lcms(struct ic_icc *icc) {
    const enum imgcore_status status = icc->mem->status;
    icc->can_jump = false;
    icc->opaque = icc->with_alpha = NULL;
    ic_icc_forget_profile(icc);
    cmsDeleteContext(icc->lcms); /* removes it from lcms's list of contexts */
    icc->lcms = NULL;
    while (icc->blocks != NULL) {
        lcms_free(NULL, icc->blocks + 1);
    }
    return status;
}

void ic_icc_enter_thread(struct ic_icc *icc) {
    entered = icc;
}

enum imgcore_status ic_icc_enter(struct ic_icc *icc) {
    entered = icc;
    if (icc->lcms == NULL) {
        icc->lcms = make_lcms();
    }
    return icc->lcms != NULL ? IMGCORE_OK : icc->mem->status;
}

void ic_icc_destroy(struct ic_icc *icc) {
    if (icc == NULL) {
        return;
    }
    entered = icc;
    ic_icc_forget_profile(icc);
    if (icc->lcms != NULL) {
        cmsDeleteContext(icc->lcms);
    }
    pthread_mutex_destroy(&icc->making);
    ic_free(icc->mem, icc);
}
