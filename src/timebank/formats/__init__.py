"""Files and pages: what comes in and goes out. Standard library only."""
