// OpenCV: four pictures of one photograph (decoded once, at a reduced scale or fully, resized by
// INTER_AREA, its usual choice for shrinking), and its resize of plain pixels by LANCZOS4 or AREA.
// LANCZOS4 has 8 taps at any ratio, so it aliases.
#include <cstdio>
#include <cstring>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "bench/runner.h"

namespace {

struct state {
    bool pixels_only, png;
    int how, flags;
    std::vector<uint8_t> file;
    runner_pixels pixels;
    cv::Mat source;
    cv::Size size;
    std::vector<cv::Mat> pictures;
    std::vector<std::vector<uint8_t>> made;
};

state *of(runner *r) {
    return static_cast<state *>(r->state);
}

bool open_opencv(runner *r) {
    state *s = of(r);
    cv::setNumThreads(1);
    const char *way = runner_option(r, "way", "full");
    const char *path = runner_option(r, "input", "");
    s->pixels_only = strcmp(way, "lanczos") == 0 || strcmp(way, "area") == 0;
    s->how = strcmp(way, "lanczos") == 0 ? cv::INTER_LANCZOS4 : cv::INTER_AREA;
    s->png = strcmp(runner_option(r, "format", "jpeg"), "png") == 0;
    snprintf(r->about, sizeof(r->about), "OpenCV %s, %s", CV_VERSION, way);
    if (s->pixels_only) {
        if (!runner_read_pixels(r, path, &s->pixels)) {
            return false;
        }
        s->size = cv::Size(runner_number(r, "width", 1), runner_number(r, "height", 1));
        s->source = cv::Mat((int)s->pixels.height, (int)s->pixels.width, CV_8UC(s->pixels.channels),
                            s->pixels.bytes);
        return true;
    }
    size_t size = 0;
    uint8_t *bytes = runner_read(r, path, &size);
    if (bytes == nullptr) {
        return false;
    }
    s->file.assign(bytes, bytes + size);
    free(bytes);
    s->flags = cv::IMREAD_COLOR;
    if (strcmp(way, "reduced") == 0) {
        const cv::Mat whole = cv::imdecode(s->file, cv::IMREAD_COLOR);
        const int side = whole.cols > whole.rows ? whole.cols : whole.rows;
        s->flags = side >= 8 * 1200   ? cv::IMREAD_REDUCED_COLOR_8
                   : side >= 4 * 1200 ? cv::IMREAD_REDUCED_COLOR_4
                   : side >= 2 * 1200 ? cv::IMREAD_REDUCED_COLOR_2
                                      : cv::IMREAD_COLOR;
    }
    return true;
}

bool run_opencv(runner *r) {
    state *s = of(r);
    s->pictures.clear();
    s->made.clear();
    r->made_bytes = 0;
    if (s->pixels_only) {
        s->pictures.emplace_back();
        cv::resize(s->source, s->pictures[0], s->size, 0, 0, s->how);
        return true;
    }
    const cv::Mat whole = cv::imdecode(s->file, s->flags);
    const std::vector<int> settings = {cv::IMWRITE_JPEG_QUALITY, 80};
    for (uint32_t box : runner_box_px) {
        uint32_t width, height;
        runner_fit((uint32_t)whole.cols, (uint32_t)whole.rows, box, &width, &height);
        cv::Mat small;
        cv::resize(whole, small, cv::Size((int)width, (int)height), 0, 0, s->how);
        s->made.emplace_back();
        cv::imencode(s->png ? ".png" : ".jpg", small, s->made.back(),
                     s->png ? std::vector<int>() : settings);
        r->made_bytes += s->made.back().size();
        s->pictures.push_back(small);
    }
    return !whole.empty() || runner_fail(r, "OpenCV cannot decode it");
}

bool save_opencv(runner *r, const char *folder) {
    state *s = of(r);
    bool ok = run_opencv(r);
    for (size_t i = 0; ok && i < s->pictures.size(); i++) {
        cv::Mat picture = s->pictures[i];
        if (!s->pixels_only) {
            cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
            const std::string file = std::to_string(i) + (s->png ? ".png" : ".jpg");
            ok = runner_write(r, folder, file.c_str(), s->made[i].data(), s->made[i].size());
        }
        const std::string name = std::to_string(i) + ".pam";
        ok = ok && runner_write_pixels(r, folder, name.c_str(), picture.data,
                                       (uint32_t)picture.cols, (uint32_t)picture.rows,
                                       picture.channels(), (ptrdiff_t)picture.step[0]);
    }
    return ok;
}

// OpenCV throws; the protocol needs a sentence.
template <typename Work> bool guarded(runner *r, Work work) {
    try {
        return work();
    } catch (const std::exception &error) {
        runner_fail(r, "%.150s", error.what());
        for (char *c = r->why; *c != '\0'; c++) {
            *c = *c == '\n' ? ' ' : *c;
        }
        return false;
    }
}

} // namespace

int main(int argc, char **argv) {
    static state s;
    runner r = {};
    r.usage = "usage: run_opencv --input FILE --way reduced|full [--format jpeg|png]\n"
              "       run_opencv --input PICTURE.pam --way lanczos|area --width W --height H\n";
    r.open = [](runner *it) { return guarded(it, [&] { return open_opencv(it); }); };
    r.run = [](runner *it) { return guarded(it, [&] { return run_opencv(it); }); };
    r.save = [](runner *it, const char *folder) {
        return guarded(it, [&] { return save_opencv(it, folder); });
    };
    r.state = &s;
    return runner_main(&r, argc, argv);
}
