//! Source lines of addresses, from DWARF line tables, and the text of those lines.

use super::input::Input;
use gimli::{EndianSlice, LittleEndian};
use host::{Files, Host};
use std::collections::HashMap;
use std::path::Path;

type Reader<'d> = EndianSlice<'d, LittleEndian>;

/// Addresses from..to belong to a line.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: u64,
    to: u64,
    file: u32,
    line: u32,
}

/// The lines of a file's code.
#[derive(Debug, Default)]
pub struct Lines {
    files: Vec<String>,
    /// By address.
    stretches: Vec<Stretch>,
    /// Contents of the sources, as far as they were asked for: the file and where its lines begin.
    texts: HashMap<u32, Option<(host::FileData, Vec<usize>)>>,
}

/// A line of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    file: u32,
    /// The line, from 1.
    pub number: u32,
}

impl Lines {
    /// Reads the line tables; `None` if there are none. What is damaged in them is left out.
    pub fn read(input: &Input<'_>) -> Option<Lines> {
        let section = |id: gimli::SectionId| -> Result<Reader<'_>, gimli::Error> {
            let bytes = input.debug.iter().find(|(name, _)| name == id.name().as_bytes()).map_or(&[][..], |(_, bytes)| bytes);
            Ok(EndianSlice::new(bytes, LittleEndian))
        };
        let dwarf = gimli::Dwarf::load(section).ok()?;
        let mut lines = Lines::default();
        let mut units = dwarf.units();
        while let Ok(Some(header)) = units.next() {
            if let Ok(unit) = dwarf.unit(header) {
                // A damaged table gives the lines before the damage.
                let _ = lines.read_unit(&dwarf, &unit);
            }
        }
        lines.stretches.sort_by_key(|s| (s.from, s.to));
        (!lines.stretches.is_empty()).then_some(lines)
    }

    fn read_unit(&mut self, dwarf: &gimli::Dwarf<Reader<'_>>, unit: &gimli::Unit<Reader<'_>>) -> Result<(), gimli::Error> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let mut before: Option<Stretch> = None;
        let mut rows = program.rows();
        while let Some((header, row)) = rows.next_row()? {
            let address = row.address();
            if let Some(stretch) = before.take()
                && address > stretch.from
            {
                self.stretches.push(Stretch { to: address, ..stretch });
            }
            if row.end_sequence() {
                continue;
            }
            let index = row.file_index();
            let file = match numbers.get(&index) {
                Some(&file) => file,
                None => {
                    let name = match header.file(index) {
                        Some(file) => file_name(dwarf, unit, header, file)?,
                        None => "?".into(),
                    };
                    self.files.push(name);
                    let file = self.files.len() as u32 - 1;
                    numbers.insert(index, file);
                    file
                }
            };
            let line = row.line().map_or(0, |l| u32::try_from(l.get()).unwrap_or(0));
            before = Some(Stretch { from: address, to: address, file, line });
        }
        Ok(())
    }

    /// The line of an address, to which [`line_base`](super::input::Section::line_base) was added.
    pub fn find(&self, address: u32) -> Option<Line> {
        let address = u64::from(address);
        let after = self.stretches.partition_point(|s| s.from <= address);
        let stretch = self.stretches[..after].last().filter(|s| address < s.to && s.line > 0)?;
        Some(Line { file: stretch.file, number: stretch.line })
    }

    /// The name of a line's file.
    pub fn file(&self, line: Line) -> &str {
        &self.files[line.file as usize]
    }

    /// The text of a line, if its file can be read.
    pub fn text(&mut self, line: Line, host: &mut dyn Host) -> Option<String> {
        let (data, starts) = self.texts.entry(line.file).or_insert_with(|| open(&self.files[line.file as usize], host.files())).as_ref()?;
        let from = *starts.get(line.number as usize - 1)?;
        let to = starts.get(line.number as usize).map_or(data.len(), |next| next - 1);
        Some(super::input::shown(data[from..to].trim_ascii_end()).replace("\\t", "    "))
    }
}

fn open(path: &str, files: &mut dyn Files) -> Option<(host::FileData, Vec<usize>)> {
    let data = files.read(Path::new(path)).ok()?;
    let starts = std::iter::once(0).chain(data.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1)).collect();
    Some((data, starts))
}

/// The path of a file: its name, below its folder, below the folder of the compilation.
fn file_name<'d>(dwarf: &gimli::Dwarf<Reader<'d>>, unit: &gimli::Unit<Reader<'d>>, header: &gimli::LineProgramHeader<Reader<'d>>, file: &gimli::FileEntry<Reader<'d>>) -> Result<String, gimli::Error> {
    let text = |value| dwarf.attr_string(unit, value).map(|s| super::input::shown(s.slice()));
    let mut path = unit.comp_dir.map(|d| super::input::shown(d.slice())).map_or_else(std::path::PathBuf::new, Into::into);
    if let Some(folder) = file.directory(header) {
        path.push(text(folder)?);
    }
    path.push(text(file.path_name())?);
    Ok(path.display().to_string())
}
