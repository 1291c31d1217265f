//! glink, the linker that makes loadable guest images.
//!
//! Objects and archives become a static ELF32 image with the `HVK` note of the platform, laid out by
//! the built-in layout or by a linker script. Phases are the modules, in the order in which [`link`]
//! calls them; each borrows what the earlier ones made and changes none of it.
//!
//! The linker knows relocations and layouts. It knows neither mnemonics nor the terminal.

mod addresses;
mod apply;
mod archive;
mod attributes;
mod build_id;
mod cli;
mod compressed;
mod eh_frame;
mod emit_relocs;
mod fill;
mod flat;
mod image;
mod indirect;
mod just_symbols;
mod layout;
mod link_order;
mod live;
mod load;
mod map;
mod merge;
mod names;
mod numbering;
mod object_file;
mod object_writer;
mod options;
mod parallel;
mod plan;
mod problem;
mod raw;
mod relax;
mod relocatable;
mod report;
mod reproduce;
mod resolve;
mod scan;
mod script;
mod segments;
mod source_lines;
mod startup;
mod strangers;
mod strings;
mod symtab;
mod synthetic;
mod warnings;

pub use build_id::BuildId;
pub use cli::run;
pub use compressed::Compress;
pub use options::{Defsym, Discard, Format, InputSpec, Options, Orphans, SortCommon, SortSections, Startup, Strip, Unresolved};

use addresses::Shapes;
use apply::Linked as Final;
use diag::{Diagnostic, Severity, Sources, codes};
use host::Files;
use layout::{Inputs, Layout};
use problem::Problem;
use resolve::{Definition, Place, Resolved, SymbolId};
use script::ast::{Assigns, Assignment, Content, Expr, Fill, Script, Statement};
use synthetic::Got;

/// The default layout as a linker script, which GNU ld reads too.
pub const DEFAULT_SCRIPT: &str = script::DEFAULT;

/// Every word that scripts have: commands, functions, attributes.
pub fn script_words() -> impl Iterator<Item = &'static str> {
    script::words::all()
}

/// The words of the commands that scripts of the MRI linker have.
pub fn mri_words() -> impl Iterator<Item = &'static str> {
    script::mri::words()
}

/// The reference of all options of the command line, in Markdown.
pub fn options_reference() -> String {
    cli::reference()
}

/// Every operator that scripts have.
pub fn script_operators() -> impl Iterator<Item = &'static str> {
    script::words::operators()
}

/// The outcome of a link.
#[derive(Debug, Default)]
pub struct Linked {
    /// The image; none if there were errors.
    pub image: Option<Vec<u8>>,
    /// The map, if it was asked for; also when the link failed, as far as it came.
    pub map: Option<String>,
    /// What was asked to be said besides: `--print-memory-usage`.
    pub report: String,
    /// What the script calls the image (`OUTPUT`).
    pub output: Option<String>,
    /// What kind of file the image is.
    pub format: Format,
    /// The files that took part, in their order.
    pub inputs: Vec<String>,
    /// The object with the image's global symbols (`--out-implib`).
    pub import_library: Option<Vec<u8>>,
    /// Errors, warnings and notes, in order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Links. `sources` gets the texts that diagnostics point into; `files` opens inputs, libraries,
/// scripts and the sources that line tables name.
pub fn link(specs: &[InputSpec], options: &Options, sources: &mut Sources, files: &mut dyn Files) -> Linked {
    let mut problems: Vec<Problem> = Vec::new();
    let script = match script::read::read(sources, options, files) {
        Ok(script) => script,
        Err(diagnostics) => return Linked { diagnostics, ..Linked::default() },
    };
    let (inputs, script) = match load::load(specs, script, options, sources, files, &mut problems) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return Linked { diagnostics, ..Linked::default() },
    };
    let with_map = script.shows_map.then(|| Options { map: true, ..options.clone() });
    let options = with_map.as_ref().unwrap_or(options);
    let names = inputs.files.iter().map(|file| file.name.clone()).collect();
    let linked = link_files(&inputs, &script, options, sources, files, problems);
    Linked { output: script.output, format: options.format.or(script.format).unwrap_or_default(), inputs: names, ..linked }
}

/// Links what was read.
fn link_files(inputs: &load::Inputs, script: &Script, options: &Options, sources: &mut Sources, files: &mut dyn Files, mut problems: Vec<Problem>) -> Linked {
    // A script without ENTRY starts at `start` or, as nearly always, at the first code: as in GNU ld.
    let entry = options.entry.as_deref().or(script.entry.as_deref()).unwrap_or(if options.has_script() { "start" } else { "_start" }).to_string();
    let entry_is_wanted = !options.relocatable && (!options.has_script() || options.entry.is_some() || script.entry.is_some());
    let mut asked: Vec<&str> = options.undefined.iter().chain(&options.required).chain(&script.externs).map(String::as_str).collect();
    if entry_is_wanted && !entry.starts_with(|c: char| c.is_ascii_digit()) {
        asked.push(&entry);
    }
    let wrapped: Vec<(String, String)> = options.wrap.iter().flat_map(|name| [(name.clone(), format!("__wrap_{name}")), (format!("__real_{name}"), name.clone())]).collect();
    let mut resolved = resolve::resolve(inputs, options, &wrapped, &asked, &mut problems);
    say_without_code(&resolved, options, &mut problems);
    // What is missing or damaged would make everything else look wrong.
    if problems.iter().any(Problem::stops) {
        let map = options.map.then(|| map::unfinished(&resolved));
        return Linked { map, diagnostics: report::report(&resolved, problems, sources, files), ..Linked::default() };
    }
    if options.relocatable {
        return join(script, resolved, options, sources, files, problems);
    }
    let explained = startup::settle(&mut resolved, script, &entry, options, &mut problems);
    synthetic::allocate_commons(&mut resolved, options.sort_common);
    let mut got = Got::declare(&mut resolved);
    let indirect = indirect::declare(&mut resolved);
    let build_id = build_id::declare(&mut resolved, options);
    define_symbols(&mut resolved, script);
    say_overridden(&resolved, script, options, &mut problems);
    for name in &options.required {
        if let Some(symbol) = resolved.symbols.find(name.as_bytes()).filter(|&id| resolved.symbols.get(id).definition == Definition::Undefined) {
            let name = strings::text(resolved.symbols.get(symbol).name);
            let diagnostic = Diagnostic::new(&codes::E0515, format!("required symbol `{name}` not defined"));
            problems.push(Problem::Plain(Box::new(diagnostic.note("--require-defined asks for it").help(format!("define `{name}`, or give glink the object or library (-lNAME) that does")))));
        }
    }
    let mut plan = plan::plan(&resolved, script, options, &mut problems);
    define_bounds(&mut resolved, &plan);
    resolved.settle();
    if options.gc_sections {
        link_order::check_tables(&resolved, &plan, &mut problems);
    }
    let mut roots: Vec<SymbolId> = asked.iter().filter_map(|name| resolved.symbols.find(name.as_bytes())).collect();
    if options.gc_keep_exported {
        let exported = |symbol: &resolve::Symbol<'_>| matches!(symbol.visibility, object::elf::STV_DEFAULT | object::elf::STV_PROTECTED);
        roots.extend(resolved.symbols.iter().filter(|(_, symbol)| exported(symbol)).map(|(id, _)| id));
    }
    let reasons = live::collect(&resolved, &mut plan, &roots, options);
    if options.gc_sections && options.has_script() {
        plan.place_orphans_anew(&resolved, options);
    }
    let indirect = indirect::allocate(indirect, &mut resolved, &mut plan, !options.has_script(), &mut problems);
    scan::scan(&resolved, &plan, &mut got, &mut problems);
    warnings::find(&resolved, &plan, &mut problems);
    for (section, size) in got.sizes() {
        resolved.sections[section.0 as usize].section.size = size;
        plan.settle_table(&resolved, section);
    }
    plan.align_thread_block();
    plan.settle_text(options);
    strangers::check(&resolved, &plan, script, &mut problems);
    let undefined: Vec<SymbolId> = problems.iter().filter_map(|problem| if let Problem::Undefined { symbol, .. } = problem { Some(*symbol) } else { None }).collect();
    let forgiven: Vec<SymbolId> = undefined.iter().copied().filter(|&symbol| options.unresolved != Unresolved::Error || options.in_spite_of_errors || may_be_undefined(&resolved, options, symbol)).collect();
    if !forgiven.is_empty() {
        resolved.symbols.forgive(&forgiven);
        resolved.settle();
    }
    problems.retain(|problem| options.unresolved != Unresolved::Ignore || !matches!(problem, Problem::Undefined { .. }));
    problems.retain(|problem| !matches!(problem, Problem::Undefined { symbol, .. } if explained.contains(symbol) || may_be_undefined(&resolved, options, *symbol)));
    let attributes = attributes_of(&resolved, script, &mut problems);
    plan.has_attributes = attributes.section.is_some();
    if options.non_contiguous_regions {
        plan::spill::spill(&resolved, &mut plan, script, options);
    }
    let merged = merge::merge(&resolved, &plan);
    let mut shapes = Shapes::new(resolved.sections.len(), &merged);
    let inputs = Inputs { resolved: &resolved, plan: &plan, script, options };
    let mut layout = Layout::new(inputs);
    let frames = eh_frame::trim(inputs, &mut shapes);
    let relaxation = relax::relax(inputs, &mut shapes, &mut layout, &mut problems);
    let linked = Final { inputs, layout: &layout, shapes: &shapes, relaxation: &relaxation, got: &got, indirect: indirect.as_ref(), frames: &frames };
    let entry = entry_address(linked, &entry);
    let bytes = image::build(linked, entry, attributes.section.is_some(), &mut problems).map(|mut image| {
        let format = options.format.or(script.format).unwrap_or_default();
        let note = build_id.and_then(|section| image.offset_of(linked, section)).zip(options.build_id.as_ref());
        if let (Some((at, id)), Format::Binary | Format::Ihex | Format::Srec | Format::Verilog) = (note, format) {
            id.stamp(&mut image.bytes, at);
        }
        let mut file = match format {
            Format::Elf => image::elf(linked, &mut image, &attributes),
            Format::Binary => flat::binary(&image, &layout, &mut problems),
            Format::Ihex => flat::ihex(&image, &layout),
            Format::Srec => flat::srec(&image, &layout, &options.output),
            Format::Verilog => flat::verilog(&image, &layout),
        };
        if let (Some((at, id)), Format::Elf) = (note, format) {
            id.stamp(&mut file, at);
        }
        file
    });
    let map = options.map.then(|| map::map(linked, entry));
    let mut report = if options.memory_usage { map::memory_usage(linked) } else { String::new() };
    report.push_str(&map::traced(&resolved, &options.traced));
    let import_library = if options.import_library { import_library(linked, &mut problems) } else { None };
    let mut diagnostics = report::report(&resolved, problems, sources, files);
    // An image that could be made is, in spite of errors, if that is asked for.
    let forgives = |diagnostic: &Diagnostic| diagnostic.code.id == codes::E0515.id && options.unresolved == Unresolved::Warn || options.in_spite_of_errors && bytes.is_some();
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.severity == Severity::Error && forgives(diagnostic)) {
        diagnostic.severity = Severity::Warning;
    }
    diagnostics.extend(live::reports(&resolved, &plan, &reasons, options));
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    Linked { image: bytes.filter(|_| !failed), map, report, import_library, diagnostics, ..Linked::default() }
}

/// An object with the global symbols that objects define, at their addresses.
fn import_library(linked: Final<'_, '_, '_>, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    let library = just_symbols::of_image(&symtab::exported(linked));
    if library.is_none() {
        let diagnostic = Diagnostic::new(&codes::E0519, "no symbol found for import library: no object of the image has a global symbol");
        problems.push(Problem::Plain(Box::new(diagnostic.help("let other images see one: .globl NAME; or leave out --out-implib"))));
    }
    library
}

/// Whether the command line lets this symbol be undefined (`--ignore-unresolved-symbol`).
fn may_be_undefined(resolved: &Resolved<'_>, options: &Options, symbol: SymbolId) -> bool {
    options.may_be_undefined.iter().any(|name| name.as_bytes() == resolved.symbols.get(symbol).name)
}

/// `-r`: the objects become one.
fn join<'a>(script: &'a Script, mut resolved: Resolved<'a>, options: &Options, sources: &mut Sources, files: &mut dyn Files, mut problems: Vec<Problem>) -> Linked {
    // What the script asks for counts as what the command line does.
    let options = &Options { force_group_allocation: options.force_group_allocation || script.force_groups, ..options.clone() };
    if options.define_common || script.force_common {
        synthetic::allocate_commons(&mut resolved, options.sort_common);
    }
    define_symbols(&mut resolved, script);
    resolved.settle();
    let mut plan = plan::plan(&resolved, script, options, &mut problems);
    if options.gc_sections {
        if options.undefined.is_empty() && options.entry.is_none() && script.entry.is_none() && script.externs.is_empty() {
            let diagnostic = Diagnostic::new(&codes::E0518, "--gc-sections requires either an entry or an undefined symbol");
            problems.push(Problem::Plain(Box::new(diagnostic.note("with -r it would keep nothing").help("say what is to be kept: -e or -u with a symbol, or ENTRY in a script"))));
        }
        let roots: Vec<SymbolId> = options.undefined.iter().chain(options.entry.as_ref()).chain(script.entry.as_ref()).chain(&script.externs).filter_map(|name| resolved.symbols.find(name.as_bytes())).collect();
        live::collect(&resolved, &mut plan, &roots, options);
    }
    let attributes = attributes_of(&resolved, script, &mut problems);
    let merged = merge::Merged::default();
    let shapes = Shapes::new(resolved.sections.len(), &merged);
    let inputs = Inputs { resolved: &resolved, plan: &plan, script, options };
    let mut layout = Layout::new(inputs);
    relax::settle(inputs, &shapes, &mut layout, &mut problems);
    let bytes = relocatable::object(inputs, &layout, &attributes, &mut problems);
    let diagnostics = report::report(&resolved, problems, sources, files);
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let map = options.map.then(|| map::unfinished(&resolved));
    Linked { image: Some(bytes).filter(|_| !failed), map, report: map::traced(&resolved, &options.traced), diagnostics, ..Linked::default() }
}

/// What the output says about itself; a script may send the section of it away.
fn attributes_of(resolved: &Resolved<'_>, script: &Script, problems: &mut Vec<Problem>) -> attributes::Merged {
    let mut attributes = attributes::merge(resolved, problems);
    if plan::discards(script, b".riscv.attributes") {
        attributes.section = None;
    }
    attributes
}

/// Symbols of the command line and the script: assignments define theirs, `PROVIDE` those that
/// something uses and nothing defines.
fn define_symbols<'a>(resolved: &mut Resolved<'a>, script: &'a Script) {
    let mut assignments: Vec<&'a Assignment> = Vec::new();
    let mut expressions: Vec<&'a Expr> = Vec::new();
    for statement in &script.statements {
        match statement {
            Statement::Assign(assignment) => assignments.push(assignment),
            Statement::Assert(assertion) => expressions.push(&assertion.condition),
            Statement::Include(_) => {}
            Statement::Output(rule) => {
                expressions.extend([&rule.address, &rule.load_address, &rule.align, &rule.subalign].into_iter().flatten());
                expressions.extend(rule.fill.as_ref().and_then(Fill::value));
                for content in &rule.contents {
                    match content {
                        Content::Assign(assignment) => assignments.push(assignment),
                        Content::Data(_, value) => expressions.push(value),
                        Content::Fill(fill) => expressions.extend(fill.value()),
                        Content::Assert(assertion) => expressions.push(&assertion.condition),
                        Content::Input(_) | Content::Include(_) => {}
                    }
                }
            }
        }
    }
    expressions.extend(script.regions.iter().flat_map(|region| [&region.origin, &region.length]));
    let mut pending = Vec::new();
    for assignment in assignments {
        match assignment.assigns {
            Assigns::Plain | Assigns::Hidden => {
                expressions.push(&assignment.value);
                if assignment.name != "." {
                    resolved.symbols.define_by_linker(assignment.name.as_bytes());
                }
                if assignment.assigns == Assigns::Hidden {
                    resolved.symbols.hide(assignment.name.as_bytes());
                }
            }
            Assigns::Provide | Assigns::ProvideHidden => pending.push(assignment),
        }
    }
    for expression in expressions {
        mention(resolved, expression);
    }
    // A PROVIDE that takes effect mentions symbols that others provide.
    loop {
        let before = pending.len();
        pending.retain(|assignment| {
            let provided = resolved.symbols.provide(assignment.name.as_bytes());
            if provided {
                if assignment.assigns == Assigns::ProvideHidden {
                    resolved.symbols.hide(assignment.name.as_bytes());
                }
                mention(resolved, &assignment.value);
            }
            !provided
        });
        if pending.len() == before {
            return;
        }
    }
}

/// Objects that hold what a compiler makes code from, and no code (`gcc -flto`). They go into other objects as they are.
fn say_without_code(resolved: &Resolved<'_>, options: &Options, problems: &mut Vec<Problem>) {
    let Some(mark) = resolved.symbols.find(b"__gnu_lto_slim").filter(|_| !options.relocatable) else { return };
    for object in resolved.objects.iter().filter(|object| object.globals.contains(&mark)) {
        let diagnostic = Diagnostic::new(&codes::E0504, format!("{}: plugin needed to handle lto object: it holds no code, only what the compiler would make code from", object.name));
        problems.push(Problem::Plain(Box::new(diagnostic.help("compile it without -flto, or with -ffat-lto-objects"))));
    }
}

/// Assignments of what an object defines, unless they begin with its value.
fn say_overridden(resolved: &Resolved<'_>, script: &Script, options: &Options, problems: &mut Vec<Problem>) {
    let assigned = script.statements.iter().flat_map(|statement| match statement {
        Statement::Assign(assignment) => vec![assignment],
        Statement::Output(rule) => rule.contents.iter().filter_map(|content| if let Content::Assign(assignment) = content { Some(assignment) } else { None }).collect(),
        Statement::Assert(_) | Statement::Include(_) => Vec::new(),
    });
    let mut said = std::collections::BTreeSet::new();
    for assignment in assigned.filter(|assignment| !options.allow_multiple_definition && matches!(assignment.assigns, Assigns::Plain | Assigns::Hidden)) {
        let overridden = resolved.symbols.find(assignment.name.as_bytes()).and_then(|id| resolved.symbols.get(id).overridden);
        let Some(Definition::Object(object, index)) = overridden else { continue };
        let owner = &resolved.objects[object.0 as usize];
        // Weak symbols, blocks and addresses are there to be replaced.
        let is_soft = owner.file.symbol(index as usize).is_none_or(|symbol| symbol.st_bind() == object::elf::STB_WEAK) || !matches!(owner.file.home(index as usize), object_file::SymbolHome::Section(_));
        let mut begins_with_it = false;
        assignment.value.each_symbol(&mut |name| begins_with_it |= name == assignment.name);
        if is_soft || begins_with_it || !said.insert(&assignment.name) {
            continue;
        }
        let diagnostic = Diagnostic::new(&codes::OVERRIDDEN, format!("multiple definition of `{}`, in the script and in {}", assignment.name, owner.name));
        let help = format!("the value of the script counts; PROVIDE({} = ...) leaves it to the object", assignment.name);
        problems.push(Problem::Plain(Box::new(diagnostic.at(assignment.span, "defined again here").help(help))));
    }
}

/// Notes the symbols that an expression uses.
fn mention<'a>(resolved: &mut Resolved<'a>, expr: &'a Expr) {
    expr.each_symbol(&mut |name| resolved.symbols.mention(name.as_bytes()));
}

/// `__start_NAME` and `__stop_NAME` of sections whose names are C names, `.startof.NAME` and `.sizeof.NAME` of all.
fn define_bounds(resolved: &mut Resolved<'_>, plan: &plan::Plan<'_>) {
    for output in &plan.outputs {
        for bound in synthetic::BOUNDS {
            if let Some(id) = bound.name(&output.name).and_then(|name| resolved.symbols.find(name.as_bytes()))
                && resolved.symbols.get(id).definition == Definition::Undefined
            {
                resolved.symbols.set_definition(id, Definition::Linker);
            }
        }
    }
}

/// The address of `.text`, else of the first output section with code.
fn first_code(linked: Final<'_, '_, '_>) -> u32 {
    let outputs = || linked.inputs.plan.outputs.iter().zip(&linked.layout.outputs);
    if let Some((_, text)) = outputs().find(|(output, _)| output.name == ".text" && (output.has_sections() || output.is_made())) {
        return text.address as u32;
    }
    let code = outputs().filter(|(output, placed)| placed.present && output.has(object::elf::SHF_EXECINSTR | object::elf::SHF_ALLOC));
    code.map(|(_, placed)| placed.address as u32).min().unwrap_or(0)
}

fn entry_address(linked: Final<'_, '_, '_>, entry: &str) -> u32 {
    let number = entry.strip_prefix("0x").map_or_else(|| entry.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    number.unwrap_or_else(|| {
        let found = linked.inputs.resolved.symbols.find(entry.as_bytes()).map(|id| linked.inputs.resolved.place_of(id));
        match found {
            Some(place @ (Place::Absolute(_) | Place::Section(..) | Place::Linker(_))) => linked.shapes.address(linked.layout, place, 0),
            Some(Place::Undefined(_) | Place::UndefinedWeak) | None => first_code(linked),
        }
    })
}
