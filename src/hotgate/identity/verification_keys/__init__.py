"""The keys of issuers, that verify their tokens: read from JWKS documents, replaced as a whole."""
