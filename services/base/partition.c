/* The table of partitions: see partition.h. */
#include "services/base/partition.h"

#include <string.h>

/* "aws" is the last: its prefix matches every region. */
static const struct svc_partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", true},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", true},
    {"aws", "", "amazonaws.com", "api.aws", true},
};

const struct svc_partition *svc_partition_of_region(const char *region) {
    const struct svc_partition *partition = partitions;
    while (strncmp(region, partition->region_prefix, strlen(partition->region_prefix)) != 0) {
        partition++;
    }
    return partition;
}

const struct svc_partition *svc_partition_named(const char *name, size_t name_bytes) {
    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
        if (strlen(partitions[i].name) == name_bytes &&
            memcmp(partitions[i].name, name, name_bytes) == 0) {
            return &partitions[i];
        }
    }
    return NULL;
}
