/* What dynamodb.c needs of values. Included by it alone. */
#ifndef AWSC_DYNAMODB_VALUE_H
#define AWSC_DYNAMODB_VALUE_H

#include "services/aws/dynamodb.h"

/* Whether the attributes may be sent: INVALID_ARGUMENT (names, types, numbers, one name twice),
 * MALFORMED, TOO_LARGE. `kind` is for the message: "attribute", "value". */
enum svc_status awsc_dynamodb_check(const struct awsc_dynamodb_attribute *attributes, size_t count,
                                    const char *kind, struct awsc_error *error);
/* A member `name` with the attributes as an object; nothing if there are none. */
void awsc_dynamodb_write(struct svc_json_writer *writer, const char *name,
                         const struct awsc_dynamodb_attribute *attributes, size_t count);

#endif
