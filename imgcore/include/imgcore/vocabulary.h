/* The words that several parts of the API share: formats, colour models, filters. */
#ifndef IMGCORE_VOCABULARY_H
#define IMGCORE_VOCABULARY_H

enum imgcore_format {
    IMGCORE_FORMAT_AUTO, /* as an output: the format of the input */
    IMGCORE_FORMAT_JPEG,
    IMGCORE_FORMAT_PNG,
    IMGCORE_FORMAT_PIXELS /* samples of 8 bits, without a file around them: imgcore_source.pixels,
                             imgcore_output.result_channels */
};

enum imgcore_color_model {
    IMGCORE_COLOR_UNKNOWN, /* nothing was read */
    IMGCORE_COLOR_GREY,
    IMGCORE_COLOR_GREY_ALPHA,
    IMGCORE_COLOR_PALETTE, /* with or without transparency */
    IMGCORE_COLOR_RGB,
    IMGCORE_COLOR_RGBA,
    IMGCORE_COLOR_YCBCR,
    IMGCORE_COLOR_CMYK,
    IMGCORE_COLOR_YCCK /* CMYK, stored as YCbCr and K */
};

/* The reconstruction filter. For a reduction its support is widened by the ratio. */
enum imgcore_filter {
    IMGCORE_FILTER_LANCZOS3,    /* support 3; default */
    IMGCORE_FILTER_LANCZOS2,    /* support 2 */
    IMGCORE_FILTER_MITCHELL,    /* cubic, B = C = 1/3, support 2 */
    IMGCORE_FILTER_CATMULL_ROM, /* cubic, B = 0, C = 1/2, support 2 */
    IMGCORE_FILTER_TRIANGLE,    /* support 1 */
    IMGCORE_FILTER_BOX          /* support 1/2 */
};

#endif
