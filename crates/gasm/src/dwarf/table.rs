//! `.debug_line`. Addresses move on by pairs of relocations, because linking may delete bytes.

use super::{BASIC_BLOCK, EPILOGUE_BEGIN, File, IS_STMT, PROLOGUE_END, Row};
use crate::assembler::Assembler;
use crate::expr::Value;
use crate::layout::{push_sleb, push_uleb};
use crate::place::Where;
use crate::section::{At, FixKind, SectionId};
use crate::symbols::SymbolId;

const LINE_BASE: i64 = -5;
const LINE_RANGE: i64 = 14;
const OPCODE_BASE: u8 = 13;
/// Operands of the standard opcodes 1 to 12.
const STANDARD_LENGTHS: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

const DW_LNS_COPY: u8 = 1;
const DW_LNS_ADVANCE_LINE: u8 = 3;
const DW_LNS_SET_FILE: u8 = 4;
const DW_LNS_SET_COLUMN: u8 = 5;
const DW_LNS_NEGATE_STMT: u8 = 6;
const DW_LNS_SET_BASIC_BLOCK: u8 = 7;
const DW_LNS_FIXED_ADVANCE_PC: u8 = 9;
const DW_LNS_SET_PROLOGUE_END: u8 = 10;
const DW_LNS_SET_EPILOGUE_BEGIN: u8 = 11;
const DW_LNS_SET_ISA: u8 = 12;
const DW_LNE_END_SEQUENCE: u8 = 1;
const DW_LNE_SET_ADDRESS: u8 = 2;
const DW_LNE_SET_DISCRIMINATOR: u8 = 4;
const DW_LNCT_PATH: u8 = 1;
const DW_LNCT_DIRECTORY_INDEX: u8 = 2;
const DW_LNCT_MD5: u8 = 5;
const DW_FORM_STRING: u8 = 0x08;
const DW_FORM_UDATA: u8 = 0x0f;
const DW_FORM_DATA16: u8 = 0x1e;

/// The most that one fixed advance is used for; GNU as has the same.
const FAR: u32 = 50_000;

/// Folders and files as the header lists them.
struct Tables {
    folders: Vec<Vec<u8>>,
    /// Folder and name by number; `None` where no number was given.
    files: Vec<Option<(u32, File)>>,
}

impl Assembler<'_> {
    /// Appends the line table to `.debug_line`. The layout of code is done.
    pub fn write_lines(&mut self) {
        if self.lines.pending {
            self.flush_line();
        }
        if !self.lines.any() {
            return;
        }
        let place = self.place_of_nothing();
        let source_mode = self.lines.files.is_empty();
        if source_mode {
            // `-g`: the sources in the order of their numbers.
            let mut names: Vec<(Vec<u8>, u32)> = self.lines.numbers.iter().map(|(n, i)| (n.clone(), *i)).collect();
            names.sort_by_key(|(_, i)| *i);
            for (name, number) in names {
                self.lines.add_file(number, None, name.clone(), None);
                if number == 1 {
                    self.lines.add_file(0, None, name, None);
                }
            }
        }
        let before = (self.chain, self.previous);
        let section = self.section_named(b".debug_line", place);
        self.chain = self.sections.chain(section, 0);
        let start = self.here();
        let version: u16 = if self.lines.files.contains_key(&0) { 5 } else { 3 };
        let tables = self.tables(version);
        self.header(version, &tables, place);
        self.program(place);
        // The length, now that it is known.
        let length = self.here().pos - start.pos - 4;
        let at = start.pos as usize;
        self.out().bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        if source_mode {
            let label = self.temporary_label(start, place);
            let covered = self.covered();
            self.write_unit(label, &covered, place);
        }
        (self.chain, self.previous) = before;
    }

    fn tables(&self, version: u16) -> Tables {
        let mut folders: Vec<Vec<u8>> = Vec::new();
        let first = self.lines.files.get(&0).and_then(|f| f.folder.clone());
        if version == 5 {
            folders.push(first.unwrap_or_else(|| self.debug_path(&self.options.current_dir).into_bytes()));
        } else {
            // Folder 0 is that of the compilation, and is not listed.
            folders.push(Vec::new());
        }
        let highest = self.lines.files.keys().next_back().copied().unwrap_or(0).min(1 << 20);
        let mut files = vec![None; highest as usize + 1];
        for (&number, file) in &self.lines.files {
            let Some(slot) = files.get_mut(number as usize) else { continue };
            // The folder of file 0 is that of the compilation; its name may have one of its own.
            let (folder, name) = match &file.folder {
                Some(folder) if number != 0 || !file.name.contains(&b'/') => (folder.clone(), file.name.clone()),
                _ => match file.name.iter().rposition(|b| *b == b'/') {
                    Some(0) => (b"/".to_vec(), file.name[1..].to_vec()),
                    Some(i) => (file.name[..i].to_vec(), file.name[i + 1..].to_vec()),
                    None => (Vec::new(), file.name.clone()),
                },
            };
            let index = if folder.is_empty() || (version == 5 && folder == folders[0]) {
                0
            } else {
                folders.iter().skip(1).position(|f| *f == folder).map_or_else(
                    || {
                        folders.push(folder.clone());
                        folders.len() - 1
                    },
                    |i| i + 1,
                )
            };
            *slot = Some((index as u32, File { folder: None, name, md5: file.md5 }));
        }
        Tables { folders, files }
    }

    fn header(&mut self, version: u16, tables: &Tables, place: Where) {
        let _ = place;
        let mut body = vec![1u8];
        if version >= 4 {
            body.push(1);
        }
        body.extend_from_slice(&[1, LINE_BASE as u8, LINE_RANGE as u8, OPCODE_BASE]);
        body.extend_from_slice(&STANDARD_LENGTHS);
        let name_of = |f: &Option<(u32, File)>| f.as_ref().map_or((0, Vec::new()), |(d, f)| (*d, f.name.clone()));
        if version == 5 {
            body.extend_from_slice(&[1, DW_LNCT_PATH, DW_FORM_STRING]);
            push_uleb(&mut body, tables.folders.len() as u64);
            for folder in &tables.folders {
                push_string(&mut body, folder);
            }
            let md5 = tables.files.iter().any(|f| f.as_ref().is_some_and(|(_, f)| f.md5.is_some()));
            body.push(if md5 { 3 } else { 2 });
            body.extend_from_slice(&[DW_LNCT_PATH, DW_FORM_STRING, DW_LNCT_DIRECTORY_INDEX, DW_FORM_UDATA]);
            if md5 {
                body.extend_from_slice(&[DW_LNCT_MD5, DW_FORM_DATA16]);
            }
            push_uleb(&mut body, tables.files.len() as u64);
            for file in &tables.files {
                let (folder, name) = name_of(file);
                push_string(&mut body, &name);
                push_uleb(&mut body, u64::from(folder));
                if md5 {
                    body.extend_from_slice(&file.as_ref().and_then(|(_, f)| f.md5).unwrap_or_default());
                }
            }
        } else {
            for folder in tables.folders.iter().skip(1) {
                push_string(&mut body, folder);
            }
            body.push(0);
            for file in tables.files.iter().skip(1) {
                let (folder, name) = name_of(file);
                push_string(&mut body, if name.is_empty() { b"?" } else { &name });
                push_uleb(&mut body, u64::from(folder));
                body.extend_from_slice(&[0, 0]);
            }
            body.push(0);
        }
        let out = &mut self.out().bytes;
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&version.to_le_bytes());
        if version == 5 {
            out.extend_from_slice(&[4, 0]);
        }
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&body);
    }

    /// The rows of each section, in order of the sections' first rows.
    fn by_section(&mut self) -> Vec<(SectionId, Vec<Row>)> {
        let rows = std::mem::take(&mut self.lines.rows);
        let mut out: Vec<(SectionId, Vec<Row>)> = Vec::new();
        let mut index = std::collections::HashMap::new();
        for row in rows {
            let section = self.sections.section_of(row.at);
            let i = *index.entry(section.0).or_insert_with(|| {
                out.push((section, Vec::new()));
                out.len() - 1
            });
            out[i].1.push(row);
        }
        for (section, rows) in &mut out {
            // Subsections in their order; within one, rows are in order already.
            let chains = &self.sections[*section].chains;
            if chains.len() > 1 {
                rows.sort_by_key(|r| chains.iter().position(|c| *c == r.at.chain));
            }
        }
        out
    }

    /// Sections that have rows, for `-g`.
    fn covered(&self) -> Vec<SectionId> {
        self.lines.covered.clone()
    }

    fn program(&mut self, place: Where) {
        for (section, rows) in self.by_section() {
            self.lines.covered.push(section);
            let (mut file, mut line, mut column, mut isa, mut flags) = (1u32, 1i64, 0u32, 0u32, IS_STMT);
            let mut last: Option<(SymbolId, u32)> = None;
            for row in rows {
                let label = self.temporary_label(row.at, place);
                let address = self.sections.address(row.at);
                let out = &mut self.out().bytes;
                if row.file != file {
                    out.push(DW_LNS_SET_FILE);
                    push_uleb(out, u64::from(row.file));
                    file = row.file;
                }
                if row.column != column {
                    out.push(DW_LNS_SET_COLUMN);
                    push_uleb(out, u64::from(row.column));
                    column = row.column;
                }
                if row.discriminator != 0 {
                    let mut number = Vec::new();
                    push_uleb(&mut number, u64::from(row.discriminator));
                    out.extend_from_slice(&[0, 1 + number.len() as u8, DW_LNE_SET_DISCRIMINATOR]);
                    out.extend_from_slice(&number);
                }
                if row.isa != isa {
                    out.push(DW_LNS_SET_ISA);
                    push_uleb(out, u64::from(row.isa));
                    isa = row.isa;
                }
                if (row.flags ^ flags) & IS_STMT != 0 {
                    out.push(DW_LNS_NEGATE_STMT);
                    flags ^= IS_STMT;
                }
                for (flag, op) in [(BASIC_BLOCK, DW_LNS_SET_BASIC_BLOCK), (PROLOGUE_END, DW_LNS_SET_PROLOGUE_END), (EPILOGUE_BEGIN, DW_LNS_SET_EPILOGUE_BEGIN)] {
                    if row.flags & flag != 0 {
                        out.push(op);
                    }
                }
                let delta = i64::from(row.line) - line;
                line = i64::from(row.line);
                self.advance(last, (label, address), place, |out| {
                    if last.is_none() && (LINE_BASE..LINE_BASE + LINE_RANGE).contains(&delta) {
                        // A special opcode: the line moves, the address stays.
                        out.push((delta - LINE_BASE) as u8 + OPCODE_BASE);
                        return;
                    }
                    if delta != 0 {
                        out.push(DW_LNS_ADVANCE_LINE);
                        push_sleb(out, delta);
                    }
                    out.push(DW_LNS_COPY);
                });
                last = Some((label, address));
            }
            let end = self.section_end(section);
            let label = self.temporary_label(end, place);
            let address = self.sections.address(end);
            self.advance(last, (label, address), place, |out| out.extend_from_slice(&[0, 1, DW_LNE_END_SEQUENCE]));
        }
    }

    /// Moves the address from one row to the next, then does what `then` writes.
    fn advance(&mut self, from: Option<(SymbolId, u32)>, to: (SymbolId, u32), place: Where, then: impl FnOnce(&mut Vec<u8>)) {
        match from {
            Some((label, address)) if to.1.wrapping_sub(address) <= FAR => {
                self.out().bytes.push(DW_LNS_FIXED_ADVANCE_PC);
                self.fix_here(FixKind::Data(2), Value { add: to.0, sub: label, num: 0 }, place, false);
                self.out().bytes.extend_from_slice(&[0; 2]);
            }
            _ => {
                self.out().bytes.extend_from_slice(&[0, 5, DW_LNE_SET_ADDRESS]);
                self.fix_here(FixKind::Data(4), Value::symbol(to.0), place, false);
                self.out().bytes.extend_from_slice(&[0; 4]);
            }
        }
        then(&mut self.out().bytes);
    }

    /// The place after the last byte of a section.
    pub fn section_end(&self, section: SectionId) -> At {
        let chain = self.sections[section].chains[self.sections[section].chains.len() - 1];
        self.sections[chain].end(chain)
    }
}

/// Appends a string and its zero byte.
pub fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(text.iter().copied().filter(|b| *b != 0));
    out.push(0);
}
