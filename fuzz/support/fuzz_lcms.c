/* lcms computes a table of 33^3 or 17^4 colours for most transforms: up to 0.2 s for each input.
 * Linked with --wrap=cmsCreateTransformTHR the library asks for a coarse table, on the same paths
 * of its own code and of lcms. */
#include <lcms2.h>

cmsHTRANSFORM __real_cmsCreateTransformTHR(cmsContext lcms, cmsHPROFILE from,
                                           cmsUInt32Number from_format, cmsHPROFILE to,
                                           cmsUInt32Number to_format, cmsUInt32Number intent,
                                           cmsUInt32Number flags);
cmsHTRANSFORM __wrap_cmsCreateTransformTHR(cmsContext lcms, cmsHPROFILE from,
                                           cmsUInt32Number from_format, cmsHPROFILE to,
                                           cmsUInt32Number to_format, cmsUInt32Number intent,
                                           cmsUInt32Number flags);

cmsHTRANSFORM __wrap_cmsCreateTransformTHR(cmsContext lcms, cmsHPROFILE from,
                                           cmsUInt32Number from_format, cmsHPROFILE to,
                                           cmsUInt32Number to_format, cmsUInt32Number intent,
                                           cmsUInt32Number flags) {
    return __real_cmsCreateTransformTHR(lcms, from, from_format, to, to_format, intent,
                                        flags | cmsFLAGS_GRIDPOINTS(5));
}
