"""Synapse is loaded once, before the tests make errors of warnings: some of those are Twisted's and Synapse's own."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import synapse.module_api  # noqa: F401 - loading it is the point
