//! hvrun, which assembles, links and boots guests on the hypervisor core.
