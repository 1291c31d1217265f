//! End-to-end suites of hvkit.
