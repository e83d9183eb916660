"""What staff of a scheme can ask for; plain functions, unit of work first."""
