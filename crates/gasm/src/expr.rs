//! Expressions: GNU as's operators and precedence, parsed without recursion.
//!
//! Nearly every expression is a [`Value`], `symbol - symbol + number`, and is kept as three
//! numbers. What is not becomes a run of [`Node`]s in one arena and is evaluated after layout.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use crate::lexer::T;
use crate::symbols::SymbolId;

/// `add - sub + num`; a missing symbol is [`SymbolId::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Symbol added.
    pub add: SymbolId,
    /// Symbol subtracted.
    pub sub: SymbolId,
    /// Number added.
    pub num: i64,
}

impl Value {
    /// A number.
    pub const fn number(num: i64) -> Value {
        Value { add: SymbolId::NONE, sub: SymbolId::NONE, num }
    }

    /// A symbol.
    pub const fn symbol(add: SymbolId) -> Value {
        Value { add, sub: SymbolId::NONE, num: 0 }
    }

    /// The number, if it is one.
    pub fn constant(&self) -> Option<i64> {
        (!self.add.is_some() && !self.sub.is_some()).then_some(self.num)
    }
}

/// Number of an expression in the arena: its last node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExprId(pub u32);

impl ExprId {
    /// No expression.
    pub const NONE: ExprId = ExprId(u32::MAX);

    /// Whether there is one.
    pub fn is_some(self) -> bool {
        self != ExprId::NONE
    }
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `-`
    Minus,
    /// `~`
    Not,
    /// `!`
    LogicalNot,
    /// `+`
    Plus,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `*`
    Multiply,
    /// `/`, towards zero.
    Divide,
    /// `%`, with the dividend's sign.
    Modulo,
    /// `<<`
    ShiftLeft,
    /// `>>`, of the number as 64 unsigned bits.
    ShiftRight,
    /// `|`
    Or,
    /// `!`: or of the complement.
    OrNot,
    /// `^`
    Xor,
    /// `&`
    And,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `==`: −1 if true.
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`: 1 if true.
    LogicalAnd,
    /// `||`
    LogicalOr,
}

impl Binary {
    /// The operator of a token, and its precedence: higher binds tighter (GNU as, "Infix Operators").
    pub fn of(kind: T) -> Option<(Binary, u8)> {
        Some(match kind {
            T::Star => (Binary::Multiply, 8),
            T::Slash => (Binary::Divide, 8),
            T::Percent => (Binary::Modulo, 8),
            T::Shl => (Binary::ShiftLeft, 8),
            T::Shr => (Binary::ShiftRight, 8),
            T::Pipe => (Binary::Or, 7),
            T::Bang => (Binary::OrNot, 7),
            T::Caret => (Binary::Xor, 7),
            T::Amp => (Binary::And, 7),
            T::Plus => (Binary::Add, 5),
            T::Minus => (Binary::Subtract, 5),
            T::EqEq => (Binary::Equal, 4),
            T::Ne | T::LtGt => (Binary::NotEqual, 4),
            T::Lt => (Binary::Less, 4),
            T::Le => (Binary::LessEqual, 4),
            T::Gt => (Binary::Greater, 4),
            T::Ge => (Binary::GreaterEqual, 4),
            T::AndAnd => (Binary::LogicalAnd, 3),
            T::OrOr => (Binary::LogicalOr, 2),
            _ => return None,
        })
    }
}

/// A node of an expression that is no [`Value`]. Operands stand before it in the arena.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// A leaf.
    Value(Value),
    /// One operand.
    Unary(Unary, ExprId),
    /// Two operands.
    Binary(Binary, ExprId, ExprId),
}

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticError {
    /// The right side of `/` or `%` is 0.
    DivisionByZero,
}

/// A unary operator on a number.
pub fn unary(op: Unary, a: i64) -> i64 {
    match op {
        Unary::Minus => a.wrapping_neg(),
        Unary::Not => !a,
        Unary::LogicalNot => i64::from(a == 0),
        Unary::Plus => a,
    }
}

/// A binary operator on numbers, 64 bits wide as in GNU as.
pub fn binary(op: Binary, a: i64, b: i64) -> Result<i64, ArithmeticError> {
    let truth = |t: bool| if t { -1 } else { 0 };
    Ok(match op {
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Divide | Binary::Modulo if b == 0 => return Err(ArithmeticError::DivisionByZero),
        Binary::Divide => a.wrapping_div(b),
        Binary::Modulo => a.wrapping_rem(b),
        Binary::ShiftLeft => u32::try_from(b).ok().and_then(|n| a.checked_shl(n)).unwrap_or(0),
        Binary::ShiftRight => u32::try_from(b).ok().and_then(|n| (a as u64).checked_shr(n)).unwrap_or(0) as i64,
        Binary::Or => a | b,
        Binary::OrNot => a | !b,
        Binary::Xor => a ^ b,
        Binary::And => a & b,
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::Equal => truth(a == b),
        Binary::NotEqual => truth(a != b),
        Binary::Less => truth(a < b),
        Binary::LessEqual => truth(a <= b),
        Binary::Greater => truth(a > b),
        Binary::GreaterEqual => truth(a >= b),
        Binary::LogicalAnd => i64::from(a != 0 && b != 0),
        Binary::LogicalOr => i64::from(a != 0 || b != 0),
    })
}

/// `a + b` or `a - b` as a [`Value`], if that is one.
pub fn combine(op: Binary, a: Value, b: Value) -> Option<Value> {
    let b = match op {
        Binary::Add => b,
        Binary::Subtract => Value { add: b.sub, sub: b.add, num: b.num.wrapping_neg() },
        _ => return None,
    };
    let pick = |x: SymbolId, y: SymbolId| match (x.is_some(), y.is_some()) {
        (true, true) => None,
        (true, false) => Some(x),
        (false, _) => Some(y),
    };
    let (mut add, mut sub) = (pick(a.add, b.add)?, pick(a.sub, b.sub)?);
    if add.is_some() && add == sub {
        (add, sub) = (SymbolId::NONE, SymbolId::NONE);
    }
    Some(Value { add, sub, num: a.num.wrapping_add(b.num) })
}

/// The arena of nodes.
#[derive(Default)]
pub struct Exprs {
    nodes: Vec<Node>,
}

impl Exprs {
    /// Adds a node.
    pub fn push(&mut self, node: Node) -> ExprId {
        self.nodes.push(node);
        ExprId(self.nodes.len() as u32 - 1)
    }

    /// A node.
    pub fn node(&self, id: ExprId) -> Node {
        self.nodes[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_gnu_as_s() {
        assert_eq!(binary(Binary::Divide, -7, 2), Ok(-3));
        assert_eq!(binary(Binary::Modulo, -7, 2), Ok(-1));
        assert_eq!(binary(Binary::Divide, 1, 0), Err(ArithmeticError::DivisionByZero));
        assert_eq!(binary(Binary::Divide, i64::MIN, -1), Ok(i64::MIN));
        assert_eq!(binary(Binary::ShiftLeft, 1, 64), Ok(0));
        assert_eq!(binary(Binary::ShiftRight, -1, 60), Ok(15));
        assert_eq!(binary(Binary::Equal, 3, 3), Ok(-1));
        assert_eq!(binary(Binary::LogicalAnd, 3, 4), Ok(1));
        assert_eq!(binary(Binary::OrNot, 1, 2), Ok(-3));
    }

    #[test]
    fn values_combine_when_they_can() {
        let (a, b) = (Value::symbol(SymbolId(1)), Value::symbol(SymbolId(2)));
        let difference = combine(Binary::Subtract, a, b).unwrap();
        assert_eq!((difference.add, difference.sub), (SymbolId(1), SymbolId(2)));
        assert_eq!(combine(Binary::Subtract, a, a), Some(Value::number(0)));
        assert_eq!(combine(Binary::Add, a, b), None);
        assert_eq!(combine(Binary::Add, a, Value::number(4)).unwrap().num, 4);
        assert_eq!(combine(Binary::Multiply, a, b), None);
    }
}
