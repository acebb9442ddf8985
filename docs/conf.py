"""Settings of the documentation site, which `make docs` builds with Sphinx."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))

import generated_pages  # noqa: E402  (found through the path above)
from pygments.lexers.special import TextLexer  # noqa: E402
from sphinx.highlighting import lexers  # noqa: E402

lexers["csv"] = TextLexer()

generated_pages.write(DOCS)

project = "latent-audit"
author = "the authors of latent-audit"
project_copyright = "the authors of latent-audit, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["notebooks/*.ipynb", "embedded/**"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# Files of the repository that pages link to are shown as text beside the page; Sphinx copies them.
suppress_warnings = ["myst.xref_missing"]
autodoc_member_order = "bysource"
# Docstrings name the papers and pages behind a function in a section of this name.
napoleon_custom_sections = ["Source"]
autodoc_typehints = "description"
nitpicky = False

html_theme = "furo"
html_title = "latent-audit"
html_static_path: list[str] = []
# Reports of the gallery, which its pages embed.
html_extra_path = ["embedded"]
# No address of another host in any page: the site is read offline.
html_theme_options = {"top_of_page_buttons": []}
html_show_sphinx = False
