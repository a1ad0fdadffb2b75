"""What the command line can do, a command a file; heavy imports stay in functions."""
