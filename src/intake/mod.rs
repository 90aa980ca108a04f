//! Sources of documents: the drop folder, the fax spool and files handed over on the command line.
