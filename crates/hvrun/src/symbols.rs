//! Names and source lines for guest addresses, from an image's symbol table and debug information.
//!
//! Nothing is parsed until it is asked for: most runs never need it.

use gimli::{EndianArcSlice, LittleEndian};
use object::elf::{FileHeader32, STT_FILE, STT_SECTION};
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{Endianness, SectionIndex};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an image says about its addresses; virtual ones, as it was linked.
pub struct Symbols {
    bytes: Arc<[u8]>,
    /// The current folder: files in it are named from there.
    folder: PathBuf,
    table: OnceCell<Vec<Symbol>>,
    lines: OnceCell<Option<addr2line::Context<EndianArcSlice<LittleEndian>>>>,
}

struct Symbol {
    address: u32,
    /// One past the last address; for a symbol without a size where its section ends.
    end: u32,
    name: String,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file as the debug information names it; from the current folder if it is in there.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Symbols {
    /// The symbols of an ELF image; of anything else there are none. `folder` is the current one.
    #[must_use]
    pub fn new(bytes: Arc<[u8]>, folder: PathBuf) -> Symbols {
        Symbols { bytes, folder, table: OnceCell::new(), lines: OnceCell::new() }
    }

    /// The symbol that an address lies in, with the offset from it: `main+0x8`, or `main`.
    #[must_use]
    pub fn name(&self, address: u32) -> Option<String> {
        let table = self.table.get_or_init(|| read_table(&self.bytes).unwrap_or_default());
        let symbol = table[..table.partition_point(|symbol| symbol.address <= address)].last()?;
        (address < symbol.end).then(|| match address - symbol.address {
            0 => symbol.name.clone(),
            offset => format!("{}+{offset:#x}", symbol.name),
        })
    }

    /// The source line that an instruction was made from.
    #[must_use]
    pub fn line(&self, address: u32) -> Option<SourceLine> {
        let lines = self.lines.get_or_init(|| read_lines(&self.bytes));
        let location = lines.as_ref()?.find_location(u64::from(address)).ok()??;
        let file = Path::new(location.file?);
        let file = file.strip_prefix(&self.folder).unwrap_or(file);
        Some(SourceLine { file: file.display().to_string(), line: location.line? })
    }
}

fn read_table(bytes: &[u8]) -> Option<Vec<Symbol>> {
    let header = FileHeader32::<Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, object::elf::SHT_SYMTAB).ok()?;
    let mut table = Vec::new();
    for symbol in symbols.iter() {
        let Ok(name) = symbol.name(endian, symbols.strings()) else { continue };
        let kind = symbol.st_type();
        let in_section = sections.section(SectionIndex(symbol.st_shndx(endian).0.into())).ok();
        // Mapping symbols and labels of the compiler say nothing to a person.
        if name.is_empty() || name.starts_with(b"$") || name.starts_with(b".L") || kind == STT_FILE || kind == STT_SECTION {
            continue;
        }
        let Some(section) = in_section else { continue };
        let address = symbol.st_value(endian);
        let section_end = section.sh_addr(endian).saturating_add(section.sh_size(endian));
        let end = match symbol.st_size(endian) {
            0 => section_end,
            size => address.saturating_add(size),
        };
        table.push((symbol.st_bind() == object::elf::STB_GLOBAL, Symbol { address, end, name: String::from_utf8_lossy(name).into_owned() }));
    }
    // Of several names for an address the last counts: a global one, and of those the first by name.
    table.sort_by(|(global_a, a), (global_b, b)| (a.address, global_a, &b.name).cmp(&(b.address, global_b, &a.name)));
    Some(table.into_iter().map(|(_, symbol)| symbol).collect())
}

fn read_lines(bytes: &[u8]) -> Option<addr2line::Context<EndianArcSlice<LittleEndian>>> {
    let header = FileHeader32::<Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let load = |id: gimli::SectionId| -> Result<EndianArcSlice<LittleEndian>, gimli::Error> {
        let section = sections.section_by_name(endian, id.name().as_bytes());
        let data = section.and_then(|(_, section)| section.data(endian, bytes).ok()).unwrap_or(&[]);
        Ok(EndianArcSlice::new(Arc::from(data), LittleEndian))
    };
    addr2line::Context::from_dwarf(gimli::Dwarf::load(load).ok()?).ok()
}
