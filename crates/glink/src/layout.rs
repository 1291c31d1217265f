//! Phase 6: addresses. A pass walks the plan and assigns every section its address and every symbol
//! of the script its value; passes repeat while relaxation shrinks sections or a value used before
//! it is assigned moves.

mod data_segment;
mod eval;
mod regions;

use eval::{Base, Value};

use crate::addresses::Shapes;
use crate::options::Options;
use crate::plan::{Item, Line, Output, Plan};
use crate::problem::Problem;
use crate::resolve::{Resolved, SymbolId};
use crate::segments;
use crate::synthetic::BOUNDS;
use crate::script::ast::{Assertion, Assignment, Assigns, Expr, Fill, Function, Overlay, Script};
use diag::{Diagnostic, codes};
use data_segment::DataSegment;
use eval::Context;
use regions::Regions;
use std::cell::Cell;

/// How often the headers may take less room than in the pass before.
const MOST_SHRINKS: u32 = 3;

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

impl Placed {
    /// Where it ends; what lies behind all addresses ends at the last number.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }

    /// Where it ends as it is loaded.
    #[must_use]
    pub fn load_end(&self) -> u64 {
        self.load.saturating_add(self.size)
    }
}

/// A symbol of the script, the command line or the linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkerSymbol {
    /// Its value.
    pub address: u64,
    /// The output section that it moves with.
    relative_to: Option<usize>,
    /// The output section that it belongs to, for the symbol table.
    pub output: Option<usize>,
    /// Whether this pass has come to it.
    assigned: bool,
    /// Its value at the end of the pass before: a script may assign it several times in each.
    last: Option<u64>,
}

/// A gap's filling, or bytes that the script writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// This many bytes of a number.
    Data(u8, u64),
    /// A gap of this many bytes holds this, again and again.
    Gap(u32, Filling),
}

/// A row of bytes, the first in the least significant place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filling {
    bytes: u128,
    count: u8,
}

impl Filling {
    /// The bytes, without end.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        self.bytes.to_le_bytes().into_iter().take(usize::from(self.count)).cycle()
    }
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
    /// By segment of `PHDRS`: `AT` and `FLAGS`.
    pub segments: Vec<(Option<u64>, Option<u64>)>,
    /// For the map: what each assignment and assertion gave, in the order of the plan; none for a `PROVIDE`
    /// that does not take effect.
    pub values: Vec<Option<u64>>,
    /// `SIZEOF_HEADERS`.
    pub headers: u64,
    /// Whether the script asks for it: it leaves room for them, so they are loaded.
    pub loads_headers: bool,
    /// By output section: whether the script says before it where the image ends.
    after_end: Vec<bool>,
    /// How often the headers became smaller.
    shrunk: u32,
    data_segment: DataSegment,
    begun: bool,
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
            headers: segments::headers_size(inputs, &Layout::default()),
            after_end: after_end(inputs.plan),
            ..Layout::default()
        }
    }

    /// One pass. Gives whether anything moved. `problems` are collected only by the last pass, when
    /// all values are final.
    pub fn pass(&mut self, inputs: Inputs<'_, '_, '_>, shapes: &Shapes, problems: Option<&mut Vec<Problem>>) -> bool {
        let last = problems.is_some();
        let mut pass = Pass { layout: self, inputs, shapes, dot: 0, free: 0, free_last: None, section: None, before: None, assigning: None, whole_script: false, overlay: None, thread_end: None, changed: false, judge: last, problems: Vec::new(), current: None, shown: None, moved: false, line: 0 };
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
    /// Next free address outside all regions.
    free: u64,
    /// The last section there.
    free_last: Option<usize>,
    /// The output section in whose braces the script is.
    section: Option<usize>,
    /// The region and the load region that the script gave the section before.
    before: Option<(Option<usize>, Option<usize>)>,
    /// The symbol whose value is computed.
    assigning: Option<SymbolId>,
    /// Whether symbols count as defined wherever the script defines them.
    whole_script: bool,
    /// The overlay in which the script is.
    overlay: Option<Overlaid>,
    changed: bool,
    judge: bool,
    problems: Vec<Problem>,
    /// Where zeroed thread data ends in the thread's block, if the section before is such.
    thread_end: Option<u64>,
    /// The last output section in memory.
    current: Option<usize>,
    /// Where the location counter stands for symbols, if sections that do not exist moved it.
    shown: Option<u64>,
    /// Whether the location counter was moved behind it.
    moved: bool,
    /// Which line of the plan this is.
    line: usize,
}

/// By output section: whether a line before it assigns `end`, `_end` or the like.
fn after_end(plan: &Plan<'_>) -> Vec<bool> {
    let mut after = vec![false; plan.outputs.len()];
    let is_end = |assignment: &Assignment| assignment.name.trim_start_matches('_') == "end";
    let mut ended = false;
    for line in &plan.lines {
        match line {
            Line::Assign(assignment) => ended |= is_end(assignment),
            Line::Assert(_) => {}
            Line::Output(output) => {
                after[*output] = ended;
                ended |= plan.outputs[*output].items.iter().any(|item| matches!(item, Item::Assign(assignment) if is_end(assignment)));
            }
        }
    }
    after
}

impl Pass<'_, '_, '_, '_> {
    fn run(&mut self) {
        if !std::mem::replace(&mut self.layout.begun, true) {
            self.foretell();
        }
        for symbol in self.layout.symbols.iter_mut().flatten() {
            symbol.assigned = false;
            symbol.last = Some(symbol.address);
        }
        self.layout.extras.clear();
        self.layout.values.clear();
        self.start_regions();
        for (number, line) in self.inputs.plan.lines.iter().enumerate() {
            self.line = number;
            match line {
                Line::Assign(assignment) => self.assign(assignment),
                Line::Assert(assertion) => self.assert(assertion),
                Line::Output(output) => self.output(*output),
            }
        }
        self.finish_special();
        let script = self.inputs.script;
        let segments = script.segments.iter().map(|segment| {
            let mut value = |expr: &Option<Expr>| expr.as_ref().map(|expr| self.number(expr, None));
            (value(&segment.load_address), value(&segment.flags))
        });
        let segments = segments.collect();
        self.layout.segments = segments;
        self.settle_headers();
        self.changed |= self.layout.symbols.iter().flatten().any(|symbol| symbol.last != Some(symbol.address));
    }

    /// Which segments there are depends on addresses, and these on the segments' headers (`SIZEOF_HEADERS`). Should they chase each other,
    /// room for some headers more than there are ends it, as in GNU ld.
    fn settle_headers(&mut self) {
        let headers = segments::headers_size(self.inputs, self.layout);
        if headers > self.layout.headers || headers < self.layout.headers && self.layout.shrunk < MOST_SHRINKS {
            self.layout.shrunk += u32::from(headers < self.layout.headers);
            self.layout.headers = headers;
            self.changed = true;
        }
    }

    /// Before the first pass: values of symbols that the script assigns outside its sections, because
    /// `MEMORY` may be made of them wherever they stand.
    fn foretell(&mut self) {
        for line in &self.inputs.plan.lines {
            if let Line::Assign(assignment) = line {
                self.assign(assignment);
            }
        }
        (self.dot, self.free) = (0, 0);
        self.changed = true;
    }

    fn start_regions(&mut self) {
        self.whole_script = true;
        self.evaluate_regions();
        self.whole_script = false;
    }

    fn evaluate_regions(&mut self) {
        for index in 0..self.inputs.script.regions.len() {
            let region = &self.inputs.script.regions[index];
            let origin = self.number(&region.origin, Some(region.span));
            let length = self.number(&region.length, Some(region.span));
            self.layout.regions.start(index, origin, length);
        }
    }

    /// `__global_pointer$`, the thread segment, and symbols that bound sections.
    fn finish_special(&mut self) {
        let resolved = self.inputs.resolved;
        let gp = resolved.symbols.find(b"__global_pointer$").and_then(|id| match self.layout.symbols[id.0 as usize] {
            Some(symbol) => Some(symbol.address as u32),
            None => match resolved.place_of(id) {
                crate::resolve::Place::UndefinedWeak | crate::resolve::Place::Undefined(_) | crate::resolve::Place::Linker(_) => None,
                place @ (crate::resolve::Place::Absolute(_) | crate::resolve::Place::Section(..)) => Some(self.shapes.address(self.layout, place, 0)),
            },
        });
        let thread = || self.inputs.plan.outputs.iter().zip(&self.layout.outputs).filter(|(output, _)| output.has(object::elf::SHF_TLS)).map(|(_, placed)| placed);
        // With nothing but empty sections, labels in them still count from their start.
        let tls = thread().filter(|placed| placed.present).map(|placed| placed.address).min().or_else(|| thread().map(|placed| placed.address).min()).unwrap_or(0);
        self.changed |= gp != self.layout.gp || tls != self.layout.tls_base;
        self.layout.gp = gp;
        self.layout.tls_base = tls;
        for (index, output) in self.inputs.plan.outputs.iter().enumerate() {
            let placed = self.layout.outputs[index];
            for bound in &BOUNDS {
                if let Some(id) = bound.name(&output.name).and_then(|name| resolved.symbols.find(name.as_bytes()))
                    && resolved.symbols.get(id).definition == crate::resolve::Definition::Linker
                    && self.layout.symbols[id.0 as usize].is_none_or(|symbol| !symbol.assigned)
                {
                    let (number, is_address) = (bound.value)(placed.address, placed.size);
                    let value = if is_address { Value { number: number.wrapping_sub(placed.address), base: Base::Section(index) } } else { Value::absolute(number) };
                    self.set_symbol(id, value, false);
                }
            }
        }
    }

    fn evaluate(&mut self, expr: &Expr, span: Option<diag::Span>) -> Value {
        self.evaluate_symbol(expr, span).0
    }

    /// A value, and whether it was made from the location counter.
    fn evaluate_symbol(&mut self, expr: &Expr, span: Option<diag::Span>) -> (Value, bool) {
        let context = self.context();
        let result = context.evaluate(expr);
        let (from_dot, asks_for_headers) = (context.from_dot.get(), context.asks_for_headers.get());
        self.layout.loads_headers |= asks_for_headers;
        match result {
            Ok(value) => (value, from_dot),
            Err(message) => {
                if self.judge {
                    let mut diagnostic = Diagnostic::new(&codes::E0508, message);
                    if let Some(span) = span {
                        diagnostic = diagnostic.at(span, "in this line of the script");
                    }
                    self.problems.push(Problem::Plain(Box::new(diagnostic)));
                }
                (Value::number(0), false)
            }
        }
    }

    fn context(&self) -> Context<'_, '_, '_, '_> {
        Context { layout: self.layout, inputs: self.inputs, shapes: self.shapes, dot: self.dot, section: self.section, assigning: self.assigning, whole_script: self.whole_script, from_dot: Cell::new(false), asks_for_headers: Cell::new(false) }
    }

    /// The value of an expression outside all sections: an address or a number.
    fn number(&mut self, expr: &Expr, span: Option<diag::Span>) -> u64 {
        let section = self.section.take();
        let value = self.evaluate(expr, span);
        self.section = section;
        self.context().address(value)
    }

    fn set_symbol(&mut self, id: SymbolId, value: Value, from_dot: bool) {
        // In the braces of a section a plain number counts from its start.
        let relative_to = match (value.base, self.section) {
            (Base::Section(index), _) | (Base::Number, Some(index)) => Some(index),
            (Base::Absolute, _) | (Base::Number, None) => None,
        };
        let start = relative_to.map_or(0, |index| self.layout.outputs[index].address);
        let address = value.number.wrapping_add(start);
        let output = relative_to.or_else(|| if from_dot { self.near() } else { None });
        let slot = &mut self.layout.symbols[id.0 as usize];
        let last = slot.and_then(|old| old.last);
        *slot = Some(LinkerSymbol { address, relative_to, output, assigned: true, last });
    }

    /// The section that symbols outside all sections belong to: the one before or, when the location counter was moved since, the next.
    /// What stands behind the image's end (`_end`) belongs to the one before.
    fn near(&self) -> Option<usize> {
        let lines = &self.inputs.plan.lines;
        let output = |line: &Line<'_>| if let Line::Output(output) = line { Some(*output) } else { None };
        let exists = |output: usize| self.layout.outputs[output].present;
        let holds = |&output: &usize| exists(output) && self.inputs.plan.outputs[output].is_memory(self.layout.outputs[output].size);
        let last_until = |end: usize| lines[..end].iter().rev().filter_map(output).find(holds);
        if self.current.is_none() || self.moved {
            let next = (self.line..lines.len()).find(|&at| output(&lines[at]).is_some_and(|output| exists(output) || self.layout.after_end[output]));
            let behind_end = next.and_then(|at| output(&lines[at])).is_some_and(|output| self.layout.after_end[output]);
            if self.current.is_none() || !behind_end {
                return last_until(next.map_or(lines.len(), |at| at + 1));
            }
        }
        let current = lines.iter().position(|line| output(line) == self.current)?;
        last_until(current + 1).or_else(|| lines.iter().filter_map(output).find(holds))
    }

    fn assign(&mut self, assignment: &Assignment) {
        if assignment.name == "." {
            let value = self.evaluate(&assignment.value, Some(assignment.span));
            let to = match (value.base, self.section) {
                (Base::Number, Some(index)) => self.layout.outputs[index].address.wrapping_add(value.number),
                (Base::Number | Base::Absolute | Base::Section(_), _) => self.context().address(value),
            };
            if self.section.is_none() {
                self.data_segment(&assignment.value, to);
                self.moved = true;
                self.shown = None;
                (self.dot, self.free) = (to, to);
                self.layout.values.push(Some(to));
                return;
            }
            self.layout.values.push(Some(to.max(self.dot)));
            if self.inputs.options.relocatable && to < self.dot {
                return;
            }
            if self.judge && to < self.dot {
                let message = format!("cannot move location counter backwards, from {:#x} to {to:#x}", self.dot);
                self.problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0508, message).at(assignment.span, "here"))));
            }
            self.dot = to.max(self.dot);
            return;
        }
        let Some(id) = self.inputs.resolved.symbols.find(assignment.name.as_bytes()) else {
            self.layout.values.push(None);
            return;
        };
        if matches!(assignment.assigns, Assigns::Provide | Assigns::ProvideHidden) && !self.inputs.resolved.symbols.get(id).provided {
            self.layout.values.push(None);
            return;
        }
        if self.section.is_none() {
            self.free = self.dot;
        }
        self.assigning = Some(id);
        let hidden = self.shown.filter(|_| self.section.is_none()).map(|shown| std::mem::replace(&mut self.dot, shown));
        let (value, from_dot) = self.evaluate_symbol(&assignment.value, Some(assignment.span));
        self.dot = hidden.unwrap_or(self.dot);
        self.assigning = None;
        self.set_symbol(id, value, from_dot);
        self.layout.values.push(self.layout.symbols[id.0 as usize].map(|symbol| symbol.address));
    }

    /// Notes where the script says that the data segment begins and ends.
    fn data_segment(&mut self, value: &Expr, to: u64) {
        let Expr::Call(function) = value else { return };
        if let Function::DataSegmentAlign(max, common) = &**function {
            let (max, common) = (self.number(max, None), self.number(common, None));
            self.layout.data_segment.begun(self.dot, max, common);
        } else if let Function::DataSegmentEnd(_) = &**function {
            let before = self.layout.data_segment;
            self.layout.data_segment.ended(to);
            self.changed |= before.saves_page() != self.layout.data_segment.saves_page();
        }
    }

    fn assert(&mut self, assertion: &Assertion) {
        let value = if self.judge { self.evaluate(&assertion.condition, Some(assertion.span)).number } else { 1 };
        self.layout.values.push(Some(value));
        if value == 0 {
            let diagnostic = Diagnostic::new(&codes::E0509, format!("assertion failed: {}", assertion.message)).at(assertion.span, "this does not hold");
            self.problems.push(Problem::Plain(Box::new(diagnostic)));
        }
    }

    /// Places an output section by GNU ld's rules: its address from the script or from its region, its
    /// load address from the script, from its load region or at the distance of the section before it.
    fn output(&mut self, index: usize) {
        let output = &self.inputs.plan.outputs[index];
        if output.name == "/DISCARD/" {
            return;
        }
        if !output.is_allocated() {
            self.unallocated(index, output);
            return;
        }
        let rule = output.rule;
        let span = rule.map(|rule| rule.span);
        let has_inputs = output.items.iter().any(|item| matches!(item, Item::Section(id) if self.shapes.size(self.inputs.resolved, *id) > 0));
        let present = has_inputs || output.keeps;
        let given = self.inputs.options.section_start(&output.name).map(u64::from);
        let explicit = given.or_else(|| rule.and_then(|rule| rule.address.as_ref()).map(|address| self.number(address, span)));
        let overlay = rule.and_then(|rule| rule.overlay);
        // All sections of an overlay have the address of its first.
        let overlaid = self.overlay.filter(|_| overlay.is_some_and(|overlay| overlay != Overlay::First));
        let explicit = explicit.or(overlaid.map(|overlaid| overlaid.start));
        let region = self.layout.regions.choose(self.inputs.script, output);
        let entered = self.dot;
        if let Some(address) = explicit {
            self.dot = address;
        }
        // What does not exist still moves the location counter to its address.
        let before = self.dot;
        let own_align = rule.and_then(|rule| rule.align.as_ref()).map_or(1, |align| self.number(align, span).max(1));
        let subalign = rule.and_then(|rule| rule.subalign.as_ref()).map(|subalign| self.number(subalign, span).max(1));
        let align = if output.has_sections() { own_align.max(u64::from(output.align)).max(subalign.unwrap_or(1)) } else { own_align };
        let (start, section_align) = match (explicit, region) {
            (Some(address), _) => (address, own_align),
            (None, Some(region)) => (self.layout.regions.next(region), align),
            (None, None) => (self.free, align),
        };
        let plain = eval::align_up(start, section_align);
        // Zeroed thread data takes room in the thread's block, if not here: more of it stands behind it there.
        let behind = self.thread_end.filter(|_| output.is_tbss() && explicit.is_none());
        let address = behind.map_or(plain, |end| eval::align_up(end, section_align).max(plain));
        self.changed |= std::mem::replace(&mut self.layout.outputs[index].address, address) != address;
        self.dot = address;
        if (present || output.assigns) && !output.is_hollow(self.layout.outputs[index].size) {
            (self.current, self.moved) = (Some(index), false);
        }
        self.section = Some(index);
        self.contents(index, output, address, subalign, present);
        self.section = None;
        let size = self.dot.wrapping_sub(address);
        let is_hollow = output.is_hollow(size);
        let load_region = self.load_region(output, explicit.is_some() && overlaid.is_none());
        let load = match overlaid {
            // One is loaded behind the other.
            Some(overlaid) if load_region.is_none() => eval::align_up(overlaid.next_load, align),
            _ => self.load_address(index, output, Start { address, size, delta: plain.wrapping_sub(start), own_align, section_align, region, load_region, is_hollow }),
        };
        if overlay.is_some() {
            let end = overlaid.map_or(0, |overlaid| overlaid.end).max(address.wrapping_add(size));
            self.overlay = Some(Overlaid { start: address, end, next_load: load.wrapping_add(size) });
        }
        self.place(index, Placed { address, load, size, align, present });
        let last = match region {
            Some(region) => &mut self.layout.regions.uses[region].last,
            None => &mut self.free_last,
        };
        let goes_on = match *last {
            None => address != load,
            Some(last) => address >= self.layout.outputs[last].address,
        };
        if load_region.is_none() && (size != 0 || goes_on) && !is_hollow && !output.is_tbss() {
            *last = Some(index);
        }
        if !present && !output.assigns && overlay.is_none() {
            // What it would have moved, symbols do not see.
            self.shown = self.shown.or(explicit.map(|_| entered));
            self.dot = before;
            return;
        }
        self.shown = None;
        // Zeroed thread data is made for each thread; here it takes no room.
        let room = if output.is_tbss() { 0 } else { size };
        self.dot = plain.wrapping_add(room);
        if size > 0 {
            self.thread_end = output.is_tbss().then(|| address.wrapping_add(size));
        }
        if let (Some(overlaid), true) = (self.overlay, overlay.is_some()) {
            self.dot = overlaid.end;
        }
        if is_hollow {
            return;
        }
        match region {
            Some(region) => self.layout.regions.advance(region, self.dot, index, room),
            None => {
                self.free = self.dot;
                self.say_no_region(output, present && explicit.is_none());
            }
        }
        if let Some(load_region) = load_region
            && Some(load_region) != region
            && (output.kind != object::elf::SHT_NOBITS || rule.is_some_and(|rule| rule.align_with_input))
        {
            self.layout.regions.advance(load_region, load.wrapping_add(room), index, room);
        }
    }

    /// The load region that the script names or, for a section in the same region as the one before it,
    /// that one's.
    fn load_region(&mut self, output: &Output<'_>, has_address: bool) -> Option<usize> {
        let rule = output.placing();
        let find = |name: &str| self.layout.regions.find(self.inputs.script, name);
        let named = rule.and_then(|rule| rule.load_region.as_deref()).and_then(find);
        let region = rule.and_then(|rule| rule.region.as_deref()).and_then(find).or(named);
        let is_open = named.is_none() && !has_address && output.rule.is_none_or(|rule| rule.load_address.is_none());
        let load_region = named.or_else(|| self.before.filter(|&(before, _)| is_open && before == region).and_then(|(_, load_region)| load_region));
        self.before = Some((region, load_region));
        load_region
    }

    /// With `MEMORY`, a section must be in some region.
    fn say_no_region(&mut self, output: &Output<'_>, matters: bool) {
        // A region that does not exist is told of by its name.
        let is_named = output.placing().is_some_and(|rule| rule.region.is_some() || rule.load_region.is_some());
        if !self.judge || !matters || is_named || self.inputs.script.regions.is_empty() {
            return;
        }
        let mut diagnostic = Diagnostic::new(&codes::E0508, format!("no memory region specified for loadable section `{}`", output.name));
        if let Some(rule) = output.rule {
            diagnostic = diagnostic.at(rule.span, "this section");
        } else {
            diagnostic = diagnostic.note("no line of the script names it");
        }
        let help = format!("send it to one: `{} : {{ *({}) }} > {}`", output.name, output.name, self.inputs.script.regions[0].name);
        self.problems.push(Problem::Plain(Box::new(diagnostic.help(help))));
    }

    fn contents(&mut self, index: usize, output: &Output<'_>, address: u64, subalign: Option<u64>, present: bool) {
        let mut filling = output.rule.and_then(|rule| rule.fill.as_ref()).map(|fill| self.filling(fill));
        for item in &output.items {
            let before = self.dot;
            match item {
                Item::Section(id) => {
                    let size = self.shapes.size(self.inputs.resolved, *id);
                    let align = subalign.unwrap_or_else(|| u64::from(self.inputs.resolved.section(*id).align));
                    // An empty section aligns too, for the labels in it; one whose strings another holds does not.
                    if size > 0 || present && self.shapes.merged.size(*id).is_none() {
                        self.dot = eval::align_up(self.dot, align);
                        self.gap(index, address, before, filling);
                    }
                    let at = self.dot as u32;
                    self.changed |= std::mem::replace(&mut self.layout.sections[id.0 as usize], at) != at;
                    self.dot = self.dot.wrapping_add(u64::from(size));
                }
                Item::Assign(assignment) => {
                    self.assign(assignment);
                    self.gap(index, address, before, filling);
                }
                Item::Assert(assertion) => self.assert(assertion),
                Item::Data(size, value) => {
                    let value = self.number(value, None);
                    self.layout.extras.push((index, self.dot.wrapping_sub(address) as u32, Extra::Data(*size, value)));
                    self.dot = self.dot.wrapping_add(u64::from(*size));
                }
                Item::Fill(fill) => filling = Some(self.filling(fill)),
                Item::Inputs(_) => {}
            }
        }
    }

    /// Notes a gap from `before` to the location counter, if something fills it.
    fn gap(&mut self, index: usize, address: u64, before: u64, filling: Option<Filling>) {
        let length = self.dot.wrapping_sub(before);
        if let Some(filling) = filling.filter(|filling| length > 0 && filling.bytes != 0) {
            self.layout.extras.push((index, before.wrapping_sub(address) as u32, Extra::Gap(length as u32, filling)));
        }
    }

    fn filling(&mut self, fill: &Fill) -> Filling {
        let bytes = match fill {
            Fill::Bytes(bytes) => bytes.clone(),
            Fill::Value(value) => (self.number(value, None) as u32).to_be_bytes().to_vec(),
        };
        let mut row = [0; 16];
        let count = bytes.len().min(row.len());
        row[..count].copy_from_slice(&bytes[..count]);
        Filling { bytes: u128::from_le_bytes(row), count: count as u8 }
    }

    /// Debug sections and the like: each begins at 0 and moves nothing. What the script lists besides has an address, as in GNU ld.
    fn unallocated(&mut self, index: usize, output: &Output<'_>) {
        let saved = self.dot;
        let is_listed = output.rule.is_some() && !output.name.starts_with(".debug") && !output.name.starts_with(".stab");
        let explicit = output.rule.and_then(|rule| rule.address.as_ref());
        let address = match explicit {
            Some(address) => self.number(address, output.rule.map(|rule| rule.span)),
            None if is_listed => {
                let next = self.layout.regions.choose(self.inputs.script, output).map_or(self.free, |region| self.layout.regions.next(region));
                eval::align_up(next, u64::from(output.align))
            }
            None => 0,
        };
        self.dot = address;
        self.layout.outputs[index].address = address;
        self.section = Some(index);
        self.contents(index, output, address, None, true);
        self.section = None;
        let size = self.dot.wrapping_sub(address);
        self.dot = saved;
        self.place(index, Placed { address, load: address, size, align: u64::from(output.align), present: size > 0 });
    }

    fn load_address(&mut self, index: usize, output: &Output<'_>, start: Start) -> u64 {
        let rule = output.rule;
        if let Some(load) = rule.and_then(|rule| rule.load_address.as_ref()) {
            // Here `.` is the section's start.
            let dot = std::mem::replace(&mut self.dot, start.address);
            let load = self.number(load, rule.map(|rule| rule.span));
            self.dot = dot;
            return load;
        }
        if let Some(load_region) = start.load_region {
            let next = self.layout.regions.next(load_region);
            return if rule.is_some_and(|rule| rule.align_with_input) {
                // The load address moves exactly as the address does.
                next.wrapping_add(start.delta)
            } else if Some(load_region) == start.region {
                eval::align_up(next, start.section_align)
            } else {
                eval::align_up(next, start.own_align)
            };
        }
        let last = match start.region {
            Some(region) => self.layout.regions.uses[region].last,
            None => self.free_last,
        };
        let Some(last) = last.filter(|&last| last != index && !start.is_hollow).map(|last| self.layout.outputs[last]) else { return start.address };
        // Behind what came before, it is loaded behind it; before it, where it stands.
        if start.address < last.address && start.size != 0 && start.address.wrapping_add(start.size) <= last.address {
            return start.address;
        }
        eval::align_up(start.address.wrapping_add(last.load).wrapping_sub(last.address), start.section_align)
    }

    fn place(&mut self, index: usize, placed: Placed) {
        self.changed |= std::mem::replace(&mut self.layout.outputs[index], placed) != placed;
    }
}

/// An overlay as far as it is laid out.
#[derive(Clone, Copy, Debug)]
struct Overlaid {
    /// Where all its sections begin.
    start: u64,
    /// Behind the longest of them.
    end: u64,
    /// Where the next is loaded.
    next_load: u64,
}

/// Where a section begins and why there, for its load address.
struct Start {
    address: u64,
    size: u64,
    /// Bytes that its alignment skipped.
    delta: u64,
    /// The script's `ALIGN`.
    own_align: u64,
    /// What its start was aligned to.
    section_align: u64,
    region: Option<usize>,
    load_region: Option<usize>,
    is_hollow: bool,
}
