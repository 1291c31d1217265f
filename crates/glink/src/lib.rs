//! glink, the linker that makes loadable guest images.
