/* imgcore_probe: the properties of a file, from its header. */
#include "imgcore/api/info.h"
#include "imgcore/api/source.h"
#include "imgcore/api/versioned.h"

enum imgcore_status imgcore_probe(struct imgcore_context *context,
                                  const struct imgcore_source *source,
                                  const struct imgcore_options *options, struct imgcore_info *info,
                                  struct imgcore_error *error) {
    ic_error_clear(error);
    if (context == NULL || info == NULL ||
        !ic_versioned_has_size(&ic_versioned_info, info->struct_size_bytes)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                       "no context, or the info was not filled by imgcore_info_default");
    }
    static const struct ic_header nothing;
    struct imgcore_options resolved;
    struct ic_source opened;
    enum imgcore_status status = ic_info_fill(context, &nothing, false, info, error);
    if (status == IMGCORE_OK) {
        status = ic_options_resolve(options, &resolved, error);
    }
    if (status == IMGCORE_OK) {
        resolved.info = info;
        status = ic_source_open(context, source, &resolved, &opened, error);
    }
    if (status == IMGCORE_OK) {
        ic_source_close(&opened);
    }
    return status;
}
