/* Shared by both files that undo PNG's filters: one row, the predictions, the choice of rows that
 * are processed together. Private to this module; included once for each target. */
#if defined(IC_PNG_UNFILTER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef IC_PNG_UNFILTER_INL_H
#undef IC_PNG_UNFILTER_INL_H
#else
#define IC_PNG_UNFILTER_INL_H
#endif

#include "hwy/highway.h"

#include <string.h>

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

enum Filter { kNone, kSub, kUp, kAverage, kPaeth };

using D = hn::CappedTag<uint8_t, 16>;
using V = hn::Vec<D>;

constexpr D d;
/* ---- one row --------------------------------------------------------------------------------- */

HWY_INLINE int PaethOf(int a, int b, int c) {
    const int lo = b - c, hi = a - c;
    const int pa = lo < 0 ? -lo : lo, pb = hi < 0 ? -hi : hi;
    const int pc = lo + hi < 0 ? -(lo + hi) : lo + hi;
    const int nearer = pb < pa ? b : a;
    return pc < (pb < pa ? pb : pa) ? c : nearer;
}

/* Undoes the filter for bytes [begin, end) of a row. */
template <size_t kPixel>
void Bytes(Filter filter, const uint8_t *in, const uint8_t *above, uint8_t *out, size_t begin,
           size_t end) {
    for (size_t i = begin; i < end; i++) {
        const bool first = i < kPixel;
        const int a = first ? 0 : out[i - kPixel], b = above[i];
        int predicted = 0;
        if (filter == kSub) {
            predicted = a;
        } else if (filter == kUp) {
            predicted = b;
        } else if (filter == kAverage) {
            predicted = (a + b) / 2;
        } else if (filter == kPaeth) {
            predicted = PaethOf(a, b, first ? 0 : above[i - kPixel]);
        }
        out[i] = static_cast<uint8_t>(in[i] + predicted);
    }
}

void Up(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t n) {
    const hn::ScalableTag<uint8_t> wide;
    const size_t lanes = hn::Lanes(wide);
    size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        hn::StoreU(hn::Add(hn::LoadU(wide, in + i), hn::LoadU(wide, above + i)), wide, out + i);
    }
    for (; i < n; i++) {
        out[i] = static_cast<uint8_t>(in[i] + above[i]);
    }
}

template <size_t kPixel> void Row(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t n) {
    switch (in[-1]) {
    case kUp:
        Up(in, above, out, n);
        break;
    case kSub:
        Bytes<kPixel>(kSub, in, above, out, 0, n);
        break;
    case kAverage:
        Bytes<kPixel>(kAverage, in, above, out, 0, n);
        break;
    case kPaeth:
        Bytes<kPixel>(kPaeth, in, above, out, 0, n);
        break;
    default:
        memcpy(out, in, n);
        break;
    }
}

/* ---- predictions ----------------------------------------------------------------------------- */

#if IC_HWY_X86
/* All ones where a == b. With AVX-512 both Highway and gcc compare into mask registers, which makes
 * the chain longer by a tenth. The memory sanitizer reports what assembly reads of the fourth byte
 * of a pixel of three. */
HWY_INLINE __m128i EqualBytes(__m128i a, __m128i b) {
#if HWY_TARGET <= HWY_AVX3 && !HWY_IS_MSAN
    __m128i equal;
    __asm__("vpcmpeqb %2, %1, %0" : "=x"(equal) : "x"(a), "x"(b));
    return equal;
#else
    return _mm_cmpeq_epi8(a, b);
#endif
}

/* Selects `yes` where a <= b, unsigned bytes. */
HWY_INLINE V IfNotAbove(V a, V b, V yes, V no) {
    const __m128i not_above = EqualBytes(_mm_min_epu8(a.raw, b.raw), a.raw);
    return V{_mm_blendv_epi8(no.raw, yes.raw, not_above)};
}
#else
HWY_INLINE V IfNotAbove(V a, V b, V yes, V no) {
    return hn::IfThenElse(hn::Eq(hn::Min(a, b), a), yes, no);
}
#endif

/* Let lo and hi be the distances of c above the smaller and below the larger of a and b (0 if
 * negative). Paeth is the smaller one if 2 hi <= lo, the larger one if 2 lo <= hi, else c: the same
 * choice as in the specification, in bytes. lo + hi is at most 255, so a double that saturates is
 * still the larger one. */
HWY_INLINE V Paeth(V a, V b, V c) {
    const V small = hn::Min(a, b), large = hn::Max(a, b);
    const V lo = hn::SaturatedSub(c, small), hi = hn::SaturatedSub(large, c);
    const V rest = IfNotAbove(hn::SaturatedAdd(lo, lo), hi, large, c);
    return IfNotAbove(hn::SaturatedAdd(hi, hi), lo, small, rest);
}

/* The prediction of each lane, for four rows of any filters. */
struct Mixed {
    /* All ones in the lanes of each filter. In memory: a struct of vectors would have constructors
     * that are compiled for no target. */
    alignas(16) uint8_t sub[16], up[16], average[16], paeth[16];

    HWY_INLINE V operator()(V a, V b, V c) const {
        const V odd = hn::And(hn::Xor(a, b), hn::Set(d, 1));
        const V mean = hn::Sub(hn::AverageRound(a, b), odd);
        const V plain = hn::Or(hn::And(a, hn::Load(d, sub)), hn::And(b, hn::Load(d, up)));
        const V others = hn::Or(plain, hn::And(mean, hn::Load(d, average)));
        return hn::Or(others, hn::And(Paeth(a, b, c), hn::Load(d, paeth)));
    }
};

struct AllPaeth {
    HWY_INLINE V operator()(V a, V b, V c) const {
        return Paeth(a, b, c);
    }
};

struct Rows {
    const uint8_t *in, *above;
    ptrdiff_t in_stride;
    uint8_t *out;
    ptrdiff_t out_stride;

    HWY_INLINE const uint8_t *In(size_t k) const {
        return in + static_cast<ptrdiff_t>(k) * in_stride;
    }
    HWY_INLINE uint8_t *Out(size_t k) const {
        return out + static_cast<ptrdiff_t>(k) * out_stride;
    }
    HWY_INLINE const uint8_t *Above(size_t k) const {
        return k == 0 ? above : Out(k - 1);
    }
    HWY_INLINE Filter FilterOf(size_t k) const {
        return static_cast<Filter>(In(k)[-1]);
    }
    HWY_INLINE void Skip(size_t rows) {
        above = Above(rows);
        in = In(rows);
        out = Out(rows);
    }
};

/* Sets the masks of the rows of a vector from row `first` on, each of which has a lane of
 * `lane_bytes`. Returns whether all of them are Paeth. */
inline bool SetMasks(const Rows &rows, size_t first, size_t lane_bytes, Mixed &mixed) {
    bool all_paeth = true;
    for (size_t at = 0, k = first; at < 16; at += lane_bytes, k++) {
        const Filter filter = rows.FilterOf(k);
        memset(mixed.sub + at, filter == kSub ? 255 : 0, lane_bytes);
        memset(mixed.up + at, filter == kUp ? 255 : 0, lane_bytes);
        memset(mixed.average + at, filter == kAverage ? 255 : 0, lane_bytes);
        memset(mixed.paeth + at, filter == kPaeth ? 255 : 0, lane_bytes);
        all_paeth = all_paeth && filter == kPaeth;
    }
    return all_paeth;
}

/* Undoes the filters of four or eight rows. Form: `kRows` rows are in a vector, and Wave undoes
 * those of kVectors vectors. */
template <class Form> struct Waves {
    template <size_t kPixel> static void Four(const Rows &rows, size_t n) {
        Some<kPixel, 4 / Form::kRows>(rows, n);
    }
    template <size_t kPixel> static void Eight(const Rows &rows, size_t n) {
        Some<kPixel, 8 / Form::kRows>(rows, n);
    }

  private:
    template <size_t kPixel, size_t kVectors> static void Some(const Rows &rows, size_t n) {
        Mixed mixed[kVectors];
        bool all_paeth = true;
        for (size_t q = 0; q < kVectors; q++) {
            all_paeth = SetMasks(rows, Form::kRows * q, 16 / Form::kRows, mixed[q]) && all_paeth;
        }
        if (all_paeth) {
            const AllPaeth paeth[kVectors] = {};
            Form::template Wave<kPixel, kVectors>(rows, n, paeth);
        } else {
            Form::template Wave<kPixel, kVectors>(rows, n, mixed);
        }
    }
};

/* Whether four rows are faster together: if two or more of them are chains. */
bool AreChains(const Rows &rows, size_t first) {
    int chains = 0;
    for (size_t k = 0; k < 4; k++) {
        const Filter filter = rows.FilterOf(first + k);
        chains += filter != kNone && filter != kUp;
    }
    return chains >= 2;
}

/* Undoes the filters of `count` rows: by Waves::Four and Eight, if they have as many rows, and
 * twice as many pixels. */
template <size_t kPixel, class Waves>
void Unfilter(const uint8_t *in, ptrdiff_t in_stride, const uint8_t *above, uint8_t *out,
              ptrdiff_t out_stride, size_t count, size_t n) {
    Rows rows = {in, above, in_stride, out, out_stride};
    for (size_t left = n == 0 ? 0 : count; left > 0;) {
        size_t step = 1;
        if (left >= 4 && n >= 8 * kPixel && AreChains(rows, 0)) {
            step = left >= 8 && n >= 16 * kPixel && AreChains(rows, 4) ? 8 : 4;
        }
        if (step == 8) {
            Waves::template Eight<kPixel>(rows, n);
        } else if (step == 4) {
            Waves::template Four<kPixel>(rows, n);
        } else {
            Row<kPixel>(rows.in, rows.above, rows.out, n);
        }
        rows.Skip(step);
        left -= step;
    }
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
