"""Methods of holding two models against each other, one a file."""
