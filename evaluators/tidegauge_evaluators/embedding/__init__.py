"""Texts as vectors, and whether two logs' vectors are of one distribution."""
