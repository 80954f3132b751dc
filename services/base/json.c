/* Reading JSON: see json.h. The text is checked by json_scan.c first; json-c makes the tree. */
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <math.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/json_scan.h"
#include "services/base/limits.h"

/* A struct svc_json is a json_object under another name, and null is NULL, as in json-c. */
static json_object *object_of(const struct svc_json *value) {
    return (json_object *)(uintptr_t)value;
}

static const struct svc_json *value_of(json_object *object) {
    return (const struct svc_json *)object;
}

/* Members of all objects of the tree; those that json-c dropped for a later one of the same name
 * are missing. Depth is bounded by the scanner. */
static size_t count_members(json_object *object) {
    size_t count = 0;
    if (json_object_is_type(object, json_type_object)) {
        json_object_object_foreach(object, name, value) {
            (void)name;
            count += 1 + count_members(value);
        }
    } else if (json_object_is_type(object, json_type_array)) {
        size_t length = json_object_array_length(object);
        for (size_t i = 0; i < length; i++) {
            count += count_members(json_object_array_get_idx(object, i));
        }
    }
    return count;
}

/* Every string passes through the tokener's buffer, which a document with a secret must not leave
 * behind. Up to this size it is made at once, because json-c grows it by copies. */
#define SECRET_DOCUMENT_BYTES ((size_t)64 * 1024)

static void grow_buffer(struct json_tokener *tokener, size_t size_bytes) {
    if (size_bytes < SECRET_DOCUMENT_BYTES) {
        (void)printbuf_memset(tokener->pb, 0, 0, (int)size_bytes + 1);
        printbuf_reset(tokener->pb);
    }
}

static void free_tokener(struct json_tokener *tokener) {
    svc_wipe(tokener->pb->buf, (size_t)tokener->pb->size);
    json_tokener_free(tokener);
}

/* The tree of a text that the scanner found good: what may be missing is memory. */
static enum svc_status make_tree(const void *bytes, size_t size_bytes, json_object **tree,
                                 struct svc_error *error) {
    *tree = NULL;
    struct json_tokener *tokener = json_tokener_new_ex(SVC_MAX_JSON_DEPTH + 1);
    if (tokener == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory for a JSON document");
    }
    grow_buffer(tokener, size_bytes);
    *tree = json_tokener_parse_ex(tokener, bytes, (int)size_bytes);
    enum json_tokener_error parse_error = json_tokener_get_error(tokener);
    if (parse_error == json_tokener_continue) {
        /* json-c recognises the end of a number at the end of the text only by a NUL. */
        *tree = json_tokener_parse_ex(tokener, "", 1);
        parse_error = json_tokener_get_error(tokener);
    }
    free_tokener(tokener);
    if (parse_error != json_tokener_success) {
        json_object_put(*tree);
        *tree = NULL;
        return svc_fail(error, SVC_NO_MEMORY, "a JSON document was not taken: %s",
                        json_tokener_error_desc(parse_error));
    }
    return SVC_OK;
}

enum svc_status svc_json_parse(const void *bytes, size_t size_bytes, size_t max_bytes,
                               struct svc_json **document, struct svc_error *error) {
    struct svc_json_facts facts;
    json_object *tree = NULL;
    *document = NULL;
    if (max_bytes == 0) {
        max_bytes = SVC_MAX_JSON_BYTES;
    }
    if (size_bytes > max_bytes || size_bytes > INT32_MAX) {
        return svc_fail(error, SVC_TOO_LARGE, "a JSON document of %zu bytes, the limit is %zu",
                        size_bytes, max_bytes);
    }
    enum svc_status status = svc_json_scan(bytes, size_bytes, &facts, error);
    if (status != SVC_OK) {
        return status;
    }
    if (facts.has_pairs) {
        struct svc_buf joined;
        svc_buf_init(&joined, size_bytes); /* four bytes for twelve */
        status = svc_json_join_pairs(bytes, size_bytes, &joined)
                     ? make_tree(joined.bytes, joined.size_bytes, &tree, error)
                     : svc_fail(error, SVC_NO_MEMORY, "no memory for a JSON document");
        svc_buf_wipe(&joined);
    } else {
        status = make_tree(bytes, size_bytes, &tree, error);
    }
    if (status == SVC_OK && count_members(tree) != facts.members) {
        json_object_put(tree);
        return svc_fail(error, SVC_MALFORMED, "not JSON: two members of one name");
    }
    *document = (struct svc_json *)tree;
    return status;
}

void svc_json_free(struct svc_json *document) {
    json_object_put(object_of(document));
}

static void wipe_strings(json_object *object) {
    if (json_object_is_type(object, json_type_string)) {
        svc_wipe((char *)(uintptr_t)json_object_get_string(object),
                 (size_t)json_object_get_string_len(object));
    } else if (json_object_is_type(object, json_type_object)) {
        json_object_object_foreach(object, name, value) {
            (void)name;
            wipe_strings(value);
        }
    } else if (json_object_is_type(object, json_type_array)) {
        size_t length = json_object_array_length(object);
        for (size_t i = 0; i < length; i++) {
            wipe_strings(json_object_array_get_idx(object, i));
        }
    }
}

void svc_json_wipe(struct svc_json *document) {
    wipe_strings(object_of(document));
    svc_json_free(document);
}

enum svc_json_type svc_json_type(const struct svc_json *value) {
    switch (json_object_get_type(object_of(value))) {
    case json_type_boolean:
        return SVC_JSON_BOOL;
    case json_type_int:
        return SVC_JSON_INT;
    case json_type_double:
        return SVC_JSON_DOUBLE;
    case json_type_string:
        return SVC_JSON_STRING;
    case json_type_array:
        return SVC_JSON_ARRAY;
    case json_type_object:
        return SVC_JSON_OBJECT;
    case json_type_null:
        break;
    }
    return SVC_JSON_NULL;
}

const struct svc_json *svc_json_get(const struct svc_json *object, const char *name) {
    json_object *found = NULL;
    if (svc_json_type(object) == SVC_JSON_OBJECT) {
        json_object_object_get_ex(object_of(object), name, &found);
    }
    return value_of(found);
}

bool svc_json_has(const struct svc_json *object, const char *name) {
    return svc_json_type(object) == SVC_JSON_OBJECT &&
           json_object_object_get_ex(object_of(object), name, NULL);
}

size_t svc_json_count(const struct svc_json *value) {
    switch (svc_json_type(value)) {
    case SVC_JSON_ARRAY:
        return json_object_array_length(object_of(value));
    case SVC_JSON_OBJECT:
        return (size_t)json_object_object_length(object_of(value));
    default:
        return 0;
    }
}

const struct svc_json *svc_json_at(const struct svc_json *array, size_t index) {
    if (svc_json_type(array) != SVC_JSON_ARRAY || index >= svc_json_count(array)) {
        return NULL;
    }
    return value_of(json_object_array_get_idx(object_of(array), index));
}

bool svc_json_members(const struct svc_json *object, svc_json_member_fn *each, void *user) {
    if (svc_json_type(object) != SVC_JSON_OBJECT) {
        return true;
    }
    json_object_object_foreach(object_of(object), name, value) {
        if (!each(user, name, value_of(value))) {
            return false;
        }
    }
    return true;
}

const char *svc_json_bytes(const struct svc_json *value, size_t *size_bytes) {
    if (svc_json_type(value) != SVC_JSON_STRING) {
        return NULL;
    }
    *size_bytes = (size_t)json_object_get_string_len(object_of(value));
    return json_object_get_string(object_of(value));
}

const char *svc_json_text(const struct svc_json *value) {
    size_t size = 0;
    const char *text = svc_json_bytes(value, &size);
    return text != NULL && strlen(text) == size ? text : NULL;
}

bool svc_json_int(const struct svc_json *value, int64_t *number) {
    if (svc_json_type(value) != SVC_JSON_INT) {
        return false;
    }
    /* json-c clamps what does not fit, so the clamps themselves do not count as numbers. */
    int64_t found = json_object_get_int64(object_of(value));
    if (found == INT64_MIN || json_object_get_uint64(object_of(value)) > INT64_MAX) {
        return false;
    }
    *number = found;
    return true;
}

bool svc_json_double(const struct svc_json *value, double *number) {
    enum svc_json_type type = svc_json_type(value);
    if (type != SVC_JSON_DOUBLE && type != SVC_JSON_INT) {
        return false;
    }
    double found = json_object_get_double(object_of(value));
    int64_t whole = 0;
    if (!isfinite(found) || (type == SVC_JSON_INT && !svc_json_int(value, &whole))) {
        return false;
    }
    *number = found;
    return true;
}

bool svc_json_bool(const struct svc_json *value, bool *is_true) {
    if (svc_json_type(value) != SVC_JSON_BOOL) {
        return false;
    }
    *is_true = json_object_get_boolean(object_of(value)) != 0;
    return true;
}

const char *svc_json_get_text(const struct svc_json *object, const char *name) {
    return svc_json_text(svc_json_get(object, name));
}

bool svc_json_get_int(const struct svc_json *object, const char *name, int64_t *number) {
    return svc_json_int(svc_json_get(object, name), number);
}
