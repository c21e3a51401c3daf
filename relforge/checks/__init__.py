"""The release tests itself: whether the assembled tree is fit to ship."""
