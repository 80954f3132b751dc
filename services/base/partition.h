/* The partitions of AWS: which regions each has, and the domains of its services. */
#ifndef SVC_PARTITION_H
#define SVC_PARTITION_H

#include <stdbool.h>
#include <stddef.h>

struct svc_partition {
    const char *name;             /* in ARNs: "aws", "aws-cn" */
    const char *region_prefix;    /* of its regions' names; "" matches every region */
    const char *dns_suffix;       /* of the hosts of its services: "amazonaws.com" */
    const char *dualstack_suffix; /* of those that IPv6 reaches too: "api.aws" */
    bool has_fips;                /* endpoints with FIPS 140 cryptography */
};

/* Never NULL: a region with no other partition's prefix belongs to "aws". */
const struct svc_partition *svc_partition_of_region(const char *region);
/* The partition of an ARN; NULL: the name is unknown. `name` needs no NUL. */
const struct svc_partition *svc_partition_named(const char *name, size_t name_bytes);

#endif
