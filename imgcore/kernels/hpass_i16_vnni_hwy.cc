/* hpass_i16_hwy.cc compiled again with VNNI: see hwy_targets.h. */
#define IC_HWY_VNNI 1
#include "imgcore/kernels/hpass_i16_hwy.cc"

#if HWY_ONCE && IC_HWY_X86
void ic_fill_hpass_i16_vnni(struct ic_kernels *kernels) {
    imgcore::N_AVX3::FillHpassI16(kernels);
}
#endif
