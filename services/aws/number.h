/* Numbers as text, as SQS's Number attributes and DynamoDB's N values have them. */
#ifndef AWSC_NUMBER_H
#define AWSC_NUMBER_H

#include <stdbool.h>

#define AWSC_MAX_NUMBER_DIGITS 38 /* significant ones */

/* Whether `text` is [-]digits[.digits][e[+-]digits] with at most AWSC_MAX_NUMBER_DIGITS significant
 * digits and an exponent of at most three. NULL is none. */
bool awsc_is_number(const char *text);

#endif
