"""One script per figure; each draws saved tables and computes nothing."""
