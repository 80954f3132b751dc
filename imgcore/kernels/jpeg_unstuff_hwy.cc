/* The JPEG reader: removal of stuffed bytes. In a photograph one byte in about 200 is 0xff, so
 * whole vectors are copied, and at each 0xff the copy starts again behind it. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_unstuff_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<uint8_t> du8;

size_t Unstuff(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    const auto marker = hn::Set(du8, 0xff);
    constexpr size_t kLanes = HWY_MAX_BYTES;
    size_t i = 0, written = 0;
    while (i + kLanes < n) {
        const auto bytes = hn::LoadU(du8, in + i);
        hn::StoreU(bytes, du8, out + written);
        const ptrdiff_t at = hn::FindFirstTrue(du8, hn::Eq(bytes, marker));
        if (at < 0) {
            i += kLanes;
            written += kLanes;
            continue;
        }
        i += static_cast<size_t>(at);
        written += static_cast<size_t>(at);
        if (in[i + 1] != 0) {
            *used = i;
            return written;
        }
        i += 2;
        written++;
    }
    while (i < n && (in[i] != 0xff || (i + 1 < n && in[i + 1] == 0))) {
        out[written++] = in[i];
        i += in[i] == 0xff ? 2 : 1;
    }
    *used = i;
    return written;
}

} // namespace

void FillJpegUnstuff(struct ic_kernels *kernels) {
    kernels->jpeg_unstuff = Unstuff;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_jpeg_unstuff(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillJpegUnstuff, target, kernels)
}
#endif
