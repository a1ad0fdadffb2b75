"""What commands answer: first as plain data (for `--json`), then printed for a person."""
