//! Values of expressions (GNU ld's manual, 3.10).

use super::{Inputs, Layout};
use crate::addresses::Shapes;
use crate::resolve::{Place, SymbolId};
use crate::script::ast::{Binary, Expr, Function, log2ceil};
use std::cell::Cell;

/// What a number is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: a plain number. Assigned inside a section, it counts from the section's start.
    Number,
    /// Address 0.
    Absolute,
    /// The start of this output section.
    Section(usize),
}

/// A value as GNU ld has them (its manual, 3.10.8): addresses in a section are relative to its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The number; arithmetic wraps at 64 bits.
    pub number: u64,
    /// What it is relative to.
    pub base: Base,
}

impl Value {
    /// A plain number.
    #[must_use]
    pub const fn number(number: u64) -> Value {
        Value { number, base: Base::Number }
    }
    /// An address.
    #[must_use]
    pub const fn absolute(number: u64) -> Value {
        Value { number, base: Base::Absolute }
    }
}

/// The next multiple; an alignment of 0 or 1 changes nothing.
#[must_use]
pub fn align_up(value: u64, align: u64) -> u64 {
    if align <= 1 { value } else { value.checked_next_multiple_of(align).unwrap_or(value) }
}

pub(super) struct Context<'c, 'x, 'a, 's> {
    pub(super) layout: &'c Layout,
    pub(super) inputs: Inputs<'x, 'a, 's>,
    pub(super) shapes: &'c Shapes<'c>,
    pub(super) dot: u64,
    /// The output section in whose braces the expression stands.
    pub(super) section: Option<usize>,
    /// The symbol whose value it is.
    pub(super) assigning: Option<SymbolId>,
    /// Whether symbols count as defined wherever the script defines them.
    pub(super) whole_script: bool,
    /// Whether the value was made from the location counter and not made absolute since: outside all sections
    /// its symbol still belongs to the section before it.
    pub(super) from_dot: Cell<bool>,
    /// Whether it asked for the size of the headers.
    pub(super) asks_for_headers: Cell<bool>,
}

impl Context<'_, '_, '_, '_> {
    /// The address that a value stands for.
    pub(super) fn address(&self, value: Value) -> u64 {
        match value.base {
            Base::Number | Base::Absolute => value.number,
            Base::Section(index) => value.number.wrapping_add(self.layout.outputs[index].address),
        }
    }

    /// An address, relative to the section in whose braces the expression stands.
    fn here(&self, address: u64) -> Value {
        self.from_dot.set(true);
        match self.section {
            Some(index) => Value { number: address.wrapping_sub(self.layout.outputs[index].address), base: Base::Section(index) },
            None => Value { number: address, base: Base::Absolute },
        }
    }

    /// What a number that the script writes is relative to: outside all sections numbers are addresses,
    /// unless the script has `LD_FEATURE("SANE_EXPR")`.
    fn plain(&self) -> Base {
        if self.section.is_some() || self.inputs.script.sane_expressions { Base::Number } else { Base::Absolute }
    }

    pub(super) fn evaluate(&self, expr: &Expr) -> Result<Value, String> {
        Ok(match expr {
            Expr::Number(number) => Value { number: *number, base: self.plain() },
            Expr::Dot => self.here(self.dot),
            Expr::Symbol(name) => self.symbol(name)?,
            Expr::Unary(op, a) => {
                let a = self.evaluate(a)?;
                Value { number: op.apply(a.number), ..a }
            }
            Expr::Binary(op, a, b) => self.binary(*op, a, b)?,
            Expr::Conditional(condition, yes, no) => {
                if self.evaluate(condition)?.number != 0 {
                    self.evaluate(yes)?
                } else {
                    self.evaluate(no)?
                }
            }
            Expr::Call(function) => self.call(function)?,
        })
    }

    fn symbol(&self, name: &str) -> Result<Value, String> {
        let undefined = || format!("undefined symbol `{name}` referenced in expression");
        let resolved = self.inputs.resolved;
        let id = resolved.symbols.find(name.as_bytes()).ok_or_else(undefined)?;
        // Inside a section an absolute symbol is a plain number.
        let absolute = |number| Value { number, base: self.plain() };
        let relative = |address: u64, output: usize| Value { number: address.wrapping_sub(self.layout.outputs[output].address), base: Base::Section(output) };
        let in_object = |place: Place| match place {
            Place::Absolute(value) => absolute(u64::from(value)),
            place @ (Place::Section(..) | Place::Linker(_) | Place::UndefinedWeak | Place::Undefined(_)) => {
                let address = u64::from(self.shapes.address(self.layout, place, 0));
                let output = if let Place::Section(section, _) = place { self.inputs.plan.output_of(section) } else { None };
                output.map_or(Value::absolute(address), |output| relative(address, output))
            }
        };
        // A symbol that is assigned from its own value begins with what an object gave it.
        if self.assigning == Some(id) && !self.is_assigned(id) {
            return resolved.overridden(id).map(in_object).ok_or_else(|| format!("the script assigns `{name}` from its own value, which nothing gave it before"));
        }
        if let Some(symbol) = self.layout.symbols[id.0 as usize] {
            return Ok(match symbol.relative_to {
                Some(output) => relative(symbol.address, output),
                None => absolute(symbol.address),
            });
        }
        match resolved.place_of(id) {
            place @ (Place::Absolute(_) | Place::Section(..)) => Ok(in_object(place)),
            // Assigned later in the script: a later pass knows it.
            Place::Linker(_) => Ok(absolute(0)),
            Place::UndefinedWeak | Place::Undefined(_) => Err(undefined()),
        }
    }

    /// Whether this pass has come to the symbol's assignment.
    fn is_assigned(&self, id: SymbolId) -> bool {
        self.layout.symbols[id.0 as usize].is_some_and(|symbol| symbol.assigned || self.whole_script)
    }

    /// Two values made relative to the same, unless one of them is a plain number.
    fn alike(&self, x: Value, y: Value) -> (Value, Value) {
        if x.base == y.base || x.base == Base::Number || y.base == Base::Number {
            return (x, y);
        }
        self.from_dot.set(false);
        (Value::absolute(self.address(x)), Value::absolute(self.address(y)))
    }

    fn binary(&self, op: Binary, a: &Expr, b: &Expr) -> Result<Value, String> {
        let x = self.evaluate(a)?;
        if op == Binary::LogicalAnd && x.number == 0 {
            return Ok(Value::number(0));
        }
        if op == Binary::LogicalOr && x.number != 0 {
            return Ok(Value::number(1));
        }
        let (x, y) = self.alike(x, self.evaluate(b)?);
        let number = op.apply(x.number, y.number).ok_or("division by zero in the script")?;
        if op.is_truth() {
            return Ok(Value::number(number));
        }
        // The distance of two addresses in a section is a number, and so is what else two of a kind give.
        let base = match (x.base, y.base) {
            (x, y) if x == y => Base::Number,
            (Base::Number, other) | (other, _) => other,
        };
        Ok(Value { number, base })
    }

    /// The greater or the lesser of two values.
    fn choose(&self, a: &Expr, b: &Expr, first: impl Fn(u64, u64) -> bool) -> Result<Value, String> {
        let (a, b) = self.alike(self.evaluate(a)?, self.evaluate(b)?);
        let base = if a.base == Base::Number { b.base } else { a.base };
        Ok(Value { base, ..if first(a.number, b.number) { a } else { b } })
    }

    fn call(&self, function: &Function) -> Result<Value, String> {
        Ok(match function {
            Function::Absolute(a) => {
                let value = self.evaluate(a)?;
                self.from_dot.set(false);
                Value::absolute(self.address(value))
            }
            Function::Addr(name) => {
                let (index, _) = self.output(name)?;
                Value { number: 0, base: Base::Section(index) }
            }
            Function::Loadaddr(name) => Value::absolute(self.output(name)?.1.load),
            // Of a section that the script lists and that does not exist, 0.
            Function::Sizeof(name) => Value::number(self.output(name)?.1.size),
            Function::Alignof(name) => Value::number(self.output(name)?.1.align),
            Function::Align(None, align) => self.here(align_up(self.dot, self.evaluate(align)?.number)),
            Function::Align(Some(start), align) => {
                let (start, align) = self.alike(self.evaluate(start)?, self.evaluate(align)?);
                Value { number: align_up(start.number, align.number), ..start }
            }
            Function::Constant(name) => match name.as_str() {
                // `-N` keeps the segments of the built-in layout not apart.
                "MAXPAGESIZE" | "COMMONPAGESIZE" if self.inputs.options.omagic && !self.inputs.options.has_script() => Value::number(4),
                "MAXPAGESIZE" => Value::number(u64::from(self.inputs.options.page_size)),
                "COMMONPAGESIZE" => Value::number(u64::from(self.inputs.options.common_page_size.unwrap_or(self.inputs.options.page_size.min(crate::layout::PAGE as u32)))),
                _ => return Err(format!("unknown constant `{name}` referenced in expression")),
            },
            Function::Defined(name) => Value::number(u64::from(self.is_defined(name))),
            Function::Length(name) => Value::number(self.region(name)?.1),
            Function::Origin(name) => self.here(self.region(name)?.0),
            Function::Log2ceil(a) => Value::absolute(log2ceil(self.address(self.evaluate(a)?))),
            Function::Max(a, b) => self.choose(a, b, |a, b| a >= b)?,
            Function::Min(a, b) => self.choose(a, b, |a, b| a <= b)?,
            Function::SegmentStart(name, default) => match self.inputs.options.segment_start(name) {
                Some(address) => self.here(u64::from(address)),
                None => self.here(self.address(self.evaluate(default)?)),
            },
            Function::SizeofHeaders => {
                self.asks_for_headers.set(true);
                Value::number(self.layout.headers)
            }
            Function::DataSegmentAlign(max, common) => {
                let (max, common) = (self.evaluate(max)?.number, self.evaluate(common)?.number);
                self.here(self.layout.data_segment.start(self.dot, max, common))
            }
            // Nothing is made read-only after it was loaded.
            Function::DataSegmentRelroEnd(_, a) | Function::DataSegmentEnd(a) => self.evaluate(a)?,
            Function::Assert(condition, message) => {
                let value = self.evaluate(condition)?;
                if value.number == 0 {
                    return Err(message.clone());
                }
                value
            }
        })
    }

    /// An output section by its name; of several with one name the one that exists.
    fn output(&self, name: &str) -> Result<(usize, super::Placed), String> {
        let named = || self.inputs.plan.outputs.iter().enumerate().filter(|(_, output)| output.name == name).map(|(index, _)| index);
        let index = named().find(|&index| self.layout.outputs[index].present).or_else(|| named().next());
        index.map(|index| (index, self.layout.outputs[index])).ok_or_else(|| format!("undefined section `{name}` referenced in expression"))
    }

    fn region(&self, name: &str) -> Result<(u64, u64), String> {
        self.layout.regions.bounds(self.inputs.script, name).ok_or_else(|| format!("undefined MEMORY region `{name}` referenced in expression"))
    }

    fn is_defined(&self, name: &str) -> bool {
        let resolved = self.inputs.resolved;
        let Some(id) = resolved.symbols.find(name.as_bytes()) else { return false };
        match resolved.place_of(id) {
            Place::Absolute(_) | Place::Section(..) => true,
            // Counts as defined from its assignment on.
            Place::Linker(_) => self.is_assigned(id) || resolved.symbols.get(id).overridden.is_some(),
            Place::UndefinedWeak | Place::Undefined(_) => false,
        }
    }
}
