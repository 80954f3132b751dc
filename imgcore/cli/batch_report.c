/* The report of `imgcore variants`: the table and the JSON document. */
#include <string.h>

#include "imgcore/cli/batch.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

enum { LEAST_NAME = 5, MOST_NAME = 48, DIMENSIONS = 13, BYTES = 12, MS = 8 };

static int longest(int so_far, const char *text, int most) {
    int width = cli_safe_width(text);
    width = width < most ? width : most;
    return width > so_far ? width : so_far;
}

static void print_row(const char *name, int name_width, const char *size, int size_width,
                      uint32_t width_px, uint32_t height_px, uint64_t size_bytes) {
    char dimensions[32];
    char bytes[CLI_GROUPED_BYTES];
    cli_print_padded(stdout, name, name_width);
    fputs("  ", stdout);
    cli_print_padded(stdout, size, size_width);
    snprintf(dimensions, sizeof dimensions, "%ux%u", width_px, height_px);
    printf("%*s%*s", DIMENSIONS, dimensions, BYTES, cli_grouped(size_bytes, bytes));
}

static void print_refusals(const struct cli_batch *batch) {
    for (size_t i = 0; i < batch->items.count; i++) {
        const struct cli_failure *failure = &batch->results[i].failure;
        if (failure->status) {
            cli_print_failure(batch->items.item[i].path, failure, batch->json);
        }
    }
}

void cli_batch_table(const struct cli_batch *batch) {
    int name_width = LEAST_NAME;
    int size_width = (int)strlen("original");
    for (size_t i = 0; i < batch->items.count; i++) {
        name_width = longest(name_width, batch->items.item[i].name, MOST_NAME);
    }
    for (size_t s = 0; s < batch->size_count; s++) {
        size_width = longest(size_width, batch->size[s].name, MOST_NAME);
    }
    size_t refused = cli_batch_refused(batch);
    if (refused < batch->items.count) {
        printf("%-*s  %-*s%*s%*s%*s\n", name_width, "input", size_width, "size", DIMENSIONS,
               "dimensions", BYTES, "bytes", MS, "ms");
    }
    for (size_t i = 0; i < batch->items.count; i++) {
        const struct cli_result *result = &batch->results[i];
        if (result->failure.status) {
            continue;
        }
        print_row(batch->items.item[i].name, name_width, "original", size_width, result->width_px,
                  result->height_px, result->size_bytes);
        printf("%*.0f\n", MS, result->ms);
        for (size_t s = 0; s < batch->size_count; s++) {
            const struct cli_made *made = &result->made[s];
            print_row("", name_width, batch->size[s].name, size_width, made->width_px,
                      made->height_px, made->size_bytes);
            putchar('\n');
        }
    }
    printf("%zu done, %zu refused", batch->items.count - refused, refused);
    if (batch->items.skipped) {
        printf(", %zu files of other formats skipped", batch->items.skipped);
    }
    printf(", in %.2f s\n", batch->ms / 1e3);
    fflush(stdout);
    print_refusals(batch);
}

static void json_result(struct cli_json *json, const struct cli_batch *batch, size_t i) {
    const struct cli_result *result = &batch->results[i];
    cli_json_open(json, NULL, '{');
    cli_json_name(json, "input", batch->items.item[i].path);
    cli_json_text(json, "status", result->failure.status ? result->failure.status : "OK");
    if (result->failure.status) {
        cli_json_text(json, "message", result->failure.message);
        cli_json_close(json, '}');
        return;
    }
    cli_json_text(json, "format", cli_format_name(result->format));
    cli_json_number(json, "width", result->width_px);
    cli_json_number(json, "height", result->height_px);
    cli_json_number(json, "bytes", result->size_bytes);
    cli_json_ms(json, "ms", result->ms);
    cli_json_open(json, "outputs", '[');
    for (size_t s = 0; s < batch->size_count; s++) {
        const struct cli_made *made = &result->made[s];
        cli_json_open(json, NULL, '{');
        cli_json_name(json, "size", batch->size[s].name);
        cli_json_name(json, "output", made->path);
        cli_json_number(json, "width", made->width_px);
        cli_json_number(json, "height", made->height_px);
        cli_json_number(json, "bytes", made->size_bytes);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

void cli_batch_json(const struct cli_batch *batch) {
    struct cli_json json = {.out = stdout};
    size_t refused = cli_batch_refused(batch);
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "version", imgcore_version());
    cli_json_text(&json, "target", batch->target);
    cli_json_number(&json, "jobs", batch->jobs);
    cli_json_ms(&json, "ms", batch->ms);
    cli_json_open(&json, "inputs", '[');
    for (size_t i = 0; i < batch->items.count; i++) {
        json_result(&json, batch, i);
    }
    cli_json_close(&json, ']');
    cli_json_number(&json, "done", batch->items.count - refused);
    cli_json_number(&json, "refused", refused);
    cli_json_number(&json, "passed_over", batch->items.skipped);
    cli_json_close(&json, '}');
    fflush(stdout);
    print_refusals(batch);
}
