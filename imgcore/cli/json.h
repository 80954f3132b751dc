/* Writing one JSON document, piece by piece; commas and indentation come by themselves. Strings are
 * written as UTF-8: what is no UTF-8 in a file's name becomes U+FFFD, so that the document stays
 * valid, and the name's bytes stand beside it. Used by the commands for --json. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cli_json {
    FILE *out;
    int depth;
    bool first; /* nothing written yet in the innermost array or object */
};

/* Every call takes the key of a member, or NULL inside an array and for the outermost value. */
void cli_json_open(struct cli_json *json, const char *key, char bracket); /* '{' or '[' */
void cli_json_close(struct cli_json *json, char bracket);                 /* '}' or ']' */
void cli_json_text(struct cli_json *json, const char *key, const char *text);
/* A name from outside, which may be any bytes: as text, and where it is no UTF-8 once more under
 * KEY_hex, two digits for each byte. */
void cli_json_name(struct cli_json *json, const char *key, const char *name);
void cli_json_number(struct cli_json *json, const char *key, uint64_t number);
void cli_json_ms(struct cli_json *json, const char *key, double ms); /* three decimals */
void cli_json_bool(struct cli_json *json, const char *key, bool value);

/* What the help of --json says of such names. */
#define CLI_JSON_NAMES "; a name that\nis no UTF-8 stands there in hexadecimal too (input_hex)"

#endif
