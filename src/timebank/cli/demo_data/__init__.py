"""The demo's people and their half year: synthetic, made by ``scripts/make_demo_data.py``."""
