//! `.debug_info` of an assembly source (`-g`): one unit that names the line table and the code.

use super::table::push_string;
use crate::assembler::Assembler;
use crate::expr::Value;
use crate::layout::push_uleb;
use crate::place::Where;
use crate::section::{At, FixKind, SectionId};
use crate::symbols::SymbolId;

const DW_TAG_COMPILE_UNIT: u64 = 0x11;
const DW_AT_NAME: u64 = 0x03;
const DW_AT_STMT_LIST: u64 = 0x10;
const DW_AT_LOW_PC: u64 = 0x11;
const DW_AT_HIGH_PC: u64 = 0x12;
const DW_AT_LANGUAGE: u64 = 0x13;
const DW_AT_COMP_DIR: u64 = 0x1b;
const DW_AT_PRODUCER: u64 = 0x25;
const DW_AT_RANGES: u64 = 0x55;
const DW_FORM_ADDR: u64 = 0x01;
const DW_FORM_DATA2: u64 = 0x05;
const DW_FORM_DATA4: u64 = 0x06;
const DW_FORM_STRING: u64 = 0x08;
const DW_FORM_SEC_OFFSET: u64 = 0x17;
const DW_LANG_MIPS_ASSEMBLER: u16 = 0x8001;
const DW_UT_COMPILE: u8 = 1;
const DW_RLE_END_OF_LIST: u8 = 0;
const DW_RLE_START_END: u8 = 6;

impl Assembler<'_> {
    /// Writes the unit whose line table begins at `lines` and whose code is in these sections.
    pub fn write_unit(&mut self, lines: SymbolId, covered: &[SectionId], place: Where) {
        let one = (covered.len() == 1).then(|| covered[0]);
        let abbreviations = self.debug_section(b".debug_abbrev", place);
        let out = &mut self.out().bytes;
        push_uleb(out, 1);
        push_uleb(out, DW_TAG_COMPILE_UNIT);
        out.push(0);
        let range: &[(u64, u64)] =
            if one.is_some() { &[(DW_AT_LOW_PC, DW_FORM_ADDR), (DW_AT_HIGH_PC, DW_FORM_DATA4)] } else { &[(DW_AT_LOW_PC, DW_FORM_ADDR), (DW_AT_RANGES, DW_FORM_SEC_OFFSET)] };
        let attributes: &[(u64, u64)] = &[
            (DW_AT_STMT_LIST, DW_FORM_SEC_OFFSET),
            (DW_AT_NAME, DW_FORM_STRING),
            (DW_AT_COMP_DIR, DW_FORM_STRING),
            (DW_AT_PRODUCER, DW_FORM_STRING),
            (DW_AT_LANGUAGE, DW_FORM_DATA2),
        ];
        for (attribute, form) in attributes.iter().chain(range) {
            push_uleb(out, *attribute);
            push_uleb(out, *form);
        }
        out.extend_from_slice(&[0, 0, 0]);

        let ranges = one.is_none().then(|| self.write_ranges(covered, place));
        self.debug_section(b".debug_info", place);
        let start = self.here();
        let out = &mut self.out().bytes;
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&5u16.to_le_bytes());
        out.extend_from_slice(&[DW_UT_COMPILE, 4]);
        self.word(Value::symbol(abbreviations), place);
        push_uleb(&mut self.out().bytes, 1);
        self.word(Value::symbol(lines), place);
        let name = self.lines.files.get(&0).map(|f| f.name.clone()).unwrap_or_default();
        let folder = self.debug_path(&self.options.current_dir);
        let out = &mut self.out().bytes;
        push_string(out, &name);
        push_string(out, folder.as_bytes());
        push_string(out, concat!("gasm ", env!("CARGO_PKG_VERSION")).as_bytes());
        out.extend_from_slice(&DW_LANG_MIPS_ASSEMBLER.to_le_bytes());
        match (one, ranges) {
            (Some(section), _) => {
                let (low, high) = self.bounds(section, place);
                self.word(Value::symbol(low), place);
                self.word(Value { add: high, sub: low, num: 0 }, place);
            }
            (None, ranges) => {
                self.out().bytes.extend_from_slice(&[0; 4]);
                if let Some(ranges) = ranges {
                    self.word(Value::symbol(ranges), place);
                }
            }
        }
        let length = self.here().pos - start.pos - 4;
        let at = start.pos as usize;
        self.out().bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// `.debug_rnglists` with one list.
    fn write_ranges(&mut self, covered: &[SectionId], place: Where) -> SymbolId {
        self.debug_section(b".debug_rnglists", place);
        let start = self.here();
        let out = &mut self.out().bytes;
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&5u16.to_le_bytes());
        out.extend_from_slice(&[4, 0]);
        out.extend_from_slice(&[0; 4]);
        let here = self.here();
        let list = self.temporary_label(here, place);
        for section in covered {
            let (low, high) = self.bounds(*section, place);
            self.out().bytes.push(DW_RLE_START_END);
            self.word(Value::symbol(low), place);
            self.word(Value::symbol(high), place);
        }
        self.out().bytes.push(DW_RLE_END_OF_LIST);
        let length = self.here().pos - start.pos - 4;
        let at = start.pos as usize;
        self.out().bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        list
    }

    /// Goes to the end of a debug section; a symbol for that place.
    fn debug_section(&mut self, name: &[u8], place: Where) -> SymbolId {
        let section = self.section_named(name, place);
        self.chain = self.sections.chain(section, 0);
        let here = self.here();
        self.temporary_label(here, place)
    }

    fn bounds(&mut self, section: SectionId, place: Where) -> (SymbolId, SymbolId) {
        let first = At { chain: self.sections[section].chains[0], run: 0, pos: 0, fragment: 0 };
        let end = self.section_end(section);
        (self.temporary_label(first, place), self.temporary_label(end, place))
    }

    fn word(&mut self, value: Value, place: Where) {
        self.fix_here(FixKind::Data(4), value, place, false);
        self.out().bytes.extend_from_slice(&[0; 4]);
    }
}
