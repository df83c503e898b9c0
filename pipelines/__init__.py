"""Stillhouse's pipelines: run an analysis, gate it, record it, package its model, and serve it."""
