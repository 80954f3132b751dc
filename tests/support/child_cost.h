/* What a piece of work costs in time and memory, measured in a process of its own: the peak of a
 * process never decreases. */
#ifndef TESTS_SUPPORT_CHILD_COST_H
#define TESTS_SUPPORT_CHILD_COST_H

#include "imgcore/imgcore.h"

struct child_cost {
    enum imgcore_status status;
    long time_ms;
    long growth_kib; /* of the peak of the process */
};

enum child_clock { CHILD_CPU_TIME, CHILD_WALL_TIME };

/* Runs work(user) in a child, in which address_space_bytes bounds the memory (0: no bound), and
 * returns its status and cost. Fails the test unless the child ends by itself. */
struct child_cost child_cost_of(enum imgcore_status (*work)(const void *user), const void *user,
                                enum child_clock clock, size_t address_space_bytes);

#endif
