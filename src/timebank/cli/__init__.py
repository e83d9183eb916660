"""The command line: every action and every report of timebank, for people and for scripts."""
