//! The instruction set and `.option` state.

use crate::options::Options;
use rv32::isa::Arch;
use rv32::{Ext, Isa};

/// What `.option push` keeps.
#[derive(Clone)]
struct State {
    isa: Isa,
    /// The instruction set as text, where `-march` or `.attribute arch` gave it with versions of its own.
    text: Option<String>,
    relax: bool,
    pic: bool,
    /// Number of the architecture in `archs`.
    arch: u32,
}

/// The instruction set and options at the current statement.
pub struct Target {
    state: State,
    stack: Vec<State>,
    /// Attributes of the object.
    pub attributes: Attributes,
    archs: Vec<String>,
    /// The mapping symbols of architectures, `$x` and the architecture.
    pub arch_symbols: Vec<String>,
    /// Some part of the source allowed compressed code.
    pub uses_rvc: bool,
    arch_given: bool,
    /// An instruction of the privileged architecture was used.
    pub uses_privileged: bool,
}

/// Values of `.attribute`.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// Value by tag.
    pub all: std::collections::BTreeMap<u32, AttributeValue>,
}

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Even tags.
    Number(u64),
    /// Odd tags.
    Text(Vec<u8>),
}

impl Target {
    /// The command line's.
    pub fn new(options: &Options) -> Target {
        let state = State { isa: options.isa, text: options.arch.clone(), relax: options.relax, pic: options.pic, arch: 0 };
        let mut target = Target {
            state,
            stack: Vec::new(),
            attributes: Attributes::default(),
            archs: Vec::new(),
            arch_symbols: Vec::new(),
            uses_rvc: options.isa.contains(Ext::C),
            arch_given: false,
            uses_privileged: false,
        };
        target.state.arch = target.arch_number();
        target
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.state.isa
    }

    /// Changes the instruction set.
    pub fn set_isa(&mut self, isa: Isa) {
        if isa == self.state.isa {
            return;
        }
        self.state.isa = isa;
        self.state.text = None;
        self.uses_rvc |= isa.contains(Ext::C);
        self.state.arch = self.arch_number();
    }

    /// `.attribute arch`: the instruction set of the whole file, with the versions that it names.
    /// Extensions that are not supported are named in the object; their instructions are refused.
    pub fn set_file_arch(&mut self, arch: &Arch) {
        let mut isa = None;
        for extension in arch.extensions() {
            if let Some(ext) = Ext::from_name(&extension.name) {
                isa = Some(isa.unwrap_or(Isa::BASE).with(ext));
            }
        }
        self.state.isa = isa.unwrap_or(Isa::BASE);
        self.state.text = Some(arch.to_string());
        self.uses_rvc |= self.state.isa.contains(Ext::C);
        self.arch_given = true;
        self.state.arch = self.arch_number();
    }

    /// Whether `.attribute arch` was given.
    pub fn arch_given(&self) -> bool {
        self.arch_given
    }

    /// The instruction set as the attributes name it.
    pub fn arch_text(&self) -> String {
        self.state.text.clone().unwrap_or_else(|| self.state.isa.attribute_string())
    }

    /// Whether compressed instructions may be chosen.
    pub fn rvc(&self) -> bool {
        self.state.isa.contains(Ext::C)
    }

    /// Whether the linker may relax.
    pub fn relax(&self) -> bool {
        self.state.relax
    }

    /// `.option relax`, `.option norelax`.
    pub fn set_relax(&mut self, relax: bool) {
        self.state.relax = relax;
    }

    /// Whether `la` goes through the GOT.
    pub fn pic(&self) -> bool {
        self.state.pic
    }

    /// `.option pic`, `.option nopic`.
    pub fn set_pic(&mut self, pic: bool) {
        self.state.pic = pic;
    }

    /// `.option push`.
    pub fn push(&mut self) {
        self.stack.push(self.state.clone());
    }

    /// `.option pop`; false if nothing was pushed.
    pub fn pop(&mut self) -> bool {
        match self.stack.pop() {
            Some(state) => {
                self.state = state;
                true
            }
            None => false,
        }
    }

    /// Number of the current architecture, for mapping symbols.
    pub fn arch(&self) -> u32 {
        self.state.arch
    }

    fn arch_number(&mut self) -> u32 {
        let text = self.arch_text();
        let i = self.archs.iter().position(|a| *a == text).unwrap_or_else(|| {
            self.arch_symbols.push(format!("$x{text}"));
            self.archs.push(text);
            self.archs.len() - 1
        });
        i as u32
    }
}
