"""What a face may ask for, one desk a subject: each puts the request to the core's loop."""
