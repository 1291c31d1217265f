//! The cached interpreter against the stepper, in lock-step, at length.
//!
//! `cargo xtask oracle --steps 100000000 --seed 7`, or `cargo run --release -p hvcore --example oracle -- …`. Ends with 1 and
//! the fields that differ if they do; `--program SEED` runs the one program that a difference names.
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use hvcore::EngineKind;
use hvcore::oracle::{Random, random_program, random_programs, words};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut steps, mut seed, mut count, mut program) = (10_000_000, 1, 1_000_000, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|text| number(&text));
        match (name.as_str(), value) {
            ("--steps", Some(value)) => steps = value,
            ("--seed", Some(value)) => seed = value,
            ("--words", Some(value)) => count = value,
            ("--program", Some(value)) => program = Some(value),
            _ => {
                println!("usage: oracle [--steps N] [--seed N] [--words N] [--program SEED]");
                return ExitCode::FAILURE;
            }
        }
    }
    let result = match program {
        Some(seed) => random_program(EngineKind::Cached, seed).map(|compared| println!("{compared}")),
        None => all(steps, seed, count),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(difference) => {
            println!("{difference}");
            ExitCode::FAILURE
        }
    }
}

fn all(steps: u64, seed: u64, count: u64) -> Result<(), hvcore::oracle::Difference> {
    println!("random programs, seed {seed}:");
    let compared = random_programs(EngineKind::Cached, seed, steps, |so_far| println!("  {so_far}"))?;
    println!("  {compared}: no difference");
    let halves = words((0..0x1_0000u32).filter(|half| half & 3 != 3))?;
    let mut random = Random::new(seed);
    let random_words = words((0..count).map(|_| random.word() | 3))?;
    println!("single instructions: {halves} of 16 bits (every one), {random_words} random ones of 32 bits, in both modes: no difference");
    Ok(())
}

fn number(text: &str) -> Option<u64> {
    let text = text.replace('_', "");
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
