"""Announcers: what tells discovery where servers listen."""
