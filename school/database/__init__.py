"""The school's one database: the directory and everything that must survive a restart.

SQLite in a file by default, PostgreSQL by URL. The modules inside Synapse only read the directory.
"""
