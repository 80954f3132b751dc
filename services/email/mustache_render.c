/* Rendering of mustache programs: see mustache.h. */
#include <string.h>

#include "services/email/limits.h"
#include "services/email/mustache.h"

struct render {
    const struct email_mustache_data *data;
    struct svc_buf *out;
    /* The contexts of the sections around, outermost first. */
    struct email_mustache_value stack[EMAIL_MUSTACHE_MAX_DEPTH + 1];
    size_t depth;
    size_t partials; /* open, in each other */
    size_t steps;
    bool is_over; /* a limit of depth or steps */
};

/* Whether the rendering goes on. */
static bool take_step(struct render *render) {
    if (render->steps == EMAIL_MUSTACHE_MAX_STEPS) {
        render->is_over = true;
    }
    render->steps++;
    return !render->is_over && svc_buf_status(render->out) == SVC_OK;
}

static bool get(const struct render *render, struct email_mustache_value from, const char *name,
                size_t name_bytes, struct email_mustache_value *found) {
    return render->data->get(render->data->user, from, name, name_bytes, found);
}

/* What a name stands for: its first part is looked for from the innermost context outwards, the
 * others in what was found, and nowhere else. */
static bool find(const struct render *render, const char *name, size_t name_bytes,
                 struct email_mustache_value *found) {
    if (name_bytes == 1 && name[0] == '.') {
        *found = render->stack[render->depth];
        return true;
    }
    const char *dot = memchr(name, '.', name_bytes);
    size_t part_bytes = dot != NULL ? (size_t)(dot - name) : name_bytes;
    size_t level = render->depth + 1;
    bool is_found = false;
    while (level > 0 && !is_found) {
        is_found = get(render, render->stack[--level], name, part_bytes, found);
    }
    size_t at = part_bytes;
    while (is_found && at < name_bytes) {
        const char *part = name + at + 1;
        dot = memchr(part, '.', name_bytes - at - 1);
        part_bytes = dot != NULL ? (size_t)(dot - part) : name_bytes - at - 1;
        is_found = get(render, *found, part, part_bytes, found);
        at += part_bytes + 1;
    }
    return is_found;
}

static void render_ops(struct render *render, const struct email_mustache_op *ops, size_t from,
                       size_t to);

static void render_section(struct render *render, const struct email_mustache_op *ops,
                           size_t index) {
    const struct email_mustache_op *op = &ops[index];
    const struct email_mustache_data *data = render->data;
    struct email_mustache_value value;
    enum email_mustache_truth truth = EMAIL_MUSTACHE_FALSE;
    size_t count = 1;
    if (find(render, op->text, op->size_bytes, &value)) {
        truth = data->truth(data->user, value, &count);
    }
    if (op->kind == EMAIL_MUSTACHE_INVERTED) {
        if (truth == EMAIL_MUSTACHE_FALSE) {
            render_ops(render, ops, index + 1, op->skip);
        }
        return;
    }
    if (truth == EMAIL_MUSTACHE_FALSE) {
        return;
    }
    if (render->depth == EMAIL_MUSTACHE_MAX_DEPTH) {
        render->is_over = true;
        return;
    }
    render->depth++;
    for (size_t i = 0; i < (truth == EMAIL_MUSTACHE_LIST ? count : 1) && take_step(render); i++) {
        render->stack[render->depth] =
            truth == EMAIL_MUSTACHE_LIST ? data->at(data->user, value, i) : value;
        render_ops(render, ops, index + 1, op->skip);
    }
    render->depth--;
}

static void render_partial(struct render *render, const struct email_mustache_op *op) {
    const struct email_mustache_data *data = render->data;
    if (render->partials == EMAIL_MUSTACHE_MAX_PARTIALS) {
        render->is_over = true;
        return;
    }
    const struct email_mustache_program *program =
        data->partial != NULL ? data->partial(data->user, op->text, op->indent) : NULL;
    if (program != NULL) {
        render->partials++;
        render_ops(render, program->ops, 0, program->count);
        render->partials--;
    }
}

static void render_ops(struct render *render, const struct email_mustache_op *ops, size_t from,
                       size_t to) {
    struct email_mustache_value value;
    for (size_t i = from; i < to && take_step(render);) {
        const struct email_mustache_op *op = &ops[i];
        switch (op->kind) {
        case EMAIL_MUSTACHE_TEXT:
            svc_buf_append(render->out, op->text, op->size_bytes);
            break;
        case EMAIL_MUSTACHE_VARIABLE:
            if (find(render, op->text, op->size_bytes, &value)) {
                render->data->write(render->data->user, value, op->escape, render->out);
            }
            break;
        case EMAIL_MUSTACHE_SECTION:
        case EMAIL_MUSTACHE_INVERTED:
            render_section(render, ops, i);
            i = op->skip;
            continue;
        case EMAIL_MUSTACHE_PARTIAL:
            render_partial(render, op);
            break;
        }
        i++;
    }
}

enum svc_status email_mustache_render(const struct email_mustache_program *program,
                                      const struct email_mustache_data *data, struct svc_buf *out) {
    struct render render = {.data = data, .out = out};
    render.stack[0] = data->root;
    render_ops(&render, program->ops, 0, program->count);
    return render.is_over && svc_buf_status(out) == SVC_OK ? SVC_TOO_LARGE : svc_buf_status(out);
}
