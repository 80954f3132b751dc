/* Objects of events as tasks: see event.h. */
#include "lambda/handlers/image/event.h"

#include <string.h>

void image_task_from_object(const struct lev_s3_object *object, struct image_task *task) {
    *task = (struct image_task){.object = *object};
}

void image_task_from_batch(const struct lev_s3_batch *batch, size_t index, bool is_forced,
                           struct image_task *task) {
    image_task_from_object(&batch->tasks[index].object, task);
    task->is_rerun = true;
    task->is_forced = is_forced;
}

bool image_batch_force(const struct lev_s3_batch *batch, bool *is_forced) {
    *is_forced = false;
    if (!svc_json_has(batch->arguments, "force")) {
        return true;
    }
    const char *force = svc_json_get_text(batch->arguments, "force");
    *is_forced = force != NULL && strcmp(force, "true") == 0;
    return *is_forced || (force != NULL && strcmp(force, "false") == 0);
}
