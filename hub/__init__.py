"""The configuration and the spawner of the JupyterHub that gives every data scientist a server on Kubernetes."""
