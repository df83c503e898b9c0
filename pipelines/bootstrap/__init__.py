"""Sets the checkout up: looks for what the machine lacks, gets uv, installs the locked packages into `.venv`.

It runs before anything is installed (`python3 -m pipelines.bootstrap`), so it imports the standard library
only, and any Python since 3.8 can read it, far enough to say which Python is needed.
"""
