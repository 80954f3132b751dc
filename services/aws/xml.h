/* The part of XML that S3's flat documents need: finding elements by name, and escaping. */
#ifndef AWSC_XML_H
#define AWSC_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"

/* The content of the first element of this name at or after *at, which moves past it; false if
 * there is none. An element must not contain one of its own name. */
bool awsc_xml_element(const char *document, size_t document_bytes, const char *name, size_t *at,
                      const char **inner, size_t *inner_bytes);
/* The text of the first element of this name, entities decoded, appended to `out`. */
bool awsc_xml_text(const char *document, size_t document_bytes, const char *name,
                   struct svc_buf *out);
/* Escapes a text for an element's content. */
bool awsc_xml_escape(const char *text, struct svc_buf *out);

#endif
