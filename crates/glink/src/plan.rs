//! Phase 3: which input section goes into which output section, by the script; sections that no
//! line of the script names go behind their likes.

mod orphans;
pub mod spill;

use crate::link_order;
use crate::names::NameMap;
use crate::options::{Options, Orphans, SortSections};
use crate::problem::Problem;
use crate::resolve::{InputSection, LINKER, Resolved, SectionId};
use crate::script::ast::{Assertion, Assignment, Assigns, Binary, Constraint, Content, Expr, Fill, Function, InputPattern, OutputRule, OutputType, Script, SectionPattern, Sort, SortFiles, Statement};
use crate::script::pattern::Pattern;
use crate::strings::text;
use crate::warnings;
use diag::{Diagnostic, codes};
use object::elf;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One line of the image, in the order of the script.
#[derive(Clone, Copy, Debug)]
pub enum Line<'s> {
    /// An assignment outside all sections.
    Assign(&'s Assignment),
    /// An assertion.
    Assert(&'s Assertion),
    /// The output section with this index.
    Output(usize),
}

/// One line of an output section.
#[derive(Clone, Copy, Debug)]
pub enum Item<'s> {
    /// A line of input sections; those that it took follow.
    Inputs(&'s InputPattern),
    /// An input section.
    Section(SectionId),
    /// An assignment.
    Assign(&'s Assignment),
    /// A number of this many bytes.
    Data(u8, &'s Expr),
    /// What fills gaps from here.
    Fill(&'s Fill),
    /// An assertion.
    Assert(&'s Assertion),
}

/// An output section.
#[derive(Clone, Debug)]
pub struct Output<'s> {
    /// Its name.
    pub name: String,
    /// The script's line; none for a section that no line names.
    pub rule: Option<&'s OutputRule>,
    /// What is in it, in order.
    pub items: Vec<Item<'s>>,
    /// `SHT_…`
    pub kind: elf::SectionType,
    /// `SHF_…`
    pub flags: elf::SectionFlags,
    /// Size of one entry, if all inputs agree.
    pub entsize: u32,
    /// The strictest alignment of its inputs.
    pub align: u32,
    /// For a section that no line names: the line of the section that it was put behind, whose regions
    /// and segments it shares.
    pub like: Option<&'s OutputRule>,
    /// Whether the script makes it exist without inputs: it writes data or moves the location counter.
    pub keeps: bool,
    /// Whether the script assigns symbols in it: then it aligns the location counter even if empty.
    pub assigns: bool,
}

impl<'s> Output<'s> {
    /// The line that says in which regions and segments it goes.
    #[must_use]
    pub fn placing(&self) -> Option<&'s OutputRule> {
        self.rule.or(self.like)
    }
    /// Whether any input section is in it.
    #[must_use]
    pub fn has_sections(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Section(_)))
    }
    /// Whether anything in its braces makes it before it has inputs.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.items.iter().any(|item| !matches!(item, Item::Inputs(_) | Item::Section(_)))
    }
    /// Whether the script writes a number into it before it does anything else there.
    #[must_use]
    pub fn begins_with_data(&self) -> bool {
        self.items.iter().find(|item| !matches!(item, Item::Inputs(_))).is_some_and(|item| matches!(item, Item::Data(..)))
    }
    /// Whether the script writes numbers into it.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Data(..)))
    }
    /// Whether it exists for the script's sake alone and has nothing in it: it has an address, but takes no part in memory.
    #[must_use]
    pub fn is_hollow(&self, size: u64) -> bool {
        size == 0 && self.is_allocated() && !self.has_sections() && !self.has_data()
    }
    /// What a hollow section is in the file: what its name says.
    #[must_use]
    pub fn as_hollow(&self) -> (elf::SectionType, elf::SectionFlags) {
        let (flags, kind) = rv32::sections::known(self.name.as_bytes());
        let write = if self.name == ".text" { elf::SectionFlags(0) } else { elf::SHF_WRITE };
        (elf::SectionType(kind), elf::SectionFlags(u64::from(flags)) | write)
    }
    /// Whether it is part of memory as each process has it: no thread's data.
    #[must_use]
    pub fn is_memory(&self, size: u64) -> bool {
        self.is_allocated() && !self.is_hollow(size) && !self.has(elf::SHF_TLS)
    }
    /// Whether it takes addresses.
    #[must_use]
    pub fn is_allocated(&self) -> bool {
        self.flags & elf::SHF_ALLOC == elf::SHF_ALLOC
    }
    /// Whether all of these flags are set.
    #[must_use]
    pub fn has(&self, flags: elf::SectionFlags) -> bool {
        self.flags & flags == flags
    }
    /// Whether it is a thread's zeroed data: it takes no room in memory of its own.
    #[must_use]
    pub fn is_tbss(&self) -> bool {
        self.has(elf::SHF_TLS) && self.kind == elf::SHT_NOBITS
    }
}

/// Where an input section goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It holds no part of the program: symbol tables, relocations, groups.
    NotContent,
    /// Into this output section.
    Output(u32),
    /// Another object's copy is used.
    Duplicate,
    /// The script discards it.
    Discarded,
    /// Nothing refers to it (`--gc-sections`).
    Unreferenced,
}

/// The image in outline.
#[derive(Clone, Debug, Default)]
pub struct Plan<'s> {
    /// Lines in order.
    pub lines: Vec<Line<'s>>,
    /// Output sections by index.
    pub outputs: Vec<Output<'s>>,
    /// By [`SectionId`].
    pub fates: Vec<Fate>,
    /// By [`SectionId`]: the script wants it kept.
    pub kept: Vec<bool>,
    /// Sections that no line of the script takes.
    orphans: Vec<SectionId>,
    /// Whether the file has `.riscv.attributes`.
    pub has_attributes: bool,
    /// With `--enable-non-contiguous-regions`: the other lines that would take a section, with their output
    /// sections, the next one last.
    pub alternatives: HashMap<SectionId, Vec<(usize, &'s InputPattern)>>,
}

impl Plan<'_> {
    /// A thread's block begins with the first thread-local section, so that one is aligned as strictly
    /// as any of them.
    pub fn align_thread_block(&mut self) {
        let is_thread = |&index: &usize| self.outputs[index].has(elf::SHF_TLS) && self.outputs[index].has_sections();
        let exists = |&index: &usize| self.outputs[index].name != "/DISCARD/" && (self.outputs[index].has_sections() || self.outputs[index].is_made());
        let in_order = self.lines.iter().filter_map(|line| if let Line::Output(index) = line { Some(*index) } else { None }).filter(exists);
        // As far as they stand together.
        let block: Vec<usize> = in_order.skip_while(|index| !is_thread(index)).take_while(is_thread).collect();
        let (first, strictest) = (block.first().copied(), block.iter().map(|&index| self.outputs[index].align).max());
        if let (Some(first), Some(strictest)) = (first, strictest) {
            self.outputs[first].align = strictest;
        }
    }

    /// Places the sections that no line of the script takes once more, as if those that left the plan had never been: where they go depends
    /// on what is in the script's.
    pub fn place_orphans_anew(&mut self, resolved: &Resolved<'_>, options: &Options) {
        let fates = &self.fates;
        let is_new = |output: &Output<'_>| output.rule.is_none();
        self.orphans.retain(|id| matches!(fates[id.0 as usize], Fate::Output(output) if is_new(&self.outputs[output as usize])));
        self.lines.retain(|line| !matches!(line, Line::Output(output) if is_new(&self.outputs[*output])));
        self.outputs.retain(|output| !is_new(output));
        orphans::place(resolved, self, options);
        let runs = runs_of_orphans(resolved, self);
        link_order::arrange(resolved, self, &runs);
    }

    /// In a script's layout `.text` is read-only, whatever is in it, but with `-N` it is writable: as GNU ld has it.
    pub fn settle_text(&mut self, options: &Options) {
        if let Some(text) = self.outputs.iter_mut().find(|output| output.name == ".text").filter(|_| options.has_script()) {
            text.flags = elf::SectionFlags(text.flags.0 & !elf::SHF_WRITE.0);
            if options.omagic {
                text.flags |= elf::SHF_WRITE;
            }
        }
    }

    /// What the global offset table holds is known: it counts in its output section from now on, or leaves it.
    pub fn settle_table(&mut self, resolved: &Resolved<'_>, table: SectionId) {
        let Some(output) = self.output_of(table) else { return };
        if resolved.section(table).size == 0 {
            self.fates[table.0 as usize] = Fate::NotContent;
            self.outputs[output].items.retain(|item| !matches!(item, Item::Section(id) if *id == table));
        }
        summarise(resolved, &mut self.outputs[output]);
    }

    /// The output section that holds an input section.
    #[must_use]
    pub fn output_of(&self, section: SectionId) -> Option<usize> {
        match self.fates[section.0 as usize] {
            Fate::Output(output) => Some(output as usize),
            Fate::NotContent | Fate::Duplicate | Fate::Discarded | Fate::Unreferenced => None,
        }
    }
}

/// Whether the script sends sections of this name away.
#[must_use]
pub fn discards(script: &Script, name: &[u8]) -> bool {
    let rules = script.statements.iter().filter_map(|statement| if let Statement::Output(rule) = statement { Some(rule) } else { None });
    let takes = |rule: &OutputRule| {
        rule.contents.iter().any(|content| matches!(content, Content::Input(input) if input.file.matches_all() && input.sections.iter().any(|section| section.name.matches(name))))
    };
    rules.into_iter().find(|rule| takes(rule)).is_some_and(|rule| rule.name == "/DISCARD/")
}

/// One list of sections in the script: the sections that it takes, and how it orders them.
struct Slot<'s> {
    pattern: &'s InputPattern,
    output: usize,
    item: usize,
    /// The order in which its patterns' sections come: by the pattern's number if it sorts.
    taken: Vec<(usize, SectionId)>,
}

/// Assigns every section of the inputs its place.
pub fn plan<'s>(resolved: &Resolved<'_>, script: &'s Script, options: &Options, problems: &mut Vec<Problem>) -> Plan<'s> {
    let mut plan = Plan { fates: Vec::with_capacity(resolved.sections.len()), kept: vec![false; resolved.sections.len()], ..Plan::default() };
    let mut slots: Vec<Slot<'s>> = Vec::new();
    for statement in &script.statements {
        match statement {
            Statement::Assign(assignment) => plan.lines.push(Line::Assign(assignment)),
            Statement::Assert(assertion) => plan.lines.push(Line::Assert(assertion)),
            Statement::Include(_) => {}
            Statement::Output(rule) => {
                plan.lines.push(Line::Output(plan.outputs.len()));
                plan.outputs.push(open_output(resolved, rule, plan.outputs.len(), &mut slots));
            }
        }
    }
    let mut orphans = distribute(resolved, &mut plan, &mut slots, options);
    let named = named_files(resolved, script);
    let comes_later = |id: SectionId| !named.get(resolved.sections[id.0 as usize].object.0 as usize).copied().unwrap_or(false);
    if !named.is_empty() {
        orphans.sort_by_key(|&id| comes_later(id));
        slots.iter_mut().for_each(|slot| slot.taken.sort_by_key(|&(_, id)| comes_later(id)));
    }
    let mut runs = fill_slots(resolved, &mut plan, slots, options.sort_sections);
    drop_by_constraint(resolved, &mut plan);
    for index in 0..plan.outputs.len() {
        summarise(resolved, &mut plan.outputs[index]);
    }
    plan.orphans = handle_orphans(resolved, &mut plan, orphans, options.orphans, problems);
    orphans::place(resolved, &mut plan, options);
    runs.extend(runs_of_orphans(resolved, &plan));
    link_order::arrange(resolved, &mut plan, &runs);
    plan
}

/// What `--orphan-handling` asks for; gives the orphans that are still to be placed.
fn handle_orphans(resolved: &Resolved<'_>, plan: &mut Plan<'_>, orphans: Vec<SectionId>, handling: Orphans, problems: &mut Vec<Problem>) -> Vec<SectionId> {
    let (code, what): (diag::Code, &str) = match handling {
        Orphans::Place => return orphans,
        Orphans::Discard => {
            for id in orphans {
                // What the linker makes is no orphan of the script's.
                if resolved.sections[id.0 as usize].object == LINKER {
                    continue;
                }
                plan.fates[id.0 as usize] = Fate::Discarded;
            }
            return Vec::new();
        }
        Orphans::Warn => (&codes::ORPHAN_SECTION, "orphan"),
        Orphans::Error => (&codes::E0508, "unplaced orphan"),
    };
    for &id in &orphans {
        let input = &resolved.sections[id.0 as usize];
        let is_debug = !input.section.has(elf::SHF_ALLOC) && (input.section.name.starts_with(b".debug") || input.section.name == b".comment");
        if input.object == LINKER || input.section.size == 0 || is_debug {
            continue;
        }
        let name = text(input.section.name);
        let message = format!("{what} section `{name}` from {}: no line of the script names it", resolved.object_name(input.object));
        problems.push(Problem::Plain(Box::new(Diagnostic::new(code, message).help(format!("give it a place, `{name} : {{ *({name}) }}`, or send it away, `/DISCARD/ : {{ *({name}) }}`")))));
    }
    orphans
}

fn open_output<'s>(resolved: &Resolved<'_>, rule: &'s OutputRule, output: usize, slots: &mut Vec<Slot<'s>>) -> Output<'s> {
    let mut items = Vec::with_capacity(rule.contents.len());
    for content in &rule.contents {
        match content {
            Content::Assign(assignment) => items.push(Item::Assign(assignment)),
            Content::Data(size, value) => items.push(Item::Data(*size, value)),
            Content::Fill(value) => items.push(Item::Fill(value)),
            Content::Assert(assertion) => items.push(Item::Assert(assertion)),
            Content::Input(pattern) => {
                items.push(Item::Inputs(pattern));
                slots.push(Slot { pattern, output, item: items.len(), taken: Vec::new() });
            }
            Content::Include(_) => {}
        }
    }
    let keeps = items.iter().any(|item| match item {
        Item::Assign(assignment) => assignment.name == "." && !stays(&assignment.value),
        Item::Data(..) => true,
        Item::Inputs(_) | Item::Section(_) | Item::Fill(_) | Item::Assert(_) => false,
    });
    let assigns = items.iter().any(|item| matches!(item, Item::Assign(assignment) if assignment.name != "." && takes_effect(resolved, assignment)));
    Output { name: rule.name.clone(), rule: Some(rule), items, kind: elf::SHT_NOBITS, flags: elf::SectionFlags(0), entsize: 0, align: 1, like: None, keeps, assigns }
}

/// Whether an assignment defines its symbol.
fn takes_effect(resolved: &Resolved<'_>, assignment: &Assignment) -> bool {
    let is_provided = || resolved.symbols.find(assignment.name.as_bytes()).is_some_and(|id| resolved.symbols.get(id).provided);
    match assignment.assigns {
        Assigns::Plain | Assigns::Hidden => true,
        Assigns::Provide | Assigns::ProvideHidden => is_provided(),
    }
}

/// Values of `.` that do not make an empty section exist (GNU ld's manual, 3.6.7).
fn stays(value: &Expr) -> bool {
    match value {
        Expr::Number(0) | Expr::Dot => true,
        Expr::Binary(Binary::Add, a, b) => **a == Expr::Dot && matches!(**b, Expr::Number(0)),
        Expr::Call(function) => matches!(&**function, Function::Align(None, Expr::Conditional(_, _, otherwise)) if **otherwise == Expr::Number(1)),
        Expr::Number(_) | Expr::Symbol(_) | Expr::Unary(..) | Expr::Binary(..) | Expr::Conditional(..) => false,
    }
}

/// Whether a section holds part of the program.
fn is_content(input: &InputSection<'_>, relocatable: bool) -> bool {
    // What the linker makes for the program, even a table of relocations, is part of it.
    if input.object == LINKER {
        return true;
    }
    let section = &input.section;
    // The strings of a table of symbols in the old format.
    if section.kind == elf::SHT_STRTAB && section.name.starts_with(b".stab") {
        return true;
    }
    let bookkeeping = matches!(
        section.kind,
        elf::SHT_NULL | elf::SHT_SYMTAB | elf::SHT_STRTAB | elf::SHT_RELA | elf::SHT_REL | elf::SHT_GROUP | elf::SHT_SYMTAB_SHNDX | elf::SHT_RISCV_ATTRIBUTES | SHT_LLVM_ADDRSIG
    );
    !bookkeeping && (relocatable || !section.has(elf::SHF_EXCLUDE) && section.name != b".note.GNU-stack" && !warnings::is_warning(section.name))
}

const SHT_LLVM_ADDRSIG: elf::SectionType = elf::SectionType(0x6fff_4c03);

/// What `--unique` names: no line of the script takes such sections, and they are not joined.
fn unique_patterns(options: &Options) -> Vec<Pattern> {
    options.unique.iter().map(|name| Pattern::new(name)).collect()
}

fn is_unique(unique: &[Pattern], name: &[u8]) -> bool {
    unique.iter().any(|pattern| pattern.matches(name))
}

/// Gives each section to the first slot that matches; what is left are the orphans. Which slots can
/// match depends on the section's name alone, so that is found once for each name.
fn distribute<'s>(resolved: &Resolved<'_>, plan: &mut Plan<'s>, slots: &mut [Slot<'s>], options: &Options) -> Vec<SectionId> {
    let mut by_name: NameMap<'_, Vec<(usize, usize)>> = NameMap::default();
    let unique = unique_patterns(options);
    let mut orphans = Vec::new();
    let keeps_groups = options.relocatable && !options.force_group_allocation;
    for (index, section) in resolved.sections.iter().enumerate() {
        let id = SectionId(index as u32);
        let fate = if section.duplicate {
            Fate::Duplicate
        } else if !is_content(section, options.relocatable) {
            Fate::NotContent
        } else {
            let name = section.section.name;
            let candidates = by_name.entry(name).or_insert_with(|| if is_unique(&unique, name) { Vec::new() } else { candidates(slots, name) });
            // Members of groups stay by themselves as long as the groups do; but the script may send them away.
            let may_join = |slot: usize| !keeps_groups || !section.section.has(elf::SHF_GROUP) || plan.outputs[slots[slot].output].name == "/DISCARD/";
            match candidates.iter().find(|&&(slot, pattern)| may_join(slot) && flags_fit(slots[slot].pattern, section) && takes(slots[slot].pattern, pattern, resolved.object_name(section.object))) {
                Some(&(slot, pattern)) => {
                    if options.non_contiguous_regions {
                        let is_later = |other: usize| slots[other].output > slots[slot].output && plan.outputs[slots[other].output].name != "/DISCARD/";
                        let also = candidates.iter().filter(|(other, pattern)| is_later(*other) && takes(slots[*other].pattern, *pattern, resolved.object_name(section.object)));
                        plan.alternatives.insert(id, also.rev().map(|&(other, _)| (slots[other].output, slots[other].pattern)).collect());
                    }
                    let slot = &mut slots[slot];
                    slot.taken.push((pattern, id));
                    plan.kept[index] = slot.pattern.keep;
                    if plan.outputs[slot.output].name == "/DISCARD/" { Fate::Discarded } else { Fate::Output(slot.output as u32) }
                }
                None => {
                    orphans.push(id);
                    // Replaced when the orphan gets its place.
                    Fate::NotContent
                }
            }
        };
        plan.fates.push(fate);
    }
    orphans
}

/// Slots, and the pattern in each, that match a section's name; of several patterns in a slot the
/// first whose files also match counts, so all are listed.
fn candidates(slots: &[Slot<'_>], name: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (index, slot) in slots.iter().enumerate() {
        if slot.pattern.sections.is_empty() {
            found.push((index, 0));
        }
        for (number, pattern) in slot.pattern.sections.iter().enumerate() {
            if pattern.name.matches(name) {
                found.push((index, number));
            }
        }
    }
    found
}

/// Whether a section has the flags that `INPUT_SECTION_FLAGS` asks for.
fn flags_fit(slot: &InputPattern, section: &InputSection<'_>) -> bool {
    let flags = section.section.flags.0 as u32;
    flags & slot.flags.with == slot.flags.with && flags & slot.flags.without == 0
}

/// Whether a slot's file patterns take a file.
fn takes(slot: &InputPattern, pattern: usize, file: &str) -> bool {
    let excluded = |list: &[Pattern]| !list.is_empty() && list.iter().any(|pattern| file_matches(pattern, file));
    if let Some(archive) = &slot.archive {
        let (name, member) = split_member(file);
        // `archive:` is any member, `:file` a file in no archive.
        let archive_fits = if archive.as_str().is_empty() { member.is_none() } else { member.is_some() && archive.matches(name.as_bytes()) };
        let member_fits = slot.file.as_str().is_empty() || slot.file.matches(member.unwrap_or(name).as_bytes());
        if !archive_fits || !member_fits {
            return false;
        }
    } else if !slot.file.matches_all() && !file_matches(&slot.file, file) {
        return false;
    }
    !excluded(&slot.exclude) && !slot.sections.get(pattern).is_some_and(|section| excluded(&section.exclude))
}

/// `libc.a(printf.o)` → `libc.a`, `printf.o`
fn split_member(file: &str) -> (&str, Option<&str>) {
    match file.strip_suffix(')').and_then(|inner| inner.rsplit_once('(')) {
        Some((archive, member)) => (archive, Some(member)),
        None => (file, None),
    }
}

fn file_matches(pattern: &Pattern, file: &str) -> bool {
    let (archive, member) = split_member(file);
    match (pattern.as_str().split_once(':'), member) {
        (Some((archive_pattern, member_pattern)), Some(member)) => {
            Pattern::new(archive_pattern).matches(archive.as_bytes()) && (member_pattern.is_empty() || Pattern::new(member_pattern).matches(member.as_bytes()))
        }
        _ => pattern.matches(member.unwrap_or(archive).as_bytes()),
    }
}

/// By object, whether the script names its file without wildcards: what a pattern takes from such files comes
/// first, as GNU ld has it. Empty if the script names none.
fn named_files(resolved: &Resolved<'_>, script: &Script) -> Vec<bool> {
    let rules = script.statements.iter().filter_map(|statement| if let Statement::Output(rule) = statement { Some(rule) } else { None });
    let inputs = rules.flat_map(|rule| &rule.contents).filter_map(|content| if let Content::Input(input) = content { Some(input) } else { None });
    let names: BTreeSet<&str> = inputs.filter(|input| input.archive.is_none() && input.file.is_literal()).map(|input| input.file.as_str()).collect();
    if names.is_empty() { Vec::new() } else { resolved.objects.iter().map(|object| names.contains(object.name.as_str())).collect() }
}

/// Orders what each slot took and puts it in its place. Gives what came together and is still to be put in the order of
/// `SHF_LINK_ORDER`.
fn fill_slots<'s>(resolved: &Resolved<'_>, plan: &mut Plan<'s>, slots: Vec<Slot<'s>>, by_default: Option<SortSections>) -> Vec<Vec<SectionId>> {
    let mut runs = Vec::new();
    // From the back, so that the places of earlier slots stay where they are.
    for slot in slots.into_iter().rev() {
        let mut taken = slot.taken;
        if slot.pattern.sort_files == SortFiles::Name {
            taken.sort_by_key(|&(_, id)| resolved.object_name(resolved.sections[id.0 as usize].object));
        }
        let by_default = by_default.filter(|_| slot.pattern.sort_files != SortFiles::Never);
        let sort_of = |pattern: usize| match slot.pattern.sections.get(pattern).map_or(Sort::None, |section| sort_with_default(section, by_default)) {
            Sort::Never => Sort::None,
            sort @ (Sort::None | Sort::Name | Sort::Alignment | Sort::InitPriority | Sort::NameAlignment | Sort::AlignmentName) => sort,
        };
        let mut ordered: Vec<SectionId> = Vec::with_capacity(taken.len());
        // Patterns next to each other that sort alike, or not at all, share one run.
        let mut start = 0;
        let count = slot.pattern.sections.len().max(1);
        while start < count {
            let sort = sort_of(start);
            let end = (start..count).find(|&pattern| sort_of(pattern) != sort).unwrap_or(count);
            let first = ordered.len();
            ordered.extend(taken.iter().filter(|(pattern, _)| (start..end).contains(pattern)).map(|&(_, id)| id));
            sort_run(resolved, sort, &mut ordered[first..]);
            start = end;
        }
        let items = &mut plan.outputs[slot.output].items;
        items.splice(slot.item..slot.item, ordered.iter().copied().map(Item::Section));
        if ordered.iter().any(|&id| resolved.section(id).has(elf::SHF_LINK_ORDER)) {
            runs.push(ordered);
        }
    }
    runs
}

/// The orphans that came together, where any of them describes another section.
fn runs_of_orphans(resolved: &Resolved<'_>, plan: &Plan<'_>) -> Vec<Vec<SectionId>> {
    let mut runs: BTreeMap<usize, Vec<SectionId>> = BTreeMap::new();
    for &id in &plan.orphans {
        if let Some(output) = plan.output_of(id) {
            runs.entry(output).or_default().push(id);
        }
    }
    runs.into_values().filter(|run| run.iter().any(|&id| resolved.section(id).has(elf::SHF_LINK_ORDER))).collect()
}

/// The order of a pattern's sections, with `--sort-section` where the pattern is a wildcard and leaves
/// it open.
fn sort_with_default(section: &SectionPattern, by_default: Option<SortSections>) -> Sort {
    let is_special = [".init", ".fini"].contains(&section.name.as_str());
    match (section.sort, by_default) {
        (Sort::None, Some(SortSections::Name)) if !is_special => Sort::Name,
        (Sort::None, Some(SortSections::Alignment)) if !is_special => Sort::Alignment,
        (Sort::Name, Some(SortSections::Alignment)) => Sort::NameAlignment,
        (Sort::Alignment, Some(SortSections::Name)) => Sort::AlignmentName,
        (sort, _) => sort,
    }
}

fn sort_run(resolved: &Resolved<'_>, sort: Sort, run: &mut [SectionId]) {
    let section = |id: &SectionId| resolved.section(*id);
    match sort {
        Sort::None | Sort::Never => {}
        Sort::Name => run.sort_by(|a, b| section(a).name.cmp(section(b).name)),
        Sort::Alignment => run.sort_by_key(|id| std::cmp::Reverse(section(id).align)),
        Sort::NameAlignment => run.sort_by(|a, b| section(a).name.cmp(section(b).name).then(section(b).align.cmp(&section(a).align))),
        Sort::AlignmentName => run.sort_by(|a, b| section(b).align.cmp(&section(a).align).then(section(a).name.cmp(section(b).name))),
        Sort::InitPriority => run.sort_by(|a, b| init_priority(section(a).name).cmp(&init_priority(section(b).name)).then(section(a).name.cmp(section(b).name))),
    }
}

/// The number that ends `.init_array.00100`; `.ctors.65435` counts backwards.
fn init_priority(name: &[u8]) -> u32 {
    let name = text(name);
    let Some((prefix, number)) = name.rsplit_once('.') else { return u32::MAX };
    match number.parse::<u32>() {
        Ok(number) if prefix.ends_with("ctors") || prefix.ends_with("dtors") => 65535u32.saturating_sub(number),
        Ok(number) => number,
        Err(_) => u32::MAX,
    }
}

/// `ONLY_IF_RO` and `ONLY_IF_RW`: a section whose inputs do not fit does not exist, and its inputs go
/// to the next section of that name that would take them.
fn drop_by_constraint(resolved: &Resolved<'_>, plan: &mut Plan<'_>) {
    for index in 0..plan.outputs.len() {
        let Some(constraint) = plan.outputs[index].rule.and_then(|rule| rule.constraint) else { continue };
        let sections = |output: &Output<'_>| -> Vec<SectionId> {
            output.items.iter().filter_map(|item| if let Item::Section(id) = item { Some(*id) } else { None }).collect()
        };
        let taken = sections(&plan.outputs[index]);
        let writable = taken.iter().any(|&id| resolved.section(id).has(elf::SHF_WRITE));
        if writable == (constraint == Constraint::Writable) {
            continue;
        }
        let name = plan.outputs[index].name.clone();
        plan.outputs[index].items.clear();
        let other = (index + 1..plan.outputs.len()).find(|&other| plan.outputs[other].name == name);
        for id in taken {
            match other {
                Some(other) => {
                    plan.fates[id.0 as usize] = Fate::Output(other as u32);
                    plan.outputs[other].items.push(Item::Section(id));
                }
                None => plan.fates[id.0 as usize] = Fate::Discarded,
            }
        }
    }
}

/// Whether an input section is the global offset table before it has entries: most links need none, and a
/// section that the script sends it to must not become data for it.
fn is_empty_table(resolved: &Resolved<'_>, id: SectionId) -> bool {
    resolved.sections[id.0 as usize].object == LINKER && resolved.section(id).size == 0
}

/// Type, flags, alignment of an output section from its inputs.
pub fn summarise(resolved: &Resolved<'_>, output: &mut Output<'_>) {
    let mut first = true;
    let mut declared: Option<elf::SectionType> = None;
    let mut has_data = false;
    let mut shared_merge = elf::SHF_MERGE | elf::SHF_STRINGS;
    let mut follows = elf::SHF_LINK_ORDER;
    output.flags = elf::SectionFlags(0);
    output.align = 1;
    for item in &output.items {
        match item {
            Item::Section(id) if output.rule.is_some() && is_empty_table(resolved, *id) => {}
            Item::Section(id) => {
                let section = resolved.section(*id);
                output.flags |= section.flags & (elf::SHF_ALLOC | elf::SHF_WRITE | elf::SHF_EXECINSTR | elf::SHF_TLS);
                output.align = output.align.max(section.align);
                shared_merge &= section.flags;
                follows &= section.flags;
                declared = declared.or(Some(section.kind));
                has_data |= section.kind != elf::SHT_NOBITS;
                if first || output.entsize == section.entsize {
                    output.entsize = section.entsize;
                } else {
                    output.entsize = 0;
                    shared_merge = elf::SectionFlags(0);
                }
                first = false;
            }
            Item::Data(..) => has_data = true,
            Item::Inputs(_) | Item::Assign(_) | Item::Fill(_) | Item::Assert(_) => {}
        }
    }
    if !first {
        output.flags |= shared_merge | follows;
    }
    if shared_merge == elf::SectionFlags(0) {
        output.entsize = 0;
    }
    let is_empty = declared.is_none();
    // As the first input has it, unless a table of functions is one by its name; but zeroes that hold data are none.
    output.kind = match lists_functions(&output.name).filter(|_| !is_empty).or(declared) {
        Some(kind) if kind != elf::SHT_NOBITS || !has_data => kind,
        Some(_) | None if has_data => elf::SHT_PROGBITS,
        Some(_) | None => elf::SHT_NOBITS,
    };
    let rule_kind = output.rule.and_then(|rule| rule.kind);
    if is_empty {
        // Only assignments and data: memory, unless the script says otherwise.
        output.flags = if output.begins_with_data() { elf::SHF_ALLOC } else { elf::SHF_ALLOC | elf::SHF_WRITE };
    }
    match rule_kind {
        Some(OutputType::NoLoad) => output.kind = elf::SHT_NOBITS,
        Some(OutputType::NotAllocated) => output.flags = elf::SectionFlags(output.flags.0 & !elf::SHF_ALLOC.0),
        Some(OutputType::ReadOnly) => output.flags = elf::SectionFlags(output.flags.0 & !elf::SHF_WRITE.0),
        Some(OutputType::Kind(kind)) => output.kind = elf::SectionType(kind),
        Some(OutputType::ReadOnlyKind(kind)) => {
            output.kind = elf::SectionType(kind);
            output.flags = elf::SectionFlags(output.flags.0 & !elf::SHF_WRITE.0);
        }
        None => {}
    }
    if is_empty && let Some((flags, kind)) = rv32::sections::find(output.name.as_bytes()) {
        // What its name says.
        let rights = elf::SectionFlags(u64::from(flags)) & (elf::SHF_WRITE | elf::SHF_EXECINSTR);
        output.flags |= if output.is_allocated() { rights } else { elf::SectionFlags(0) };
        if output.kind == elf::SHT_PROGBITS && elf::SectionType(kind) != elf::SHT_NOBITS {
            output.kind = elf::SectionType(kind);
        }
    }
    if is_empty && !output.is_allocated() {
        output.kind = elf::SHT_PROGBITS;
    }
    if matches!(output.kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY) {
        output.entsize = 4;
    }
}

/// The type of a table of functions, which its name says whatever its first input is.
fn lists_functions(name: &str) -> Option<elf::SectionType> {
    let kind = elf::SectionType(rv32::sections::find(name.as_bytes())?.1);
    Some(kind).filter(|&kind| matches!(kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY))
}
