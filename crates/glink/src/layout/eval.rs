//! Values of expressions (GNU ld's manual, 3.10).

use super::{Inputs, Layout, PAGE};
use crate::addresses::Shapes;
use crate::resolve::Place;
use crate::script::ast::{Binary, Expr, Function, Unary};

/// A number, or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The number; arithmetic wraps at 64 bits.
    pub number: u64,
    /// Whether it belongs to a section; assigning a bare number to `.` inside a section counts from
    /// the section's start.
    pub is_address: bool,
}

impl Value {
    /// A number.
    #[must_use]
    pub const fn number(number: u64) -> Value {
        Value { number, is_address: false }
    }
    /// An address.
    #[must_use]
    pub const fn address(number: u64) -> Value {
        Value { number, is_address: true }
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
}

impl Context<'_, '_, '_, '_> {
    pub(super) fn evaluate(&self, expr: &Expr) -> Result<Value, String> {
        Ok(match expr {
            Expr::Number(number) => Value::number(*number),
            Expr::Dot => Value::address(self.dot),
            Expr::Symbol(name) => self.symbol(name)?,
            Expr::Unary(op, a) => {
                let a = self.evaluate(a)?.number;
                Value::number(match op {
                    Unary::Negate => a.wrapping_neg(),
                    Unary::Invert => !a,
                    Unary::Not => u64::from(a == 0),
                })
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
        let undefined = || format!("the script uses `{name}`, which nothing defines");
        let resolved = self.inputs.resolved;
        let id = resolved.symbols.find(name.as_bytes()).ok_or_else(undefined)?;
        if let Some(symbol) = self.layout.symbols[id.0 as usize] {
            return Ok(symbol.value);
        }
        match resolved.place_of(id) {
            Place::Absolute(value) => Ok(Value::number(u64::from(value))),
            place @ Place::Section(..) => Ok(Value::address(u64::from(self.shapes.address(self.layout, place, 0)))),
            // Assigned later in the script: a later pass knows it.
            Place::Linker(_) => Ok(Value::number(0)),
            Place::UndefinedWeak | Place::Undefined(_) => Err(undefined()),
        }
    }

    fn binary(&self, op: Binary, a: &Expr, b: &Expr) -> Result<Value, String> {
        let x = self.evaluate(a)?;
        if op == Binary::LogicalAnd && x.number == 0 {
            return Ok(Value::number(0));
        }
        if op == Binary::LogicalOr && x.number != 0 {
            return Ok(Value::number(1));
        }
        let y = self.evaluate(b)?;
        let (a, b) = (x.number, y.number);
        let truth = |truth: bool| u64::from(truth);
        let number = match op {
            Binary::Mul => a.wrapping_mul(b),
            Binary::Div => a.checked_div(b).ok_or("division by zero in the script")?,
            Binary::Rem => a.checked_rem(b).ok_or("division by zero in the script")?,
            Binary::Add => a.wrapping_add(b),
            Binary::Sub => a.wrapping_sub(b),
            Binary::Shl => u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0),
            Binary::Shr => u32::try_from(b).ok().and_then(|b| a.checked_shr(b)).unwrap_or(0),
            Binary::Less => truth(a < b),
            Binary::LessEqual => truth(a <= b),
            Binary::Greater => truth(a > b),
            Binary::GreaterEqual => truth(a >= b),
            Binary::Equal => truth(a == b),
            Binary::NotEqual => truth(a != b),
            Binary::And => a & b,
            Binary::Xor => a ^ b,
            Binary::Or => a | b,
            Binary::LogicalAnd | Binary::LogicalOr => truth(b != 0),
        };
        let is_address = match op {
            // The distance of two addresses is a number.
            Binary::Sub => x.is_address && !y.is_address,
            Binary::Add | Binary::And | Binary::Or | Binary::Xor => x.is_address || y.is_address,
            Binary::Mul
            | Binary::Div
            | Binary::Rem
            | Binary::Shl
            | Binary::Shr
            | Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual
            | Binary::Equal
            | Binary::NotEqual
            | Binary::LogicalAnd
            | Binary::LogicalOr => false,
        };
        Ok(Value { number, is_address })
    }

    fn call(&self, function: &Function) -> Result<Value, String> {
        Ok(match function {
            Function::Absolute(a) => Value::address(self.evaluate(a)?.number),
            Function::Addr(name) => Value::address(self.output(name)?.address),
            Function::Loadaddr(name) => Value::address(self.output(name)?.load),
            // A section that does not exist has size 0 and alignment 0.
            Function::Sizeof(name) => Value::number(self.output(name).map_or(0, |placed| placed.size)),
            Function::Alignof(name) => Value::number(self.output(name).map_or(0, |placed| placed.align)),
            Function::Align(None, align) => Value::address(align_up(self.dot, self.evaluate(align)?.number)),
            Function::Align(Some(start), align) => {
                let start = self.evaluate(start)?;
                Value { number: align_up(start.number, self.evaluate(align)?.number), is_address: start.is_address }
            }
            Function::Constant(name) => match name.as_str() {
                // `-N` keeps no segments apart.
                "MAXPAGESIZE" | "COMMONPAGESIZE" => Value::number(if self.inputs.options.omagic { 4 } else { PAGE }),
                _ => return Err(format!("there is no CONSTANT({name})")),
            },
            Function::Defined(name) => Value::number(u64::from(self.is_defined(name))),
            Function::Length(name) => Value::number(self.region(name)?.1),
            Function::Origin(name) => Value::number(self.region(name)?.0),
            Function::Log2ceil(a) => {
                let a = self.evaluate(a)?.number;
                Value::number(u64::from(a.checked_next_power_of_two().map_or(64, u64::trailing_zeros)))
            }
            Function::Max(a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                if a.number >= b.number { a } else { b }
            }
            Function::Min(a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                if a.number <= b.number { a } else { b }
            }
            Function::SegmentStart(name, default) => match name.as_str() {
                "text-segment" if self.inputs.options.text_base != guest_abi::memory_map::RAM.base => Value::address(u64::from(self.inputs.options.text_base)),
                _ => self.evaluate(default)?,
            },
            Function::SizeofHeaders => Value::number(52 + 32 * 4),
            Function::DataSegmentAlign(max, _) => Value::address(align_up(self.dot, self.evaluate(max)?.number)),
            Function::DataSegmentRelroEnd(a) | Function::DataSegmentEnd(a) => self.evaluate(a)?,
            Function::Assert(condition, message) => {
                let value = self.evaluate(condition)?;
                if value.number == 0 {
                    return Err(message.clone());
                }
                value
            }
        })
    }

    fn output(&self, name: &str) -> Result<super::Placed, String> {
        let index = self.inputs.plan.outputs.iter().position(|output| output.name == name);
        index.map(|index| self.layout.outputs[index]).ok_or_else(|| format!("the script asks for section `{name}`, which does not exist"))
    }

    fn region(&self, name: &str) -> Result<(u64, u64), String> {
        self.layout.regions.bounds(self.inputs.script, name).ok_or_else(|| format!("the script asks for region `{name}`, which MEMORY does not have"))
    }

    fn is_defined(&self, name: &str) -> bool {
        let resolved = self.inputs.resolved;
        let Some(id) = resolved.symbols.find(name.as_bytes()) else { return false };
        match resolved.place_of(id) {
            Place::Absolute(_) | Place::Section(..) => true,
            // Counts as defined from its assignment on.
            Place::Linker(_) => self.layout.symbols[id.0 as usize].is_some_and(|symbol| symbol.assigned),
            Place::UndefinedWeak | Place::Undefined(_) => false,
        }
    }
}
