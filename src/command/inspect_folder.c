/* inspect_folder.c - a folder: which known layout it is, and what lies on its top level. */
#include <sys/stat.h>

#include "base/log.h"
#include "command/inspect.h"

enum { SHOWN_NAMES = 40 };

/* A layout is known by names on its top level; each is a head and a tail of a name. */
typedef struct {
    const char *head, *tail;
} mark;

typedef struct {
    const char *kind;
    const char *title;
    mark has[2];
} layout;

/* First match counts. Sources: symile.md 1; view.md 9 and 10.2. */
static const layout layouts[] = {
    {"hilum-output", "output of hilum", {{"manifest.json", ""}, {NULL, NULL}}},
    {"hilum-unfinished", "output of hilum, not finished", {{".hilum", ""}, {NULL, NULL}}},
    {"hilum-compact-store", "compact store of hilum pack", {{"store.json", ""}, {"films.npy", ""}}},
    {"hospital", "archives of a hospital", {{"mimiciv", ""}, {"mimic-iv-ecg", ""}}},
    {"mimic-iv", "MIMIC-IV", {{"hosp", ""}, {NULL, NULL}}},
    {"mimic-iv-hosp", "tables of MIMIC-IV hosp", {{"patients.csv", ""}, {"admissions.csv", ""}}},
    {"mimic-iv-hosp",
     "tables of MIMIC-IV hosp",
     {{"patients.csv.gz", ""}, {"admissions.csv.gz", ""}}},
    {"mimic-iv-ecg", "MIMIC-IV-ECG", {{"record_list.csv", ""}, {"files", ""}}},
    {"mimic-iv-ecg", "MIMIC-IV-ECG", {{"record_list.csv.gz", ""}, {"files", ""}}},
    {"mimic-cxr-jpg", "MIMIC-CXR-JPG", {{"mimic-cxr-", "-metadata.csv.gz"}, {"files", ""}}},
    {"mimic-cxr-jpg", "MIMIC-CXR-JPG", {{"mimic-cxr-", "-metadata.csv"}, {"files", ""}}},
    {"mimic-cxr", "MIMIC-CXR", {{"cxr-record-list.csv.gz", ""}, {"files", ""}}},
    {"mimic-cxr", "MIMIC-CXR", {{"cxr-record-list.csv", ""}, {"files", ""}}},
    {"dicom-medium", "DICOM medium", {{"DICOMDIR", ""}, {NULL, NULL}}},
    {"wfdb-database", "WFDB database", {{"RECORDS", ""}, {NULL, NULL}}},
    {"wfdb-database", "WFDB records", {{"", ".hea"}, {NULL, NULL}}},
    {"dicom-files", "DICOM files", {{"", ".dcm"}, {NULL, NULL}}},
    {"dicom-files", "DICOM files", {{"", ".dcm.gz"}, {NULL, NULL}}},
};

static bool name_matches(const char *name, mark m)
{
    hl_str text = hl_str_of(name);

    if (!*m.head)
        return hl_str_ends(text, m.tail);
    if (!*m.tail)
        return strcmp(name, m.head) == 0;
    return hl_str_starts(text, m.head) && hl_str_ends(text, m.tail);
}

static bool has(const hl_names *names, mark m)
{
    for (size_t i = 0; i < names->n; i++)
        if (name_matches(names->name[i], m))
            return true;
    return false;
}

static const layout *layout_of(const hl_names *names)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const layout *l = &layouts[i];
        if (has(names, l->has[0]) && (!l->has[1].head || has(names, l->has[1])))
            return l;
    }
    return NULL;
}

static hl_code fail_unknown(hl_inspect *in, const hl_names *names, hl_error *err)
{
    hl_buf some = {0};
    char show[HL_SHOW_BYTES];

    for (size_t i = 0; i < names->n && i < 3; i++)
        hl_buf_printf(&some, "%s%s", i ? ", " : "", hl_show(hl_str_of(names->name[i]), show));
    hl_code c = hl_fail_at(err, HL_E_LIMIT, in->path, 0, -1, "not a layout hilum knows (%s%s%s)",
                           names->n ? "holds " : "empty", some.at ? some.at : "",
                           names->n > 3 ? ", ..." : "");
    hl_buf_free(&some);
    return c;
}

static hl_code put_names(hl_inspect *in, const hl_names *names, hl_error *err)
{
    hl_grid grid = hl_grid_new(in->arena, "lr");
    hl_code c = HL_OK;

    hl_json_put_key(in->json, "entries");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < names->n && c == HL_OK; i++) {
        char path[HL_PATH_BYTES], size[HL_SIZE_CHARS];
        struct stat st;
        c = hl_path_join(in->path, names->name[i], path, err);
        if (c != HL_OK)
            break;
        bool there = stat(path, &st) == 0, folder = there && S_ISDIR(st.st_mode);
        hl_json_open(in->json, '{');
        hl_inspect_put_text(in, "name", hl_str_of(names->name[i]));
        hl_inspect_put_text(in, "type", hl_str_of(folder ? "folder" : "file"));
        if (there && !folder)
            hl_inspect_put_int(in, "bytes", (int64_t)st.st_size);
        hl_json_close(in->json, '}');
        if (i >= SHOWN_NAMES)
            continue;
        hl_grid_show(&grid, hl_str_of(names->name[i]));
        hl_grid_cell(&grid, "%s",
                     folder  ? "folder"
                     : there ? hl_size_text((int64_t)st.st_size, size)
                             : "a link to nothing");
    }
    hl_json_close(in->json, ']');
    if (names->n > SHOWN_NAMES) {
        hl_grid_cell(&grid, "and %zu more", names->n - SHOWN_NAMES);
        hl_grid_cell(&grid, "%s", "");
    }
    hl_code printed = hl_grid_print(&grid, in->text, err);
    return c == HL_OK ? printed : c;
}

/* The manifest says more than the names do. */
static hl_code describe_output(hl_inspect *in, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_inspect manifest = *in;
    hl_code c = hl_path_join(in->path, "manifest.json", path, err);

    manifest.path = path;
    return c == HL_OK ? hl_inspect_json(&manifest, err) : c;
}

hl_code hl_inspect_folder(hl_inspect *in, hl_error *err)
{
    hl_names names = {0};
    char n[32];
    hl_code c = hl_list_folder(in->path, &names, err);

    if (c != HL_OK)
        return c;
    const layout *l = layout_of(&names);
    if (!l) {
        c = fail_unknown(in, &names, err);
    } else if (strcmp(l->kind, "hilum-output") == 0) {
        c = describe_output(in, err);
    } else {
        hl_inspect_title(in, l->kind, "folder, %s, %s entr%s", l->title,
                         hl_count_text((int64_t)names.n, n), names.n == 1 ? "y" : "ies");
        hl_buf_char(in->text, '\n');
        c = put_names(in, &names, err);
    }
    hl_names_free(&names);
    return c;
}
