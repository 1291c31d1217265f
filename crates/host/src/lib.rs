//! The operating system as the programs see it: files, standard streams, terminal.
