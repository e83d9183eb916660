"""The commands, one group a file: each has ``register(app)``."""
