#include "base/share.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

/* Made by src/base/meson.build; a build by hand goes without. */
#if __has_include("base/share_dirs.h")
#include "base/share_dirs.h"
#else
#define HL_SHARE_DIR "/usr/local/share/hilum"
#define HL_SOURCE_SHARE_DIR ""
#define HL_BUILD_DIR ""
#endif

/* Folder of the file that this code was loaded from, without links; false when not known. */
static bool own_folder(char out[HL_PATH_BYTES])
{
    Dl_info info;
    char path[PATH_MAX];

    /* For a program the loader knows argv[0] only, which may be anything: ask the kernel. */
    if (dladdr((const void *)&own_folder, &info) && info.dli_fname &&
        strstr(info.dli_fname, ".so")) {
        if (!realpath(info.dli_fname, path))
            return false;
    } else {
        ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
        if (n <= 0)
            return false;
        path[n] = 0;
    }
    char *slash = strrchr(path, '/');
    if (!slash)
        return false;
    int n = snprintf(out, HL_PATH_BYTES, "%.*s", (int)(slash - path), path);
    return n >= 0 && n < HL_PATH_BYTES;
}

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static bool try_folder(const char *folder, const char *below, const char *name,
                       char out[HL_PATH_BYTES])
{
    int n = snprintf(out, HL_PATH_BYTES, "%s%s/%s", folder, below, name);
    return n > 0 && n < HL_PATH_BYTES && hl_file_exists(out);
}

hl_code hl_share_path(const char *name, char out[HL_PATH_BYTES], hl_error *err)
{
    static const char *const below[] = {"/share", "/../share/hilum", "/../../share/hilum"};
    char here[HL_PATH_BYTES];

    bool known = own_folder(here);
    if (known && is_below(here, HL_BUILD_DIR) && try_folder(HL_SOURCE_SHARE_DIR, "", name, out))
        return HL_OK;
    for (size_t i = 0; known && i < sizeof below / sizeof *below; i++)
        if (try_folder(here, below[i], name, out))
            return HL_OK;
    if (try_folder(HL_SHARE_DIR, "", name, out))
        return HL_OK;
    return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                      "not found in share/hilum beside %s, nor in " HL_SHARE_DIR
                      "\nIt comes with hilum: install it again (make install).",
                      known ? here : "the program");
}
