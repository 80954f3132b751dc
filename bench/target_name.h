/* The name of the target that a context uses, in the programs that bench-track builds with older
 * commits, too: there a context has one target for all jobs. */
#ifndef BENCH_TARGET_NAME_H
#define BENCH_TARGET_NAME_H

#include "imgcore/imgcore.h"

#ifdef IMGCORE_SOURCE_REWINDS
#define TARGET_NAME(context, job) imgcore_context_target(context, job)
#else
#define TARGET_NAME(context, job) imgcore_context_target(context)
#endif

#endif
