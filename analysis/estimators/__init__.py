"""Estimators of influence, one file each; `base` says what one is and finds them."""
