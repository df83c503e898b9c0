"""Runs on a cluster: a commit's steps as an Argo Workflow, a pod a step; the release; the record.

Who trusts whom. A commit's own code (notebooks, gates, commands) runs in step pods and nowhere else: they hold no
credentials, and what they hand on is taken only where dvc.yaml declared it and only while it has the digest that the
controller noted. Everything else (watch, compile, release, record) is the image's code and never imports a checkout's.
"""
