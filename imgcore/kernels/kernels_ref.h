/* The parts of the reference table that are in files of their own. Private to this module. */
#ifndef IC_KERNELS_REF_H
#define IC_KERNELS_REF_H

#include "imgcore/kernels/kernels.h"

void ic_kernels_ref_color(struct ic_kernels *kernels);
void ic_kernels_ref_jpeg(struct ic_kernels *kernels);
void ic_kernels_ref_orient(struct ic_kernels *kernels);
void ic_kernels_ref_png(struct ic_kernels *kernels);
void ic_kernels_ref_reduce(struct ic_kernels *kernels);

#endif
