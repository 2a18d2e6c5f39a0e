"""Pictures of a reader's own run."""
