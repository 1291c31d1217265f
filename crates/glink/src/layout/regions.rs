//! Regions of `MEMORY` and how full they are.

use crate::plan::Output;
use crate::script::ast::Script;
use object::elf;

/// One region's use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// First address.
    pub origin: u64,
    /// Bytes.
    pub length: u64,
    /// Next free address.
    pub next: u64,
    /// The highest that `next` ever was.
    pub peak: u64,
    /// Output sections in it, with the bytes that they take.
    pub sections: Vec<(usize, u64)>,
    /// The output section whose distance between address and load address the next one keeps.
    pub last: Option<usize>,
}

/// All regions, in the script's order.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// By the region's index in the script.
    pub uses: Vec<Use>,
}

impl Regions {
    pub(super) fn new(script: &Script) -> Regions {
        Regions { uses: vec![Use::default(); script.regions.len()] }
    }

    pub(super) fn start(&mut self, index: usize, origin: u64, length: u64) {
        self.uses[index] = Use { origin, length, next: origin, peak: origin, last: None, sections: Vec::new() };
    }

    /// The region of a name or an alias.
    pub(super) fn find(&self, script: &Script, name: &str) -> Option<usize> {
        let name = script.aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, region)| region.as_str());
        script.regions.iter().position(|region| region.name == name)
    }

    /// First address and length of a region by its name or alias.
    pub fn bounds(&self, script: &Script, name: &str) -> Option<(u64, u64)> {
        self.find(script, name).map(|index| (self.uses[index].origin, self.uses[index].length))
    }

    /// The region of an output section: the one that the script names, else, unless it gives an
    /// address, the first whose attributes fit (GNU ld's manual, 3.7).
    pub fn choose(&self, script: &Script, output: &Output<'_>) -> Option<usize> {
        let named = output.placing().and_then(|rule| rule.region.as_deref());
        let has_address = output.rule.is_some_and(|rule| rule.address.is_some());
        // Only a load region: it is both.
        let named = named.or_else(|| output.placing().filter(|_| !has_address).and_then(|rule| rule.load_region.as_deref()));
        match named {
            Some(name) => self.find(script, name),
            None if has_address => None,
            None => script.regions.iter().position(|region| attributes_fit(&region.attributes, output)),
        }
    }

    pub(super) fn next(&self, index: usize) -> u64 {
        self.uses[index].next
    }

    pub(super) fn advance(&mut self, index: usize, to: u64, output: usize, bytes: u64) {
        let region = &mut self.uses[index];
        region.next = to;
        region.peak = region.peak.max(to);
        region.sections.push((output, bytes));
    }
}

/// `rx!w`: some attribute before the `!` holds and none behind it.
fn attributes_fit(attributes: &str, output: &Output<'_>) -> bool {
    let holds = |letter: char| match letter.to_ascii_lowercase() {
        'r' => !output.has(elf::SHF_WRITE),
        // As in GNU ld: all data.
        'w' => !output.has(elf::SHF_EXECINSTR) && (output.has(elf::SHF_WRITE) || output.kind != elf::SHT_NOBITS),
        'x' => output.has(elf::SHF_EXECINSTR),
        'a' => output.is_allocated(),
        'i' | 'l' => output.kind != elf::SHT_NOBITS,
        _ => false,
    };
    let (wanted, refused) = attributes.split_once('!').unwrap_or((attributes, ""));
    // A second `!` turns it round again.
    let (refused, wanted_too) = refused.split_once('!').unwrap_or((refused, ""));
    wanted.chars().chain(wanted_too.chars()).any(holds) && !refused.chars().any(holds)
}
