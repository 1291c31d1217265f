//! The cached interpreter against the stepper, in lock-step, on random programs.
#![allow(clippy::print_stdout, reason = "the test says how much it compared")]

use hvcore::EngineKind;
use hvcore::oracle::random_programs;

/// Steps of the run in the suite; `cargo xtask oracle` does more.
const STEPS: u64 = if cfg!(debug_assertions) { 3_000_000 } else { 20_000_000 };

#[test]
fn engines_agree_on_random_programs() {
    match random_programs(EngineKind::Cached, 1, STEPS, |_| {}) {
        Ok(compared) => {
            println!("{compared}");
            assert!(compared.steps >= STEPS && compared.traps > STEPS / 100 && compared.instructions > STEPS / 4, "{compared}");
        }
        Err(difference) => panic!("{difference}"),
    }
}
