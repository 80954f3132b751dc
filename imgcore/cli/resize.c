/* `imgcore resize`: one image from another. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "imgcore/cli/args.h"
#include "imgcore/cli/command.h"
#include "imgcore/cli/files.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/progress.h"
#include "imgcore/cli/raw.h"
#include "imgcore/cli/sandbox.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

struct job {
    const char *in, *out;
    bool has_size;
    bool has_format;
    bool json;
    struct cli_layout raw; /* of raw samples as the input; width 0: the input is a file */
    struct imgcore_options options;
    struct imgcore_output output;
    double ms;
};

enum option_id { SIZE, FORMAT, RAW_INPUT, THREADS, JSON };

static const struct cli_option own_options[] = {
    {SIZE, 's', "size", "WxH",
     "the box; Wx or xH leave the other side unbounded. Required unless\n"
     "--crop is given"},
    {FORMAT, 0, "format", "NAME",
     "jpeg, png, raw (samples in the layout of --raw-input), or auto (as\n"
     "the input). Default: by the extension of OUT, and auto for -"},
    {RAW_INPUT, 0, "raw-input", "WxHxN",
     "IN is samples alone: 8 bits each, interleaved, W x H pixels in rows\n"
     "from top to bottom without gaps; N is 1 for grey, 2 for grey and\n"
     "alpha, 3 for RGB, 4 for RGBA; in sRGB, alpha not premultiplied"},
    {THREADS, 0, "threads", "N",
     "number of threads (default 1); 0: one for each CPU that may be used"},
    {JSON, 0, "json", NULL, "print one JSON document about the result" CLI_JSON_NAMES},
    {0, 0, NULL, NULL, NULL}};

static bool accept(void *target, int id, const struct cli_word *word) {
    struct job *job = target;
    if (id == CLI_OPERAND) {
        if (job->out) {
            return cli_usage_error(word->command, "one operand too many: %s", word->text);
        }
        *(job->in ? &job->out : &job->in) = word->text;
        return true;
    }
    switch ((enum option_id)id) {
    case SIZE:
        job->has_size = true;
        return cli_take_size(word, word->text, &job->output.width_px, &job->output.height_px);
    case FORMAT:
        job->has_format = true;
        return cli_take_format(word, &job->output.format);
    case RAW_INPUT:
        return cli_take_layout(word, &job->raw);
    case THREADS:
        return cli_take_threads(word, &job->options.threads);
    case JSON:
        job->json = true;
        break;
    }
    return true;
}

/* Returns the format of an output's extension; AUTO for unknown ones. */
static enum imgcore_format output_kind(const char *path) {
    const char *dot = strrchr(cli_base_name(path), '.');
    return dot && strcasecmp(dot, ".raw") == 0 ? IMGCORE_FORMAT_PIXELS : cli_named_kind(path);
}

/* Checks that the table of options cannot express. */
static bool check(struct job *job) {
    if (!job->out) {
        return cli_usage_error("resize", "an input and an output are needed");
    }
    if (*job->out == '\0') {
        return cli_usage_error("resize", "the output is empty");
    }
    if (!job->has_size && job->options.crop_width_px == 0) {
        return cli_usage_error("resize", "--size or --crop is needed");
    }
    bool to_stdout = strcmp(job->out, "-") == 0;
    if (to_stdout && job->json) {
        return cli_usage_error("resize", "--json and an image cannot both go to standard output");
    }
    if (to_stdout && isatty(STDOUT_FILENO)) {
        return cli_usage_error("resize", "an image is not written to a terminal");
    }
    if (!to_stdout && !job->has_format) {
        job->output.format = output_kind(job->out);
        if (job->output.format == IMGCORE_FORMAT_AUTO) {
            return cli_usage_error(
                "resize", "%s: the extension is not jpg, jpeg, png or raw; use --format", job->out);
        }
    }
    return true;
}

/* Once the input is open, only the output is still to be opened. */
static bool enter_sandbox(const struct job *job) {
    struct cli_sandbox sandbox;
    cli_sandbox_begin(&sandbox);
    if (strcmp(job->out, "-") != 0) {
        cli_sandbox_allow_output(&sandbox, job->out);
    }
    cli_sandbox_enter(&sandbox);
    return cli_files_start();
}

static bool transform(struct imgcore_context *context, struct job *job, struct cli_input *input,
                      struct cli_failure *failure) {
    struct imgcore_pixels pixels = {0};
    struct imgcore_source source = {0};
    struct imgcore_error error = {0};
    bool good = true;
    if (job->raw.width) {
        good = cli_raw_read(context, input, &job->raw, &job->options, &pixels, failure);
        source.pixels = &pixels;
    } else {
        if (job->options.threads > 1) {
            cli_input_hold_for_threads(input);
        }
        source = cli_input_source(input);
    }
    if (good) {
        const enum imgcore_status status =
            imgcore_transform(context, &source, &job->options, &job->output, 1, &error);
        good = status == IMGCORE_OK || cli_fail_library(failure, status, &error, input);
    }
    cli_raw_clear(&pixels);
    return good;
}

/* Processes the job, from opening the input to writing the output. */
static bool convert(struct imgcore_context *context, struct job *job, struct cli_failure *failure) {
    struct cli_input input;
    double begin_ms = cli_now_ms();
    if (!cli_input_open(&input, job->in, false, failure)) {
        return false;
    }
    if (!enter_sandbox(job)) {
        cli_input_close(&input);
        return cli_fail(failure, "NO_MEMORY", "cannot create a thread");
    }
    bool good = transform(context, job, &input, failure);
    cli_input_close(&input);
    if (good && strcmp(job->out, "-") == 0) {
        good = cli_write_stdout(job->output.bytes, job->output.size_bytes, failure);
    } else if (good) {
        struct cli_write write = {
            .path = job->out, .bytes = job->output.bytes, .size_bytes = job->output.size_bytes};
        good = cli_write_files(&write, 1, failure);
    }
    job->ms = cli_now_ms() - begin_ms;
    return good;
}

static void report_json(const struct job *job, const struct cli_failure *failure) {
    struct cli_json json = {.out = stdout};
    cli_json_open(&json, NULL, '{');
    cli_json_name(&json, "input", job->in);
    cli_json_text(&json, "status", failure->status ? failure->status : "OK");
    if (failure->status) {
        cli_json_text(&json, "message", failure->message);
    } else {
        cli_json_name(&json, "output", job->out);
        cli_json_text(&json, "format", cli_format_name(job->output.result_format));
        cli_json_number(&json, "width", job->output.result_width_px);
        cli_json_number(&json, "height", job->output.result_height_px);
        if (job->output.result_channels) {
            cli_json_number(&json, "channels", (uint64_t)job->output.result_channels);
        }
        cli_json_number(&json, "bytes", job->output.size_bytes);
        cli_json_ms(&json, "ms", job->ms);
    }
    cli_json_close(&json, '}');
}

/* Samples state their layout nowhere else, so it is reported for standard output, too. */
static void report_result(const struct job *job) {
    const struct imgcore_output *output = &job->output;
    const bool to_stdout = strcmp(job->out, "-") == 0;
    FILE *to = to_stdout ? stderr : stdout;
    char channels[16] = "";
    char bytes[CLI_GROUPED_BYTES];
    if (to_stdout && output->result_channels == 0) {
        return;
    }
    if (output->result_channels > 0) {
        snprintf(channels, sizeof channels, "x%d", output->result_channels);
    }
    cli_print_safe(to, to_stdout ? "imgcore: standard output" : job->out);
    fprintf(to, ": %ux%u%s, %s bytes, %.0f ms\n", output->result_width_px, output->result_height_px,
            channels, cli_grouped(output->size_bytes, bytes), job->ms);
}

static void report(const struct job *job, const struct cli_failure *failure) {
    if (failure->status) {
        cli_print_failure(job->in, failure, job->json);
    }
    if (job->json) {
        report_json(job, failure);
    } else if (!failure->status) {
        report_result(job);
    }
}

static int run(struct job *job) {
    struct imgcore_context *context = cli_context_create();
    if (!context) {
        return CLI_USAGE;
    }
    struct cli_failure failure = {0};
    bool good = convert(context, job, &failure);
    report(job, &failure);
    imgcore_output_clear(context, &job->output, 1);
    imgcore_context_destroy(context);
    return good ? CLI_DONE : CLI_REFUSED;
}

int cli_resize(int argc, char **argv) {
    struct job job = {0};
    imgcore_options_default(&job.options);
    imgcore_output_default(&job.output);
    const struct cli_option_group groups[] = {
        {"options", own_options, accept, &job},
        {"the result", cli_output_options, cli_accept_output, &job.output},
        {"processing", cli_processing_options, cli_accept_input, &job.options},
        {"accepted inputs", cli_limit_options, cli_accept_input, &job.options}};
    const struct cli_command_line line = {
        "resize", "resize IN OUT --size WxH [OPTION...]",
        "Makes one image from another. IN and OUT may be -, standard input and output. The folder\n"
        "of OUT must exist.\n"
        "EXIF orientation is applied, colours are converted to sRGB, metadata is dropped.\n",
        groups, sizeof groups / sizeof *groups};
    enum cli_parse parse = cli_parse(&line, argc, argv);
    int result = parse == CLI_HELP_SHOWN ? CLI_DONE : CLI_USAGE;
    if (parse == CLI_PARSED && check(&job)) {
        result = run(&job);
    }
    cli_options_clear(&job.options);
    return result;
}
