"""Peers as programs of their own: each runs in its own environment and imports nothing of ours.

Each reads one line of JSON with where to work, says ``ready``, and then for each line
``[calls, batch]`` makes so many commits of so many transfers and says ``done``.
"""
