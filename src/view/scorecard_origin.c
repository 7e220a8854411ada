/* The sections of a scorecard that say how the cohort was made and how to prove it. */
#include "view/scorecard_page.h"

#include "base/html.h"

/* --- tensors -------------------------------------------------------------------------------- */

void hl_card_put_tensors(hl_buf *to, const hl_card *card)
{
    const hl_json_value *outputs = hl_json_get(card->pack_root, "outputs");
    const hl_json_value *arrays = hl_json_get(outputs, "arrays");
    const hl_json_value *tree = hl_json_get(outputs, "tree");

    if (hl_json_count(arrays) == 0)
        return;
    hl_card_section(to, "tensors", "Tensors", "The arrays that were packed from this cohort.");
    hl_buf_text(to, "<p>");
    hl_html_count(to, (int64_t)hl_json_count(arrays));
    hl_buf_text(to, " arrays, ");
    hl_html_count(to, hl_json_int(hl_json_get(tree, "bytes")));
    hl_buf_printf(to, " bytes in all. Manifest <code class=\"hex\">%s</code></p>\n", card->pack_id);
    hl_buf_text(to,
                "<details><summary>Names, types and shapes</summary>\n<div class=\"scroll\" "
                "tabindex=\"0\" role=\"region\" aria-label=\"Tensors\">"
                "<table class=\"plain\"><thead><tr><th scope=\"col\">File</th>"
                "<th scope=\"col\">Type</th><th scope=\"col\">Shape</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < hl_json_count(arrays); i++) {
        const hl_json_value *array = hl_json_at(arrays, i), *shape = hl_json_get(array, "shape");
        hl_buf_text(to, "<tr><th scope=\"row\"><code>");
        hl_html_text(to, hl_json_text(hl_json_get(array, "path")));
        hl_buf_text(to, "</code></th><td>");
        hl_html_text(to, hl_json_text(hl_json_get(array, "dtype")));
        hl_buf_text(to, "</td><td>");
        for (size_t k = 0; k < hl_json_count(shape); k++) {
            hl_buf_text(to, k ? " × " : "");
            hl_html_count(to, hl_json_int(hl_json_at(shape, k)));
        }
        hl_buf_text(to, "</td></tr>\n");
    }
    hl_buf_text(to, "</tbody></table></div></details>\n");
    hl_card_section_end(to);
}

/* --- errors --------------------------------------------------------------------------------- */

void hl_card_put_errors(hl_buf *to, const hl_card *card)
{
    const int64_t shown =
        card->n_errors < HL_CARD_SHOWN_ERRORS ? card->n_errors : HL_CARD_SHOWN_ERRORS;

    if (!card->errors_known)
        return;
    hl_card_section(to, "errors", "Errors",
                    "Items that could not be used, each with a row in <code>errors.csv</code>.");
    if (shown == 0)
        hl_buf_text(to, "<p>None.</p>\n");
    else
        hl_buf_text(to,
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Errors\">"
                    "<table class=\"plain\"><thead><tr><th scope=\"col\">Item</th>"
                    "<th scope=\"col\">Code</th><th scope=\"col\">Message</th></tr></thead>"
                    "<tbody>\n");
    for (int64_t i = 0; i < shown; i++) {
        hl_buf_text(to, "<tr><th scope=\"row\"><code>");
        hl_html_text(to, card->error[i].item);
        hl_buf_text(to, "</code></th><td>");
        hl_html_text(to, card->error[i].code);
        hl_buf_text(to, "</td><td>");
        hl_html_text(to, card->error[i].message);
        hl_buf_text(to, "</td></tr>\n");
    }
    if (shown > 0)
        hl_buf_text(to, "</tbody></table></div>\n");
    if (card->n_errors > shown) {
        hl_buf_text(to, "<p class=\"note\">The first ");
        hl_html_count(to, shown);
        hl_buf_text(to, " of ");
        hl_html_count(to, card->n_errors);
        hl_buf_text(to, ".</p>\n");
    }
    hl_card_section_end(to);
}

/* --- origin --------------------------------------------------------------------------------- */

static void put_job(hl_buf *to, const hl_card *card, hl_buf *json)
{
    const hl_json_value *job = hl_json_get(card->root, "job");
    const hl_json_value *program = hl_json_get(card->root, "program");
    const hl_json_value *options = hl_json_get(job, "options");

    hl_buf_text(to, "<dl class=\"origin\">\n<dt>Command</dt><dd><code>");
    hl_html_text(to, hl_json_text(hl_json_get(program, "name")));
    hl_buf_char(to, ' ');
    hl_html_text(to, hl_json_text(hl_json_get(job, "command")));
    hl_buf_text(to, "</code> <small>version ");
    hl_html_text(to, hl_json_text(hl_json_get(program, "version")));
    hl_buf_text(to, "</small></dd>\n<dt>Options</dt><dd>");
    for (size_t i = 0; i < hl_json_count(options); i++) {
        hl_json_writer w = hl_json_write_to(json, 0);
        hl_buf_clear(json);
        hl_json_put_value(&w, hl_json_at(options, i));
        hl_buf_text(to, i ? " <code>" : "<code>");
        hl_html_cstr(to, hl_json_key(options, i));
        hl_buf_text(to, " ");
        hl_html_text(to, (hl_str){json->at, json->n});
        hl_buf_text(to, "</code>");
    }
    if (hl_json_count(options) == 0)
        hl_buf_text(to, "none");
    hl_buf_text(to, "</dd>\n<dt>Recipe</dt><dd><code>");
    hl_html_text(to, card->recipe_name);
    hl_buf_text(to, "</code> <code class=\"hex\">");
    hl_html_text(to, card->recipe_sha256);
    hl_buf_text(to, "</code></dd>\n<dt>Manifest</dt><dd><code class=\"hex\">");
    hl_html_cstr(to, card->manifest_id);
    hl_buf_text(to, "</code></dd>\n</dl>\n");
}

static void put_inputs(hl_buf *to, const hl_card *card)
{
    const hl_json_value *inputs = hl_json_get(card->root, "inputs");

    if (hl_json_count(inputs) == 0)
        return;
    hl_buf_text(to, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Inputs\">"
                    "<table class=\"plain\"><caption>Inputs</caption><thead><tr>"
                    "<th scope=\"col\">Role</th><th scope=\"col\">Kind</th>"
                    "<th scope=\"col\">Files read</th><th scope=\"col\">Bytes</th>"
                    "<th scope=\"col\">Digest of all that was read</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        const hl_json_value *input = hl_json_at(inputs, i), *read = hl_json_get(input, "read");
        hl_buf_text(to, "<tr><th scope=\"row\">");
        hl_html_text(to, hl_json_text(hl_json_get(input, "role")));
        hl_buf_text(to, "</th><td>");
        hl_html_text(to, hl_json_text(hl_json_get(input, "kind")));
        hl_buf_text(to, "</td><td class=\"n\">");
        hl_html_count(to, hl_json_int(hl_json_get(read, "files")));
        hl_buf_text(to, "</td><td class=\"n\">");
        hl_html_count(to, hl_json_int(hl_json_get(read, "bytes")));
        hl_buf_text(to, "</td><td><code class=\"hex\">");
        hl_html_text(to, hl_json_text(hl_json_get(read, "tree_sha256")));
        hl_buf_text(to, "</code></td></tr>\n");
    }
    hl_buf_text(to, "</tbody></table></div>\n");
}

static void put_proof(hl_buf *to, const hl_card *card)
{
    hl_buf_text(to,
                "<h3>Prove it</h3>\n<p>In the cohort’s folder; no hilum is needed.</p>\n"
                "<pre tabindex=\"0\"><code>sha256sum -c SHA256SUMS.txt   # the files are as they "
                "were made\nsha256sum manifest.json       # is ");
    hl_html_text(to, (hl_str){card->manifest_id, 16});
    hl_buf_text(to,
                "…\n</code></pre>\n<p class=\"note\">Made again from the same archives, with the "
                "same recipe, options and version, every file and the manifest come out with the "
                "same bytes. <code>inputs.csv.gz</code> lists each input file with its digest."
                "</p>\n");
}

hl_code hl_card_put_origin(hl_buf *to, const hl_card *card, hl_error *err)
{
    hl_buf json = {0};

    hl_card_section(to, "origin", "How it was made",
                    "Inputs, options and recipe decide every byte; nothing else does.");
    if (!card->root) {
        hl_buf_text(to,
                    "<p>There is no <code>manifest.json</code> in the folder: these tables were "
                    "not made by hilum, or the job did not end. Nothing says where they came "
                    "from.</p>\n");
        hl_card_section_end(to);
        return HL_OK;
    }
    put_job(to, card, &json);
    put_inputs(to, card);
    put_proof(to, card);
    if (hl_json_count(card->recipe) > 0) {
        hl_json_writer w = hl_json_write_to(&json, 2);
        hl_buf_clear(&json);
        hl_json_put_value(&w, card->recipe);
        hl_buf_text(to,
                    "<details><summary>The recipe, whole</summary>\n<pre tabindex=\"0\"><code>");
        hl_html_text(to, (hl_str){json.at, json.n});
        hl_buf_text(to, "\n</code></pre></details>\n");
    }
    hl_card_section_end(to);
    hl_code c = hl_buf_check(&json, "recipe", err);
    hl_buf_free(&json);
    return c;
}
