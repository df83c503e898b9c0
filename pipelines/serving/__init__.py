"""The service: one small ASGI app that answers from a model artifact, over REST, the inference protocol and a page."""
