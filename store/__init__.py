"""Remembers: scoped repositories over MongoDB, the only floor that knows pymongo and bson."""
