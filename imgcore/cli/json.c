/* Writing one JSON document: see json.h. */
#include "imgcore/cli/json.h"

#include <stdlib.h>

#include "imgcore/cli/text.h"

static void write_string(FILE *out, const char *text) {
    fputc('"', out);
    size_t bytes = 0;
    for (const char *c = text; *c; c += bytes) {
        int32_t code = cli_utf8_next(c, &bytes);
        if (code < 0) {
            fputs("\\ufffd", out);
        } else if (code == '"' || code == '\\') {
            fprintf(out, "\\%c", (char)code);
        } else if (cli_is_control(code)) {
            fprintf(out, "\\u%04x", (unsigned)code);
        } else {
            fwrite(c, 1, bytes, out);
        }
    }
    fputc('"', out);
}

static void begin_value(struct cli_json *json, const char *key) {
    if (json->depth > 0) {
        fprintf(json->out, "%s\n%*s", json->first ? "" : ",", json->depth * 2, "");
    }
    json->first = false;
    if (key) {
        write_string(json->out, key);
        fputs(": ", json->out);
    }
}

void cli_json_open(struct cli_json *json, const char *key, char bracket) {
    begin_value(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->first = true;
}

void cli_json_close(struct cli_json *json, char bracket) {
    json->depth--;
    if (!json->first) {
        fprintf(json->out, "\n%*s", json->depth * 2, "");
    }
    fputc(bracket, json->out);
    json->first = false;
    if (json->depth == 0) {
        fputc('\n', json->out);
    }
}

void cli_json_text(struct cli_json *json, const char *key, const char *text) {
    begin_value(json, key);
    write_string(json->out, text);
}

static bool is_utf8(const char *text) {
    size_t bytes = 0;
    for (const char *c = text; *c; c += bytes) {
        if (cli_utf8_next(c, &bytes) < 0) {
            return false;
        }
    }
    return true;
}

void cli_json_name(struct cli_json *json, const char *key, const char *name) {
    cli_json_text(json, key, name);
    if (is_utf8(name)) {
        return;
    }
    char *hex_key = cli_format("%s_hex", key);
    begin_value(json, hex_key);
    fputc('"', json->out);
    for (const char *c = name; *c; c++) {
        fprintf(json->out, "%02x", (unsigned)(unsigned char)*c);
    }
    fputc('"', json->out);
    free(hex_key);
}

void cli_json_number(struct cli_json *json, const char *key, uint64_t number) {
    begin_value(json, key);
    fprintf(json->out, "%llu", (unsigned long long)number);
}

void cli_json_ms(struct cli_json *json, const char *key, double ms) {
    /* No locale is set, so the decimal separator is a point. */
    begin_value(json, key);
    fprintf(json->out, "%.3f", ms);
}

void cli_json_bool(struct cli_json *json, const char *key, bool value) {
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}
