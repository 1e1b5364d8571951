"""How Sphinx builds the site; `python -m docs` calls it."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))
sys.path.insert(0, str(DOCS / 'extensions'))

import minigrad  # noqa: E402

project = 'minigrad'
author = 'the minigrad authors'
copyright = author
release = version = minigrad.__version__

extensions = [
    'myst_nb',  # pages and notebooks in Markdown
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
    'mathml',  # ours: formulas without another host
    'translated',  # ours: the course is translated whole
    'reference',  # ours: a page for each public name, made from its docstring
    'other_names',  # ours: PyTorch's and Keras's names; after the folder is made
]

root_doc = 'index'
exclude_patterns = ['_build', 'extensions', 'locale', 'templates']
default_role = 'py:obj'  # `name` links to a page where there is one
nitpicky = False

language = 'en'
locale_dirs = ['locale']
gettext_compact = 'pages'  # one catalogue for all pages
gettext_uuid = False

html_math_renderer = 'mathml'
html_theme = 'furo'  # light and dark, searched without a server
html_title = 'minigrad'
html_static_path = ['static']
html_css_files = ['site.css']
templates_path = ['templates']
html_sidebars = {
    '**': [
        'sidebar/brand.html',
        'sidebar/search.html',
        'sidebar/languages.html',  # ours: the same page in the other language
        'sidebar/scroll-start.html',
        'sidebar/navigation.html',
        'sidebar/scroll-end.html',
    ]
}
html_show_sphinx = False
html_copy_source = False

autodoc_typehints = 'none'  # the docstrings say more: shapes, dtypes, units
autodoc_member_order = 'bysource'
autodoc_class_signature = 'mixed'
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ['See Also']

myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath', 'attrs_inline']
myst_heading_anchors = 3
nb_execution_mode = 'cache'  # the second language does not run it all again
nb_execution_cache_path = str(DOCS / '_build' / '.jupyter_cache')
nb_execution_timeout = 900  # of a cell, which takes seconds on a quiet machine
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_render_markdown_format = 'myst'  # cells may print tables

suppress_warnings = ['mystnb.unknown_mime_type']
