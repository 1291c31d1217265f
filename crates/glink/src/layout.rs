//! Phase 6: addresses. A pass walks the plan and assigns every section its address and every symbol
//! of the script its value; passes repeat while relaxation shrinks sections or a value used before
//! it is assigned moves.

mod eval;
mod regions;

pub use eval::Value;

use crate::addresses::Shapes;
use crate::options::Options;
use crate::plan::{Item, Line, Output, Plan};
use crate::problem::Problem;
use crate::resolve::{Resolved, SymbolId};
use crate::script::ast::{Assertion, Assignment, Assigns, Expr, OutputType, Script};
use diag::{Diagnostic, codes};
use eval::Context;
use regions::Regions;

/// A page, which segments do not share.
pub const PAGE: u64 = 4096;

/// Where an output section is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Address.
    pub address: u64,
    /// Load address.
    pub load: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Alignment.
    pub align: u64,
    /// Whether it exists: it has inputs or moved the location counter.
    pub present: bool,
}

/// A symbol of the script, the command line or the linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkerSymbol {
    /// Its value.
    pub value: Value,
    /// The output section that it belongs to, for the symbol table.
    pub output: Option<usize>,
    /// Whether this pass has come to it.
    assigned: bool,
}

/// A gap's filling, or bytes that the script writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// This many bytes of a number.
    Data(u8, u64),
    /// From here gaps hold this.
    Fill(u32),
}

/// All addresses.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// By section: its address; 0-based in sections that are not allocated.
    pub sections: Vec<u32>,
    /// By output section.
    pub outputs: Vec<Placed>,
    /// By symbol.
    pub symbols: Vec<Option<LinkerSymbol>>,
    /// What the script writes: output section, offset, what.
    pub extras: Vec<(usize, u32, Extra)>,
    /// Regions with their use, for the map.
    pub regions: Regions,
    /// First address of thread-local data.
    pub tls_base: u64,
    /// `__global_pointer$`, if it is defined.
    pub gp: Option<u32>,
}

/// What a layout is made from.
#[derive(Clone, Copy)]
pub struct Inputs<'x, 'a, 's> {
    /// Symbols and sections.
    pub resolved: &'x Resolved<'a>,
    /// The image in outline.
    pub plan: &'x Plan<'s>,
    /// The script.
    pub script: &'s Script,
    /// `--defsym`, parsed.
    pub defsyms: &'x [(SymbolId, Expr)],
    /// Options.
    pub options: &'x Options,
}

impl Layout {
    /// A layout before its first pass.
    #[must_use]
    pub fn new(inputs: Inputs<'_, '_, '_>) -> Layout {
        Layout {
            sections: vec![0; inputs.resolved.sections.len()],
            outputs: vec![Placed::default(); inputs.plan.outputs.len()],
            symbols: vec![None; inputs.resolved.symbols.len()],
            regions: Regions::new(inputs.script),
            ..Layout::default()
        }
    }

    /// One pass. Gives whether anything moved. `problems` are collected only by the last pass, when
    /// all values are final.
    pub fn pass(&mut self, inputs: Inputs<'_, '_, '_>, shapes: &Shapes, problems: Option<&mut Vec<Problem>>) -> bool {
        let last = problems.is_some();
        let mut pass = Pass { layout: self, inputs, shapes, dot: 0, changed: false, judge: last, problems: Vec::new(), last_output: None };
        pass.run();
        let Pass { changed, problems: found, .. } = pass;
        if let Some(problems) = problems {
            problems.extend(found);
        }
        changed
    }
}

struct Pass<'l, 'x, 'a, 's> {
    layout: &'l mut Layout,
    inputs: Inputs<'x, 'a, 's>,
    shapes: &'x Shapes<'x>,
    dot: u64,
    changed: bool,
    judge: bool,
    problems: Vec<Problem>,
    last_output: Option<usize>,
}

impl Pass<'_, '_, '_, '_> {
    fn run(&mut self) {
        for symbol in self.layout.symbols.iter_mut().flatten() {
            symbol.assigned = false;
        }
        self.layout.extras.clear();
        for (symbol, value) in self.inputs.defsyms {
            let value = self.evaluate(value, None);
            self.set_symbol(*symbol, value, None);
        }
        self.start_regions();
        for line in &self.inputs.plan.lines {
            match line {
                Line::Assign(assignment) => self.assign(assignment, None),
                Line::Assert(assertion) => self.assert(assertion),
                Line::Output(output) => self.output(*output),
            }
        }
        self.finish_special();
    }

    fn start_regions(&mut self) {
        for index in 0..self.inputs.script.regions.len() {
            let region = &self.inputs.script.regions[index];
            let origin = self.evaluate(&region.origin, Some(region.span)).number;
            let length = self.evaluate(&region.length, Some(region.span)).number;
            self.layout.regions.start(index, origin, length);
        }
    }

    /// `__global_pointer$`, the thread segment, and `__start_` and `__stop_` symbols.
    fn finish_special(&mut self) {
        let resolved = self.inputs.resolved;
        let gp = resolved.symbols.find(b"__global_pointer$").and_then(|id| match self.layout.symbols[id.0 as usize] {
            Some(symbol) => Some(symbol.value.number as u32),
            None => match resolved.place_of(id) {
                crate::resolve::Place::UndefinedWeak | crate::resolve::Place::Undefined(_) | crate::resolve::Place::Linker(_) => None,
                place @ (crate::resolve::Place::Absolute(_) | crate::resolve::Place::Section(..)) => Some(self.shapes.address(self.layout, place, 0)),
            },
        });
        let tls = self.inputs.plan.outputs.iter().zip(&self.layout.outputs).filter(|(output, placed)| placed.present && output.has(object::elf::SHF_TLS)).map(|(_, placed)| placed.address).min();
        let tls = tls.unwrap_or(0);
        self.changed |= gp != self.layout.gp || tls != self.layout.tls_base;
        self.layout.gp = gp;
        self.layout.tls_base = tls;
        for (index, output) in self.inputs.plan.outputs.iter().enumerate() {
            if !output.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                continue;
            }
            let placed = self.layout.outputs[index];
            for (prefix, value) in [("__start_", placed.address), ("__stop_", placed.address + placed.size)] {
                if let Some(id) = resolved.symbols.find(format!("{prefix}{}", output.name).as_bytes())
                    && resolved.symbols.get(id).definition == crate::resolve::Definition::Linker
                    && self.layout.symbols[id.0 as usize].is_none_or(|symbol| !symbol.assigned)
                {
                    self.set_symbol(id, Value::address(value), Some(index));
                }
            }
        }
    }

    fn evaluate(&mut self, expr: &Expr, span: Option<diag::Span>) -> Value {
        let context = Context { layout: self.layout, inputs: self.inputs, shapes: self.shapes, dot: self.dot };
        match context.evaluate(expr) {
            Ok(value) => value,
            Err(message) => {
                if self.judge {
                    let mut diagnostic = Diagnostic::new(&codes::E0508, message);
                    if let Some(span) = span {
                        diagnostic = diagnostic.at(span, "in this line of the script");
                    }
                    self.problems.push(Problem::Plain(Box::new(diagnostic)));
                }
                Value::number(0)
            }
        }
    }

    fn set_symbol(&mut self, id: SymbolId, value: Value, output: Option<usize>) {
        let slot = &mut self.layout.symbols[id.0 as usize];
        self.changed |= slot.is_none_or(|old| old.value.number != value.number);
        *slot = Some(LinkerSymbol { value, output, assigned: true });
    }

    fn assign(&mut self, assignment: &Assignment, base: Option<u64>) {
        if assignment.name == "." {
            let value = self.evaluate(&assignment.value, Some(assignment.span));
            let to = match base {
                // Inside a section a bare number counts from its start.
                Some(base) if !value.is_address => base.wrapping_add(value.number),
                _ => value.number,
            };
            if self.judge && base.is_some() && to < self.dot {
                let message = format!("the location counter cannot move back from {:#x} to {to:#x}", self.dot);
                self.problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0508, message).at(assignment.span, "here"))));
            }
            self.dot = if base.is_some() { to.max(self.dot) } else { to };
            return;
        }
        let Some(id) = self.inputs.resolved.symbols.find(assignment.name.as_bytes()) else { return };
        if matches!(assignment.assigns, Assigns::Provide | Assigns::ProvideHidden) && !self.inputs.resolved.symbols.get(id).provided {
            return;
        }
        let value = self.evaluate(&assignment.value, Some(assignment.span));
        let output = if value.is_address { self.last_output } else { None };
        self.set_symbol(id, value, output);
    }

    fn assert(&mut self, assertion: &Assertion) {
        if self.judge && self.evaluate(&assertion.condition, Some(assertion.span)).number == 0 {
            let diagnostic = Diagnostic::new(&codes::E0509, assertion.message.clone()).at(assertion.span, "this does not hold");
            self.problems.push(Problem::Plain(Box::new(diagnostic)));
        }
    }

    fn output(&mut self, index: usize) {
        let output = &self.inputs.plan.outputs[index];
        if output.name == "/DISCARD/" {
            return;
        }
        if !output.is_allocated() {
            self.unallocated(index, output);
            return;
        }
        let before = self.dot;
        let rule = output.rule;
        let region = self.layout.regions.choose(self.inputs.script, output, rule.is_some_and(|rule| rule.address.is_some()));
        if let Some(region) = region {
            self.dot = self.layout.regions.next(region);
        }
        let has_inputs = output.items.iter().any(|item| matches!(item, Item::Section(id) if self.shapes.size(self.inputs.resolved, *id) > 0));
        let mut align = if has_inputs { u64::from(output.align) } else { 1 };
        let explicit = rule.and_then(|rule| rule.address.as_ref()).map(|address| self.evaluate(address, rule.map(|rule| rule.span)).number);
        if let Some(rule) = rule {
            if let Some(subalign) = &rule.subalign {
                align = self.evaluate(subalign, Some(rule.span)).number.max(1);
            }
            if let Some(expr) = &rule.align {
                align = align.max(self.evaluate(expr, Some(rule.span)).number);
            }
        }
        let address = match explicit {
            Some(address) => address,
            None => eval::align_up(self.dot, align),
        };
        self.dot = address;
        let subalign = rule.and_then(|rule| rule.subalign.as_ref()).map(|_| align);
        self.last_output = Some(index);
        self.contents(index, output, address, subalign);
        let size = self.dot - address;
        let present = has_inputs || size > 0;
        let tbss = output.is_tbss();
        let after = if !present {
            before
        } else if tbss {
            // Zeroed thread data is made for each thread; here it takes no room.
            address.max(before)
        } else {
            self.dot
        };
        let load = self.load_address(output, address, size, region);
        if let Some(region) = region
            && present
        {
            let advance = if tbss { address } else { address + size };
            self.layout.regions.advance(region, advance, index, if tbss { 0 } else { size });
        }
        let load_region = rule.and_then(|rule| rule.load_region.as_deref()).and_then(|name| self.layout.regions.find(self.inputs.script, name));
        if let Some(load_region) = load_region
            && present
            && Some(load_region) != region
            && output.kind != object::elf::SHT_NOBITS
        {
            self.layout.regions.advance(load_region, load + size, index, size);
        }
        self.dot = after;
        self.place(index, Placed { address, load, size, align, present });
    }

    fn contents(&mut self, index: usize, output: &Output<'_>, address: u64, subalign: Option<u64>) {
        if let Some(fill) = output.rule.and_then(|rule| rule.fill.as_ref()) {
            let fill = self.evaluate(fill, None).number as u32;
            self.layout.extras.push((index, 0, Extra::Fill(fill)));
        }
        for item in &output.items {
            match item {
                Item::Section(id) => {
                    let size = self.shapes.size(self.inputs.resolved, *id);
                    if size > 0 {
                        let align = subalign.unwrap_or_else(|| u64::from(self.inputs.resolved.section(*id).align));
                        self.dot = eval::align_up(self.dot, align);
                    }
                    let at = self.dot as u32;
                    self.changed |= std::mem::replace(&mut self.layout.sections[id.0 as usize], at) != at;
                    self.dot += u64::from(size);
                }
                Item::Assign(assignment) => self.assign(assignment, Some(address)),
                Item::Assert(assertion) => self.assert(assertion),
                Item::Data(size, value) => {
                    let value = self.evaluate(value, None).number;
                    self.layout.extras.push((index, (self.dot - address) as u32, Extra::Data(*size, value)));
                    self.dot += u64::from(*size);
                }
                Item::Fill(value) => {
                    let value = self.evaluate(value, None).number as u32;
                    self.layout.extras.push((index, (self.dot - address) as u32, Extra::Fill(value)));
                }
            }
        }
    }

    /// Debug sections and the like: each begins at 0 and moves nothing.
    fn unallocated(&mut self, index: usize, output: &Output<'_>) {
        let saved = (self.dot, self.last_output);
        self.dot = 0;
        self.contents(index, output, 0, None);
        let size = self.dot;
        (self.dot, self.last_output) = saved;
        self.place(index, Placed { address: 0, load: 0, size, align: u64::from(output.align), present: size > 0 });
    }

    fn load_address(&mut self, output: &Output<'_>, address: u64, size: u64, region: Option<usize>) -> u64 {
        let Some(rule) = output.rule else { return address.wrapping_add(self.load_offset(region)) };
        if let Some(load) = &rule.load_address {
            return self.evaluate(load, Some(rule.span)).number;
        }
        if let Some(name) = &rule.load_region {
            let Some(load_region) = self.layout.regions.find(self.inputs.script, name) else { return address };
            if Some(load_region) == region {
                return address;
            }
            let next = self.layout.regions.next(load_region);
            // With ALIGN_WITH_INPUT the load address moves exactly as the address does.
            let align = if rule.align_with_input { 1 } else { u64::from(output.align) };
            return if size == 0 { next } else { eval::align_up(next, align) };
        }
        if rule.address.is_some() || rule.kind == Some(OutputType::NoLoad) && region.is_none() {
            return address;
        }
        address.wrapping_add(self.load_offset(region))
    }

    /// A section without a word about loading keeps the distance of the one before it, if both are in
    /// one region.
    fn load_offset(&self, region: Option<usize>) -> u64 {
        match region {
            Some(region) => match self.layout.regions.last_output(region) {
                Some(before) => self.layout.outputs[before].load.wrapping_sub(self.layout.outputs[before].address),
                None => 0,
            },
            None => 0,
        }
    }

    fn place(&mut self, index: usize, placed: Placed) {
        self.changed |= std::mem::replace(&mut self.layout.outputs[index], placed) != placed;
    }
}
