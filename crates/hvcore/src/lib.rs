//! The hypervisor core: vCPU, memory, translation, exits, hypercalls, devices, scheduling.
