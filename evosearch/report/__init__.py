"""What commands answer: first as plain data (for `--json`), then for a person."""
