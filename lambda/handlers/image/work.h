/* The work on one object, from its name in an event to its outputs. */
#ifndef IMAGE_WORK_H
#define IMAGE_WORK_H

#include "lambda/handlers/image/clients.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/result.h"

/* Makes the outputs of the object that `task` names agree with that object. All outputs are encoded
 * before the first is written; a failed write leaves some written, and the retry writes the others.
 * deadline_ms: the invocation's, of the monotonic clock. */
void image_work(const struct image_clients *clients, const struct image_task *task,
                int64_t deadline_ms, struct image_result *result);

#endif
