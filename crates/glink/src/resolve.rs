//! Phase 2: symbols. Objects enter in order, archives give the members that define what is still
//! undefined, and each name gets its one definition.

mod archives;
mod table;

pub use table::{Definition, Symbol, Symbols};

use crate::load::{InputFile, Inputs, Step};
use crate::names::{NameMap, NameSet};
use crate::object_file::{self, Group, ObjectFile, Refused, Section, SymbolHome};
use crate::options::Options;
use crate::problem::Problem;
use crate::strings::text;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// An object that takes part in the link, by its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);
/// A section of any object: the object's first section plus the ELF index. Blocks and tables that
/// the linker makes come after all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId(pub u32);
/// A name that objects share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// Why an archive member takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was named, or its whole archive was asked for.
    Asked,
    /// Only its symbols count (`--just-symbols`).
    Symbols,
    /// It defines this symbol, which was undefined.
    Defines(SymbolId),
}

/// An object with its place among the others.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// What messages call it: `a.o`, `libc.a(printf.o)`.
    pub name: String,
    /// Its parsed form; the sections have moved to [`Resolved::sections`].
    pub file: ObjectFile<'a>,
    /// Its section with ELF index 0.
    pub first_section: u32,
    /// Shared names of its symbols from `first_global` on.
    pub globals: Vec<SymbolId>,
    /// Why it is here.
    pub why: Why,
}

/// A section with its object.
#[derive(Clone, Debug)]
pub struct InputSection<'a> {
    /// Its object; [`LINKER`] for what the linker makes.
    pub object: ObjectId,
    /// The section.
    pub section: Section<'a>,
    /// Another object's copy of its group is used in its place.
    pub duplicate: bool,
}

/// What the command line and the script give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The file of this name.
    File(&'a str),
    /// A group begins.
    GroupStart,
    /// A group ends.
    GroupEnd,
}

/// The object of sections that the linker makes.
pub const LINKER: ObjectId = ObjectId(u32::MAX);

/// The outcome of symbol resolution.
#[derive(Clone, Debug, Default)]
pub struct Resolved<'a> {
    /// What was given, in order, for the map.
    pub inputs: Vec<Input<'a>>,
    /// Objects in the order in which they entered.
    pub objects: Vec<Object<'a>>,
    /// All their sections.
    pub sections: Vec<InputSection<'a>>,
    /// Index of the first section that the linker made.
    pub first_made: u32,
    /// All shared names.
    pub symbols: Symbols<'a>,
    /// Of symbols that stay undefined: the archive member that defines them and was not taken, because
    /// its archive stands before the use.
    pub passed_over: BTreeMap<SymbolId, String>,
    /// If any symbol stays undefined: what the archives define, for "did you mean".
    pub offered: Vec<&'a [u8]>,
    /// Indirect functions' entries, by shared name (no object) or by symbol of an object.
    pub indirect: HashMap<(Option<ObjectId>, u32), Place>,
    /// With `-r`: of sections whose group another object has too, the copy that is used.
    pub copies: HashMap<SectionId, SectionId>,
    /// The object that first has a group or section of this name, and the group's number there.
    comdats: NameMap<'a, (ObjectId, usize)>,
    /// By shared name, once they are settled: where it stands.
    places: Vec<Place>,
}

/// Where a symbol stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At an address that no layout changes.
    Absolute(u32),
    /// At an offset into a section as it stands in its object.
    Section(SectionId, u32),
    /// Where the script or the linker says.
    Linker(SymbolId),
    /// Nowhere; all uses are weak: address 0.
    UndefinedWeak,
    /// Nowhere.
    Undefined(SymbolId),
}

impl<'a> Resolved<'a> {
    /// A section.
    #[must_use]
    pub fn section(&self, id: SectionId) -> &Section<'a> {
        &self.sections[id.0 as usize].section
    }

    /// The name of an object's file, without its folder or archive.
    #[must_use]
    pub fn file_name(&self, id: ObjectId) -> &str {
        let name = self.object_name(id);
        let member = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')).map_or(name, |(_, member)| member);
        member.rsplit_once('/').map_or(member, |(_, file)| file)
    }

    /// What messages call a section's object.
    #[must_use]
    pub fn object_name(&self, id: ObjectId) -> &str {
        self.objects.get(id.0 as usize).map_or("<linker>", |object| &object.name)
    }

    /// The shared name behind a symbol of an object; none for local symbols.
    #[must_use]
    pub fn global(&self, object: ObjectId, index: u32) -> Option<SymbolId> {
        let object = &self.objects[object.0 as usize];
        object.globals.get((index as usize).checked_sub(object.file.first_global)?).copied()
    }

    /// Where a symbol of an object stands.
    #[must_use]
    pub fn place(&self, object: ObjectId, index: u32) -> Place {
        if index == 0 {
            return Place::Absolute(0);
        }
        match self.global(object, index) {
            Some(id) => self.place_of(id),
            None if self.indirect.is_empty() => self.own_place(object, index),
            None => self.indirect.get(&(Some(object), index)).copied().unwrap_or_else(|| self.own_place(object, index)),
        }
    }

    /// Where a symbol of an object stands, even if its uses go elsewhere.
    #[must_use]
    pub fn defined_place(&self, object: ObjectId, index: u32) -> Place {
        match self.global(object, index).map(|id| (id, self.symbols.get(id).definition)) {
            Some((_, Definition::Object(object, index))) => self.own_place(object, index),
            Some((id, _)) => self.place_of(id),
            None => self.own_place(object, index),
        }
    }

    /// Uses of an indirect function go to this entry.
    pub fn redirect(&mut self, id: SymbolId, entry: Place) {
        self.indirect.insert((None, id.0), entry);
        self.places[id.0 as usize] = entry;
    }

    /// Where a shared name stands.
    #[must_use]
    pub fn place_of(&self, id: SymbolId) -> Place {
        if let Some(&place) = self.places.get(id.0 as usize) {
            return place;
        }
        let symbol = self.symbols.get(id);
        match symbol.definition {
            Definition::Object(object, index) => self.own_place(object, index),
            Definition::Block(section) => Place::Section(section, 0),
            Definition::Common { .. } | Definition::Linker => Place::Linker(id),
            Definition::Undefined if symbol.strong_use => Place::Undefined(id),
            Definition::Undefined => Place::UndefinedWeak,
        }
    }

    /// Where an object has a symbol that the script or the command line defines besides.
    #[must_use]
    pub fn overridden(&self, id: SymbolId) -> Option<Place> {
        match self.symbols.get(id).overridden? {
            Definition::Object(object, index) => Some(self.own_place(object, index)),
            Definition::Block(section) => Some(Place::Section(section, 0)),
            Definition::Common { .. } | Definition::Linker | Definition::Undefined => None,
        }
    }

    /// From here on no definition changes: notes where each shared name stands.
    pub fn settle(&mut self) {
        self.places = self.symbols.iter().map(|(id, _)| self.place_of(id)).collect();
    }

    fn own_place(&self, id: ObjectId, index: u32) -> Place {
        let object = &self.objects[id.0 as usize];
        let value = object.file.symbol(index as usize).map_or(0, |symbol| symbol.st_value.get(LE));
        match object.file.home(index as usize) {
            SymbolHome::Section(section) => Place::Section(SectionId(object.first_section + section), value),
            SymbolHome::Absolute => Place::Absolute(value),
            // Only a local symbol comes here undefined: nothing can define it.
            SymbolHome::Common | SymbolHome::Undefined => Place::Absolute(0),
        }
    }
}

/// Resolves all symbols of the inputs. `wrapped` pairs names as used with names as meant; `asked` are
/// used by the command line or the script.
pub fn resolve<'a>(inputs: &'a Inputs, options: &'a Options, wrapped: &'a [(String, String)], asked: &[&'a str], problems: &mut Vec<Problem>) -> Resolved<'a> {
    let mut resolved = Resolved { symbols: Symbols::new(wrapped), ..Resolved::default() };
    for &name in asked {
        // `-e 0x80000000` is an address.
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            resolved.symbols.ask(name.as_bytes());
        }
    }
    for defsym in &options.defsyms {
        resolved.symbols.define_by_linker(defsym.name.as_bytes());
    }
    let mut archives = archives::Archives::new(inputs, problems);
    let mut group: Option<Vec<usize>> = None;
    resolved.inputs = inputs.steps.iter().map(|step| step.input(inputs)).collect();
    for step in &inputs.steps {
        match *step {
            Step::GroupStart => group = Some(Vec::new()),
            Step::GroupEnd => archives.take_needed(&group.take().unwrap_or_default(), &mut resolved, options, problems),
            Step::File(index) if archives.is_archive(index) => {
                let file = &inputs.files[index];
                if file.whole_archive {
                    archives.take_all(index, &mut resolved, options, problems);
                } else if let Some(group) = &mut group {
                    group.push(index);
                } else {
                    archives.take_needed(&[index], &mut resolved, options, problems);
                }
            }
            Step::File(index) => {
                let InputFile { name, data, only_symbols, .. } = &inputs.files[index];
                if !archive_refused(data) {
                    let why = if *only_symbols { Why::Symbols } else { Why::Asked };
                    resolved.add(name.clone(), data, why, options, problems);
                }
            }
        }
    }
    if let Some(group) = group {
        archives.take_needed(&group, &mut resolved, options, problems);
    }
    problems.retain(|problem| !matches!(problem, Problem::Duplicate { first, second, .. } if resolved.is_harmless(*first, *second, options)));
    resolved.first_made = resolved.sections.len() as u32;
    for &id in &resolved.symbols.wanted {
        let symbol = resolved.symbols.get(id);
        if symbol.definition == Definition::Undefined
            && let Some(member) = archives.could_define(symbol.name)
        {
            resolved.passed_over.insert(id, member);
        }
    }
    if resolved.symbols.wanted.iter().any(|&id| resolved.symbols.get(id).definition == Definition::Undefined) {
        resolved.offered = archives.names();
    }
    resolved
}

impl Step {
    /// What the map says of it.
    fn input<'a>(&self, inputs: &'a Inputs) -> Input<'a> {
        match *self {
            Step::File(index) => Input::File(&inputs.files[index].name),
            Step::GroupStart => Input::GroupStart,
            Step::GroupEnd => Input::GroupEnd,
        }
    }
}

/// Whether a file begins as an archive: then, if it is not one, that has been said.
fn archive_refused(data: &[u8]) -> bool {
    data.starts_with(crate::archive::MAGIC) || data.starts_with(crate::archive::THIN_MAGIC)
}

impl<'a> Resolved<'a> {
    /// Adds an object: its groups, then its symbols.
    fn add(&mut self, name: String, bytes: &'a [u8], why: Why, options: &Options, problems: &mut Vec<Problem>) {
        let mut file = match object_file::parse(bytes) {
            Ok(file) => file,
            Err(refused) => {
                problems.push(Problem::Plain(refusal(&name, refused)));
                return;
            }
        };
        let id = ObjectId(self.objects.len() as u32);
        let first_section = self.sections.len() as u32;
        let sections = std::mem::take(&mut file.sections);
        self.sections.extend(sections.into_iter().map(|section| InputSection { object: id, section, duplicate: false }));
        for (number, Group { signature, members, .. }) in file.groups.iter().enumerate().filter(|(_, group)| group.comdat) {
            match self.comdats.entry(signature) {
                Entry::Vacant(vacant) => {
                    vacant.insert((id, number));
                }
                Entry::Occupied(first) => {
                    let first = *first.get();
                    for member in members {
                        self.sections[(first_section + member) as usize].duplicate = true;
                    }
                    if options.relocatable {
                        self.pair_copies(first, first_section, members);
                    }
                }
            }
        }
        self.mark_linkonce(id, first_section);
        let globals = Vec::with_capacity(file.symbols.len() - file.first_global);
        self.objects.push(Object { name, file, first_section, globals, why });
        self.add_symbols(id, options, problems);
    }

    /// Sections of the compilers that had no groups: the first of a name is used.
    fn mark_linkonce(&mut self, id: ObjectId, first_section: u32) {
        let mut gone: NameSet<'a> = NameSet::default();
        for input in &mut self.sections[first_section as usize..] {
            let name = input.section.name;
            if let Some(what) = name.strip_prefix(b".gnu.linkonce.") {
                input.duplicate = self.comdats.entry(name).or_insert((id, usize::MAX)).0 != id;
                if let (true, Some(function)) = (input.duplicate, what.strip_prefix(b"t.")) {
                    gone.insert(function);
                }
            }
        }
        // The constants of a function go with its code.
        for input in &mut self.sections[first_section as usize..] {
            let function = input.section.name.strip_prefix(b".gnu.linkonce.r.");
            input.duplicate |= function.is_some_and(|function| gone.contains(function));
        }
    }

    /// Notes for each section of a group which section of the first group of that name is its copy.
    fn pair_copies(&mut self, (first, group): (ObjectId, usize), first_section: u32, members: &[u32]) {
        let Some(object) = self.objects.get(first.0 as usize) else { return };
        let Some(kept) = object.file.groups.get(group) else { return };
        let id = |member: &u32| SectionId(object.first_section + member);
        let by_name: NameMap<'a, SectionId> = kept.members.iter().map(|member| (self.sections[id(member).0 as usize].section.name, id(member))).collect();
        for member in members {
            let copy = SectionId(first_section + member);
            let section = self.section(copy);
            if let Some(&kept) = by_name.get(section.name)
                && self.section(kept).size == section.size
            {
                self.copies.insert(copy, kept);
            }
        }
    }

    /// Whether two definitions may stand beside each other, the first of which counts: both say the same address, or one is that
    /// of a file of which only the symbols count.
    fn is_harmless(&self, first: (ObjectId, u32), second: (ObjectId, u32), options: &Options) -> bool {
        let [one, other] = [first, second].map(|(object, index)| self.own_place(object, index));
        let only_symbols = |(object, _): (ObjectId, u32)| self.objects[object.0 as usize].why == Why::Symbols;
        matches!((one, other), (Place::Absolute(one), Place::Absolute(other)) if one == other) || !options.strict_symbols && (only_symbols(first) || only_symbols(second))
    }

    fn add_symbols(&mut self, id: ObjectId, options: &Options, problems: &mut Vec<Problem>) {
        let object = &mut self.objects[id.0 as usize];
        for index in object.file.first_global..object.file.symbols.len() {
            let symbol = &object.file.symbols[index];
            let name = crate::strings::string_at(object.file.strings, symbol.st_name.get(LE)).unwrap_or(b"");
            let weak = symbol.st_bind() == elf::STB_WEAK;
            let home = object.file.home(index);
            let left_out = matches!(home, SymbolHome::Section(section) if is_left_out(&self.sections[(object.first_section + section) as usize], options));
            let home = if left_out { SymbolHome::Undefined } else { home };
            let index = index as u32;
            let shared = match home {
                SymbolHome::Undefined => self.symbols.refer(name, id, weak),
                SymbolHome::Common => self.symbols.define_common(name, id, index, symbol.st_size.get(LE), symbol.st_value.get(LE)),
                SymbolHome::Absolute | SymbolHome::Section(_) => {
                    let (shared, clash) = self.symbols.define(name, id, index, weak);
                    if let Some(first) = clash
                        && !options.allow_multiple_definition
                    {
                        problems.push(Problem::Duplicate { symbol: shared, first, second: (id, index) });
                    }
                    shared
                }
            };
            self.symbols.constrain(shared, symbol, left_out);
            object.globals.push(shared);
        }
        if !options.relocatable && self.symbols.has_versions() {
            self.define_defaults(id, options, problems);
        }
    }

    /// The default versions of symbols that an object defines. It may define the plain names itself, if they mean the same.
    fn define_defaults(&mut self, id: ObjectId, options: &Options, problems: &mut Vec<Problem>) {
        for number in 0..self.objects[id.0 as usize].globals.len() {
            let object = &self.objects[id.0 as usize];
            let (shared, index) = (object.globals[number], (object.file.first_global + number) as u32);
            let symbol = self.symbols.get(shared);
            if symbol.definition != Definition::Object(id, index) {
                continue;
            }
            let Some((plain, clash)) = self.symbols.define_default(shared, id, index, symbol.weak) else { continue };
            if let Some(first) = clash
                && !options.allow_multiple_definition
                && self.own_place(first.0, first.1) != self.own_place(id, index)
            {
                problems.push(Problem::Duplicate { symbol: plain, first, second: (id, index) });
            }
        }
    }
}

/// Whether a section takes no part from the start: another object's copy is used, or it is for `-r` alone.
fn is_left_out(input: &InputSection<'_>, options: &Options) -> bool {
    input.duplicate || !options.relocatable && input.section.has(elf::SHF_EXCLUDE)
}

fn refusal(name: &str, refused: Refused) -> Box<Diagnostic> {
    Box::new(match refused {
        Refused::Machine(what) => {
            Diagnostic::new(&codes::E0503, format!("{name}: {what}")).help("glink links 32-bit little-endian RISC-V: compile with -march=rv32imac -mabi=ilp32, or assemble with gasm")
        }
        Refused::NotRelocatable(what) => {
            let help = match name.strip_suffix(".s").or(name.strip_suffix(".S")) {
                Some(stem) => format!("assemble it first: gasm {name} -o {stem}.o"),
                None => "give glink objects (`.o`) and archives (`.a`)".to_string(),
            };
            Diagnostic::new(&codes::E0504, format!("{name}: {what}")).help(help)
        }
        Refused::Broken(what) => Diagnostic::new(&codes::E0505, format!("{name} is damaged: {what}")).help("make the file again"),
    })
}

/// A symbol's name for messages.
#[must_use]
pub fn display_name(resolved: &Resolved<'_>, object: ObjectId, index: u32) -> String {
    let object = &resolved.objects[object.0 as usize];
    let Some(symbol) = object.file.symbol(index as usize) else { return "<none>".into() };
    if symbol.st_type() == elf::STT_SECTION {
        let section = u32::from(symbol.st_shndx.get(LE).0);
        return resolved.sections.get((object.first_section + section) as usize).map_or_else(String::new, |section| text(section.section.name).into_owned());
    }
    text(object.file.symbol_name(symbol)).into_owned()
}
