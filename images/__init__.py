"""Build Stillhouse's images (`python -m images`): contexts, the tool that builds, the layout they lie in, SBOMs.

A folder an image: its Dockerfile, and what it is locked to. `serving` has no Dockerfile: `pipelines.image` makes it.
"""
