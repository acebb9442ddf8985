"""What the documents claim about speed, measured beside peers and beside what the machine can do."""
