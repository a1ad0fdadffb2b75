"""What the command line can do; heavy imports stay inside the functions."""
