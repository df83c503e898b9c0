"""Make a model's serving image (`assemble.assemble`), check it (`layout.verify`) and push it (`registry.push`).

Nothing is imported here, so that the command line, which knows this package's command, starts fast.
"""
