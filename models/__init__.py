"""What is trained: semantic hierarchies and the networks that learn them."""
