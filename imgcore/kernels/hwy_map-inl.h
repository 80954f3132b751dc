/* A loop for kernels that convert pixels to pixels one vector at a time. The last vector overlaps
 * the one before it; fewer pixels than a vector are processed in copies. Private to this module;
 * included once for each target. */
#if defined(IC_HWY_MAP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef IC_HWY_MAP_INL_H
#undef IC_HWY_MAP_INL_H
#else
#define IC_HWY_MAP_INL_H
#endif

#include "hwy/highway.h"

#include <string.h>

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {

/* Step is a type with
 *   In, Out; kPixels of one vector; kInSamples, kOutSamples of a pixel;
 *   void operator()(const In *, Out *) const: exactly kPixels pixels. */
template <class Step>
HWY_INLINE void MapPixels(const Step &step, const typename Step::In *in, typename Step::Out *out,
                          size_t n) {
    constexpr size_t kIn = Step::kInSamples, kOut = Step::kOutSamples;
    if (n < Step::kPixels) {
        typename Step::In copied_in[Step::kPixels * kIn] = {};
        typename Step::Out copied_out[Step::kPixels * kOut];
        memcpy(copied_in, in, n * kIn * sizeof(in[0]));
        step(copied_in, copied_out);
        memcpy(out, copied_out, n * kOut * sizeof(out[0]));
        return;
    }
    const size_t last = n - Step::kPixels;
    for (size_t i = 0; i < last; i += Step::kPixels) {
        step(in + i * kIn, out + i * kOut);
    }
    step(in + last * kIn, out + last * kOut);
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
