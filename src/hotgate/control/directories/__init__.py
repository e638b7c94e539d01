"""LDAP directories that know names, passwords and groups (RFC 4511). Begin with `directory`, what a login asks of one.

The syntax of messages comes from pyasn1-modules. The few operations on a connection are our own lines, because no LDAP
library for Python is both kept up and installable without a compiler.
"""
