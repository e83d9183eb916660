"""Where facts are kept: the ports of `ports.py` in dictionaries and in SQL."""
