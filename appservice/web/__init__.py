"""The school's web pages. Where is what:

* `routes`: every address, and which page answers there; `pages`: the pages; `templates`, `static`: how they look;
  `texts`: what they say, in each language.
* `visit`: what every page is given; `forms`: what browsers send; `problems`: what can go wrong.
* `identity`: who somebody is; `links`: personal links from the bot; `cookies`: what browsers keep; `limits`: how often
  something may be tried.
* `host`: around all of it; `site`: what the pages know of school.yaml.
* `page_sets`: how other packages bring pages of their own.

A new page is a function of a `Visit`, a template, its sentences, and a line in `routes`.
"""
