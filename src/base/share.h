/*
 * share.h - where the data that ships with hilum lies: recipes, lexicon, web pages.
 */
#ifndef HL_BASE_SHARE_H
#define HL_BASE_SHARE_H

#include "base/io.h"

/*
 * Path of a shipped file or folder, e.g. "recipes/symile-mimic-1.0.json". Looked for, in this
 * order:
 *
 *   the source's share/                 when this code runs from its build folder
 *   HERE/share, HERE/../share/hilum,    HERE = the folder of this library, or of the program that
 * it is HERE/../../share/hilum              linked into: a tree may be moved as a whole the
 * share/hilum of the prefix that it was configured for
 *
 * HL_E_INPUT when it is in none of them; the message lists them.
 */
hl_code hl_share_path(const char *name, char out[HL_PATH_BYTES], hl_error *err);

#endif
