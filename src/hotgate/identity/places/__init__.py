"""Where in a request a credential may stand, how it is read, and how it is taken out."""
