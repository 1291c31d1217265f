//! hvrun, which assembles, links and boots guests on the hypervisor core.
//!
//! [`run`] is the program: command line → guests → hypervisor → report. Everything that touches the operating
//! system goes through `host`, so the suites call it in process.

pub mod cli;
mod config;
mod console;
mod crash;
mod diagnosis;
mod drive;
mod guest;
pub mod loader;
mod report;
mod reporter;
pub mod spec;
mod swap;
mod symbols;
pub mod values;
mod wall;
mod watch;
mod world;

use cli::{Colour, Machine, Options};
use console::{Console, End, Outside};
use diag::{Diagnostic, codes};
use drive::Drives;
use guest::Guest;
use guest_abi::Status;
use host::{FileKind, Host};
use hvcore::{AddVmError, Hypervisor, HypervisorConfig, VmConfig};
use reporter::Reporter;
use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;
use swap::SwapFile;
use watch::Watcher;
use world::World;

/// The program: `arguments` begins with its name; gives the exit status.
pub fn run(arguments: &[OsString], host: &mut dyn Host) -> u8 {
    let mut options = match cli::parse(arguments) {
        Ok(options) => options,
        Err(error) => return usage(&error, host),
    };
    if let Some(code) = &options.explain {
        return explain(code, host);
    }
    let colour = match options.color {
        Colour::Auto => host.stderr_is_terminal(),
        Colour::Always => true,
        Colour::Never => false,
    };
    let mut reporter = Reporter::new(colour, options.json.clone());
    if let Some(folder) = &options.export_lib {
        return export(folder, &mut reporter, host);
    }
    if let Some(path) = &options.config {
        match config::load(path, arguments, &mut reporter.sources, host) {
            Ok(both) => options = both,
            Err(problems) => {
                reporter.show(host, &problems);
                return end(&mut reporter, host, Status::Failure);
            }
        }
    }
    let Some(guests) = guest::prepare(&options, &mut reporter, host) else {
        return end(&mut reporter, host, Status::Refused);
    };
    let (mut hypervisor, outside) = match assemble_machine(&options, &guests, &mut reporter, host) {
        Ok(machine) => machine,
        Err((problem, status)) => {
            reporter.show(host, &[problem]);
            return end(&mut reporter, host, status);
        }
    };
    if let Some(path) = &options.dump_dtb {
        let tree = hypervisor.vms().first().map_or(&[][..], |vm| vm.memory().devicetree());
        if let Err(error) = host.write(path, tree, FileKind::Plain) {
            reporter.show(host, &[Diagnostic::new(&codes::E0611, format!("cannot write {} (--dump-dtb): {error}", path.display()))]);
            return end(&mut reporter, host, Status::Failure);
        }
        return 0;
    }
    let ended = boot(&mut hypervisor, outside, &options, &mut reporter, host);
    host.raw_terminal(false);
    report::conclude(&options, &guests, &hypervisor, &ended, &mut reporter, host)
}

/// clap's own words: help and version on standard output, errors on standard error.
fn usage(error: &clap::Error, host: &mut dyn Host) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        let text = if host.stderr_is_terminal() { text.ansi().to_string() } else { text.to_string() };
        let _ = host.stderr().write_all(text.as_bytes());
        return Status::Failure.code();
    }
    let text = if host.stdout_is_terminal() { text.ansi().to_string() } else { text.to_string() };
    print(&text, host)
}

/// A text that was asked for, to standard output.
fn print(text: &str, host: &mut dyn Host) -> u8 {
    let stdout = host.stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => 0,
        Err(_) => Status::Failure.code(),
    }
}

fn explain(code: &str, host: &mut dyn Host) -> u8 {
    match diag::explain(code) {
        Ok(page) => print(page, host),
        Err(unknown) => {
            let _ = writeln!(host.stderr(), "hvrun: {unknown}");
            Status::Failure.code()
        }
    }
}

fn end(reporter: &mut Reporter, host: &mut dyn Host, status: Status) -> u8 {
    // The run has failed already; a report that cannot be written is no more to say.
    let _ = reporter.finish(host);
    status.code()
}

/// `--export-lib`: the guest library as files, for other tools.
fn export(folder: &Path, reporter: &mut Reporter, host: &mut dyn Host) -> u8 {
    let files = [
        ("libhv.a", guest_lib::LIBHV_A),
        ("abi.s", guest_lib::ABI_S.as_bytes()),
        ("hv.h", guest_lib::HV_H.as_bytes()),
        ("hv.ld", glink::DEFAULT_SCRIPT.as_bytes()),
    ];
    if let Err(error) = host.create_folder(folder) {
        reporter.show(host, &[Diagnostic::new(&codes::E0611, format!("cannot make the folder {}: {error}", folder.display()))]);
        return end(reporter, host, Status::Failure);
    }
    for (name, bytes) in files {
        let path = folder.join(name);
        if let Err(error) = host.write(&path, bytes, FileKind::Plain) {
            reporter.show(host, &[Diagnostic::new(&codes::E0611, format!("cannot write {}: {error}", path.display()))]);
            return end(reporter, host, Status::Failure);
        }
    }
    0
}

/// The hypervisor with all guests added, and what they see of the world.
fn assemble_machine(options: &Options, guests: &[Guest], reporter: &mut Reporter, host: &mut dyn Host) -> Result<(Hypervisor, Outside), (Diagnostic, Status)> {
    let (mut config, new_vm): (HypervisorConfig, fn(&str) -> VmConfig) = match options.machine {
        Machine::Virt => (HypervisorConfig::virt(), VmConfig::virt),
        Machine::Classic => (HypervisorConfig::classic(), VmConfig::classic),
    };
    config.host_memory_bytes = options.host_memory.unwrap_or(config.host_memory_bytes);
    config.slice = options.slice.unwrap_or(config.slice);
    let mut hypervisor = Hypervisor::with_engine(config, options.engine.into());
    let (seed, rtc_start) = wall::seed_and_time(options, host).map_err(|problem| (problem, Status::Failure))?;
    let mut drives = Drives::default();
    for guest in guests {
        let spec = &guest.spec;
        let mut vm = new_vm(&guest.name);
        if let Some(bytes) = spec.memory.or(options.guest_memory) {
            vm.ram_bytes = u32::try_from(bytes).map_err(|_| {
                let message = format!("guest `{}`: {bytes} bytes of RAM are more than a guest can have (2 GiB)", guest.name);
                (spec.locate("mem", Diagnostic::new(&codes::E0605, message)), Status::Failure)
            })?;
        }
        vm.isa = guest.isa(options, vm.isa);
        vm.max_reboots = options.max_reboots;
        vm.max_steps = options.max_instructions;
        vm.seed = seed;
        vm.rtc_start = rtc_start;
        vm.boot_args.clone_from(spec.boot_args.as_ref().unwrap_or(&options.boot_args));
        let (devices, warnings) = drives.add_guest(&spec.devices, host).map_err(|problem| (problem, Status::Failure))?;
        reporter.show(host, &warnings);
        vm.devices = devices;
        vm.share = guest.share();
        if let Some(path) = &spec.initrd {
            let data = host.read(path).map_err(|error| {
                let problem = Diagnostic::new(&codes::E0601, format!("cannot read {} (--initrd): {error}", path.display()));
                (spec.locate("initrd", problem), Status::Failure)
            })?;
            vm.initrd = Some(data.shared());
        }
        hypervisor.add_vm(guest.loaded.image.clone(), vm).map_err(|error| add_refused(guest, &error))?;
    }
    let limited = hypervisor.config().host_memory_bytes != u64::MAX || guests.iter().any(|guest| guest.share().limit != u32::MAX);
    match &options.swap {
        Some(off) if off.as_os_str() == "off" => {}
        None if !limited => {}
        folder => match SwapFile::new(folder.as_deref(), host) {
            Ok(file) => hypervisor.set_swap(Box::new(file)),
            Err(problem) => return Err((options.locate("swap", problem), Status::Failure)),
        },
    }
    let outside = wall::open(options, guests, drives, reporter, host).map_err(|problem| (problem, Status::Failure))?;
    Ok((hypervisor, outside))
}

fn add_refused(guest: &Guest, error: &AddVmError) -> (Diagnostic, Status) {
    let refused = |what: &str| Diagnostic::new(&codes::E0605, format!("guest `{}`: {what}", guest.name));
    let (key, diagnostic, status) = match error {
        AddVmError::DoesNotFit { ram_bytes, needed, .. } => {
            let message = format!("guest `{}` has {ram_bytes} bytes of RAM, its image needs {needed}", guest.name);
            ("mem", with_sizes(Diagnostic::new(&codes::E0604, message), guest), Status::Refused)
        }
        AddVmError::Devicetree { .. } => ("mem", with_sizes(Diagnostic::new(&codes::E0604, format!("guest `{}`: {error}", guest.name)), guest), Status::Refused),
        AddVmError::Initrd { .. } => ("initrd", with_sizes(Diagnostic::new(&codes::E0604, format!("guest `{}`: {error}", guest.name)), guest), Status::Refused),
        AddVmError::TooManyGuests { .. } => ("guest", refused(&error.to_string()).help("leave one out, or use `--machine virt`"), Status::Failure),
        AddVmError::RamSize { .. } => ("mem", refused(&error.to_string()).help("give a size such as `--guest-memory 64K`"), Status::Failure),
        AddVmError::TooManyDevices { .. } => ("device", refused(&error.to_string()).help("leave one out"), Status::Failure),
        AddVmError::BootArgs => ("append", refused(&error.to_string()), Status::Failure),
    };
    (guest.spec.locate(key, diagnostic), status)
}

fn with_sizes(diagnostic: Diagnostic, guest: &Guest) -> Diagnostic {
    let mut sizes = String::from("bytes by section:");
    for section in &guest.loaded.sections {
        sizes.push_str(&format!("\n  {:<20} {:>10}", section.name, section.size));
    }
    diagnostic.note(sizes).help("give the guest more memory with `--guest-memory`, or put its sections together with `-N`")
}

/// Runs the guests until all have stopped or the run is cut short.
fn boot(hypervisor: &mut Hypervisor, outside: Outside, options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> End {
    host.catch_signals();
    let world = World { host: RefCell::new(host), reporter: RefCell::new(reporter), trace_broken: RefCell::new(None) };
    let names = hypervisor.vms().iter().map(|vm| vm.name().to_string()).collect();
    let mut console = Console::new(&world, names, outside, options.clock, options.max_output, options.timeout);
    let mut watcher = Watcher::new(&world, options.trace);
    hypervisor.run(&mut console, &mut watcher);
    watcher.finish();
    console.finish()
}
