"""How a configuration speaks of LDAP directories: filters and distinguished names with places for what clients send."""
