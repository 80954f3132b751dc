/* The work on one object, from its name to its outputs. */
#ifndef IMAGE_WORK_H
#define IMAGE_WORK_H

#include "lambda/handlers/image/clients.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/result.h"

/* Looks after the object that `task` names; *result says what became of it. Either all outputs are
 * made and written, or none is touched; a failed write leaves some written, and the next try writes
 * the rest. deadline_ms: the invocation's, of the monotonic clock. */
void image_work(const struct image_clients *clients, const struct image_task *task,
                int64_t deadline_ms, struct image_result *result);

#endif
