//! The instruction set and `.option` state.

use crate::options::Options;
use rv32::isa::{Arch, Spec};
use rv32::{Ext, Isa, IsaError};
use std::rc::Rc;

/// Versions of the privileged specification that GNU as 2.40 knows: the name on the command line, and in attributes.
pub const PRIV_SPECS: [(&str, [u64; 3]); 4] = [("1.9.1", [1, 9, 1]), ("1.10", [1, 10, 0]), ("1.11", [1, 11, 0]), ("1.12", [1, 12, 0])];

/// What `.option push` keeps.
#[derive(Clone)]
struct State {
    /// Everything that `-march`, `.attribute arch` and `.option` named, with versions.
    arch: Rc<Arch>,
    /// What of it is supported.
    isa: Isa,
    relax: bool,
    pic: bool,
    /// Number of the architecture in `archs`.
    number: u32,
}

/// The instruction set and options at the current statement.
pub struct Target {
    state: State,
    stack: Vec<State>,
    spec: Spec,
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
        let state = State { arch: Rc::new(options.arch.clone()), isa: options.isa, relax: options.relax, pic: options.pic, number: 0 };
        let mut target = Target {
            state,
            stack: Vec::new(),
            spec: options.spec,
            attributes: Attributes::default(),
            archs: Vec::new(),
            arch_symbols: Vec::new(),
            uses_rvc: options.isa.contains(Ext::C),
            arch_given: false,
            uses_privileged: false,
        };
        target.state.number = target.arch_number();
        target
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.state.isa
    }

    fn set_arch(&mut self, arch: Arch) {
        self.state.isa = arch.supported();
        self.state.arch = Rc::new(arch);
        self.uses_rvc |= self.state.isa.contains(Ext::C);
        self.state.number = self.arch_number();
    }

    /// `.option arch`, `.option rvc`, `.option norvc`: `+ext` and `-ext`, or a whole instruction set.
    pub fn update_arch(&mut self, text: &str) -> Result<(), IsaError> {
        let mut arch = Arch::clone(&self.state.arch);
        arch.update(text, self.spec)?;
        self.set_arch(arch);
        Ok(())
    }

    /// `.attribute arch`: the instruction set of the whole file, with the versions that it names.
    /// Extensions that are not supported are named in the object; their instructions are refused.
    pub fn set_file_arch(&mut self, text: &str) -> Result<(), IsaError> {
        self.set_arch(Arch::parse_attribute(text, self.spec)?);
        self.arch_given = true;
        Ok(())
    }

    /// Whether `.attribute arch` was given.
    pub fn arch_given(&self) -> bool {
        self.arch_given
    }

    /// The instruction set as the attributes name it.
    pub fn arch_text(&self) -> String {
        self.state.arch.to_string()
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
        self.state.number
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
