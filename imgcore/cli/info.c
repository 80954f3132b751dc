/* `imgcore info`: the properties of files, and whether they are accepted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/cli/args.h"
#include "imgcore/cli/command.h"
#include "imgcore/cli/files.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/sandbox.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

struct request {
    const char **paths;
    size_t path_count;
    bool header_only;
    bool json;
    struct imgcore_options options;
};

struct finding {
    struct imgcore_info info; /* format AUTO: unknown */
    const char *decoder;      /* of the pixels; NULL: none */
    const char *fallback;     /* why it is not the own one */
    struct cli_failure failure;
};

/* In the order of the library's enum. */
static const char *const color_sources[] = {"none", "icc", "srgb", "gama", "gama+chrm", "cicp"};

enum option_id { HEADER_ONLY, JSON };

static const struct cli_option own_options[] = {
    {HEADER_ONLY, 0, "header-only", NULL, "read only the header, do not decode the image"},
    {JSON, 0, "json", NULL, "print one JSON document" CLI_JSON_NAMES},
    {0, 0, NULL, NULL, NULL}};

static bool accept(void *target, int id, const struct cli_word *word) {
    struct request *request = target;
    if (id == CLI_OPERAND) {
        request->paths[request->path_count++] = word->text;
    } else if (id == HEADER_ONLY) {
        request->header_only = true;
    } else {
        request->json = true;
    }
    return true;
}

static bool examine(struct imgcore_context *context, const struct request *request,
                    const char *path, struct finding *finding) {
    struct cli_input input;
    imgcore_info_default(&finding->info);
    if (!cli_input_open(&input, path, !request->header_only, &finding->failure)) {
        return false;
    }
    struct imgcore_source source = cli_input_source(&input);
    struct imgcore_error error = {0};
    struct imgcore_options options = request->options;
    options.info = &finding->info;
    enum imgcore_status status;
    if (request->header_only) {
        status = imgcore_probe(context, &source, &options, &finding->info, &error);
    } else {
        status = imgcore_check(context, &source, &options, &error);
        finding->decoder = imgcore_context_decoder(context);
        finding->fallback = imgcore_context_fallback(context);
    }
    const bool good =
        status == IMGCORE_OK || cli_fail_library(&finding->failure, status, &error, &input);
    cli_input_close(&input);
    return good;
}

static void print_colors(const struct imgcore_info *info) {
    const char *const conversion =
        info->icc_is_srgb ? "equivalent to sRGB" : "to be converted to sRGB";
    if (info->icc_bytes == 0) {
        puts("  profile   none");
    } else {
        char bytes[CLI_GROUPED_BYTES];
        fputs("  profile   ", stdout);
        cli_print_safe(stdout, *info->icc_description ? info->icc_description : "unnamed");
        printf(", %s bytes, %s\n", cli_grouped(info->icc_bytes, bytes),
               info->color_source == IMGCORE_COLOR_SOURCE_PROFILE ? conversion
               : info->color_source == IMGCORE_COLOR_SOURCE_CICP  ? "not used: cICP comes first"
                                                                  : "not usable");
    }
    if (*info->color_detail) {
        printf("  chunks    %s%s%s\n", info->color_detail,
               info->color_source > IMGCORE_COLOR_SOURCE_PROFILE ? ", " : "",
               info->color_source > IMGCORE_COLOR_SOURCE_PROFILE ? conversion : "");
    }
}

static void print_facts(const struct imgcore_info *info) {
    bool jpeg = info->format == IMGCORE_FORMAT_JPEG;
    printf("  format    %s%s%s\n", jpeg ? "JPEG" : "PNG",
           !info->progressive ? ""
           : jpeg             ? ", progressive"
                              : ", interlaced",
           info->arithmetic ? ", arithmetic" : "");
    printf("  size      %ux%u", info->width_px, info->height_px);
    if (info->orientation != 1) {
        printf(", displayed as %ux%u (orientation %d)", info->oriented_width_px,
               info->oriented_height_px, info->orientation);
    }
    printf("\n  colour    %s, %d bits%s%s%s\n", info->color, info->bits,
           *info->subsampling ? ", " : "", info->subsampling,
           info->has_alpha ? ", transparency" : "");
    print_colors(info);
}

static void print_finding(const char *path, const struct finding *finding) {
    cli_print_safe(stdout, path);
    putchar('\n');
    if (finding->info.format != IMGCORE_FORMAT_AUTO) {
        print_facts(&finding->info);
    }
    if (finding->decoder) {
        printf("  decoder   %s%s%s\n", finding->decoder,
               finding->fallback ? ", after a doubt of imgcore: " : "",
               finding->fallback ? finding->fallback : "");
    }
    if (finding->failure.status) {
        printf("  refused   %s: ", finding->failure.status);
        cli_print_safe(stdout, finding->failure.message);
        putchar('\n');
    } else {
        puts("  accepted");
    }
}

static void json_finding(struct cli_json *json, const char *path, const struct finding *finding) {
    const struct imgcore_info *info = &finding->info;
    cli_json_open(json, NULL, '{');
    cli_json_name(json, "input", path);
    cli_json_text(json, "status", finding->failure.status ? finding->failure.status : "OK");
    if (finding->failure.status) {
        cli_json_text(json, "message", finding->failure.message);
    }
    if (info->format != IMGCORE_FORMAT_AUTO) {
        cli_json_text(json, "format", cli_format_name(info->format));
        cli_json_number(json, "width", info->width_px);
        cli_json_number(json, "height", info->height_px);
        cli_json_number(json, "oriented_width", info->oriented_width_px);
        cli_json_number(json, "oriented_height", info->oriented_height_px);
        cli_json_number(json, "orientation", (uint64_t)info->orientation);
        cli_json_number(json, "bits", (uint64_t)info->bits);
        cli_json_text(json, "color", info->color);
        cli_json_text(json, "subsampling", info->subsampling);
        cli_json_bool(json, "has_alpha", info->has_alpha);
        cli_json_bool(json, "progressive", info->progressive);
        cli_json_bool(json, "arithmetic", info->arithmetic);
        cli_json_number(json, "icc_bytes", info->icc_bytes);
        cli_json_text(json, "icc_description", info->icc_description);
        cli_json_bool(json, "icc_is_srgb", info->icc_is_srgb);
        cli_json_text(json, "color_source", color_sources[info->color_source]);
        cli_json_text(json, "color_detail", info->color_detail);
    }
    if (finding->decoder) {
        cli_json_text(json, "decoder", finding->decoder);
    }
    if (finding->fallback) {
        cli_json_text(json, "fallback", finding->fallback);
    }
    cli_json_close(json, '}');
}

static void enter_sandbox(const struct request *request, struct cli_sandbox *sandbox) {
    cli_sandbox_begin(sandbox);
    for (size_t i = 0; i < request->path_count; i++) {
        if (strcmp(request->paths[i], "-") != 0) {
            cli_sandbox_allow_reading(sandbox, request->paths[i]);
        }
    }
    cli_sandbox_enter(sandbox);
}

/* Examines and prints one file after the other; returns how many are rejected. */
static size_t report(struct imgcore_context *context, const struct request *request) {
    struct cli_json json = {.out = stdout};
    struct cli_sandbox sandbox;
    size_t refused = 0;
    enter_sandbox(request, &sandbox);
    if (request->json) {
        cli_json_open(&json, NULL, '{');
        cli_json_open(&json, "inputs", '[');
    }
    for (size_t i = 0; i < request->path_count; i++) {
        const char *path = request->paths[i];
        struct finding finding = {0};
        if (!examine(context, request, path, &finding)) {
            refused++;
            fflush(stdout);
            cli_print_failure(path, &finding.failure, request->json);
        }
        if (request->json) {
            json_finding(&json, path, &finding);
        } else {
            print_finding(path, &finding);
        }
    }
    if (request->json) {
        cli_json_close(&json, ']');
        cli_json_number(&json, "accepted", request->path_count - refused);
        cli_json_number(&json, "refused", refused);
        cli_sandbox_report(&sandbox, &json);
        cli_json_close(&json, '}');
    }
    return refused;
}

int cli_info(int argc, char **argv) {
    struct request request = {.paths = cli_alloc((size_t)argc + 1, sizeof *request.paths)};
    imgcore_options_default(&request.options);
    const struct cli_option_group groups[] = {
        {"options", own_options, accept, &request},
        {"accepted inputs", cli_limit_options, cli_accept_input, &request.options}};
    const struct cli_command_line line = {"info", "info FILE... [OPTION...]",
                                          "Prints the properties of each file and whether imgcore "
                                          "accepts it, or why not. - is standard\n"
                                          "input. The entire image is decoded to check it.\n",
                                          groups, sizeof groups / sizeof *groups};
    enum cli_parse parse = cli_parse(&line, argc, argv);
    int result = parse == CLI_HELP_SHOWN ? CLI_DONE : CLI_USAGE;
    if (parse == CLI_PARSED && request.path_count == 0) {
        cli_usage_error("info", "a file is needed");
    } else if (parse == CLI_PARSED) {
        struct imgcore_context *context = cli_context_create();
        if (context) {
            result = report(context, &request) ? CLI_REFUSED : CLI_DONE;
        }
        imgcore_context_destroy(context);
    }
    free(request.paths);
    return result;
}
