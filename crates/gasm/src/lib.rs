//! gasm: an assembler for RISC-V (RV32), with the language of GNU as and messages that explain.
//!
//! The way of a source, one module each:
//! bytes → tokens of a statement ([`lexer`]) → statements ([`reader`]) → fragments and fixups in
//! sections ([`section`], [`instruction`], [`directives`]) and symbols ([`symbols`]) → sizes and
//! addresses ([`layout`]) → bytes and relocations ([`contents`]) → an ELF object ([`object`]).

mod assembler;
mod cfi;
mod cli;
mod conditionals;
mod contents;
mod directives;
mod disassemble;
mod dwarf;
mod elf;
mod evaluate;
mod expand;
mod expr;
mod foreign;
mod grammar;
mod instruction;
mod layout;
mod lexer;
mod limits;
mod lints;
mod listing;
mod macros;
mod names;
mod object;
mod operand;
mod operand_errors;
mod options;
mod parse;
mod place;
mod program;
mod reader;
mod recovery;
mod section;
mod symbols;
mod target;
#[cfg(test)]
mod testing;

pub use directives::reference as directive_reference;
pub use options::Options;
pub use program::run;

use assembler::Assembler;
use diag::{Diagnostic, FileId, Sources};
use std::path::PathBuf;

/// What an assembly gives.
#[derive(Debug, Default)]
pub struct Assembly {
    /// The object file; `None` if and only if there were errors.
    pub object: Option<Vec<u8>>,
    /// Errors, warnings and notes, in the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that were read besides the main one, in order.
    pub dependencies: Vec<PathBuf>,
    /// The listing, if it was asked for.
    pub listing: Option<String>,
    /// The source with macros, conditionals and includes carried out, if it was asked for.
    pub expanded: Option<Vec<u8>>,
    /// What `.print` said.
    pub printed: Vec<String>,
}

/// Assembles one source, which is in `sources`. Other files are read through `files` and added.
pub fn assemble(sources: &mut Sources, main: FileId, options: &Options, files: &mut dyn host::Files) -> Assembly {
    let mut a = Assembler::new(sources, main, options, files);
    a.define_symbols(main);
    a.read_file(main);
    for &file in &options.more_sources {
        a.read_file(file);
    }
    a.lint_file();
    a.finish_frames();
    a.warn_register_names();
    a.mark_stack();
    a.pad_code_sections();
    let object = if a.layout() {
        a.warn_relaxable_sizes();
        a.write_lines();
        if a.layout() { a.object() } else { Vec::new() }
    } else {
        Vec::new()
    };
    a.report_lints();
    a.into_assembly(object)
}

impl Assembler<'_> {
    /// Symbols of the command line.
    fn define_symbols(&mut self, main: FileId) {
        let place = place::Where { span: diag::Span::new(main, 0, 0), expansion: 0 };
        for (name, value) in &self.options.defines {
            let name = self.names.intern(name.as_bytes());
            let id = self.symbol(name, place);
            self.symbols[id].definition = symbols::Definition::Value(expr::Value::number(*value));
            self.symbols[id].variable = true;
        }
        self.listing = self.options.listing.then(listing::Listing::default);
        self.expanded = self.options.expand.then(|| expand::Expanded::new(&self.options.defines));
    }

    /// `.note.GNU-stack`, if the command line asks for it.
    fn mark_stack(&mut self) {
        if let Some(executable) = self.options.stack_note {
            let place = self.place_of_nothing();
            let section = self.section_named(b".note.GNU-stack", place);
            self.sections[section].flags = if executable { elf::SHF_EXECINSTR } else { 0 };
        }
    }

    /// Frames that stay open are mistakes; the others become sections.
    fn finish_frames(&mut self) {
        for place in self.open_frames() {
            let d = Diagnostic::new(&diag::codes::E0419, "frame without end").at(place.span, "opened here").help(".cfi_endproc");
            self.report_at(d, place);
        }
        self.write_frames();
    }

    /// A register where only a symbol can stand is a symbol of that name, as in GNU as; if this file does not define it, it
    /// was hardly meant.
    fn warn_register_names(&mut self) {
        for (value, place, meant) in std::mem::take(&mut self.register_names) {
            let symbol = &self.symbols[value.add];
            if symbol.definition == symbols::Definition::Undefined {
                let name = self.names.show(symbol.name);
                let mut d = Diagnostic::new(&diag::codes::REGISTER_AS_SYMBOL, format!("`{name}` is taken for a symbol of another file here, not for the register"))
                    .at(place.span, "only a label or symbol can stand here");
                if let Some(meant) = meant {
                    d = d.help(meant);
                }
                self.report_at(d, place);
            }
        }
    }

    /// Puts the results together.
    fn into_assembly(mut self, object: Vec<u8>) -> Assembly {
        let failed = self.errors() > 0;
        let listing = self.listing.is_some().then(|| {
            let object = object.clone();
            self.listing_text(&|section| listing::section_bytes(&object, section.0 as usize))
        });
        Assembly {
            object: (!failed).then_some(object),
            diagnostics: self.take_diagnostics(),
            dependencies: std::mem::take(&mut self.dependencies),
            listing,
            expanded: self.expanded.take().map(expand::Expanded::into_text),
            printed: std::mem::take(&mut self.printed),
        }
    }
}
