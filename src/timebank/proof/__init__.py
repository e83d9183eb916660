"""Tamper evidence: how facts are encoded for sealing, and the tree of RFC 6962. Pure."""
