"""What can be opened over the first screen; each file one screen, loaded when first needed."""
