//! The guest library: hypercall wrappers in assembly, assembled at build time into libhv.a.
