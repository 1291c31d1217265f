//! What stands between the guests and the world outside: where consoles are, the seed, the time of day.

use crate::cli::Options;
use crate::console::{Escape, Input, Outside, Output, Sink};
use crate::drive::Drives;
use crate::guest::Guest;
use crate::reporter::Reporter;
use crate::values::{ConsoleWhere, RtcStart, Seed};
use diag::{Diagnostic, codes};
use host::Host;
use std::path::PathBuf;

/// `--seed`, and `--rtc` in nanoseconds since 1970.
pub fn seed_and_time(options: &Options, host: &mut dyn Host) -> Result<(u64, u64), Diagnostic> {
    let seed = match options.seed {
        Seed::Number(number) => number,
        Seed::Host => host.random().map_err(|error| Diagnostic::new(&codes::E0601, format!("the system gives no random number (--seed host): {error}")))?,
    };
    let nanoseconds = match options.rtc {
        RtcStart::At(seconds) => seconds * 1_000_000_000,
        RtcStart::Host => u64::try_from(host.unix_time().as_nanos()).unwrap_or(u64::MAX),
    };
    Ok((seed, nanoseconds))
}

/// Opens every guest's console. Standard input belongs to the first guest that has no terminal and no file for it.
pub fn open(options: &Options, guests: &[Guest], drives: Drives, reporter: &mut Reporter, host: &mut dyn Host) -> Result<Outside, Diagnostic> {
    let mut outside = Outside { inputs: Vec::new(), outputs: Vec::new(), output_of: Vec::new(), drives };
    let mut standard: Option<usize> = None;
    let mut files: Vec<(PathBuf, usize)> = Vec::new();
    let mut stdin_taken = false;
    let mut raw = false;
    for (number, guest) in guests.iter().enumerate() {
        let spec = &guest.spec;
        let place = |diagnostic: Diagnostic| if spec.console.is_some() { spec.locate("console", diagnostic) } else { options.locate("console", diagnostic) };
        let console = spec.console.as_ref().unwrap_or(&options.console);
        let mut input = None;
        let output = match console {
            ConsoleWhere::Stdio | ConsoleWhere::Raw => {
                raw |= *console == ConsoleWhere::Raw;
                *standard.get_or_insert_with(|| {
                    outside.outputs.push(Output::new(Sink::Standard));
                    outside.outputs.len() - 1
                })
            }
            ConsoleWhere::File(path) => match files.iter().find(|(other, _)| other == path) {
                Some((_, at)) => *at,
                None => {
                    let file = host.create(path).map_err(|error| place(Diagnostic::new(&codes::E0611, format!("cannot write {} (--console): {error}", path.display()))))?;
                    outside.outputs.push(Output::new(Sink::File(file)));
                    files.push((path.clone(), outside.outputs.len() - 1));
                    outside.outputs.len() - 1
                }
            },
            ConsoleWhere::Pty => {
                let terminal = host.open_terminal().map_err(|error| place(Diagnostic::new(&codes::E0610, format!("cannot make a terminal for guest `{}` (--console pty): {error}", guest.name))))?;
                reporter.say(host, &format!("hvrun: the console of guest `{}` is {}", guest.name, terminal.path()));
                outside.outputs.push(Output::new(Sink::Terminal(terminal)));
                input = Some(Input::Terminal);
                outside.outputs.len() - 1
            }
        };
        outside.output_of.push(output);
        // `--stdin` is the first guest's.
        let file = spec.stdin.as_ref().or(options.stdin.as_ref().filter(|_| number == 0));
        outside.inputs.push(match (file, input) {
            (Some(path), _) => {
                let problem = |error| spec.locate("stdin", Diagnostic::new(&codes::E0601, format!("cannot read {} (--stdin): {error}", path.display())));
                Input::File { data: host.read(path).map_err(problem)?, at: 0 }
            }
            (None, Some(input)) => input,
            (None, None) if stdin_taken => Input::None,
            (None, None) => {
                stdin_taken = true;
                Input::Standard { kind: host.stdin_kind(), ended: false, escape: None }
            }
        });
    }
    if raw && host.raw_terminal(true) {
        let standard = outside.inputs.iter_mut().find_map(|input| if let Input::Standard { escape, .. } = input { Some(escape) } else { None });
        if let Some(escape) = standard {
            *escape = Some(Escape::default());
        }
        reporter.say(host, "hvrun: Ctrl-A x ends the run, Ctrl-A Ctrl-A is one for the guest");
    }
    Ok(outside)
}
