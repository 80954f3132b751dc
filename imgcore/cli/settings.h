/* The options that say how pictures are made and what is accepted, shared by the commands: tables
 * for args.h, and what they fill. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "imgcore/cli/args.h"
#include "imgcore/imgcore.h"

/* target: struct imgcore_output. */
extern const struct cli_option cli_output_options[];
cli_accept_fn cli_accept_output;

/* target: struct imgcore_options: the making (linear light, what is kept). */
extern const struct cli_option cli_making_options[];
/* target: struct imgcore_options: what is accepted, and the limits. */
extern const struct cli_option cli_limit_options[];
/* For both of the tables above. */
cli_accept_fn cli_accept_input;

/* The value of --threads: 0, one for each CPU that this process may use, becomes their number. */
bool cli_take_threads(const struct cli_word *word, uint32_t *threads);
uint32_t cli_usable_cpus(void); /* 1 to IMGCORE_MAX_THREADS */

/* "JPEG" or "PNG" in lower case, as --format takes it. */
const char *cli_format_name(enum imgcore_format format);
bool cli_take_format(const struct cli_word *word, enum imgcore_format *format);

/* A context, or a message and NULL. */
struct imgcore_context *cli_context_create(void);

#endif
