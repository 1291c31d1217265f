//! The map: what is where, and why it is there.
