"""Attribution of any training run from Python: checkpoints in, influence over training out."""
