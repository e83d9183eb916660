"""Where facts are kept: the ports in dictionaries and in SQL."""
