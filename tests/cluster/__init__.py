"""A real Kubernetes for the tests: the one that is given, kind's, or one built here from packages."""
