/* Writing one JSON document, piece by piece, with commas and indentation added. Strings are UTF-8:
 * invalid UTF-8 in a file name becomes U+FFFD, so that the document stays valid, and the bytes of
 * the name are added in hexadecimal. Used by the commands for --json. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cli_json {
    FILE *out;
    int depth;
    bool first; /* the innermost array or object is still empty */
};

/* Every function takes the key of a member, or NULL inside an array and for the outermost value. */
void cli_json_open(struct cli_json *json, const char *key, char bracket); /* '{' or '[' */
void cli_json_close(struct cli_json *json, char bracket);                 /* '}' or ']' */
void cli_json_text(struct cli_json *json, const char *key, const char *text);
/* Writes a file name, which may be any bytes: as text and, if it is not UTF-8, a second time as
 * KEY_hex, two digits for each byte. */
void cli_json_name(struct cli_json *json, const char *key, const char *name);
void cli_json_number(struct cli_json *json, const char *key, uint64_t number);
void cli_json_ms(struct cli_json *json, const char *key, double ms); /* three decimals */
void cli_json_bool(struct cli_json *json, const char *key, bool value);

/* The explanation of such names in the help of --json. */
#define CLI_JSON_NAMES "; a name that\nis not UTF-8 is added in hexadecimal (input_hex)"

#endif
