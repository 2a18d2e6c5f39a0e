"""Pages for people, made from results: README, docs, the theory."""
