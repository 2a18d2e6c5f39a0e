"""What is measured: posterior samples, influence, its events, and the claims they decide."""
