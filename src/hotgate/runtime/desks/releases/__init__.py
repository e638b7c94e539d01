"""Releases and versions: which upstream gets what (`release_desk`, kept by `kept_releases`), who uses which version."""
