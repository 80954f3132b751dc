/* The contact sheet of `imgcore variants`: one page of HTML that shows every result, with relative
 * addresses of the images and no other external resources. */
#define _GNU_SOURCE /* open_memstream */
#include <stdlib.h>
#include <string.h>

#include "imgcore/cli/batch.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

static const char style[] =
    ":root{--ink:#1c2024;--soft:#5b636b;--line:#e1e4e8;--paper:#fff;--back:#f5f6f8;--bad:#a4201a}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI','Noto Sans',sans-serif}\n"
    "main,header{max-width:1280px;margin:0 auto;padding:0 20px}\n"
    "header{padding-top:28px;padding-bottom:4px}\n"
    "h1{font-size:24px;margin:0;letter-spacing:-.01em}\n"
    "h2{font-size:16px;margin:0;overflow-wrap:anywhere}\n"
    "p{margin:4px 0 0;color:var(--soft)}\n"
    "section{background:var(--paper);border:1px solid var(--line);border-radius:10px;"
    "padding:18px 20px;margin:18px 0}\n"
    ".row{display:flex;gap:16px;align-items:flex-start;margin-top:14px}\n"
    "figure{margin:0;min-width:88px}\n"
    "img{display:block;max-width:100%;height:auto;border-radius:4px;background:"
    "repeating-conic-gradient(#eceef0 0 25%,#fff 0 50%) 0 0/16px 16px}\n"
    "figcaption{margin-top:6px;font-size:13px;line-height:1.4;color:var(--soft);"
    "font-variant-numeric:tabular-nums}\n"
    "figcaption b{color:var(--ink);font-weight:600;display:block;overflow-wrap:anywhere}\n"
    "figcaption span{display:inline-block;white-space:nowrap;margin-right:10px}\n"
    ".bad{border-color:#ebc9c6}\n"
    ".bad h2,.bad b{color:var(--bad)}\n"
    ".bad ul{margin:8px 0 0;padding-left:20px;overflow-wrap:anywhere}\n"
    "footer{color:var(--soft);font-size:13px;padding:4px 0 28px}\n"
    "@media(max-width:720px){main,header{padding-left:12px;padding-right:12px}"
    "section{padding:14px}.row{flex-wrap:wrap;gap:12px}"
    ".row figure:first-child{flex:1 0 100%!important}}\n";

/* Writes text between tags or in a quoted attribute. Characters that cannot be shown become U+FFFD.
 */
static void put_text(FILE *page, const char *text) {
    size_t bytes = 0;
    for (const char *c = text; *c; c += bytes) {
        int32_t code = cli_utf8_next(c, &bytes);
        switch (code) {
        case '<':
            fputs("&lt;", page);
            break;
        case '>':
            fputs("&gt;", page);
            break;
        case '&':
            fputs("&amp;", page);
            break;
        case '"':
            fputs("&quot;", page);
            break;
        default:
            if (code < 0 || cli_is_control(code)) {
                fputs("&#xfffd;", page);
            } else {
                fwrite(c, 1, bytes, page);
            }
        }
    }
}

/* Writes a path as a relative address: every byte outside the plain set becomes %NN. */
static void put_address(FILE *page, const char *path) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";
    for (const char *c = path; *c; c++) {
        if (strchr(plain, *c)) {
            fputc(*c, page);
        } else {
            fprintf(page, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

/* Returns the relative path from a folder to a file, both absolute and without links. Free it with
 * free. */
static char *way_to(const char *folder, const char *file) {
    size_t same = 0; /* length of the common folders, including the slash */
    for (size_t i = 0; folder[i] && folder[i] == file[i]; i++) {
        if (folder[i] == '/') {
            same = i + 1;
        }
    }
    size_t length = strlen(folder);
    if (strncmp(folder, file, length) == 0 && file[length] == '/') {
        return cli_format("%s", file + length + 1);
    }
    char *way = cli_format("%s", "");
    for (const char *c = folder + same; *c; c++) {
        if (c == folder + same || *c == '/') {
            char *longer = cli_format("../%s", way);
            free(way);
            way = longer;
        }
    }
    char *whole = cli_format("%s%s", way, file + same);
    free(way);
    return whole;
}

static void put_figure(FILE *page, const struct cli_batch *batch, const struct cli_item *item,
                       const struct cli_made *made, size_t size, const char *folder) {
    char bytes[CLI_GROUPED_BYTES];
    const char *name = batch->size[size].name;
    char *file = realpath(made->path, NULL);
    char *way = file ? way_to(folder, file) : cli_format("%s", made->path);
    /* The images of a row are as wide as their own widths in proportion. */
    fprintf(page, "<figure style=\"flex:%u 1 0\"><a href=\"", made->width_px);
    put_address(page, way);
    fputs("\"><img src=\"", page);
    put_address(page, way);
    fprintf(page, "\" width=\"%u\" height=\"%u\" loading=\"lazy\" alt=\"", made->width_px,
            made->height_px);
    put_text(page, item->name);
    fputs(", ", page);
    put_text(page, name);
    fputs("\"></a><figcaption><b>", page);
    put_text(page, name);
    fprintf(page, "</b> <span>%u × %u</span> <span>%s bytes</span></figcaption></figure>\n",
            made->width_px, made->height_px, cli_grouped(made->size_bytes, bytes));
    free(way);
    free(file);
}

static void put_item(FILE *page, const struct cli_batch *batch, size_t i, const char *folder) {
    const struct cli_item *item = &batch->items.item[i];
    const struct cli_result *result = &batch->results[i];
    char bytes[CLI_GROUPED_BYTES];
    fputs("<section><h2>", page);
    put_text(page, item->name);
    fprintf(page, "</h2><p>%s, %u × %u, %s bytes; all sizes in %.0f ms</p>\n<div class=\"row\">\n",
            result->format == IMGCORE_FORMAT_JPEG ? "JPEG" : "PNG", result->width_px,
            result->height_px, cli_grouped(result->size_bytes, bytes), result->ms);
    for (size_t s = 0; s < batch->size_count; s++) {
        put_figure(page, batch, item, &result->made[s], s, folder);
    }
    fputs("</div></section>\n", page);
}

static void put_refused(FILE *page, const struct cli_batch *batch) {
    fputs("<section class=\"bad\"><h2>Refused</h2><ul>\n", page);
    for (size_t i = 0; i < batch->items.count; i++) {
        const struct cli_failure *failure = &batch->results[i].failure;
        if (failure->status) {
            fputs("<li><b>", page);
            put_text(page, batch->items.item[i].path);
            fputs("</b>: ", page);
            put_text(page, failure->message);
            fputs("</li>\n", page);
        }
    }
    fputs("</ul></section>\n", page);
}

static void put_page(FILE *page, const struct cli_batch *batch, const char *folder) {
    size_t refused = cli_batch_refused(batch);
    size_t done = batch->items.count - refused;
    fprintf(page,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
            "<title>Contact sheet</title>\n<style>\n%s</style></head><body>\n"
            "<header><h1>Contact sheet</h1><p>%zu photograph%s in %zu size%s",
            style, done, done == 1 ? "" : "s", batch->size_count,
            batch->size_count == 1 ? "" : "s");
    if (refused) {
        fprintf(page, ", %zu refused", refused);
    }
    fprintf(page, "; %.2f s</p></header>\n<main>\n", batch->ms / 1e3);
    if (refused) {
        put_refused(page, batch);
    }
    for (size_t i = 0; i < batch->items.count; i++) {
        if (!batch->results[i].failure.status) {
            put_item(page, batch, i, folder);
        }
    }
    fprintf(page, "<footer>imgcore %s, %s, %zu at once</footer></main></body></html>\n",
            imgcore_version(), batch->target, batch->jobs);
}

bool cli_contact_sheet(const struct cli_batch *batch, struct cli_failure *failure) {
    char *text = NULL;
    size_t size_bytes = 0;
    char *named = cli_folder_of(batch->sheet_path);
    if (!cli_make_folder(named, failure)) {
        free(named);
        return false;
    }
    char *folder = realpath(named, NULL);
    free(named);
    FILE *page = folder ? open_memstream(&text, &size_bytes) : NULL;
    bool good = page != NULL;
    if (good) {
        put_page(page, batch, folder);
        good = fclose(page) == 0;
    }
    struct cli_write write = {
        .path = batch->sheet_path, .bytes = (const uint8_t *)text, .size_bytes = size_bytes};
    good = good ? cli_write_files(&write, 1, failure)
                : cli_fail(failure, "WRITE_FAILED", "cannot be created");
    free(text);
    free(folder);
    return good;
}
