/* The options for the results and for the accepted inputs, shared by the commands: tables for
 * args.h, and the structs that they fill. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "imgcore/cli/args.h"
#include "imgcore/imgcore.h"

/* target: struct imgcore_output. */
extern const struct cli_option cli_output_options[];
cli_accept_fn cli_accept_output;

/* target: struct imgcore_options: the processing (crop, linear light, kept metadata). */
extern const struct cli_option cli_processing_options[];
/* target: struct imgcore_options: the accepted inputs and the limits. */
extern const struct cli_option cli_limit_options[];
/* For both of the tables above. */
cli_accept_fn cli_accept_input;

/* Frees what cli_accept_input allocated for the options. */
void cli_options_clear(struct imgcore_options *options);

/* Reads the value of --threads; 0 becomes the number of CPUs that this process may use. */
bool cli_take_threads(const struct cli_word *word, uint32_t *threads);
uint32_t cli_usable_cpus(void); /* 1 to IMGCORE_MAX_THREADS */

/* Returns "jpeg", "png" or "raw", as --format takes it. */
const char *cli_format_name(enum imgcore_format format);
bool cli_take_format(const struct cli_word *word, enum imgcore_format *format);

/* Creates a context; on failure prints a message and returns NULL. */
struct imgcore_context *cli_context_create(void);

#endif
